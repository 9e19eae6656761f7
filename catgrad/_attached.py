"""What rules from outside have changed about ops, so that a command can leave them as they were."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from xdsl.ir import Operation, OpTraits

ATTACHED: list[tuple[type[Operation], OpTraits]] = []
"""The ops that were given traits, in order, and the traits they had before."""


@contextmanager
def attaching() -> Generator[None]:
    """What is attached inside is taken away afterwards: a file can be loaded again."""
    start = len(ATTACHED)
    try:
        yield
    finally:
        for op, traits in reversed(ATTACHED[start:]):
            op.traits = traits
        del ATTACHED[start:]
