"""Equations of elementwise ops. x, a, b are values, c a condition; g is the cotangent."""

from __future__ import annotations

from typing import TypeAlias

from catgrad.dialects.tops.algebra.base import AlgebraPattern, Simpler, full, is_full
from catgrad.dialects.tops.arithmetic import (
    AddOp,
    DivideOp,
    MaximumOp,
    MinimumOp,
    MultiplyOp,
    PowOp,
    SubtractOp,
)
from catgrad.dialects.tops.base import FLOAT, TopsOp, dtype_of, tensor_of
from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.elementwise import AstypeOp, WhereOp
from catgrad.dialects.tops.logic import (
    EqualOp,
    LogicalAndOp,
    LogicalNotOp,
    LogicalOrOp,
    LogicalXorOp,
    NotEqualOp,
)
from catgrad.dialects.tops.unary import NegativeOp, SquareOp

Ring: TypeAlias = AddOp | MultiplyOp | EqualOp | NotEqualOp
Logical: TypeAlias = LogicalAndOp | LogicalOrOp | LogicalXorOp
Extremum: TypeAlias = MaximumOp | MinimumOp

NEUTRAL: dict[type[TopsOp], float] = {
    AddOp: -0.0,
    SubtractOp: 0.0,
    MultiplyOp: 1,
    DivideOp: 1,
    PowOp: 1,
    LogicalAndOp: True,
    LogicalOrOp: False,
    LogicalXorOp: False,
}
"""The e of `x op e = x`. On floats -0.0 + 0.0 is 0.0, but x + -0.0 and x - 0.0 are x."""


def _floating(op: TopsOp) -> bool:
    return dtype_of(tensor_of(op.operands[-1])) in FLOAT


class ConstantRightPattern(AlgebraPattern[Ring | Logical | Extremum]):
    """
    full op x = x op full, for commutative ops, so that `cse` sees equal ops.

    Exact: IEEE sums and products commute. Not for the extrema of floats with a zero: NumPy gives
    one of maximum(-0.0, 0.0) and maximum(0.0, -0.0) another sign. The rules are symmetric in a, b.
    """

    def simpler(self, op: Ring | Logical | Extremum) -> Simpler:
        if not isinstance(op.a.owner, FullOp) or isinstance(op.b.owner, FullOp):
            return None
        if isinstance(op, Extremum) and _floating(op) and op.a.owner.scalar == 0:
            return None
        return type(op)(op.b, op.a)


class NeutralPattern(AlgebraPattern[AddOp | SubtractOp | MultiplyOp | DivideOp | PowOp | Logical]):
    """
    x + 0, x - 0, x * 1, x / 1, pow(x, 1), (x and true), (x or false), (x xor false) = x.

    Exact, on floats with the zeros of `NEUTRAL`. Each rule gives x the cotangent g.
    """

    def simpler(self, op: AddOp | SubtractOp | MultiplyOp | DivideOp | PowOp | Logical) -> Simpler:
        return op.a if is_full(op.b, NEUTRAL[type(op)]) else None


class AbsorbingPattern(AlgebraPattern[MultiplyOp | LogicalAndOp | LogicalOrOp]):
    """
    x * 0 = 0 on integers and i1; (x and false) = false; (x or true) = true.

    Exact in Z/2^n and Z/2; not on floats, where 0 * inf is nan and 0 * -1.0 is -0.0. The rules give
    g * 0, (g and false), (g and not true): zero, as that of a constant.
    """

    def simpler(self, op: MultiplyOp | LogicalAndOp | LogicalOrOp) -> Simpler:
        absorbing = isinstance(op, LogicalOrOp)
        return op.b if not _floating(op) and is_full(op.b, absorbing) else None


class CancelPattern(AlgebraPattern[AddOp | SubtractOp | LogicalXorOp]):
    """
    x - x = 0 on integers and i1; x + x = (x xor x) = 0 on i1.

    Exact in Z/2^n and Z/2; not on floats, where inf - inf is nan. The cotangents g and -g (on i1, g
    and g) of the two operands sum to zero.
    """

    def simpler(self, op: AddOp | SubtractOp | LogicalXorOp) -> Simpler:
        if op.a is not op.b or _floating(op):
            return None
        if isinstance(op, AddOp) and dtype_of(op.out_type) != "i1":
            return None
        return full(op.y, 0)


