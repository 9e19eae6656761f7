"""Fused regions as C++: one loop nest, or a sweep over rows with their reductions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.ir import SSAValue

from catgrad.dialects.tops.base import TopsOp, shape_of
from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import FusedOp
from catgrad.dialects.tops.movement import BroadcastOp
from catgrad.dialects.tops.reduction import Reduction
from catgrad.targets._ggml_loops import (
    CTYPES,
    LOCALS,
    Access,
    Nest,
    grain,
    indented,
    merge_axes,
    offset_text,
    split,
    times,
)
from catgrad.targets._ggml_names import scalar
from catgrad.targets._ggml_spelling import SPELLING, spell, work_of
from catgrad.targets._ggml_values import Kernel, Values, dtype


def start_of(combine: str, kind: str) -> str:
    """What a fold starts from: the neutral element of Add, Multiply, Max or Min."""
    if combine in ("Add", "Multiply"):
        number = 0 if combine == "Add" else 1
        return {"f32": f"{number}.0f", "i32": f"{number}", "i1": f"uint8_t{{{number}}}"}[kind]
    least = -math.inf if kind == "f32" else -(2**31)
    return scalar(least if combine == "Max" else -least - (kind == "i32"), kind)


class FusedBody:
    """The statements of a fused region without reductions: results are stored after all reads."""

    def __init__(self, values: Values, kernel: Kernel, op: FusedOp):
        self.values, self.kernel, self.op = values, kernel, op
        self.space = op.space
        self.outer: dict[SSAValue, SSAValue] = dict(
            zip(op.body.block.args, op.operands, strict=True)
        )
        self.reads: dict[SSAValue, Access] = {}
        self.texts: dict[SSAValue, str] = {}
        for value in self.sources():
            self.read(value)
        self.writes = [kernel.write(r) for r in op.results]

    def sources(self) -> Iterator[SSAValue]:
        """The values that come from outside: arguments, broadcast arguments, literals."""
        for inner in self.op.body.block.ops:
            if isinstance(inner, BroadcastOp):
                yield inner.y
            elif not isinstance(inner, FullOp):
                yield from (v for v in inner.operands if v in self.outer)

    def read(self, value: SSAValue) -> None:
        """Note how a value from outside is reached."""
        owner = value.owner
        inner = owner.operands[0] if isinstance(owner, BroadcastOp) else value
        repeated = owner.props()["axes"] if isinstance(owner, BroadcastOp) else ()
        literal = self.literal(inner)
        if literal is not None:
            self.texts[value] = literal
        elif value not in self.reads:
            self.reads[value] = self.kernel.read(self.outer[inner], repeated)

    def literal(self, value: SSAValue) -> str | None:
        if isinstance(value.owner, FullOp):
            return scalar(value.owner.scalar, dtype(value))
        return self.values.literal(self.outer[value])

    def lines(self) -> list[str]:
        """The loop nest."""
        reads, work = list(self.reads.values()), work_of(self.op)
        return Nest(self.space, reads, self.writes, self.body, self.kernel.scope, work).lines()

    def body(self, loaded: list[str], places: list[str]) -> list[str]:
        """One constant for each op, then the stores."""
        texts = {**self.texts, **dict(zip(self.reads, loaded, strict=True))}
        yielded = list(self.op.terminator.values)
        lines: list[str] = []
        for inner in self.op.body.block.ops:
            if isinstance(inner, FullOp):
                texts[inner.y] = scalar(inner.scalar, dtype(inner.y))
            elif isinstance(inner, Elementwise):
                result = inner.results[0]
                expression = spell(inner, [texts[v] for v in inner.operands])
                if len(places) == 1 and result is yielded[0] and len(list(result.uses)) == 1:
                    texts[result] = expression
                    continue
                name = self.kernel.scope.fresh(result.name_hint or inner.mnemonic)
                lines.append(f"const {LOCALS[dtype(result)]} {name} = {expression};")
                texts[result] = name
        return [*lines, *(f"{p} = {texts[v]};" for p, v in zip(places, yielded, strict=True))]


ON_STACK = 4096
"""Columns of the longest row that waits on a thread's stack."""


@dataclass(frozen=True)
class Source:
    """How a row finds a value from outside: an expression, or a pointer and its step."""

    text: str
    step: int = 0

    def at(self, kind: str) -> str:
        """The value of column j."""
        if self.step == 0:
            return self.text
        element = f"{self.text}[{times('j', self.step)}]"
        return f"({element} != 0)" if kind == "i1" else element


