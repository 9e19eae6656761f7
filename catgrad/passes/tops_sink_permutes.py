"""tops-sink-permutes: ops take the order of axes in which their operands are stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from catgrad.dialects.tops.base import TopsOp, integers, shape_of, tensor
from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import folds_rows
from catgrad.dialects.tops.movement import (
    BroadcastOp,
    PadOp,
    PermuteDimsOp,
    ReshapeOp,
    SliceOp,
    blocks,
)
from catgrad.dialects.tops.reduction import Reduction
from catgrad.passes._rewriting import defined_functions, full_like, replace_op

Axes: TypeAlias = "Sequence[int]"


def inverse(axes: Axes) -> list[int]:
    """The permutation that undoes another."""
    return sorted(range(len(axes)), key=axes.__getitem__)


class _Sinking:
    """
    The walk over one function, in program order.

    Axis i of `permute_dims(x, axes)` is axis `axes[i]` of x, here called the stored axis.
    """

    def __init__(self, block: Block):
        self.block = block

    def run(self) -> None:
        for op in list(self.block.ops):
            if isinstance(op, PermuteDimsOp):
                if isinstance(op.x.owner, PermuteDimsOp):
                    replace_op(op, [self.permuted(op.x, op.props()["axes"], op)])
            elif not any(
                isinstance(use.operation, func.ReturnOp) for r in op.results for use in r.uses
            ):
                self.sink(op)
        for op in reversed(list(self.block.ops)):
            if isinstance(op, FullOp | BroadcastOp | PermuteDimsOp) and not op.y.uses:
                op.detach()
                op.erase()

    def sink(self, op: Operation) -> None:
        """Compute `op` in the stored order, where it can be."""
        match op:
            case Elementwise():
                self.elementwise(op)
            case Reduction(x=SSAValue(owner=PermuteDimsOp() as moved)):
                self.reduction(op, moved)
            case ReshapeOp(x=SSAValue(owner=PermuteDimsOp() as moved)):
                self.reshape(op, moved)
            case (SliceOp() | PadOp()) as op if isinstance(op.x.owner, PermuteDimsOp):
                self.by_axis(op, op.x.owner)
            case _:
                pass

    def elementwise(self, op: Elementwise) -> None:
        """`f(permute(x), y)` is `permute(f(x, permute'(y)))`, if few operands must move for it."""
        owners = [v.owner for v in dict.fromkeys(op.operands)]
        orders = Counter(tuple(o.props()["axes"]) for o in owners if isinstance(o, PermuteDimsOp))
        if not orders:
            return
        axes, count = orders.most_common(1)[0]
        free = sum(isinstance(o, FullOp | BroadcastOp) for o in owners)
        if len(owners) - free - count <= count:
            operands = [self.stored(v, axes, op) for v in op.operands]
            shape, kind = shape_of(operands[0]), op.out_type.element_type
            new = type(op).create(
                operands=operands,
                result_types=[tensor(shape, kind)],
                properties=op.properties.copy(),
            )
            self.replace(op, new, axes)

    def stored(self, value: SSAValue, axes: Axes, user: Operation) -> SSAValue:
        """The u of which `value` is `permute_dims(u, axes)`."""
        back, owner = inverse(axes), value.owner
        shape = [shape_of(value)[i] for i in back]
        if isinstance(owner, FullOp):
            return self.insert(full_like(owner, shape), user)
        if isinstance(owner, BroadcastOp):
            repeated: tuple[int, ...] = owner.props()["axes"]
            kept = [i for i in range(len(axes)) if i not in repeated]
            order = [kept.index(i) for i in back if i in kept]
            x = self.permuted(owner.x, order, user)
            type_ = tensor(shape, owner.out_type.element_type)
            new = BroadcastOp(x, type=type_, axes=tuple(sorted(axes[i] for i in repeated)))
            return self.insert(new, user)
        return self.permuted(value, back, user)

    def permuted(self, value: SSAValue, axes: Axes, user: Operation) -> SSAValue:
        """`permute_dims(value, axes)`, as one op or none."""
        if isinstance(value.owner, PermuteDimsOp):
            inner = value.owner.props()["axes"]
            return self.permuted(value.owner.x, [inner[a] for a in axes], user)
        if list(axes) == sorted(axes):
            return value
        return self.insert(PermuteDimsOp(value, axes=tuple(axes)), user)

    def reduction(self, op: Reduction, moved: PermuteDimsOp) -> None:
        """A fold of permuted axes folds the stored ones; rows stay rows."""
        axes, gone = integers(moved.axes) or (), integers(op.axes) or ()
        folded = sorted(axes[i] for i in gone)
        new = type(op)(moved.x, axes=tuple(folded))
        if folds_rows(op) and not folds_rows(new):
            new.erase()
            return
        kept = [a for a in range(len(axes)) if a not in folded]
        self.replace(op, new, [kept.index(a) for a in axes if a in kept])

    def reshape(self, op: ReshapeOp, moved: PermuteDimsOp) -> None:
        """What splits an axis, or joins axes that are stored as neighbours, is done there."""
        axes: Axes = moved.props()["axes"]
        runs = blocks(shape_of(op.x), shape_of(op.y)) or []
        stored = [[axes[i] for i in old] for old, _ in runs]
        if not runs or any(s != list(range(s[0], s[0] + len(s))) for s in stored):
            return
        first = {j: s[0] for s, (_, new) in zip(stored, runs, strict=True) for j in new}
        order = sorted(first, key=lambda j: (first[j], j))  # which axis each stored one becomes
        type_ = tensor([shape_of(op.y)[j] for j in order], op.out_type.element_type)
        self.replace(op, ReshapeOp(moved.x, type=type_), inverse(order))

    def by_axis(self, op: SliceOp | PadOp, moved: PermuteDimsOp) -> None:
        """A slice or pad does the same to the stored axes."""
        axes: Axes = moved.props()["axes"]
        back = inverse(axes)
        props: dict[str, object] = {
            key: tuple(value[i] for i in back) for key, value in op.props().items()
        }
        self.replace(op, type(op)(moved.x, type=None, **props), axes)

    def insert(self, new: TopsOp, user: Operation) -> SSAValue:
        self.block.insert_ops_before([new], user)
        return new.results[0]

    def replace(self, op: TopsOp, new: TopsOp, axes: Axes) -> None:
        """Put `permute_dims(new, axes)` in the place of `op`."""
        new.results[0].name_hint = op.results[0].name_hint
        replace_op(op, [self.permuted(self.insert(new, op), axes, op)])


@dataclass(frozen=True)
class TopsSinkPermutesPass(ModulePass):
    """
    Moves permutations of axes down, so that ops take the order in which values are stored.

    ```
    %a = tops.permute_dims %x, axes = [1, 0]        %b = tops.tanh %x
    %b = tops.tanh %a                          =>   %c = tops.sum %b, axes = [1]
    %c = tops.sum %b, axes = [0]
    ```
    An elementwise op, a reduction, a slice, a pad and a reshape that splits axes commute with it.
    Below, it meets its inverse, or a product or a loop that reads in any order. So convolutions
    hand on images with the channels last, as the product makes them. An operand in another order is
    permuted, if there are no more of those than in this one. Elementwise results stay the same
    bits; a sum may add in another order. What folds rows keeps on folding rows. Assumes `tops`
    level; what a function returns is computed in its own order.
    """

    name = "tops-sink-permutes"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in defined_functions(op):
            _Sinking(function.body.block).run()