class InvolutionPattern(AlgebraPattern[NegativeOp | LogicalNotOp]):
    """
    -(-x) = x and not not x = x; on i1, the ring Z/2, already -x = x.

    Exact: a sign bit flips twice. The derivative is -(-g) = g; on i1, g.
    """

    def simpler(self, op: NegativeOp | LogicalNotOp) -> Simpler:
        if isinstance(op, NegativeOp) and dtype_of(op.out_type) == "i1":
            return op.x
        return op.x.owner.x if isinstance(op.x.owner, type(op)) else None


class NegateByConstantPattern(AlgebraPattern[MultiplyOp | DivideOp | SubtractOp]):
    """
    x * -1 = x / -1 = -x; on floats -0.0 - x = -x, on integers 0 - x = -x.

    Exact: only the sign bit flips, and -0.0 - x keeps it right for both zeros, unlike 0.0 - x. The
    derivative is g * -1 = g / -1 = -g.
    """

    def simpler(self, op: MultiplyOp | DivideOp | SubtractOp) -> Simpler:
        if isinstance(op, SubtractOp):
            return NegativeOp(op.b) if is_full(op.a, -0.0) else None
        return NegativeOp(op.a) if is_full(op.b, -1) else None


class NegatedTermPattern(AlgebraPattern[AddOp | SubtractOp]):
    """
    a + (-b) = a - b, (-a) + b = b - a, a - (-b) = a + b.

    Exact: IEEE defines a - b as a + (-b). The cotangents are g and -g, or g and -(-g) = g.
    """

    def simpler(self, op: AddOp | SubtractOp) -> Simpler:
        if isinstance(op.b.owner, NegativeOp):
            return (SubtractOp if isinstance(op, AddOp) else AddOp)(op.a, op.b.owner.x)
        if isinstance(op, AddOp) and isinstance(op.a.owner, NegativeOp):
            return SubtractOp(op.b, op.a.owner.x)
        return None


class ConstantExponentPattern(AlgebraPattern[PowOp]):
    """
    pow(x, 2) = square x; pow(x, 0) = 1, even at nan.

    Exact on integers. On floats x * x is the rounded true square, and what NumPy itself computes
    where the exponent is a scalar; with an array of twos it may be off by one unit in the last
    place. The derivatives: g * (2 * x) = g * (x + x), a doubling being exact; and zero.
    """

    def simpler(self, op: PowOp) -> Simpler:
        if is_full(op.b, 2):
            return SquareOp(op.a)
        return full(op.y, 1) if PowOp.exponent(op.b) == 0 else None


class SameBranchesPattern(AlgebraPattern[WhereOp]):
    """
    where(c, x, x) = x.

    Exact. The cotangents where(c, g, 0) and where(c, 0, g) sum to g; that of c is zero.
    """

    def simpler(self, op: WhereOp) -> Simpler:
        return op.a if op.a is op.b else None


class ConstantConditionPattern(AlgebraPattern[WhereOp]):
    """
    where(true, a, b) = a and where(false, a, b) = b.

    Exact. The cotangents are g for the branch taken and zero for the other.
    """

    def simpler(self, op: WhereOp) -> Simpler:
        if not isinstance(op.condition.owner, FullOp):
            return None
        return op.a if op.condition.owner.scalar else op.b


class NegatedConditionPattern(AlgebraPattern[WhereOp]):
    """
    where(not c, a, b) = where(c, b, a).

    Exact. The cotangents where(not c, g, 0) = where(c, 0, g) are the same; that of c is zero.
    """

    def simpler(self, op: WhereOp) -> Simpler:
        if not isinstance(op.condition.owner, LogicalNotOp):
            return None
        return WhereOp(op.condition.owner.x, op.b, op.a)


class AstypeBackPattern(AlgebraPattern[AstypeOp]):
    """
    astype(x) = x to its own floating type, directly or through a wider one: f32 -> f64 -> f32.

    Exact: every f32 is an f64. The derivative converts g likewise, which gives g. On integers and
    i1 `astype` has the declared derivative zero, and x has not: they are kept.
    """

    def simpler(self, op: AstypeOp) -> Simpler:
        if dtype_of(op.out_type) not in FLOAT:
            return None
        if op.x.type == op.y.type:
            return op.x
        inner = op.x.owner
        if not isinstance(inner, AstypeOp) or inner.x.type != op.y.type:
            return None
        return inner.x if dtype_of(inner.out_type) == "f64" else None