class RowSweep:
    """
    The statements of a fused region with values of rows, such as reductions, row by row.

    Between two reductions that need each other lies one loop over the columns. What a reduction or
    a later loop reads of it waits in a result, or in a buffer of one row.
    """

    def __init__(self, values: Values, kernel: Kernel, op: FusedOp):
        self.values, self.kernel, self.op = values, kernel, op
        self.rows, self.columns = op.space[:-1], op.space[-1]
        self.levels = op.levels()
        self.inner = [inner for inner in op.body.block.ops if isinstance(inner, TopsOp)]
        self.outer: dict[SSAValue, SSAValue] = dict(
            zip(op.body.block.args, op.operands, strict=True)
        )
        self.fixed: list[str] = []
        self.head: list[str] = []
        self.sources = {value: self.source(value) for value in dict.fromkeys(self.given())}
        self.row_texts: dict[SSAValue, str] = {}
        self.stores: dict[SSAValue, list[str]] = {}
        for value, result in zip(op.terminator.values, op.results, strict=True):
            self.stores.setdefault(value, []).append(self.place(result))
        self.buffers: dict[SSAValue, str] = {}
        for value in dict.fromkeys(self.waiting()):
            self.buffers[value] = (self.stores.get(value) or [self.buffer(value)])[0]

    def lines(self) -> list[str]:
        """Rows are shared out among the threads."""
        body = list(self.head)
        for level in range(max(self.levels.values()) + 1):
            body += [*self.row_values(level), *self.loop(level), *self.folds(level)]
        count = math.prod(self.rows)
        return [
            *self.fixed,
            split(count, grain(self.columns * work_of(self.op))),
            "for (int64_t row = begin; row < end; ++row) {",
            *indented(body),
            "}",
        ]

    # -- values from outside ---------------------------------------------------------------------
    def given(self) -> Iterator[SSAValue]:
        """The values that come from outside: arguments, their broadcasts, literals."""
        for inner in self.inner:
            if isinstance(inner, FullOp):
                yield inner.y
            elif isinstance(inner, BroadcastOp):
                if inner.x in self.outer or isinstance(inner.x.owner, FullOp):
                    yield inner.y
            else:
                yield from (v for v in inner.operands if v in self.outer)
        yield from (v for v in self.op.terminator.values if v in self.outer)

    def source(self, value: SSAValue) -> Source:
        """How a value from outside is reached."""
        owner = value.owner
        inner = owner.operands[0] if isinstance(owner, BroadcastOp) else value
        if isinstance(inner.owner, FullOp):
            return Source(scalar(inner.owner.scalar, dtype(value)))
        outer = self.outer[inner]
        literal = self.values.literal(outer)
        if literal is not None:
            return Source(literal)
        repeated = owner.props()["axes"] if isinstance(owner, BroadcastOp) else ()
        access = self.kernel.read(outer, repeated)
        rows, step = access.strides[: len(self.rows)], (*access.strides, 0)[len(self.rows)]
        if step:
            return Source(self.pointer(access, const=True), step)
        name = self.kernel.scope.fresh(f"{access.array}_{'row' if any(rows) else 'value'}")
        element = access.load(self.row_start(access) or "0")
        line = f"const {LOCALS[access.dtype]} {name} = {element};"
        (self.head if any(rows) else self.fixed).append(line)
        return Source(name)

    def row_start(self, access: Access) -> str:
        """Where a row begins."""
        axes = merge_axes(self.rows, [access.strides[: len(self.rows)]])
        return offset_text([(a.size, a.strides[0]) for a in axes], access.offset)

    def pointer(self, access: Access, const: bool) -> str:
        """What points to the row."""
        start = self.row_start(access)
        if not start:
            return access.array
        name = self.kernel.scope.fresh(f"{access.array}_row")
        mark = "const " if const else ""
        line = f"{mark}{CTYPES[access.dtype]} *{name} = {access.array} + {start};"
        self.head.append(line)
        return name

    # -- where values wait -----------------------------------------------------------------------
    def is_row_value(self, value: SSAValue) -> bool:
        """Whether there is one value for a whole row."""
        return len(shape_of(value)) == len(self.rows)

    def place(self, result: SSAValue) -> str:
        """Where a result is stored: the element of a row's value, else what points to the row."""
        access = self.kernel.write(result)
        if self.is_row_value(result):
            return f"{access.array}[{self.row_start(access) or '0'}]"
        return self.pointer(access, const=False)

    def waiting(self) -> Iterator[SSAValue]:
        """The values of a row that are read after the loop that computes them."""
        for inner in self.inner:
            for value in inner.operands:
                if self.is_row_value(value):
                    continue
                later = self.levels[inner.results[0]] > self.levels[value]
                pointed = value in self.sources and self.sources[value].step == 1
                computed = isinstance(value.owner, Elementwise)
                if later and (computed or (isinstance(inner, Reduction) and not pointed)):
                    yield value

    def buffer(self, value: SSAValue) -> str:
        """An array of one row."""
        owner, ctype = value.owner, CTYPES[dtype(value)]
        hint = value.name_hint or (owner.mnemonic if isinstance(owner, TopsOp) else "x")
        name = self.kernel.scope.fresh(f"{hint}_row")
        if self.columns <= ON_STACK:
            self.fixed.append(f"alignas(64) {ctype} {name}[{max(1, self.columns)}];")
        else:
            number = sum("long_row" in line for line in self.fixed)
            call = f"catgrad::long_row<{ctype}>({number}, {self.columns})"
            self.fixed.append(f"{ctype} *{name} = {call};")
        return name

    # -- statements ------------------------------------------------------------------------------
    def row_values(self, level: int) -> list[str]:
        """What is computed once for the row."""
        lines: list[str] = []
        for inner in self.inner:
            result = inner.results[0]
            if self.levels[result] != level or not self.is_row_value(result):
                continue
            if isinstance(inner, Elementwise):
                lines += self.name_row_value(
                    inner, spell(inner, [self.row_text(v) for v in inner.operands])
                )
        given = [v for v in self.stores if v in self.sources and self.is_row_value(v)]
        for value in given if level == 0 else ():
            lines += [f"{place} = {self.row_text(value)};" for place in self.stores[value]]
        return lines

    def name_row_value(self, inner: TopsOp, expression: str) -> list[str]:
        """Name a row's value, and store it."""
        result = inner.results[0]
        name = self.kernel.scope.fresh(result.name_hint or inner.mnemonic)
        self.row_texts[result] = name
        line = f"const {LOCALS[dtype(result)]} {name} = {expression};"
        return [line, *(f"{place} = {name};" for place in self.stores.get(result, []))]

    def row_text(self, value: SSAValue) -> str:
        """A row's value as an operand."""
        return self.row_texts[value] if value in self.row_texts else self.sources[value].text

    def loop(self, level: int) -> list[str]:
        """The loop over the columns."""
        texts: dict[SSAValue, str] = {}
        given = [v for v in self.buffers if v in self.outer and level == 0]
        body = [f"{self.buffers[v]}[j] = {self.column_text(v, texts)};" for v in given]
        for inner in self.inner:
            result = inner.results[0]
            if self.levels[result] != level or self.is_row_value(result):
                continue
            if isinstance(inner, Elementwise):
                operands = [self.column_text(v, texts) for v in inner.operands]
                body += self.column_value(inner, spell(inner, operands), texts)
            elif result in self.buffers:
                body.append(f"{self.buffers[result]}[j] = {self.column_text(result, texts)};")
        if level == max(self.levels.values()):
            copied = [v for v in self.stores if not isinstance(v.owner, Elementwise | Reduction)]
            for value in (v for v in copied if not self.is_row_value(v)):
                text = self.column_text(value, texts)
                body += [f"{place}[j] = {text};" for place in self.stores[value]]
        if not body:
            return []
        head = f"for (int64_t j = 0; j < {self.columns}; ++j) {{"
        return ["#pragma omp simd", head, *indented(body), "}"]

    def column_value(self, inner: TopsOp, expression: str, texts: dict[SSAValue, str]) -> list[str]:
        """Compute one element; name it if this loop reads it again."""
        result, level = inner.results[0], self.levels[inner.results[0]]
        places = list(self.stores.get(result, []))
        if result in self.buffers and not places:
            places.append(self.buffers[result])
        users = [u.operation for u in result.uses if not isinstance(u.operation, Reduction)]
        here = [u for u in users if u.results and self.levels[u.results[0]] == level]
        if not here and len(places) == 1:
            return [f"{places[0]}[j] = {expression};"]
        name = texts[result] = self.kernel.scope.fresh(result.name_hint or inner.mnemonic)
        line = f"const {LOCALS[dtype(result)]} {name} = {expression};"
        return [line, *(f"{place}[j] = {name};" for place in places)]

    def column_text(self, value: SSAValue, texts: dict[SSAValue, str]) -> str:
        """One element as an operand."""
        owner = value.owner
        if value in texts:
            return texts[value]
        if value in self.sources:
            return self.sources[value].at(dtype(value))
        if isinstance(owner, BroadcastOp):
            return self.row_text(owner.x)
        return Source(self.buffers[value], 1).at(dtype(value))

    def folds(self, level: int) -> list[str]:
        """The reductions of what the loop computed."""
        lines: list[str] = []
        for inner in self.inner:
            if isinstance(inner, Reduction) and self.levels[inner.x] == level:
                combine = SPELLING[inner.name]
                array = self.buffers.get(inner.x) or self.sources[inner.x].text
                start = start_of(combine, dtype(inner.x))
                call = f"catgrad::fold<catgrad::{combine}>({array}, {self.columns}, {start})"
                lines += self.name_row_value(inner, call)
        return lines
