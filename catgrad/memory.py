"""How much memory a program needs, and what for: `catgrad compile --memory-report`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects import func
from xdsl.dialects.builtin import IntegerAttr, ModuleOp
from xdsl.ir import Operation, SSAValue

from catgrad._errors import CompileError
from catgrad.dialects.tops.fused import SlotAttr, slots_of
from catgrad.passes._placing import Placed, aligned
from catgrad.targets._placement import PlacedTarget

UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
SHOWN = 5
"""Tensors that an error names."""


@dataclass(frozen=True)
class Tensor:
    """A tensor that is alive at the peak: name, type, bytes."""

    name: str
    type: str
    size: int

    def __str__(self) -> str:
        return f"{self.name} ({self.type}): {self.size} bytes"


@dataclass(frozen=True)
class Memory:
    """
    The bytes of a placed program: its regions, and the function that needs most scratch.

    `bound` are the bytes alive at that function's peak, which no assignment of its order undercuts;
    `alive` the tensors there, the largest first.
    """

    persistent: int
    constant: int
    scratch: int
    bound: int
    function: str
    alive: tuple[Tensor, ...]

    @property
    def total(self) -> int:
        """All bytes that the program allocates for tensors."""
        return self.persistent + self.constant + self.scratch

    def __str__(self) -> str:
        gap = 100 * (self.scratch - self.bound) / self.bound if self.bound else 0.0
        return "\n".join(
            [
                f"memory: {self.total} bytes",
                f"  persistent: {self.persistent}",
                f"  constant: {self.constant}",
                f"  scratch: {self.scratch}, the peak of @{self.function}",
                f"  lower bound: {self.bound} alive at once, gap {gap:.2f} %",
                "alive at the peak:",
                *(f"  {tensor}" for tensor in self.alive),
            ]
        )


def memory_of(module: ModuleOp, target: PlacedTarget) -> Memory:
    """The memory of a placed module."""
    functions = [op for op in module.body.block.ops if isinstance(op, func.FuncOp)]
    largest = max(functions, key=lambda f: _number(f, "tops.scratch"), default=None)
    persistent, constant, scratch = (
        _number(module, f"tops.{region}") for region in ("persistent", "constant", "scratch")
    )
    if largest is None:
        return Memory(persistent, constant, scratch, 0, "", ())
    alive = max(
        tensors_at(largest, target), key=lambda tensors: sum(aligned(t.size) for t in tensors)
    )
    alive.sort(key=lambda t: -t.size)
    return Memory(
        persistent,
        constant,
        scratch,
        _number(largest, "tops.bound"),
        largest.sym_name.data,
        tuple(alive),
    )


def tensors_at(function: func.FuncOp, target: PlacedTarget) -> Iterator[list[Tensor]]:
    """The tensors in scratch memory at each op; one for all that share a slot in place."""
    placed = Placed(function, target)
    order = placed.order()
    held: dict[SSAValue, tuple[SlotAttr, int]] = {}
    for arg, attrs in zip(placed.block.args, function.arg_attrs or (), strict=False):
        slot = attrs.data.get("tops.slot")
        if isinstance(slot, SlotAttr) and arg not in placed.stored:
            held[arg] = (slot, placed.last_use(arg, order, len(order)))
    works = {
        op: w for op in order if isinstance(w := op.attributes.get("tops.workspace"), SlotAttr)
    }
    most = max((work.size for work in works.values()), default=0)
    shared = target.shares_workspace and most > 0
    always = [Tensor("the workspace", "all regions", most)] if shared else []
    yield [_tensor(v, s) for v, (s, _) in held.items()] + always
    for op, at in order.items():
        held = {v: (s, last) for v, (s, last) in held.items() if last >= at}
        for value, slot in zip(op.results, slots_of(op), strict=False):
            if isinstance(slot, SlotAttr) and slot.region.data == "scratch":
                held = {v: (s, last) for v, (s, last) in held.items() if not s.overlaps(slot)}
                held[value] = (slot, max(at, placed.last_use(value, order, len(order))))
        now = [_tensor(v, s) for v, (s, _) in held.items()] + always
        if op in works and not always:
            now.append(Tensor(f"workspace of {_names(op)}", op.name, works[op].size))
        yield now


def _tensor(value: SSAValue, slot: SlotAttr) -> Tensor:
    name = value.name_hint or "a value without a name"
    return Tensor(name, str(value.type), slot.size)


def _names(op: Operation) -> str:
    """The results of an op, by name."""
    return ", ".join(r.name_hint or "?" for r in op.results)


def _number(op: Operation, key: str) -> int:
    found = op.attributes[key]
    assert isinstance(found, IntegerAttr)
    return found.value.data


def bytes_of(text: str) -> int:
    """`1000`, `64KiB`, `1.5 MiB`, `2GiB` -> bytes. CompileError for anything else."""
    match = re.fullmatch(r"(\d{1,18}(?:\.\d{1,9})?) ?(KiB|MiB|GiB|)", text, re.ASCII)
    if match is None:
        raise CompileError(
            f"--max-memory is a number of bytes, or one with KiB, MiB or GiB, got {text!r}"
        )
    return int(float(match[1]) * UNITS[match[2]])


def check_limit(memory: Memory, limit: int) -> None:
    """Raise CompileError, naming the largest tensors, if more than `limit` bytes are needed."""
    if memory.total > limit:
        largest = "; ".join(str(tensor) for tensor in memory.alive[:SHOWN])
        raise CompileError(
            f"the program needs {memory.total} bytes ({memory.persistent} persistent, "
            f"{memory.constant} constant, {memory.scratch} scratch), --max-memory allows {limit}; "
            f"the largest tensors at the peak of @{memory.function} are {largest}; "
            "a smaller batch or model needs less"
        )
