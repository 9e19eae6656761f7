"""What the functions on symbolic arrays accept, and the messages where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, TypeAlias, TypedDict

from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.tops.base import DTYPES, FLOAT
from catgrad.dialects.tops.value import Array, Scalar
from catgrad.frames import Dtype, TraceError
from catgrad.tracing import full

Axis: TypeAlias = int | Sequence[int] | None


def dtype_name(dtype: str | Dtype) -> str:
    """The name of an element type."""
    name = str(dtype)
    if name not in DTYPES:
        raise VerifyException(f"dtype {name!r} is not one of {', '.join(DTYPES)}")
    return name


def flatten(values: Any) -> tuple[tuple[int, ...], list[Any]]:
    """The shape of nested sequences, and their elements."""
    if not isinstance(values, list | tuple):
        return (), [values]
    parts = [flatten(v) for v in values]  # pyright: ignore[reportUnknownVariableType]
    shapes = {shape for shape, _ in parts} or {()}
    if len(shapes) > 1:
        raise VerifyException(f"constant: rows of different shapes, {sorted(shapes)}")
    return (len(parts), *shapes.pop()), [v for _, flat in parts for v in flat]


def array(what: str, x: object) -> Array:
    """`x`, if it is a symbolic array."""
    if isinstance(x, Array):
        return x
    raise VerifyException(
        f"{what}: got {type(x).__name__}; accepts symbolic arrays, as functions given to cg.arrow "
        "or cg.compile get them (cg.constant makes one of numbers)"
    )


def unary(what: str, x: Array) -> Array:
    """An elementwise function of one array."""
    return -array(what, x) if what == "negative" else array(what, x).unary(what)


def binary(what: str, a: Array | Scalar, b: Array | Scalar) -> Array:
    """An elementwise function of two arrays, or of an array and a number."""
    if isinstance(b, Array) and not isinstance(a, Array):
        return b.binary(what, a, swap=True)
    return array(what, a).binary(what, b)


def axes_of(what: str, x: Array, axis: Axis) -> list[int]:
    """The axes meant by `axis`, in order; None means all."""
    rank = array(what, x).ndim
    given = list(range(rank)) if axis is None else [axis] if isinstance(axis, int) else list(axis)
    if any(not -rank <= a < rank for a in given):
        raise VerifyException(f"{what}: axis {axis} of {x!r} must lie in [-{rank}, {rank})")
    if len(axes := {a % rank for a in given}) != len(given):
        raise VerifyException(f"{what}: axis {axis} of {x!r} names an axis twice")
    return sorted(axes)


def check_count(what: str, value: object, unit: str) -> None:
    """Raise unless a layer is given a whole number > 0."""
    if type(value) is not int or value < 1:
        raise TraceError(f"{what} takes a whole number of {unit} > 0, got {value!r}")


def check_eps(what: str, value: object) -> None:
    """Raise unless what keeps a normalisation from dividing by zero is a number >= 0."""
    if not (isinstance(value, Real) and float(value) >= 0):
        raise TraceError(f"{what} takes a number eps >= 0, got {value!r}")


def check_floats(x: Array, rank: int, shape: str) -> None:
    """Raise unless `x` holds floats and has at least `rank` axes."""
    if x.ndim < rank or x.dtype not in FLOAT:
        raise TraceError(f"got {x!r}; accepts floats of shape {shape}")


class Sliding(TypedDict, total=False):
    """How windows slide: one number per axis; steps of 1 and no padding by default."""

    stride: Sequence[int]
    padding_low: Sequence[int]
    padding_high: Sequence[int]
    dilation: Sequence[int]


def windows(what: str, kernel: Sequence[int], options: Sliding) -> dict[str, Any]:
    """All properties of sliding windows."""
    ones, zeros = (1,) * len(kernel), (0,) * len(kernel)
    found: dict[str, Any] = {"kernel": kernel, "stride": ones, "dilation": ones}
    found |= {"padding_low": zeros, "padding_high": zeros}
    if unknown := set(options) - set(found):
        raise VerifyException(f"{what}: got {min(unknown)!r}; accepts {', '.join(found)}")
    found |= options
    for name, numbers in found.items():
        if wrong := [n for n in numbers if type(n) is not int]:
            raise VerifyException(f"{what}: {name} takes whole numbers, got {wrong[0]!r}")
    return {name: tuple(numbers) for name, numbers in found.items()}


def kept(x: Array, result: Array, axes: Sequence[int], keepdims: bool) -> Array:
    """The result of a reduction, with the axes it took away as axes of size 1 on request."""
    return (
        result.reshape([1 if i in axes else n for i, n in enumerate(x.shape)])
        if keepdims
        else result
    )


def scalar_i32(what: str, value: Array | int) -> Array:
    """A whole number as an i32 scalar; a symbolic array as it is."""
    return full((), value, "i32") if isinstance(value, int) else array(what, value)
