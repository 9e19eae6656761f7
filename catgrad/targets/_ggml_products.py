"""Matrix products on GGML: the strides that the kernels read, and which they can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catgrad.dialects.tops.base import tensor_of
from catgrad.dialects.tops.matmul import MatmulOp
from catgrad.targets._ggml_loops import merge_axes
from catgrad.targets._layouts import Layout


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
    """The strides from row to row and from column to column, one of which is 1; else None."""
    sizes: Sequence[int] = layout.shape[-2:]
    strides: Sequence[int] = layout.strides[-2:]
    if transposed:
        sizes, strides = sizes[::-1], strides[::-1]
    (rows, columns), (row, column) = sizes, strides
    if columns <= 1 or column == 1:
        return (row if rows > 1 else max(1, columns)), 1
    if rows <= 1 or row == 1:
        return 1, column
    return None
