"""How `tops-decompose` writes an op with others: movement, reductions, products."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr

from catgrad.dialects.tops.base import Tensor, tensor
from catgrad.dialects.tops.movement import PadOp
from catgrad.dialects.tops.value import Array
from catgrad.passes._decompositions import (
    ELEMENTWISE,
    EXACT,
    Missing,
    Props,
    Rule,
    floating,
)

if TYPE_CHECKING:
    from catgrad.passes.tops_decompose import Decomposed


def sequence(axes: Sequence[int]) -> list[int]:
    """A property of integers."""
    return list(axes)


def number(axis: int) -> int:
    """A property that is an integer."""
    return axis


def last_run(axes: Sequence[int]) -> list[int]:
    """The axes at the end that follow each other."""
    found: list[int] = []
    for axis in reversed(axes):
        if found and found[0] != axis + 1:
            break
        found.insert(0, axis)
    return found


def behind(x: Array, axes: Sequence[int]) -> Array:
    """The axes moved to the end."""
    return x.permute_dims([*(i for i in range(x.ndim) if i not in axes), *axes])


# -- movement ---------------------------------------------------------------------------------
def broadcast(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
    """One run of new axes after the other."""
    x, axes = xs[0], sequence(props["axes"])
    assert type is not None
    run, shape = last_run(axes), type.get_shape()
    rest = [a for a in axes if a not in run]
    if not rest:
        raise Missing("")
    inner = x.broadcast(rest, [n for i, n in enumerate(shape) if i not in run])
    return inner.broadcast(run, shape)


def permute_dims(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
    """A reshape where only axes of size 1 move; else one block of axes after the other."""
    x, axes = xs[0], sequence(props["axes"])
    shape = [x.shape[a] for a in axes]
    kept = [a for a in axes if x.shape[a] != 1]
    if kept == sorted(kept):
        return x.reshape(shape)
    x, axes = without_ones(x, kept)
    order = list(range(len(axes)))
    for place, axis in enumerate(axes):
        if (at := order.index(axis)) != place:
            moved = [*order[:place], axis, *order[place:at], *order[at + 1 :]]
            x = x.permute_dims([order.index(a) for a in moved])
            order = moved
    return x.reshape(shape)


def without_ones(x: Array, kept: Sequence[int]) -> tuple[Array, list[int]]:
    """The array without axes of size 1, and what the other axes are called then."""
    order = sorted(kept)
    return x.reshape([x.shape[a] for a in order]), [order.index(a) for a in kept]


def slice_(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
    """One axis after the other."""
    x = xs[0]
    for axis, bounds in enumerate(zip(props["start"], props["stop"], props["step"], strict=True)):
        if bounds != (0, x.shape[axis], 1):
            whole = [(0, n, 1) for n in x.shape]
            whole[axis] = bounds
            x = x.slice(*zip(*whole, strict=True))
    return x


def pad(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
    """One axis after the other; zeros between elements are a row behind each, but the last."""
    x = xs[0]
    floating(xs)
    if x.size == 0:
        return ops.full(PadOp.infer([x.type], props, None).get_shape(), 0, x.dtype)
    for axis, (low, high, inner) in enumerate(
        zip(props["low"], props["high"], props["interior"], strict=True)
    ):
        if inner:
            n = x.shape[axis]
            lead, tail = x.shape[:axis], x.shape[axis + 1 :]
            rows = padded(x.reshape((*lead, n, 1, *tail)), axis + 1, 0, inner)
            x = rows.reshape((*lead, n * (1 + inner), *tail))
            x = x[(*[slice(None)] * axis, slice(0, n * (1 + inner) - inner))]
        x = padded(x, axis, low, high)
    return x


def padded(x: Array, axis: int, low: int, high: int) -> Array:
    """Zeros in front of and behind one axis."""
    if low == high == 0:
        return x
    zeros = (0,) * x.ndim
    sides = [tuple(n if i == axis else 0 for i in range(x.ndim)) for n in (low, high)]
    return x.ops.emit("pad", x, low=sides[0], high=sides[1], interior=zeros)


def concat(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
    """Two by two."""
    first, *rest = [x for x in xs if x.size] or xs[:1]
    for x in rest:
        first = ops.emit("concat", first, x, axis=props["axis"])
    return first


def take(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
    """Along the first axis."""
    (x, indices), axis = xs, number(props["axis"])
    if axis == 0:
        raise Missing("")
    order = [axis, *(i for i in range(x.ndim) if i != axis)]
    y = ops.emit("take", x.permute_dims(order), indices, axis=0)
    k = indices.ndim
    back = [*range(k, k + axis), *range(k), *range(k + axis, y.ndim)]
    return y.permute_dims(back)


def scatter_add(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
    """Along the first axis; nothing is added to zeros; what it adds to is added afterwards."""
    x, indices, *into = xs
    axis = number(props["axis"])
    floating([x])
    assert type is not None
    if into:
        return into[0] + ops.emit("scatter_add", x, indices, type=type, axis=axis)
    shape = list(type.get_shape())
    if x.size == 0:
        return ops.full(shape, 0, x.dtype)
    if axis == 0:
        raise Missing("")
    k = indices.ndim
    order = [*range(axis, axis + k), *range(axis), *range(axis + k, x.ndim)]
    first = [shape[axis], *shape[:axis], *shape[axis + 1 :]]
    y = ops.emit("scatter_add", x.permute_dims(order), indices, type=tensor(first, x.dtype), axis=0)
    return y.permute_dims([*range(1, axis + 1), 0, *range(axis + 1, len(shape))])


# -- reductions -------------------------------------------------------------------------------
def sum_(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
    """One run of axes after the other, the last first."""
    x, axes = xs[0], sequence(props["axes"])
    floating(xs)
    shape = [n for i, n in enumerate(x.shape) if i not in axes]
    if x.size == 0:
        return ops.full(shape, 0, x.dtype)
    folded = [a for a in axes if x.shape[a] != 1]
    if not folded:
        return x.reshape(shape)
    run = last_run(folded)
    rest = [a for a in axes if a not in run]
    if not rest:
        raise Missing("")
    return x.sum(run).sum(rest)


def max_(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
    """Of rows."""
    x, axes = xs[0], sequence(props["axes"])
    floating(xs)
    shape = [n for i, n in enumerate(x.shape) if i not in axes]
    n = math.prod(x.shape[a] for a in axes)
    if n == 1:
        return x.reshape(shape)
    rows = behind(x, axes).reshape((math.prod(shape), n))
    return rows.max([1]).reshape(shape)


def prod(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
    """Half of each row times the other half, until one element is left."""
    x, axes = xs[0], sequence(props["axes"])
    floating(xs)
    shape = [n for i, n in enumerate(x.shape) if i not in axes]
    n = math.prod(x.shape[a] for a in axes)
    if n == 0:
        return ops.full(shape, 1, x.dtype)
    rows = behind(x, axes).reshape((math.prod(shape), n))
    while n > 1:
        half = n // 2
        product = rows[:, :half] * rows[:, half : 2 * half]
        rows = ops.emit("concat", product, rows[:, 2 * half :], axis=1) if n % 2 else product
        n = rows.shape[1]
    return rows.reshape(shape)


def argmax(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
    """The first maximum: n - max of the n - i at which x is the maximum."""
    x, axis = xs[0], number(props["axis"])
    floating(xs)
    n = x.shape[axis]
    if n >= EXACT:
        raise Missing(f"along {n} elements: less than {EXACT}")
    here = (x == x.max([axis]).broadcast([axis], x.shape)).astype("f32")
    left = n - ops.emit("arange", type=tensor((n,), "f32"))
    others = [i for i in range(x.ndim) if i != axis]
    best = (here * left.broadcast(others, x.shape)).max([axis])
    found = (n - best).astype("i32")
    ops.ranges[found.value] = (0, n - 1)
    return found


def negated(name: str) -> Rule:
    """min(x) = -max(-x), argmin(x) = argmax(-x)."""

    def rule(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
        floating(xs)
        y = ops.emit(name, -xs[0], **props)
        return -y if name == "max" else y

    return rule


def cumulative_sum(
    ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props
) -> Array:
    """Of rows; from their end by turning them round."""
    x, axis = xs[0], number(props["axis"])
    floating(xs)
    if props.get("reverse"):
        return turned(cumulative_sum_of(turned(x, axis), axis), axis)
    if axis == x.ndim - 1:
        raise Missing("")
    order = [*(i for i in range(x.ndim) if i != axis), axis]
    y = cumulative_sum_of(x.permute_dims(order), x.ndim - 1)
    return y.permute_dims(sorted(range(x.ndim), key=order.__getitem__))


def cumulative_sum_of(x: Array, axis: int) -> Array:
    """From the start."""
    return x.ops.emit("cumulative_sum", x, axis=axis)


def turned(x: Array, axis: int) -> Array:
    """The elements along an axis in the opposite order."""
    n = x.shape[axis]
    type_: Any = tensor((n,), "i32")
    value = DenseIntOrFPElementsAttr.from_list(type_, list(range(n - 1, -1, -1)))
    return x.ops.emit("take", x, x.ops.emit("constant", type=type_, value=value), axis=axis)


# -- products and windows ---------------------------------------------------------------------
def matmul(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
    """a b' of two matrices whose rows lie dense."""
    a, b = xs
    floating(xs)
    flip = [*range(a.ndim - 2), a.ndim - 1, a.ndim - 2]
    a = a.permute_dims(flip) if props.get("transpose_a") else a
    b = b if props.get("transpose_b") else b.permute_dims(flip)
    if a.shape[-1] == 0:
        return ops.full((*a.shape[:-1], b.shape[-2]), 0, a.dtype)
    if not props.get("transpose_a") and props.get("transpose_b"):
        raise Missing("")
    return a.matmul(b, transpose_b=True)


