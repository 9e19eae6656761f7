"""
A machine for placed functions: memory of bytes, every value where its slot says.

It reads and writes as the slots say, whatever that gives, and so tells whether an assignment works.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import func
from xdsl.dialects.builtin import IntegerAttr, ModuleOp
from xdsl.ir import Operation, SSAValue

from catgrad.dialects.tops import fused
from catgrad.dialects.tops.base import TopsOp
from catgrad.dialects.tops.fused import FusedOp, SlotAttr
from catgrad.interpreter import Cell, Interpreter, NumPyArray, compute, dtype_and_shape
from catgrad.targets._describe import Signature
from catgrad.targets._placement import PlacedTarget

GARBAGE = 0xA5


def slots_of(op: Operation) -> list[SlotAttr]:
    """The slots of an op's results."""
    return [slot for slot in fused.slots_of(op) if isinstance(slot, SlotAttr)]


class Machine:
    """Runs the functions of a placed module."""

    def __init__(self, module: ModuleOp, target: PlacedTarget):
        self.target = target
        self.interpreter = Interpreter(module)
        self.regions: dict[str, NDArray[np.uint8]] = {}
        for region in ("persistent", "scratch", "constant"):
            size = module.attributes[f"tops.{region}"]
            assert isinstance(size, IntegerAttr)
            self.regions[region] = np.full(size.value.data, GARBAGE, np.uint8)
        self.functions = {
            op.sym_name.data: op for op in module.body.block.ops if isinstance(op, func.FuncOp)
        }
        self.slots: dict[SSAValue, SlotAttr] = {}
        for function in self.functions.values():
            for value, attrs in Signature(function).arguments:
                if isinstance(slot := attrs.get("tops.slot"), SlotAttr):
                    self.slots[value] = slot
            for op in function.body.block.ops:
                self.slots.update(zip(op.results, slots_of(op), strict=False))
                if op.name == "tops.constant":
                    assert isinstance(op, TopsOp)
                    self.write(op.results[0], compute(op, []))

    def bytes_of(self, slot: SlotAttr) -> NDArray[np.uint8]:
        """The memory of a slot; cut where the region ends."""
        return self.regions[slot.region.data][slot.start : slot.start + slot.size]

    def write(self, value: SSAValue, array: NumPyArray) -> None:
        """Put a value into its slot, as far as it fits."""
        memory = self.bytes_of(self.slots[value])
        data = np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint8)
        count = min(len(memory), len(data))
        memory[:count] = data[:count]

    def read(self, value: SSAValue) -> NumPyArray:
        """What the slot of a value holds now; a view looks at its operand."""
        owner = value.owner
        if isinstance(owner, TopsOp) and (owner.name == "tops.full" or self.target.is_view(owner)):
            return compute(owner, [self.read(v) for v in owner.operands])
        dtype, shape = dtype_and_shape(value.type)
        need = int(np.prod(shape)) * np.dtype(dtype).itemsize
        data = self.bytes_of(self.slots[value]).tobytes()[:need].ljust(need, b"\xa5")
        return np.frombuffer(data, dtype).reshape(shape)

    def run(self, name: str, arguments: Mapping[SSAValue, NumPyArray]) -> list[NumPyArray]:
        """Call a function on its inputs; stored tensors are where they are."""
        self.regions["scratch"][:] = GARBAGE
        for value, array in arguments.items():
            self.write(value, array)
        for op in self.functions[name].body.block.ops:
            given = [self.read(v) for v in op.operands]
            if isinstance(op, func.ReturnOp):
                return given
            if isinstance(op, FusedOp):
                cells = self.interpreter.block(op.body.block, [Cell(a) for a in given])
                work = op.attributes.get("tops.workspace")
                if isinstance(work, SlotAttr):
                    self.bytes_of(work)[:] = GARBAGE
                self.fill(op, [c.array for c in cells])
            elif isinstance(op, TopsOp) and slots_of(op) and op.name != "tops.constant":
                self.fill(op, [compute(op, given)])
        raise AssertionError("no return")

    def fill(self, op: Operation, arrays: Sequence[NumPyArray]) -> None:
        """Write the results of an op."""
        for value, array in zip(op.results, arrays, strict=True):
            self.write(value, array)
