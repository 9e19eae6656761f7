"""What several passes do to an op."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation, SSAValue


def replace_op(op: Operation, values: Sequence[SSAValue]) -> None:
    """Put `values` in the place of the results, which pass on their hints, and erase the op."""
    for old, new in zip(op.results, values, strict=True):
        if new.name_hint is None:
            new.name_hint = old.name_hint
        old.replace_all_uses_with(new)
    op.detach()
    op.erase()
