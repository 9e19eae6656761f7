"""Polynomials over Z and Z/2^32 and their derivatives, exact in the artefacts of both targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import catgrad as cg

X = [-70000, -3, -1, 0, 1, 2, 5, 65536, 2**31 - 1]


@cg.arrow
def polynomial(x: cg.Array, y: cg.Array) -> cg.Array:
    """x^5 - 2 x^3 y + 3 x y^2 - 7."""
    return x**5 - 2 * (x**3 * y) + 3 * x * cg.square(y) - 7


def value(x: int, y: int) -> list[int]:
    return [x**5 - 2 * x**3 * y + 3 * x * y * y - 7]


def slopes(x: int, y: int, g: int) -> list[int]:
    return [g * (5 * x**4 - 6 * x * x * y + 3 * y * y), g * (6 * x * y - 2 * x**3)]


def second(x: int, y: int, g: int, h: int, k: int) -> list[int]:
    """R[R[f]]((x, y, g), (h, k))."""
    xx, xy, yy = 20 * x**3 - 12 * x * y, 6 * y - 6 * x * x, 6 * x
    dx, dy = slopes(x, y, 1)
    return [g * (h * xx + k * xy), g * (h * xy + k * yy), h * dx + k * dy]


slope = cg.arrow(cg.reverse(polynomial), inputs=3)
PARTS: dict[str, tuple[cg.Arrow, int, Callable[..., list[int]]]] = {
    "f": (polynomial, 2, value),
    "d": (slope, 3, slopes),
    "dd": (cg.reverse(slope), 5, second),
}
"""Arrows, how many inputs they have, and what they are over the integers."""


@pytest.mark.parametrize("target, dtype", [("numpy", "i64"), ("numpy", "i32"), ("ggml", "i32")])
def test_polynomials_are_differentiated_exactly(target: str, dtype: str) -> None:
    """Over Z in i64, where nothing overflows at small x; over Z/2^32 in i32, where much does."""
    type_, numpy_type = (cg.i64, np.int64) if dtype == "i64" else (cg.i32, np.int32)
    x = [n for n in X if abs(n) < 100] if dtype == "i64" else X
    parts = {n: f.on(*[type_[len(x)]] * count) for n, (f, count, _) in PARTS.items()}
    net = cg.compile(parts, target=target, name="polynomial").load()
    given = [x, x[::-1], [n + 2 for n in range(len(x))], x[2:] + x[:2], x[1:] + x[:1]]
    for name, (_, count, exact) in PARTS.items():
        found: Any = net[name](*(np.array(a, numpy_type) for a in given[:count]))
        rows = [exact(*row) for row in zip(*given[:count], strict=True)]
        if dtype == "i32":
            rows = [[(n + 2**31) % 2**32 - 2**31 for n in row] for row in rows]
        columns: Any = [found] if count == 2 else found
        assert np.stack(columns, -1).tolist() == rows, name
