"""Memory inside of fused regions on NumPy: values lie where results will, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from catgrad.dialects.tops.fused import FusedOp
from catgrad.targets import _numpy_regions
from catgrad.targets._numpy_regions import Work, plan_work
from tests.numpy_code import load_program, results_of
from tests.programs import parse
from tests.slot_programs import expected, functions, garbage, inputs_of, place, verify
from tests.test_slots import printed

MATRIX, ROW, FLAGS = "tensor<6x4xf32>", "tensor<6xf32>", "tensor<6x4xi1>"
UNARY, BINARY = ("negative", "abs"), ("add", "subtract", "maximum", "multiply")


class Region:
    """A random function of two stored matrices and two inputs: elementwise ops, folds of rows."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)
        self.values = {MATRIX: ["%a", "%b", "%x", "%y"], ROW: list[str]()}
        self.lines: list[str] = []
        for _ in range(self.rng.integers(4, 16)):
            self.add()
        made = self.values[MATRIX][4:] or ["%a"]
        count = min(len(made), int(self.rng.integers(1, 5)))
        self.results = [str(v) for v in self.rng.choice(made[-6:], count, replace=False)]

    def pick(self, kind: str) -> str:
        """A value, rather a late one."""
        values = self.values[kind]
        return values[int(len(values) * self.rng.uniform() ** 0.7)]

    def emit(self, kind: str, text: str) -> str:
        """Add an op."""
        name = f"%v{len(self.lines)}"
        self.lines.append(f"  {name} = tops.{text}")
        self.values.setdefault(kind, []).append(name)
        return name

    def add(self) -> None:
        """Add one op, with what it needs."""
        match int(self.rng.integers(6)):
            case 0:
                op = self.rng.choice(UNARY)
                self.emit(MATRIX, f"{op} {self.pick(MATRIX)} : {MATRIX}")
            case 1:
                less = f"less {self.pick(MATRIX)}, {self.pick(MATRIX)} : ({MATRIX}, {MATRIX})"
                flags = self.emit(FLAGS, f"{less} -> {FLAGS}")
                operands = f"{flags}, {self.pick(MATRIX)}, {self.pick(MATRIX)}"
                types = f"({FLAGS}, {MATRIX}, {MATRIX}) -> {MATRIX}"
                self.emit(MATRIX, f"where {operands} : {types}")
            case 2:
                fold = f"max {self.pick(MATRIX)}, axes = [1] : ({MATRIX}) -> {ROW}"
                row = self.emit(ROW, fold)
                self.emit(MATRIX, f"broadcast {row}, axes = [1] : ({ROW}) -> {MATRIX}")
            case _:
                op = self.rng.choice(BINARY)
                self.emit(MATRIX, f"{op} {self.pick(MATRIX)}, {self.pick(MATRIX)} : {MATRIX}")

    def text(self) -> str:
        """The function: of its results, up to two are new values of stored matrices."""
        stored = '%{n}: {t} {{tops.name = "{n}", tops.role = "state"}}'
        args = [stored.format(n=n, t=MATRIX) for n in "ab"]
        args += [f"%{n}: {MATRIX}" for n in "xy"]
        marks = [' {tops.updates = "a"}', ' {tops.updates = "b"}', "", ""]
        types = [f"{MATRIX}{m}" for m, _ in zip(marks, self.results, strict=False)]
        given = f"{', '.join(self.results)} : {', '.join([MATRIX] * len(self.results))}"
        head = f"func.func @f({', '.join(args)}) -> ({', '.join(types)}) {{"
        return "\n".join([head, *self.lines, f"  func.return {given}", "}"])


def agrees(source: str) -> bool:
    """Whether the printed program gives what the interpreter gives, twice in a row."""
    net, plain = load_program(printed(place(source, "numpy"))), parse(source)
    memory = garbage(plain)
    net.set_state(memory)
    for seed in (1, 2):
        wanted = expected(plain, "f", memory, seed)
        got = results_of(net.f(*inputs_of(functions(plain)["f"], seed).values()))
        kept = [wanted[i] for i in range(2, len(wanted))]
        pairs = [*zip(got, kept, strict=True), *((net.state[n], memory[n]) for n in memory)]
        if not all(np.array_equal(a, b) for a, b in pairs):
            return False
    return True


def works(source: str) -> list[Work]:
    """The plans of all regions of a function."""
    module = place(source, "numpy")
    verify(module, "numpy")
    return [plan_work(op) for op in module.walk() if isinstance(op, FusedOp)]


SOURCES = [Region(seed).text() for seed in range(200)]


def test_random_regions() -> None:
    hosted = 0
    for source in SOURCES:
        hosted += sum(len(work.hosts) for work in works(source))
        assert agrees(source), source
    assert hosted > len(SOURCES) / 2  # or this would test nothing


def always(*_: object) -> bool:
    """All is so."""
    return True


def never(*_: object) -> bool:
    """Nothing is so."""
    return False


def zero(*_: object) -> int:
    """From the first op on."""
    return 0


class Forgetful(dict[Any, Any]):
    """Does not know what is in it."""

    def __contains__(self, key: object) -> bool:
        return False

    def __delitem__(self, key: Any) -> None:
        self.pop(key, None)


def starting(**wrong: Callable[[], object]) -> Callable[[pytest.MonkeyPatch], None]:
    """Planners start with wrong attributes."""

    class Wrong(_numpy_regions.Planner):
        def __init__(self, fused: FusedOp):
            super().__init__(fused)
            vars(self).update({name: make() for name, make in wrong.items()})

    return lambda patch: patch.setattr(_numpy_regions, "Planner", Wrong)


BREAKS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "operands": lambda m: m.setattr(_numpy_regions.Planner, "start", zero),
    "other values": starting(tenants=Forgetful),
    "results": lambda m: m.setattr(_numpy_regions.Planner, "makes_way", always),
    "in place": lambda m: m.setattr(_numpy_regions, "reads_after_write", never),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_plan_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BREAKS[name](monkeypatch)
    assert not all(map(agrees, SOURCES))
