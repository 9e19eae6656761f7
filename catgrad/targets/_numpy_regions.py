"""Fused regions on NumPy: what runs in place, and memory for the values that do not leave."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from catgrad.dialects.tops.base import TopsOp, nbytes, shape_of, tensor_of
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import ALIGNMENT, FusedOp
from catgrad.dialects.tops.movement import BroadcastOp
from catgrad.dialects.tops.reduction import Reduction
from catgrad.targets._placement import adds_in_place, same_shape


def reads_after_write(op: TopsOp, operand: int) -> bool:
    """Whether the text of an op reads that operand after it began to fill `out`."""
    names = [f"operand_{i}_" for i in range(len(op.operands))]
    first, *rest = op.meaning.statement(op, names, "out").split("; ")
    del first
    return any(names[operand] in statement for statement in rest)


def in_place(op: Operation, operand: int) -> bool:
    """Whether a single op may write its result over that operand."""
    if adds_in_place(op, operand):
        return True
    if not isinstance(op, Elementwise) or not same_shape(op.operands[operand], op.results[0]):
        return False
    same_type = op.operands[operand].type == op.results[0].type
    return same_type and not reads_after_write(op, operand)


@dataclass
class Work:
    """Memory of the values inside a fused region: offsets into its workspace, and its size."""

    offsets: dict[SSAValue, int]
    size: int


def plan_work(fused: FusedOp, half: bool = False) -> Work:
    """
    Reuse buffers in a region: a value takes that of an operand it replaces, or a free one.

    With `half`, each buffer holds one half of its value's leading axis.
    """
    body = list(fused.body.block.ops)
    yielded = set(fused.terminator.values)
    last = {v: i for i, op in enumerate(body) for v in op.operands}
    for op in body:  # a row's value is read wherever its broadcast is
        if isinstance(op, BroadcastOp):
            last[op.x] = max(last[op.x], last.get(op.y, 0))
    offsets: dict[SSAValue, int] = {}
    free: list[tuple[int, int]] = []
    end = 0
    for index, op in enumerate(body):
        read = [v.owner.x if isinstance(v.owner, BroadcastOp) else v for v in op.operands]
        dying = [v for v in dict.fromkeys(read) if v in offsets and last[v] == index]
        if isinstance(op, Elementwise | Reduction) and op.y not in yielded:
            size = _padded(op.y, half)
            heir = next((v for v in dying if _takes_over(op, v)), None)
            offset = next((o for s, o in free if s == size), None)
            if heir is not None:
                offsets[op.y] = offsets[heir]
                dying.remove(heir)
            elif offset is not None:
                offsets[op.y] = offset
                free.remove((size, offset))
            else:
                offsets[op.y], end = end, end + size
        free += [(_padded(v, half), offsets[v]) for v in dying]
    return Work(offsets, end)


def _padded(value: SSAValue, half: bool) -> int:
    """Bytes of a value or of the larger half of it, rounded up to the alignment."""
    size, shape = nbytes(tensor_of(value)), shape_of(value)
    if half and shape and shape[0]:
        size = size // shape[0] * (shape[0] - shape[0] // 2)
    return -(-size // ALIGNMENT) * ALIGNMENT


def _takes_over(op: Elementwise | Reduction, value: SSAValue) -> bool:
    return value in op.operands and all(
        in_place(op, i) for i, v in enumerate(op.operands) if v is value
    )


def may_overwrite(op: FusedOp, operand: int, result: int) -> bool:
    """
    Whether a result of a region may take the place of an operand that dies there.

    The region runs op by op. What reads the operand, row for row and not repeated, stands before
    the op that makes the result, or is that op and works in place.
    """
    arg, value = op.body.block.args[operand], op.terminator.values[result]
    if arg.type != value.type or not isinstance(value.owner, Operation):
        return False
    order = {inner: i for i, inner in enumerate(op.body.block.ops)}
    at = order[value.owner]
    for use in arg.uses:
        if isinstance(use.operation, BroadcastOp) or order[use.operation] > at:
            return False
        if order[use.operation] == at and not in_place(use.operation, use.index):
            return False
    return True
