"""
Functions on symbolic arrays, named and meant as in the Python array API standard.

https://data-apis.org/array-api/latest
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.tops.base import DTYPES, Tensor, tensor
from catgrad.dialects.tops.value import Array, Scalar, broadcast_arrays
from catgrad.tracing import Dtype, current
from catgrad.tracing import full as _full

f32, f64, i32, i64, i1 = (Dtype(name) for name in ("f32", "f64", "i32", "i64", "i1"))
Axis = int | Sequence[int] | None


def _dtype(dtype: str | Dtype) -> str:
    name = str(dtype)
    if name not in DTYPES:
        raise VerifyException(f"dtype {name!r} is not one of {', '.join(DTYPES)}")
    return name


# -- creation ----------------------------------------------------------------------------------


def full(shape: Sequence[int], value: Scalar, dtype: str | Dtype = "f32") -> Array:
    """All elements `value`."""
    return _full(tuple(shape), value, _dtype(dtype))


def zeros(shape: Sequence[int], dtype: str | Dtype = "f32") -> Array:
    """All elements 0."""
    return full(shape, 0, dtype)


def ones(shape: Sequence[int], dtype: str | Dtype = "f32") -> Array:
    """All elements 1."""
    return full(shape, 1, dtype)


def arange(stop: int, dtype: str | Dtype = "i32") -> Array:
    """0, 1, ..., stop - 1."""
    return current("arange").frame.ops.emit("arange", type=tensor((stop,), _dtype(dtype)))


def constant(values: Sequence[Scalar], shape: Sequence[int], dtype: str | Dtype = "f32") -> Array:
    """A tensor of given elements, in row-major order; ValueError if their number is not that of the shape."""
    if len(values) != math.prod(shape):
        raise ValueError(
            f"constant of shape {tuple(shape)} takes {math.prod(shape)} values, got {len(values)}"
        )
    type_ = tensor(shape, _dtype(dtype))
    value = DenseIntOrFPElementsAttr.from_list(type_, list(values))  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownVariableType]
    return current("constant").frame.ops.emit("constant", type=type_, value=value)


# -- elementwise -------------------------------------------------------------------------------


def negative(x: Array) -> Array:
    """-x."""
    return -x


def abs(x: Array) -> Array:
    """|x|."""
    return x.unary("abs")


def sign(x: Array) -> Array:
    """-1, 0 or 1; the derivative is zero."""
    return x.unary("sign")


def exp(x: Array) -> Array:
    """e to the x."""
    return x.unary("exp")


def expm1(x: Array) -> Array:
    """exp(x) - 1."""
    return x.unary("expm1")


def log(x: Array) -> Array:
    """The natural logarithm."""
    return x.unary("log")


def log1p(x: Array) -> Array:
    """log(1 + x)."""
    return x.unary("log1p")


def sqrt(x: Array) -> Array:
    """The square root."""
    return x.unary("sqrt")


def rsqrt(x: Array) -> Array:
    """1 / sqrt(x)."""
    return x.unary("rsqrt")


def square(x: Array) -> Array:
    """x * x."""
    return x.unary("square")


def sin(x: Array) -> Array:
    """The sine."""
    return x.unary("sin")


def cos(x: Array) -> Array:
    """The cosine."""
    return x.unary("cos")


def tanh(x: Array) -> Array:
    """The hyperbolic tangent."""
    return x.unary("tanh")


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return x.unary("logistic")


def logical_not(x: Array) -> Array:
    """not x, of booleans."""
    return x.unary("logical_not")


def add(a: Array, b: Array | Scalar) -> Array:
    """a + b."""
    return a + b


def subtract(a: Array, b: Array | Scalar) -> Array:
    """a - b."""
    return a - b


def multiply(a: Array, b: Array | Scalar) -> Array:
    """a * b."""
    return a * b


def divide(a: Array, b: Array | Scalar) -> Array:
    """a / b, of floats."""
    return a / b


def pow(a: Array, b: Array | Scalar) -> Array:
    """a to the b."""
    return a**b


def maximum(a: Array, b: Array | Scalar) -> Array:
    """The larger; ties share the derivative."""
    return a.binary("maximum", b)


def minimum(a: Array, b: Array | Scalar) -> Array:
    """The smaller; ties share the derivative."""
    return a.binary("minimum", b)


def equal(a: Array, b: Array | Scalar) -> Array:
    """a == b, a boolean array."""
    return a.binary("equal", b)


def not_equal(a: Array, b: Array | Scalar) -> Array:
    """a != b, a boolean array."""
    return a.binary("not_equal", b)


def less(a: Array, b: Array | Scalar) -> Array:
    """a < b, a boolean array."""
    return a < b


def less_equal(a: Array, b: Array | Scalar) -> Array:
    """a <= b, a boolean array."""
    return a <= b


def greater(a: Array, b: Array | Scalar) -> Array:
    """a > b, a boolean array."""
    return a > b


def greater_equal(a: Array, b: Array | Scalar) -> Array:
    """a >= b, a boolean array."""
    return a >= b


def logical_and(a: Array, b: Array | Scalar) -> Array:
    """a and b, of booleans."""
    return a & b


def logical_or(a: Array, b: Array | Scalar) -> Array:
    """a or b, of booleans."""
    return a | b


def logical_xor(a: Array, b: Array | Scalar) -> Array:
    """a xor b, of booleans."""
    return a ^ b


def where(condition: Array, a: Array | Scalar, b: Array | Scalar) -> Array:
    """a where the condition holds, else b; all broadcast. One of a and b must be an array."""
    known = a if isinstance(a, Array) else b
    if not isinstance(known, Array):
        raise VerifyException(f"where: one of {a!r} and {b!r} must be an array")
    arrays = [v if isinstance(v, Array) else known.full_like(v) for v in (a, b)]
    return Array.where(*broadcast_arrays("where", [condition, *arrays]))


def astype(x: Array, dtype: str | Dtype) -> Array:
    """Convert the element type; float to integer truncates toward zero."""
    return x.astype(_dtype(dtype))


# -- movement ----------------------------------------------------------------------------------


def copy(x: Array) -> Array:
    """The same array in storage of its own."""
    return x.ops.emit("copy", x)


def broadcast_to(x: Array, shape: Sequence[int]) -> Array:
    """Broadcast as NumPy does."""
    return x.broadcast_to(shape)


def broadcast(x: Array, axes: Sequence[int], shape: Sequence[int]) -> Array:
    """Insert `axes` (positions in the result) and repeat along them, giving `shape`."""
    return x.broadcast(axes, shape)


def reshape(x: Array, shape: Sequence[int]) -> Array:
    """The same elements in another shape; one size may be -1."""
    sizes = list(shape)
    if sizes.count(-1) == 1:
        rest = math.prod(n for n in sizes if n != -1)
        sizes[sizes.index(-1)] = x.size // rest if rest else 0
    return x.reshape(sizes)


def permute_dims(x: Array, axes: Sequence[int]) -> Array:
    """Axis i of the result is axis `axes[i]`."""
    return x.permute_dims(axes)


def expand_dims(x: Array, axis: int) -> Array:
    """Insert an axis of size 1."""
    axis = axis % (x.ndim + 1)
    return x.reshape([*x.shape[:axis], 1, *x.shape[axis:]])


def concat(arrays: Sequence[Array], axis: int = 0) -> Array:
    """One after the other along `axis`."""
    return arrays[0].ops.emit("concat", *arrays, axis=_axes(arrays[0], axis)[0])


def slice(x: Array, start: Sequence[int], stop: Sequence[int], step: Sequence[int]) -> Array:
    """Elements start, start + step, ... below stop, along each axis; `x[1:6:2]` does the same."""
    return x.slice(start, stop, step)


def pad(
    x: Array, low: Sequence[int], high: Sequence[int], interior: Sequence[int] | None = None
) -> Array:
    """Zeros before, after and between the elements of each axis."""
    inner = tuple(interior) if interior is not None else (0,) * x.ndim
    return x.ops.emit("pad", x, low=tuple(low), high=tuple(high), interior=inner)


def take(x: Array, indices: Array, axis: int = 0) -> Array:
    """The slices of x at `indices` (i32 or i64) along `axis`; every index lies in [0, size)."""
    (axis,) = _axes(x, axis)
    current("take").bound(indices, 0, x.shape[axis])
    return x.ops.emit("take", x, indices, axis=axis)


def scatter_add(x: Array, indices: Array, size: int, axis: int = 0) -> Array:
    """Zeros of `size` along `axis`, with the slices of x added at `indices`: the dagger of `take`."""
    current("scatter_add").bound(indices, 0, size)
    shape = [*x.shape[:axis], size, *x.shape[axis + indices.ndim :]]
    return x.ops.emit("scatter_add", x, indices, type=tensor(shape, x.dtype), axis=axis)


# -- reductions and products -------------------------------------------------------------------


def _axes(x: Array, axis: Axis) -> list[int]:
    given = list(range(x.ndim)) if axis is None else [axis] if isinstance(axis, int) else list(axis)
    if any(not -x.ndim <= a < x.ndim for a in given):
        raise VerifyException(f"axis {axis} of {x!r} must lie in [-{x.ndim}, {x.ndim})")
    return sorted({a % x.ndim for a in given})


def _kept(x: Array, result: Array, axes: Sequence[int], keepdims: bool) -> Array:
    return (
        result.reshape([1 if i in axes else n for i, n in enumerate(x.shape)])
        if keepdims
        else result
    )


def sum(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """The sum over some axes, by default all."""
    axes = _axes(x, axis)
    return _kept(x, x.sum(axes), axes, keepdims)


def mean(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """The mean over some axes, by default all."""
    count = math.prod(x.shape[a] for a in _axes(x, axis))
    return sum(x, axis, keepdims) * (1.0 / count)


def max(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """The maximum over some axes, by default all; ties share the derivative."""
    axes = _axes(x, axis)
    return _kept(x, x.max(axes), axes, keepdims)


def argmax(x: Array, axis: int) -> Array:
    """The index (i32) of the first maximum along `axis`."""
    return x.ops.emit("argmax", x, axis=_axes(x, axis)[0])


def matmul(a: Array, b: Array) -> Array:
    """The matrix product, batched over equal leading axes."""
    return a @ b


# -- random ------------------------------------------------------------------------------------


def random_bits(shape: Sequence[int], seed: Array, step: Array) -> Array:
    """Uniform i32 words: a function of (seed, step), i32 scalars, and of the place in the program."""
    tracer = current("random_bits")
    return seed.ops.emit(
        "random_bits", seed, step, type=tensor(shape, "i32"), site=tracer.next_site()
    )


def random_uniform(
    shape: Sequence[int], seed: Array, step: Array, dtype: str | Dtype = "f32"
) -> Array:
    """Uniform on (0, 1): a function of (seed, step), i32 scalars, and of the place in the program."""
    tracer = current("random_uniform")
    type_: Tensor = tensor(shape, _dtype(dtype))
    return seed.ops.emit("random_uniform", seed, step, type=type_, site=tracer.next_site())
