"""What files from outside have changed, so that a command can leave all as it was."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from xdsl.ir import Operation, OpTraits
from xdsl.universe import Universe

from catgrad.targets._outside import LOADED, merge

ATTACHED: list[tuple[type[Operation], OpTraits]] = []
"""The ops that were given traits, in order, and the traits they had before."""


@contextmanager
def attaching(keep: bool = False) -> Generator[None]:
    """
    What is loaded and attached inside is taken away afterwards: a file can be loaded again.

    With `keep` that is so only if an error is raised inside.
    """
    start, kept = len(ATTACHED), False
    before = Universe()
    merge(before, LOADED)
    try:
        yield
        kept = keep
    finally:
        if not kept:
            for op, traits in reversed(ATTACHED[start:]):
                op.traits = traits
            del ATTACHED[start:]
            LOADED.all_dialects = before.all_dialects
            LOADED.all_passes = before.all_passes
            LOADED.all_targets = before.all_targets
