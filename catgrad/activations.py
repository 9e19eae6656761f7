"""Activations: arrows without parameters, of any float shape."""

from __future__ import annotations

from catgrad.array_api import (
    abs,
    erf,
    exp,
    expm1,
    log,
    log1p,
    logistic,
    maximum,
    sum,
    where,
    zeros,
)
from catgrad.array_api import max as _max
from catgrad.array_api import tanh as _tanh
from catgrad.arrows import Arrow, arrow
from catgrad.dialects.tops.value import Array


@arrow
def _relu_reverse(x: Array, g: Array) -> Array:
    return where(x > 0, g, 0)


@arrow(reverse=_relu_reverse)
def relu(x: Array) -> Array:
    """max(x, 0); the derivative at 0 is 0."""
    return maximum(x, zeros(x.shape, x.dtype))


@arrow
def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return logistic(x)


@arrow
def tanh(x: Array) -> Array:
    """The hyperbolic tangent."""
    return _tanh(x)


@arrow
def silu(x: Array) -> Array:
    """x * sigmoid(x) (Elfwing, Uchibe, Doya 2017)."""
    return x * logistic(x)


def _gelu_parts(x: Array) -> tuple[Array, Array, Array]:
    """gelu(x), p = 1 + tanh(u), and du/dx, for u = sqrt(2 / pi) (x + 0.044715 x^3)."""
    linear, cubic = 0.7978845608028654, 0.7978845608028654 * 0.044715
    squares = x * x
    p = 1 + _tanh(x * (linear + cubic * squares))
    return 0.5 * x * p, p, linear + 3 * cubic * squares


@arrow
def _gelu_reverse(x: Array, g: Array) -> Array:
    y, p, slope = _gelu_parts(x)
    return g * (0.5 * p + y * (2 - p) * slope)  # p (2 - p) = 1 - tanh(u)^2


@arrow(reverse=_gelu_reverse)
def gelu(x: Array) -> Array:
    """x times the normal distribution function, by its tanh form (Hendrycks, Gimpel 2016)."""
    return _gelu_parts(x)[0]


@arrow
def gelu_erf(x: Array) -> Array:
    """x times the normal distribution function, exactly (Hendrycks, Gimpel 2016)."""
    return 0.5 * x * (1 + erf(0.7071067811865476 * x))


@arrow
def _softplus_reverse(x: Array, g: Array) -> Array:
    return g * logistic(x)


@arrow(reverse=_softplus_reverse)
def softplus(x: Array) -> Array:
    """log(1 + exp(x)), right for x of any size."""
    return maximum(x, zeros(x.shape, x.dtype)) + log1p(exp(-abs(x)))


def leaky_relu(slope: float = 0.01) -> Arrow:
    """x where x > 0, else slope * x."""

    @arrow(name="leaky_relu")
    def apply(x: Array) -> Array:
        return where(x > 0, x, x * slope)

    return apply


def elu(alpha: float = 1.0) -> Arrow:
    """x where x > 0, else alpha * (exp(x) - 1) (Clevert, Unterthiner, Hochreiter 2015)."""

    @arrow(name="elu")
    def apply(x: Array) -> Array:
        return where(x > 0, x, expm1(where(x > 0, 0.0, x)) * alpha)

    return apply


@arrow
def _softmax_reverse(x: Array, g: Array) -> Array:
    s = softmax(x)
    return s * (g - sum(s * g, axis=-1, keepdims=True))


@arrow(reverse=_softmax_reverse)
def softmax(x: Array) -> Array:
    """exp(x) / sum(exp(x)) along the last axis, right for x of any size."""
    e = exp(x - _max(x, axis=-1, keepdims=True))
    return e * (1 / sum(e, axis=-1, keepdims=True))  # a sum in [1, n]: it has a reciprocal


@arrow
def _log_softmax_reverse(x: Array, g: Array) -> Array:
    return g - exp(log_softmax(x)) * sum(g, axis=-1, keepdims=True)


@arrow(reverse=_log_softmax_reverse)
def log_softmax(x: Array) -> Array:
    """log(softmax(x)) along the last axis; right for x of any size."""
    shifted = x - _max(x, axis=-1, keepdims=True)
    return shifted - log(sum(exp(shifted), axis=-1, keepdims=True))
