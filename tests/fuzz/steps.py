"""One random op of each kind, for the ops that need more than operands of one shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, cast

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.tops import Array
from catgrad.dialects.tops.base import tensor
from tests.fuzz.pool import CHOICES, Made, Pool, joined


class Step:
    """A method for each op that needs more than operands of one shape."""

    def __init__(self, pool: Pool):
        self.w, self.random, self.ops = pool, pool.random, pool.ops

    def full(self) -> Made:
        """A constant of one number."""
        dtype, number = self.random.choice((("f32", 0.75), ("f32", 0.0), ("i32", 3), ("i1", True)))
        shape = self.w.pick().array.shape
        return Made(self.ops.full(shape, number, dtype), 3.0, 2)

    def constant(self) -> Made:
        """A constant of several numbers."""
        shape = self.w.pick().array.shape
        return Made(self.numbers(shape, "f32", lambda: self.random.randint(-8, 8) / 4), 2.0, 2)

    def numbers(self, shape: Sequence[int], dtype: str, number: Callable[[], float]) -> Array:
        """A constant array."""
        if math.prod(shape) > 100:
            raise VerifyException("printed as bytes, which no search for f32 finds")
        type_ = tensor(shape, dtype)
        values: Any = [number() for _ in range(math.prod(shape))]
        value = DenseIntOrFPElementsAttr.from_list(cast("Any", type_), values)
        return self.ops.emit("constant", type=type_, value=value)

    def arange(self) -> Made:
        """0, 1, 2, ..."""
        dtype = self.random.choice(("f32", "i32"))
        n = self.random.randint(1, 9)
        return Made(self.ops.emit("arange", type=tensor((n,), dtype)), 8.0, 0)

    def where(self) -> Made:
        """A choice."""
        c = self.w.pick("i1")
        pool = [m for m in self.w.values if m.array.shape == c.array.shape]
        a = self.random.choice(pool)
        b = self.random.choice([m for m in pool if m.array.dtype == a.array.dtype])
        return joined(c.array.where(a.array, b.array), max(a.bound, b.bound), [a, b])

    def astype(self) -> Made:
        """A conversion."""
        x = self.w.small(self.w.pick(exact=True))
        dtype = self.random.choice([d for d in ("f32", "i32", "i1") if d != x.array.dtype])
        if x.array.dtype == "i32" and dtype == "f32":
            return Made(x.array.astype(dtype), 2.0**31, None)
        return Made(x.array.astype(dtype), 4.0, 0)

    def indices(self, size: int, shape: Sequence[int]) -> Array:
        """Constant indices."""
        return self.numbers(shape, "i32", lambda: self.random.randrange(size))

    def take(self) -> Made:
        """Elements along an axis."""
        x = self.w.pick(rank=1)
        axis = self.random.randrange(x.array.ndim)
        shape = self.random.choice(((), (3,), (2, 2)))
        index = self.indices(x.array.shape[axis], shape)
        return joined(self.ops.emit("take", x.array, index, axis=axis), x.bound, [x])

    def scatter_add(self) -> Made:
        """Its dagger."""
        x = self.w.small(self.w.pick("f32", "i32", rank=1))
        axis = self.random.randrange(x.array.ndim)
        count, size = x.array.shape[axis], self.random.randint(1, 6)
        shape = (*x.array.shape[:axis], size, *x.array.shape[axis + 1 :])
        type_ = tensor(shape, x.array.dtype)
        index = self.indices(size, (count,))
        array = self.ops.emit("scatter_add", x.array, index, axis=axis, type=type_)
        return joined(array, count * x.bound, [x])

    def matmul(self) -> Made:
        """A product of two values, reshaped to fit; each may be a transpose, or lie transposed."""
        a = self.w.small(self.w.pick("f32", "f32", "f32", "i32", rank=2), 2.0)
        pool = [
            m
            for m in self.w.values
            if m.array.dtype == a.array.dtype and m.array.ndim == a.array.ndim
        ]
        fits: list[tuple[Made, bool, bool]] = []
        for m in pool:
            for ta in (False, True):
                for tb in (False, True):
                    k, l = a.array.shape[-2 if ta else -1], m.array.shape[-1 if tb else -2]
                    if k == l and m.array.shape[:-2] == a.array.shape[:-2]:
                        fits.append((m, ta, tb))
        if not fits:
            raise VerifyException("nothing fits")
        b, ta, tb = self.random.choice(fits)
        b = self.w.small(b, 2.0)
        k = a.array.shape[-2 if ta else -1]
        array = a.array.matmul(b.array, ta, tb)
        return joined(array, k * a.bound * b.bound, [a, b], min(a.scale or 0, b.scale or 0))

    def broadcast(self) -> Made:
        """New axes."""
        x = self.w.pick()
        at = self.random.randint(0, x.array.ndim)
        shape = list(x.array.shape)
        shape.insert(at, self.random.choice((1, 2, 8)))
        return joined(x.array.broadcast((at,), shape), x.bound, [x])

    def reshape(self, x: Made | None = None) -> Made:
        """Another shape."""
        x = x or self.w.pick()
        return joined(x.array.reshape(self.w.shape_of(x.array.size)), x.bound, [x])

    def permute_dims(self, x: Made | None = None) -> Made:
        """Another order of axes."""
        x = x or self.w.pick(rank=2)
        axes = list(range(x.array.ndim))
        self.random.shuffle(axes)
        return joined(x.array.permute_dims(axes), x.bound, [x])

    def bounds(self, size: int) -> slice:
        """A slice of an axis; often all of it, never nothing."""
        if self.random.random() < 0.5:
            return slice(0, size, 1)
        start = self.random.randrange(size)
        return slice(start, self.random.randint(start + 1, size), self.random.choice((1, 1, 2)))

    def slice(self, x: Made | None = None) -> Made:
        """Part of a value."""
        x = x or self.w.pick(rank=1)
        return joined(x.array[tuple(self.bounds(n) for n in x.array.shape)], x.bound, [x])

    def windowed(self, x: Array) -> Array:
        """Part of a value, at its place among zeros."""
        parts = [slice(p.start, p.stop, 1) for p in map(self.bounds, x.shape)]
        high = tuple(n - p.stop for p, n in zip(parts, x.shape, strict=True))
        low = tuple(p.start for p in parts)
        return self.ops.emit("pad", x[tuple(parts)], low=low, high=high, interior=(0,) * x.ndim)

    def pad(self) -> Made:
        """Zeros around and between."""
        x = self.w.pick(rank=1)
        low, high, interior = (
            tuple(self.random.choice((0, 0, 1, 2)) for _ in x.array.shape) for _ in range(3)
        )
        array = self.ops.emit("pad", x.array, low=low, high=high, interior=interior)
        return joined(array, x.bound, [x])

    def concat(self) -> Made:
        """Values behind each other."""
        x = self.w.pick(rank=1)
        axis = self.random.randrange(x.array.ndim)
        rest = [n for i, n in enumerate(x.array.shape) if i != axis]
        fits = [
            m
            for m in self.w.values
            if m.array.dtype == x.array.dtype
            and m.array.ndim == x.array.ndim
            and [n for i, n in enumerate(m.array.shape) if i != axis] == rest
        ]
        parts = [x, *(self.random.choice(fits) for _ in range(self.random.randint(1, 2)))]
        array = self.ops.emit("concat", *(m.array for m in parts), axis=axis)
        return joined(array, max(m.bound for m in parts), parts)

    def key(self) -> list[Array]:
        """A seed and a step."""
        return [self.ops.full((), self.random.randrange(9), "i32") for _ in range(2)]

    def random_bits(self) -> Made:
        """Random integers."""
        return self.noise("i32", 0)

    def random_uniform(self) -> Made:
        """Random numbers."""
        return self.noise("f32", None)

    def noise(self, dtype: str, scale: int | None) -> Made:
        """Random numbers of that type."""
        type_ = tensor(self.w.pick().array.shape, dtype)
        op = {"i32": "random_bits", "f32": "random_uniform"}[dtype]
        site = self.random.randrange(5)
        return Made(self.ops.emit(op, *self.key(), type=type_, site=site), 1.0, scale)

    def fold(self, op: str) -> Made:
        """A reduction."""
        x = self.w.small(self.w.pick(exact=op in CHOICES, rank=1), 2.0)
        axes = self.w.axes(x, 3 if op != "prod" else 1)
        count = math.prod(x.array.shape[i] for i in axes)
        if op == "prod" and x.array.dtype == "f32":
            if count > 6:
                raise VerifyException("too many factors")
            return Made(self.ops.emit(op, x.array, axes=axes), x.bound**count, None)
        return joined(self.ops.emit(op, x.array, axes=axes), count * x.bound, [x])

    def sum(self) -> Made:
        """A sum."""
        return self.fold("sum")

    def prod(self) -> Made:
        """A product."""
        return self.fold("prod")

    def max(self) -> Made:
        """A maximum."""
        return self.fold("max")

    def min(self) -> Made:
        """A minimum."""
        return self.fold("min")

    def search(self, op: str) -> Made:
        """Where the extremum is."""
        x = self.w.pick(exact=True, rank=1)
        axis = self.random.randrange(x.array.ndim)
        return Made(self.ops.emit(op, x.array, axis=axis), x.array.shape[axis], 0)

    def argmax(self) -> Made:
        """Where the maximum is."""
        return self.search("argmax")

    def argmin(self) -> Made:
        """Where the minimum is."""
        return self.search("argmin")

    def cumulative_sum(self) -> Made:
        """Sums so far."""
        x = self.w.small(self.w.pick(rank=1), 2.0)
        axis = self.random.randrange(x.array.ndim)
        array = x.array.cumulative_sum(axis, self.random.random() < 0.5)
        return joined(array, x.array.shape[axis] * x.bound, [x])

    def patches(self) -> Made:
        """Sliding windows over the last axes; added up again by the dagger, now and then."""
        x = self.w.small(self.w.pick("f32", "i32", rank=1), 2.0)
        rank = self.random.randint(1, min(2, x.array.ndim))
        props: dict[str, Any] = {
            "kernel": tuple(self.random.randint(1, 3) for _ in range(rank)),
            "stride": tuple(self.random.randint(1, 2) for _ in range(rank)),
            "padding_low": tuple(self.random.randint(0, 1) for _ in range(rank)),
            "padding_high": tuple(self.random.randint(0, 1) for _ in range(rank)),
            "dilation": tuple(self.random.randint(1, 2) for _ in range(rank)),
        }
        made = self.ops.emit("patches", x.array, **props)
        if self.random.random() < 0.5:
            return joined(made, x.bound, [x])
        back = self.ops.emit("unpatches", made, type=x.array.type, **props)
        return joined(back, 9 * x.bound, [x])

    unpatches = patches
