"""
Functions of symbolic arrays element by element; `array_api` has them with all others.

Binary functions broadcast as NumPy does.
"""

from __future__ import annotations

from xdsl.utils.exceptions import VerifyException

from catgrad._arguments import array, binary, dtype_name, unary
from catgrad.dialects.tops.base import INTEGER
from catgrad.dialects.tops.value import Array, Scalar, broadcast_arrays
from catgrad.frames import Dtype


def negative(x: Array) -> Array:
    """-x."""
    return unary("negative", x)


def abs(x: Array) -> Array:
    """|x|."""
    return unary("abs", x)


def sign(x: Array) -> Array:
    """-1, 0 or 1; the derivative is zero."""
    return unary("sign", x)


def floor(x: Array) -> Array:
    """The largest whole number <= x; the derivative is zero. Integers stay as they are."""
    return _to_whole("floor", x)


def ceil(x: Array) -> Array:
    """The smallest whole number >= x; the derivative is zero. Integers stay as they are."""
    return _to_whole("ceil", x)


def round(x: Array) -> Array:
    """The nearest whole number, of two the even one; the derivative is zero."""
    return _to_whole("round", x)


def _to_whole(what: str, x: Array) -> Array:
    return x if array(what, x).dtype in INTEGER else unary(what, x)


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


def erf(x: Array) -> Array:
    """The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
    return unary("erf", x)


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


def clip(x: Array, min: Array | Scalar | None = None, max: Array | Scalar | None = None) -> Array:
    """The nearest number in [min, max], each end open if None; at an end the derivative is half."""
    above = x if min is None else maximum(array("clip", x), min)
    return array("clip", above) if max is None else minimum(above, max)


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
