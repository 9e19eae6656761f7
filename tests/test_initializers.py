"""First values of parameters: their distributions, on both targets, at fixed seeds."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import catgrad as cg
from catgrad import initializers
from catgrad.frames import Initializer

SHAPE = (200, 250)
NORMAL = NormalDist()


def uniform(limit: float) -> Callable[[float], float]:
    """The distribution function of uniform numbers on +-limit."""
    return lambda x: min(1.0, max(0.0, (x / limit + 1) / 2))


def cut(x: float) -> float:
    """The distribution function of the normal distribution cut off at +-2."""
    low, high = NORMAL.cdf(-2), NORMAL.cdf(2)
    return (NORMAL.cdf(min(2.0, max(-2.0, x))) - low) / (high - low)


CASES: dict[str, tuple[Initializer, Callable[[float], float]]] = {
    "uniform": (initializers.uniform(0.5), uniform(0.5)),
    "normal": (initializers.normal(2.0), lambda x: NORMAL.cdf(x / 2)),
    "truncated_normal": (initializers.truncated_normal(0.5), lambda x: cut(x / 0.5)),
    "glorot_uniform": (initializers.glorot_uniform, uniform(math.sqrt(6 / 450))),
    "he_normal": (initializers.he_normal, lambda x: NORMAL.cdf(x / 0.1)),
    "he_uniform": (initializers.he_uniform, uniform(math.sqrt(6 / 200))),
}


def drawing(init: Initializer, dtype: str = "f32") -> cg.Traced:
    """The function of a seed that draws the first values."""

    def draw(seed: cg.Array) -> cg.Array:
        return init(seed, SHAPE, dtype)

    return cg.arrow(draw).on(cg.i32[()])


@pytest.fixture(scope="module", params=["numpy", "ggml"])
def net(request: pytest.FixtureRequest) -> Any:
    parts = {name: drawing(init) for name, (init, _) in CASES.items()}
    fixed = {"zero": drawing(initializers.zero), "one": drawing(initializers.one)}
    return cg.compile(parts | fixed, target=request.param, name="drawn").load()


@pytest.mark.parametrize("name", CASES)
def test_distribution(net: Any, name: str) -> None:
    """Kolmogorov and Smirnov: less than 2 / sqrt(n) apart (by chance once in 1500 draws)."""
    drawn: NDArray[Any] = np.sort(net[name](1).ravel().astype(float))
    expected = np.array([CASES[name][1](x) for x in drawn])
    distance = np.abs(expected - (np.arange(drawn.size) + 0.5) / drawn.size).max()
    assert distance < 2 / math.sqrt(drawn.size)
    assert not np.array_equal(net[name](1), net[name](2))


def test_constants(net: Any) -> None:
    np.testing.assert_array_equal(net.zero(1), np.zeros(SHAPE))
    np.testing.assert_array_equal(net.one(1), np.ones(SHAPE))


def test_truncated_normal_is_the_quantile_function() -> None:
    """Against Python's, at the same uniform numbers."""
    parts = {
        "normal": drawing(initializers.truncated_normal(3.0), "f64"),
        "uniform": drawing(initializers.uniform(1.0), "f64"),
    }
    net = cg.compile(parts, name="quantiles").load()
    drawn, u = net.normal(5).ravel()[:5000], net.uniform(5).ravel()[:5000]
    half = NORMAL.cdf(2) - 0.5
    expected = [3 * NORMAL.inv_cdf(0.5 + half * x) for x in u]
    np.testing.assert_allclose(drawn, expected, rtol=2e-7, atol=1e-9)
    assert np.abs(net.normal(5)).max() <= 6 * (1 + 1e-7)
