"""First values of parameters: functions (seed, shape, dtype) -> array."""

from __future__ import annotations

import math

from catgrad.array_api import full, random_uniform
from catgrad.dialects.tops.value import Array


def zero(seed: Array, shape: tuple[int, ...], dtype: str) -> Array:
    """All zero."""
    return full(shape, 0, dtype)


def glorot_uniform(seed: Array, shape: tuple[int, ...], dtype: str) -> Array:
    """Uniform on +-sqrt(6 / (fan_in + fan_out)) for a matrix (fan_in, fan_out); Glorot and Bengio 2010."""
    limit = math.sqrt(6.0 / (shape[-2] + shape[-1]))
    uniform = random_uniform(shape, seed, full((), 0, "i32"), dtype)
    return (uniform * 2 - 1) * limit
