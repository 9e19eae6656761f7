"""What GGML's own ops can do: a table for `kernels=native`, its keys what it has, and limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import groupby

from xdsl.dialects import func
from xdsl.ir import Operation, SSAValue

from catgrad.dialects.tops.arithmetic import AddOp, DivideOp, MultiplyOp, SubtractOp
from catgrad.dialects.tops.base import TopsOp, shape_of
from catgrad.dialects.tops.creation import ArangeOp, ConstantOp, FullOp
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import FusedOp
from catgrad.dialects.tops.indexing import Indexing, ScatterAddOp
from catgrad.dialects.tops.matmul import MatmulOp
from catgrad.dialects.tops.movement import (
    BroadcastOp,
    ConcatOp,
    CopyOp,
    PadOp,
    PermuteDimsOp,
    ReshapeOp,
    SliceOp,
)
from catgrad.dialects.tops.random import Random
from catgrad.dialects.tops.reduction import CumulativeSumOp, MaxOp, SumOp
from catgrad.dialects.tops.windows import Windows
from catgrad.targets._ggml_values import dtype, size_of

MOST_DIMS = 4
STEP = "tops.full tops.greater tops.astype"
SELECT = "tops.astype tops.where"

NATIVE: dict[str, str] = {
    # elementwise
    "tops.negative": "ggml_neg(c, {0})",
    "tops.abs": "ggml_abs(c, {0})",
    "tops.floor": "ggml_floor(c, {0})",
    "tops.ceil": "ggml_ceil(c, {0})",
    "tops.exp": "ggml_exp(c, {0})",
    "tops.log": "ggml_log(c, {0})",
    "tops.sqrt": "ggml_sqrt(c, {0})",
    "tops.square": "ggml_sqr(c, {0})",
    "tops.sin": "ggml_sin(c, {0})",
    "tops.cos": "ggml_cos(c, {0})",
    "tops.tanh": "ggml_tanh(c, {0})",
    "tops.logistic": "ggml_sigmoid(c, {0})",
    "tops.add": "ggml_add(c, {0}, {1})",
    "tops.subtract": "ggml_sub(c, {0}, {1})",
    "tops.multiply": "ggml_mul(c, {0}, {1})",
    "tops.divide": "ggml_div(c, {0}, {1})",
    "tops.astype": "ggml_cast(c, {0}, {type})",
    STEP: "ggml_step(c, {0})",
    SELECT: "ggml_get_rows(c, {rows}, {index})",
    # movement
    "tops.copy": "ggml_cont(c, {0})",
    "tops.broadcast": "ggml_repeat_4d(c, {0}, {sizes})",
    "tops.permute_dims": "ggml_cont(c, g.view(ggml_permute(c, {0}, {axes})))",
    "tops.slice": "ggml_cont(c, g.view(ggml_view_4d(c, {0}, {sizes}, {strides}, {offset})))",
    "tops.pad": "ggml_pad_ext(c, {0}, {padding})",
    "tops.concat": "ggml_concat(c, {0}, {1}, 1)",
    "tops.reshape": "",
    # creation
    "tops.full": "ggml_fill(c, {0}, {value})",
    "tops.arange": "ggml_arange(c, 0, {stop}, 1)",
    "tops.constant": "",
    # reductions and the rest
    "tops.sum": "ggml_sum_rows(c, {0})",
    "tops.max": "ggml_get_rows(c, {rows}, {index})",
    "tops.cumulative_sum": "ggml_cumsum(c, {0})",
    "tops.matmul": "ggml_mul_mat(c, {1}, {0})",
    "tops.take": "ggml_get_rows(c, {0}, {1})",
    "tops.scatter_add": "ggml_get_rows_back(c, {0}, {1}, {like})",
    "tops.patches": "ggml_im2col(c, {kernel}, {0}, {steps}, true, GGML_TYPE_F32)",
    "tops.unpatches": "g.im2col_back({0}, {kernel}, {{{sizes}}}, {steps})",
}
"""How each op is written with GGML; a fused region is called by the ops that it holds."""

SUM_OF_LEADING = "ggml_repeat_back(c, {0}, {like})"
"""The sum over axes that are not the last."""

SCALED: dict[str, tuple[str, str]] = {
    "tops.add": ("", "ggml_scale_bias(c, {x}, 1.0f, {value})"),
    "tops.subtract": (
        "ggml_scale_bias(c, {x}, -1.0f, {value})",
        "ggml_scale_bias(c, {x}, 1.0f, -{value})",
    ),
    "tops.multiply": ("", "ggml_scale(c, {x}, {value})"),
}
"""The spelling where operand 0, operand 1 is one number for all elements."""

ARITHMETIC = (AddOp, SubtractOp, MultiplyOp, DivideOp)
INTEGERS = frozenset(
    "tops." + n for n in "astype copy broadcast permute_dims slice concat reshape take".split()
) | {"tops.arange", "tops.constant", "tops.full", SELECT}
"""Ops that GGML has for i32 as well as for f32."""


def form(op: Operation) -> str:
    """What an op is called in the table: its name; of a fused region those of the ops inside."""
    if isinstance(op, FusedOp):
        return " ".join(inner.name for inner in op.body.block.ops if inner is not op.terminator)
    return op.name


# -- shapes -----------------------------------------------------------------------------------
def dims(shape: Sequence[int]) -> list[int]:
    """A row-major shape as GGML's: the fastest first, at most four, leading axes made one."""
    kept = list(shape[-(MOST_DIMS - 1) :])
    lead = shape[: -(MOST_DIMS - 1)]
    return [*reversed(kept), *([math.prod(lead)] if lead else [])] or [1]


