"""Applying reverse rules: what they give is checked here, so that a faulty rule is blamed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from xdsl.ir import Attribute, Operation, SSAValue

from catgrad.dialects._blame import blaming, fault, is_own, shown
from catgrad.dialects.tops.base import Emitter, ReverseRule, TopsOp

OR_NONE = " or None (a declared zero)"


def code_of(rule: ReverseRule, op: Operation) -> object:
    """The function that somebody wrote: attached to the op, or a method of the op or of a trait."""
    if (function := getattr(rule, "function", None)) is not None:
        return function
    return type(op).reverse if is_own(type(rule)) and isinstance(op, TopsOp) else type(rule).reverse


def _type(value: Any) -> Attribute | None:
    """The type of an SSA value, None for what is none."""
    known: SSAValue | None = cast("SSAValue", value) if isinstance(value, SSAValue) else None
    return None if known is None else known.type


def cotangents_of(
    rule: ReverseRule,
    op: Operation,
    outputs: Sequence[SSAValue],
    seeds: Sequence[SSAValue | None],
    ops: Emitter,
    inputs: Sequence[SSAValue] | None = None,
) -> list[SSAValue | None]:
    """
    What a rule gives for the inputs of an op, which are its operands unless others are given.

    FaultyCode for a rule that raises, or does not give each input a value of its type or None.
    """
    code, what = code_of(rule, op), f"the reverse rule of '{op.name}'"
    operands = op.operands if inputs is None else inputs
    with blaming(what, op, code):
        given: Any = rule.reverse(op, operands, outputs, seeds, ops)
    found: list[object] | None = [*given] if type(given) in (list, tuple) else None
    types = list(op.operand_types)
    if found is None or len(found) != len(types):
        got = shown(given, ops) if found is None else f"a list of {len(found)}"
        expected = f"a list of {len(types)}: for each input an array of its type"
        raise fault(f"{what} gave {got}; expected {expected}{OR_NONE}", op, code)
    for i, (made, type_) in enumerate(zip(found, types, strict=True)):
        of = _type(made)
        if made is not None and of != type_:
            got = shown(made, ops) if of is None else f"an array of {of}"
            expected = f"an array of {type_}{OR_NONE}"
            raise fault(f"{what} gave {got} for input {i}; expected {expected}", op, code)
    return cast("list[SSAValue | None]", found)
