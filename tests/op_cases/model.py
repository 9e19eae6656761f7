"""
What a row says of an op: instances of it, domains for random inputs, literal values.

The literal values are numbers, so that the NumPy meaning of an op is not its only witness.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from catgrad.dialects.tops.base import DTYPES, Tensor, tensor

Numbers: TypeAlias = "float | list[Any]"
Range: TypeAlias = tuple[float, float]
IntArray: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Case:
    """One instance of an op: types are written as in `tensor<2x3xf64>`."""

    types: tuple[str, ...]
    result: str = ""
    props: Mapping[str, object] = field(default_factory=dict[str, object])
    full: Mapping[int, float] = field(default_factory=dict[int, float])
    """Operands that are one constant for all elements (`tops.full`), not inputs."""
    ranges: Mapping[int, Range] = field(default_factory=dict[int, Range])
    """Where random inputs are drawn from, by operand; from (-2, 2) elsewhere."""
    zero: tuple[int, ...] = ()
    """Operands whose cotangent is declared zero."""

    def __str__(self) -> str:
        parts = [*self.types, *([f"to {self.result}"] if self.result else [])]
        parts += [f"{key}={value}" for key, value in {**self.props, **self.full}.items()]
        return " ".join(parts)


@dataclass(frozen=True)
class Literal:
    """
    Inputs and the output expected; with a seed also the cotangents expected of the inputs.

    `second`: the cotangents of the inputs in R[R[f]], where all seeds of that are 1.
    """

    case: Case
    inputs: tuple[Numbers, ...]
    output: Numbers
    seed: Numbers | None = None
    cotangents: tuple[Numbers, ...] = ()
    second: tuple[Numbers, ...] = ()


@dataclass(frozen=True)
class Row:
    """What the tests know of an op."""

    op: str
    cases: tuple[Case, ...]
    literals: tuple[Literal, ...]
    smooth: bool = True
    """Whether the second derivative is checked as well."""
    step: float = 1e-3
    rtol: float = 1e-6
    polynomial: Callable[..., IntArray] | None = None
    """Over Z/2: the polynomial that the op is, if no integer op is it."""


def type_of(text: str) -> Tensor:
    """`2x3xf64` -> tensor<2x3xf64>."""
    *shape, dtype = text.split("x")
    assert dtype in DTYPES, text
    return tensor([int(n) for n in shape], dtype)


PAIR = {t: Case((f"4x{t}", f"4x{t}")) for t in DTYPES}
ONE = {t: Case((f"4x{t}",)) for t in DTYPES}
RING = ("i1", "i32", "i64")
BITS = [0, 0, 1, 1], [0, 1, 0, 1]
BIG = 2**31 - 1
