"""cat-to-tops: forgets the structure; arrows become functions of tensor ops."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint
from xdsl.utils.exceptions import PassFailedException

from catgrad.dialects import cat
from catgrad.dialects._checks import check_module
from catgrad.dialects.tops import ops_at
from catgrad.dialects.tops.base import dtype_of, tensor_of


def _lower(arrow: cat.ArrowOp) -> func.FuncOp:
    """A function with the arrow's signature, attributes and generators."""
    function = func.FuncOp(
        arrow.symbol,
        (arrow.inputs, arrow.outputs),
        Region.DEFAULT,
        arg_attrs=arrow.arg_attrs,
        res_attrs=arrow.res_attrs,
    )
    function.attributes.update(arrow.attributes)
    block = function.body.block
    builder = Builder(InsertPoint.at_end(block))
    env: dict[SSAValue, SSAValue] = {}
    for old, new in zip(arrow.block.args, block.args, strict=True):
        new.name_hint = old.name_hint
        env[old] = new
    for op in arrow.block.ops:
        results = _lower_op(op, env, builder)
        for old, new in zip(op.results, results, strict=True):
            if new.name_hint is None:
                new.name_hint = old.name_hint
            env[old] = new
    return function


def _lower_op(op: Operation, env: dict[SSAValue, SSAValue], builder: Builder) -> list[SSAValue]:
    inputs = [env[v] for v in op.operands]
    match op:
        case cat.ReturnOp():
            return list(builder.insert(func.ReturnOp(*inputs)).results)
        case cat.CopyOp():
            return inputs * len(op.results)
        case cat.DiscardOp():
            return []
        case cat.ZeroOp():
            type_ = tensor_of(op.y)
            return [ops_at(builder).full(type_.get_shape(), 0, dtype_of(type_)).value]
        case cat.AddOp():
            ops = ops_at(builder)
            total = ops.array(inputs[0])
            for term in inputs[1:]:
                total = total + ops.array(term)
            return [total.value]
        case _:
            return list(
                builder.insert(op.clone(dict(zip(op.operands, inputs, strict=True)))).results
            )


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
        check_module(op)
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
            function = _lower(arrow)
            block = arrow.parent_block()
            assert block is not None
            block.insert_ops_before([function], arrow)
            arrow.detach()
            arrow.erase()
