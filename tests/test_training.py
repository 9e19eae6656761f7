"""What `training` makes: optimisers, losses and metrics against NumPy, lenses, random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.parser import Parser

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.compiler import context
from catgrad.interpreter import Interpreter
from tests.api_tools import A, Floats, evaluate, gelu, numbers

DTYPES = {"f32": (cg.f32, 2e-5), "f64": (cg.f64, 1e-12)}


def trainer(dtype: cg.Dtype, optimizer: cg.Optimizer, **options: Any) -> dict[str, cg.Traced]:
    return cg.training(
        nn.dense(4) >> nn.tanh >> nn.dense(2),
        inputs=dtype[8, 3],
        targets=dtype[8, 2],
        loss=losses.mse,
        optimizer=optimizer,
        **options,
    )


def batch(step: int) -> tuple[Floats, Floats]:
    return numbers(8, 3, seed=step), numbers(8, 2, seed=step + 1000)


# -- the arrows of a trainer ---------------------------------------------------------------------


def test_the_arrows() -> None:
    def error(y: A, t: A) -> A:
        return cg.sum(cg.abs(y - t), axis=1)

    parts = trainer(cg.f32, optimizers.sgd(0.1), metrics={"error": cg.arrow(error)})
    assert list(parts) == ["step", "loss", "predict", "error", "init"]
    net = cg.compile(parts).load(seed=5)
    roles = {n: [o["role"] for o in f["outputs"]] for n, f in net.FUNCTIONS.items()}
    loss, metric = ["loss"], ["metric"]
    assert roles == {"step": loss, "loss": loss, "predict": [None], "error": metric, "init": []}
    x, y = batch(0)
    before = net.loss(x, y)
    np.testing.assert_allclose(before, 0.5 * np.sum((net.predict(x) - y) ** 2) / 8, rtol=1e-5)
    np.testing.assert_allclose(net.error(x, y), np.abs(net.predict(x) - y).sum(axis=1), rtol=1e-5)
    assert net.loss(x, y) == before  # only step updates
    assert net.step(x, y) == before
    assert net.loss(x, y) < before
    assert (type(before), net.steps, net.seed) == (float, 1, 5)


def test_seeds() -> None:
    program = cg.compile(trainer(cg.f32, optimizers.sgd(0.1)))
    weights = [program.load(seed=s).parameters["dense1.weight"] for s in (0, 0, 1)]
    assert np.array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])
    limit = np.sqrt(6 / 7)
    assert 0.5 * limit < np.abs(weights[0]).max() < limit
    assert not program.load().parameters["dense1.bias"].any()
    assert not np.array_equal(
        *[program.load().parameters[f"dense{i}.weight"].ravel()[:8] for i in (1, 2)]
    )


# -- optimisers ----------------------------------------------------------------------------------

Rule = Callable[[Floats, dict[str, Any], Floats], Floats]


def sgd(p: Floats, s: dict[str, Any], g: Floats) -> Floats:
    return p - 0.1 * g


def momentum(p: Floats, s: dict[str, Any], g: Floats) -> Floats:
    s["v"] = 0.8 * s.get("v", 0) + g
    return p - 0.1 * s["v"]


def adam(p: Floats, s: dict[str, Any], g: Floats) -> Floats:
    s["t"] = s.get("t", 0) + 1
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["v"] = 0.999 * s.get("v", 0) + 0.001 * g * g
    m, v = s["m"] / (1 - 0.9 ** s["t"]), s["v"] / (1 - 0.999 ** s["t"])
    return p - 0.01 * m / (np.sqrt(v) + 1e-8)


RULES: dict[str, tuple[cg.Optimizer, Rule]] = {
    "sgd": (optimizers.sgd(0.1), sgd),
    "momentum": (optimizers.momentum(0.1, 0.8), momentum),
    "adam": (optimizers.adam(0.01), adam),
}


def gradients(p: dict[str, Floats], x: Floats, y: Floats) -> tuple[float, dict[str, Floats]]:
    """By hand: dense, tanh, dense, half the squared error."""
    h = np.tanh(x @ p["dense1.weight"] + p["dense1.bias"])
    d = (h @ p["dense2.weight"] + p["dense2.bias"] - y) / len(x)
    dh = d @ p["dense2.weight"].T * (1 - h * h)
    found = {
        "dense1.weight": x.T @ dh,
        "dense1.bias": dh.sum(axis=0),
        "dense2.weight": h.T @ d,
        "dense2.bias": d.sum(axis=0),
    }
    return 0.5 * len(x) * float(np.sum(d * d)), found


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", RULES)
def test_twenty_steps(rule: str, dtype: str) -> None:
    optimizer, update = RULES[rule]
    type_, rtol = DTYPES[dtype]
    net = cg.compile(trainer(type_, optimizer)).load(seed=1)
    p = {n: v.astype(np.float64) for n, v in net.parameters.items()}
    state: dict[str, dict[str, Any]] = {n: {} for n in p}
    for i in range(20):
        x, y = batch(i)
        loss, g = gradients(p, x, y)
        np.testing.assert_allclose(net.step(x, y), loss, rtol=rtol)
        p = {n: update(p[n], state[n], g[n]) for n in p}
    for name, value in net.parameters.items():
        assert value.dtype == {"f32": np.float32, "f64": np.float64}[dtype]
        np.testing.assert_allclose(value, p[name], rtol=rtol, atol=rtol * np.abs(p[name]).max())


def test_states_of_the_optimisers() -> None:
    def states(optimizer: cg.Optimizer) -> set[str]:
        return set(cg.compile(trainer(cg.f32, optimizer)).load().state)

    names = [f"dense{i}.{n}" for i in (1, 2) for n in ("weight", "bias")]
    assert states(optimizers.sgd(0.1)) == set()
    assert states(optimizers.momentum(0.1)) == {f"{n}.velocity" for n in names}
    slots = {f"{n}.{s}" for n in names for s in ("mean", "variance")}
    assert states(optimizers.adam()) == slots | {"adam.step"}


def test_first_step_of_adam_has_the_length_of_the_rate() -> None:
    """The bias correction of the first step is 1 - 0.999, which f32 must not round."""
    net = cg.compile(trainer(cg.f32, optimizers.adam(1.0, eps=0.0))).load()
    before = net.parameters
    net.step(*batch(0))
    for name, value in net.parameters.items():
        np.testing.assert_allclose(np.abs(value - before[name]), 1, rtol=1e-6)


# -- losses --------------------------------------------------------------------------------------


def log_softmax(x: Floats) -> Floats:
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


@pytest.mark.parametrize("scale", [1.0, 1e4])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("index", [cg.i32, cg.i64])
def test_cross_entropy(scale: float, dtype: str, index: cg.Dtype) -> None:
    type_, rtol = DTYPES[dtype]
    x, t = scale * np.sign(numbers(6, 4)), np.arange(6) % 4
    x[0, 0], x[1, 1] = 0.5, -0.5
    types = type_[6, 4], index[6]
    parts = {
        "value": losses.cross_entropy.on(*types),
        "slope": cg.grad(losses.cross_entropy, wrt=0).on(*types),
        "accuracy": losses.accuracy.on(*types),
    }
    net = cg.compile(parts).load()
    expected = log_softmax(x)
    np.testing.assert_allclose(net.value(x, t), -expected[np.arange(6), t].mean(), rtol=rtol)
    slope = (np.exp(expected) - np.eye(4)[t]) / 6
    np.testing.assert_allclose(net.slope(x, t), slope, rtol=rtol, atol=1e-7)
    assert net.accuracy(x, t).tolist() == (x.argmax(axis=1) == t).tolist()


@pytest.mark.parametrize("shape", [(5, 3), (5,), (5, 2, 3)])
def test_mse(shape: tuple[int, ...]) -> None:
    y, t = numbers(*shape), numbers(*shape, seed=1)
    expected = 0.5 * float(np.sum(np.square(y - t))) / 5
    np.testing.assert_allclose(evaluate(losses.mse, y, t), expected, rtol=1e-14)
    np.testing.assert_allclose(evaluate(cg.grad(losses.mse, wrt=0), y, t), (y - t) / 5, rtol=1e-14)


def test_accuracy_of_one_hot_targets() -> None:
    y, labels = numbers(6, 3), np.arange(6) % 3
    found = evaluate(losses.accuracy, y, np.eye(3)[labels])
    assert found.tolist() == (y.argmax(axis=1) == labels).tolist()


# -- lenses --------------------------------------------------------------------------------------


def test_put_of_a_composition() -> None:
    """f.put(a, g.put(f.get(a), c')), which is R[f >> g] for the lenses of arrows."""
    f, g = cg.Lens.of(gelu), cg.Lens.of(nn.tanh)
    x, dy = numbers(4), numbers(4, seed=1)

    def by_hand(a: A, c: A) -> A:
        return f.put(a, g.put(f.get(a), c))

    found = evaluate((f >> g).put, x, dy)
    np.testing.assert_array_equal(found, evaluate(cg.arrow(by_hand), x, dy))
    np.testing.assert_allclose(found, evaluate(cg.reverse(gelu >> nn.tanh), x, dy), rtol=1e-14)
    np.testing.assert_array_equal(evaluate((f >> g).get, x), evaluate(gelu >> nn.tanh, x))
    h = cg.Lens.of(nn.sigmoid)
    np.testing.assert_allclose(
        evaluate(((f >> g) >> h).put, x, dy), evaluate((f >> (g >> h)).put, x, dy), rtol=1e-14
    )


# -- random numbers ------------------------------------------------------------------------------


def test_random_numbers_are_those_of_the_interpreter() -> None:
    @cg.arrow
    def draw(seed: A, step: A) -> tuple[A, ...]:
        one = cg.random_uniform((3, 5), seed, step)
        two = cg.random_uniform((3, 5), seed, step, "f64")
        return one, two, cg.random_bits((7,), seed, step), cg.random_bits((7,), 1, 2)

    program = cg.compile({"f": draw.on(cg.i32[()], cg.i32[()])})
    interpreter = Interpreter(Parser(context(), program.ir("cat")).parse_module())
    net = program.load()
    seeds: list[tuple[int, int]] = [(0, 0), (0, 1), (-5, 7), (2**31 - 1, -(2**31))]
    results: list[tuple[NDArray[Any], ...]] = [net.f(*words) for words in seeds]
    for words, found in zip(seeds, results, strict=True):
        for _ in range(2):
            for a, b in zip(found, net.f(*words), strict=True):
                np.testing.assert_array_equal(a, b)
        expected = interpreter.run("f", *(np.array(w, np.int32) for w in words))
        for a, b in zip(found, expected, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
        assert 0 < found[0].min() <= found[0].max() < 1
        assert not np.array_equal(found[0], found[1])  # each place has numbers of its own
    assert len({found[2].tobytes() for found in results}) == len(seeds)
    assert len({found[3].tobytes() for found in results}) == 1


def test_random_sites_of_calls() -> None:
    """An arrow called twice draws twice."""

    @cg.arrow
    def noise(x: A) -> A:
        return x + cg.random_uniform(x.shape, 0, 0, x.dtype)

    def f(x: A) -> tuple[A, A]:
        return noise(x), noise(x)

    one, two = evaluate(cg.arrow(f), np.zeros(100))
    assert not (one == two).any()
    assert 0.4 < np.mean([one, two]) < 0.6
