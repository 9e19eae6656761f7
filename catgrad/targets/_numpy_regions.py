"""Fused regions on NumPy: what runs in place, and memory for the values that do not leave."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from catgrad.dialects.tops.base import TopsOp, dtype_of, nbytes, shape_of, tensor_of
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import ALIGNMENT, FusedOp
from catgrad.dialects.tops.movement import BroadcastOp
from catgrad.dialects.tops.reduction import Reduction
from catgrad.targets._placement import adds_in_place, same_shape

LATE: dict[tuple[type[TopsOp], str, int], bool] = {}
"""What `reads_after_write` has found, by op, element type and operand: the text hangs on these."""


def reads_after_write(op: TopsOp, operand: int) -> bool:
    """Whether the text of an op reads that operand after it began to fill `out`."""
    key = type(op), dtype_of(tensor_of(op.operands[0])), operand
    if key not in LATE:
        names = [f"operand_{i}_" for i in range(len(op.operands))]
        _, *rest = op.meaning.statement(op, names, "out").split("; ")
        LATE[key] = any(names[operand] in statement for statement in rest)
    return LATE[key]


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
    """
    Memory of the values inside a fused region: offsets into its workspace, and its size.

    Of each pair, the first is for whole values, the second for one half of their leading axis.
    """

    offsets: dict[SSAValue, tuple[int, int]]
    size: tuple[int, int]


COMPUTED = (Elementwise, Reduction)


def plan_work(fused: FusedOp) -> Work:
    """Reuse buffers in a region: a value takes that of an operand it replaces, or a free one."""
    body = [(op, op.operands) for op in fused.body.block.ops]
    yielded = set(fused.terminator.values)
    repeated: dict[SSAValue, SSAValue] = {
        op.y: op.x for op, _ in body if isinstance(op, BroadcastOp)
    }
    last = {v: i for i, (_, operands) in enumerate(body) for v in operands}
    for y, x in repeated.items():  # a row's value is read wherever its broadcast is
        last[x] = max(last[x], last.get(y, 0))
    sizes: dict[SSAValue, tuple[int, int]] = {}
    offsets: dict[SSAValue, tuple[int, int]] = {}
    free: list[tuple[tuple[int, int], tuple[int, int]]] = []
    end = 0, 0
    for index, (op, operands) in enumerate(body):
        read = [repeated.get(v, v) for v in operands]
        dying = [v for v in dict.fromkeys(read) if v in offsets and last[v] == index]
        if isinstance(op, COMPUTED) and op.y not in yielded:
            y = op.y
            sizes[y] = size = _padded(y)
            heir = next((v for v in dying if _takes_over(op, v)), None)
            offset = next((o for s, o in free if s == size), None)
            if heir is not None:
                offsets[y] = offsets[heir]
                dying.remove(heir)
            elif offset is not None:
                offsets[y] = offset
                free.remove((size, offset))
            else:
                offsets[y], end = end, (end[0] + size[0], end[1] + size[1])
        free += [(sizes[v], offsets[v]) for v in dying]
    return Work(offsets, end)


def _padded(value: SSAValue) -> tuple[int, int]:
    """Bytes of a value, and of the larger half of it, rounded up to the alignment."""
    whole, shape = nbytes(tensor_of(value)), shape_of(value)
    rows = shape[0] if shape and shape[0] else 1
    half = whole // rows * (rows - rows // 2)
    return -(-whole // ALIGNMENT) * ALIGNMENT, -(-half // ALIGNMENT) * ALIGNMENT


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
