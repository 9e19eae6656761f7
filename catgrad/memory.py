"""How much memory a program needs, and what for: `catgrad compile --memory-report`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

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
class Life:
    """
    The life of a slot in scratch memory: from op `first` until before op `end`.

    The entry of the function, where inputs are written, is op -1. The owner is a value, the op
    whose workspace it is, or None for the workspace that all ops share.
    """

    owner: SSAValue | Operation | None
    slot: SlotAttr
    first: int
    end: int

    @property
    def start(self) -> int:
        """The first byte."""
        return self.slot.start

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self.slot.size

    @property
    def name(self) -> str:
        """What the report calls it."""
        match self.owner:
            case None:
                return "the workspace"
            case Operation() as op:
                return f"workspace of {_names(op)}"
            case value:
                return value.name_hint or "a value without a name"

    @property
    def type(self) -> str:
        """The type of a value; of a workspace, what it is for."""
        match self.owner:
            case None:
                return "all regions"
            case Operation() as op:
                return op.name
            case value:
                return str(value.type)

    def at(self, op: int) -> bool:
        """Whether it is alive while an op runs."""
        return self.first <= op < self.end


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
    lives = lives_of(Placed(largest, target))
    peak = busiest(lives)
    alive = [Tensor(life.name, life.type, life.size) for life in lives if life.at(peak)]
    alive.sort(key=lambda t: -t.size)
    return Memory(
        persistent,
        constant,
        scratch,
        _number(largest, "tops.bound"),
        largest.sym_name.data,
        tuple(alive),
    )


def lives_of(placed: Placed) -> list[Life]:
    """
    The lives in the scratch memory of a placed function: of inputs, of results, of workspaces.

    A value lives until its last use, or until another one takes its place.
    """
    order = placed.order()
    end = len(order)
    lives: list[Life] = []
    for arg, attrs in zip(placed.block.args, placed.function.arg_attrs or (), strict=False):
        slot = attrs.data.get("tops.slot")
        if isinstance(slot, SlotAttr) and arg not in placed.stored:
            lives.append(Life(arg, slot, -1, min(end, placed.last_use(arg, order, end) + 1)))
    alive = list(range(len(lives)))
    for op, at in order.items():
        alive = [i for i in alive if lives[i].end > at]
        for value, slot in zip(op.results, slots_of(op), strict=False):
            if isinstance(slot, SlotAttr) and slot.region.data == "scratch":
                for i in alive:
                    if lives[i].slot.overlaps(slot):
                        lives[i] = replace(lives[i], end=at)
                last = max(at, placed.last_use(value, order, end))
                alive.append(len(lives))
                lives.append(Life(value, slot, at, min(end, last + 1)))
    return [*lives, *_workspaces(placed, order)]


def _workspaces(placed: Placed, order: Mapping[Operation, int]) -> Iterator[Life]:
    """Each while its op runs, or one for all, as long as the function runs."""
    slots = {op: op.attributes.get("tops.workspace") for op in order}
    works = [(op, slot) for op, slot in slots.items() if isinstance(slot, SlotAttr)]
    if placed.target.shares_workspace and works:
        yield Life(None, max((s for _, s in works), key=lambda s: s.size), -1, len(order))
    elif works:
        yield from (Life(op, slot, order[op], order[op] + 1) for op, slot in works)


def busiest(lives: Iterable[Life]) -> int:
    """The first op at which most bytes are taken; -1 is the entry."""
    changes: dict[int, int] = defaultdict(int)
    for life in lives:
        changes[life.first] += aligned(life.size)
        changes[life.end] -= aligned(life.size)
    taken = most = 0
    peak = -1
    for op in sorted(changes):
        taken += changes[op]
        if taken > most:
            peak, most = op, taken
    return peak


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
