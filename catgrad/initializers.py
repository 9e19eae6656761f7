"""First values of parameters: functions (seed, shape, dtype) -> array."""

from __future__ import annotations

import math
from functools import reduce

from catgrad.array_api import abs, cos, full, log, random_uniform, sign, sqrt, square, where
from catgrad.dialects.tops.value import Array
from catgrad.frames import Initializer, TraceError


def zero(seed: Array, shape: tuple[int, ...], dtype: str) -> Array:
    """All zero."""
    return full(shape, 0, dtype)


def one(seed: Array, shape: tuple[int, ...], dtype: str) -> Array:
    """All one."""
    return full(shape, 1, dtype)


def _uniform(seed: Array, shape: tuple[int, ...], dtype: str) -> Array:
    """Uniform on (0, 1)."""
    return random_uniform(shape, seed, full((), 0, "i32"), dtype)


def _between(seed: Array, shape: tuple[int, ...], dtype: str, limit: float) -> Array:
    return (_uniform(seed, shape, dtype) * 2 - 1) * limit


def uniform(limit: float = 1.0) -> Initializer:
    """Uniform on (-limit, limit)."""
    return lambda seed, shape, dtype: _between(seed, shape, dtype, limit)


def normal(deviation: float = 1.0) -> Initializer:
    """Normal with mean 0 (Box and Muller 1958)."""

    def draw(seed: Array, shape: tuple[int, ...], dtype: str) -> Array:
        radius = sqrt(log(_uniform(seed, shape, dtype)) * -2)
        return radius * cos(_uniform(seed, shape, dtype) * (2 * math.pi)) * deviation

    return draw


# The quantile function of the normal distribution, single precision (Wichura, Algorithm AS 241,
# PPND7): a rational function of p - 1/2 in the middle, of sqrt(-log(1 - p)) beyond.
_MIDDLE = (
    (59.109374720, 159.29113202, 50.434271938, 3.3871327179),
    (67.187563600, 78.757757664, 17.895169469, 1.0),
)
_BEYOND = (
    (0.17023821103, 1.3067284816, 2.7568153900, 1.4234372777),
    (0.12021132975, 0.73700164250, 1.0),
)


def _ratio(x: Array, polynomials: tuple[tuple[float, ...], ...]) -> Array:
    """The quotient of two polynomials of x, highest coefficients first."""
    above, below = (reduce(lambda y, c: y * x + c, p, x * 0) for p in polynomials)
    return above / below


def truncated_normal(deviation: float = 1.0) -> Initializer:
    """
    Normal with mean 0, cut off at +-2 `deviation`, by inversion (Wichura 1988, AS 241).

    What is left has a standard deviation of 0.8796 `deviation`.
    """
    inside = math.erf(math.sqrt(2.0))  # the probability of +-2 deviations

    def draw(seed: Array, shape: tuple[int, ...], dtype: str) -> Array:
        centred = _between(seed, shape, dtype, inside / 2)  # p - 1/2
        size = abs(centred)
        middle = size * _ratio(0.180625 - square(size), _MIDDLE)
        beyond = _ratio(sqrt(-log(0.5 - size)) - 1.6, _BEYOND)
        return sign(centred) * where(size <= 0.425, middle, beyond) * deviation

    return draw


def _fans(what: str, shape: tuple[int, ...]) -> tuple[int, int]:
    """How many numbers each output sees, and each input reaches; the first axes are a window."""
    if len(shape) < 2:
        raise TraceError(f"{what} makes matrices (fan_in, fan_out), got shape {shape}")
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def glorot_uniform(seed: Array, shape: tuple[int, ...], dtype: str) -> Array:
    """Uniform on +-sqrt(6 / (m + n)) for a matrix (m, n); Glorot and Bengio 2010."""
    fan_in, fan_out = _fans("glorot_uniform", shape)
    return _between(seed, shape, dtype, math.sqrt(6.0 / (fan_in + fan_out)))


def he_normal(seed: Array, shape: tuple[int, ...], dtype: str) -> Array:
    """Normal with deviation sqrt(2 / m) for a matrix (m, n); He, Zhang, Ren, Sun 2015."""
    return normal(math.sqrt(2.0 / _fans("he_normal", shape)[0]))(seed, shape, dtype)


def he_uniform(seed: Array, shape: tuple[int, ...], dtype: str) -> Array:
    """Uniform on +-sqrt(6 / m) for a matrix (m, n); He, Zhang, Ren, Sun 2015."""
    return _between(seed, shape, dtype, math.sqrt(6.0 / _fans("he_uniform", shape)[0]))
