"""`tops-fuse` on random programs that repeat values in every direction: valid, and equal."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.tops.base import shape_of
from catgrad.dialects.tops.fused import FusedOp
from catgrad.dialects.tops.movement import BroadcastOp
from catgrad.passes import tops_fuse
from catgrad.passes.tops_fuse import TopsFusePass
from tests.programs import context, parse
from tests.slot_programs import expected

UNARY, BINARY = ("negative", "abs"), ("add", "subtract", "maximum")


class Rows:
    """A random function of two matrices and one value for each row."""

    def __init__(self, seed: int, columns: int):
        self.rng = np.random.default_rng(seed)
        self.matrix, self.row = f"tensor<16x{columns}xf32>", "tensor<16xf32>"
        self.values = {self.matrix: ["%x", "%y"], self.row: ["%r"]}
        self.lines: list[str] = []
        self.square = columns == 16
        for _ in range(self.rng.integers(4, 16)):
            self.add()

    def pick(self, kind: str) -> str:
        """A value, rather a late one."""
        values = self.values[kind]
        return values[int(len(values) * self.rng.uniform() ** 0.5)]

    def emit(self, kind: str, text: str) -> None:
        """Add an op."""
        name = f"%v{len(self.lines)}"
        self.lines.append(f"  {name} = tops.{text}")
        self.values[kind].append(name)

    def add(self) -> None:
        """Add one op."""
        matrix, row = self.matrix, self.row
        kind = str(self.rng.choice([matrix, row]))
        match int(self.rng.integers(8)):
            case 0:
                text = f"broadcast {self.pick(kind)}, axes = [] : ({kind}) -> {kind}"
                self.emit(kind, text)
            case 1 | 2:
                axis = int(self.rng.integers(2)) if self.square else 1
                text = f"broadcast {self.pick(row)}, axes = [{axis}] : ({row}) -> {matrix}"
                self.emit(matrix, text)
            case 3:
                self.emit(row, f"max {self.pick(matrix)}, axes = [1] : ({matrix}) -> {row}")
            case 4:
                self.emit(kind, f"{self.rng.choice(UNARY)} {self.pick(kind)} : {kind}")
            case _:
                operands = f"{self.pick(kind)}, {self.pick(kind)}"
                self.emit(kind, f"{self.rng.choice(BINARY)} {operands} : {kind}")

    def text(self) -> str:
        """The function."""
        kinds = [self.matrix, self.matrix, self.row]
        types, values = ", ".join(kinds), ", ".join(map(self.pick, kinds))
        args = f"%x: {self.matrix}, %y: {self.matrix}, %r: {self.row}"
        head = f"func.func @f({args}) -> ({types}) {{"
        return "\n".join([head, *self.lines, f"  func.return {values} : {types}", "}"])


def fused(source: str) -> ModuleOp:
    """The module, with regions."""
    module = parse(source)
    TopsFusePass().apply(context(), module)
    module.verify()
    return module


def agrees(source: str) -> bool:
    """Whether regions change no number."""
    results = [expected(module, "f", {}, 1) for module in (parse(source), fused(source))]
    return all(np.array_equal(a, b) for a, b in zip(*results, strict=True))


@pytest.mark.parametrize("columns", [4, 16])
def test_values_that_are_repeated(columns: int) -> None:
    inner = Counter[tuple[int, ...]]()
    for seed in range(600):
        source = Rows(seed, columns).text()
        assert agrees(source), source
        for op in fused(source).walk():
            if isinstance(op, BroadcastOp) and isinstance(op.parent_op(), FusedOp):
                inner[shape_of(op.x)] += 1
    assert min(inner.values()) > 100, inner  # or this would test nothing


S, V = "tensor<16x16xf32>", "tensor<16xf32>"
DOWN, ALONG = f"axes = [0] : ({V}) -> {S}", f"axes = [1] : ({V}) -> {S}"
CASES = {
    "computed again": f"""
  %v = tops.add %r, %r : {V}
  %d = tops.broadcast %v, {DOWN}
  %a = tops.broadcast %r, {ALONG}
  %s0 = tops.subtract %d, %a : {S}
  %m = tops.max %s0, axes = [1] : ({S}) -> {V}
  %w = tops.add %m, %r : {V}
  %y = tops.broadcast %w, {ALONG}""",
    "a sibling's": f"""
  %m = tops.max %x, axes = [1] : ({S}) -> {V}
  %n = tops.max %s, axes = [1] : ({S}) -> {V}
  %v = tops.subtract %m, %n : {V}
  %w = tops.subtract %m, %r : {V}
  %d = tops.broadcast %v, {DOWN}
  %t = tops.max %d, axes = [1] : ({S}) -> {V}
  %u = tops.add %w, %t : {V}
  %y = tops.broadcast %u, {ALONG}""",
    "twice": f"""
  %m = tops.max %x, axes = [1] : ({S}) -> {V}
  %v = tops.subtract %r, %m : {V}
  %i = tops.broadcast %m, axes = [] : ({V}) -> {V}
  %j = tops.broadcast %i, axes = [] : ({V}) -> {V}
  %w = tops.subtract %v, %j : {V}
  %y = tops.broadcast %w, {ALONG}""",
    "with what it becomes": f"""
  %v = tops.add %x, %x : {S}
  %i = tops.broadcast %v, axes = [] : ({S}) -> {S}
  %w = tops.add %i, %v : {S}
  %y = tops.exp %w : {S}
  %m = tops.max %v, axes = [1] : ({S}) -> {V}""",
}


def case(name: str) -> str:
    """The function of a case."""
    last = "%y, %m" if name == "with what it becomes" else "%y, %r"
    end = f"\n  func.return {last} : {S}, {V}\n}}"
    return f"func.func @f(%x: {S}, %s: {S}, %r: {V}) -> ({S}, {V}) {{{CASES[name]}{end}"


@pytest.mark.parametrize("name", CASES)
def test_what_a_region_repeats_other_than_along_rows_comes_from_outside(name: str) -> None:
    assert agrees(case(name))


def always(*_: object) -> bool:
    """All is so."""
    return True


def test_a_wrong_region_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pass itself looks at what it built; in a compilation nobody else does."""
    monkeypatch.setattr(tops_fuse.Group, "may_hold", always)
    with pytest.raises(VerifyException, match="repeats a row's value along the row"):
        TopsFusePass().apply(context(), parse(case("computed again")))
