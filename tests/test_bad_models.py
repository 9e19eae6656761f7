"""What a model cannot do is said clearly, when it is made or when it is used, on every target."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pytest

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.frames import TraceError

TARGETS = ["numpy", "ggml"]


def test_heads_divide_the_width() -> None:
    model = nn.multi_head_attention(3, name="attention")
    expected = "got Array(f32[2, 4, 8]); accepts features that are a multiple of 3 heads"
    with pytest.raises(TraceError, match=re.escape(f"in f: in attention: {expected}")):
        cg.compile({"f": model.on(cg.f32[2, 4, 8])})


def mixed(y: cg.Array) -> cg.Array:
    """What a row becomes depends on the others."""
    return y - cg.mean(y, 0, keepdims=True)


@cache
def writer(target: str, vocabulary: int) -> cg.Program:
    """A language model over so many characters, which mixes the rows of a batch."""
    model = nn.embedding(vocabulary, 4) >> mixed >> nn.dense(vocabulary)
    parts = cg.training(
        model,
        inputs=cg.i32[3, 2],
        targets=cg.i32[3, 2],
        loss=losses.cross_entropy,
        optimizer=optimizers.adam(),
    )
    return cg.compile(parts, target=target, name="writer")


def state_of(net: Any) -> dict[str, Any]:
    """Copies of all that is stored."""
    return {name: np.array(value) for name, value in {**net.parameters, **net.state}.items()}


@pytest.mark.parametrize("target", TARGETS)
def test_an_index_outside_the_vocabulary(target: str) -> None:
    net, x = writer(target, 5).load(seed=0), np.zeros((3, 2), np.int32)
    before = state_of(net)
    for wrong in (5, -1):
        bad = x.copy()
        bad[2, 1] = wrong
        for inputs, name in (((bad, x), "x"), ((x, bad), "y")):
            with pytest.raises(ValueError, match=re.escape(f"step: input {name}: got {wrong} at")):
                net.step(*inputs)
    for name, value in state_of(net).items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize("target", TARGETS)
def test_rows_that_are_not_independent_come_in_whole_batches(target: str) -> None:
    """One row cannot be predicted alone, and the message says what fits."""
    net, x = writer(target, 5).load(seed=0), np.zeros((3, 2), np.int32)
    assert net.predict(x).shape == (3, 2, 5)
    with pytest.raises(ValueError, match=r"predict: input x: .*\(1, 2\).*\(3, 2\)"):
        net.predict(x[:1])


@pytest.mark.parametrize("target", TARGETS)
def test_a_checkpoint_of_another_vocabulary(target: str, tmp_path: Any) -> None:
    file = tmp_path / ("w.npz" if target == "numpy" else "w.gguf")
    writer(target, 6).load(seed=0).save(file)
    net = writer(target, 5).load(seed=1)
    before = state_of(net)
    reasons = {
        "numpy": "parameter:embedding1.weight: got float32 (6, 4), expected float32 (5, 4)",
        "ggml": "is a checkpoint of another program",
    }
    with pytest.raises(ValueError, match=re.escape(reasons[target])):
        net.load(file)
    for name, value in state_of(net).items():
        np.testing.assert_array_equal(value, before[name])