def groups(shape: Sequence[int], axes: Sequence[int]) -> list[tuple[int, bool]]:
    """Axes side by side that are all in `axes`, or all not, as one: (size, whether they are)."""
    marked = [(n, i in axes) for i, n in enumerate(shape) if n != 1]
    return [
        (math.prod(n for n, _ in run), key)
        for key, run in groupby(marked, key=lambda pair: pair[1])
    ]


def permuted(shape: Sequence[int], axes: Sequence[int]) -> tuple[list[int], list[int]]:
    """A permutation with axes that stay side by side made one: the operand's shape, the axes."""
    kept = [a for a in axes if shape[a] != 1]
    runs: list[list[int]] = []
    order = {a: i for i, a in enumerate(sorted(kept))}
    for axis in kept:
        if runs and order[runs[-1][-1]] + 1 == order[axis]:
            runs[-1].append(axis)
        else:
            runs.append([axis])
    first = sorted(range(len(runs)), key=lambda i: runs[i][0])
    sizes = [math.prod(shape[a] for a in runs[i]) for i in first]
    return sizes, [first.index(i) for i in range(len(runs))]


def bounded(shape: Sequence[int], ranges: Sequence[tuple[int, int, int]]) -> list[tuple[int, ...]]:
    """(size, *range) for each axis, where neighbours that are whole are one."""
    found: list[tuple[int, ...]] = []
    for n, bounds in zip(shape, ranges, strict=True):
        if bounds == (0, n, 1) and n == 1:
            continue
        if found and bounds == (0, n, 1) and found[-1][1:] == (0, found[-1][0], 1):
            found[-1] = (found[-1][0] * n, 0, found[-1][0] * n, 1)
        else:
            found.append((n, *bounds))
    return found or [(1, 0, 1, 1)]


def slice_bounds(op: SliceOp) -> list[tuple[int, ...]]:
    """(size, start, stop, step) of the operand's axes; a last axis of 1 behind a step."""
    p = op.props()
    found = bounded(shape_of(op.x), list(zip(p["start"], p["stop"], p["step"], strict=True)))
    return [*found, (1, 0, 1, 1)] if found[-1][3] != 1 else found


def pad_bounds(op: PadOp) -> list[tuple[int, ...]]:
    """(size, start, stop, step) of the operand's elements in the result's axes."""
    return bounded(shape_of(op.y), op.bounds())


# -- capabilities -----------------------------------------------------------------------------
def is_host(op: Operation) -> bool:
    """Whether the host computes an op: random numbers, scalar integers, integers out of nothing."""
    if isinstance(op, Random):
        return True
    values: list[SSAValue] = [*op.operands, *op.results]
    whole = all(dtype(v) == "i32" for v in values) or (
        isinstance(op, FusedOp) and all(dtype(v) == "i32" for v in op.operands)
    )
    if not whole:
        return False
    if isinstance(op, ArangeOp) or (isinstance(op, CopyOp) and isinstance(op.x.owner, FullOp)):
        return True
    return isinstance(op, Elementwise | FusedOp) and all(size_of(v) == 1 for v in values)


