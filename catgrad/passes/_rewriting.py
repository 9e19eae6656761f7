"""What several passes do to an op."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue

from catgrad.dialects.tops.base import dtype_of, tensor
from catgrad.dialects.tops.creation import FullOp


def defined_functions(module: ModuleOp) -> Iterator[func.FuncOp]:
    """The functions that have a body."""
    for op in module.body.block.ops:
        if isinstance(op, func.FuncOp) and op.body.blocks:
            yield op


def replace_op(op: Operation, values: Sequence[SSAValue]) -> None:
    """Put `values` in the place of the results, which pass on their hints, and erase the op."""
    for old, new in zip(op.results, values, strict=True):
        if new.name_hint is None:
            new.name_hint = old.name_hint
        old.replace_all_uses_with(new)
    op.detach()
    op.erase()


def full_like(full: FullOp, shape: Sequence[int]) -> FullOp:
    """The same number in another shape."""
    type_ = tensor(shape, dtype_of(full.out_type))
    return FullOp.create(result_types=[type_], properties=full.properties.copy())
