"""
Whether `predict` may run on any number of rows, in chunks of the compiled batch.

An abstract interpretation: every axis of a value is labelled with how the value varies along it.

    %x: tensor<8x3xf32> {tops.batch = 0}      (ROWS, OTHER)
    %w: tensor<3x4xf32>                       (OTHER, OTHER)
    %b: tensor<4xf32>, broadcast to 8x4       (SAME, OTHER)
    matmul %x, %w, then add                   (ROWS, OTHER)    one ROWS axis: independent
    sum over axis 0                           mixed
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import TypeAlias

from xdsl.dialects import func
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Block, Operation, SSAValue

from catgrad.dialects.tops.base import TopsOp, shape_of
from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import FusedOp
from catgrad.dialects.tops.indexing import ScatterAddOp, TakeOp
from catgrad.dialects.tops.matmul import MatmulOp
from catgrad.dialects.tops.movement import (
    BroadcastOp,
    ConcatOp,
    CopyOp,
    PadOp,
    PermuteDimsOp,
    ReshapeOp,
    SliceOp,
)
from catgrad.dialects.tops.reduction import CumulativeSumOp, Position, Reduction
from catgrad.dialects.tops.windows import Windows


@dataclass(frozen=True)
class Along:
    """How a value varies along one of its axes; `each` slices belong to one row, if any do."""

    each: int = 0
    same: bool = False

    @property
    def rows(self) -> bool:
        """Whether the rows of the inputs lie along this axis."""
        return self.each > 0


ROWS = Along(each=1)
"""Slice i is a function of row i of the inputs, and of i in no other way."""
SAME = Along(same=True)
"""All slices are equal."""
OTHER = Along()
"""In some way that the rows of the inputs do not enter, if no other axis is of rows."""
# Along(each=n): slice i is a function of row i // n and of i % n, as when 4 rows x n become 4 n.

Labels: TypeAlias = tuple[Along, ...]
"""One label per axis; at most one is of rows. Where None stands for labels, rows are mixed."""


def rows_independent(function: func.FuncOp) -> bool:
    """
    Whether row i of every result depends on row i of the inputs only, and on i in no other way.

    Rows are the slices along axis 0 of the results, and along axis `tops.batch` of the arguments
    that have this attribute. False also where a result has no rows, or inputs differ in their
    number; true is a proof, false is not.
    """
    block = function.body.block
    axes = _batch_axes(function)
    sizes = {shape_of(a)[i : i + 1] for a, i in zip(block.args, axes, strict=True) if i is not None}
    if len(sizes) != 1 or () in sizes:
        return False
    given = [
        tuple(ROWS if i == axis else OTHER for i in range(len(shape_of(a))))
        for a, axis in zip(block.args, axes, strict=True)
    ]
    results = _run(block, given)
    return bool(results) and all(r is not None and r[:1] == (ROWS,) for r in results)


def _batch_axes(function: func.FuncOp) -> list[int | None]:
    """Axis of the rows, per argument."""
    count = len(function.body.block.args)
    if function.arg_attrs is None:
        return [None] * count
    found = [attributes.data.get("tops.batch") for attributes in function.arg_attrs]
    return [a.value.data if isinstance(a, IntegerAttr) else None for a in found]


def _run(block: Block, given: Sequence[Labels | None]) -> list[Labels | None]:
    """Labels of what the block's terminator takes."""
    env: dict[SSAValue, Labels | None] = {
        a: _checked(a, labels) for a, labels in zip(block.args, given, strict=True)
    }
    last = block.last_op
    for op in block.ops:
        operands = [env[v] for v in op.operands]
        if op is last:
            return operands
        if isinstance(op, FusedOp):
            results = _run(op.body.block, operands)
        else:
            results = [_result(op, operands)] * len(op.results)
        env.update((r, _checked(r, ls)) for r, ls in zip(op.results, results, strict=True))
    return []


