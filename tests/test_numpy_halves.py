"""NumPy programs in two halves: the same bits in any order and on any number of threads."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import TensorType, f32
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.dialects.tops.fused import FusedOp, SlotAttr
from catgrad.interpreter import Interpreter
from catgrad.targets import _numpy_halves, _numpy_regions, _numpy_spelling
from catgrad.targets._layouts import Layout
from catgrad.targets._numpy_halves import (
    CALL,
    HANDOVER,
    Access,
    Bytes,
    cost_of,
    cuts,
    is_cut,
    spans,
)
from catgrad.targets._numpy_regions import facts_of
from tests.numpy_code import results_of
from tests.programs import parse
from tests.random_graphs import graphs
from tests.slot_programs import CALLS, Memory, expected, functions, inputs_of, place, same
from tests.test_fused_sweeps import FUNCTIONS, inputs
from tests.test_fused_sweeps import expected as swept
from tests.test_slots import printed

Run = Callable[[], None]


def both_orders(order: str) -> Callable[..., None]:
    """A stand-in for `Threads.in_halves` that runs the halves one after the other."""

    def in_halves(self: object, first: Run, second: Run) -> None:
        for half in (first, second) if order == "forwards" else (second, first):
            half()

    return in_halves


def load(source: str, order: str) -> Any:
    """A printed program that runs its halves forwards, backwards or at once."""
    module = ModuleType("printed")
    exec(compile(source, "printed.py", "exec"), module.__dict__)
    (program,) = [
        c for c in vars(module).values() if isinstance(c, type) and "FUNCTIONS" in vars(c)
    ]
    if order != "at once" and "Threads" in vars(module):
        module.Threads.in_halves = both_orders(order)
    return program(seed=0, threads=2)


ORDERS = ["forwards", "backwards", "at once"]


@pytest.fixture
def everything_in_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut whatever can be cut, however small."""
    monkeypatch.setattr(_numpy_halves, "CALL", 0)
    monkeypatch.setattr(_numpy_regions, "KNOWN", {})
    monkeypatch.setattr(_numpy_halves, "HANDOVER", -1)
    monkeypatch.setattr(_numpy_spelling, "MANY", 0)
    monkeypatch.setattr(_numpy_spelling, "SOME", 0)


@pytest.mark.usefixtures("everything_in_halves")
@pytest.mark.parametrize("fuse", [False, True])
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(source=graphs())
def test_random_functions_in_any_order(fuse: bool, source: str) -> None:
    text, plain = printed(place(source, "numpy", fuse)), parse(source)
    nets = [load(text, order) for order in ORDERS]
    memory: Memory = {}
    for name, seed in CALLS:
        wanted = expected(plain, name, memory, seed)
        given_ = [0] if name == "init" else list(inputs_of(functions(plain)[name], seed).values())
        results = [results_of(net[name](*given_)) for net in nets]
        kept = [net.parameters | net.state for net in nets]
        for other, now in zip(results[1:], kept[1:], strict=True):
            assert all(map(np.array_equal, results[0], other))
            assert all(np.array_equal(kept[0][n], now[n]) for n in now)
        assert same([kept[0][n] for n in memory], list(memory.values())), name
        updates = [a.data for a in functions(plain)[name].res_attrs or []]
        outputs = [w for w, a in zip(wanted, updates, strict=False) if "tops.updates" not in a]
        assert same(results[0], outputs if updates else wanted), name


@pytest.mark.usefixtures("everything_in_halves")
def test_sweeps_in_any_order() -> None:
    """The shapes and orders at which sweeps over rows have gone wrong."""
    parts = {name: cg.arrow(f).on(*types) for name, (f, types) in FUNCTIONS.items()}
    program = cg.compile(parts, target="numpy", name="sweeps")
    assert program.source.count("in_halves(*section") >= len(FUNCTIONS)
    nets = [load(program.source, order) for order in ORDERS]
    for name in FUNCTIONS:
        found = [results_of(net[name](*inputs(name))) for net in nets]
        for ours, right in zip(found[0], swept(name), strict=True):
            np.testing.assert_allclose(ours, right, rtol=2e-5, atol=2e-5 * np.abs(right).max())
        for other in found[1:]:
            assert all(map(np.array_equal, found[0], other)), name


