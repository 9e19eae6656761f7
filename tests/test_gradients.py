"""Large gradients do not wait for each other: each becomes an update as soon as it is there."""

from __future__ import annotations

import pytest
from xdsl.dialects import func

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.initializers import normal
from catgrad.memory import Life, lives_of
from catgrad.passes._placing import Placed
from catgrad.targets._placement import find_target
from tests.programs import parse
from tests.slot_programs import functions
from tests.test_examples import TARGETS

LARGE = 10_000
"""Bytes: weights have more, activations and biases less."""


def step(target: str, clip: bool) -> func.FuncOp:
    """A step of a transformer with little data and large weights, its embedding used twice."""
    tokens = nn.embedding(256, 64, name="wte", weight=normal(0.02))
    places = nn.embedding(8, 64, name="wpe", weight=normal(0.02))

    @cg.arrow
    def model(x: cg.Array) -> cg.Array:
        h = tokens(x) + places(cg.arange(8))
        for i in range(3):
            h = nn.transformer_block(4, causal=True, name=f"h.{i}")(h)
        return nn.tied(tokens)(h)

    adam = optimizers.adam(1e-3)
    parts = cg.training(
        model,
        inputs=cg.i32[1, 8],
        targets=cg.i32[1, 8],
        loss=losses.cross_entropy,
        optimizer=optimizers.clip_by_global_norm(1.0, adam) if clip else adam,
    )
    program = cg.compile(parts, target=target)
    return functions(parse(program.ir("placed")))["step"]


def large_at(function: func.FuncOp, target: str) -> list[list[Life]]:
    """The large gradients that are alive, at each op."""
    lives = lives_of(Placed(function, find_target(target)))
    large = [life for life in lives if life.size > LARGE and life.name.startswith("d_")]
    return [[life for life in large if life.at(op)] for op in range(len(function.body.block.ops))]


@pytest.mark.parametrize("target", TARGETS)
def test_at_most_one_is_alive_besides_the_embedding(target: str) -> None:
    most = 0
    for large in large_at(step(target, clip=False), target):
        others = [t for t in large if not t.name.startswith("d_wte")]
        assert len(others) <= 1, others
        most = max(most, len(others))
    assert most == 1


@pytest.mark.parametrize("target", TARGETS)
def test_a_global_norm_wants_them_all(target: str) -> None:
    counts = [
        sum(life.name.startswith("d_h.") for life in large)
        for large in large_at(step(target, clip=True), target)
    ]
    assert max(counts) == 3 * 4
