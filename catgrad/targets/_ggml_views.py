"""Which values the kernels read where others lie: views instead of copies."""

from __future__ import annotations

import math

from xdsl.dialects import func
from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from catgrad.dialects.cat import ROLE
from catgrad.dialects.tops.base import shape_of
from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import FusedOp
from catgrad.dialects.tops.matmul import MatmulOp
from catgrad.dialects.tops.movement import BroadcastOp, ConcatOp, CopyOp, PadOp, ReshapeOp
from catgrad.targets._ggml_products import gathered, reads_matrix
from catgrad.targets._layouts import MOVERS, Layout, layout_of

LOOPS = (Elementwise, FusedOp, BroadcastOp, ConcatOp, CopyOp, PadOp)
"""Printed as loop nests, which read with any strides."""


def is_view(op: Operation) -> bool:
    """
    Whether the result of a mover stays where its operand is.

    Products read what BLAS does. Of loops one may read with strides: it takes the time of a copy.
    """
    if not isinstance(op, MOVERS) or isinstance(op.x.owner, FullOp):
        return isinstance(op, ReshapeOp)
    source = layout_of(op.x, is_view)
    layout = source.through(op)
    if layout is None and isinstance(op, ReshapeOp) and gathers(op, source):
        return True
    if layout is None or (layout.is_dense and isinstance(op, ReshapeOp)):
        return layout is not None
    users = [(use.operation, use.index) for use in op.y.uses]
    if any(isinstance(user, func.ReturnOp) for user, _ in users):
        return False
    loops = sum(isinstance(user, LOOPS) for user, _ in users)
    if loops > (0 if is_stored(layout.base) else 1):
        return layout.is_dense
    return layout.is_dense or all(_reads(*user, layout) for user in users)


def gathers(op: ReshapeOp, source: Layout) -> bool:
    """
    Whether products gather the elements of a reshape from where they are.

    That is worth it where storing them takes more than the image that they are windows of.
    """
    users = [use.operation for use in op.y.uses]
    larger = math.prod(source.shape) > math.prod(shape_of(source.base))
    return larger and all(isinstance(user, MatmulOp) and gathered(op.y, source) for user in users)


def is_stored(value: SSAValue) -> bool:
    """Whether a value is a parameter or a state, which an update may overwrite."""
    function = value.owner.parent_op() if isinstance(value.owner, Block) else None
    if not isinstance(value, BlockArgument) or not isinstance(function, func.FuncOp):
        return False
    attributes = list(function.arg_attrs or [])
    return value.index < len(attributes) and ROLE in attributes[value.index].data


def _reads(user: Operation, operand: int, layout: Layout) -> bool:
    """Whether an op reads an operand that lies like this."""
    if isinstance(user, MatmulOp):
        return reads_matrix(user, operand, layout)
    return isinstance(user, (*LOOPS, *MOVERS))
