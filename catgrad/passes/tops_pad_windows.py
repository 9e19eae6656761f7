"""tops-pad-windows: windows slide over images that hold their padding."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from catgrad.dialects.tops.base import TopsOp, dtype_of, shape_of, tensor
from catgrad.dialects.tops.movement import PadOp, SliceOp
from catgrad.dialects.tops.windows import PatchesOp, UnpatchesOp, Windows, is_unpadded
from catgrad.passes._rewriting import defined_functions, replace_op


def unpadded(op: Windows) -> list[TopsOp]:
    """The ops that do the same, the last of which has the result."""
    image, p = (op.x if isinstance(op, PatchesOp) else op.y), op.props()
    shape, rank = shape_of(image), len(p["kernel"])
    lead = (0,) * (len(shape) - rank)
    low, high = (*lead, *p["padding_low"]), (*lead, *p["padding_high"])
    inner = {**p, "padding_low": (0,) * rank, "padding_high": (0,) * rank}
    if isinstance(op, PatchesOp):
        pad = PadOp(op.x, type=None, low=low, high=high, interior=(0,) * len(shape))
        return [pad, PatchesOp(pad.y, type=None, **inner)]
    sizes = [a + n + b for a, n, b in zip(low, shape, high, strict=True)]
    whole = UnpatchesOp(op.x, type=tensor(sizes, dtype_of(op.out_type)), **inner)
    stop = tuple(a + n for a, n in zip(low, shape, strict=True))
    return [whole, SliceOp(whole.y, type=None, start=low, stop=stop, step=(1,) * len(shape))]


@dataclass(frozen=True)
class TopsPadWindowsPass(ModulePass):
    """
    Takes the padding of sliding windows out of them.

    ```
    %y = tops.patches %x, padding_low = [1] ..  =>  %p = tops.pad %x, low = [1] ..
                                                    %y = tops.patches %p, padding_low = [0] ..
    ```
    `patches(x) = patches'(pad(x))`, and of the daggers `unpatches(y) = slice(unpatches'(y))`, where
    the image of the primed ones holds the padding. Exact: elements are only moved, and what lies in
    the padding is dropped. Windows without padding have an address for each of their elements, so
    that targets may read them where the image is, instead of storing it once for every window.
    """

    name = "tops-pad-windows"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in defined_functions(op):
            block = function.body.block
            for found in list(block.ops):
                if isinstance(found, PatchesOp | UnpatchesOp) and not is_unpadded(found):
                    made = unpadded(found)
                    block.insert_ops_before(made, found)
                    replace_op(found, [made[-1].results[0]])
