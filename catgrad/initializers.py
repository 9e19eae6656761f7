"""First values of parameters: functions (seed, shape, dtype) -> array."""

from __future__ import annotations

import math

from catgrad.array_api import cos, full, log, random_uniform, sqrt
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
