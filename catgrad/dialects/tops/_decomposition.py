"""How an op is written with others, for targets that lack it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from xdsl.ir import Operation, OpTrait

from catgrad.dialects._blame import blaming, fault, shown
from catgrad.dialects.tops.base import Arrays, Emitter, Tensor, dtype_of, tensor, tensor_of
from catgrad.dialects.tops.value import Array

Decompose: TypeAlias = Callable[[Any, Arrays, Emitter], "Array | Sequence[Array]"]
"""(op, inputs, ops) -> the result, or all results; `op` is there for its properties and types."""


class Missing(Exception):
    """An op that the target lacks and no rule writes with others; why, if there is more to say."""


@dataclass(frozen=True)
class Decomposition(OpTrait):
    """
    What `tops-decompose` writes in place of an op that a target lacks.

    It is for the target of that name, or for all.
    """

    function: Decompose
    target: str = ""

    def results(self, op: Operation, inputs: Arrays, ops: Emitter) -> list[Array]:
        """
        What the function gives, as a list.

        FaultyCode if it raises, or does not give each result an array of its type, booleans as they
        are or as f32.
        """
        what = f"the decomposition of '{op.name}'"
        with blaming(what, op, self.function, passing=(Missing,)):
            given: Any = self.function(op, inputs, ops)
            made: list[Any] = [*given] if isinstance(given, list | tuple) else [given]
        expected = [tensor_of(r) for r in op.results]
        if not all(isinstance(a, Array) and a.ops is ops for a in made):
            got = "; ".join(shown(a, ops) for a in made)
        elif [lowered(a.type) for a in made] != [lowered(t) for t in expected]:
            got = ", ".join(str(a.type) for a in made) or "[]"
        else:
            return made
        wanted = ", ".join(map(str, expected))
        raise fault(f"{what} gave {got}; expected {wanted}", op, self.function)


def lowered(type_: Tensor) -> Tensor:
    """The type of a value once booleans are f32."""
    return tensor(type_.get_shape(), "f32") if dtype_of(type_) == "i1" else type_


def decomposition_of(op: Operation, target: str) -> Decomposition | None:
    """
    How to write an op for a target: the way for that target alone comes before the common.

    For `ggml-native` that is the way for it, for `ggml`, or for all.
    """
    found = {t.target: t for t in op.get_traits_of_type(Decomposition)}
    return found.get(target) or found.get(target.partition("-")[0]) or found.get("")
