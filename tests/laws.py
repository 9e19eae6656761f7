"""
Equations between arrows, written as IR, and the check that both sides are equal.

Each side is a public arrow, @left and @right. Both go through the whole pipeline to `tops`, and the
results are compared with each other and with the evaluation of @left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from xdsl.ir import Operation

from catgrad.compiler import run_pipeline
from catgrad.interpreter import Cell, Interpreter, NumPyArray
from catgrad.pipelines import TOPS
from tests.programs import parse
from tests.ring_programs import Arrow, Words


@dataclass
class Term:
    """The body of an arrow, as a composition of calls."""

    words: Words
    lines: list[str] = field(default_factory=list[str])

    def line(self, results: int, text: str) -> list[str]:
        """One more op."""
        names = [f"%t{len(self.lines)}_r{i}" for i in range(results)]
        left = f"{', '.join(names)} = " if names else ""
        self.lines.append(f"  {left}{text}")
        return names

    def call(self, f: Arrow, given: Sequence[str]) -> list[str]:
        """f(a)."""
        type_ = f.text(self.words.type)
        return self.line(f.outputs, f"cat.call @{f.name}({', '.join(given)}) : {type_}")

    def reverse(self, f: Arrow, given: Sequence[str], seeds: Sequence[str]) -> list[str]:
        """R[f](a, b')."""
        text = f"cat.reverse @{f.name}({', '.join(given)})({', '.join(seeds)})"
        found = self.line(f.outputs + f.inputs, f"{text} : {f.text(self.words.type)}")
        return found[f.outputs :]

    def forward(self, f: Arrow, given: Sequence[str], moves: Sequence[str]) -> list[str]:
        """D[f](a, a'), the op."""
        text = f"cat.forward @{f.name}({', '.join(given)})({', '.join(moves)})"
        return self.line(2 * f.outputs, f"{text} : {f.text(self.words.type)}")[f.outputs :]

    def add(self, a: Sequence[str], b: Sequence[str]) -> list[str]:
        """The sum, one by one."""
        pairs = zip(a, b, strict=True)
        return [self.line(1, f"cat.add {x}, {y} : {self.words.type}")[0] for x, y in pairs]

    def zero(self, count: int) -> list[str]:
        """As many zeros."""
        return [self.line(1, f"cat.zero : {self.words.type}")[0] for _ in range(count)]

    def copy(self, x: str) -> list[str]:
        """x and x."""
        return self.line(2, f"cat.copy {x}, 2 : {self.words.type}")

    def discard(self, given: Sequence[str]) -> None:
        """Drop them."""
        for x in given:
            self.line(0, f"cat.discard {x} : {self.words.type}")


Side = Callable[[Term, list[str]], Sequence[str]]
"""Emits one side of an equation on some inputs; its results."""


def define(words: Words, arrow: Arrow, side: Side) -> str:
    """The text of an arrow."""
    term, inputs = Term(words), [f"%x{i}" for i in range(arrow.inputs)]
    results = side(term, inputs)
    arguments = ", ".join(f"{x}: {words.type}" for x in inputs)
    types = ", ".join([words.type] * arrow.outputs)
    ending = f"  cat.return {', '.join(results)} : {types}" if results else "  cat.return"
    body = "\n".join([*term.lines, ending])
    return f"cat.arrow @{arrow.name}({arguments}) -> ({types}) {{\n{body}\n}}\n"


def reverse_of(words: Words, f: Arrow) -> tuple[Arrow, str]:
    """R[f] : A x B' -> A' as an arrow."""
    made = Arrow(f"{f.name}_r", f.inputs + f.outputs, f.inputs)
    return made, define(words, made, lambda t, v: t.reverse(f, v[: f.inputs], v[f.inputs :]))


def forward_of(words: Words, f: Arrow) -> tuple[Arrow, str]:
    """D[f] : A x A' -> B' as an arrow: the B' component of R[R[f]]((a, 0), a')."""
    r, text = reverse_of(words, f)
    made = Arrow(f"{f.name}_d", 2 * f.inputs, f.outputs)

    def side(t: Term, v: list[str]) -> list[str]:
        return t.reverse(r, [*v[: f.inputs], *t.zero(f.outputs)], v[f.inputs :])[f.inputs :]

    return made, text + define(words, made, side)


class Measuring(Interpreter):
    """Notes the largest magnitude that it meets."""

    largest = 0.0

    def record(self, op: Operation | None, inputs: list[Cell], outputs: list[Cell]) -> list[Cell]:
        for cell in outputs:
            if cell.array.dtype.kind == "f" and cell.array.size:
                self.largest = max(self.largest, float(np.max(np.abs(cell.array))))
        return super().record(op, inputs, outputs)


def sample(words: Words, rng: np.random.Generator, count: int) -> list[NumPyArray]:
    """Random elements of the ring: all of it for the finite ones, [-1, 1] of the reals."""
    shape, dtype = words.type.removeprefix("tensor<").removesuffix(">").split("x")
    size = int(shape)
    match dtype:
        case "i1":
            return [rng.integers(0, 2, size).astype(bool) for _ in range(count)]
        case "i32":
            return [rng.integers(-(2**31), 2**31, size).astype(np.int32) for _ in range(count)]
        case _:
            return [rng.uniform(-1, 1, size) for _ in range(count)]


def check_equal(
    words: Words, text: str, inputs: int, outputs: int, left: Side, right: Side
) -> None:
    """Both sides are equal: exactly over finite rings, to 1e-8 of the largest number met else."""
    for name, side in (("left", left), ("right", right)):
        text += define(words, Arrow(name, inputs, outputs), side)
    module = parse(text)
    given = sample(words, np.random.default_rng(0), inputs)
    compiled = Measuring(run_pipeline(module.clone(), TOPS))
    expected, *others = (
        compiled.run("right", *given),
        compiled.run("left", *given),
        Measuring(module).run("left", *given),
    )
    assert compiled.largest < 1e100, "1e-8 of this says nothing"
    for found in others:
        for a, b in zip(found, expected, strict=True):
            if a.dtype.kind == "f":
                np.testing.assert_allclose(a, b, rtol=0, atol=1e-8 * max(1, compiled.largest))
            else:
                np.testing.assert_array_equal(a, b)
