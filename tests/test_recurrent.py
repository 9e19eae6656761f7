"""Recurrent layers beyond PyTorch's numbers: one cell, cost in time, second order, errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import catgrad as cg
from catgrad import losses, nn, optimizers
from tests.api_tools import A, compiled, message, numbers

KINDS: dict[str, Callable[..., cg.Arrow]] = {"rnn": nn.rnn, "gru": nn.gru, "lstm": nn.lstm}


def ir(kind: str, time: int, level: str) -> str:
    """The IR of the gradient of a layer's output, in its parameters."""
    types = cg.f32[2, time, 3]
    return compiled(cg.grad(KINDS[kind](4) >> cg.sum, wrt="*"), types).ir(level)


@pytest.mark.parametrize("kind", KINDS)
def test_every_time_calls_one_cell(kind: str) -> None:
    text = ir(kind, 4, "cat")
    assert len(re.findall(rf"cat.arrow private @{kind}_cell", text)) == 1
    assert len(re.findall(rf"cat.call @{kind}_cell\(", text)) == 4


def test_cost_is_linear_in_time() -> None:
    """Every further time adds the same ops, and none as long as the whole sequence."""
    texts = {time: ir("gru", time, "tops") for time in (3, 4, 5)}
    counts = {time: len(re.findall(r"= tops\.", text)) for time, text in texts.items()}
    assert counts[5] - counts[4] == counts[4] - counts[3]
    assert " tops.pad " not in texts[5]


@pytest.mark.parametrize("kind", KINDS)
def test_second_order_by_differences(kind: str) -> None:
    """Of the loss in parameters and inputs, along a random direction."""
    model = KINDS[kind](2, name="r") >> nn.tanh

    @cg.arrow
    def loss(x: A, t: A) -> A:
        return losses.mse(model(x), t)

    types = cg.f64[2, 3, 2], cg.f64[2, 3, 2]
    width = {"rnn": 1, "gru": 3, "lstm": 4}[kind] * 2
    inner = [(2, width), (width,), (2, width), (width,)]
    parts = {
        "value": loss.on(*types),
        "gradient": cg.grad(loss, wrt=["*", 0]).on(*types),
        "product": cg.hessian_vector(loss, wrt=["*", 0]).on(
            *types, *(cg.f64[s] for s in inner), types[0]
        ),
    }
    net = cg.compile(parts).load(seed=1)
    x, t = numbers(2, 3, 2), numbers(2, 3, 2, seed=1)
    *v, dx = directions = [numbers(*s, seed=2 + i) for i, s in enumerate([*inner, (2, 3, 2)])]
    before = net.parameters

    def at(name: str, h: float) -> list[Any]:
        moved = zip(before.items(), v, strict=True)
        net.set_state({n: p + h * d for (n, p), d in moved})
        found: Any = net[name](x + h * dx, t)
        net.set_state(before)
        return list(found) if name == "gradient" else [found]

    slope = sum(np.sum(g * d) for g, d in zip(at("gradient", 0), directions, strict=True))
    h = 1e-5
    difference = (at("value", h)[0] - at("value", -h)[0]) / (2 * h)
    np.testing.assert_allclose(slope, difference, rtol=1e-7)
    products = net.product(x, t, *v, dx)
    for product, up, down in zip(products, at("gradient", h), at("gradient", -h), strict=True):
        np.testing.assert_allclose(product, (up - down) / (2 * h), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_of_all(kind: str) -> None:
    """`last` gives the last of all times, and its gradients."""
    last, everything = KINDS[kind](4, last=True, name="r"), KINDS[kind](4, name="r")

    def total(y: A) -> A:
        return cg.sum(cg.sin(y))

    @cg.arrow
    def end(x: A) -> A:
        return everything(x)[:, -1]

    models = {"last": last, "end": end}
    parts = {k: f.on(cg.f64[2, 3, 3]) for k, f in models.items()}
    for k, f in models.items():
        parts[f"d_{k}"] = cg.grad(f >> total, wrt=[0, "*"]).on(cg.f64[2, 3, 3])
    net, x = cg.compile(parts).load(seed=1), numbers(2, 3, 3)
    assert net.last(x).shape == (2, 4)
    np.testing.assert_array_equal(net.last(x), net.end(x))
    for a, b in zip(net.d_last(x), net.d_end(x), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-15)


def test_layers_stack_and_predict_any_rows() -> None:
    """Two layers learn to add up the signs that they have seen."""
    model = nn.lstm(8) >> nn.gru(8, last=True) >> nn.dense(1)
    parts = cg.training(
        model,
        inputs=cg.f32[16, 5, 1],
        targets=cg.f32[16, 1],
        loss=losses.mse,
        optimizer=optimizers.adam(0.02),
    )
    net = cg.compile(parts, name="adder").load(seed=1)
    x = np.sign(numbers(160, 5, 1))
    y = x.sum(axis=1)
    for step in range(150):
        rows = slice(step % 10 * 16, step % 10 * 16 + 16)
        net.step(x[rows], y[rows])
    assert list(net.parameters)[:4] == [
        f"lstm1.{n}" for n in ("input.weight", "input.bias", "hidden.weight", "hidden.bias")
    ]
    assert np.abs(net.predict(x[:7]) - y[:7]).max() < 0.5


@pytest.mark.parametrize(
    ("layer", "type_", "text"),
    [
        (nn.gru(4), cg.f32[2, 3], "accepts floats of shape (batch, time, features)"),
        (nn.gru(4), cg.i32[2, 3, 4], "accepts floats of shape (batch, time, features)"),
        (nn.rnn(4), cg.f32[2, 0, 3], "accepts floats of shape (batch, time > 0, features)"),
        (nn.lstm(4), cg.f32[2, 3, 4, 5], "accepts floats of shape (batch, time > 0, features)"),
    ],
)
def test_wrong_inputs(layer: cg.Arrow, type_: cg.Array, text: str) -> None:
    assert message(lambda: compiled(layer, type_)).endswith(text)


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_units(kind: str) -> None:
    text = message(lambda: KINDS[kind](0))
    assert text == f"nn.{kind} takes a whole number of units > 0, got 0"
