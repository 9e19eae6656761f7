"""First values of parameters: functions (seed, shape, dtype) -> array."""

from __future__ import annotations

import math

from catgrad.array_api import full, random_uniform
from catgrad.dialects.tops.value import Array
from catgrad.frames import TraceError


def zero(seed: Array, shape: tuple[int, ...], dtype: str) -> Array:
    """All zero."""
    return full(shape, 0, dtype)


def glorot_uniform(seed: Array, shape: tuple[int, ...], dtype: str) -> Array:
    """Uniform on +-sqrt(6 / (m + n)) for a matrix (m, n); Glorot and Bengio 2010."""
    if len(shape) < 2:
        raise TraceError(f"glorot_uniform makes matrices (fan_in, fan_out), got shape {shape}")
    limit = math.sqrt(6.0 / (shape[-2] + shape[-1]))
    uniform = random_uniform(shape, seed, full((), 0, "i32"), dtype)
    return (uniform * 2 - 1) * limit
