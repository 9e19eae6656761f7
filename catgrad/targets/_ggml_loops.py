"""
Loop nests of generated kernels: two loops, `row` and `j`, over any number of axes.

A loop nest is printed from the shape it runs over and, for each array, the stride of every axis.
Axes that lie behind one another in all arrays become one. Each thread takes its share of the rows,
or of the columns where there are few rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from catgrad.targets._ggml_names import Names
from catgrad.targets._layouts import row_major

CTYPES = {"f32": "float", "i32": "int32_t", "i1": "uint8_t"}
LOCALS = {"f32": "float", "i32": "int32_t", "i1": "bool"}

FEW_ROWS = 8
WORTH = 4096
"""Elementary operations below which a thread is not worth waking."""

ONE_THREAD = ("if (share.thread != 0) {", "    return;", "}")


def indented(lines: Sequence[str], levels: int = 1) -> list[str]:
    """The lines, `levels` further in."""
    return [line if line.startswith("#") else "    " * levels + line for line in lines]


@dataclass(frozen=True)
class Access:
    """What a loop reads or writes: element `offset + sum(index * stride)` of an array."""

    array: str
    dtype: str
    strides: tuple[int, ...]
    offset: int = 0

    def load(self, index: str) -> str:
        """The element, as a value of the loop body."""
        element = f"{self.array}[{index}]"
        return f"({element} != 0)" if self.dtype == "i1" else element


@dataclass(frozen=True)
class Axis:
    """One axis of a nest: its size and, for each array, its stride."""

    size: int
    strides: tuple[int, ...]


def merge_axes(shape: Sequence[int], strides: Sequence[Sequence[int]]) -> list[Axis]:
    """Leave out axes of size 1, join neighbours that every array crosses as one."""
    axes: list[Axis] = []
    for axis, size in enumerate(shape):
        new = Axis(size, tuple(s[axis] for s in strides))
        if size == 1:
            continue
        last = axes[-1] if axes else None
        if last is not None and last.strides == tuple(s * size for s in new.strides):
            axes[-1] = Axis(last.size * size, new.strides)
        else:
            axes.append(new)
    return axes


def offset_text(rows: Sequence[tuple[int, int]], offset: int, variable: str = "row") -> str:
    """Where a row starts: a sum over (size, stride) of the axes that `variable` runs over."""
    inner = [math.prod(n for n, _ in rows[i + 1 :]) for i in range(len(rows))]
    joined: list[tuple[int, int, int]] = []  # (divisor, size, stride)
    for (size, stride), divisor in zip(rows, inner, strict=True):
        if joined and joined[-1][2] == size * stride:
            joined[-1] = (divisor, joined[-1][1] * size, stride)
        else:
            joined.append((divisor, size, stride))
    terms: list[str] = []
    for place, (divisor, size, stride) in enumerate(joined):
        index = variable if divisor == 1 else f"{variable} / {divisor}"
        index += f" % {size}" if place > 0 else ""
        if stride:
            terms.append(index if stride == 1 else f"{index} * {stride}")
    if offset:
        terms.append(str(offset))
    return " + ".join(terms)


def plus(*terms: str) -> str:
    """The sum of index terms; empty ones are zero."""
    return " + ".join(t for t in terms if t) or "0"


def times(variable: str, stride: int) -> str:
    """One index term."""
    return "" if stride == 0 else variable if stride == 1 else f"{variable} * {stride}"


def grain(work_per_step: int, multiple: int = 1) -> int:
    """How many steps a thread takes at least."""
    steps = -(-WORTH // max(1, work_per_step))
    return -(-steps // multiple) * multiple


def split(count: int, step: int) -> str:
    """The line that gives a thread its range of `count`."""
    argument = f"{count}, {min(step, count)}" if step > 1 else str(count)
    return f"const auto [begin, end] = share.split({argument});"


@dataclass
class Nest:
    """
    A loop nest over `shape`; `body` turns the loaded values into statements.

    Every element of `writes` is written where it points, reads come first. `work` estimates the
    elementary operations of one iteration.
    """

    shape: Sequence[int]
    reads: Sequence[Access]
    writes: Sequence[Access]
    body: Callable[[list[str], list[str]], list[str]]
    names: Names
    work: int = 1

    def lines(self) -> list[str]:
        """The statements of the kernel."""
        accesses = [*self.reads, *self.writes]
        axes = merge_axes(self.shape, [a.strides for a in accesses])
        if not axes:
            values = [a.load(str(a.offset)) for a in self.reads]
            places = [f"{a.array}[{a.offset}]" for a in self.writes]
            return [*ONE_THREAD, *self.body(values, places)]
        self.axes = axes
        if len(axes) == 1:
            return self._one_loop(axes[0])
        return self._two_loops(axes[:-1], axes[-1])

    def _one_loop(self, axis: Axis) -> list[str]:
        fixed, _, values, places = self._elements([], axis, "i")
        return [
            *fixed,
            split(axis.size, grain(self.work, 16)),
            "#pragma omp simd",
            "for (int64_t i = begin; i < end; ++i) {",
            *indented(self.body(values, places)),
            "}",
        ]

    def _two_loops(self, rows: Sequence[Axis], column: Axis) -> list[str]:
        count = math.prod(a.size for a in rows)
        fixed, hoisted, values, places = self._elements(rows, column, "j")
        if count >= FEW_ROWS or count >= column.size:
            first = split(count, grain(column.size * self.work))
            ends = ("begin", "end", "0", str(column.size))
        else:
            first = split(column.size, grain(count * self.work, 16))
            ends = ("0", str(count), "begin", "end")
        return [
            *fixed,
            first,
            f"for (int64_t row = {ends[0]}; row < {ends[1]}; ++row) {{",
            *indented(hoisted),
            "#pragma omp simd",
            f"    for (int64_t j = {ends[2]}; j < {ends[3]}; ++j) {{",
            *indented(self.body(values, places), 2),
            "    }",
            "}",
        ]

    def _elements(
        self, rows: Sequence[Axis], column: Axis, variable: str
    ) -> tuple[list[str], list[str], list[str], list[str]]:
        """What is constant, what is within a row, the values to use, the places to write."""
        fixed: list[str] = []
        hoisted: list[str] = []
        values: list[str] = []
        places: list[str] = []
        for at, access in enumerate([*self.reads, *self.writes]):
            axes = [(a.size, a.strides[at]) for a in rows]
            start = offset_text(axes, access.offset)
            if "/" in start or "%" in start:
                name = self.names.fresh(f"{access.array}_at")
                hoisted.append(f"const int64_t {name} = {start};")
                start = name
            index = plus(start, times(variable, column.strides[at]))
            if at >= len(self.reads):
                places.append(f"{access.array}[{index}]")
            elif column.strides[at] == 0:
                in_row = any(stride for _, stride in axes)
                name = self.names.fresh(f"{access.array}_{'row' if in_row else 'value'}")
                line = f"const {LOCALS[access.dtype]} {name} = {access.load(index)};"
                (hoisted if in_row else fixed).append(line)
                values.append(name)
            else:
                values.append(access.load(index))
        return fixed, hoisted, values, places


@dataclass(frozen=True)
class Group:
    """Neighbouring axes of an operand that are all kept, or all folded away."""

    size: int
    stride: int
    folded: bool


def axis_groups(shape: Sequence[int], folded: Sequence[int]) -> list[Group]:
    """The axes of a dense operand, neighbours of one kind joined."""
    groups: list[Group] = []
    for axis, (size, stride) in enumerate(zip(shape, row_major(shape), strict=True)):
        kind = axis in folded
        if groups and groups[-1].folded == kind:
            groups[-1] = Group(groups[-1].size * size, stride, kind)
        elif size != 1:
            groups.append(Group(size, stride, kind))
    return groups


@dataclass(frozen=True)
class Fold:
    """A reduction of the dense array `x` over `axes` into the dense array `out`."""

    shape: Sequence[int]
    axes: Sequence[int]
    op: str
    start: str
    x: str
    out: str
    dtype: str

    def lines(self) -> list[str]:
        """The statements of the kernel."""
        groups = axis_groups(self.shape, self.axes)
        if groups and groups[-1].folded:
            return self._rows(groups[:-1], groups[-1])
        return self._columns(groups[:-1], groups[-1] if groups else Group(1, 1, False))

    def _rows(self, outer: Sequence[Group], inner: Group) -> list[str]:
        """Each element of `out` folds contiguous pieces of `x`."""
        kept = [g for g in outer if not g.folded]
        loops = [g for g in outer if g.folded]
        rows = math.prod(g.size for g in kept)
        start = offset_text([(g.size, g.stride) for g in kept], 0)
        work = inner.size * math.prod(g.size for g in loops)
        call = f"catgrad::fold<catgrad::{self.op}>"
        rest = f"{inner.size}, {self.start}"
        if rows == 1 and not loops:
            return [*ONE_THREAD, f"{self.out}[0] = {call}({self.x}, {rest});"]
        if not loops:
            body = [f"{self.out}[row] = {call}({self._at(start)}, {rest});"]
        else:
            index = [times(f"i{k}", g.stride) for k, g in enumerate(loops)]
            step = f"{call}({self._at(plus(start, *index))}, {rest})"
            body = [
                f"{CTYPES[self.dtype]} total = {self.start};",
                *_loops(loops, [f"total = catgrad::{self.op}::apply(total, {step});"]),
                f"{self.out}[row] = total;",
            ]
        return [
            split(rows, grain(work)),
            "for (int64_t row = begin; row < end; ++row) {",
            *indented(body),
            "}",
        ]

    def _columns(self, outer: Sequence[Group], column: Group) -> list[str]:
        """Each row of `out` folds rows of `x`, element by element."""
        kept = [g for g in outer if not g.folded]
        loops = [g for g in outer if g.folded]
        rows = math.prod(g.size for g in kept)
        work = math.prod(g.size for g in loops)
        start = offset_text([(g.size, g.stride) for g in kept], 0)
        index = [times(f"i{k}", g.stride) for k, g in enumerate(loops)]
        place = f"{self.out}[{plus(times('row', column.size) if rows > 1 else '', 'j')}]"
        first = self._at(times("row", column.size) if rows > 1 else "", self.out)
        by_rows = rows >= FEW_ROWS
        inner = ("0", str(column.size)) if by_rows else ("begin", "end")
        element = f"{self.x}[{plus(start, *index, 'j')}]"
        step = [
            "#pragma omp simd",
            f"for (int64_t j = {inner[0]}; j < {inner[1]}; ++j) {{",
            f"    {place} = catgrad::{self.op}::apply({place}, {element});",
            "}",
        ]
        if by_rows:
            fill, head = (
                f"std::fill_n({first}, {column.size}, {self.start});",
                split(rows, grain(column.size * work)),
            )
        else:
            fill = f"std::fill({first} + begin, {first} + end, {self.start});"
            head = split(column.size, grain(rows * work, 16))
        body = [fill, *_loops(loops, step)]
        if not by_rows and rows == 1:
            return [head, *body]
        ends = ("begin", "end") if by_rows else ("0", str(rows))
        loop = f"for (int64_t row = {ends[0]}; row < {ends[1]}; ++row) {{"
        return [head, loop, *indented(body), "}"]

    def _at(self, offset: str, array: str = "") -> str:
        array = array or self.x
        return f"{array} + {offset}" if offset else array


def _loops(groups: Sequence[Group], body: Sequence[str]) -> list[str]:
    """Nested loops over i0, i1, ..."""
    lines = list(body)
    for k in reversed(range(len(groups))):
        head = f"for (int64_t i{k} = 0; i{k} < {groups[k].size}; ++i{k}) {{"
        lines = [head, *indented(lines), "}"]
    return lines


__all__ = [
    "CTYPES",
    "LOCALS",
    "Access",
    "Fold",
    "Names",
    "Nest",
    "grain",
    "indented",
    "split",
]
