"""
Which operands a derivative of a result may depend on, for `cat-differentiate`.

Between floats, and within one ring of integers, cotangents flow; from a float to an integer or
boolean, and back, every derivative of a `tops` op is zero. A call lets through what the called
arrow does. What an op of another dialect lets through, its rule alone says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects.builtin import AnyFloat, TensorType
from xdsl.ir import Attribute, Operation, SSAValue

from catgrad.dialects import cat


def carries(a: Attribute, b: Attribute) -> bool:
    """Whether a `tops` op's derivative of type b by an operand of type a may be other than zero."""
    if not (isinstance(a, TensorType) and isinstance(b, TensorType)):
        return True
    x = cast("TensorType[Attribute]", a).element_type
    y = cast("TensorType[Attribute]", b).element_type
    return x == y or (isinstance(x, AnyFloat) and isinstance(y, AnyFloat))


@dataclass
class Flow:
    """Remembers what each arrow lets through; `arrow_of` gives it without derivatives left."""

    arrow_of: Callable[[str], cat.ArrowOp]
    known: dict[str, tuple[frozenset[int], ...]] = field(
        default_factory=dict[str, tuple[frozenset[int], ...]]
    )

    def of_arrow(self, name: str) -> Sequence[frozenset[int]]:
        """For each output the inputs that flow into it; all, if the derivative is a custom one."""
        if name not in self.known:
            arrow = self.arrow_of(name)
            everything = frozenset(range(len(arrow.inputs)))
            if arrow.custom is not None:
                self.known[name] = tuple(everything for _ in arrow.outputs)
            else:
                self.known[name] = self.through(arrow)
        return self.known[name]

    def through(self, arrow: cat.ArrowOp) -> tuple[frozenset[int], ...]:
        """Follow the inputs through the body."""
        found: dict[SSAValue, frozenset[int]] = {a: frozenset([a.index]) for a in arrow.block.args}
        for op in arrow.block.ops:
            for result, operands in zip(op.results, self.of(op), strict=True):
                found[result] = frozenset().union(*(found[op.operands[i]] for i in operands))
        return tuple(found[v] for v in arrow.result.values)

    def of(self, op: Operation) -> Sequence[frozenset[int]]:
        """For each result of an op the operands that flow into it."""
        if isinstance(op, cat.CallOp):
            return self.of_arrow(op.target)
        types, ours = list(enumerate(op.operand_types)), op.dialect_name() == "tops"
        return [
            frozenset(i for i, t in types if not ours or carries(t, r)) for r in op.result_types
        ]

    def active(self, op: Operation, known: set[SSAValue]) -> list[SSAValue]:
        """The results that known values flow into."""
        pairs = zip(op.results, self.of(op), strict=True)
        return [r for r, operands in pairs if any(op.operands[i] in known for i in operands)]

    def useful(self, op: Operation, known: set[SSAValue]) -> list[SSAValue]:
        """The operands that flow into known results."""
        pairs = zip(op.results, self.of(op), strict=True)
        numbers = frozenset[int]().union(*(operands for r, operands in pairs if r in known))
        return [op.operands[i] for i in sorted(numbers)]
