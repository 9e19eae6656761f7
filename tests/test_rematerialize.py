"""tops-rematerialize: the same bits from less memory; minimum cuts; the cost model in bytes."""

from __future__ import annotations

import random
from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.compiler import run_pipeline, trace
from catgrad.interpreter import Interpreter
from catgrad.memory import memory_of
from catgrad.passes._min_cut import UNLIMITED, Network
from catgrad.passes.tops_rematerialize import is_cheap, is_free
from catgrad.pipelines import PIPELINES
from catgrad.targets._placement import find_target
from tests.programs import parse
from tests.random_graphs import graphs
from tests.random_programs import programs
from tests.slot_programs import functions
from tests.test_examples import ALL, TARGETS, program
from tests.test_passes import random_inputs, results

PASS, EAGER = "tops-rematerialize", "tops-rematerialize{per-op=0 gain=0}"


def before(target: str) -> str:
    """The passes of a target up to this one."""
    head, found, _ = PIPELINES[f"lower-to-{target}"].partition(f",{PASS}")
    assert found
    return head


def prepared(name: str) -> ModuleOp:
    """An example, as this pass finds it."""
    return run_pipeline(parse(program(name, "numpy").ir("cat")), before("numpy"))


def counts(function: func.FuncOp) -> Counter[str]:
    """How often each op occurs that may not be computed again."""
    ops = function.body.block.ops
    return Counter(op.name for op in ops if not (is_cheap(op) or is_free(op)))


# -- memory -----------------------------------------------------------------------------------
@pytest.mark.parametrize("target", TARGETS)
def test_a_transformer_needs_four_fifths_of_the_order_of_its_program(target: str) -> None:
    passes = PIPELINES[f"lower-to-{target}"]
    schedule = f'tops-schedule{{target="{target}"}},'
    assert schedule in passes
    plain = passes.replace(schedule, "").replace(f",{PASS}", "")
    module = run_pipeline(parse(program("chargpt", target).ir("cat")), plain)
    most = memory_of(module, find_target(target)).scratch
    assert program("chargpt", target).memory.scratch <= 0.8 * most


@pytest.mark.parametrize("name", ALL)
def test_only_cheap_ops_are_computed_again(name: str) -> None:
    module = prepared(name)
    old = {name: counts(f) for name, f in functions(module).items()}
    for passes in (PASS, EAGER):
        run_pipeline(module, passes)
        assert {name: counts(f) for name, f in functions(module).items()} == old


def test_nothing_changes_where_nothing_is_gained() -> None:
    """Small tensors: an op costs more than their memory."""
    module = prepared("iris")
    text = str(module)
    assert str(run_pipeline(module, PASS)) == text


def layers(depth: int) -> ModuleOp:
    """A trainer, as this pass finds it."""
    model = cg.identity()
    for _ in range(depth):
        model = model >> nn.dense(64) >> nn.gelu
    parts = cg.training(
        model,
        inputs=cg.f32[4096, 64],
        targets=cg.f32[4096, 64],
        loss=losses.mse,
        optimizer=optimizers.sgd(0.1),
    )
    text = trace(parts, name="layers").ir("cat")
    return run_pipeline(parse(text), before("numpy"))


def test_every_layer_costs_the_same() -> None:
    """Each has one tanh more, and as many ops more as the next: copies do not lead to copies."""
    sizes: list[int] = []
    for depth in (4, 8, 12):
        module = layers(depth)
        step = functions(module)["step"]
        before = len(list(step.body.block.ops))
        run_pipeline(module, PASS)
        ops = list(step.body.block.ops)
        sizes.append(len(ops) - before)
        assert sum(op.name == "tops.tanh" for op in ops) == 2 * depth
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0] > 0


# -- meaning ----------------------------------------------------------------------------------
def assert_same_bits(got: Any, expected: Any) -> None:
    for name, arrays in expected.items():
        for a, b in zip(got[name], arrays, strict=True):
            np.testing.assert_array_equal(a, b)


