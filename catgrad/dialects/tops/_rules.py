"""Applying reverse rules: what they give is checked here, so that a faulty rule is blamed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from xdsl.ir import Attribute, Operation, SSAValue

from catgrad.dialects._blame import blaming, fault, is_own, shown
from catgrad.dialects.tops.base import Emitter, ReverseRule, TopsOp

OR_NONE = " or None (a declared zero)"


def code_of(rule: ReverseRule, op: Operation) -> object:
    """What somebody wrote: an attached function, a method of a trait or of the op, or the op."""
    if (function := getattr(rule, "function", None)) is not None:
        return function
    if not is_own(type(rule)) or not isinstance(op, TopsOp):
        return type(rule).reverse
    code, inherited = type(op).reverse, is_own(type(op).reverse) and not is_own(type(op))
    return type(op) if inherited else code


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
