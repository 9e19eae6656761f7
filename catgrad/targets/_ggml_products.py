"""Matrix products on GGML: the strides that the kernels read, and which they can."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from xdsl.ir import SSAValue

from catgrad.dialects.tops.base import dtype_of, shape_of, tensor_of
from catgrad.dialects.tops.matmul import MatmulOp
from catgrad.dialects.tops.windows import UnpatchesOp, is_unpadded
from catgrad.targets._ggml_loops import FEW_ROWS, merge_axes
from catgrad.targets._layouts import Layout, Steps, joined_steps, row_major, walk


@dataclass(frozen=True)
class Product:
    """`outer * inner` products of m x k and k x n matrices; strides: outer, inner, row, column."""

    outer: int
    inner: int
    m: int
    n: int
    k: int
    a: tuple[int, ...]
    b: tuple[int, ...]

    def text(self) -> str:
        """The C++ initialiser."""
        sizes = ", ".join(map(str, (self.outer, self.inner, self.m, self.n, self.k)))
        strides = [f"{{{', '.join(map(str, s))}}}" for s in (self.a, self.b)]
        return f"{{{sizes}, {', '.join(strides)}}}"


def product_of(op: MatmulOp, a: Layout, b: Layout) -> Product | None:
    """The product of operands that lie like this; None if no kernel reads them so."""
    *batch, m, n = tensor_of(op.y).get_shape()
    matrices = [_matrix(a, op.transpose_a is not None), _matrix(b, op.transpose_b is not None)]
    axes = merge_axes(batch, [a.strides[:-2], b.strides[:-2]])
    if None in matrices or len(axes) > 2:
        return None
    sizes = [1] * (2 - len(axes)) + [axis.size for axis in axes]
    left, right = (
        (*[0] * (2 - len(axes)), *(axis.strides[i] for axis in axes), *(matrix or ()))
        for i, matrix in enumerate(matrices)
    )
    k = a.shape[-2 if op.transpose_a is not None else -1]
    return Product(sizes[0], sizes[1], m, n, k, left, right)


def reads_matrix(op: MatmulOp, operand: int, layout: Layout) -> bool:
    """Whether a product reads an operand that lies like this, whatever the other one does."""
    flag = (op.transpose_a, op.transpose_b)[operand]
    batch = sum(n != 1 for n in layout.shape[:-2])
    return batch <= 2 and _matrix(layout, flag is not None) is not None


def _matrix(layout: Layout, transposed: bool) -> tuple[int, int] | None:
    """
    The strides from row to row and from column to column, one of which is 1; else None.

    BLAS reads no rows that overlap, as those of sliding windows do.
    """
    sizes: Sequence[int] = layout.shape[-2:]
    strides: Sequence[int] = layout.strides[-2:]
    if transposed:
        sizes, strides = sizes[::-1], strides[::-1]
    (rows, columns), (row, column) = sizes, strides
    if (columns <= 1 or column == 1) and (rows <= 1 or row >= columns):
        return (row if rows > 1 else max(1, columns)), 1
    if (rows <= 1 or row == 1) and column >= rows:
        return 1, column
    return None


MOST_AXES = 6
"""The axes that one index of a gathered operand may walk over; in `gather.hpp` too."""


def gathered(value: SSAValue, source: Layout) -> bool:
    """Whether products can gather the value from there."""
    steps = joined_steps(source, shape_of(value))
    return (
        dtype_of(tensor_of(value)) == "f32"
        and steps is not None
        and len(steps) >= 2
        and all(len(axes) <= MOST_AXES for axes in (*steps, join(steps[:-2])))
    )


def join(steps: Sequence[Steps]) -> Steps:
    """The steps of one index for several axes."""
    return tuple(step for axes in steps for step in axes if step[0] != 1)


def gather_text(op: MatmulOp, a: Sequence[Steps], b: Sequence[Steps]) -> str:
    """The C++ initialiser of a product whose operands walk like this."""
    *batch, m, n = shape_of(op.y)
    k = shape_of(op.a)[-2 if op.transpose_a is not None else -1]
    sides = [
        _scattered(steps, flag is not None)
        for steps, flag in ((a, op.transpose_a), (b, op.transpose_b))
    ]
    return f"{{{math.prod(batch)}, {m}, {n}, {k}, {sides[0]}, {sides[1]}}}"


def _scattered(steps: Sequence[Steps], transposed: bool) -> str:
    rows, columns = steps[-1 if transposed else -2], steps[-2 if transposed else -1]
    return f"{{{', '.join(map(_digits, (join(steps[:-2]), join([rows]), join([columns]))))}}}"


def _digits(axes: Steps) -> str:
    """`{axes, sizes, strides}`."""
    lists = [f"{{{', '.join(str(axis[i]) for axis in axes)}}}" for i in (0, 1)]
    return f"{{{len(axes)}, {', '.join(lists)}}}"


def rows_text(op: UnpatchesOp) -> str | None:
    """The windows of many images, whose elements lie in runs; None for other windows."""
    p, shape = op.props(), shape_of(op.y)
    lead = len(shape) - len(p["kernel"])
    strides, counts = row_major(shape)[lead:], shape_of(op.x)[lead : len(shape)]
    runs = walk(p["kernel"], map(mul, strides, p["dilation"]))
    windows = walk(counts, map(mul, strides, p["stride"]))
    images, run = math.prod(shape[:lead]), runs[-1][0] if runs and runs[-1][1] == 1 else 1
    pieces = math.prod(p["kernel"]) // run
    if not is_unpadded(op) or images < FEW_ROWS or max(len(runs), len(windows)) > MOST_AXES:
        return None
    inner = runs[:-1] if run > 1 else runs
    sizes = f"{math.prod(counts)}, {pieces}, {run}"
    digits = f"{_digits(windows)}, {_digits(inner)}"
    return f"catgrad::Rows{{{images}, {math.prod(shape[lead:])}, {digits}, {sizes}}}"
