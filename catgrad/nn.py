"""Layers and activations, written in the language itself."""

from __future__ import annotations

from catgrad.array_api import logistic, reshape, where, zeros
from catgrad.array_api import maximum as _maximum
from catgrad.array_api import tanh as _tanh
from catgrad.arrows import Layer, arrow, layer, param
from catgrad.dialects.tops.value import Array
from catgrad.frames import Initializer, TraceError
from catgrad.initializers import glorot_uniform, zero


def dense(
    units: int,
    *,
    name: str | None = None,
    weight: Initializer = glorot_uniform,
    bias: Initializer = zero,
) -> Layer:
    """
    x W + b for x of shape (..., n): parameters `weight` (n, units) and `bias` (units,).

    `weight` is Glorot uniform by default (Glorot and Bengio 2010), `bias` zero.
    """
    if type(units) is not int or units < 1:
        raise TraceError(f"nn.dense takes a whole number of units > 0, got {units!r}")

    @layer("dense", name=name)
    def apply(x: Array) -> Array:
        if x.ndim < 2 or x.dtype not in ("f32", "f64"):
            raise TraceError(f"got {x!r}; accepts floats of shape (batch, ..., features)")
        features = x.shape[-1]
        w = param((features, units), init=weight, name="weight", dtype=x.dtype)
        b = param((units,), init=bias, name="bias", dtype=x.dtype)
        rows = reshape(x, (-1, features)) @ w + b
        return reshape(rows, (*x.shape[:-1], units))

    return apply


@arrow
def _relu_reverse(x: Array, g: Array) -> Array:
    return where(x > 0, g, 0)


@arrow(reverse=_relu_reverse)
def relu(x: Array) -> Array:
    """max(x, 0); the derivative at 0 is 0."""
    return _maximum(x, zeros(x.shape, x.dtype))


@arrow
def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return logistic(x)


@arrow
def tanh(x: Array) -> Array:
    """The hyperbolic tangent."""
    return _tanh(x)
