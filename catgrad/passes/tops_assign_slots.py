"""tops-assign-slots: decides where every value lives."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, IntegerAttr, ModuleOp, i64
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from catgrad.dialects._names import hint
from catgrad.dialects.tops.base import nbytes, tensor_of
from catgrad.dialects.tops.creation import ConstantOp, FullOp
from catgrad.dialects.tops.fused import SlotAttr
from catgrad.dialects.tops.movement import CopyOp
from catgrad.passes._packing import Buffer, pack, peak_of
from catgrad.passes._placing import Placed, aligned, functions_of, last_check
from catgrad.targets._placement import PlacedTarget, find_target, is_scalar_literal

SLOT, SLOTS, WORKSPACE = "tops.slot", "tops.slots", "tops.workspace"


@dataclass
class Pool:
    """A region: named tensors one after the other."""

    region: str
    slots: dict[object, SlotAttr] = field(default_factory=dict[object, SlotAttr])
    size: int = 0

    def slot(self, key: object, size: int) -> SlotAttr:
        """The slot of `key`, made on first use."""
        if key not in self.slots:
            self.slots[key] = SlotAttr.of(self.region, self.size, size)
            self.size += aligned(size)
        return self.slots[key]


class _Function:
    """Assigns the slots of one function."""

    def __init__(
        self, function: func.FuncOp, target: PlacedTarget, persistent: Pool, constant: Pool
    ):
        self.placed = Placed(function, target)
        self.target = target
        self.persistent, self.constant = persistent, constant
        self.block = function.body.block
        self.function = function
        self.buffers: dict[SSAValue, Buffer] = {}
        self.slots: dict[SSAValue, SlotAttr] = {}
        self.work: dict[Operation, Buffer] = {}
        self.needs: dict[Operation, int] = {}
        self.shared = Buffer(0, 0, 0)
        self.bound = 0

    def run(self) -> int:
        """Place everything; the bytes of scratch memory used."""
        self.place_stored()
        self.materialize_scalars()
        self.separate_results()
        self.place_updates()
        self.make_buffers()
        size = self.pack()
        self.annotate()
        return size

    def place_stored(self) -> None:
        for arg, name in self.placed.stored.items():
            self.slots[arg] = self.persistent.slot(name, nbytes(tensor_of(arg)))

    def materialize_scalars(self) -> None:
        """A `full` that an op reads from memory gets storage: a copy before its first such use."""
        for op in list(self.block.ops):
            if self.target.takes_scalar(op):
                continue
            for index, value in enumerate(op.operands):
                if isinstance(value.owner, FullOp) and not isinstance(op, func.ReturnOp):
                    op.operands[index] = self.copy_before(op, value)

    def copy_before(self, op: Operation, value: SSAValue, update: str | None = None) -> SSAValue:
        """A copy of a value, called after the stored tensor that it is the new value of."""
        copy = CopyOp(value)
        copy.y.name_hint = value.name_hint if update is None else hint(f"new_{update}")
        self.block.insert_ops_before([copy], op)
        return copy.y

    def separate_results(self) -> None:
        """Every result gets its own storage: arguments, views, literals and repeats are copied."""
        ret = self.placed.terminator
        seen: set[SSAValue] = set()
        for index, value in enumerate(ret.operands):
            name = self.placed.updates[index]
            if name is not None and self.placed.stored.get(value) == name and value not in seen:
                seen.add(value)
                continue
            base = self.placed.base(value)
            if (
                base is not value
                or not isinstance(value.owner, Operation)
                or is_scalar_literal(value)
                or value in seen
            ):
                value = ret.operands[index] = self.copy_before(ret, value, name)
            elif isinstance(value.owner, ConstantOp):
                value = ret.operands[index] = self.copy_before(ret, value, name)
            seen.add(value)

    def place_updates(self) -> None:
        """
        The new value of a stored tensor is computed in its place where that is safe, else copied.

        Safe: after the last check, after the last other use of the old value. Copies come last,
        those that read a stored tensor in two steps, since another copy may overwrite it.
        """
        ret = self.placed.terminator
        order = self.placed.order()
        check = last_check(self.placed)
        late: list[tuple[int, SSAValue]] = []
        for index, name in enumerate(self.placed.updates):
            if name is None or self.placed.stored.get(ret.operands[index]) == name:
                continue
            value = ret.operands[index]
            slot = self.persistent.slot(name, nbytes(tensor_of(value)))
            if self.safe(value, name, order, check):
                self.slots[value] = slot
            else:
                late.append((index, value))
        sources = [
            (i, v) for i, v in late if isinstance(v.owner, CopyOp) and self.reads_stored(v.owner)
        ]
        for index, value in [*[p for p in late if p not in sources], *sources]:
            name = self.placed.updates[index]
            copy = ret.operands[index] = self.copy_before(ret, value, name)
            self.slots[copy] = self.persistent.slot(name, nbytes(tensor_of(value)))

    def reads_stored(self, op: Operation) -> bool:
        return any(self.placed.base(v) in self.placed.stored for v in op.operands)

    def safe(self, value: SSAValue, name: str, order: dict[Operation, int], check: int) -> bool:
        """Whether `value` may be computed in the slot of the stored tensor `name`."""
        op = value.owner
        assert isinstance(op, Operation)
        if order[op] <= check:
            return False
        if isinstance(op, CopyOp) and self.reads_stored(op):
            return False
        old = [arg for arg, stored in self.placed.stored.items() if stored == name]
        for arg in old:
            for user in self.placed.readers(arg):
                if order[user] > order[op]:
                    return False
                if user is op and not self.aliases(op, arg, value):
                    return False
        return True

    def aliases(self, op: Operation, old: SSAValue, new: SSAValue) -> bool:
        """Whether result `new` of op may overwrite each of its operands that reads `old`."""
        result = next(i for i, r in enumerate(op.results) if r is new)
        reads = [i for i, v in enumerate(op.operands) if self.placed.base(v) is old]
        return all(op.operands[i] is old and self.target.may_alias(op, i, result) for i in reads)

    def make_buffers(self) -> None:
        """One buffer for each scratch value; a result takes over the buffer of a dying operand."""
        order = self.placed.order()
        end = len(order)
        for arg in self.block.args:
            if arg not in self.slots:
                self.buffers[arg] = Buffer(
                    nbytes(tensor_of(arg)), -1, self.placed.last_use(arg, order, end)
                )
        self.make_work(order)
        for op in self.block.ops:
            if isinstance(op, ConstantOp):
                self.slots[op.y] = self.constant.slot(op, nbytes(op.out_type))
            elif not isinstance(op, FullOp) and not self.target.is_view(op):
                self.buffer_results(op, order, end)

    def make_work(self, order: dict[Operation, int]) -> None:
        """The workspace of each op, or one for all, behind all values."""
        needs = {op: self.target.workspace(op) for op in self.block.ops}
        self.needs = {op: size for op, size in needs.items() if size > 0}
        self.shared.size = (
            max(self.needs.values(), default=0) if self.target.shares_workspace else 0
        )
        for op, size in self.needs.items():
            self.work[op] = self.shared if self.shared.size else Buffer(size, order[op], order[op])

    def buffer_results(self, op: Operation, order: dict[Operation, int], end: int) -> None:
        at = order[op]
        read = [self.placed.base(v) for v in op.operands]
        dying = {
            v: i
            for i, v in enumerate(op.operands)
            if v in self.buffers and self.buffers[v].last == at and read.count(v) == 1
        }
        for index, result in enumerate(op.results):
            if result in self.slots:
                continue
            last = max(at, self.placed.last_use(result, order, end))
            size = nbytes(tensor_of(result))
            heir = next(
                (
                    v
                    for v, i in dying.items()
                    if self.buffers[v].size == size and self.target.may_alias(op, i, index)
                ),
                None,
            )
            if heir is None:
                self.buffers[result] = Buffer(size, at, last)
            else:
                dying.pop(heir)
                self.buffers[result] = self.buffers[heir]
                self.buffers[result].last = last

    def pack(self) -> int:
        """The offsets; the bytes of scratch memory used."""
        buffers = dict.fromkeys([*self.buffers.values(), *self.work.values()])
        buffers.pop(self.shared, None)
        self.bound = peak_of(list(buffers)) + aligned(self.shared.size)
        self.shared.offset = pack(list(buffers))
        return self.shared.offset + aligned(self.shared.size)

    def annotate(self) -> None:
        """Write the slots into the IR."""
        for value, buffer in self.buffers.items():
            self.slots[value] = SlotAttr.of("scratch", buffer.offset, nbytes(tensor_of(value)))
        attrs = [
            dict(a.data)
            for a in self.function.arg_attrs or [DictionaryAttr({})] * len(self.block.args)
        ]
        for attr, arg in zip(attrs, self.block.args, strict=True):
            attr[SLOT] = self.slots[arg]
        self.function.arg_attrs = ArrayAttr([DictionaryAttr(a) for a in attrs]) if attrs else None
        for op in self.block.ops:
            if op.results and all(r in self.slots for r in op.results):
                op.attributes[SLOTS] = ArrayAttr([self.slots[r] for r in op.results])
            if op in self.work:
                where = self.work[op].offset
                op.attributes[WORKSPACE] = SlotAttr.of("scratch", where, self.needs[op])


@dataclass(frozen=True)
class TopsAssignSlotsPass(ModulePass):
    """
    Liveness, in-place reuse and offsets: every value that is not a view gets a `#tops.slot`.

    ```
    %y = tops.matmul %x, %w : ...
    =>  %y = tops.matmul %x, %w {tops.slots = [#tops.slot<scratch, 0, 24>]} : ...
    ```
    Stored tensors live in the persistent region, one slot per name for all functions; an update is
    computed in its tensor's slot, after the last check. One scratch region serves all functions.
    The module gets `tops.persistent`, `tops.scratch`, `tops.constant` and, per function, the lower
    bound `tops.bound` (most bytes alive at one point).
    """

    name = "tops-assign-slots"

    target: str = "numpy"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        target = find_target(self.target)
        persistent, constant = Pool("persistent"), Pool("constant")
        scratch = 0
        for function in functions_of(op, self.name):
            for name, arg in ((n, a) for a, n in Placed(function, target).stored.items()):
                persistent.slot(name, nbytes(tensor_of(arg)))
        for function in functions_of(op, self.name):
            placer = _Function(function, target, persistent, constant)
            size = placer.run()
            function.attributes["tops.scratch"] = IntegerAttr(size, i64)
            function.attributes["tops.bound"] = IntegerAttr(placer.bound, i64)
            scratch = max(scratch, size)
        sizes = {"persistent": persistent.size, "scratch": scratch, "constant": constant.size}
        for region, size in sizes.items():
            op.attributes[f"tops.{region}"] = IntegerAttr(size, i64)
