"""Optimisers and schedules equal PyTorch's, recorded by `references/record_layers.py`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import catgrad as cg
from catgrad import initializers, optimizers
from catgrad.optimizers import constant, cosine, linear_warmup

RECORDED: dict[str, NDArray[Any]] = dict(
    np.load(Path(__file__).parent / "references" / "layers.npz")
)
A, B, START = (RECORDED[f"optimizers/{key}"] for key in "abp")
SEEN = (1, 2, 10, 50, 100)

MAKERS: dict[str, Callable[[], cg.Optimizer]] = {
    "sgd": lambda: optimizers.sgd(0.01),
    "momentum": lambda: optimizers.momentum(0.01),
    "nesterov": lambda: optimizers.nesterov(0.01),
    "adagrad": lambda: optimizers.adagrad(0.1),
    "rmsprop": lambda: optimizers.rmsprop(0.01),
    "adam": lambda: optimizers.adam(0.01),
    "adamw": lambda: optimizers.adamw(0.01, weight_decay=0.1),
    "scheduled": lambda: optimizers.adamw(
        linear_warmup(0.01, 10, then=cosine(0.01, 80)), weight_decay=0.1
    ),
}


def trainer(optimizer: cg.Optimizer, dtype: str = "f64", target: str = "numpy") -> Any:
    """A program whose parameter `p.value` minimises 0.5 |A p|^2 - B p + sum cos p."""

    @cg.layer("p", name="p")
    def model(x: cg.Array) -> cg.Array:
        p = cg.param((6,), init=initializers.zero, name="value", dtype=dtype)
        q = cg.param((6,), init=initializers.one, name="other", dtype=dtype)
        a = cg.constant(A.ravel().tolist(), (6, 6), dtype)
        product = cg.sum(a * cg.reshape(p, (1, 6)), axis=1)
        b = cg.constant(B.tolist(), (6,), dtype)
        return 0.5 * cg.sum(product * product) - cg.sum(b * p) + cg.sum(cg.cos(p)) + cg.sum(q) * 0

    def loss(y: cg.Array, t: cg.Array) -> cg.Array:
        return y + cg.sum(t) * 0

    kind = cg.f64 if dtype == "f64" else cg.f32
    parts = cg.training(
        model, inputs=kind[1, 1], targets=kind[1, 1], loss=cg.arrow(loss), optimizer=optimizer
    )
    net = cg.compile(
        {k: parts[k] for k in ("step", "init")}, target=target, name="optimizer"
    ).load()
    net.set_state({"p.value": START.astype(net.parameters["p.value"].dtype)})
    return net


def trajectory(net: Any) -> NDArray[Any]:
    """The parameter after some of 100 steps."""
    x = np.zeros((1, 1), net.parameters["p.value"].dtype)
    seen: list[NDArray[Any]] = []
    for step in range(1, 101):
        net.step(x, x)
        if step in SEEN:
            seen.append(net.parameters["p.value"])
    return np.array(seen)


@pytest.mark.parametrize("name", MAKERS)
def test_equals_pytorch(name: str) -> None:
    expected = RECORDED[f"optimizers/{name}"]
    got = trajectory(trainer(MAKERS[name]()))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-9 * np.abs(expected).max())


def gradient(p: NDArray[Any]) -> NDArray[Any]:
    """The gradient of the objective."""
    return A.T @ (A @ p) - B - np.sin(p)


def test_lion_is_its_formula() -> None:
    p, m = START.copy(), np.zeros(6)
    seen: list[NDArray[Any]] = []
    for step in range(1, 101):
        g = gradient(p)
        p, m = p - 0.01 * (np.sign(0.9 * m + 0.1 * g) + 0.1 * p), 0.99 * m + 0.01 * g
        if step in SEEN:
            seen.append(p)
    np.testing.assert_allclose(trajectory(trainer(optimizers.lion(0.01, weight_decay=0.1))), seen)


def test_clipping_scales_all_gradients_together() -> None:
    net = trainer(optimizers.clip_by_global_norm(0.5, optimizers.sgd(1.0)))
    net.step(np.zeros((1, 1)), np.zeros((1, 1)))
    g = gradient(START)
    assert np.linalg.norm(g) > 0.5
    np.testing.assert_allclose(START - net.parameters["p.value"], 0.5 * g / np.linalg.norm(g))
    net = trainer(optimizers.clip_by_global_norm(1e9, optimizers.sgd(1.0)))
    net.step(np.zeros((1, 1)), np.zeros((1, 1)))
    np.testing.assert_allclose(START - net.parameters["p.value"], g)


def test_frozen_parameters_and_masked_decay() -> None:
    x = np.zeros((1, 1))
    net = trainer(optimizers.frozen("p.value", optimizers.adam(0.1)))
    net.step(x, x)
    np.testing.assert_array_equal(net.parameters["p.value"], START)
    net = trainer(optimizers.adamw(0.1, weight_decay=0.5, no_decay="*.other"))
    net.step(x, x)
    np.testing.assert_array_equal(net.parameters["p.other"], np.ones(6))
    net = trainer(optimizers.adamw(0.1, weight_decay=0.5))
    net.step(x, x)
    np.testing.assert_allclose(net.parameters["p.other"], np.full(6, 0.95))
    with pytest.raises(cg.TraceError, match="frozen: every parameter matches"):
        trainer(optimizers.frozen("*", optimizers.sgd(0.1)))


def test_schedules() -> None:
    kinds = {
        "constant": constant(0.3),
        "warm": linear_warmup(0.4, 4),
        "cosine": cosine(1.0, 10, end=0.2),
    }
    parts = {k: cg.arrow(s, name=k, inputs=1).on(cg.f64[()]) for k, s in kinds.items()}
    net = cg.compile(parts, name="schedules").load()
    steps = np.arange(12.0)
    got = {k: [float(net[k](s)) for s in steps] for k in kinds}
    np.testing.assert_allclose(got["constant"], np.full(12, 0.3))
    np.testing.assert_allclose(got["warm"], np.minimum((steps + 1) / 10, 0.4))
    wave = 0.2 + 0.4 * (1 + np.cos(np.pi * np.minimum(steps, 10) / 10))
    np.testing.assert_allclose(got["cosine"], wave)
