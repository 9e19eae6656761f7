"""Optimisers: update rules as lenses; see `catgrad.lenses.Optimizer`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from catgrad.array_api import astype, expm1, sqrt
from catgrad.arrows import arrow
from catgrad.dialects.tops.value import Array
from catgrad.initializers import zero
from catgrad.lenses import Optimizer


def sgd(learning_rate: float) -> Optimizer:
    """p - learning_rate * g."""

    @arrow(name="sgd")
    def put(p: Array, g: Array) -> Array:
        return p - g * learning_rate

    return Optimizer("sgd", {}, put)


def momentum(learning_rate: float, decay: float = 0.9) -> Optimizer:
    """v' = decay * v + g;  p - learning_rate * v' (Polyak 1964)."""

    @arrow(name="momentum")
    def put(p: Array, v: Array, g: Array) -> tuple[Array, Array]:
        v = v * decay + g
        return p - v * learning_rate, v

    return Optimizer("momentum", {"velocity": zero}, put)


def _correction(beta: float, steps: Array) -> Array:
    """1 - beta ** steps, without cancellation."""
    return -expm1(steps * math.log(beta)) if beta else steps.full_like(1)


def adam(
    learning_rate: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
) -> Optimizer:
    """Adam (Kingma and Ba, arXiv 1412.6980), with bias correction."""

    def clock(steps: Array) -> Sequence[Array]:
        return learning_rate / _correction(beta1, steps), sqrt(_correction(beta2, steps))

    @arrow(name="adam")
    def put(rate: Array, scale: Array, p: Array, m: Array, v: Array, g: Array) -> tuple[Array, ...]:
        m = m * beta1 + g * (1 - beta1)
        v = v * beta2 + g * g * (1 - beta2)
        rate, scale = astype(rate, p.dtype), astype(scale, p.dtype)
        return p - rate * m / (sqrt(v) / scale + eps), m, v

    return Optimizer("adam", {"mean": zero, "variance": zero}, put, clock)
