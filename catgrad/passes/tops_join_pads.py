"""tops-join-pads: a sum of pieces that lie side by side is a concatenation."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from catgrad.dialects.tops.arithmetic import AddOp
from catgrad.dialects.tops.base import TopsOp, tensor_of
from catgrad.dialects.tops.movement import ConcatOp, PadOp, PermuteDimsOp
from catgrad.passes._rewriting import defined_functions, replace_op


@dataclass(frozen=True)
class Pieces:
    """Values side by side along an axis, with zeros before and after."""

    axis: int
    low: int
    high: int
    values: tuple[SSAValue, ...]

    @staticmethod
    def of(op: PadOp) -> Pieces | None:
        """The one piece of a pad along one axis."""
        p = op.props()
        axes = [i for i, pair in enumerate(zip(p["low"], p["high"], strict=True)) if any(pair)]
        if len(axes) != 1 or any(p["interior"]):
            return None
        return Pieces(axes[0], p["low"][axes[0]], p["high"][axes[0]], (op.x,))

    def joined(self, other: Pieces, size: int) -> Pieces | None:
        """Both, if one begins where the other ends."""
        if self.axis != other.axis:
            return None
        for a, b in ((self, other), (other, self)):
            if a.high == size - b.low:
                return Pieces(a.axis, a.low, b.high, (*a.values, *b.values))
        return None


class _Joining:
    """The walk over one function."""

    def __init__(self, block: Block):
        self.block = block
        self.pieces: dict[SSAValue, Pieces] = {}
        self.parts: set[Operation] = set()
        self.built: dict[SSAValue, SSAValue] = {}
        """What took the place of a sum."""

    def run(self) -> None:
        for op in self.block.ops:
            if isinstance(op, PadOp) and (found := Pieces.of(op)) is not None:
                self.pieces[op.y] = found
            elif isinstance(op, AddOp):
                self.add(op)
        for op in list(self.block.ops):
            if isinstance(op, AddOp) and op.y in self.pieces and not self.goes_on(op):
                self.build(op)
        for op in reversed(list(self.block.ops)):
            if op in self.parts and not op.results[0].uses:
                op.detach()
                op.erase()
        for op in list(self.block.ops):
            if isinstance(op, PermuteDimsOp):
                self.permute(op)

    def add(self, op: AddOp) -> None:
        """Note what a sum puts together."""
        a, b = (self.pieces.get(v) for v in op.operands)
        if a is None or b is None:
            return
        found = a.joined(b, tensor_of(op.y).get_shape()[a.axis])
        if found is not None:
            self.pieces[op.y] = found
            self.parts |= {v.owner for v in op.operands if isinstance(v.owner, Operation)}

    def goes_on(self, op: AddOp) -> bool:
        """Whether the sum is but a part of a longer one."""
        users = [use.operation for use in op.y.uses]
        return len(users) == 1 and isinstance(users[0], AddOp) and users[0].y in self.pieces

    def build(self, op: AddOp) -> None:
        """The concatenation, with what is missing of the whole."""
        found = self.pieces[op.y]
        values = [self.built.get(v, v) for v in found.values]
        concat = ConcatOp(*values, axis=found.axis)
        new: list[TopsOp] = [concat]
        if concat.y.type != op.y.type:
            rank = len(concat.out_type.get_shape())
            low, high = ([0] * rank for _ in range(2))
            low[found.axis], high[found.axis] = found.low, found.high
            new.append(PadOp(concat.y, low=low, high=high, interior=[0] * rank))
        self.block.insert_ops_before(new, op)
        self.built[op.y] = new[-1].results[0]
        replace_op(op, [new[-1].results[0]])

    def permute(self, op: PermuteDimsOp) -> None:
        """A permutation of a concatenation concatenates permutations: these may be views."""
        concat = op.x.owner
        if not isinstance(concat, ConcatOp) or len(list(concat.y.uses)) != 1:
            return
        axes: tuple[int, ...] = op.props()["axes"]
        parts = [PermuteDimsOp(x, axes=axes) for x in concat.xs]
        new = ConcatOp(*(p.y for p in parts), axis=axes.index(concat.props()["axis"]))
        self.block.insert_ops_before([*parts, new], op)
        replace_op(op, [new.y])
        concat.detach()
        concat.erase()


@dataclass(frozen=True)
class TopsJoinPadsPass(ModulePass):
    """
    Turns sums of padded pieces, the gradients of slices, into one concatenation.

    ```
    %a = tops.pad %x, low = [0], high = [3]
    %b = tops.pad %y, low = [2], high = [0]    =>    %s = tops.concat %x, %y, axis = 0
    %s = tops.add %a, %b
    ```
    Each element of the sum is one element of a piece plus zeros: the same number, but that -0 stays
    -0. A permutation of a concatenation becomes a concatenation of permutations.
    """

    name = "tops-join-pads"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in defined_functions(op):
            _Joining(function.body.block).run()
