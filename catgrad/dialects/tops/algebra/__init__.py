"""
Folding and algebra for xDSL's `canonicalize`: each pattern makes the program smaller.

A pattern removes an op, or trades one for a cheaper op (broadcast, sum, permute_dims -> reshape;
pow -> square; multiply -> negative; add -> subtract without its negative), or moves a constant to
the right, where no pattern takes it away: nothing runs in circles.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from xdsl.ir import Operation

from catgrad.dialects.tops.algebra import elementwise, folding, movement
from catgrad.dialects.tops.algebra.base import AlgebraPattern, AlgebraPatterns

PATTERNS: list[type[AlgebraPattern[Any]]] = [
    c
    for module in (folding, elementwise, movement)
    for name, c in vars(module).items()
    if name.endswith("Pattern") and c is not AlgebraPattern
]
"""All patterns, in the order in which they are tried."""


@cache
def patterns_of(op: type[Operation]) -> tuple[AlgebraPattern[Any], ...]:
    """The patterns for an op class: those whose `simpler` takes it."""
    return tuple(p() for p in PATTERNS if issubclass(op, p.matches))


@cache
def rewriting_of(op: type[Operation]) -> tuple[AlgebraPatterns, ...]:
    """The patterns for an op class as one: it is tried on every op again and again."""
    patterns = patterns_of(op)
    return (AlgebraPatterns(patterns),) if patterns else ()
