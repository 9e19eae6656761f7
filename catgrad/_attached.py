"""What files from outside have changed, so that a command can leave all as it was."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from xdsl.ir import Operation, OpTraits

from catgrad.targets._outside import LOADED

ATTACHED: list[tuple[type[Operation], OpTraits]] = []
"""The ops that were given traits, in order, and the traits they had before."""


@contextmanager
def attaching() -> Generator[None]:
    """What is loaded and attached inside is taken away afterwards: a file can be loaded again."""
    start = len(ATTACHED)
    tables = (LOADED.all_dialects, LOADED.all_passes, LOADED.all_targets)
    names = [set(table) for table in tables]
    try:
        yield
    finally:
        for op, traits in reversed(ATTACHED[start:]):
            op.traits = traits
        del ATTACHED[start:]
        for table, known in zip(tables, names, strict=True):
            for name in set(table) - known:
                del table[name]
