"""Optimisers and schedules equal PyTorch's, recorded by `references/record_layers.py`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import catgrad as cg
from catgrad import initializers, losses, nn, optimizers
from catgrad.optimizers import COUNT, constant, cosine, linear_warmup
from tests.api_tools import evaluate

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


def trajectory(net: Any, *given: float) -> NDArray[Any]:
    """The parameter after some of 100 steps."""
    x = np.zeros((1, 1), net.parameters["p.value"].dtype)
    seen: list[NDArray[Any]] = []
    for step in range(1, 101):
        net.step(x, x, *given)
        if step in SEEN:
            seen.append(net.parameters["p.value"])
    return np.array(seen)


@pytest.mark.parametrize("name", MAKERS)
def test_equals_pytorch(name: str) -> None:
    expected = RECORDED[f"optimizers/{name}"]
    got = trajectory(trainer(MAKERS[name]()))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("name", "sgd momentum nesterov adagrad rmsprop adam adamw lion".split())
def test_a_rate_that_each_step_is_given(name: str) -> None:
    make, rate = getattr(optimizers, name), 2.0**-7
    fixed, given = trainer(make(rate)), trainer(make(optimizers.given()))
    np.testing.assert_allclose(trajectory(given, rate), trajectory(fixed), rtol=1e-12)


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


def test_put_is_a_pure_function() -> None:
    """What a step is given, what parameters share, the parameter, its states, its gradient."""
    p, v, m, g = np.array([[1.0, 2.0], [1.0, 0.0], [4.0, 4.0], [0.5, 0.5]])
    np.testing.assert_allclose(evaluate(optimizers.sgd(0.1).put, p, g), [0.95, 1.95])
    new = evaluate(optimizers.momentum(0.1, 0.5).put, p, v, g)
    np.testing.assert_allclose(new, [[0.9, 1.95], [1.0, 0.5]])
    adam = optimizers.adam(optimizers.given(), 0.5, 0.75, eps=0).put
    types = [cg.f32[()]] * 3 + [cg.f64[2]] * 4
    net = cg.compile({"f": adam.on(*types)}, target="numpy").load()
    rate, boost, floor = np.array([0.25, 2.0, 0.5], np.float32)
    mean, variance = 0.5 * m + 0.5 * g, 0.75 * v + 0.25 * g * g
    found = net.f(rate, boost, floor, p, m, v, g)
    np.testing.assert_allclose(found[1:], [mean, variance])
    np.testing.assert_allclose(found[0], p - 0.25 * 2.0 * mean / (np.sqrt(variance) + 0.5))


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


# -- accumulation --------------------------------------------------------------------------------

SCHEDULE = linear_warmup(0.05, 3, then=cosine(0.05, 6))
INNER: dict[str, Callable[[], cg.Optimizer]] = {
    "sgd": lambda: optimizers.sgd(0.1),
    "adam": lambda: optimizers.clip_by_global_norm(0.5, optimizers.adam(SCHEDULE)),
    "adamw": lambda: optimizers.frozen("dense1.*", optimizers.adamw(0.01, no_decay="*.bias")),
}
LARGE, SMALL = 12, 4


def batched(optimizer: cg.Optimizer, size: int) -> Any:
    """A program that learns with batches of a size."""
    parts = cg.training(
        nn.dense(5) >> nn.tanh >> nn.dense(2),
        inputs=cg.f64[size, 3],
        targets=cg.f64[size, 2],
        loss=losses.mse,
        optimizer=optimizer,
    )
    return cg.compile(parts, name="batched").load(seed=1)


@pytest.mark.parametrize("name", INNER)
def test_accumulated_batches_are_one_large_batch(name: str) -> None:
    """On GGML: `test_learning_rate.py` compares both targets."""
    parts = LARGE // SMALL
    whole = batched(INNER[name](), LARGE)
    net = batched(optimizers.accumulate(parts, INNER[name]()), SMALL)
    rng = np.random.default_rng(0)
    for _ in range(8):
        x, y = rng.normal(size=(LARGE, 3)), rng.normal(size=(LARGE, 2))
        found: list[float] = []
        for i in range(parts):
            before, rows = net.parameters, slice(i * SMALL, (i + 1) * SMALL)
            found.append(net.step(x[rows], y[rows]))
            same = [np.array_equal(v, before[k]) for k, v in net.parameters.items()]
            assert all(same) == (i < parts - 1)
        assert np.mean(found) == pytest.approx(whole.step(x, y), rel=1e-12)
        for key, value in {**whole.parameters, **whole.state}.items():
            got = {**net.parameters, **net.state}[key]
            np.testing.assert_allclose(got, value, rtol=0, atol=1e-12, err_msg=key)
    more = {k for k in net.state if k not in whole.state}
    assert more == {f"{k}.accumulated" for k in net.parameters} | {COUNT}


def test_resuming_between_updates_is_exact(tmp_path: Path) -> None:
    optimizer = optimizers.accumulate(3, optimizers.adam(0.1))
    one, two = batched(optimizer, SMALL), batched(optimizer, SMALL)
    rng = np.random.default_rng(1)
    data = [(rng.normal(size=(SMALL, 3)), rng.normal(size=(SMALL, 2))) for _ in range(7)]
    expected = [one.step(*xy) for xy in data]
    for xy in data[:4]:
        two.step(*xy)
    two.save(tmp_path / "half.npz")
    three = batched(optimizer, SMALL)
    three.load(tmp_path / "half.npz")
    assert three.state[COUNT] == 1
    assert [three.step(*xy) for xy in data[4:]] == expected[4:]
    for name, value in {**one.parameters, **one.state}.items():
        np.testing.assert_array_equal({**three.parameters, **three.state}[name], value)


def test_clipping_outside_clips_each_batch() -> None:
    sgd = optimizers.sgd(1.0)
    net = trainer(optimizers.clip_by_global_norm(0.5, optimizers.accumulate(2, sgd)))
    for _ in range(2):
        net.step(np.zeros((1, 1)), np.zeros((1, 1)))
    g = gradient(START)
    np.testing.assert_allclose(START - net.parameters["p.value"], 0.5 * g / np.linalg.norm(g))


def test_wrong_accumulations() -> None:
    with pytest.raises(cg.TraceError, match="a whole number of batches > 0, got 0"):
        optimizers.accumulate(0, optimizers.sgd(0.1))
    twice = optimizers.accumulate(2, optimizers.accumulate(3, optimizers.sgd(0.1)))
    with pytest.raises(cg.TraceError, match="accumulate: the optimizer accumulates already"):
        trainer(twice)
