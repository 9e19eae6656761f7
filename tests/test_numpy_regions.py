"""Memory inside of fused regions on NumPy: values lie where results will, and nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from xdsl.ir import Block, Operation
from xdsl.parser import Parser

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.dialects.tops.base import shape_of
from catgrad.dialects.tops.fused import FusedOp
from catgrad.targets import _numpy_regions
from catgrad.targets._describe import Signature
from catgrad.targets._numpy_regions import Work, facts_of, find_facts
from tests.numpy_code import load_program, results_of
from tests.programs import context, parse
from tests.slot_programs import expected, functions, garbage, inputs_of, place, verify
from tests.test_slots import printed

MATRIX, ROW, FLAGS = "tensor<6x4xf32>", "tensor<6xf32>", "tensor<6x4xi1>"
UNARY, BINARY = ("negative", "abs"), ("add", "subtract", "maximum", "multiply")


class Region:
    """
    A random function of two stored matrices, two matrices and a row: elementwise ops, folds.

    What it returns may repeat; of that, up to two matrices are new values of the stored ones.
    """

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)
        self.values = {MATRIX: ["%a", "%b", "%x", "%y"], ROW: ["%r"]}
        self.lines: list[str] = []
        for _ in range(self.rng.integers(4, 18)):
            self.add()
        self.results = [(MATRIX, v) for v in self.some(MATRIX, 4)]
        self.results += [(ROW, v) for v in self.some(ROW, 3)]
        self.results = self.results or [(MATRIX, "%x")]

    def some(self, kind: str, most: int) -> list[str]:
        """Values that were computed, rather late ones."""
        made = [v for v in self.values[kind] if v.startswith("%v")][-4:]
        count = self.rng.integers(most + 1) if made else 0
        return [str(v) for v in self.rng.choice(made, count)] if made else []

    def pick(self, kind: str) -> str:
        """A value, rather a late one."""
        values = self.values[kind]
        return values[int(len(values) * self.rng.uniform() ** 0.4)]

    def emit(self, kind: str, text: str) -> str:
        """Add an op."""
        name = f"%v{len(self.lines)}"
        self.lines.append(f"  {name} = tops.{text}")
        self.values.setdefault(kind, []).append(name)
        return name

    def add(self) -> None:
        """Add one op, with what it needs."""
        match int(self.rng.integers(9)):
            case 0:
                kind = str(self.rng.choice([MATRIX, ROW]))
                self.emit(kind, f"{self.rng.choice(UNARY)} {self.pick(kind)} : {kind}")
            case 1:
                less = f"less {self.pick(MATRIX)}, {self.pick(MATRIX)} : ({MATRIX}, {MATRIX})"
                flags = self.emit(FLAGS, f"{less} -> {FLAGS}")
                operands = f"{flags}, {self.pick(MATRIX)}, {self.pick(MATRIX)}"
                types = f"({FLAGS}, {MATRIX}, {MATRIX}) -> {MATRIX}"
                self.emit(MATRIX, f"where {operands} : {types}")
            case 2 | 3:
                self.emit(ROW, f"max {self.pick(MATRIX)}, axes = [1] : ({MATRIX}) -> {ROW}")
            case 4:
                text = f"broadcast {self.pick(ROW)}, axes = [1] : ({ROW}) -> {MATRIX}"
                self.emit(MATRIX, text)
            case case:
                kind = ROW if case < 7 else MATRIX
                op = self.rng.choice(BINARY)
                self.emit(kind, f"{op} {self.pick(kind)}, {self.pick(kind)} : {kind}")

    def text(self) -> str:
        """The function."""
        mark = '{{tops.name = "{0}", tops.role = "state"}}'
        args = [f"%{n}: {MATRIX} {mark.format(n)}" for n in "st"]
        args += [f"%p: {MATRIX}", f"%q: {MATRIX}", f"%o: {ROW}"]
        names = iter("st")
        updates = [next(names, "") if kind == MATRIX else "" for kind, _ in self.results]
        kinds = [kind for kind, _ in self.results]
        marks = [f' {{tops.updates = "{n}"}}' if n else "" for n in updates]
        types = ", ".join(map("".join, zip(kinds, marks, strict=True)))
        values, kinds = ", ".join(value for _, value in self.results), ", ".join(kinds)
        given = f"({', '.join([MATRIX] * 4)}, {ROW})"
        out = ", ".join(f"%out{i}" for i in range(len(self.results)))
        head = f"func.func @f({', '.join(args)}) -> ({types}) {{"
        region = f"  {out} = tops.fused (%s, %t, %p, %q, %o) : {given} -> ({kinds}) {{"
        block = f"  ^bb0(%a: {MATRIX}, %b: {MATRIX}, %x: {MATRIX}, %y: {MATRIX}, %r: {ROW}):"
        end = [f"  tops.yield {values} : {kinds}", "  }", f"  func.return {out} : {kinds}", "}"]
        return "\n".join([head, region, block, *self.lines, *end])


def agrees(source: str) -> bool:
    """Whether the printed program gives what the interpreter gives, twice in a row."""
    net, plain = load_program(printed(place(source, "numpy"))), parse(source)
    memory = garbage(plain)
    net.set_state(memory)
    for seed in (1, 2):
        wanted = expected(plain, "f", memory, seed)
        got = results_of(net.f(*inputs_of(functions(plain)["f"], seed).values()))
        signature = Signature(functions(plain)["f"]).results
        kept = [w for w, (_, a) in zip(wanted, signature, strict=True) if "tops.updates" not in a]
        pairs = [*zip(got, kept, strict=True), *((net.state[n], memory[n]) for n in memory)]
        if not all(np.array_equal(a, b) for a, b in pairs):
            return False
    return True


def works(source: str) -> list[Work]:
    """The plans of all regions of a function."""
    module = place(source, "numpy")
    verify(module, "numpy")
    return [facts_of(op).work(op) for op in regions_of(module)]


def regions_of(module: Operation) -> list[FusedOp]:
    """The regions of a program."""
    return [op for op in module.walk() if isinstance(op, FusedOp)]


TWO_ROWS = f"""func.func @f(%x: {MATRIX}, %y: {MATRIX}) -> {ROW} {{
  %s = tops.fused (%x, %y) : ({MATRIX}, {MATRIX}) -> {ROW} {{
  ^bb0(%a: {MATRIX}, %b: {MATRIX}):
    %p = tops.max %a, axes = [1] : ({MATRIX}) -> {ROW}
    %q = tops.max %b, axes = [1] : ({MATRIX}) -> {ROW}
    %d = tops.subtract %p, %q : {ROW}
    tops.yield %d : {ROW}
  }}
  func.return %s : {ROW}
}}"""
"""Two values that could lie in one slot, if not at once."""

SOURCES = [TWO_ROWS, *(Region(seed).text() for seed in range(300))]


def test_random_regions() -> None:
    hosted = Counter[str]()
    for source in SOURCES:
        for value in (v for work in works(source) for v in work.hosts):
            hosted[str(value.type)] += 1
        assert agrees(source), source
    assert min(hosted[MATRIX], hosted[ROW]) > len(SOURCES) / 8  # or this would test nothing


def always(*_: object) -> bool:
    """All is so."""
    return True


def never(*_: object) -> bool:
    """Nothing is so."""
    return False


def anywhere(*_: object) -> range:
    """Any op."""
    return range(1000)


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
    "operands": lambda m: m.setattr(_numpy_regions.Planner, "start", anywhere),
    "other values": starting(tenants=Forgetful),
    "results": lambda m: m.setattr(_numpy_regions.Planner, "makes_way", always),
    "in place": lambda m: m.setattr(_numpy_regions, "reads_after_write", never),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_plan_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BREAKS[name](monkeypatch)
    monkeypatch.setattr(_numpy_regions, "KNOWN", {})
    assert not all(map(agrees, SOURCES))


# -- regions of one structure ---------------------------------------------------------------------
PLAIN = """func.func @f(%x: tensor<6x4xf32>, %y: tensor<6x4xf32>) -> tensor<6x4xf32> {
  %z = tops.fused (%x, %y) : (tensor<6x4xf32>, tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%a: tensor<6x4xf32>, %b: tensor<6x4xf32>):
    %m = tops.max %a, axes = [1] : (tensor<6x4xf32>) -> tensor<6xf32>
    %r = tops.broadcast %m, axes = [1] : (tensor<6xf32>) -> tensor<6x4xf32>
    %s = tops.subtract %r, %b : tensor<6x4xf32>
    %e = tops.exp %s : tensor<6x4xf32>
    tops.yield %e : tensor<6x4xf32>
  }
  func.return %z : tensor<6x4xf32>
}"""

OTHERS = {
    "op": ("tops.exp", "tops.tanh"),
    "operands": ("%r, %b :", "%b, %r :"),
    "other operand": ("%r, %b :", "%r, %a :"),
    "property": ("tops.max %a, axes = [1]", "tops.max %a, axes = [0]"),
    "element type": ("f32", "f64"),
    "shape": ("6", "60"),
    "yielded": ("yield %e", "yield %s"),
}


def region_of(source: str) -> FusedOp:
    """The only region of a function, whether or not it is valid."""
    (op,) = (
        op for op in Parser(context(), source).parse_module().walk() if isinstance(op, FusedOp)
    )
    return op


def test_regions_of_one_structure() -> None:
    other = PLAIN.replace("%a", "%first").replace("%s", "%difference").replace("%y", "%given")
    assert region_of(other).structure() == region_of(PLAIN).structure()
    assert facts_of(region_of(other)) is facts_of(region_of(PLAIN))


@pytest.mark.parametrize("what", OTHERS)
def test_regions_of_another_structure(what: str) -> None:
    other = PLAIN.replace(*OTHERS[what])
    assert region_of(other).structure() != region_of(PLAIN).structure()


def test_what_is_known_is_what_would_be_found() -> None:
    for op in (op for source in SOURCES for op in regions_of(parse(source))):
        assert facts_of(op) == find_facts(op)


def test_not_all_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_numpy_regions, "KNOWN", {})
    monkeypatch.setattr(_numpy_regions, "MOST", 2)
    for source in SOURCES[:5]:
        for op in regions_of(parse(source)):
            facts_of(op)
            assert 0 < len(_numpy_regions.KNOWN) <= 2


# -- constants ------------------------------------------------------------------------------------
REPEATED = """func.func @f(%x: tensor<6x4xf32>) -> tensor<6x4xf32> {
  %y = tops.fused (%x) : (tensor<6x4xf32>) -> tensor<6x4xf32> {
  ^bb0(%a: tensor<6x4xf32>):
    %c = tops.full value = 0.5 : f32 : tensor<6xf32>
    %b = tops.broadcast %c, axes = [1] : (tensor<6xf32>) -> tensor<6x4xf32>
    %d = tops.add %a, %b : tensor<6x4xf32>
    tops.yield %d : tensor<6x4xf32>
  }
  func.return %y : tensor<6x4xf32>
}"""


def test_a_number_is_repeated() -> None:
    assert agrees(REPEATED)


@pytest.mark.parametrize(
    ("target", "kind"), [*(("numpy", k) for k in ("f32", "f64", "i32")), ("ggml", "f32")]
)
def test_folds_of_numbers(target: str, kind: str) -> None:
    def f(x: cg.Array) -> cg.Array:
        return x + cg.sum(cg.full((8, 4), 3, kind), axis=1)

    part = cg.arrow(f).on(getattr(cg, kind)[8])
    found = cg.compile({"f": part}, target=target, name="numbers").load().f(np.arange(8))
    np.testing.assert_array_equal(found, np.arange(8) + 12)


# -- updates --------------------------------------------------------------------------------------
SIZE = (64, 32)
BUFFERS = {"adam": 1, "adamw": 2, "adagrad": 1, "rmsprop": 1, "momentum": 1, "lion": 2}


def update_regions(name: str) -> list[FusedOp]:
    """The regions of a training step of one layer."""
    optimizer = getattr(optimizers, name)(1e-3)
    rows, columns = SIZE
    parts = cg.training(
        nn.dense(columns),
        inputs=cg.f32[4, rows],
        targets=cg.f32[4, columns],
        loss=losses.mse,
        optimizer=optimizer,
    )
    module = parse(cg.compile(parts, target="numpy", name="one").ir("placed"))
    return regions_of(module)


@pytest.mark.parametrize("name", BUFFERS)
def test_updates_need_few_buffers(name: str) -> None:
    largest = max(facts_of(op).size[0] for op in update_regions(name))
    assert largest == BUFFERS[name] * 4 * SIZE[0] * SIZE[1]


@pytest.mark.parametrize("name", BUFFERS)
def test_what_is_stored_is_replaced_by_what_it_becomes(name: str) -> None:
    """An interrupted step leaves no quotient where a weight was."""
    hosted = 0
    for op in update_regions(name):
        lies = facts_of(op).work(op).hosts
        for value, host in lies.items():
            owner = value.owner
            if not shape_of(value):
                continue  # of the step's number
            assert isinstance(owner, Operation)
            read = [v for v in owner.operands if isinstance(v.owner, Block) or lies.get(v) is host]
            assert any(v.type == value.type for v in read), value
            hosted += 1
    assert hosted
