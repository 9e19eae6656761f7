"""Constants: ops whose operands are all `tops.full`."""

from __future__ import annotations

import math
from typing import Any

from xdsl.ir import Block

from catgrad.dialects.tops.algebra.base import AlgebraPattern, Simpler, full, is_full
from catgrad.dialects.tops.arithmetic import PowOp
from catgrad.dialects.tops.base import (
    FLOAT,
    INTEGER,
    NUMPY_NAMES,
    SIZES,
    dtype_of,
    tensor,
    tensor_of,
)
from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.elementwise import AstypeOp, Elementwise
from catgrad.dialects.tops.movement import Movement, PadOp


class FoldElementwisePattern(AlgebraPattern[Elementwise]):
    """
    f(full c, ...) = full f(c, ...), by the op's own NumPy meaning.

    Exact, as the elements of an elementwise op do not see each other. No argument is involved, so
    the derivative is zero on both sides. What NumPy leaves undefined is left as it is.
    """

    def simpler(self, op: Elementwise) -> Simpler:
        if not all(isinstance(v.owner, FullOp) for v in op.operands) or not _defined(op):
            return None
        return full(op.results[0], _evaluate(op))


def _defined(op: Elementwise) -> bool:
    """Not: a float out of an integer's range, an integer to a negative power."""
    last: Any = op.operands[-1].owner
    source, target = dtype_of(tensor_of(op.operands[-1])), dtype_of(op.out_type)
    if isinstance(op, PowOp) and target in INTEGER:
        return last.scalar >= 0
    if isinstance(op, AstypeOp) and source in FLOAT and target in INTEGER:
        limit = 2 ** (8 * SIZES[target] - 1)
        return math.isfinite(last.scalar) and -limit <= math.trunc(last.scalar) < limit
    return True


def _evaluate(op: Elementwise) -> Any:
    """One element of the op's result: the op of the same name on tensors of rank 0."""
    import numpy as np

    from catgrad.interpreter import compute

    dtypes = [dtype_of(tensor_of(v)) for v in op.operands]
    arguments = Block(arg_types=[tensor((), dtype) for dtype in dtypes]).args
    scalar = type(op)(*arguments, type=tensor((), dtype_of(op.out_type)), **op.props())
    owners: list[Any] = [v.owner for v in op.operands]
    values = [
        np.array(o.scalar, NUMPY_NAMES[dtype]) for o, dtype in zip(owners, dtypes, strict=True)
    ]
    return compute(scalar, values).item()


class FoldMovementPattern(AlgebraPattern[Movement]):
    """
    move(full c) = full c of the result's shape; for `pad`, only where c is the 0 it inserts.

    Exact: elements are copied. No argument is involved: the derivative is zero on both sides.
    """

    def simpler(self, op: Movement) -> Simpler:
        if not isinstance(op.x.owner, FullOp) or (isinstance(op, PadOp) and not is_full(op.x, 0.0)):
            return None
        return full(op.y, op.x.owner.scalar)