@settings(max_examples=25)
@given(text=programs())
def test_derivatives_stay_the_same_bits(text: str) -> None:
    """Of all orders."""
    module = parse(text)
    inputs = random_inputs(module, len(text))
    run_pipeline(module, before("numpy"))
    expected = results(module, inputs)
    run_pipeline(module, EAGER)
    assert_same_bits(results(module, inputs), expected)


@settings(max_examples=25)
@given(source=graphs())
def test_graphs_stay_the_same_bits(source: str) -> None:
    module = parse(source)
    inputs = arguments(module)
    expected = results(module, inputs)
    run_pipeline(module, EAGER)
    assert_same_bits(results(module, inputs), expected)


def arguments(module: ModuleOp) -> dict[str, list[Any]]:
    """Numbers for every function."""
    from catgrad.interpreter import dtype_and_shape

    rng = np.random.default_rng(0)
    found: dict[str, list[Any]] = {}
    for name, function in functions(module).items():
        types = [dtype_and_shape(t) for t in function.body.block.arg_types]
        found[name] = [(rng.random(shape) * 2).astype(dtype) for dtype, shape in types]
    return found


@pytest.mark.parametrize("per_op", [0, 16384])
def test_state_and_random_numbers(per_op: int) -> None:
    """Dropout and running statistics: the copies see the numbers that the forward pass saw."""
    model = cg.identity()
    for _ in range(3):
        model = model >> nn.dense(64) >> nn.batch_norm() >> nn.gelu >> nn.dropout(0.5)
    parts = cg.training(
        model,
        inputs=cg.f32[256, 64],
        targets=cg.f32[256, 64],
        loss=losses.mse,
        optimizer=optimizers.adam(0.01),
    )
    module = run_pipeline(parse(trace(parts, name="x").ir("cat")), before("numpy"))
    inputs = arguments(module)
    expected = Interpreter(module).run("step", *inputs["step"])
    old = counts(functions(module)["step"])
    text = str(module)
    run_pipeline(module, f"tops-rematerialize{{per-op={per_op}}}")
    assert str(module) != text
    assert counts(functions(module)["step"]) == old
    for a, b in zip(Interpreter(module).run("step", *inputs["step"]), expected, strict=True):
        np.testing.assert_array_equal(a, b)


# -- minimum cuts -----------------------------------------------------------------------------
def cheapest(edges: dict[tuple[int, int], int], nodes: int) -> int:
    """The cheapest cut of node 0 from the last, by trying all."""
    return min(
        sum(c for (a, b), c in edges.items() if side[a] and not side[b])
        for inner in product([True, False], repeat=nodes - 2)
        for side in [(True, *inner, False)]
    )


def test_the_cut_is_the_cheapest() -> None:
    for seed in range(200):
        rng = random.Random(seed)
        nodes = rng.randint(3, 8)
        pairs = [(a, b) for a in range(nodes) for b in range(nodes) if a != b]
        edges = {pair: rng.randint(0, 9) for pair in rng.sample(pairs, rng.randint(2, len(pairs)))}
        network = Network()
        numbers = [network.source, *map(network.node, range(nodes - 2)), network.sink]
        for (a, b), capacity in edges.items():
            network.connect(numbers[a], numbers[b], capacity)
        beyond = network.beyond()
        assert network.source not in beyond
        cost = sum(
            c for (a, b), c in edges.items() if numbers[a] not in beyond and numbers[b] in beyond
        )
        assert cost == cheapest(edges, nodes), seed


def test_of_equal_cuts_the_smallest_side() -> None:
    network = Network()
    middle = [network.node(i) for i in range(3)]
    for a, b in zip([network.source, *middle], [*middle, network.sink], strict=True):
        network.connect(a, b, 5)
    assert network.beyond() == {network.sink}
    network.connect(middle[2], network.sink, UNLIMITED)
    assert network.beyond() == {network.sink, middle[2]}
