"""tops-split-products: a small matrix of very long sums is the sum of several products."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from catgrad.dialects.tops.base import TopsOp, dtype_of, shape_of, tensor
from catgrad.dialects.tops.matmul import MatmulOp
from catgrad.dialects.tops.movement import ReshapeOp
from catgrad.dialects.tops.reduction import SumOp
from catgrad.passes._rewriting import defined_functions, replace_op

SMALL = 1_000_000
"""Multiplications of a part: OpenBLAS does up to so many without copying the operands."""


def parts_of(op: MatmulOp, large: int, terms: int) -> int:
    """Into how many products an op is split; 1 if it is better left alone."""
    shape = shape_of(op.y)
    if len(shape) != 2 or 1 in shape or op.transpose_a is None or op.transpose_b is not None:
        return 1
    count, results = shape_of(op.a)[0], math.prod(shape)
    if dtype_of(op.out_type) != "f32" or 0 in (results, count) or count * results < large:
        return 1
    most = min(terms, count // 2, SMALL // results)
    each = next((n for n in range(most, max(terms // 8, 1) - 1, -1) if count % n == 0), count)
    return count // each


def split(op: MatmulOp, parts: int) -> list[TopsOp]:
    """The ops that do the same, the last of which has the result."""
    halves: list[TopsOp] = []
    for value in (op.a, op.b):
        count, columns = shape_of(value)
        type_ = tensor((parts, count // parts, columns), dtype_of(op.out_type))
        halves.append(ReshapeOp(value, type=type_))
    product = MatmulOp(*(half.results[0] for half in halves), transpose_a=True)
    return [*halves, product, SumOp(product.y, axes=(0,))]


@dataclass(frozen=True)
class TopsSplitProductsPass(ModulePass):
    """
    Splits the sums of a product of tall matrices.

    ```
                                                 %s = tops.reshape %x      (8 x 800 x 150)
    %y = tops.matmul %x, %g, transpose_a    =>   %h = tops.reshape %g      (8 x 800 x 16)
     (6400 x 150, 6400 x 16)                     %p = tops.matmul %s, %h, transpose_a
                                                 %y = tops.sum %p, axes = [0]
    ```
    So are the gradients of a convolution's weights: few results, each the sum of very many terms.
    BLAS copies the operands of such a product and shares it badly among threads. The parts are
    small, and each thread has some of them.

    Options: `large`, the multiplications from which a product is split; `terms`, the most terms of
    a part, which has an eighth of that at least. Sums are computed in another order.
    """

    name = "tops-split-products"
    large: int = 1 << 20
    terms: int = 1024

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in defined_functions(op):
            block = function.body.block
            for found in list(block.ops):
                if not isinstance(found, MatmulOp):
                    continue
                if (parts := parts_of(found, self.large, self.terms)) > 1:
                    made = split(found, parts)
                    block.insert_ops_before(made, found)
                    replace_op(found, made[-1].results)
