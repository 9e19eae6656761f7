"""A pipeline, pass by pass: the text of each function and what changed, op counts, diagrams."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import TypedDict

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.printer import Printer

from catgrad.dialects import cat
from catgrad.dialects._checks import symbol_table
from catgrad.driver.instruments import count_ops
from catgrad.pictures.dot_text import dot_text
from catgrad.pictures.graphviz import render
from catgrad.pictures.subject import subject_of
from catgrad.pipelines import apply_pass

LARGEST = 150
"""Boxes of a diagram that is still drawn."""


NAME = re.compile(r"%(?:\d+|([A-Za-z_.$-][\w.$-]*?)(?:_\d+)?)(?![\w.$-])")
"""A value's name; the number at its end says only how many have that name."""


class Function(TypedDict):
    """
    A function before and after a pass: its bodies (-1: there is none), and where they differ in
    more than the numbers of values.
    """

    name: str
    before: int
    after: int
    changes: list[tuple[int, int, int, int]]


class Step(TypedDict):
    """The module after a pass."""

    name: str
    ops: int
    change: list[tuple[str, int]]
    functions: list[Function]
    diagram: int
    boxes: int


@dataclass
class Stepping:
    """All steps. A body is a list of lines, a line is a number: what repeats is there once."""

    arrow: str | None
    lines: dict[str, int] = field(default_factory=dict[str, int])
    bodies: dict[tuple[int, ...], int] = field(default_factory=dict[tuple[int, ...], int])
    plain: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    """The bodies without the numbers of values."""
    diagrams: dict[str, int] = field(default_factory=dict[str, int])
    steps: list[Step] = field(default_factory=list[Step])

    def run(self, ctx: Context, module: ModuleOp, passes: Sequence[ModulePass]) -> None:
        """Apply the passes; the module is lowered."""
        texts, counts = self.add("input", ctx, module, {}, Counter[str]())
        for pass_ in passes:
            apply_pass(pass_, ctx, module)
            texts, counts = self.add(pass_.name, ctx, module, texts, counts)

    def add(
        self, name: str, ctx: Context, module: ModuleOp, old: dict[str, int], ops: Counter[str]
    ) -> tuple[dict[str, int], Counter[str]]:
        """Note what a pass has made; the bodies of the functions, and the ops."""
        new = {_name(op, i): self.body(op) for i, op in enumerate(module.body.block.ops)}
        counts = count_ops(module)
        change = [(op, counts[op] - ops[op]) for op in sorted(counts | ops)]
        diagram, boxes = self.diagram(ctx, module)
        self.steps.append(
            {
                "name": name,
                "ops": counts.total(),
                "change": [(op, n) for op, n in change if n],
                "functions": [self.function(f, old, new) for f in dict.fromkeys([*new, *old])],
                "diagram": diagram,
                "boxes": boxes,
            }
        )
        return new, counts

    def function(self, name: str, old: dict[str, int], new: dict[str, int]) -> Function:
        """What changed in a function."""
        before, after = old.get(name, -1), new.get(name, -1)
        changes: list[tuple[int, int, int, int]] = []
        if before != after:
            a, b = (self.plain[i] if i >= 0 else () for i in (before, after))
            matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
            changes = [c[1:] for c in matcher.get_opcodes() if c[0] != "equal"]
        return {"name": name, "before": before, "after": after, "changes": changes}

    def body(self, op: Operation) -> int:
        """The number of a function's text."""
        stream = StringIO()
        Printer(stream).print_op(op)
        lines = stream.getvalue().splitlines()
        body = tuple(self.lines.setdefault(line, len(self.lines)) for line in lines)
        if body not in self.bodies:
            self.bodies[body] = len(self.bodies)
            self.plain.append(tuple(NAME.sub(r"%\1", line) for line in lines))
        return self.bodies[body]

    def diagram(self, ctx: Context, module: ModuleOp) -> tuple[int, int]:
        """The number of the arrow's diagram, -1 if there is none, and how many boxes it has."""
        table = symbol_table(module)
        if self.arrow is None or self.arrow not in table:
            return -1, 0
        found = subject_of(ctx, module, table[self.arrow], "traced").diagram(None)
        if len(found.boxes) > LARGEST:
            return -1, len(found.boxes)
        return self.diagrams.setdefault(dot_text(found), len(self.diagrams)), len(found.boxes)

    def pictures(self) -> list[str]:
        """The diagrams as SVG."""
        return [render(text, "svg").decode() for text in self.diagrams]


def _name(op: Operation, index: int) -> str:
    """`@f`, or the place of what has no name."""
    match op:
        case cat.ArrowOp():
            return f"@{op.symbol}"
        case func.FuncOp():
            return f"@{op.sym_name.data}"
        case _:
            return f"{op.name} {index}"
