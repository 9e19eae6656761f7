"""States: batch normalisation, dropout, updates, and exact resume."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import catgrad as cg
from catgrad import initializers, losses, nn, optimizers

RECORDED: dict[str, NDArray[Any]] = dict(
    np.load(Path(__file__).parent / "references" / "batch_norm.npz")
)
TARGETS = ["numpy", "ggml"]


@cg.arrow
def product(y: cg.Array, t: cg.Array) -> cg.Array:
    """sum(y * t), as a loss."""
    return cg.sum(y * t)


@pytest.mark.parametrize(
    ("target", "dtype", "tolerance"),
    [("numpy", "f64", 1e-9), ("numpy", "f32", 1e-4), ("ggml", "f32", 1e-4)],
)
def test_batch_norm_equals_pytorch(target: str, dtype: str, tolerance: float) -> None:
    kind = {"f32": cg.f32, "f64": cg.f64}[dtype][4, 3, 2, 2]
    parts = cg.training(
        nn.batch_norm(name="norm"),
        inputs=kind,
        targets=kind,
        loss=product,
        optimizer=optimizers.sgd(0.5),
    )
    net = cg.compile(parts, target=target, name="norm").load()
    x, g = (RECORDED[k].astype(net.parameters["norm.scale"].dtype) for k in "xg")
    got = {"losses": np.array([net.step(a, b) for a, b in zip(x, g, strict=True)])}
    got |= {"predicted": net.predict(x[0])}
    stored = net.parameters | net.state
    got |= {k: stored[f"norm.{k}"] for k in ("scale", "shift", "mean", "variance")}
    for key, value in got.items():
        expected = RECORDED[key]
        atol = tolerance * np.abs(expected).max()
        np.testing.assert_allclose(value, expected, rtol=0, atol=atol, err_msg=key)


def dropping(rate: float = 0.25) -> dict[str, cg.Traced]:
    """A model whose parameter `p.value` (1000,) shows the mask: its gradient is mask / keep."""

    @cg.layer("p", name="p")
    def weights(x: cg.Array) -> cg.Array:
        return x * cg.param((1000,), init=initializers.one, name="value")

    model = weights >> nn.dropout(rate) >> nn.dropout(rate)
    return cg.training(
        model,
        inputs=cg.f32[1, 1000],
        targets=cg.f32[1, 1000],
        loss=product,
        optimizer=optimizers.sgd(1.0),
    )


@pytest.mark.parametrize("target", TARGETS)
def test_dropout(target: str) -> None:
    one = np.ones((1, 1000), np.float32)
    net = cg.compile(dropping(), target=target, name="dropping").load(seed=1)
    assert net.loss(one, one) == 1000
    np.testing.assert_array_equal(net.predict(one), one)
    masks: list[NDArray[Any]] = []
    for step in range(3):
        before = net.parameters["p.value"]
        loss = net.step(one * (1 / before), one)  # every weighed input is 1
        gradient = (before - net.parameters["p.value"]) * before
        masks.append(gradient > 0.5)
        np.testing.assert_allclose(gradient[masks[-1]], 1 / 0.75**2, rtol=1e-4)
        np.testing.assert_allclose(gradient[~masks[-1]], 0, atol=1e-6)
        assert loss == pytest.approx(masks[-1].sum() / 0.75**2, rel=1e-4)
        assert 0.5 < masks[-1].mean() < 0.62  # two layers drop on their own: 0.75^2 = 0.5625
        assert int(net.state["random.step"]) == step + 1
    assert (masks[0] != masks[1]).any()
    assert (masks[1] != masks[2]).any()


def test_dropout_is_alike_on_both_targets_and_differs_by_seed() -> None:
    one = np.ones((1, 1000), np.float32)
    found = {
        (target, seed): program.load(seed=seed).step(one, one)
        for target in TARGETS
        for program in [cg.compile(dropping(), target=target, name="dropping")]
        for seed in (1, 2)
    }
    # One element more or less would change the sum by 1.8.
    assert found["numpy", 1] == pytest.approx(found["ggml", 1], abs=0.01)
    assert found["numpy", 2] == pytest.approx(found["ggml", 2], abs=0.01)
    assert abs(found["numpy", 1] - found["numpy", 2]) > 1


def test_dropout_takes_a_rate() -> None:
    with pytest.raises(cg.TraceError, match=r"nn.dropout takes a rate in \[0, 1\), got 1"):
        nn.dropout(1)


@cg.layer("counter", name="counter")
def counter(x: cg.Array) -> cg.Array:
    """x times the number of calls so far, a state; and a parameter to train."""
    count = cg.state((), init=initializers.zero, name="calls")
    weight = cg.param((), init=initializers.one, name="weight")
    if cg.is_training():
        cg.update(count, count + 1)
        count = cg.state((), init=initializers.zero, name="calls")
    return x * count * weight


def counting(model: cg.Arrow) -> Any:
    """A trainer of a model on (2, 1) inputs."""
    kind = cg.f32[2, 1]
    parts = cg.training(
        model, inputs=kind, targets=kind, loss=product, optimizer=optimizers.sgd(0.0)
    )
    return cg.compile(parts, name="counting").load()


def test_later_calls_see_the_update() -> None:
    one = np.ones((2, 1), np.float32)
    net = counting(counter >> counter)
    assert [net.step(one, one) for _ in range(3)] == [2 * 1 * 2, 2 * 3 * 4, 2 * 5 * 6]
    assert net.state["counter.calls"] == 6
    np.testing.assert_array_equal(net.predict(one), one * 36)
    assert net.state["counter.calls"] == 6


@cg.arrow
def fork(x: cg.Array) -> tuple[cg.Array, cg.Array]:
    return x, x


@cg.arrow
def counted(x: cg.Array) -> cg.Array:
    return counter(x) + 0


@cg.arrow
def summed(a: cg.Array, b: cg.Array) -> cg.Array:
    return a + 10 * b


def test_update_through_arrows_and_side_by_side() -> None:
    one = np.ones((2, 1), np.float32)
    net = counting(fork >> (counted @ counted) >> summed)
    assert net.step(one, one) == 2 * (1 + 20)  # the left first
    assert net.state["counter.calls"] == 2


def no_state(x: cg.Array) -> cg.Array:
    cg.update(x, x)
    return x


def no_training(x: cg.Array) -> cg.Array:
    cg.update(cg.state((2,), init=initializers.zero, name="s"), x)
    return x


WRONG: dict[Callable[[cg.Array], cg.Array], str] = {
    no_state: "update: Array(f32[2]) is no state; accepts what cg.state returned",
    no_training: "update of 's' with training off, where states are only read; ask cg.is_training",
}


@pytest.mark.parametrize("function", WRONG)
def test_wrong_updates(function: Callable[[cg.Array], cg.Array]) -> None:
    with pytest.raises(cg.TraceError) as caught:
        cg.compile({"f": cg.arrow(function).on(cg.f32[2])})
    assert WRONG[function] in str(caught.value)


def test_wrong_type_of_an_update() -> None:
    @cg.layer("bad", name="bad")
    def bad(x: cg.Array) -> cg.Array:
        s = cg.state((2,), init=initializers.zero, name="s")
        if cg.is_training():
            cg.update(s, x)
        return x * cg.param((), init=initializers.one, name="w")

    with pytest.raises(cg.TraceError) as caught:
        counting(bad)
    assert "update of 'bad.s': got Array(f32[2, 1]), expected Array(f32[2])" in str(caught.value)


@pytest.mark.parametrize("target", TARGETS)
def test_resume_is_exact(target: str, tmp_path: Path) -> None:
    model = nn.dense(16) >> nn.batch_norm() >> nn.relu >> nn.dropout(0.3) >> nn.dense(3)
    parts = cg.training(
        model,
        inputs=cg.f32[32, 5],
        targets=cg.i32[32],
        loss=losses.cross_entropy,
        optimizer=optimizers.adam(1e-2),
    )
    program = cg.compile(parts, target=target, name="resumed")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 32, 5)).astype(np.float32)
    y = rng.integers(0, 3, (40, 32)).astype(np.int32)
    whole, first, second = program.load(seed=3), program.load(seed=3), program.load(seed=9)
    expected = [whole.step(a, b) for a, b in zip(x, y, strict=True)]
    got = [first.step(a, b) for a, b in zip(x[:20], y[:20], strict=True)]
    first.save(tmp_path / "half")
    second.load(tmp_path / "half")
    got += [second.step(a, b) for a, b in zip(x[20:], y[20:], strict=True)]
    assert got == expected
    for name, value in (whole.parameters | whole.state).items():
        np.testing.assert_array_equal((second.parameters | second.state)[name], value, name)
