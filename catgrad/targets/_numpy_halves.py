"""
What of a NumPy program runs in two halves, at once if there are two threads.

An op whose result depends, row for row along the leading axis, on rows of its operands can be *cut*
into two halves. A *section* is a run of ops that each of two threads goes through by itself: of an
op that is cut it does its half; an op that is too small, or cannot be cut, one of them does alone.

The contract, checked on bytes: inside of a section, no half writes what the other one reads or
writes. So the order of the two does not matter, and neither does how many threads there are. It
covers all that could go wrong at once: storage that is used again, results in place of operands,
rows that are repeated, sums over rows.

The cost is counted in bytes moved: `CALL` for each call of NumPy, half a byte for each floating
point operation of a product, and what operands and results have. A section must save `HANDOVER`.
Measured on two cores: 40 GB/s; 25 microseconds to hand work to a thread and to hear of its end if
both are awake, some 100 if they fall asleep in between, as they do where sections are small: a step
of 4 layers of 128 units, batch 64, took 0.69 ms in sections that save 1 MB each, 0.46 in none.
Right behind another section both are awake: there it is half of that.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from xdsl.ir import Operation, SSAValue

from catgrad.dialects.tops.base import SIZES, dtype_of, nbytes, shape_of, tensor_of
from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import ALIGNMENT, SlotAttr
from catgrad.dialects.tops.indexing import TakeOp
from catgrad.dialects.tops.matmul import MatmulOp
from catgrad.dialects.tops.movement import BroadcastOp, ConcatOp, CopyOp, ReshapeOp
from catgrad.dialects.tops.reduction import Reduction
from catgrad.dialects.tops.windows import UnpatchesOp, Windows
from catgrad.targets._layouts import Layout
from catgrad.targets._numpy_moves import Moves
from catgrad.targets._python_names import Names

CALL = 1 << 15
"""A call of NumPy, in bytes moved: below a microsecond."""

HANDOVER = 1 << 22
"""Handing half of a section to another thread and waiting for it, in bytes moved."""

FLOP = 0.5
"""One floating point operation of a product, in bytes moved."""

RUNS = 64
"""The most runs of bytes into which half of a value is divided."""

COSTLY = {
    "cos": 4,
    "erf": 16,
    "exp": 3,
    "log": 4,
    "logistic": 4,
    "pow": 8,
    "sin": 4,
    "tanh": 3,
    "unpatches": 8,
}
"""What takes so many times as long as its bytes say."""

Cut = tuple[int | None, ...]
"""Of each operand the axis that is cut when the result is cut along axis 0; None: read whole."""


def rows_of(op: Operation) -> int:
    """The length of the axis that is cut; of elements that move, as they lay before."""
    shape = shape_of(op.x if isinstance(op, ReshapeOp) else op.results[0])
    return shape[0] if shape else 0


def has_batch(op: Windows) -> bool:
    """Whether windows slide over images, not over the first axis."""
    image = op.results[0] if isinstance(op, UnpatchesOp) else op.operands[0]
    return len(shape_of(image)) > len(op.props()["kernel"])


def cuts(op: Operation) -> Cut | None:
    """How the operands are cut with the result; None for an op that is not cut."""
    if not op.results or rows_of(op) < 2:
        return None
    match op:
        case Elementwise() | CopyOp():
            return (0,) * len(op.operands)
        case Reduction() if 0 not in op.props()["axes"]:
            return (0,)
        case ReshapeOp():
            return (0,)
        case Windows() if has_batch(op):
            return (0,)
        case ConcatOp() if op.props()["axis"] != 0:
            return (0,) * len(op.operands)
        case TakeOp() if op.props()["axis"] == 0 and shape_of(op.indices):
            return None, 0
        case MatmulOp():
            if len(shape_of(op.y)) > 2:
                return 0, 0
            return int(op.transpose_a is not None), None
        case _:
            return None


def cost_of(op: Operation) -> int:
    """Bytes moved, of an op that is one call or a few."""
    moved = sum(
        nbytes(tensor_of(v))
        for v in (*op.operands, *op.results)
        if not isinstance(v.owner, FullOp | BroadcastOp)
    )
    if isinstance(op, MatmulOp):
        inner = shape_of(op.a)[-2 if op.transpose_a is not None else -1]
        moved += int(2 * FLOP * inner * math.prod(shape_of(op.y)))
    return moved * COSTLY.get(op.name.partition(".")[2], 1) + CALL


def is_cut(ops: Sequence[Operation]) -> bool:
    """Whether ops that are done one after the other gain if each thread does half of each."""
    if sum(map(cost_of, ops)) <= 3 * len(ops) * CALL:
        return False
    return all(cuts(op) is not None for op in ops) and len({rows_of(op) for op in ops}) == 1


# -- bytes -------------------------------------------------------------------------------------
Span = tuple[str, int, int]
"""Memory region, first byte, end."""


def spans(layout: Layout, slot: SlotAttr, axis: int | None) -> tuple[list[Span], list[Span]]:
    """The bytes that the two halves of a value lie in, cut along an axis; None: all, for both."""
    size = SIZES[dtype_of(tensor_of(layout.base))]
    axes = list(zip(layout.shape, layout.strides, strict=True))
    apart = [a for a in axes if axis is not None and abs(a[1]) > abs(layout.strides[axis])]
    if math.prod(n for n, _ in apart) > RUNS:
        apart = []
    steps = [range(0, n * stride, stride) for n, stride in apart]

    def span(start: int, end: int) -> list[Span]:
        if 0 in layout.shape or (axis is not None and start == end):
            return []
        within = [
            (a * stride, b * stride)
            for i, (n, stride) in enumerate(axes)
            for a, b in [(start, end - 1) if i == axis else (0, n - 1)]
            if (n, stride) not in apart
        ]
        low, high = sum(map(min, within)), sum(map(max, within))
        begin = slot.start + (layout.offset + low) * size
        begins = [begin + sum(at) * size for at in itertools.product(*steps)]
        return [(slot.region.data, at, at + (high - low + 1) * size) for at in begins]

    if axis is None:
        return (whole := span(0, 0)), whole
    n = layout.shape[axis]
    return span(0, n // 2), span(n // 2, n)


class Bytes:
    """A set of bytes, as spans that do not touch."""

    def __init__(self) -> None:
        self.ends: dict[str, list[int]] = {}
        """By region: start, end, start, end ..., ascending."""

    def add(self, span: Span) -> None:
        """Put a span in."""
        region, start, end = span
        if start >= end:
            return
        ends = self.ends.setdefault(region, [])
        low, high = bisect.bisect_left(ends, start), bisect.bisect_right(ends, end)
        ends[low:high] = [start] * (low % 2 == 0) + [end] * (high % 2 == 0)

    def meets(self, span: Span) -> bool:
        """Whether a byte of the span is in the set."""
        region, start, end = span
        ends = self.ends.get(region, [])
        at = bisect.bisect_right(ends, start)
        return start < end and (at % 2 == 1 or (at < len(ends) and ends[at] < end))


@dataclass
class Access:
    """What one half of a section reads and writes."""

    reads: Bytes = field(default_factory=Bytes)
    writes: Bytes = field(default_factory=Bytes)

    def bars(self, reads: Iterable[Span], writes: Iterable[Span]) -> bool:
        """Whether the other half may not do this."""
        return any(map(self.writes.meets, reads)) or any(
            self.writes.meets(w) or self.reads.meets(w) for w in writes
        )

    def add(self, reads: Iterable[Span], writes: Iterable[Span]) -> None:
        """Note what this half does."""
        for span in reads:
            self.reads.add(span)
        for span in writes:
            self.writes.add(span)


# -- sections ----------------------------------------------------------------------------------
Render = Callable[[Sequence[str], str], Moves]
"""Views and statements from the names of the operands and of the result."""


@dataclass(frozen=True, eq=False)
class Statement:
    """One op of NumPy: the values it reads and fills, how they are cut, how it is written."""

    operands: tuple[SSAValue, ...]
    out: SSAValue
    write: Render
    cut: Cut | None


def lines_of(made: Moves, names: Names, views: list[str]) -> list[str]:
    """The lines of a statement; its views, under fresh names, are added to `views`."""
    found: list[str] = []
    for wished, expression in made.views:
        fresh = [names.fresh(name) for name in wished.split(", ")]
        found += fresh
        views.append(f"{', '.join(fresh)} = {expression.format(*found)}")
    return [line.format(*found) if found else line for line in made.statements]


@dataclass(frozen=True)
class Step:
    """
    The statements of one op of the function; `cut`: in halves rather than in one.

    `workspace` is what it needs of that where one half does it; None: all, so no half may.
    """

    statements: tuple[Statement, ...]
    cost: int
    cut: bool
    workspace: int | None = 0


@dataclass
class Section:
    """Steps, each with the half that does it; None: each does its part."""

    steps: list[tuple[Step, int | None]] = field(default_factory=list[tuple[Step, int | None]])
    done: tuple[Access, Access] = field(default_factory=lambda: (Access(), Access()))
    costs: list[int] = field(default_factory=lambda: [0, 0])

    def saves(self, handover: int) -> bool:
        """Whether two threads save more time than handing over takes."""
        whole = sum(step.cost for step, _ in self.steps)
        return bool(self.steps) and whole - max(self.costs) > handover


Locate = Callable[[SSAValue, int | None], tuple[list[Span], list[Span]] | None]
"""The bytes of the halves of a value; None for literals and for what lies in the workspace."""


def room_in(work: SlotAttr) -> int:
    """How much of a workspace each half has."""
    return work.size // 2 // ALIGNMENT * ALIGNMENT


class Sections:
    """Gathers steps into sections as long as the halves do not meet."""

    def __init__(self, locate: Locate, work: SlotAttr | None):
        self.locate, self.work = locate, work
        self.room = room_in(work) if work else 0
        self.found: list[str | Step | Section] = []
        self.open = Section()

    def gather(self, entries: Iterable[str | Step]) -> list[str | Step | Section]:
        """Sections, the steps that belong to none, and lines, in order."""
        for entry in entries:
            if isinstance(entry, str):
                self.close()
                self.found.append(entry)
            elif not self.join(entry):
                self.close()
                if not self.join(entry):
                    self.found.append(entry)
        self.close()
        return self.found

    def close(self) -> None:
        """End the open section."""
        section, self.open = self.open, Section()
        awake = bool(self.found) and isinstance(self.found[-1], Section)
        if section.saves(HANDOVER // 2 if awake else HANDOVER):
            self.found.append(section)
        else:
            self.found += [step for step, _ in section.steps]

    def join(self, step: Step) -> bool:
        """Whether a step became part of the open section."""
        if step.cut:
            return self.put(step, None)
        light = self.open.costs[0] > self.open.costs[1]
        fits = step.workspace is not None and step.workspace <= self.room
        return fits and (self.put(step, int(light)) or self.put(step, int(not light)))

    def put(self, step: Step, half: int | None) -> bool:
        """Whether a half (None: both) can do a step; then it does."""
        both = self.spans(step, half is None)
        if half is not None:
            both[1 - half] = [], []
        done = self.open.done
        if any(done[1 - number].bars(*both[number]) for number in (0, 1)):
            return False
        first = Access()
        first.add(*both[0])
        if first.bars(*both[1]):
            return False
        for number in (0, 1):
            done[number].add(*both[number])
        share = step.cost if half is not None else step.cost // 2 + len(step.statements) * CALL // 2
        for number in (0, 1) if half is None else (half,):
            self.open.costs[number] += share
        self.open.steps.append((step, half))
        return True

    def spans(self, step: Step, cut: bool) -> list[tuple[list[Span], list[Span]]]:
        """What each half of a step reads and writes."""
        reads: tuple[list[Span], list[Span]] = [], []
        writes: tuple[list[Span], list[Span]] = [], []

        def note(
            found: tuple[list[Span], list[Span]] | None, to: tuple[list[Span], list[Span]]
        ) -> None:
            for half, runs in enumerate(found or ()):
                to[half].extend(runs)

        if self.work and step.workspace:
            region, start, room = self.work.region.data, self.work.start, self.room
            middle = start + room
            note(([(region, start, middle)], [(region, middle, middle + room)]), writes)
        for statement in step.statements:
            axes = statement.cut if cut else None
            note(self.locate(statement.out, 0 if cut else None), writes)
            for i, value in enumerate(statement.operands):
                note(self.locate(value, axes[i] if axes else None), reads)
        return list(zip(reads, writes, strict=True))
