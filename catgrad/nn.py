"""Layers, written in the language itself; activations come along."""

from __future__ import annotations

import math
from functools import cache

from catgrad._arguments import check_count, check_eps, check_floats
from catgrad.activations import (
    elu,
    gelu,
    gelu_erf,
    leaky_relu,
    log_softmax,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from catgrad.array_api import (
    arange,
    concat,
    cos,
    exp,
    expand_dims,
    greater_equal,
    mean,
    permute_dims,
    random_uniform,
    reshape,
    rsqrt,
    sin,
    square,
    take,
    where,
)
from catgrad.arrows import Arrow, FunctionArrow, Layer, arrow, layer
from catgrad.convolution import avg_pool2d, conv2d, global_avg_pool, max_pool2d
from catgrad.dialects.tops.value import Array
from catgrad.frames import Dtype, Initializer, TraceError
from catgrad.initializers import glorot_uniform, normal, one, zero
from catgrad.recurrent import gru, lstm, rnn
from catgrad.storage import is_training, param, parameter_of, random_key, state, update

__all__ = [
    "avg_pool2d",
    "batch_norm",
    "conv2d",
    "dense",
    "dropout",
    "elu",
    "embedding",
    "flatten",
    "gelu",
    "gelu_erf",
    "global_avg_pool",
    "group_norm",
    "gru",
    "layer_norm",
    "leaky_relu",
    "log_softmax",
    "lstm",
    "max_pool2d",
    "multi_head_attention",
    "relu",
    "residual",
    "rms_norm",
    "rnn",
    "rotary_embedding",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
    "tied",
    "transformer_block",
]


def dense(
    units: int,
    *,
    name: str | None = None,
    weight: Initializer = glorot_uniform,
    bias: Initializer | None = zero,
) -> Layer:
    """
    x W + b for x of shape (..., n): parameters `weight` (n, units) and `bias` (units,).

    `weight` is Glorot uniform by default (Glorot and Bengio 2010), `bias` zero; None for no bias.
    """
    check_count("nn.dense", units, "units")

    @layer("dense", name=name)
    def apply(x: Array) -> Array:
        check_floats(x, 2, "(batch, ..., features)")
        features = x.shape[-1]
        w = param((features, units), init=weight, name="weight", dtype=x.dtype)
        rows = reshape(x, (-1, features)) @ w
        if bias is not None:
            rows = rows + param((units,), init=bias, name="bias", dtype=x.dtype)
        return reshape(rows, (*x.shape[:-1], units))

    return apply


def embedding(
    count: int,
    features: int,
    *,
    name: str | None = None,
    weight: Initializer | None = None,
    dtype: str | Dtype = "f32",
) -> Layer:
    """
    Rows of a table, for indices of any shape (i32 or i64) in [0, count).

    The parameter `weight` (count, features) of floats `dtype` is standard normal by default.
    """
    check_count("nn.embedding", count, "rows")
    check_count("nn.embedding", features, "features")

    @layer("embedding", name=name)
    def apply(indices: Array) -> Array:
        table = param((count, features), init=weight or normal(), name="weight", dtype=dtype)
        return take(table, indices, axis=0)

    return apply


def tied(to: Layer) -> Arrow:
    """
    x W^T with the matrix of another layer: its parameter `weight` (m, n), (..., n) -> (..., m).

    After an `embedding`, the output projection of a language model (Press and Wolf 2017). The
    parameter exists once, and its gradient is the sum over both uses. `to` must come first.
    """

    def apply(x: Array) -> Array:
        check_floats(x, 1, "(..., features)")
        weight = parameter_of(to, "weight")
        if weight.ndim != 2 or weight.shape[1] != x.shape[-1]:
            raise TraceError(f"got {x!r}; the matrix it is tied to is {weight!r}")
        rows = reshape(x, (-1, x.shape[-1])).matmul(weight, transpose_b=True)
        return reshape(rows, (*x.shape[:-1], weight.shape[0]))

    return FunctionArrow(apply, 1, "tied", ("x",))


@arrow
def flatten(x: Array) -> Array:
    """(batch, ...) -> (batch, features)."""
    if not x.ndim:
        raise TraceError(f"got {x!r}; accepts arrays of shape (batch, ...)")
    return reshape(x, (x.shape[0], math.prod(x.shape[1:])))


def residual(inner: Arrow) -> Arrow:
    """x + inner(x)."""

    def apply(x: Array) -> Array:
        return x + inner(x)

    return Arrow(apply, 1, f"residual({inner.name})", ("x",))


@cache
def _standardise(eps: float, *axes: int) -> Arrow:
    """Zero mean and unit variance over `axes`; one arrow, so that its derivative is shared."""

    def parts(x: Array) -> tuple[Array, Array]:
        centred = x - mean(x, axes, keepdims=True)
        scale = rsqrt(mean(square(centred), axes, keepdims=True) + eps)
        return centred * scale, scale

    @arrow
    def back(x: Array, g: Array) -> Array:
        y, scale = parts(x)
        along = y * mean(g * y, axes, keepdims=True)
        return (g - mean(g, axes, keepdims=True) - along) * scale

    @arrow(reverse=back)
    def standardise(x: Array) -> Array:
        return parts(x)[0]

    return standardise


def layer_norm(*, eps: float = 1e-5, name: str | None = None) -> Layer:
    """
    Zero mean, unit variance over the last axis, then `scale` and `shift` (Ba, Kiros, Hinton 2016).
    """
    check_eps("nn.layer_norm", eps)

    @layer("layer_norm", name=name)
    def apply(x: Array) -> Array:
        check_floats(x, 2, "(batch, ..., features)")
        scale = param(x.shape[-1:], init=one, name="scale", dtype=x.dtype)
        shift = param(x.shape[-1:], init=zero, name="shift", dtype=x.dtype)
        return _standardise(eps, x.ndim - 1)(x) * scale + shift

    return apply


def rms_norm(*, eps: float = 1e-6, name: str | None = None) -> Layer:
    """x / sqrt(mean(x^2) + eps) over the last axis, times `scale` (Zhang, Sennrich 2019)."""
    check_eps("nn.rms_norm", eps)

    @layer("rms_norm", name=name)
    def apply(x: Array) -> Array:
        check_floats(x, 2, "(batch, ..., features)")
        scale = param(x.shape[-1:], init=one, name="scale", dtype=x.dtype)
        return x * rsqrt(mean(square(x), -1, keepdims=True) + eps) * scale

    return apply


def group_norm(groups: int, *, eps: float = 1e-5, name: str | None = None) -> Layer:
    """
    Zero mean, unit variance over each group of channels of (batch, channels, ...).

    Then `scale` and `shift` per channel (Wu, He 2018).
    """
    check_count("nn.group_norm", groups, "groups")
    check_eps("nn.group_norm", eps)

    @layer("group_norm", name=name)
    def apply(x: Array) -> Array:
        check_floats(x, 2, "(batch, channels, ...)")
        batch, channels = x.shape[:2]
        if channels % groups:
            raise TraceError(f"got {x!r}; accepts channels that are a multiple of {groups} groups")
        rows = reshape(x, (batch, groups, x.size // (batch * groups)))
        normal_ = reshape(_standardise(eps, 2)(rows), x.shape)
        per_channel = (channels, *(1 for _ in x.shape[2:]))
        scale = param((channels,), init=one, name="scale", dtype=x.dtype)
        shift = param((channels,), init=zero, name="shift", dtype=x.dtype)
        return normal_ * reshape(scale, per_channel) + reshape(shift, per_channel)

    return apply


def batch_norm(*, momentum: float = 0.1, eps: float = 1e-5, name: str | None = None) -> Layer:
    """
    Zero mean, unit variance of each channel over the batch (Ioffe, Szegedy 2015).

    On (batch, channels, ...), then `scale` and `shift` per channel. A training step uses the
    batch's statistics and moves the states `mean` and `variance` (unbiased) towards them by
    `momentum`; everything else uses the states.
    """
    check_eps("nn.batch_norm", eps)

    @layer("batch_norm", name=name)
    def apply(x: Array) -> Array:
        check_floats(x, 2, "(batch, channels, ...)")
        axes = [i for i in range(x.ndim) if i != 1]
        channels, count = x.shape[1], x.size // x.shape[1]
        per_channel = (channels, *(1 for _ in x.shape[2:]))
        scale = param((channels,), init=one, name="scale", dtype=x.dtype)
        shift = param((channels,), init=zero, name="shift", dtype=x.dtype)
        running = state((channels,), init=zero, name="mean", dtype=x.dtype)
        spread = state((channels,), init=one, name="variance", dtype=x.dtype)
        if not is_training():
            centred = x - reshape(running, per_channel)
            factor = reshape(rsqrt(spread + eps) * scale, per_channel)
            return centred * factor + reshape(shift, per_channel)
        if count < 2:
            raise TraceError(f"got {x!r}; accepts more than one value per channel in training")
        average = mean(x, axes)
        variance = mean(square(x - reshape(average, per_channel)), axes)
        update(running, running * (1 - momentum) + average * momentum)
        unbiased = variance * (count / (count - 1))
        update(spread, spread * (1 - momentum) + unbiased * momentum)
        normal_ = _standardise(eps, *axes)(x)
        return normal_ * reshape(scale, per_channel) + reshape(shift, per_channel)

    return apply


def dropout(rate: float, *, name: str | None = None) -> Layer:
    """
    In a training step, zero a share `rate` of x and scale the rest by 1 / (1 - rate).

    Otherwise x (Srivastava et al. 2014). The choice is a function of the seed, the step and the
    place in the program, alike on every target.
    """
    if not 0 <= rate < 1:
        raise TraceError(f"nn.dropout takes a rate in [0, 1), got {rate!r}")

    @layer("dropout", name=name)
    def apply(x: Array) -> Array:
        if not is_training() or rate == 0:
            return x
        seed, step = random_key()
        kept = random_uniform(x.shape, seed, step) > rate
        return where(kept, x * (1 / (1 - rate)), 0.0)

    return apply


@arrow
def rotary_embedding(x: Array) -> Array:
    """
    Rotate the pairs (x[i], x[i + d/2]) of (..., time, d) by time * 10000^(-2i/d) (Su et al. 2021).
    """
    check_floats(x, 2, "(..., time, features)")
    time, features = x.shape[-2:]
    if features % 2:
        raise TraceError(f"got {x!r}; accepts an even number of features")
    half = features // 2
    rates = exp(arange(half, x.dtype) * (-math.log(10000.0) / half))
    angles = expand_dims(arange(time, x.dtype), 1) * rates
    a, b = x[..., :half], x[..., half:]
    return concat([a * cos(angles) - b * sin(angles), b * cos(angles) + a * sin(angles)], axis=-1)


def multi_head_attention(
    heads: int, *, causal: bool = False, rotary: bool = False, name: str | None = None
) -> Layer:
    """
    Self-attention on (batch, time, features) (Vaswani et al. 2017): layers `qkv` and `proj`.

    `causal`: position t sees positions <= t. `rotary`: queries and keys carry their position.
    """
    check_count("nn.multi_head_attention", heads, "heads")

    @layer("attention", name=name)
    def apply(x: Array) -> Array:
        check_floats(x, 3, "(batch, time, features)")
        batch, time, features = x.shape
        if features % heads:
            raise TraceError(f"got {x!r}; accepts features that are a multiple of {heads} heads")
        size = features // heads
        qkv = reshape(dense(3 * features, name="qkv")(x), (batch, time, 3, heads, size))
        parts = permute_dims(qkv, (2, 0, 3, 1, 4))
        q, k, v = (parts[i] for i in range(3))
        if rotary:
            q, k = rotary_embedding(q), rotary_embedding(k)
        scores = q.matmul(k, transpose_b=True) * (1 / math.sqrt(size))
        if causal:
            row, column = expand_dims(arange(time), 1), expand_dims(arange(time), 0)
            scores = where(greater_equal(row, column), scores, float("-inf"))
        merged = reshape(permute_dims(softmax(scores) @ v, (0, 2, 1, 3)), x.shape)
        return dense(features, name="proj")(merged)

    return apply


def transformer_block(
    heads: int,
    *,
    causal: bool = False,
    rotary: bool = False,
    activation: Arrow = gelu,
    name: str | None = None,
) -> Layer:
    """
    x + attention(norm(x)), then x + mlp(norm(x)) with four times the features (pre-norm).

    Layers `ln1`, `attn`, `ln2`, `fc` and `proj`.
    """

    @layer("block", name=name)
    def apply(x: Array) -> Array:
        check_floats(x, 3, "(batch, time, features)")
        attention = multi_head_attention(heads, causal=causal, rotary=rotary, name="attn")
        x = x + attention(layer_norm(name="ln1")(x))
        hidden = activation(dense(4 * x.shape[-1], name="fc")(layer_norm(name="ln2")(x)))
        return x + dense(x.shape[-1], name="proj")(hidden)

    return apply
