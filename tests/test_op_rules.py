"""
Every op: its meaning at literal values, its reverse rule against differences of the op.

All is derived from the rows of `op_cases`; rules run in the interpreter (`cat.reverse` evaluated on
a tape) and through `cat-differentiate`.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.utils.exceptions import InterpretationError, PassFailedException

from catgrad.dialects import cat
from catgrad.dialects.tops import OPS, TABLE
from catgrad.dialects.tops.base import Numpy, TopsOp
from catgrad.interpreter import Interpreter
from tests.op_cases import ROWS, Case, Literal, Row
from tests.op_cases.model import type_of
from tests.programs import differentiate, parse
from tests.rule_checks import (
    KINDS,
    Probe,
    active,
    arrays,
    check_case,
    check_literal,
    check_second_order,
    derivative_arrow,
    dtype,
    op_arrow,
)

CASES = [
    pytest.param(row, case, id=f"{row.op}({case})") for row in ROWS.values() for case in row.cases
]
LITERALS = [
    pytest.param(row, literal, id=f"{row.op}({literal.case}){literal.inputs}")
    for row in ROWS.values()
    for literal in row.literals
]
BOTH = pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])


SMOOTH = [
    pytest.param(row, case, id=f"{row.op}({case})")
    for row in ROWS.values()
    for case in row.cases
    if row.smooth and active(case) == {"real"}
]


def meaning(op: str) -> Numpy:
    """The NumPy meaning of an op."""
    return next(trait for trait in TABLE[op].traits.traits if isinstance(trait, Numpy))


def test_every_op_has_a_row() -> None:
    assert len(OPS) == len(TABLE)
    assert sorted(ROWS) == sorted(TABLE)


@pytest.mark.parametrize("op", OPS, ids=TABLE)
def test_every_op_is_documented_with_an_example(op: type[TopsOp]) -> None:
    """The last line of the docstring is IR, and valid."""
    text, _, example = (op.__doc__ or "").strip().rpartition("`%")
    assert text, "the docstring says what the op does"
    names = re.findall(r"%\w+", example.partition("=")[2])
    inputs = example.rpartition(" : ")[2].partition("->")[0]
    types = re.findall(r"tensor<\w+>", inputs)
    types = types if "(" in inputs else types * len(names)
    arguments = ", ".join(f"{n}: {t}" for n, t in zip(names, types, strict=True))
    module = parse(f"func.func @f({arguments}) {{\n%{example.rstrip('`')}\nfunc.return\n}}")
    assert any(isinstance(found, op) for found in module.walk())


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_row_tests_the_meaning_and_the_rule(row: Row) -> None:
    assert row.literals
    has_operands = any(literal.case.types for literal in row.literals)
    assert bool(row.cases) == has_operands


@pytest.mark.parametrize("row", [row for row in ROWS.values() if row.cases], ids=lambda row: row.op)
def test_every_rule_is_checked_on_all_kinds_of_numbers(row: Row) -> None:
    """Reals, integers and booleans: each kind of numbers that a rule holds on has a case."""
    checked = [active(case) or {KINDS[dtype(case.types[0])]} for case in row.cases]
    if any(active(case) for case in row.cases):
        assert set[str]().union(*checked) == {KINDS[name] for name in meaning(row.op).rule}


@pytest.mark.parametrize("row, literal", LITERALS)
def test_meaning_at_literal_values(row: Row, literal: Literal) -> None:
    module = ModuleOp([op_arrow(row.op, literal.case)])
    module.verify()
    found = Interpreter(module).run("f", *arrays(literal.case, literal.inputs))[0]
    np.testing.assert_allclose(found, np.array(literal.output), rtol=1e-14, atol=0)


@BOTH
@pytest.mark.parametrize("row, literal", LITERALS)
def test_rule_at_literal_values(row: Row, literal: Literal, compiled: bool) -> None:
    check_literal(row, literal, compiled=compiled)


@BOTH
@pytest.mark.parametrize("row, case", CASES)
def test_rule_is_the_derivative(row: Row, case: Case, compiled: bool) -> None:
    check_case(Probe(row, case, compiled=compiled), np.random.default_rng(1))


@BOTH
@pytest.mark.parametrize("row, case", CASES)
def test_rule_is_additive_in_the_cotangent(row: Row, case: Case, compiled: bool) -> None:
    rng = np.random.default_rng(2)
    probe = Probe(row, case, compiled=compiled)
    x, g, k = probe.sample(rng), probe.seed(rng), probe.seed(rng)
    both = g ^ k if g.dtype == np.bool_ else g + k
    for a, b, c in zip(probe.r(x, both), probe.r(x, g), probe.r(x, k), strict=True):
        np.testing.assert_allclose(
            a, b ^ c if b.dtype == np.bool_ else b + c, rtol=1e-6, atol=1e-12
        )
    for zero in probe.r(x, np.zeros_like(g)):
        assert not np.any(zero)


@BOTH
@pytest.mark.parametrize("row, case", SMOOTH)
def test_second_derivative(row: Row, case: Case, compiled: bool) -> None:
    check_second_order(Probe(row, case, compiled=compiled), np.random.default_rng(3))


# -- ops without a rule -----------------------------------------------------------------------
def without_rule() -> list[tuple[str, Case]]:
    """Each op on each element type where it has a meaning and no rule."""
    found: list[tuple[str, Case]] = []
    for row in ROWS.values():
        for literal in row.literals:
            op = op_arrow(row.op, literal.case).result.values[0].owner
            assert isinstance(op, TopsOp)
            if not op.has_rule():
                found.append((row.op, literal.case))
    return found


def test_some_ops_lack_a_rule() -> None:
    names = {op for op, _ in without_rule()}
    assert names == {"abs", "sign", "pow", "maximum", "minimum", "max", "min"}


def test_missing_rules_are_reported_all_at_once() -> None:
    """The ops are spread over several arrows; one error names each with its type and its place."""
    arrows: list[cat.ArrowOp] = []
    for i, (op, case) in enumerate(without_rule()):
        f = op_arrow(op, case)
        f.sym_name = StringAttr(f"f{i}")
        arrows += [f, derivative_arrow(f"r{i}", f)]
    with pytest.raises(PassFailedException) as error:
        differentiate(ModuleOp([*arrows]))
    message = str(error.value)
    assert message.startswith("cat-differentiate: no reverse rule for ")
    for i, (op, case) in enumerate(without_rule()):
        types = ", ".join(str(type_of(t)) for t in case.types)
        assert f"'tops.{op}' ({types}) in " in message
        assert f"@f{i}" in message


@pytest.mark.parametrize("op, case", without_rule(), ids=str)
def test_the_interpreter_reports_a_missing_rule(op: str, case: Case) -> None:
    probe = Probe(ROWS[op], case)
    rng = np.random.default_rng(4)
    with pytest.raises(InterpretationError, match=rf"no reverse rule for 'tops\.{op}'"):
        probe.r(probe.sample(rng), probe.seed(rng))