def _result(op: Operation, operands: Sequence[Labels | None]) -> Labels | None:
    """Labels of an op's result."""
    known = [labels for labels in operands if labels is not None]
    if len(known) < len(operands) or not isinstance(op, TopsOp):
        return None
    return _rule(op, known)


def _checked(value: SSAValue, labels: Labels | None) -> Labels | None:
    """Along an axis of size 1 all slices are equal; with two ROWS axes every two rows meet."""
    if labels is None or sum(along.rows for along in labels) > 1:
        return None
    sizes = zip(shape_of(value), labels, strict=True)
    return tuple(SAME if n == 1 and along == OTHER else along for n, along in sizes)


def _join(operands: Iterable[Labels]) -> Labels | None:
    """Labels of an elementwise function of the operands: on each axis at most one kind but SAME."""
    result: list[Along] = []
    for labels in zip(*operands, strict=True):
        kinds = {*labels} - {SAME}
        if len(kinds) > 1:
            return None
        result.append(kinds.pop() if kinds else SAME)
    return tuple(result)


def _without(labels: Labels, axes: Sequence[int]) -> Labels | None:
    """Labels after `axes` were folded away."""
    if any(labels[i].rows for i in axes):
        return None
    return tuple(along for i, along in enumerate(labels) if i not in axes)


@singledispatch
def _rule(op: Operation, operands: Sequence[Labels]) -> Labels | None:
    """Labels of an op's result. An op without a rule mixes rows, if it is given any."""
    if any(along.rows for labels in operands for along in labels):
        return None
    return (OTHER,) * len(shape_of(op.results[0]))


@_rule.register
def _(op: FullOp, operands: Sequence[Labels]) -> Labels | None:
    return (SAME,) * len(shape_of(op.y))


@_rule.register(Elementwise)
@_rule.register(CopyOp)
def _(op: Elementwise | CopyOp, operands: Sequence[Labels]) -> Labels | None:
    return _join(operands)


@_rule.register
def _(op: BroadcastOp, operands: Sequence[Labels]) -> Labels | None:
    axes: tuple[int, ...] = op.props()["axes"]
    rest = iter(operands[0])
    return tuple(SAME if i in axes else next(rest) for i in range(len(shape_of(op.y))))


@_rule.register
def _(op: Reduction, operands: Sequence[Labels]) -> Labels | None:
    return _without(operands[0], op.props()["axes"])


@_rule.register
def _(op: Position, operands: Sequence[Labels]) -> Labels | None:
    return _without(operands[0], [op.props()["axis"]])


@_rule.register
def _(op: CumulativeSumOp, operands: Sequence[Labels]) -> Labels | None:
    """Even equal slices have unequal sums."""
    (labels,), axis = operands, int(op.props()["axis"])
    return None if labels[axis].rows else (*labels[:axis], OTHER, *labels[axis + 1 :])


@_rule.register
def _(op: PermuteDimsOp, operands: Sequence[Labels]) -> Labels | None:
    axes: tuple[int, ...] = op.props()["axes"]
    return tuple(operands[0][i] for i in axes)


@_rule.register
def _(op: ReshapeOp, operands: Sequence[Labels]) -> Labels | None:
    """Axes that are all equal stay so, and an axis that is not cut is kept; see `_moved`."""
    (labels,), old, new = operands, shape_of(op.x), shape_of(op.y)
    if any(along.rows for along in labels):
        return _moved(labels, old, new)
    result = [SAME if n == 1 else OTHER for n in new]
    for before, after in _regrouped(old, new):
        if all(labels[i] == SAME for i in before):
            result = [SAME if j in after else along for j, along in enumerate(result)]
        elif len(before) == len(after) == 1:
            result[after[0]] = labels[before[0]]
    return tuple(result)


