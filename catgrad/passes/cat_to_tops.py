"""cat-to-tops: forgets the structure; arrows become functions of tensor ops."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import reduce

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.utils.exceptions import PassFailedException

from catgrad.dialects import cat
from catgrad.dialects.tops import ops_at
from catgrad.dialects.tops.base import dtype_of, tensor_of


def _lower(arrow: cat.ArrowOp) -> func.FuncOp:
    """A function with the arrow's signature and attributes, whose body moves there."""
    body = arrow.detach_region(arrow.body)
    for op in list(body.block.ops):
        _lower_op(op)
    function = func.FuncOp(
        arrow.symbol,
        (arrow.inputs, arrow.outputs),
        body,
        arg_attrs=arrow.arg_attrs,
        res_attrs=arrow.res_attrs,
    )
    function.attributes.update(arrow.attributes)
    return function


def _lower_op(op: Operation) -> None:
    """Replace an op of the structure; the generators stay."""
    results: list[SSAValue] = []
    ops = ops_at(Builder(InsertPoint.before(op)))
    match op:
        case cat.ReturnOp():
            ops.builder.insert(func.ReturnOp(*op.values))
        case cat.CopyOp():
            results = [op.x] * len(op.results)
        case cat.DiscardOp():
            pass
        case cat.ZeroOp():
            type_ = tensor_of(op.y)
            results = [ops.full(type_.get_shape(), 0, dtype_of(type_)).value]
        case cat.AddOp():
            results = [reduce(operator.add, map(ops.array, op.operands)).value]
        case _:
            return
    for old, new in zip(op.results, results, strict=True):
        old.replace_all_uses_with(new)
    op.detach()
    op.erase()


@dataclass(frozen=True)
class CatToTopsPass(ModulePass):
    """
    Arrows -> `func.func`, copy -> fan-out, n-ary add -> `tops.add`s, zero -> `tops.full` 0.

    ```
    cat.arrow @f(%x: ...) -> ... {        func.func @f(%x: ...) -> ... {
      %a, %b = cat.copy %x, 2         =>
      %y = cat.add %a, %b                   %y = tops.add %x, %x
      cat.return %y                         func.return %y
    ```
    Derivatives, calls and private arrows must be gone (cat-differentiate, cat-inline).
    """

    name = "cat-to-tops"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        left: dict[str, str] = {}
        for arrow in cat.arrows_of(op):
            for o in arrow.block.ops:
                if isinstance(o, cat.ReverseOp | cat.ForwardOp):
                    left[f"'{o.name}' of @{o.target} in @{arrow.symbol}"] = (
                        "run cat-differentiate first"
                    )
                elif isinstance(o, cat.CallOp):
                    left[f"'{o.name}' of @{o.target} in @{arrow.symbol}"] = "run cat-inline first"
            if arrow.private:
                left[f"private arrow @{arrow.symbol}"] = "run cat-inline first"
        if left:
            text = "; ".join(f"{what}: {todo}" for what, todo in left.items())
            raise PassFailedException(f"cat-to-tops: {text}")
        for arrow in cat.arrows_of(op):
            Rewriter.replace_op(arrow, _lower(arrow))
