"""tops-verify-slots: an independent check of the slot assignment."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NoReturn

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import IntegerAttr, ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from catgrad.dialects._checks import fail
from catgrad.dialects.tops.base import nbytes, tensor_of
from catgrad.dialects.tops.creation import ConstantOp, FullOp
from catgrad.dialects.tops.fused import REGIONS, SlotAttr, slots_of
from catgrad.passes._placing import Placed, functions_of, last_check
from catgrad.targets._placement import PlacedTarget, find_target


class _Held:
    """What each region holds: values at slots that do not overlap, by where they begin."""

    def __init__(self) -> None:
        self.starts: dict[str, list[int]] = {region: [] for region in REGIONS}
        self.values: dict[str, list[tuple[SSAValue, int]]] = {region: [] for region in REGIONS}
        """With the end of each."""

    def clobber(self, slot: SlotAttr) -> None:
        """Forget the values that overlap a slot."""
        start, end = slot.start, slot.start + slot.size
        starts, values = self.starts[slot.region.data], self.values[slot.region.data]
        low = bisect_left(starts, start)
        if low and values[low - 1][1] > start:
            low -= 1
        high = bisect_left(starts, end, low)
        del starts[low:high], values[low:high]

    def write(self, slot: SlotAttr, value: SSAValue) -> None:
        """Hold a value, and none that overlaps it. Empty ones take no place."""
        if slot.size == 0:
            return
        self.clobber(slot)
        starts = self.starts[slot.region.data]
        at = bisect_left(starts, slot.start)
        starts.insert(at, slot.start)
        self.values[slot.region.data].insert(at, (value, slot.start + slot.size))

    def holds(self, slot: SlotAttr, value: SSAValue) -> bool:
        """Whether a value is still in its slot."""
        starts, values = self.starts[slot.region.data], self.values[slot.region.data]
        at = bisect_left(starts, slot.start)
        return slot.size == 0 or (at < len(starts) and values[at][0] is value)


def first_overlap(slots: Sequence[tuple[SlotAttr, int]]) -> tuple[int, int] | None:
    """The numbers of two slots that overlap; empty ones overlap none."""
    filled = [item for item in slots if item[0].size]
    ordered = sorted(filled, key=lambda item: (item[0].region.data, item[0].start))
    return next(((a[1], b[1]) for a, b in pairwise(ordered) if a[0].overlaps(b[0])), None)


class _Memory:
    """Runs one function on abstract memory: which value each slot holds, at each point."""

    def __init__(self, function: func.FuncOp, target: PlacedTarget, sizes: dict[str, int]):
        self.placed = Placed(function, target)
        self.function, self.target, self.sizes = function, target, sizes
        self.slots: dict[SSAValue, SlotAttr] = {}
        self.held = _Held()
        self.names: dict[str, SlotAttr] = {}
        pairs = zip(self.placed.terminator.operands, self.placed.updates, strict=True)
        self.updates = {value for value, name in pairs if name is not None}
        self.constants: list[SlotAttr] = []

    def run(self) -> dict[str, SlotAttr]:
        """Check the function; the slots of the stored tensors it touches."""
        for arg, attrs in zip(self.placed.block.args, self.function.arg_attrs or (), strict=False):
            self.write(arg, attrs.data.get("tops.slot"), f"argument {arg.index}")
        for arg, name in self.placed.stored.items():
            self.names[name] = self.slot(arg, "an argument")
            if self.names[name].region.data != "persistent":
                self.fail(f"stored tensor {name!r} is not in the persistent region")
        for arg, slot in self.slots.items():
            if arg not in self.placed.stored and slot.region.data != "scratch":
                self.fail(f"an input is written to the {slot.region.data} region")
        check = last_check(self.placed)
        for index, op in enumerate(self.placed.block.ops):
            if op is self.placed.terminator:
                break
            self.step(op, index, check)
        self.results()
        return self.names

    def step(self, op: Operation, index: int, check: int) -> None:
        """Read the operands, then write the results."""
        if isinstance(op, FullOp) or self.target.is_view(op):
            return
        for value in op.operands:
            self.read(value, f"'{op.name}'")
        given = [slot for slot in slots_of(op) if isinstance(slot, SlotAttr)]
        if len(given) != len(op.results):
            self.fail(f"'{op.name}' has {len(op.results)} results and {len(given)} slots", op)
        for number, (result, slot) in enumerate(zip(op.results, given, strict=True)):
            self.check_in_place(op, number, slot)
            self.check_region(op, result, slot, index <= check)
        self.check_workspace(op, given)
        for result, slot in zip(op.results, given, strict=True):
            self.write(result, slot, f"'{op.name}'")

    def check_region(self, op: Operation, result: SSAValue, slot: SlotAttr, early: bool) -> None:
        """Constants keep to their region; only updates write stored tensors, after all checks."""
        region = slot.region.data
        if isinstance(op, ConstantOp):
            self.constants.append(slot)
        if isinstance(op, ConstantOp) != (region == "constant"):
            self.fail(f"'{op.name}' writes to the {region} region", op)
        if region != "persistent":
            return
        if early:
            self.fail(f"'{op.name}' writes a stored tensor before the last check", op)
        if result not in self.updates:
            self.fail(f"'{op.name}' writes a stored tensor, but is no update", op)

    def check_in_place(self, op: Operation, number: int, slot: SlotAttr) -> None:
        """A result may overwrite an operand only in the same slot, and if the target allows it."""
        for index, value in enumerate(op.operands):
            base = self.placed.base(value)
            if base not in self.slots or not self.slots[base].overlaps(slot):
                continue
            same = self.slots[base].start == slot.start and base is value
            if not same or not self.target.may_alias(op, index, number):
                self.fail(
                    f"result {number} of '{op.name}' overwrites operand {index} while it is read",
                    op,
                )

    def check_workspace(self, op: Operation, given: Sequence[SlotAttr]) -> None:
        need = self.target.workspace(op)
        work = op.attributes.get("tops.workspace")
        if need == 0:
            return
        if not isinstance(work, SlotAttr) or work.size < need or work.region.data != "scratch":
            self.fail(f"'{op.name}' needs {need} bytes of workspace in the scratch region", op)
        if work.start + work.size > self.sizes["scratch"]:
            self.fail(f"the workspace of '{op.name}' lies beyond the scratch region", op)
        operands = [self.slots[b] for b in map(self.placed.base, op.operands) if b in self.slots]
        for slot in (*operands, *given):
            if slot.overlaps(work):
                self.fail(f"the workspace of '{op.name}' overlaps its operands or results", op)
        self.held.clobber(work)

    def results(self) -> None:
        """Every result is intact at the end, has its own storage; updates their tensor's slot."""
        updated = {name for name in self.placed.updates if name is not None}
        owners: list[tuple[SlotAttr, int]] = []
        for index, value in enumerate(self.placed.terminator.operands):
            self.read(value, f"result {index}")
            slot = self.slot(value, f"result {index}")
            owners.append((slot, index))
            name = self.placed.updates[index]
            if name is None and slot.region.data != "scratch":
                self.fail(f"result {index} is handed out from the {slot.region.data} region")
            if name is not None and self.names.setdefault(name, slot) != slot:
                self.fail(f"the update of {name!r} is not in its slot")
        if (twice := first_overlap(owners)) is not None:
            self.fail(f"result {max(twice)} shares storage with another result")
        for arg, name in self.placed.stored.items():
            if name not in updated:
                self.read(arg, f"stored tensor {name!r}, which is not updated,")

    def slot(self, value: SSAValue, what: str) -> SlotAttr:
        """The slot of a value that must have one."""
        if value not in self.slots:
            self.fail(f"{what} has no slot")
        return self.slots[value]

    def read(self, value: SSAValue, what: str) -> None:
        """The storage behind a value must still hold it."""
        base = self.placed.base(value)
        if isinstance(base.owner, FullOp):
            return
        slot = self.slot(base, f"an operand of {what}")
        if not self.held.holds(slot, base):
            name = f"%{base.name_hint}" if base.name_hint else "a value"
            self.fail(f"{what} reads {name} after its slot {slot} was overwritten")

    def write(self, value: SSAValue, slot: object, what: str) -> None:
        """Put a value into its slot; whatever overlaps is gone."""
        if not isinstance(slot, SlotAttr):
            self.fail(f"{what} has no slot")
        if slot.size != nbytes(tensor_of(value)):
            self.fail(f"{what} of {value.type} has a slot of {slot.size} bytes")
        region = slot.region.data
        if slot.start + slot.size > self.sizes[region]:
            self.fail(f"{what} lies beyond the {region} region of {self.sizes[region]} bytes")
        self.slots[value] = slot
        self.held.write(slot, value)

    def fail(self, message: str, op: Operation | None = None) -> NoReturn:
        text = f"tops-verify-slots: @{self.function.sym_name.data}: {message}"
        if op is not None:
            fail(op, text, PassFailedException)
        raise PassFailedException(text)