@pytest.mark.usefixtures("everything_in_halves")
@pytest.mark.parametrize("batch", [1, 2, 3, 6])
def test_training_in_any_order(batch: int) -> None:
    """Attention, layer norm, embeddings; also where a batch has one row or an odd number."""
    model = nn.embedding(7, 8) >> nn.transformer_block(2, causal=True) >> nn.dense(7)
    parts = cg.training(
        model,
        inputs=cg.i32[batch, 6],
        targets=cg.i32[batch, 6],
        loss=losses.cross_entropy,
        optimizer=optimizers.adamw(1e-2),
    )
    source = cg.compile(parts, target="numpy", name="tiny").source
    nets = [load(source, order) for order in ORDERS]
    rng = np.random.default_rng(0)
    for _ in range(3):
        x, y = rng.integers(0, 7, (2, batch, 6), np.int32)
        assert len({net.step(x, y) for net in nets}) == 1
    for name, value in nets[0].parameters.items():
        assert all(np.array_equal(value, net.parameters[name]) for net in nets[1:]), name


@pytest.mark.usefixtures("everything_in_halves")
@pytest.mark.parametrize("batch", [1, 2, 3, 6])
@pytest.mark.parametrize("padding", [0, 1])
def test_convolutions_in_any_order(batch: int, padding: int) -> None:
    """Windows, stored turned and not, their gradients, pooling; odd numbers of images."""
    model = (
        nn.conv2d(3, 3, padding=padding)
        >> nn.relu
        >> nn.max_pool2d(2)
        >> nn.conv2d(2, 3, padding=padding)
        >> nn.flatten
        >> nn.dense(3)
    )
    parts = cg.training(
        model,
        inputs=cg.f32[batch, 1, 10, 10],
        targets=cg.i32[batch],
        loss=losses.cross_entropy,
        optimizer=optimizers.sgd(1e-2),
    )
    program = cg.compile(parts, target="numpy", name="tiny")
    nets = [load(program.source, order) for order in ORDERS]
    rng = np.random.default_rng(0)
    for _ in range(3):
        x = rng.uniform(-1, 1, (batch, 1, 10, 10)).astype(np.float32)
        y = rng.integers(0, 3, batch, np.int32)
        found = {float(net.step(x, y)) for net in nets}
        assert len(found) == 1
    for name, value in nets[0].parameters.items():
        assert all(np.array_equal(value, net.parameters[name]) for net in nets[1:]), name


SLIDING = """
func.func @f(%x: tensor<ROWSx5x6xf32>) -> (tensor<ROWSx3x5x3x2xf32>, tensor<ROWSx5x6xf32>) {
  %taken = tops.patches %x, dilation = [1, 1], kernel = [3, 2], padding_high = [1, 0],
    padding_low = [1, 0], stride = [2, 1] : (tensor<ROWSx5x6xf32>) -> tensor<ROWSx3x5x3x2xf32>
  %added = tops.unpatches %taken, dilation = [1, 1], kernel = [3, 2], padding_high = [1, 0],
    padding_low = [1, 0], stride = [2, 1] : (tensor<ROWSx3x5x3x2xf32>) -> tensor<ROWSx5x6xf32>
  func.return %taken, %added : tensor<ROWSx3x5x3x2xf32>, tensor<ROWSx5x6xf32>
}
"""


@pytest.mark.usefixtures("everything_in_halves")
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_padded_windows_in_any_order(rows: int) -> None:
    source = SLIDING.replace("ROWS", str(rows))
    text = printed(place(source, "numpy", False))
    assert ("taken_half" in text) == (rows > 1)
    x = np.random.default_rng(0).uniform(-1, 1, (rows, 5, 6)).astype(np.float32)
    wanted = Interpreter(parse(source)).run("f", x)
    for order in ORDERS:
        for found, right in zip(results_of(load(text, order).f(x)), wanted, strict=True):
            np.testing.assert_allclose(found, right, rtol=0, atol=1e-6)


def one_row(x: cg.Array, i: cg.Array) -> cg.Array:
    """A row at an index that has no axis which could be cut."""
    return cg.take(x, i, axis=0)


