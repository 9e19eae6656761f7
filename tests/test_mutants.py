"""Every reverse rule, mutated mechanically, is caught by the checks of the rules."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest

from catgrad.dialects.tops import TABLE
from tests.mutation import compiled, mutants, names_called, parse
from tests.op_cases import ROWS
from tests.rule_checks import Mismatch, check_row

CONSTANT = "the exponent is a constant, whose cotangent goes nowhere"
SHAPE = "only the shape and element type are used, and they are the same"
GUARD = "the branch that holds it is never selected, and its cotangent is zero"
ORDER = "max(a, b) > b just where a > b, min(a, b) < b just where a < b"
TIES = "where a does not win, a is the output just where a and b tie"
UNITS = "over Z/2 the only unit is 1 = -1, to which the scalar 2 converts"
STRICT = "the lengths are equal; `strict` only says so"
COMMUTES = "n - a - t = n - t - a"
APART = "no cotangent flows between floats and integers or booleans: the rule is not asked for it"

EQUIVALENT = {
    ("pow", "return (None if n == 0 else g * (n * (a if n == 2 else a ** (n - 1))) "
     "if n != 1 else g, cotangents[0])"): CONSTANT,
    ("pow", "one = outputs[0].full_like(1)"): SHAPE,
    ("pow", "one = b.full_like(1)"): SHAPE,
    ("pow", "one = a.full_like(2)"): GUARD,
    ("pow", "zero = outputs[0].full_like(0)"): SHAPE,
    ("pow", "zero = b.full_like(0)"): SHAPE,
    **{
        (op, f"return (_share({da}, {ta}, cotangents[0]), _share({db}, {tb}, cotangents[0]))"): why
        for op, sign in (("maximum", ">"), ("minimum", "<"))
        for da, ta, db, tb, why in (
            (f"outputs[0] {sign} b", "a == b", f"b {sign} a", "a == b", ORDER),
            (f"a {sign} b", "a == b", f"outputs[0] {sign} a", "a == b", ORDER),
            (f"a {sign} b", "a == outputs[0]", f"b {sign} a", "a == b", TIES),
            (f"a {sign} b", "a == b", f"b {sign} a", "outputs[0] == b", TIES),
        )
    },
    **{
        (op, f"return ({new[0]}, {new[1]})"): UNITS
        for op, a, b in (
            ("logical_and", "cotangents[0] & b", "cotangents[0] & a"),
            ("logical_or", "cotangents[0] & ~b", "cotangents[0] & ~a"),
        )
        for new in ((f"({a}) * 2", b), (f"-({a})", b), (a, f"({b}) * 2"), (a, f"-({b})"))
    },
    **{
        ("logical_xor", f"return ({a}, {b})"): UNITS
        for a, b in (
            ("cotangents[0] * 2", "cotangents[0]"),
            ("-cotangents[0]", "cotangents[0]"),
            ("cotangents[0]", "cotangents[0] * 2"),
            ("cotangents[0]", "-cotangents[0]"),
        )
    },
    ("logical_not", "return (cotangents[0] * 2,)"): UNITS,
    ("logical_not", "return (-cotangents[0],)"): UNITS,
    ("astype", "both = (inputs[0].dtype, inputs[0].dtype)"): APART,
    ("slice", "taken = [(n - 1) * s + 1 if n else 0 "
     "for n, s in zip(outputs[0].shape, p['step'], strict=False)]"): STRICT,
    ("slice", "high = tuple((n - a - t for n, a, t in zip(x.shape, low, taken, strict=False)))"):
        STRICT,
    ("slice", "high = tuple((n - a - t for n, a, t in zip(x.shape, taken, low, strict=True)))"):
        COMMUTES,
    ("pad", "start, stop, step = zip(*self.bounds(), strict=False) "
     "if self.bounds() else ((), (), ())"): STRICT,
    **{(op, "mask = (x == outputs[0].broadcast(axes, x.shape)).astype(outputs[0].dtype)"): SHAPE
       for op in ("max", "min")},
}  # fmt: skip
"""The mutants that are no mistake: the reason for each."""

COMPARISONS = {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}
UNASKED = {*COMPARISONS, "random_uniform"}
"""The ops whose rules no derivative asks: their operands and results are of different kinds."""

MUTATED = [op for op in TABLE if ROWS[op].cases]


def caught(op: str) -> str:
    """How the checks of an op fail: `mismatch`, `error` or, if they pass, an empty string."""
    try:
        check_row(ROWS[op])
    except Mismatch:
        return "mismatch"
    except Exception as error:  # what a rule gives is checked where it is applied, too
        return "mismatch" if str(error).startswith("the reverse rule of") else "error"
    return ""


def rule_mutants(op: str) -> list[tuple[str, Callable[..., Any]]]:
    """The mutants of an op's rule, with their labels."""
    arity = len(ROWS[op].cases[0].types) if ROWS[op].cases else 0
    return [(m.label, m.function) for m in mutants(TABLE[op].reverse, arity)]


def helpers() -> dict[str, list[str]]:
    """The functions that rules call in their own modules, and the ops whose rules call them."""
    found: dict[str, list[str]] = {}
    for op, op_class in TABLE.items():
        for name in sorted(names_called(op_class.reverse)):
            if isinstance(op_class.reverse.__globals__.get(name), FunctionType):
                found.setdefault(name, []).append(op)
    return found


@pytest.mark.parametrize("op", TABLE)
def test_the_checks_pass_a_right_rule(op: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a rule compiled from its syntax tree, as the mutants are; it is asked unless listed."""
    rule = compiled(parse(TABLE[op].reverse), TABLE[op].reverse)
    asked: list[str] = []

    def counted(*arguments: object) -> object:
        asked.append(op)
        return rule(*arguments)

    monkeypatch.setattr(TABLE[op], "reverse", counted)
    check_row(ROWS[op])
    assert bool(asked) == (op in MUTATED and op not in UNASKED)


def test_the_lists_name_ops_that_are_mutated() -> None:
    assert set(MUTATED) >= UNASKED
    assert set(MUTATED) - UNASKED >= {op for op, _ in EQUIVALENT}


@pytest.mark.parametrize("op", MUTATED)
def test_every_mutant_is_caught(op: str, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes: dict[str, str] = {}
    for label, function in rule_mutants(op):
        monkeypatch.setattr(TABLE[op], "reverse", function)
        outcomes[label] = caught(op)
    survived = {label for label, how in outcomes.items() if not how}
    equivalent = {label for name, label in EQUIVALENT if name == op}
    assert survived == (set(outcomes) if op in UNASKED else equivalent)
    assert op in UNASKED or "mismatch" in outcomes.values()


@pytest.mark.parametrize("name, ops", helpers().items(), ids=helpers())
def test_every_mutant_of_a_helper_is_caught(
    name: str, ops: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for op in ops:
        names = TABLE[op].reverse.__globals__
        for mutant in mutants(names[name], 0):
            with monkeypatch.context() as patch:
                patch.setitem(names, name, mutant.function)
                assert caught(op), mutant.label


def test_mutants_are_many_and_differ() -> None:
    labels = [(op, label) for op in TABLE for label, _ in rule_mutants(op)]
    assert len(labels) > 500
    assert len(labels) == len(set(labels))
