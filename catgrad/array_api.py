"""
Functions on symbolic arrays, named and meant as in the Python array API standard.

https://data-apis.org/array-api/latest
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, Unpack, cast

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.utils.exceptions import VerifyException

from catgrad._arguments import (
    Axis,
    Sliding,
    array,
    axes_of,
    dtype_name,
    flatten,
    kept,
    scalar_i32,
    windows,
)
from catgrad.dialects.tops.base import DTYPES, Tensor, tensor
from catgrad.dialects.tops.value import Array, Scalar
from catgrad.elementwise import (
    abs as abs,
    add as add,
    astype as astype,
    ceil as ceil,
    clip as clip,
    cos as cos,
    divide as divide,
    equal as equal,
    erf as erf,
    exp as exp,
    expm1 as expm1,
    floor as floor,
    greater as greater,
    greater_equal as greater_equal,
    less as less,
    less_equal as less_equal,
    log as log,
    log1p as log1p,
    logical_and as logical_and,
    logical_not as logical_not,
    logical_or as logical_or,
    logical_xor as logical_xor,
    logistic as logistic,
    maximum as maximum,
    minimum as minimum,
    multiply as multiply,
    negative as negative,
    not_equal as not_equal,
    pow as pow,
    round as round,
    rsqrt as rsqrt,
    sign as sign,
    sin as sin,
    sqrt as sqrt,
    square as square,
    subtract as subtract,
    tanh as tanh,
    where as where,
)
from catgrad.tracing import current
from catgrad.frames import Dtype
from catgrad.tracing import full as _full

f32, f64, i32, i64, i1 = (Dtype(name) for name in ("f32", "f64", "i32", "i64", "i1"))


# -- creation ----------------------------------------------------------------------------------


def full(shape: int | Sequence[int], value: Scalar, dtype: str | Dtype = "f32") -> Array:
    """All elements `value`."""
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    return _full(sizes, value, dtype_name(dtype))


def zeros(shape: int | Sequence[int], dtype: str | Dtype = "f32") -> Array:
    """All elements 0."""
    return full(shape, 0, dtype)


def ones(shape: int | Sequence[int], dtype: str | Dtype = "f32") -> Array:
    """All elements 1."""
    return full(shape, 1, dtype)


def arange(stop: int, dtype: str | Dtype = "i32") -> Array:
    """0, 1, ..., stop - 1."""
    return current("arange").frame.ops.emit("arange", type=tensor((stop,), dtype_name(dtype)))


def constant(values: Any, shape: Sequence[int] | None = None, dtype: str | Dtype = "f32") -> Array:
    """A tensor of given numbers: one, a nested sequence or a NumPy array, in row-major order."""
    found, flat = flatten(values.tolist() if hasattr(values, "tolist") else values)
    sizes = found if shape is None else tuple(shape)
    if len(flat) != math.prod(sizes):
        raise VerifyException(
            f"constant of shape {sizes} takes {math.prod(sizes)} values, got {len(flat)}"
        )
    type_ = tensor(sizes, dtype_name(dtype))
    whole = type_.element_type not in (DTYPES["f32"], DTYPES["f64"])
    if wrong := [v for v in flat if not isinstance(v, int if whole else int | float)]:
        raise VerifyException(f"constant of dtype {dtype} got {wrong[0]!r}")
    elements: object = DenseIntOrFPElementsAttr.from_list(cast("Any", type_), flat)
    return current("constant").frame.ops.emit("constant", type=type_, value=elements)


# -- movement ----------------------------------------------------------------------------------


def copy(x: Array) -> Array:
    """The same array in storage of its own."""
    return array("copy", x).ops.emit("copy", x)


def broadcast_to(x: Array, shape: Sequence[int]) -> Array:
    """Broadcast as NumPy does."""
    return array("broadcast_to", x).broadcast_to(shape)


def broadcast(x: Array, axes: Sequence[int], shape: Sequence[int]) -> Array:
    """Insert `axes` (positions in the result) and repeat along them, giving `shape`."""
    return array("broadcast", x).broadcast(axes, shape)


def reshape(x: Array, shape: int | Sequence[int]) -> Array:
    """The same elements in another shape; one size may be -1."""
    sizes = [shape] if isinstance(shape, int) else list(shape)
    if sizes.count(-1) == 1:
        rest = math.prod(n for n in sizes if n != -1)
        sizes[sizes.index(-1)] = array("reshape", x).size // rest if rest else 0
    if math.prod(sizes) != array("reshape", x).size or any(n < 0 for n in sizes):
        raise VerifyException(
            f"reshape: {x!r} has {x.size} elements, they do not fill shape {shape}"
        )
    return x.reshape(sizes)


def permute_dims(x: Array, axes: Sequence[int]) -> Array:
    """Axis i of the result is axis `axes[i]`."""
    return array("permute_dims", x).permute_dims(axes)


def expand_dims(x: Array, axis: int) -> Array:
    """Insert an axis of size 1."""
    rank = array("expand_dims", x).ndim + 1
    if not -rank <= axis < rank:
        raise VerifyException(f"expand_dims: axis {axis} of {x!r} must lie in [-{rank}, {rank})")
    axis %= rank
    return x.reshape([*x.shape[:axis], 1, *x.shape[axis:]])


def concat(arrays: Sequence[Array], axis: int = 0) -> Array:
    """One after the other along `axis`."""
    if not arrays:
        raise VerifyException("concat: got no arrays; accepts one or more")
    first = array("concat", arrays[0])
    return first.ops.emit("concat", *arrays, axis=axes_of("concat", first, axis)[0])


def split(x: Array, sizes: int | Sequence[int], axis: int = 0) -> list[Array]:
    """
    The parts of x along `axis`, as `concat` takes them: of `sizes`, or that many of one size.

    Slices, whose derivatives are pads: the dagger of `concat`.
    """
    (axis,) = axes_of("split", x, axis)
    length = x.shape[axis]
    count = sizes if isinstance(sizes, int) else len(sizes)
    if isinstance(sizes, int):
        sizes = [length // count] * count if count > 0 else []
    ends = list(accumulate(sizes, initial=0))
    if ends[-1] != length or any(n < 0 for n in sizes):
        raise VerifyException(
            f"split: axis {axis} of {x!r} does not split into {count} parts of sizes {list(sizes)}"
        )
    start, stop, step = [0] * x.ndim, list(x.shape), [1] * x.ndim
    parts: list[Array] = []
    for start[axis], stop[axis] in pairwise(ends):
        parts.append(x.slice(start, stop, step))
    return parts


def slice(x: Array, start: Sequence[int], stop: Sequence[int], step: Sequence[int]) -> Array:
    """Elements start, start + step, ... below stop, along each axis; `x[1:6:2]` does the same."""
    return array("slice", x).slice(start, stop, step)


def pad(
    x: Array, low: Sequence[int], high: Sequence[int], interior: Sequence[int] | None = None
) -> Array:
    """Zeros before, after and between the elements of each axis."""
    inner = tuple(interior) if interior is not None else (0,) * array("pad", x).ndim
    return x.ops.emit("pad", x, low=tuple(low), high=tuple(high), interior=inner)


def take(x: Array, indices: Array, axis: int = 0) -> Array:
    """The slices of x at `indices` (i32 or i64) along `axis`; every index lies in [0, size)."""
    (axis,) = axes_of("take", x, axis)
    current("take").bound(array("take", indices), 0, x.shape[axis])
    return x.ops.emit("take", x, indices, axis=axis)


def scatter_add(x: Array, indices: Array, size: int, axis: int = 0) -> Array:
    """Zeros of `size` along `axis`, slices of x added at `indices`: the dagger of `take`."""
    (axis,) = axes_of("scatter_add", x, axis)
    current("scatter_add").bound(array("scatter_add", indices), 0, size)
    shape = [*x.shape[:axis], size, *x.shape[axis + indices.ndim :]]
    return x.ops.emit("scatter_add", x, indices, type=tensor(shape, x.dtype), axis=axis)


def patches(x: Array, kernel: Sequence[int], **options: Unpack[Sliding]) -> Array:
    """
    Sliding windows over the last axes: (lead..., sizes...) -> (lead..., counts..., kernel...).

    Options, one number per axis: `stride`, `dilation`, and `padding_low`, `padding_high` (zeros).
    """
    return array("patches", x).ops.emit("patches", x, **windows("patches", kernel, options))


def unpatches(
    x: Array, shape: Sequence[int], kernel: Sequence[int], **options: Unpack[Sliding]
) -> Array:
    """Zeros of `shape`, windows added where `patches` takes them from: the dagger of `patches`."""
    given = windows("unpatches", kernel, options)
    return array("unpatches", x).ops.emit("unpatches", x, type=tensor(shape, x.dtype), **given)


# -- reductions and products -------------------------------------------------------------------


def sum(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """The sum over some axes, by default all."""
    axes = axes_of("sum", x, axis)
    return kept(x, x.sum(axes), axes, keepdims)


def mean(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """The mean over some axes, by default all."""
    count = math.prod(x.shape[a] for a in axes_of("mean", x, axis))
    if count == 0:
        raise VerifyException(f"mean: {x!r} has no elements along axis {axis}")
    return sum(x, axis, keepdims) * (1.0 / count)


def max(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """The maximum over some axes, by default all; ties share the derivative."""
    axes = axes_of("max", x, axis)
    return kept(x, x.max(axes), axes, keepdims)


def min(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """The minimum over some axes, by default all; ties share the derivative."""
    axes = axes_of("min", x, axis)
    return kept(x, x.ops.emit("min", x, axes=tuple(axes)) if axes else x, axes, keepdims)


def prod(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """The product over some axes, by default all; its derivative is right at zeros."""
    axes = axes_of("prod", x, axis)
    return kept(x, x.prod(axes), axes, keepdims)


def cumulative_sum(
    x: Array, axis: int | None = None, *, include_initial: bool = False, reverse: bool = False
) -> Array:
    """
    The sums of the first 1, 2, ... elements along `axis`; with `reverse`, of the last ones.

    Only a vector needs no axis. `include_initial` puts the sum of no elements in front.
    """
    if axis is None and array("cumulative_sum", x).ndim != 1:
        raise VerifyException(f"cumulative_sum: {x!r} has {x.ndim} axes; give one as axis=")
    (axis,) = axes_of("cumulative_sum", x, axis)
    sums = x.cumulative_sum(axis, reverse)
    if not include_initial:
        return sums
    none = full([1 if i == axis else n for i, n in enumerate(x.shape)], 0, x.dtype)
    return concat([sums, none] if reverse else [none, sums], axis)


def argmax(x: Array, axis: int) -> Array:
    """The index (i32) of the first maximum along `axis`."""
    return array("argmax", x).ops.emit("argmax", x, axis=axes_of("argmax", x, axis)[0])


def argmin(x: Array, axis: int) -> Array:
    """The index (i32) of the first minimum along `axis`."""
    return array("argmin", x).ops.emit("argmin", x, axis=axes_of("argmin", x, axis)[0])


def matmul(a: Array, b: Array) -> Array:
    """
    The matrix product of arrays of any rank but 0.

    A vector on the left is a row, on the right a column; leading axes are batches and broadcast.
    """
    return array("matmul", a) @ array("matmul", b)


# -- random ------------------------------------------------------------------------------------


def random_bits(shape: Sequence[int], seed: Array | int, step: Array | int) -> Array:
    """Uniform i32 words: a function of two i32 scalars and of the place in the program."""
    tracer = current("random_bits")
    words = [scalar_i32("random_bits", v) for v in (seed, step)]
    type_ = tensor(shape, "i32")
    return tracer.frame.ops.emit("random_bits", *words, type=type_, site=tracer.next_site())


def random_uniform(
    shape: Sequence[int], seed: Array | int, step: Array | int, dtype: str | Dtype = "f32"
) -> Array:
    """Uniform on (0, 1): a function of two i32 scalars and of the place in the program."""
    tracer = current("random_uniform")
    type_: Tensor = tensor(shape, dtype_name(dtype))
    words = [scalar_i32("random_uniform", v) for v in (seed, step)]
    return tracer.frame.ops.emit("random_uniform", *words, type=type_, site=tracer.next_site())
