"""Views: where the elements of a value lie in the storage of another one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import mul
from typing import TypeAlias

from xdsl.ir import Operation, SSAValue

from catgrad.dialects.tops.base import tensor_of
from catgrad.dialects.tops.movement import (
    BroadcastOp,
    PermuteDimsOp,
    ReshapeOp,
    SliceOp,
    blocks,
)
from catgrad.dialects.tops.windows import PatchesOp, is_unpadded

MOVERS = (ReshapeOp, PermuteDimsOp, SliceOp, PatchesOp)
"""Ops whose result may be a view of the operand."""


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides of a dense tensor, in elements."""
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


@dataclass(frozen=True)
class Layout:
    """Element `offset + sum(index * stride)` of the storage of `base`."""

    base: SSAValue
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0

    @staticmethod
    def dense(value: SSAValue) -> Layout:
        """The layout of a value with storage of its own."""
        shape = tuple(tensor_of(value).get_shape())
        return Layout(value, shape, row_major(shape))

    @property
    def is_dense(self) -> bool:
        """Whether the elements follow one another in row-major order."""
        pairs = zip(self.shape, self.strides, row_major(self.shape), strict=True)
        return all(n == 1 or stride == dense for n, stride, dense in pairs)

    def through(self, op: Operation) -> Layout | None:
        """The layout of the result of a mover or broadcast; None if its elements must move."""
        if isinstance(op, ReshapeOp):
            shape = tuple(op.out_type.get_shape())
            strides = reshaped(self.shape, self.strides, shape)
            return None if strides is None else Layout(self.base, shape, strides, self.offset)
        if isinstance(op, PermuteDimsOp):
            axes: tuple[int, ...] = op.props()["axes"]
            shape = tuple(self.shape[a] for a in axes)
            return Layout(self.base, shape, tuple(self.strides[a] for a in axes), self.offset)
        if isinstance(op, SliceOp):
            start, step = op.props()["start"], op.props()["step"]
            strides = tuple(s * n for s, n in zip(self.strides, step, strict=True))
            moved = sum(s * n for s, n in zip(self.strides, start, strict=True))
            shape = tuple(op.out_type.get_shape())
            return Layout(self.base, shape, strides, self.offset + moved)
        if isinstance(op, BroadcastOp):
            shape = tuple(op.out_type.get_shape())
            inserted, rest = op.props()["axes"], iter(self.strides)
            strides = tuple(0 if axis in inserted else next(rest) for axis in range(len(shape)))
            return Layout(self.base, shape, strides, self.offset)
        if isinstance(op, PatchesOp) and is_unpadded(op):
            p, lead = op.props(), len(self.shape) - len(op.props()["kernel"])
            whole, slid = self.strides[:lead], self.strides[lead:]
            steps = [tuple(map(mul, slid, p[key])) for key in ("stride", "dilation")]
            shape = tuple(op.out_type.get_shape())
            return Layout(self.base, shape, (*whole, *steps[0], *steps[1]), self.offset)
        return None


def reshaped(
    shape: Sequence[int], strides: Sequence[int], new: Sequence[int]
) -> tuple[int, ...] | None:
    """The strides under another shape, as NumPy finds them; None if elements must move."""
    if 0 in shape:
        return row_major(new)
    axes = list(walk(shape, strides))
    result: list[int] = []
    left, stride = 1, 1
    for size in reversed(new):
        if left == 1 and size != 1:
            left, stride = axes.pop()
        if left % size:
            return None
        result.append(stride)
        left, stride = left // size, stride * size
    return tuple(reversed(result))


def layout_of(value: SSAValue, is_view: Callable[[Operation], bool]) -> Layout:
    """Where a value lies, seen through the views."""
    owner = value.owner
    if isinstance(owner, Operation) and is_view(owner):
        found = layout_of(owner.operands[0], is_view).through(owner)
        if found is not None:
            return found
    return Layout.dense(value)


Steps: TypeAlias = "tuple[tuple[int, int], ...]"
"""(size, stride) of the axes, the last the fastest, whose index one number stands for."""


def steps_of(value: SSAValue, is_view: Callable[[Operation], bool]) -> tuple[Layout, list[Steps]]:
    """
    Where a value lies, and how each of its axes walks there.

    Behind a reshape that joins axes with gaps, an axis walks over all that it joins.
    """
    owner, shape = value.owner, tuple(tensor_of(value).get_shape())
    layout = layout_of(value, is_view)
    if isinstance(owner, ReshapeOp) and is_view(owner) and layout.base is value:
        layout = layout_of(owner.x, is_view)
        return layout, joined_steps(layout, shape) or []
    return layout, [((n, stride),) for n, stride in zip(layout.shape, layout.strides, strict=True)]


def joined_steps(layout: Layout, shape: Sequence[int]) -> list[Steps] | None:
    """The steps of each axis of a shape which joins axes of a layout; None if it splits some."""
    runs = blocks(layout.shape, shape)
    if runs is None or any(sum(shape[j] != 1 for j in new) > 1 for _, new in runs):
        return None
    steps: list[Steps] = [((1, 0),)] * len(shape)
    for old, new in runs:
        axes = walk((layout.shape[i] for i in old), (layout.strides[i] for i in old))
        for j in new:
            if shape[j] != 1:
                steps[j] = axes
    return steps


def walk(shape: Iterable[int], strides: Iterable[int]) -> Steps:
    """The steps of one index for these axes; those that follow one another without gaps are one."""
    axes: list[tuple[int, int]] = []
    for n, stride in zip(shape, strides, strict=True):
        if axes and axes[-1][1] == n * stride:
            axes[-1] = (axes[-1][0] * n, stride)
        elif n != 1:
            axes.append((n, stride))
    return tuple(axes)
