"""tops-sink-reshapes: elementwise ops and reductions take the flattest shape of their operands."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from catgrad.dialects.tops.base import TopsOp, shape_of, tensor, tensor_of
from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.movement import BroadcastOp, ReshapeOp
from catgrad.dialects.tops.reduction import Reduction
from catgrad.passes._rewriting import defined_functions, full_like, replace_op

Shape: TypeAlias = "tuple[int, ...]"
Maker: TypeAlias = "Callable[[], SSAValue]"


def merged(shape: Shape, flat: Shape) -> list[list[int]] | None:
    """The neighbouring axes of `shape` that each axis of `flat` joins; None if it joins none."""
    groups: list[list[int]] = []
    axis = 0
    for size in flat:
        group = [axis]
        axis += 1
        while axis < len(shape) and math.prod(shape[a] for a in group) < size:
            group.append(axis)
            axis += 1
        if group[0] >= len(shape) or math.prod(shape[a] for a in group) != size:
            return None
        groups.append(group)
    rest = list(range(axis, len(shape)))
    if any(shape[a] != 1 for a in rest):
        return None
    if groups:
        groups[-1] += rest
    return groups


class _Sinking:
    """The walk over one function, in program order."""

    def __init__(self, block: Block):
        self.block = block

    def run(self) -> None:
        for op in list(self.block.ops):
            match op:
                case ReshapeOp():
                    self.fold(op)
                case Elementwise() if not self.returned(op):
                    self.elementwise(op)
                case Reduction() if not self.returned(op):
                    self.reduction(op)
                case _:
                    pass
        for op in reversed(list(self.block.ops)):
            if isinstance(op, FullOp | BroadcastOp | ReshapeOp) and not op.y.uses:
                op.detach()
                op.erase()

    @staticmethod
    def returned(op: TopsOp) -> bool:
        """Whether a result of the function would become a view."""
        return any(isinstance(use.operation, func.ReturnOp) for use in op.results[0].uses)

    @staticmethod
    def source(value: SSAValue) -> SSAValue:
        """The value before reshapes."""
        while isinstance(value.owner, ReshapeOp):
            value = value.owner.x
        return value

    def fold(self, op: ReshapeOp) -> None:
        """A reshape of a reshape is one, or none."""
        source = self.source(op.x)
        if source.type == op.y.type:
            replace_op(op, [source])
        elif source is not op.x:
            op.operands[0] = source

    def elementwise(self, op: Elementwise) -> None:
        """`f(reshape(x), y)` is `reshape(f(x, reshape(y)))`."""
        rank = len(op.out_type.get_shape())
        wanted = {shape_of(self.source(v)) for v in op.operands if isinstance(v.owner, ReshapeOp)}
        for flat in sorted((s for s in wanted if len(s) < rank), key=lambda s: (len(s), s)):
            makers = [self.reshaped(v, flat, op) for v in op.operands]
            if all(make is not None for make in makers):
                operands = [make() for make in makers if make is not None]
                result = tensor(flat, op.out_type.element_type)
                new = type(op).create(
                    operands=operands, result_types=[result], properties=op.properties.copy()
                )
                self.replace(op, new)
                return

    def reshaped(self, value: SSAValue, flat: Shape, user: Operation) -> Maker | None:
        """How to make an operand of that shape, without moving elements; None if it can't be."""
        owner, shape = value.owner, shape_of(value)
        groups = merged(shape, flat)
        if groups is None:
            return None
        match owner:
            case FullOp():
                full = owner
                return lambda: self.insert(full_like(full, flat), user)
            case BroadcastOp():
                inserted = set(owner.props()["axes"])
                kinds = [{a in inserted for a in g if shape[a] != 1} or {True} for g in groups]
                if any(len(kind) > 1 for kind in kinds):
                    return None
                kept = [n for n, kind in zip(flat, kinds, strict=True) if kind == {False}]
                axes = [i for i, kind in enumerate(kinds) if kind == {True}]
                type_, x = tensor(flat, owner.out_type.element_type), owner.x
                return lambda: self.insert(
                    BroadcastOp(self.view(x, tuple(kept), user), type=type_, axes=tuple(axes)), user
                )
            case _:
                return lambda: self.view(value, flat, user)

    def view(self, value: SSAValue, shape: Shape, user: Operation) -> SSAValue:
        """The value in another shape."""
        source = self.source(value)
        if shape_of(source) == shape:
            return source
        type_ = tensor(shape, tensor_of(source).element_type)
        return self.insert(ReshapeOp(source, type=type_), user)

    def reduction(self, op: Reduction) -> None:
        """A fold of axes that were each split off whole is a fold of the axis before the split."""
        source = self.source(op.x)
        groups = merged(shape_of(op.x), shape_of(source))
        if source is op.x or groups is None or len(groups) >= len(shape_of(op.x)):
            return
        folded = set(op.props()["axes"])
        kinds = [{a in folded for a in group} for group in groups]
        if all(len(kind) == 1 for kind in kinds):
            axes = tuple(i for i, kind in enumerate(kinds) if kind == {True})
            self.replace(op, type(op)(source, axes=axes))

    def insert(self, new: TopsOp, user: Operation) -> SSAValue:
        self.block.insert_ops_before([new], user)
        return new.results[0]

    def replace(self, op: TopsOp, new: Operation) -> None:
        """Put `new` and a reshape of it in the place of `op`."""
        self.block.insert_ops_before([new], op)
        new.results[0].name_hint = op.results[0].name_hint
        value = new.results[0]
        if value.type != op.out_type:
            value = self.insert(ReshapeOp(value, type=op.out_type), op)
        replace_op(op, [value])


@dataclass(frozen=True)
class TopsSinkReshapesPass(ModulePass):
    """
    Moves reshapes down, so that elementwise ops and reductions work on the flattest shape.

    ```
    %a = tops.reshape %x : (6x4) -> 2x3x4          %z = tops.tanh %x : 6x4
    %b = tops.tanh %a : 2x3x4                 =>   %t = tops.sum %z, axes = [1] : (6x4) -> 6
    %c = tops.sum %b, axes = [2] : -> 2x3          %c = tops.reshape %t : (6) -> 2x3
    ```
    Then neighbours have one iteration space and fuse. Every step lowers the rank of an op; no
    element moves, so all numbers stay the same bits. Assumes `tops` level; what a function returns
    keeps its shape.
    """

    name = "tops-sink-reshapes"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in defined_functions(op):
            _Sinking(function.body.block).run()