def has(op: Operation) -> bool:
    """Whether GGML's own ops, or the host, compute this op on its types and shapes."""
    if is_host(op) or isinstance(op, func.ReturnOp):
        return True
    name = form(op)
    values: list[SSAValue] = [*op.operands, *op.results]
    types = {dtype(v) for v in values}
    if name not in NATIVE or not types <= {"f32", "i32"}:
        return False
    if isinstance(op, FullOp | ConstantOp | ReshapeOp):
        return True
    if isinstance(op, ScatterAddOp) and op.into is not None:
        return False
    read = [dtype(op.x)] if isinstance(op, Indexing) else types
    if "i32" in read and name not in INTEGERS:
        return False
    if any(size_of(v) == 0 for v in op.operands) and size_of(op.results[0]) > 0:
        return False
    limit = next((f for kind, f in LIMITS.items() if isinstance(op, kind)), None)
    return limit is None or limit(op)


def _arithmetic(op: Operation) -> bool:
    full = [isinstance(v.owner, FullOp) for v in op.operands]
    if isinstance(op, AddOp | MultiplyOp) and (full[0] or is_lifted(op.operands[0])):
        return full[1] or is_lifted(op.operands[1])
    return not full[1] or not isinstance(op, DivideOp)


def _sum(op: Operation) -> bool:
    assert isinstance(op, SumOp)
    parts = groups(shape_of(op.x), op.props()["axes"])
    folded = [key for _, key in parts]
    return (
        True in folded
        and (folded in ([True], [False, True]) or not folded[-1])
        and (len(parts) <= MOST_DIMS)
    )


def _max(op: Operation) -> bool:
    assert isinstance(op, MaxOp)
    folded = [key for _, key in groups(shape_of(op.x), op.props()["axes"])]
    return folded in ([True], [False, True])


def _windows(op: Operation) -> bool:
    assert isinstance(op, Windows)
    p = op.props()
    return len(p["kernel"]) <= 2 and p["padding_low"] == p["padding_high"]


def _matmul(op: Operation) -> bool:
    assert isinstance(op, MatmulOp)
    return op.transpose_a is None and op.transpose_b is not None


def _cumulative_sum(op: Operation) -> bool:
    assert isinstance(op, CumulativeSumOp)
    return op.from_end is None and op.props()["axis"] == len(shape_of(op.x)) - 1


def _pad(op: Operation) -> bool:
    assert isinstance(op, PadOp)
    return set(op.props()["interior"]) <= {0} and len(pad_bounds(op)) <= MOST_DIMS


def _permute(op: Operation) -> bool:
    assert isinstance(op, PermuteDimsOp)
    sizes, axes = permuted(shape_of(op.x), op.props()["axes"])
    return 1 < len(axes) and len(sizes) <= MOST_DIMS


def _broadcast(op: Operation) -> bool:
    return len(groups(shape_of(op.results[0]), axes_of(op))) <= MOST_DIMS


def axes_of(op: Operation) -> tuple[int, ...]:
    """The property `axes`."""
    assert isinstance(op, TopsOp)
    return op.props()["axes"]


LIMITS: dict[type[Operation], Callable[[Operation], bool]] = {
    AddOp: _arithmetic,
    SubtractOp: _arithmetic,
    MultiplyOp: _arithmetic,
    DivideOp: _arithmetic,
    BroadcastOp: _broadcast,
    ConcatOp: lambda op: len(op.operands) == 2 and all(size_of(v) > 0 for v in op.operands),
    CumulativeSumOp: _cumulative_sum,
    Indexing: lambda op: isinstance(op, Indexing) and op.props()["axis"] == 0,
    MatmulOp: _matmul,
    MaxOp: _max,
    PadOp: _pad,
    PermuteDimsOp: _permute,
    SliceOp: lambda op: isinstance(op, SliceOp) and len(slice_bounds(op)) <= MOST_DIMS,
    SumOp: _sum,
    Windows: _windows,
}
"""What a form of the op must look like."""


# -- placement --------------------------------------------------------------------------------
def is_lifted(value: SSAValue) -> bool:
    """Whether a value repeats another along new axes."""
    return isinstance(value.owner, BroadcastOp)


def is_folded(op: Operation) -> bool:
    """Whether a broadcast is left to the arithmetic that reads it, as the second operand only."""
    if not isinstance(op, BroadcastOp) or dtype(op.y) != "f32" or size_of(op.y) == 0:
        return False
    uses = list(op.y.uses)
    return bool(uses) and all(
        isinstance(u.operation, ARITHMETIC)
        and u.index == 1
        and u.operation.operands[0] is not op.y
        and not isinstance(u.operation.operands[0].owner, FullOp)
        for u in uses
    )


def workspace(op: Operation) -> int:
    """Bytes for what lies between the ops of GGML that make one of ours."""
    if isinstance(op, MaxOp):
        return 4 * size_of(op.y)
    if isinstance(op, FusedOp) and form(op) == SELECT:
        return 12 * size_of(op.results[0])
    return 0
