"""tops-accumulate: what is scattered is added to the other term of a sum where that lies."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from catgrad.dialects.tops.arithmetic import AddOp
from catgrad.dialects.tops.base import dtype_of
from catgrad.dialects.tops.indexing import ScatterAddOp
from catgrad.dialects.tops.matmul import MatmulOp
from catgrad.passes._rewriting import defined_functions, replace_op


def scattered(value: SSAValue, other: SSAValue) -> ScatterAddOp | None:
    """The scatter that makes one term, if nobody else wants it or the product beside it."""
    op, product = value.owner, other.owner
    if not isinstance(op, ScatterAddOp) or op.into is not None or not isinstance(product, MatmulOp):
        return None
    return op if value.has_one_use() and other.has_one_use() else None


def accumulate(op: Operation, block: Block) -> None:
    """Replace a sum of a product and of what is scattered, on numbers."""
    if not isinstance(op, AddOp) or dtype_of(op.out_type) == "i1":
        return
    for value, other in ((op.a, op.b), (op.b, op.a)):
        if (found := scattered(value, other)) is not None:
            axis = found.props()["axis"]
            new = ScatterAddOp(found.x, found.indices, other, type=op.out_type, axis=axis)
            block.insert_ops_before([new], op)
            replace_op(op, new.results)
            found.detach()
            found.erase()
            return


@dataclass(frozen=True)
class TopsAccumulatePass(ModulePass):
    """
    Adds what is scattered to a product, which may then be done in the product's own storage.

    ```
    %p = tops.matmul %a, %b, transpose_a              %p = tops.matmul %a, %b, transpose_a
    %s = tops.scatter_add %x, %i, axis = 0        =>
    %y = tops.add %p, %s                              %y = tops.scatter_add %x, %i, %p, axis = 0
    ```
    The gradient of an embedding that is the output layer as well is such a sum: it takes one tensor
    of its size instead of two, and two sweeps less. Sums are computed in another order.
    """

    name = "tops-accumulate"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in defined_functions(op):
            for inner in list(function.body.block.ops):
                accumulate(inner, function.body.block)
