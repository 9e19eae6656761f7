"""
The `cat` dialect: the structure of a Cartesian left-additive category, and nothing else.

arrow call        morphisms and their composition
copy discard      the comonoid: fan-out and drop        (daggers of add and zero)
add zero          the monoid: sums of cotangents        (daggers of copy and discard)
reverse forward   the derivatives R[f] and D[f]
"""

from __future__ import annotations

from xdsl.ir import Dialect, Operation, SSAValue

from catgrad.dialects.cat.arrows import (
    NAME,
    ROLE,
    UPDATES,
    AnyTensor,
    ArrowOp,
    CallOp,
    ReturnOp,
    flat_symbol,
    text_of,
)
from catgrad.dialects.cat.derivatives import Derivative, ForwardOp, ReverseOp
from catgrad.dialects.cat.structure import AddOp, CopyOp, DiscardOp, ZeroOp

Cat = Dialect(
    "cat",
    [ArrowOp, ReturnOp, CallOp, ReverseOp, ForwardOp, CopyOp, DiscardOp, AddOp, ZeroOp],
    [],
)


def arrows_of(module: Operation) -> list[ArrowOp]:
    """All arrows of a module, in order."""
    return [op for op in module.regions[0].block.ops if isinstance(op, ArrowOp)]


def source(value: SSAValue) -> SSAValue:
    """The value that a wire carries: `value`, seen through copies."""
    while isinstance(owner := value.owner, CopyOp):
        value = owner.x
    return value


def references(op: Operation) -> list[str]:
    """The arrows that an op refers to: its callee, or an arrow's custom derivative."""
    if isinstance(op, CallOp | ReverseOp | ForwardOp):
        return [op.target]
    if isinstance(op, ArrowOp) and op.custom is not None:
        return [op.custom]
    return []


__all__ = [
    "NAME",
    "ROLE",
    "UPDATES",
    "AddOp",
    "AnyTensor",
    "ArrowOp",
    "CallOp",
    "Cat",
    "CopyOp",
    "Derivative",
    "DiscardOp",
    "ForwardOp",
    "ReturnOp",
    "ReverseOp",
    "ZeroOp",
    "arrows_of",
    "flat_symbol",
    "references",
    "source",
    "text_of",
]
