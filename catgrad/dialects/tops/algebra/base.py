"""What the patterns share: how one states `op -> simpler op or value`, and reading constants."""

from __future__ import annotations

import abc
import math
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar, cast, get_args, get_type_hints

from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from catgrad.dialects.tops.base import TopsOp, dtype_of, scalar_attribute, tensor_of
from catgrad.dialects.tops.creation import FullOp

Op = TypeVar("Op", bound=TopsOp)
Simpler: TypeAlias = Operation | SSAValue | None


class AlgebraPattern(RewritePattern, abc.ABC, Generic[Op]):
    """
    One equation, read from left to right. The annotation of `simpler` says which ops it is for.

    The docstring of a pattern states the equation, why it holds in floating point, and why it keeps
    the derivative, so that it may run before or after differentiation. "Exact" means bit for bit,
    with nan equal to nan. Derivatives are compared as numbers: a zero's sign may change in them.

    Arrows in monoidal form are left alone: there an unused value is an error.
    """

    matches: ClassVar[tuple[type[TopsOp], ...]]

    def __init_subclass__(cls) -> None:
        hint = get_type_hints(cls.simpler)["op"]
        cls.matches = get_args(hint) or (hint,)

    @abc.abstractmethod
    def simpler(self, op: Op) -> Simpler:
        """A new op or an existing value to replace `op`, or None."""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter, /) -> None:
        if isinstance(op, self.matches):
            apply_first([self], op, rewriter)


class AlgebraPatterns(RewritePattern):
    """The patterns of an op class."""

    def __init__(self, patterns: Sequence[AlgebraPattern[Any]]):
        self.patterns = patterns

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter, /) -> None:
        apply_first(self.patterns, op, rewriter)


def apply_first(
    patterns: Sequence[AlgebraPattern[Any]], op: Operation, rewriter: PatternRewriter
) -> None:
    """Rewrite an op by the first of its patterns that applies."""
    if (parent := op.parent_op()) and "monoidal" in parent.properties:
        return
    for pattern in patterns:
        if (new := pattern.simpler(cast(TopsOp, op))) is not None:
            if isinstance(new, Operation):
                rewriter.replace(op, new)
            else:
                rewriter.replace(op, [], [new])
            return


def axes_of(op: TopsOp) -> tuple[int, ...]:
    """The property `axes`."""
    return op.props()["axes"]


def full(value: SSAValue, scalar: Any) -> FullOp:
    """A tensor of `value`'s type, all elements `scalar`."""
    type_ = tensor_of(value)
    return FullOp(type=type_, value=scalar_attribute(scalar, dtype_of(type_)))


def is_full(value: SSAValue, scalar: float) -> bool:
    """Whether all elements of `value` are known to be `scalar`; on floats 0.0 is not -0.0."""
    if not isinstance(value.owner, FullOp):
        return False
    found: bool | int | float = value.owner.scalar
    same_sign = math.copysign(1, found) == math.copysign(1, scalar)
    return found == scalar and (same_sign or not isinstance(found, float))
