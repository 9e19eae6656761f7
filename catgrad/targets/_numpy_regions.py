"""
Fused regions on NumPy: what runs in place, and memory for the values that do not leave.

A program has many regions that differ in their operands only, one or more for each layer. What
holds of one holds of all that have its structure, and is found once.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from xdsl.ir import Operation, SSAValue

from catgrad.dialects.tops.base import TopsOp, dtype_of, nbytes, shape_of, tensor_of
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import ALIGNMENT, FusedOp
from catgrad.dialects.tops.movement import BroadcastOp
from catgrad.dialects.tops.reduction import Reduction
from catgrad.targets._numpy_halves import cost_of, is_cut
from catgrad.targets._placement import adds_in_place

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
    if not isinstance(op, Elementwise) or op.operands[operand].type != op.results[0].type:
        return False
    return not reads_after_write(op, operand)


@dataclass
class Work:
    """
    Where the values inside of a fused region lie.

    Those in its workspace: their offsets, and the size of all. Of each pair, the first is for whole
    values, the second for one half of their leading axis. The others lie where a result will.
    """

    offsets: dict[SSAValue, tuple[int, int]] = field(
        default_factory=dict[SSAValue, tuple[int, int]]
    )
    size: tuple[int, int] = 0, 0
    hosts: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    """Value -> the value that is yielded and in whose slot it lies."""


COMPUTED = (Elementwise, Reduction)


class Planner:
    """
    Reuses memory in a region: a value takes that of an operand it replaces, or a free one.

    Free are the slots of results before these are computed. But where an operand may lie, only
    what replaces its elements in place begins, once all are read that may lie there: a stored
    tensor holds its old value, what that became so far, or its new one, whenever one looks.
    """

    def __init__(self, fused: FusedOp):
        self.place = _places(fused)
        self.reads: list[list[SSAValue]] = []
        """What each op reads; a repeated row is the row's value."""
        repeated: dict[SSAValue, SSAValue] = {}
        for op in fused.body.block.ops:
            self.reads.append([repeated.get(v, v) for v in op.operands])
            if isinstance(op, BroadcastOp):
                repeated[op.y] = op.x
        self.last = {v: i for i, operands in enumerate(self.reads) for v in operands}
        results = fused.terminator.values
        self.results = [v for v in dict.fromkeys(results) if isinstance(v.owner, COMPUTED)]
        given: dict[SSAValue, int] = {}
        for arg in fused.body.block.args:
            given[arg] = _free_from(arg, self.place)
        self.starts = {r: self.start(r, given) for r in self.results}
        """Result -> the places of the ops that may begin to write into its slot."""
        self.work = Work()
        self.tenants: dict[SSAValue, SSAValue] = {}
        """Result -> the value that lies in its slot now."""
        self.sizes: dict[SSAValue, tuple[int, int]] = {}
        self.free: list[tuple[tuple[int, int], tuple[int, int]]] = []

    def start(self, result: SSAValue, given: Mapping[SSAValue, int]) -> range:
        """Any before its own; if operands may lie there, the last that reads one, in place."""
        end = self.place[result.owner]
        guests = [v for v, at in given.items() if at <= end and v.type == result.type]
        if not guests:
            return range(end)
        at = max(given[v] for v in guests)
        return range(at, min(at + 1, end)) if any(v in self.reads[at] for v in guests) else range(0)

    def run(self) -> Work:
        """The plan."""
        for op, index in self.place.items():
            dying = [v for v in dict.fromkeys(self.reads[index]) if self.last[v] == index]
            dying = [v for v in dying if v in self.work.offsets or v in self.work.hosts]
            if isinstance(op, COMPUTED) and op.y not in self.results:
                self.settle(op, dying)
            for value in dying:
                self.leave(value)
        return self.work

    def settle(self, op: Elementwise | Reduction, dying: list[SSAValue]) -> None:
        """Find memory for the result of an op: that of an operand, a result's, or any."""
        work, y = self.work, op.y
        if heir := next((v for v in dying if _takes_over(op, v) and self.inherits(y, v)), None):
            dying.remove(heir)
            if heir in work.hosts:
                self.lodge(y, work.hosts[heir])
            else:
                work.offsets[y], self.sizes[y] = work.offsets[heir], self.sizes[heir]
        elif host := next((r for r in self.results if self.may_lodge(op, r)), None):
            self.lodge(y, host)
        else:
            self.sizes[y] = size = _padded(y)
            offset = next((o for s, o in self.free if s == size), None)
            if offset is not None:
                self.free.remove((size, offset))
            else:
                offset, end = work.size, work.size
                work.size = end[0] + size[0], end[1] + size[1]
            work.offsets[y] = offset

    def lodge(self, value: SSAValue, host: SSAValue) -> None:
        """Put a value into the slot of a result."""
        self.work.hosts[value] = host
        self.tenants[host] = value

    def leave(self, value: SSAValue) -> None:
        """Free the memory of a value."""
        if value in self.work.offsets:
            self.free.append((self.sizes[value], self.work.offsets[value]))
        else:
            del self.tenants[self.work.hosts[value]]

    def inherits(self, new: SSAValue, old: SSAValue) -> bool:
        """Whether a value may lie where one lay that it replaces."""
        return old in self.work.offsets or self.makes_way(new, self.work.hosts[old])

    def may_lodge(self, op: Elementwise | Reduction, result: SSAValue) -> bool:
        """Whether the result of an op may lie in the slot of a result of the region from now on."""
        free = self.place[op] in self.starts[result] and result not in self.tenants
        return free and op.y.type == result.type and self.makes_way(op.y, result)

    def makes_way(self, value: SSAValue, result: SSAValue) -> bool:
        """Whether a value is not read any more once a result of the region overwrites it."""
        op, last = result.owner, self.last.get(value, -1)
        assert isinstance(op, Elementwise | Reduction)
        end = self.place[op]
        return last < end or (last == end and _takes_over(op, value))


