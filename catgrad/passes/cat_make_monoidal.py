"""cat-make-monoidal: every value is used exactly once."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.ir import Block, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from catgrad.dialects import cat


def make_monoidal(arrow: cat.ArrowOp) -> None:
    """
    Put `arrow` in monoidal form: fan-out becomes `cat.copy`, an unused value `cat.discard`.

        x --+--> f            x --copy--> f
            +--> g      =>         +----> g

    The results of a copy go to the uses in textual order.
    """
    order = {op: i for i, op in enumerate(arrow.block.ops)}
    for value in [*arrow.block.args, *(r for op in arrow.block.ops for r in op.results)]:
        uses = sorted(value.uses, key=lambda u: (order[u.operation], u.index))
        if len(uses) == 1:
            continue
        at = _after(value)
        if not uses:
            Rewriter.insert_op(cat.DiscardOp(value), at)
            continue
        copy = cat.CopyOp(value, len(uses))
        for result, use in zip(copy.results, uses, strict=True):
            result.name_hint = value.name_hint
            use.operation.operands[use.index] = result
        Rewriter.insert_op(copy, at)
    arrow.monoidal = UnitAttr()


def _after(value: SSAValue) -> InsertPoint:
    owner = value.owner
    return InsertPoint.at_start(owner) if isinstance(owner, Block) else InsertPoint.after(owner)


@dataclass(frozen=True)
class CatMakeMonoidalPass(ModulePass):
    """
    Cartesian form -> monoidal form, in every arrow that is not monoidal yet.

    ```
    %y = tops.multiply %x, %x        %a, %b = cat.copy %x, 2
                                =>   %y = tops.multiply %a, %b
    ```
    """

    name = "cat-make-monoidal"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for arrow in cat.arrows_of(op):
            if arrow.monoidal is None:
                make_monoidal(arrow)