@dataclass(frozen=True)
class TopsVerifySlotsPass(ModulePass):
    """
    Checks what `tops-assign-slots` promises, by running each function on abstract memory.

    ```
    %y = tops.sin %x {tops.slots = [#tops.slot<scratch, 0, 16>]}    accepted if this is %x's slot
    %z = tops.add %x, %y                                            refused: %x is overwritten
    ```
    Every read sees its write, no two live values overlap, results have storage of their own,
    updates lie in their tensor's slot, nothing stored is written before the last check. Changes
    nothing.
    """

    name = "tops-verify-slots"

    target: str = "numpy"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        target = find_target(self.target)
        sizes: dict[str, int] = {}
        for region in REGIONS:
            size = op.attributes.get(f"tops.{region}")
            if not isinstance(size, IntegerAttr):
                raise PassFailedException(
                    f"tops-verify-slots: the module has no tops.{region}; "
                    "run tops-assign-slots first"
                )
            sizes[region] = size.value.data
        names: dict[str, SlotAttr] = {}
        constants: list[SlotAttr] = []
        for function in functions_of(op, self.name):
            memory = _Memory(function, target, sizes)
            found = memory.run()
            constants += memory.constants
            for name, slot in found.items():
                if names.setdefault(name, slot) != slot:
                    raise PassFailedException(
                        f"tops-verify-slots: {name!r} has different slots in different functions"
                    )
        apart = [*names.items(), *((f"constant {i}", slot) for i, slot in enumerate(constants))]
        twice = first_overlap([(slot, i) for i, (_, slot) in enumerate(apart)])
        if twice is not None:
            first, second = (apart[i][0] for i in twice)
            raise PassFailedException(f"tops-verify-slots: {first!r} and {second!r} overlap")
