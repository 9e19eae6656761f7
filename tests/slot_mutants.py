"""Slot assignments broken mechanically, one place at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp
from xdsl.ir import Operation

from catgrad.dialects.tops.fused import ALIGNMENT, REGIONS, SlotAttr, slots_of

SLOT, SLOTS, WORKSPACE = "tops.slot", "tops.slots", "tops.workspace"


@dataclass(frozen=True)
class Site:
    """A place where a slot is written: of an argument, a result or a workspace."""

    function: func.FuncOp
    op: Operation | None
    index: int
    key: str

    def get(self) -> SlotAttr:
        """The slot."""
        if self.op is None:
            assert self.function.arg_attrs is not None
            slot = self.function.arg_attrs.data[self.index].data[SLOT]
        else:
            work = self.op.attributes.get(WORKSPACE)
            slot = work if self.key == WORKSPACE else slots_of(self.op)[self.index]
        assert isinstance(slot, SlotAttr)
        return slot

    def set(self, slot: SlotAttr | None) -> None:
        """Replace the slot; None takes it away, with the others of the op."""
        if self.op is None:
            assert self.function.arg_attrs is not None
            attrs = [dict(a.data) for a in self.function.arg_attrs]
            attrs[self.index].pop(SLOT)
            if slot is not None:
                attrs[self.index][SLOT] = slot
            self.function.arg_attrs = ArrayAttr([DictionaryAttr(a) for a in attrs])
        elif slot is None:
            del self.op.attributes[self.key]
        elif self.key == WORKSPACE:
            self.op.attributes[WORKSPACE] = slot
        else:
            given = list(slots_of(self.op))
            given[self.index] = slot
            self.op.attributes[SLOTS] = ArrayAttr(given)

    def __str__(self) -> str:
        where = f"argument {self.index}" if self.op is None else f"{self.op.name} {self.index}"
        kind = " workspace" if self.key == WORKSPACE else ""
        return f"@{self.function.sym_name.data} {where}{kind}"


def sites(module: ModuleOp) -> list[Site]:
    """All places, in order."""
    found: list[Site] = []
    for function in module.body.block.ops:
        if not isinstance(function, func.FuncOp):
            continue
        for i in range(len(function.body.block.args)):
            found.append(Site(function, None, i, SLOT))
        for op in function.body.block.ops:
            found += [Site(function, op, i, SLOTS) for i in range(len(slots_of(op)))]
            if WORKSPACE in op.attributes:
                found.append(Site(function, op, 0, WORKSPACE))
    return found


Change = Callable[[Sequence[Site]], None]


@dataclass(frozen=True)
class Mutant:
    """One change, made on a copy."""

    kind: str
    what: str
    change: Change

    def of(self, module: ModuleOp) -> ModuleOp:
        """The module with the change."""
        copy = module.clone()
        self.change(sites(copy))
        return copy


def setter(i: int, slot: SlotAttr | None) -> Change:
    """Puts a slot at place i."""
    return lambda places: places[i].set(slot)


def swapper(i: int, j: int) -> Change:
    """Exchanges the offsets and regions of two places."""

    def swap(places: Sequence[Site]) -> None:
        a, b = places[i].get(), places[j].get()
        places[i].set(SlotAttr.of(b.region.data, b.start, a.size))
        places[j].set(SlotAttr.of(a.region.data, a.start, b.size))

    return swap


def mover(i: int) -> Change:
    """Moves the op of place i up to just behind the ops that it needs."""

    def move(places: Sequence[Site]) -> None:
        op = places[i].op
        assert op is not None
        block = op.parent_block()
        assert block is not None
        owners = {v.owner for v in op.operands}
        before = next(o for o in reversed([None, *block.ops]) if o is None or o in owners)
        op.detach()
        if before is not None:
            block.insert_ops_after([op], before)
        elif block.first_op is not None:
            block.insert_ops_before([op], block.first_op)

    return move


def of_one(places: Sequence[Site], i: int) -> Iterator[tuple[str, Change]]:
    """The changes of one place."""
    slot = places[i].get()
    region, start, size = slot.region.data, slot.start, slot.size
    yield "shift", setter(i, SlotAttr.of(region, start + ALIGNMENT, size))
    if start:
        yield "shift", setter(i, SlotAttr.of(region, start - ALIGNMENT, size))
    yield "shrink", setter(i, SlotAttr.of(region, start, size - 1))
    for other in REGIONS:
        if other != region:
            yield "region", setter(i, SlotAttr.of(other, start, size))
    yield "missing", setter(i, None)
    if places[i].op is not None:
        yield "early", mover(i)


def of_two(places: Sequence[Site], i: int, j: int) -> Iterator[tuple[str, Change]]:
    """The changes of two places of one function."""
    a, b = places[i].get(), places[j].get()
    if places[i].function is places[j].function and (a.region, a.start) != (b.region, b.start):
        yield "swap", swapper(i, j)
        yield "share", setter(i, SlotAttr.of(b.region.data, b.start, a.size))


def mutants(module: ModuleOp) -> list[Mutant]:
    """All mutants of a placed module."""
    places = sites(module)
    found: list[Mutant] = []
    for i, site in enumerate(places):
        found += [Mutant(kind, f"{kind} {site}", change) for kind, change in of_one(places, i)]
        for j, other in enumerate(places):
            if i != j:
                what = f"{site} with {other}"
                pairs = of_two(places, i, j)
                found += [Mutant(kind, f"{kind} {what}", change) for kind, change in pairs]
    return found
