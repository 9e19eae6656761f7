"""
Rules from outside for ops of any dialect: reverse derivatives, NumPy meanings, decompositions.

    @rule(math.SinOp, meaning="np.sin({0}, out={out})")
    def sin(inputs, outputs, cotangents, ops):
        (x,), (g,) = inputs, cotangents
        return [g * x.unary("cos")]

    @decomposition(math.SinOp)
    def sin_of_tops(op, inputs, ops):
        return inputs[0].unary("sin")
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from xdsl.ir import Operation, OpTrait, OpTraits, SSAValue

from catgrad._attached import ATTACHED
from catgrad.dialects._blame import values_of
from catgrad.dialects.tops._decomposition import Decompose, Decomposition
from catgrad.dialects.tops.base import Arrays, Emitter, Given, Numpy, ReverseRule
from catgrad.dialects.tops.value import Array

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
        return values_of(found, ops)


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


def decomposition(op: type[Operation], target: str = "") -> Callable[[Decompose], Decompose]:
    """
    Say how an op is written with others where a target lacks it; `target` names one alone.

    The function gets the op, its inputs and `ops`; it returns an array, or one for each result, of
    the types that the op's results have. What it emits is decomposed again as needed. ValueError if
    the op has one for that target already.
    """

    def decorate(function: Decompose) -> Decompose:
        attach(op, Decomposition(function, target))
        return function

    return decorate


def apply(op: type[Operation], *inputs: Array, **properties: object) -> Array:
    """
    An op of any dialect on arrays: its first result.

    In a traced function, a rule or a decomposition; `op` is called with the inputs' SSA values.
    """
    build: Callable[..., Operation] = op
    return inputs[0].ops.insert(build(*(x.value for x in inputs), **properties))


def attach(op: type[Operation], *traits: OpTrait) -> None:
    """
    Give an op more traits, and no other op: a class without traits of its own shares its base's.

    ValueError if it has a rule, or a decomposition for that target, and would get another;
    TypeError for what is no op or no such trait.
    """
    given: Any = op
    if not (isinstance(given, type) and issubclass(given, Operation)):
        raise TypeError(f"rules are given to a class of ops, such as math.SinOp; got {op!r}")
    for trait in traits:
        _check(trait)
    old = op.traits.traits
    for new in traits:
        if (what := _unique(new)) in map(_unique, old) and what:
            raise ValueError(f"'{op.name}' has a {what} already; there can be one")
    ATTACHED.append((op, op.traits))
    op.traits = OpTraits(lambda: (*old, *traits))


def _check(trait: OpTrait) -> None:
    """TypeError for a rule, meaning or decomposition that was given something else."""
    if not callable(given := getattr(trait, "function", len)):
        raise TypeError(f"a {type(trait).__name__} is written as a function, got {given!r}")
    for name in ("target", "example", "text"):
        if not isinstance(given := getattr(trait, name, ""), str):
            raise TypeError(f"the {name} of a {type(trait).__name__} is a string, got {given!r}")


def _unique(trait: OpTrait) -> str:
    """What an op has at most one of."""
    if isinstance(trait, Decomposition):
        return f"decomposition for target '{trait.target}'" if trait.target else "decomposition"
    return "reverse rule" if isinstance(trait, ReverseRule) else ""


__all__ = [
    "Decomposition",
    "FunctionRule",
    "Numpy",
    "ReverseRule",
    "apply",
    "attach",
    "decomposition",
    "rule",
]