def _places(fused: FusedOp) -> dict[object, int]:
    """The place of each op of a region."""
    return {op: i for i, op in enumerate(fused.body.block.ops)}


def _free_from(arg: SSAValue, place: Mapping[object, int]) -> int:
    """
    The place of the first op of a region that may overwrite an operand.

    It comes after all that read it, or is the last of these and works in place. What reads rows
    repeatedly, does so to the end.
    """
    first = 0
    for use in arg.uses:
        if isinstance(use.operation, BroadcastOp):
            return len(place)
        at = place[use.operation]
        first = max(first, at if in_place(use.operation, use.index) else at + 1)
    return first


def _padded(value: SSAValue) -> tuple[int, int]:
    """Bytes of a value, and of the larger half of it, rounded up to the alignment."""
    whole, shape = nbytes(tensor_of(value)), shape_of(value)
    rows = shape[0] if shape and shape[0] else 1
    half = whole // rows * (rows - rows // 2)
    return -(-whole // ALIGNMENT) * ALIGNMENT, -(-half // ALIGNMENT) * ALIGNMENT


def _takes_over(op: Elementwise | Reduction, value: SSAValue) -> bool:
    """Whether the result of an op may be written over an operand, wherever the op reads it."""
    return value in op.operands and all(
        in_place(op, i) for i, v in enumerate(op.operands) if v is value
    )


def may_overwrite(op: FusedOp, operand: int, result: int) -> bool:
    """Whether a result of a region may take the place of an operand that dies there."""
    arg, value = op.body.block.args[operand], op.terminator.values[result]
    if arg.type != value.type or not isinstance(value.owner, Operation):
        return False
    place = _places(op)
    return _free_from(arg, place) <= place[value.owner]


# -- what holds of all regions of one structure -------------------------------------------------
@dataclass(frozen=True)
class Facts:
    """What was found of a region. Its values have numbers: operands, then results of its ops."""

    cost: int
    """Bytes moved, by all that is computed."""
    is_cut: bool
    """Whether it runs in halves where it can: then its workspace has two halves."""
    size: tuple[int, int]
    """The bytes of its workspace, for whole values and for one half."""
    offsets: Mapping[int, tuple[int, int]]
    """Of those in the workspace: where they begin there, whole and as halves."""
    hosts: Mapping[int, int]
    """Of those that lie where a result will: the value that this result yields."""

    def work(self, fused: FusedOp) -> Work:
        """Where the values inside of a region of this structure lie."""
        values = fused.values
        offsets = {values[n]: offsets for n, offsets in self.offsets.items()}
        return Work(offsets, self.size, {values[n]: values[h] for n, h in self.hosts.items()})


KNOWN: dict[Hashable, Facts] = {}
"""What was found so far, by structure."""

MOST = 1 << 12
"""So many structures are kept at most."""


def facts_of(fused: FusedOp) -> Facts:
    """What holds of a region."""
    structure = fused.structure()
    if (known := KNOWN.get(structure)) is None:
        if len(KNOWN) >= MOST:
            KNOWN.clear()
        known = KNOWN[structure] = find_facts(fused)
    return known


def find_facts(fused: FusedOp) -> Facts:
    """The facts of one region."""
    ops = [op for op in fused.body.block.ops if isinstance(op, COMPUTED)]
    rows = fused.space[:1]
    work = Planner(fused).run()
    numbers = {value: number for number, value in enumerate(fused.values)}
    return Facts(
        cost=sum(map(cost_of, ops)),
        is_cut=is_cut(ops) and all(shape_of(result)[:1] == rows for result in fused.results),
        size=work.size,
        offsets={numbers[v]: offsets for v, offsets in work.offsets.items()},
        hosts={numbers[v]: numbers[host] for v, host in work.hosts.items()},
    )
