"""
The `tops` dialect: pure tensor ops named by the Python array API standard.

The tables are derived from the op blocks: `OPS` holds every op, by mnemonic in `TABLE`.
"""

from __future__ import annotations

import importlib
import pkgutil

from xdsl.builder import Builder
from xdsl.ir import Dialect, Operation

from catgrad.dialects.tops.base import TopsOp
from catgrad.dialects.tops.fused import FusedOp, SlotAttr, YieldOp
from catgrad.dialects.tops.value import Array, Ops

FAMILIES = [
    m.name
    for m in pkgutil.iter_modules(__path__)
    if m.name not in ("base", "value", "algebra") and not m.name.startswith("_")
]


def _ops() -> list[type[TopsOp]]:
    """All op classes, by family file and then in the order they are written there."""
    found: list[type[TopsOp]] = []
    for family in FAMILIES:
        module = importlib.import_module(f"{__name__}.{family}")
        found += [
            c
            for c in vars(module).values()
            if isinstance(c, type)
            and issubclass(c, TopsOp)
            and c.__module__ == module.__name__
            and hasattr(c, "name")
        ]
    return found


OPS = _ops()
TABLE = {op.name.partition(".")[2]: op for op in OPS}
ALL: list[type[Operation]] = [*OPS, FusedOp, YieldOp]

Tops = Dialect("tops", ALL, [SlotAttr])


def ops_at(builder: Builder, ring: bool = True) -> Ops:
    """Emit `tops` ops at the builder's insertion point; see `Ops`."""
    return Ops(builder, TABLE, ring)


__all__ = ["ALL", "FAMILIES", "OPS", "TABLE", "Array", "Ops", "Tops", "ops_at"]
