"""
Convolution and pooling of (batch, channels, height, width), re-exported by `nn`.

A kernel, stride or dilation is one number for both axes, or a pair (height, width).
"""

from __future__ import annotations

import builtins
import math
from typing import Literal, TypeAlias, cast

from catgrad._arguments import check_count, check_floats
from catgrad.array_api import full, max, mean, patches, permute_dims, reshape, sum, where
from catgrad.arrows import Arrow, Layer, arrow, layer
from catgrad.dialects.tops.value import Array
from catgrad.frames import Initializer, TraceError
from catgrad.initializers import he_uniform, zero
from catgrad.storage import param

Pair: TypeAlias = tuple[int, int]
Size: TypeAlias = "int | Pair"
Padding: TypeAlias = "Literal['valid', 'same'] | int | Pair"

SHAPE = "(batch, channels, height, width)"


def _pair(what: str, value: object, least: int = 1) -> Pair:
    """One number for both axes, or two."""
    pair = (value, value) if type(value) is int else value
    if isinstance(pair, tuple | list):
        numbers = list(cast("list[object]", pair))
        if len(numbers) == 2 and all(type(n) is int and n >= least for n in numbers):
            return cast(Pair, tuple(numbers))
    raise TraceError(f"{what} takes a whole number >= {least} or a pair of them, got {value!r}")


def _images(x: Array) -> None:
    check_floats(x, 4, SHAPE)
    if x.ndim != 4:
        raise TraceError(f"got {x!r}; accepts floats of shape {SHAPE}")


def _padding(padding: Padding) -> Pair | None:
    """Zeros on both sides of each axis; None for as many as "same" needs."""
    if isinstance(padding, str) and padding not in ("valid", "same"):
        raise TraceError(
            f"nn.conv2d: padding takes 'valid', 'same', a whole number >= 0 or a pair of them, "
            f"got {padding!r}"
        )
    if padding == "same":
        return None
    return _pair("nn.conv2d: padding", 0 if padding == "valid" else padding, least=0)


