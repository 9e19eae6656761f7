"""
The values of a random program, and what is known of each.

A value knows how large it may be, and whether it is a small multiple of a power of two. Such values
are exact in f32 on every target, however sums are ordered; only they are compared, rounded or
searched for a maximum, so that no choice hangs on the last bit of a number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.tops import Array, Ops

BITS = 20
"""An exact value has at most so many binary digits."""
CHOICES = {
    *("sign", "floor", "ceil", "round", "abs", "max", "min", "argmax", "argmin"),
    *("maximum", "minimum", "equal", "not_equal", "less", "less_equal", "greater"),
    "greater_equal",
}


@dataclass(frozen=True)
class Made:
    """A value: at most `bound` in size; a multiple of 2**-scale, or None where it is rounded."""

    array: Array
    bound: float
    scale: int | None

    @property
    def exact(self) -> bool:
        """Whether every target has the same bits here."""
        digits = math.log2(max(self.bound, 1)) + (self.scale or 0)
        return self.array.dtype != "f32" or (self.scale is not None and digits <= BITS)


def joined(array: Array, bound: float, of: Sequence[Made], scale: int | None = None) -> Made:
    """A value made of others; exact with the largest scale of theirs, if they are exact."""
    if not all(m.exact for m in of):
        return Made(array, bound, None)
    return Made(array, bound, max((m.scale or 0 for m in of), default=0) + (scale or 0))


@dataclass
class Pool:
    """The values of a body so far."""

    random: Random
    ops: Ops
    values: list[Made] = field(default_factory=list[Made])

    def pick(self, *dtypes: str, exact: bool = False, rank: int = 0) -> Made:
        """A value so far, mostly a late one; VerifyException if there is none that fits."""
        found = [
            m
            for m in self.values
            if m.array.dtype in (dtypes or ("f32", "i32", "i1"))
            and (m.exact or not exact)
            and m.array.ndim >= rank
        ]
        if not found:
            raise VerifyException("no such value")
        return self.random.choice(found[-4:] if self.random.random() < 0.6 else found)

    def small(self, made: Made, limit: float = 4.0) -> Made:
        """The value, scaled down by a power of two where it may be large."""
        if made.array.dtype != "f32" or made.bound <= limit:
            return made
        digits = math.ceil(math.log2(made.bound / limit))
        return joined(made.array * 0.5**digits, made.bound * 0.5**digits, [made], digits)

    def positive(self, made: Made) -> Made:
        """The value squared, plus a half."""
        x = self.small(made, 2.0)
        return joined(x.array * x.array + 0.5, x.bound**2 + 0.5, [x], (x.scale or 0) + 1)

    def partner(self, x: Made, exact: bool) -> Made:
        """A value that broadcasts against another; now and then that one itself."""
        if self.random.random() < 0.15 and (x.exact or not exact):
            return x
        fits = [m for m in self.values if self._fits(m, x) and (m.exact or not exact)]
        if fits and self.random.random() < 0.9:
            return self.random.choice(fits)
        number = self.random.choice((-1, 0, 1, 2))
        return Made(x.array.full_like(number != 0 if x.array.dtype == "i1" else number), 2.0, 0)

    def _fits(self, m: Made, x: Made) -> bool:
        if m.array.dtype != x.array.dtype:
            return False
        pairs = zip(reversed(m.array.shape), reversed(x.array.shape), strict=False)
        return all(a == b or 1 in (a, b) for a, b in pairs)

    def axes(self, x: Made, most: int = 3) -> tuple[int, ...]:
        """Some axes, often the last one."""
        if self.random.random() < 0.5:
            return (x.array.ndim - 1,)
        count = self.random.randint(1, min(most, x.array.ndim))
        return tuple(sorted(self.random.sample(range(x.array.ndim), count)))

    def spread(self, row: Array, like: Array, axes: Sequence[int]) -> Array:
        """A reduced value, as large as it was."""
        return row.broadcast(axes, like.shape)

    def shape_of(self, size: int) -> tuple[int, ...]:
        """A shape with that many elements."""
        first = self.random.choice([n for n in range(1, size + 1) if size % n == 0])
        second = self.random.choice([n for n in range(1, first + 1) if first % n == 0])
        return self.random.choice(
            ((size,), (first, size // first), (size // first, second, first // second))
        )
