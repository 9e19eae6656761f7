"""
Equations of movement, reductions and the matrix product.

Movement copies elements, so its equations are exact; being linear, its derivative is the dagger,
and equal linear maps have equal daggers.
"""

from __future__ import annotations

from xdsl.ir import SSAValue

from catgrad.dialects.tops.algebra.base import AlgebraPattern, Simpler, axes_of
from catgrad.dialects.tops.base import FLOAT, dtype_of, shape_of
from catgrad.dialects.tops.fused import FusedOp
from catgrad.dialects.tops.matmul import MatmulOp
from catgrad.dialects.tops.movement import (
    BroadcastOp,
    ConcatOp,
    PadOp,
    PermuteDimsOp,
    ReshapeOp,
    SliceOp,
)
from catgrad.dialects.tops.reduction import MaxOp, SumOp


class WholePattern(AlgebraPattern[SliceOp | PadOp | BroadcastOp | ReshapeOp]):
    """
    A slice, pad, broadcast or reshape that keeps the shape is x.

    Exact: a slice of that shape is all of x, a pad or broadcast of it inserts nothing. Its dagger
    then does nothing either.
    """

    def simpler(self, op: SliceOp | PadOp | BroadcastOp | ReshapeOp) -> Simpler:
        return op.x if op.x.type == op.y.type else None


class ConcatOfOnePattern(AlgebraPattern[ConcatOp]):
    """
    concat(x) = x.

    Exact. The dagger slices all of g.
    """

    def simpler(self, op: ConcatOp) -> Simpler:
        return op.xs[0] if len(op.xs) == 1 else None


class BroadcastOfBroadcastPattern(AlgebraPattern[BroadcastOp]):
    """
    broadcast(broadcast(x)) is one broadcast, along the axes of both.

    Exact. The daggers sum over the same axes, at once instead of in turn.
    """

    def simpler(self, op: BroadcastOp) -> Simpler:
        inner = op.x.owner
        if not isinstance(inner, BroadcastOp):
            return None
        outer = axes_of(op)
        kept = [i for i in range(len(shape_of(op.y))) if i not in outer]
        axes = sorted([*outer, *(kept[i] for i in axes_of(inner))])
        return BroadcastOp(inner.x, type=op.out_type, axes=axes)


class BroadcastUnitAxesPattern(AlgebraPattern[BroadcastOp]):
    """
    broadcast along axes of size 1 = reshape. Not in `tops.fused`, which holds no reshape.

    Exact. The dagger sums over axes of size 1, which leaves the numbers.
    """

    def simpler(self, op: BroadcastOp) -> Simpler:
        shape = shape_of(op.y)
        if any(shape[i] != 1 for i in axes_of(op)) or isinstance(op.parent_op(), FusedOp):
            return None
        return ReshapeOp(op.x, type=op.out_type)


class ReshapeOfReshapePattern(AlgebraPattern[ReshapeOp]):
    """
    reshape(reshape(x)) is one reshape.

    Exact. The dagger reshapes back.
    """

    def simpler(self, op: ReshapeOp) -> Simpler:
        inner = op.x.owner
        return ReshapeOp(inner.x, type=op.out_type) if isinstance(inner, ReshapeOp) else None


class PermuteOfPermutePattern(AlgebraPattern[PermuteDimsOp]):
    """
    permute_dims(permute_dims(x, p), q) = permute_dims(x, p[q]).

    Exact. The daggers are the inverse permutations.
    """

    def simpler(self, op: PermuteDimsOp) -> Simpler:
        inner = op.x.owner
        if not isinstance(inner, PermuteDimsOp):
            return None
        axes = [axes_of(inner)[i] for i in axes_of(op)]
        return PermuteDimsOp(inner.x, axes=axes)


class PermuteUnitAxesPattern(AlgebraPattern[PermuteDimsOp]):
    """
    permute_dims that moves only axes of size 1 (or none) = reshape.

    Exact: the elements keep their row-major order. The dagger reshapes back.
    """

    def simpler(self, op: PermuteDimsOp) -> Simpler:
        shape = shape_of(op.x)
        moved = [i for i in axes_of(op) if shape[i] != 1]
        return ReshapeOp(op.x, type=op.out_type) if moved == sorted(moved) else None


class SliceOfSlicePattern(AlgebraPattern[SliceOp]):
    """
    x[a::s][b::t] = x[a + b*s::s*t].

    Exact. The daggers pad with zeros at the same places.
    """

    def simpler(self, op: SliceOp) -> Simpler:
        inner = op.x.owner
        if not isinstance(inner, SliceOp):
            return None
        p, q = inner.props(), op.props()
        step = [s * t for s, t in zip(p["step"], q["step"], strict=True)]
        bounds = zip(p["start"], p["step"], q["start"], shape_of(op.y), strict=True)
        start = [a + b * s if n else 0 for a, s, b, n in bounds]
        sizes = zip(start, step, shape_of(op.y), strict=True)
        stop = [a + (n - 1) * s + 1 if n else 0 for a, s, n in sizes]
        return SliceOp(inner.x, start=start, stop=stop, step=step)


class ReduceUnitAxesPattern(AlgebraPattern[SumOp | MaxOp]):
    """
    sum and max over axes of size 1 (or no axes) = reshape.

    Exact, but that NumPy's sum, which starts at 0.0, gives 0.0 for -0.0. The dagger of the sum
    repeats g once. The one element of a max is its tie with itself: g * 1 / 1 (where it is nan,
    the rule of max gives nan and the reshape g).
    """

    def simpler(self, op: SumOp | MaxOp) -> Simpler:
        shape = shape_of(op.x)
        unit = all(shape[i] == 1 for i in axes_of(op))
        return ReshapeOp(op.x, type=op.out_type) if unit else None


class SumOfSumPattern(AlgebraPattern[SumOp]):
    """
    sum(sum(x)) is one sum, over the axes of both; on integers and i1.

    Exact in Z/2^n and Z/2; on floats the order of the sum would change. The daggers repeat g along
    the same axes.
    """

    def simpler(self, op: SumOp) -> Simpler:
        inner = op.x.owner
        if not isinstance(inner, SumOp) or dtype_of(op.out_type) in FLOAT:
            return None
        first = axes_of(inner)
        kept = [i for i in range(len(shape_of(inner.x))) if i not in first]
        return SumOp(inner.x, axes=sorted([*first, *(kept[i] for i in axes_of(op))]))


class MatmulOfTransposePattern(AlgebraPattern[MatmulOp]):
    """
    matmul(transpose(a), b) = matmul(a, b, transpose_a), and likewise b: no transpose is stored.

    The sums have the same terms; their order is the BLAS's own in either form. The rule under the
    flag is that of the product, transposed.
    """

    def simpler(self, op: MatmulOp) -> Simpler:
        flags = op.transpose_a is not None, op.transpose_b is not None
        sides = [(v, _transposed(v)) for v in (op.a, op.b)]
        if all(x is None for _, x in sides):
            return None
        (a, ta), (b, tb) = (
            (v, flag) if x is None else (x, not flag)
            for (v, x), flag in zip(sides, flags, strict=True)
        )
        return MatmulOp(a, b, transpose_a=ta, transpose_b=tb)


def _transposed(value: SSAValue) -> SSAValue | None:
    """The x of which `value` is the batched transpose."""
    if not isinstance(value.owner, PermuteDimsOp):
        return None
    *lead, m, n = axes_of(value.owner)
    rank = len(lead) + 2
    return value.owner.x if [*lead, n, m] == list(range(rank)) else None
