"""How an op is written with others, for targets that lack it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from xdsl.ir import Operation, OpTrait

from catgrad.dialects.tops.base import Arrays, Emitter
from catgrad.dialects.tops.value import Array

Decompose: TypeAlias = Callable[[Any, Arrays, Emitter], "Array | Sequence[Array]"]
"""(op, inputs, ops) -> the result, or all results; `op` is there for its properties and types."""


@dataclass(frozen=True)
class Decomposition(OpTrait):
    """
    What `tops-decompose` writes in place of an op that a target lacks.

    It is for the target of that name, or for all.
    """

    function: Decompose
    target: str = ""

    def results(self, op: Operation, inputs: Arrays, ops: Emitter) -> list[Array]:
        """What the function gives, as a list."""
        made = self.function(op, inputs, ops)
        return [made] if isinstance(made, Array) else list(made)


def decomposition_of(op: Operation, target: str) -> Decomposition | None:
    """How to write an op for a target: the way for that target alone comes before the common."""
    found = {t.target: t for t in op.get_traits_of_type(Decomposition)}
    return found.get(target) or found.get("")