def patches(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
    """Of an image with its padding; an axis cut in pieces needs no windows."""
    floating(xs)
    x, rank = xs[0], len(props["kernel"])
    lead = x.ndim - rank
    if (axis := cut_axis(props, x.shape[lead:])) is not None:
        place, kernel = lead + axis, props["kernel"][axis]
        count = x.shape[place] // kernel
        pieces = (*x.shape[:place], count, kernel, *x.shape[place + 1 :])
        front, (order, back) = x.reshape(pieces), cut_orders(x.ndim, place, rank)
        return ops.emit("patches", front.permute_dims(order), **without(props, axis)).permute_dims(
            back
        )
    if rank > 2:
        raise Missing(f"over {rank} axes: at most 2")
    for i, (low, high) in enumerate(zip(props["padding_low"], props["padding_high"], strict=True)):
        x = padded(x, lead + i, low, high)
    if x is xs[0]:
        raise Missing("")
    inner: Props = {**props, "padding_low": (0,) * rank, "padding_high": (0,) * rank}
    return ops.emit("patches", x, **inner)


def unpatches(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
    """Into an image with its padding; an axis cut in pieces needs no windows."""
    floating(xs)
    assert type is not None
    shape, rank = list(type.get_shape()), len(props["kernel"])
    lead = len(shape) - rank
    if (axis := cut_axis(props, shape[lead:])) is not None:
        place, kernel = lead + axis, props["kernel"][axis]
        pieces = [*shape[:place], shape[place] // kernel, kernel, *shape[place + 1 :]]
        order, back = cut_orders(len(shape), place, rank)
        whole = tensor([pieces[i] for i in order], "f32")
        x = xs[0].permute_dims(sorted(range(len(back)), key=back.__getitem__))
        y = ops.emit("unpatches", x, type=whole, **without(props, axis))
        return y.permute_dims(sorted(range(len(order)), key=order.__getitem__)).reshape(shape)
    if rank > 2:
        raise Missing(f"over {rank} axes: at most 2")
    low, high = [0] * lead + [*props["padding_low"]], [0] * lead + [*props["padding_high"]]
    if not any((*low, *high)):
        raise Missing("")
    whole = [a + n + b for a, n, b in zip(low, shape, high, strict=True)]
    inner: Props = {**props, "padding_low": (0,) * rank, "padding_high": (0,) * rank}
    y = ops.emit("unpatches", xs[0], type=tensor(whole, "f32"), **inner)
    stop = [a + n for a, n in zip(low, shape, strict=True)]
    return y.slice(low, stop, [1] * len(shape))


def cut_axis(props: Props, sizes: Sequence[int]) -> int | None:
    """Of more than one axis, the last whose windows lie side by side and cover it; None if none."""
    keys = ("kernel", "stride", "padding_low", "padding_high", "dilation")
    for axis in reversed(range(len(sizes)) if len(sizes) > 1 else ()):
        kernel, stride, low, high, apart = (props[key][axis] for key in keys)
        alone = kernel == 1 or apart == 1
        if alone and low == high == 0 and stride == kernel and sizes[axis] % kernel == 0:
            return axis
    return None


def cut_orders(rank: int, place: int, windows: int) -> tuple[list[int], list[int]]:
    """
    How the pieces of axis `place` move in front of the windows, and where they lie in the result.

    (lead, .., count, kernel, ..) -> (lead, count, kernel, rest), whose windows are
    (lead, count, kernel, counts of rest, kernels of rest) -> (lead, counts, kernels).
    """
    lead, axis = rank - windows, place - (rank - windows)
    order = [*range(lead), place, place + 1, *range(lead, place), *range(place + 2, rank + 1)]
    counts = list(range(lead + 2, lead + 1 + windows))
    kernels = list(range(lead + 1 + windows, lead + 2 * windows))
    counts.insert(axis, lead)
    kernels.insert(axis, lead + 1)
    return order, [*range(lead), *counts, *kernels]


def without(props: Props, axis: int) -> Props:
    """The windows of the other axes."""
    return {key: tuple(n for i, n in enumerate(v) if i != axis) for key, v in props.items()}


RULES: dict[str, Rule] = {
    **ELEMENTWISE,
    "broadcast": broadcast,
    "permute_dims": permute_dims,
    "slice": slice_,
    "pad": pad,
    "concat": concat,
    "take": take,
    "scatter_add": scatter_add,
    "sum": sum_,
    "max": max_,
    "min": negated("max"),
    "prod": prod,
    "argmax": argmax,
    "argmin": negated("argmax"),
    "cumulative_sum": cumulative_sum,
    "matmul": matmul,
    "patches": patches,
    "unpatches": unpatches,
}
"""What to do with an op that a target lacks."""
