"""Packed updates: the same bits as one by one, in fewer calls of NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.dialects.tops.base import shape_of
from catgrad.dialects.tops.movement import ConcatOp
from catgrad.optimizers import Optimizer
from catgrad.passes.tops_pack_updates import MOST
from catgrad.pipelines import PIPELINES
from tests.programs import parse

NAME = "lower-to-numpy"
OPTIMIZERS: dict[str, Callable[[], Optimizer]] = {
    "adam": optimizers.adam,
    "adamw": lambda: optimizers.adamw(weight_decay=0.1, no_decay="*.bias"),
    "clipped": lambda: optimizers.clip_by_global_norm(0.1, optimizers.adam()),
    "frozen": lambda: optimizers.frozen("dense1.*", optimizers.adam()),
    "rmsprop": optimizers.rmsprop,
    "lion": optimizers.lion,
    "momentum": lambda: optimizers.momentum(0.1),
    "nesterov": lambda: optimizers.nesterov(0.1),
    "sgd": lambda: optimizers.sgd(0.1),
}


def stack(optimizer: Optimizer, layers: int = 6, width: int = 5) -> cg.Program:
    """The training of some small layers, the first of another width."""
    model = nn.dense(width)
    for _ in range(layers - 1):
        model = model >> nn.tanh >> nn.dense(width)
    parts = cg.training(
        model,
        inputs=cg.f32[4, 3],
        targets=cg.f32[4, width],
        loss=losses.mse,
        optimizer=optimizer,
    )
    return cg.compile(parts)


def concatenations(program: cg.Program) -> list[int]:
    """The sizes of what is put together in the step."""
    functions = parse(program.ir("placed")).body.block.ops
    (step,) = [f for f in functions if "step" in str(f.properties.get("sym_name"))]
    return [math.prod(shape_of(op.y)) for op in step.walk() if isinstance(op, ConcatOp)]


def calls(program: cg.Program) -> int:
    """How often the printed step calls NumPy."""
    source = program.source
    start = source.index("    def step(")
    return source[start : source.index("    return step", start)].count("np.")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_bits_are_those_of_single_updates(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = stack(OPTIMIZERS[name]())
    monkeypatch.setitem(PIPELINES, NAME, PIPELINES[NAME].replace(",tops-pack-updates", ""))
    single = stack(OPTIMIZERS[name]())
    assert not concatenations(single)
    assert concatenations(packed)
    assert calls(packed) < calls(single)
    a, b = packed.load(seed=3), single.load(seed=3)
    rng = np.random.default_rng(0)
    for _ in range(5):
        x, y = rng.normal(size=(4, 3)), rng.normal(size=(4, 5))
        assert a.step(x, y) == b.step(x, y)
    for found, wanted in ((a.parameters, b.parameters), (a.state, b.state)):
        assert found.keys() == wanted.keys()
        assert all(np.array_equal(found[key], wanted[key]) for key in wanted)


def test_all_small_tensors_of_a_rule_are_packed() -> None:
    sizes = [3 * 5 + 5, *[5 * 5 + 5] * 5]
    assert concatenations(stack(optimizers.adam())) == [sum(sizes)] * 4


def test_what_is_put_together_is_small() -> None:
    """However many layers there are: gradients would have to wait for one another."""
    sizes = concatenations(stack(optimizers.adam(), layers=40, width=24))
    assert len(sizes) > 4
    assert all(4 * size <= MOST for size in sizes)


def test_few_or_large_tensors_are_updated_one_by_one() -> None:
    assert not concatenations(stack(optimizers.sgd(0.1), layers=2))
    small = 3 * 96 + 96 + 96 + 96
    assert concatenations(stack(optimizers.adam(), layers=3, width=96)) == [small] * 4