def _sides(
    image: tuple[int, ...], kernel: Pair, stride: Pair, dilation: Pair, zeros: Pair | None
) -> tuple[Pair, Pair]:
    """
    Zeros in front of and behind each axis.

    Where they are not given, as many as ceil(size / stride) windows need; an odd one lies behind.
    """
    if zeros is not None:
        return zeros, zeros
    totals = [
        builtins.max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        for n, k, s, d in zip(image, kernel, stride, dilation, strict=True)
    ]
    low = (totals[0] // 2, totals[1] // 2)
    return low, (totals[0] - low[0], totals[1] - low[1])


def conv2d(
    channels: int,
    kernel: Size,
    *,
    stride: Size = 1,
    padding: Padding = "valid",
    dilation: Size = 1,
    groups: int = 1,
    name: str | None = None,
    weight: Initializer = he_uniform,
    bias: Initializer | None = zero,
) -> Layer:
    """
    Convolution of (batch, inputs, height, width), giving (batch, channels, height', width').

    Parameters `weight` (kernel height, kernel width, inputs / groups, channels) and `bias`
    (channels,), None for no bias. `padding`: zeros on all sides, or "same" for ceil(size / stride)
    windows. An output sees the inputs of its group; `groups` = inputs is a depthwise convolution.
    """
    check_count("nn.conv2d", channels, "channels")
    check_count("nn.conv2d", groups, "groups")
    if channels % groups:
        raise TraceError(f"nn.conv2d: {channels} channels are no multiple of {groups} groups")
    sizes, steps = _pair("nn.conv2d: kernel", kernel), _pair("nn.conv2d: stride", stride)
    apart, zeros = _pair("nn.conv2d: dilation", dilation), _padding(padding)

    @layer("conv2d", name=name)
    def apply(x: Array) -> Array:
        _images(x)
        if (inputs := x.shape[1]) % groups:
            raise TraceError(f"got {x!r}; accepts channels that are a multiple of {groups} groups")
        w = param((*sizes, inputs // groups, channels), init=weight, name="weight", dtype=x.dtype)
        sides = _sides(x.shape[2:], sizes, steps, apart, zeros)
        y = _grouped(_taken(x, sizes, steps, apart, sides, groups), w)
        if bias is not None:
            y = y + param((channels,), init=bias, name="bias", dtype=x.dtype)
        return permute_dims(y, (0, 3, 1, 2))

    return apply


def _taken(
    x: Array, kernel: Pair, stride: Pair, dilation: Pair, sides: tuple[Pair, Pair], groups: int
) -> Array:
    """(b, h, w, groups, kh, kw, c): a window holds all inputs of a group, as the last axis."""
    each = x.shape[1] // groups
    return patches(
        permute_dims(x, (0, 2, 3, 1)),
        (*kernel, each),
        stride=(*stride, each),
        padding_low=(*sides[0], 0),
        padding_high=(*sides[1], 0),
        dilation=(*dilation, 1),
    )


def _grouped(taken: Array, weight: Array) -> Array:
    """(b, h, w, groups, kh, kw, c) with (kh, kw, c, n): (b, h, w, n), one product a group."""
    b, h, w, groups, *window = taken.shape
    n, inner = weight.shape[-1], math.prod(window)
    if groups == 1:
        rows = reshape(taken, (b * h * w, inner))
        return reshape(rows @ reshape(weight, (inner, n)), (b, h, w, n))
    rows = reshape(permute_dims(taken, (3, 0, 1, 2, 4, 5, 6)), (groups, b * h * w, inner))
    columns = permute_dims(reshape(weight, (inner, groups, n // groups)), (1, 0, 2))
    product = reshape(rows @ columns, (groups, b, h, w, n // groups))
    return reshape(permute_dims(product, (1, 2, 3, 0, 4)), (b, h, w, n))


def _pools(what: str, kernel: Size, stride: Size | None, padding: Size) -> tuple[Pair, Pair, Pair]:
    """Kernel, stride and padding; a window that held nothing but padding is an error."""
    sizes = _pair(f"{what}: kernel", kernel)
    steps = sizes if stride is None else _pair(f"{what}: stride", stride)
    zeros = _pair(f"{what}: padding", padding, least=0)
    if any(p > k // 2 for p, k in zip(zeros, sizes, strict=True)):
        raise TraceError(f"{what}: padding {padding} is more than half of the kernel {kernel}")
    return sizes, steps, zeros


def _windows(x: Array, sizes: Pair, steps: Pair, zeros: Pair) -> tuple[Array, tuple[int, int]]:
    """The windows of images, and their two axes; where they do not overlap, a reshape."""
    height, width = x.shape[-2:]
    if sizes != steps or zeros != (0, 0) or sizes[0] > height or sizes[1] > width:
        taken = patches(x, sizes, stride=steps, padding_low=zeros, padding_high=zeros)
        return taken, (taken.ndim - 2, taken.ndim - 1)
    h, w = height // sizes[0], width // sizes[1]
    whole = x[..., : h * sizes[0], : w * sizes[1]]
    split = reshape(whole, (*x.shape[:-2], h, sizes[0], w, sizes[1]))
    return split, (split.ndim - 3, split.ndim - 1)


def max_pool2d(kernel: Size, stride: Size | None = None, padding: Size = 0) -> Arrow:
    """
    The maximum of each window of (batch, channels, height, width); ties share the derivative.

    The stride is by default the kernel. What is padded is below every number.
    """
    sizes, steps, zeros = _pools("nn.max_pool2d", kernel, stride, padding)

    def apply(x: Array) -> Array:
        _images(x)
        taken, axes = _windows(x, sizes, steps, zeros)
        if zeros != (0, 0):
            inside, _ = _windows(full(x.shape[-2:], True, "i1"), sizes, steps, zeros)
            taken = where(inside, taken, float("-inf"))
        return max(taken, axes)

    return Arrow(apply, 1, "max_pool2d", ("x",))


def avg_pool2d(kernel: Size, stride: Size | None = None, padding: Size = 0) -> Arrow:
    """
    The mean of each window of (batch, channels, height, width); padding counts as zeros.

    The stride is by default the kernel.
    """
    sizes, steps, zeros = _pools("nn.avg_pool2d", kernel, stride, padding)

    def apply(x: Array) -> Array:
        _images(x)
        taken, axes = _windows(x, sizes, steps, zeros)
        return sum(taken, axes) * (1.0 / (sizes[0] * sizes[1]))

    return Arrow(apply, 1, "avg_pool2d", ("x",))


@arrow
def global_avg_pool(x: Array) -> Array:
    """The mean of each channel: (batch, channels, height, width) -> (batch, channels)."""
    _images(x)
    return mean(x, (2, 3))
