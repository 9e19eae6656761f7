"""
Functions on symbolic arrays, named and meant as in the Python array API standard.

https://data-apis.org/array-api/latest
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Unpack, cast

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.utils.exceptions import VerifyException

from catgrad._arguments import (
    Axis,
    Sliding,
    array,
    axes_of,
    binary,
    dtype_name,
    flatten,
    kept,
    scalar_i32,
    unary,
    windows,
)
from catgrad.dialects.tops.base import DTYPES, Tensor, tensor
from catgrad.dialects.tops.value import Array, Scalar, broadcast_arrays
from catgrad.tracing import Dtype, current
from catgrad.tracing import full as _full

f32, f64, i32, i64, i1 = (Dtype(name) for name in ("f32", "f64", "i32", "i64", "i1"))


# -- creation ----------------------------------------------------------------------------------


def full(shape: Sequence[int], value: Scalar, dtype: str | Dtype = "f32") -> Array:
    """All elements `value`."""
    return _full(tuple(shape), value, dtype_name(dtype))


def zeros(shape: Sequence[int], dtype: str | Dtype = "f32") -> Array:
    """All elements 0."""
    return full(shape, 0, dtype)


def ones(shape: Sequence[int], dtype: str | Dtype = "f32") -> Array:
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


# -- elementwise -------------------------------------------------------------------------------


def negative(x: Array) -> Array:
    """-x."""
    return unary("negative", x)


def abs(x: Array) -> Array:
    """|x|."""
    return unary("abs", x)


def sign(x: Array) -> Array:
    """-1, 0 or 1; the derivative is zero."""
    return unary("sign", x)


def exp(x: Array) -> Array:
    """e to the x."""
    return unary("exp", x)


def expm1(x: Array) -> Array:
    """exp(x) - 1."""
    return unary("expm1", x)


def log(x: Array) -> Array:
    """The natural logarithm."""
    return unary("log", x)


def log1p(x: Array) -> Array:
    """log(1 + x)."""
    return unary("log1p", x)


def sqrt(x: Array) -> Array:
    """The square root."""
    return unary("sqrt", x)


def rsqrt(x: Array) -> Array:
    """1 / sqrt(x)."""
    return unary("rsqrt", x)


def square(x: Array) -> Array:
    """x * x."""
    return unary("square", x)


def sin(x: Array) -> Array:
    """The sine."""
    return unary("sin", x)


def cos(x: Array) -> Array:
    """The cosine."""
    return unary("cos", x)


def tanh(x: Array) -> Array:
    """The hyperbolic tangent."""
    return unary("tanh", x)


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return unary("logistic", x)


def logical_not(x: Array) -> Array:
    """not x, of booleans."""
    return unary("logical_not", x)


def add(a: Array | Scalar, b: Array | Scalar) -> Array:
    """a + b."""
    return binary("add", a, b)


def subtract(a: Array | Scalar, b: Array | Scalar) -> Array:
    """a - b."""
    return binary("subtract", a, b)


def multiply(a: Array | Scalar, b: Array | Scalar) -> Array:
    """a * b."""
    return binary("multiply", a, b)


def divide(a: Array | Scalar, b: Array | Scalar) -> Array:
    """a / b, of floats."""
    return binary("divide", a, b)


def pow(a: Array | Scalar, b: Array | Scalar) -> Array:
    """a to the b."""
    return binary("pow", a, b)


def maximum(a: Array | Scalar, b: Array | Scalar) -> Array:
    """The larger; ties share the derivative."""
    return binary("maximum", a, b)


def minimum(a: Array | Scalar, b: Array | Scalar) -> Array:
    """The smaller; ties share the derivative."""
    return binary("minimum", a, b)


def equal(a: Array | Scalar, b: Array | Scalar) -> Array:
    """a == b, a boolean array."""
    return binary("equal", a, b)


def not_equal(a: Array | Scalar, b: Array | Scalar) -> Array:
    """a != b, a boolean array."""
    return binary("not_equal", a, b)


def less(a: Array | Scalar, b: Array | Scalar) -> Array:
    """a < b, a boolean array."""
    return binary("less", a, b)


def less_equal(a: Array | Scalar, b: Array | Scalar) -> Array:
    """a <= b, a boolean array."""
    return binary("less_equal", a, b)


def greater(a: Array | Scalar, b: Array | Scalar) -> Array:
    """a > b, a boolean array."""
    return binary("greater", a, b)


def greater_equal(a: Array | Scalar, b: Array | Scalar) -> Array:
    """a >= b, a boolean array."""
    return binary("greater_equal", a, b)


def logical_and(a: Array | Scalar, b: Array | Scalar) -> Array:
    """a and b, of booleans."""
    return binary("logical_and", a, b)


def logical_or(a: Array | Scalar, b: Array | Scalar) -> Array:
    """a or b, of booleans."""
    return binary("logical_or", a, b)


def logical_xor(a: Array | Scalar, b: Array | Scalar) -> Array:
    """a xor b, of booleans."""
    return binary("logical_xor", a, b)


def where(condition: Array, a: Array | Scalar, b: Array | Scalar) -> Array:
    """a where the condition holds, else b; all broadcast. One of a and b must be an array."""
    known = a if isinstance(a, Array) else b
    if not isinstance(known, Array):
        raise VerifyException(f"where: one of {a!r} and {b!r} must be an array")
    arrays = [v if isinstance(v, Array) else known.full_like(v) for v in (a, b)]
    return Array.where(*broadcast_arrays("where", [condition, *arrays]))


def astype(x: Array, dtype: str | Dtype) -> Array:
    """Convert the element type; float to integer truncates toward zero."""
    return array("astype", x).astype(dtype_name(dtype))


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


def argmax(x: Array, axis: int) -> Array:
    """The index (i32) of the first maximum along `axis`."""
    return x.ops.emit("argmax", x, axis=axes_of("argmax", x, axis)[0])


def matmul(a: Array, b: Array) -> Array:
    """The matrix product, batched over equal leading axes."""
    return array("matmul", a) @ b


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