@pytest.mark.usefixtures("everything_in_halves")
def test_a_gather_of_one_row_is_not_cut() -> None:
    net = cg.compile({"f": cg.arrow(one_row).on(cg.f32[3, 4], cg.i32[()])}, target="numpy").load()
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(net.f(x, 2), x[2])


def never(*_: object) -> bool:
    """What a contract says that forbids nothing."""
    return False


def test_what_conflicts_is_not_in_one_section(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a contract that always says yes, the orders differ: the tests above see it."""
    monkeypatch.setattr(_numpy_halves, "CALL", 0)
    monkeypatch.setattr(_numpy_regions, "KNOWN", {})
    monkeypatch.setattr(_numpy_halves, "HANDOVER", -1)
    monkeypatch.setattr(Access, "bars", never)
    parts = {"columns": cg.arrow(FUNCTIONS["columns"][0]).on(cg.f32[16, 16])}
    source = cg.compile(parts, target="numpy", name="wrong").source
    (right,) = swept("columns")
    found = [load(source, order).columns(*inputs("columns")) for order in ORDERS[:2]]
    assert not all(np.allclose(f, right) for f in found)


# -- bytes -------------------------------------------------------------------------------------
SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6)), max_size=12)


@given(added=SPANS, asked=SPANS)
def test_a_set_of_bytes(added: list[tuple[int, int]], asked: list[tuple[int, int]]) -> None:
    found, held = Bytes(), set[int]()
    for start, size in added:
        found.add(("scratch", start, start + size))
        held |= set(range(start, start + size))
    for start, size in asked:
        meets = bool(held & set(range(start, start + size)))
        assert found.meets(("scratch", start, start + size)) == meets
        assert not found.meets(("persistent", start, start + size))


# -- the cost ----------------------------------------------------------------------------------
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.permutations(range(4)),
    st.integers(0, 3),
    st.booleans(),
)
def test_the_bytes_of_halves(sizes: list[int], order: list[int], axis: int, few: bool) -> None:
    """All elements of a half lie in its runs; if there are enough of these, only its own."""
    axis, order = axis % len(sizes), [a for a in order if a < len(sizes)]
    (value,) = Block(arg_types=[TensorType(f32, sizes)]).args
    strides = [0] * len(sizes)
    for a in order:  # the first is the fastest
        strides[a] = math.prod(sizes[b] for b in order[: order.index(a)])
    layout = Layout(value, tuple(sizes), tuple(strides), 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_numpy_halves, "RUNS", 0 if few else 1000)
        both = spans(layout, SlotAttr.of("scratch", 64, 4 * math.prod(sizes)), axis)
    seen: list[set[int]] = []
    for half, runs in enumerate(both):
        middle = sizes[axis] // 2
        part = range(middle) if half == 0 else range(middle, sizes[axis])
        places = [part if a == axis else range(n) for a, n in enumerate(sizes)]
        wanted = {
            64 + 4 * (3 + sum(map(operator.mul, at, strides))) for at in itertools.product(*places)
        }
        covered = {at for _, start, end in runs for at in range(start, end, 4)}
        assert wanted <= covered
        seen.append(covered)
        if not few:
            assert wanted == covered
    assert few or not seen[0] & seen[1]


def first_op(text: str) -> Operation:
    """The first op of a function."""
    function = parse(text).body.block.first_op
    assert isinstance(function, FuncOp)
    op = function.body.block.first_op
    assert op is not None
    return op


def unary(shape: str) -> Operation:
    """A sine of that shape."""
    t = f"tensor<{shape}xf32>"
    return first_op(
        f"func.func @f(%x: {t}) -> {t} {{\n%y = tops.sin %x : {t}\nfunc.return %y : {t}\n}}"
    )


def test_the_cost_is_counted_in_bytes() -> None:
    assert cost_of(unary("64x64")) == 4 * 2 * 64 * 64 * 4 + CALL
    product = first_op(
        "func.func @f(%a: tensor<8x4xf32>, %b: tensor<8x2xf32>) -> tensor<4x2xf32> {\n"
        "%y = tops.matmul %a, %b, transpose_a : (tensor<8x4xf32>, tensor<8x2xf32>) "
        "-> tensor<4x2xf32>\nfunc.return %y : tensor<4x2xf32>\n}"
    )
    assert cost_of(product) == (32 + 16 + 8) * 4 + 4 * 2 * 8 + CALL
    assert cuts(product) == (1, None)


@pytest.mark.parametrize(
    ("shape", "cut"), [("256x256", True), ("8x8", False), ("1x65536", False), ("65536", True)]
)
def test_what_is_cut(shape: str, cut: bool) -> None:
    assert is_cut([unary(shape)]) == cut


def test_a_region_is_cut_as_a_whole() -> None:
    text = """func.func @f(%x: tensor<512x256xf32>) -> tensor<512x256xf32> {
  %y = tops.fused (%x) : (tensor<512x256xf32>) -> tensor<512x256xf32> {
  ^bb0(%a: tensor<512x256xf32>):
    %m = tops.max %a, axes = [1] : (tensor<512x256xf32>) -> tensor<512xf32>
    %b = tops.broadcast %m, axes = [1] : (tensor<512xf32>) -> tensor<512x256xf32>
    %d = tops.subtract %a, %b : tensor<512x256xf32>
    tops.yield %d : tensor<512x256xf32>
  }
  func.return %y : tensor<512x256xf32>
}"""
    region = first_op(text)
    assert isinstance(region, FusedOp)
    assert facts_of(region).is_cut
    small = first_op(text.replace("512x256", "4x4").replace("512", "4"))
    assert isinstance(small, FusedOp)
    assert not facts_of(small).is_cut


@pytest.mark.parametrize("number", [0, 1])
def test_a_region_with_a_result_without_rows_is_not_cut(number: int) -> None:
    """It repeats an operand no times: that is copied, and an operand has no halves."""
    names, types = ["%m", "%d"], ["tensor<f32>", "tensor<524288xf32>"]
    if number:
        names, types = names[::-1], types[::-1]
    results = ", ".join(f"%{i}" for i in "yz")
    text = f"""func.func @f(%s: tensor<f32>, %x: tensor<524288xf32>) -> ({", ".join(types)}) {{
  {results} = tops.fused (%s, %x) : (tensor<f32>, tensor<524288xf32>) -> ({", ".join(types)}) {{
  ^bb0(%r: tensor<f32>, %a: tensor<524288xf32>):
    %m = tops.broadcast %r, axes = [] : (tensor<f32>) -> tensor<f32>
    %d = tops.sin %a : tensor<524288xf32>
    tops.yield {", ".join(names)} : {", ".join(types)}
  }}
  func.return {results} : {", ".join(types)}
}}"""
    region = first_op(text)
    assert isinstance(region, FusedOp)
    assert not facts_of(region).is_cut
    net = load(printed(place(text, "numpy", fuse=False)), "at once")
    x = np.ones(524288, np.float32)
    found = net.f(3, x)
    assert found[number] == 3
    np.testing.assert_array_equal(found[1 - number], np.sin(x))


def test_a_section_saves_more_than_it_costs() -> None:
    assert HANDOVER == 128 * CALL
    for rows, sections in ((1024, 0), (2048, 1)):
        parts = {"f": cg.arrow(cg.sin).on(cg.f32[rows, 256])}
        source = cg.compile(parts, target="numpy", name="one").source
        assert source.count("in_halves(*section") == sections


@pytest.mark.parametrize(
    ("columns", "apart", "sections"), [(200, False, 1), (300, False, 2), (300, True, 1)]
)
def test_a_section_right_behind_another_costs_half(
    columns: int, apart: bool, sections: int
) -> None:
    def two(x: cg.Array) -> tuple[cg.Array, ...]:
        first = cg.sin(x)
        part = cg.permute_dims(first[:, :columns], (1, 0))
        if not apart:
            return first, cg.sin(part)
        total = cg.sum(first)
        return first, total, cg.sin(part + total)

    parts = {"f": cg.arrow(two).on(cg.f32[512, 1024])}
    source = cg.compile(parts, target="numpy", name="two").source
    assert source.count("in_halves(*section") == sections