def _regrouped(old: tuple[int, ...], new: tuple[int, ...]) -> Iterator[tuple[list[int], list[int]]]:
    """
    The axes of a reshape in the smallest groups that become each other; axes of size 1 in none.

        2 x 3 x 1 x 4 -> 6 x 2 x 2      ([0, 1], [0]), ([3], [1, 2])
    """
    sides = [[i for i, n in enumerate(shape) if n != 1] for shape in (old, new)]
    if 0 in old:
        return
    while sides[0]:
        group: tuple[list[int], list[int]] = [], []
        sizes = [1, 1]
        while sizes[0] != sizes[1] or not group[0]:
            side = int(sizes[0] > sizes[1])
            group[side].append(sides[side].pop(0))
            sizes[side] *= (old, new)[side][group[side][-1]]
        yield group


def _moved(labels: Labels, old: tuple[int, ...], new: tuple[int, ...]) -> Labels | None:
    """
    Labels of a reshape: where its rows begin, the elements of a row are whole slices again.

        4 x n x m  ->  4 x nm       4n x m (n slices each)       4 x n x m
    """
    at = next(i for i, along in enumerate(labels) if along.rows)
    before, row = math.prod(old[:at]), labels[at].each * math.prod(old[at + 1 :])
    for j in range(len(new)):
        inner = math.prod(new[j + 1 :])
        if row > 0 and math.prod(new[:j]) == before and inner > 0 and row % inner == 0:
            return (*[OTHER] * j, Along(each=row // inner), *[OTHER] * (len(new) - j - 1))
    return None


@_rule.register
def _(op: SliceOp, operands: Sequence[Labels]) -> Labels | None:
    cut = _changed(op)
    return None if any(operands[0][i].rows for i in cut) else operands[0]


@_rule.register
def _(op: PadOp, operands: Sequence[Labels]) -> Labels | None:
    padded = _changed(op)
    if any(operands[0][i].rows for i in padded):
        return None
    return tuple(OTHER if i in padded else along for i, along in enumerate(operands[0]))


def _changed(op: SliceOp | PadOp) -> list[int]:
    """The axes whose size changes: the others are kept whole."""
    sizes = zip(shape_of(op.x), shape_of(op.y), strict=True)
    return [i for i, (m, n) in enumerate(sizes) if m != n]


@_rule.register
def _(op: ConcatOp, operands: Sequence[Labels]) -> Labels | None:
    axis: int = op.props()["axis"]
    if len(operands) == 1:
        return operands[0]
    if any(labels[axis].rows for labels in operands):
        return None
    return _join((*labels[:axis], OTHER, *labels[axis + 1 :]) for labels in operands)


@_rule.register
def _(op: TakeOp, operands: Sequence[Labels]) -> Labels | None:
    """x[.., axis, ..] at indices[..] is [.., indices, ..]."""
    (x, indices), axis = operands, int(op.props()["axis"])
    return None if x[axis].rows else (*x[:axis], *indices, *x[axis + 1 :])


@_rule.register
def _(op: ScatterAddOp, operands: Sequence[Labels]) -> Labels | None:
    """x[.., indices, ..] is added up into [.., axis, ..]."""
    x, indices, *into = operands
    axis = op.props()["axis"]
    end = axis + len(indices)
    if any(along.rows for along in (*indices, *x[axis:end])):
        return None
    found = (*x[:axis], OTHER, *x[end:])
    return _join([found, *into])


@_rule.register
def _(op: Windows, operands: Sequence[Labels]) -> Labels | None:
    """The axes in front of those that windows slide over are kept."""
    image = min(len(shape_of(op.x)), len(shape_of(op.y)))
    lead, labels = image - len(op.props()["kernel"]), operands[0]
    if any(along.rows for along in labels[lead:]):
        return None
    return (*labels[:lead], *[OTHER] * (len(shape_of(op.y)) - lead))


@_rule.register
def _(op: MatmulOp, operands: Sequence[Labels]) -> Labels | None:
    """[.., m, k] times [.., k, n] is [.., m, n]; k must not be of rows."""
    (*a, m, k), (*b, l, n) = operands
    if op.transpose_a is not None:
        m, k = k, m
    if op.transpose_b is not None:
        l, n = n, l
    lead = _join([tuple(a), tuple(b)])
    return None if lead is None or k.rows or l.rows else (*lead, m, n)
