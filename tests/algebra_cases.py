"""
Cases of the patterns of `canonicalize`: functions of x and w, and how far each is exact.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import Block

from catgrad.dialects.tops import OPS, Array, Ops
from catgrad.dialects.tops.algebra import elementwise as e
from catgrad.dialects.tops.algebra import folding
from catgrad.dialects.tops.algebra import movement as m
from catgrad.dialects.tops.algebra.base import AlgebraPattern
from catgrad.dialects.tops.base import ANY, BOOL, FLOAT, INTEGER, NUMBER, TopsOp, tensor
from catgrad.dialects.tops.elementwise import AstypeOp, Elementwise, WhereOp

Pattern: TypeAlias = type[AlgebraPattern[Any]]
Values: TypeAlias = NDArray[Any]
Build: TypeAlias = "Callable[[Ops, Array, Array], Array | list[Array]]"


def identical(a: Values, b: Values) -> bool:
    """Bit for bit, nan equal to nan."""
    return same_numbers(a, b) and bool(np.all((np.signbit(a) == np.signbit(b)) | np.isnan(a)))


def same_numbers(a: Values, b: Values) -> bool:
    """Equal, 0.0 to -0.0 and nan to nan."""
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def within_one_unit(a: Values, b: Values) -> bool:
    """Equal but for the last place of a float."""
    if a.dtype.kind != "f":
        return identical(a, b)
    with np.errstate(all="ignore"):
        near = np.abs(a - b) <= np.spacing(np.maximum(np.abs(a), np.abs(b)))
    return bool(np.all(near | (a == b) | (np.isnan(a) & np.isnan(b))))


@dataclass(frozen=True)
class Case:
    """A function of x and w, both of one type, that a pattern rewrites; and how far it is exact."""

    pattern: Pattern
    dtypes: tuple[str, ...]
    build: Build
    shape: tuple[int, ...] = (2, 3)
    same: Callable[[Values, Values], bool] = identical
    whole: bool = False
    """Only small whole numbers: a sum of others depends on its order."""
    nan: bool = True
    """Whether the derivative is kept where x is nan."""
    runs: int = 8


def condition(x: Array) -> Array:
    return x != x.full_like(0)


def fulls(ops: Ops, x: Array, values: list[Any]) -> list[Array]:
    return [ops.full(x.shape, v, x.dtype) for v in values]


def fold_all(op: type[TopsOp]) -> Build:
    """An op on all combinations of special constants."""

    def build(ops: Ops, x: Array, w: Array) -> list[Array]:
        special = [0, 1] if x.dtype == "i1" else [0, 1, 2, 7]
        special += [-3, 2**31 - 1] if x.dtype in INTEGER and op.name != "tops.pow" else []
        if x.dtype in FLOAT:
            special += [-0.0, -2.5, 1e-40, 3e38, float("inf"), float("-inf"), float("nan")]
        constants = fulls(ops, x, special)
        if issubclass(op, WhereOp):
            conditions = [ops.full(x.shape, v, "i1") for v in (True, False)]
            return [c.where(a, b) for c in conditions for a, b in itertools.pairwise(constants)]
        if issubclass(op, AstypeOp):
            return [
                ops.emit("astype", a, type=tensor(x.shape, dtype))
                for dtype in ANY
                for a in constants
            ]
        name, count = op.name.partition(".")[2], len(op.get_irdl_definition().operands)
        return [ops.emit(name, *given) for given in itertools.product(constants, repeat=count)]

    return build


def domain(op: type[TopsOp]) -> tuple[str, ...]:
    """The dtypes on which an op is defined."""
    return op(*Block(arg_types=_operands(op)).args, type=tensor((1,), "f64")).meaning.domain


def _operands(op: type[TopsOp]) -> list[Any]:
    count = len(op.get_irdl_definition().operands)
    types = [tensor((1,), "f64")] * count
    return [tensor((1,), "i1"), *types[1:]] if issubclass(op, WhereOp) else types


def on(pattern: Pattern, dtypes: tuple[str, ...], *builds: Build, **options: Any) -> list[Case]:
    return [Case(pattern, dtypes, build, **options) for build in builds]


def permuted(axes: tuple[int, ...]) -> Build:
    return lambda o, x, w: o.emit("permute_dims", x, axes=axes)


def broadcast(x: Array, axes: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    return x.ops.emit("broadcast", x, axes=axes, type=tensor(shape, x.dtype))


def reduce(name: str, axes: tuple[int, ...]) -> Build:
    return lambda o, x, w: o.emit(name, x, axes=axes)


def constant_right(name: str, *values: float) -> list[Build]:
    return [lambda o, x, w, v=v: o.emit(name, x.full_like(v), x) for v in values]


def with_constant(name: str, value: float) -> Build:
    return lambda o, x, w: o.emit(name, x, x.full_like(value))


FOLDING = [
    *(
        Case(folding.FoldElementwisePattern, domain(op), fold_all(op), runs=1)
        for op in OPS
        if issubclass(op, Elementwise)
    ),
    *on(
        folding.FoldMovementPattern,
        ANY,
        lambda o, x, w: o.emit("copy", x.full_like(1)),
        lambda o, x, w: broadcast(x.full_like(1), (0,), (4, *x.shape)),
        lambda o, x, w: x.full_like(1).reshape((6,)),
        lambda o, x, w: x.full_like(1).permute_dims((1, 0)),
        lambda o, x, w: x.full_like(1)[:, 1:],
        lambda o, x, w: o.emit("pad", x.full_like(0), low=(0, 1), high=(1, 0), interior=(0, 2)),
    ),
]

ELEMENTWISE = [
    *on(
        e.ConstantRightPattern,
        ANY,
        *constant_right("add", 0, 1),
        *constant_right("multiply", 0, 1),
        *constant_right("equal", 1),
        *constant_right("not_equal", 1),
    ),
    *on(e.ConstantRightPattern, NUMBER, *constant_right("maximum", -3, 2)),
    *on(e.ConstantRightPattern, NUMBER, *constant_right("minimum", -3, 2)),
    *on(e.ConstantRightPattern, FLOAT, *constant_right("multiply", 1e-30, float("inf"))),
    *on(e.ConstantRightPattern, FLOAT, *constant_right("maximum", float("-inf"), float("nan"))),
    *on(e.ConstantRightPattern, INTEGER, *constant_right("maximum", 0)),
    *on(e.ConstantRightPattern, BOOL, *constant_right("logical_and", 0, 1)),
    *on(e.ConstantRightPattern, BOOL, *constant_right("logical_or", 0, 1)),
    *on(e.ConstantRightPattern, BOOL, *constant_right("logical_xor", 0, 1)),
    *on(
        e.NeutralPattern,
        ANY,
        with_constant("add", -0.0),
        with_constant("subtract", 0),
        with_constant("multiply", 1),
    ),
    *on(e.NeutralPattern, FLOAT, with_constant("divide", 1)),
    *on(e.NeutralPattern, NUMBER, with_constant("pow", 1)),
    *on(
        e.NeutralPattern,
        BOOL,
        with_constant("logical_and", 1),
        with_constant("logical_or", 0),
        with_constant("logical_xor", 0),
    ),
    *on(e.AbsorbingPattern, (*INTEGER, *BOOL), with_constant("multiply", 0)),
    *on(e.AbsorbingPattern, BOOL, with_constant("logical_and", 0), with_constant("logical_or", 1)),
    *on(e.CancelPattern, (*INTEGER, *BOOL), lambda o, x, w: x - x),
    *on(e.CancelPattern, BOOL, lambda o, x, w: x + x, lambda o, x, w: x ^ x),
    *on(e.InvolutionPattern, ANY, lambda o, x, w: -(-x)),
    *on(e.InvolutionPattern, BOOL, lambda o, x, w: -x, lambda o, x, w: ~~x),
    *on(
        e.NegateByConstantPattern,
        NUMBER,
        with_constant("multiply", -1),
        lambda o, x, w: x.full_like(-0.0) - x,
    ),
    *on(e.NegateByConstantPattern, FLOAT, with_constant("divide", -1)),
    *on(
        e.NegatedTermPattern,
        ANY,
        lambda o, x, w: x + -w,
        lambda o, x, w: -x + w,
        lambda o, x, w: x - -w,
        lambda o, x, w: -x + -w,
    ),
    *on(e.ConstantExponentPattern, NUMBER, with_constant("pow", 2), same=within_one_unit),
    *on(e.ConstantExponentPattern, NUMBER, with_constant("pow", 0)),
    *on(e.SameBranchesPattern, ANY, lambda o, x, w: condition(w).where(x, x)),
    *on(
        e.ConstantConditionPattern,
        ANY,
        lambda o, x, w: x.full_like(1, "i1").where(x, w),
        lambda o, x, w: x.full_like(0, "i1").where(x, w),
    ),
    *on(e.NegatedConditionPattern, ANY, lambda o, x, w: (~condition(x)).where(x, w)),
    *on(e.AstypeBackPattern, FLOAT, lambda o, x, w: o.emit("astype", x, type=x.type)),
    *on(e.AstypeBackPattern, ("f32",), lambda o, x, w: x.astype("f64").astype("f32")),
]

MOVEMENT = [
    *on(
        m.WholePattern,
        ANY,
        lambda o, x, w: x.slice((0, 0), (2, 3), (1, 1)),
        lambda o, x, w: o.emit("pad", x, low=(0, 0), high=(0, 0), interior=(0, 0)),
        lambda o, x, w: broadcast(x, (), x.shape),
        lambda o, x, w: o.emit("reshape", x, type=x.type),
    ),
    *on(
        m.WholePattern,
        ANY,
        lambda o, x, w: x.slice((0, 0), (1, 0), (2, 3)),
        lambda o, x, w: o.emit("pad", x, low=(0, 0), high=(0, 0), interior=(3, 4)),
        shape=(1, 0),
    ),
    *on(m.ConcatOfOnePattern, ANY, lambda o, x, w: o.emit("concat", x, axis=1)),
    *on(
        m.BroadcastOfBroadcastPattern,
        ANY,
        lambda o, x, w: broadcast(broadcast(x, (1,), (2, 4, 3)), (0, 3), (5, 2, 4, 2, 3)),
        whole=True,
    ),
    *on(m.BroadcastUnitAxesPattern, ANY, lambda o, x, w: broadcast(x, (0, 2), (1, 2, 1, 3))),
    *on(m.ReshapeOfReshapePattern, ANY, lambda o, x, w: x.reshape((6,)).reshape((3, 2))),
    *on(
        m.PermuteOfPermutePattern,
        ANY,
        lambda o, x, w: x.permute_dims((1, 2, 0)).permute_dims((0, 2, 1)),
        lambda o, x, w: x.permute_dims((1, 2, 0)).permute_dims((2, 0, 1)),
        shape=(2, 3, 4),
    ),
    *on(m.PermuteUnitAxesPattern, ANY, permuted((1, 0, 3, 2)), shape=(2, 1, 1, 3)),
    *on(m.PermuteUnitAxesPattern, ANY, permuted((0, 1))),
    *on(
        m.SliceOfSlicePattern,
        ANY,
        lambda o, x, w: x[3::2, 1:][1::3, :2],
        lambda o, x, w: x[::7][3:],
        shape=(20, 3),
    ),
    *on(
        m.ReduceUnitAxesPattern,
        ANY,
        reduce("sum", (1, 2)),
        reduce("sum", ()),
        shape=(2, 1, 1, 3),
        same=same_numbers,
    ),
    *on(
        m.ReduceUnitAxesPattern,
        NUMBER,
        reduce("max", (1, 2)),
        reduce("max", ()),
        shape=(2, 1, 1, 3),
        nan=False,
    ),
    *on(
        m.SumOfSumPattern,
        (*INTEGER, *BOOL),
        lambda o, x, w: x.sum((0, 2)).sum((1,)),
        shape=(2, 3, 4, 5),
    ),
    *on(
        m.MatmulOfTransposePattern,
        ANY,
        lambda o, x, w: x.T.matmul(w),
        lambda o, x, w: x.matmul(w.T),
        lambda o, x, w: x.T.matmul(w, transpose_a=True, transpose_b=True),
        lambda o, x, w: x.T.matmul(w.T, transpose_b=True),
        whole=True,
        shape=(3, 3),
    ),
    *on(
        m.MatmulOfTransposePattern,
        ANY,
        lambda o, x, w: x.permute_dims((0, 2, 1)).matmul(w),
        whole=True,
        shape=(2, 3, 4),
    ),
]

CASES = [*FOLDING, *ELEMENTWISE, *MOVEMENT]
