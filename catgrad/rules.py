"""
Rules from outside: reverse derivatives and NumPy meanings for ops of any dialect.

    @rule(math.SinOp, meaning="np.sin({0}, out={out})")
    def sin(inputs, outputs, cotangents, ops):
        (x,), (g,) = inputs, cotangents
        return [g * x.unary("cos")]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.ir import Operation, OpTrait, OpTraits, SSAValue

from catgrad._attached import ATTACHED
from catgrad.dialects.tops.base import Arrays, Emitter, Given, Numpy, ReverseRule

Reverse: TypeAlias = Callable[[Arrays, Arrays, Given, Emitter], Given]
"""(inputs, outputs, cotangents, ops) -> input cotangents; None is zero, on both sides."""


@dataclass(frozen=True)
class FunctionRule(ReverseRule):
    """A rule written as a function on arrays, for ops on tensors."""

    function: Reverse
    example: str = ""
    """The op as IR, for `catgrad verify-rules`; without it, the op's docstring has one."""

    def reverse(
        self,
        op: Operation,
        inputs: Sequence[SSAValue],
        outputs: Sequence[SSAValue],
        cotangents: Sequence[SSAValue | None],
        ops: Emitter,
    ) -> Sequence[SSAValue | None]:
        given = [None if g is None else ops.array(g) for g in cotangents]
        found = self.function(
            [ops.array(v) for v in inputs], [ops.array(v) for v in outputs], given, ops
        )
        return [None if a is None else a.value for a in found]


def rule(op: type[Operation], meaning: str = "", example: str = "") -> Callable[[Reverse], Reverse]:
    """
    Attach a reverse rule to an op of any dialect, on tensors of f32 or f64.

    `meaning` is NumPy text that fills `{out}` from `{0}`, `{1}`, ...: with it the interpreter runs
    the op, as `catgrad verify-rules` does on `example`, such as `%y = math.sin %x : tensor<2xf64>`.
    ValueError for an op that has a rule already.
    """

    def decorate(function: Reverse) -> Reverse:
        attach(op, FunctionRule(function, example), *([Numpy(meaning)] if meaning else []))
        return function

    return decorate


def attach(op: type[Operation], *traits: OpTrait) -> None:
    """
    Give an op more traits, and no other op: a class without traits of its own shares its base's.

    ValueError if it has a rule and would get another.
    """
    old = op.traits.traits
    if any(isinstance(t, ReverseRule) for t in old) and any(
        isinstance(t, ReverseRule) for t in traits
    ):
        raise ValueError(f"'{op.name}' has a reverse rule already; there can be one")
    ATTACHED.append((op, op.traits))
    op.traits = OpTraits(lambda: (*old, *traits))


__all__ = ["FunctionRule", "Numpy", "ReverseRule", "attach", "rule"]
