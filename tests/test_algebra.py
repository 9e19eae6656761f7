"""
The patterns of `canonicalize`: each keeps the value bit for bit, and the reverse derivative.

Values are compared on random inputs with nan, inf, both zeros and extremes, on every dtype.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from xdsl.builder import Builder
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Region
from xdsl.pattern_rewriter import PatternRewriteWalker
from xdsl.rewriter import InsertPoint

from catgrad.dialects import cat
from catgrad.dialects.tops import OPS, ops_at
from catgrad.dialects.tops.algebra import PATTERNS, elementwise, movement, patterns_of
from catgrad.dialects.tops.algebra.base import AlgebraPattern, Simpler
from catgrad.dialects.tops.arithmetic import AddOp
from catgrad.dialects.tops.base import BOOL, INTEGER, NUMPY_NAMES, TopsOp, tensor
from catgrad.interpreter import Cell, Interpreter
from tests.algebra_cases import CASES, Case, Values, permuted, same_numbers, with_constant

LIT = Path(__file__).parent / "lit" / "dialects" / "tops_canonicalize.mlir"
DERIVED = ("f64", "i32", "i1")

INSTANCES = [(case, dtype) for case in CASES for dtype in case.dtypes]
NAMES = [f"{i}-{case.pattern.__name__}-{dtype}" for i, (case, dtype) in enumerate(INSTANCES)]


def module_of(case: Case, dtype: str) -> ModuleOp:
    """The arrow @f of a case."""
    block = Block(arg_types=[tensor(case.shape, dtype)] * 2)
    ops = ops_at(Builder(InsertPoint.at_end(block)))
    built = case.build(ops, *(ops.array(a) for a in block.args))
    values = [a.value for a in (built if isinstance(built, list) else [built])]
    ops.builder.insert(cat.ReturnOp(values))
    types = block.arg_types, [v.type for v in values]
    return ModuleOp([cat.ArrowOp("f", types, Region(block))])


def rewritten(case: Case, dtype: str) -> tuple[ModuleOp, ModuleOp]:
    """Before, and after the case's pattern alone, which must have changed something."""
    before = module_of(case, dtype)
    after = before.clone()
    assert PatternRewriteWalker(case.pattern()).rewrite_module(after), "the pattern did not match"
    after.verify()
    return before, after


SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0]


def draw(rng: np.random.Generator, shape: tuple[int, ...], dtype: str, whole: bool) -> Values:
    """Random values: special, extreme and ordinary ones; or small whole numbers."""
    name = np.dtype(NUMPY_NAMES[dtype])
    if whole or dtype == "i1":
        return rng.integers(-5 if whole else 0, 5 if whole else 2, shape).astype(name)
    if dtype in INTEGER:
        info = np.iinfo(name)
        wide = rng.integers(info.min, info.max, shape, name, endpoint=True)
        edges = rng.choice([info.min, info.max, 0, 1, -1, 2], shape).astype(name)
        return np.where(rng.random(shape) < 0.5, wide, edges)
    limits = np.finfo(name)
    extremes = [*SPECIAL, limits.max, limits.min, limits.tiny, limits.smallest_subnormal]
    scale = 10.0 ** rng.uniform(-12, 12, shape)
    ordinary = rng.standard_normal(shape) * scale
    return np.where(rng.random(shape) < 0.5, ordinary, rng.choice(extremes, shape)).astype(name)


@pytest.mark.parametrize(("case", "dtype"), INSTANCES, ids=NAMES)
def test_value_is_kept(case: Case, dtype: str) -> None:
    before, after = (Interpreter(module) for module in rewritten(case, dtype))
    for seed in range(case.runs):
        rng = np.random.default_rng(seed)
        given = [draw(rng, case.shape, dtype, case.whole) for _ in range(2)]
        for a, b in zip(before.run("f", *given), after.run("f", *given), strict=True):
            assert case.same(a, b), f"{given}: {a} became {b}"


def has_rules(module: ModuleOp) -> bool:
    return all(op.has_rule() for op in module.walk() if isinstance(op, TopsOp))


def derivatives(module: ModuleOp, given: list[Values], seeds: list[Values]) -> list[Values]:
    """The cotangents of x and w."""
    interpreter = Interpreter(module)
    arrow = interpreter.functions["f"]
    assert isinstance(arrow, cat.ArrowOp)
    cells = [Cell(a) for a in given], [Cell(a) for a in seeds]
    return [c.array for c in interpreter.reverse(arrow, *cells)[len(seeds) :]]


@pytest.mark.parametrize(("case", "dtype"), INSTANCES, ids=NAMES)
def test_derivative_is_kept(case: Case, dtype: str) -> None:
    before, after = rewritten(case, dtype)
    if dtype not in DERIVED or not has_rules(before):
        return
    assert has_rules(after)
    for seed in range(case.runs):
        rng = np.random.default_rng(seed)
        given = [draw(rng, case.shape, dtype, case.whole) for _ in range(2)]
        if not case.nan:
            given = [np.where(np.isnan(a), 1, a) for a in given]
        seeds = [
            draw(rng, a.shape, dtype if a.dtype == given[0].dtype else "i1", dtype != "i1").astype(
                a.dtype
            )
            for a in Interpreter(before).run("f", *given)
        ]
        wanted, found = (derivatives(module, given, seeds) for module in (before, after))
        for a, b in zip(wanted, found, strict=True):
            assert same_numbers(a, b), f"{given}, {seeds}: {a} became {b}"


def test_every_pattern_has_cases() -> None:
    tested = {case.pattern for case in CASES}
    assert [p.__name__ for p in PATTERNS if p not in tested] == []


def test_every_op_of_a_pattern_has_a_case() -> None:
    tested = {
        (case.pattern, type(op))
        for case in CASES
        for op in module_of(case, case.dtypes[0]).walk()
        if isinstance(op, TopsOp)
    }
    missing = [
        f"{type(p).__name__}: {op.name}"
        for op in OPS
        for p in patterns_of(op)
        if (type(p), op) not in tested
    ]
    assert missing == []


def test_every_pattern_has_a_docstring_and_a_lit_function() -> None:
    text = LIT.read_text()
    for pattern in PATTERNS:
        words = re.findall(r"[A-Z][a-z]*", pattern.__name__.removesuffix("Pattern"))
        assert f"@{'_'.join(words).lower()}(" in text, pattern
        assert pattern.__doc__
        assert pattern.__doc__ != AlgebraPattern.__doc__


class WrongZeroPattern(AlgebraPattern[AddOp]):
    """x + 0 = x, which is wrong at -0.0."""

    def simpler(self, op: AddOp) -> Simpler:
        return op.a


class WrongSquarePattern(AlgebraPattern[elementwise.LogicalAndOp]):
    """(x and x) = x, which over Z/2 has another derivative."""

    def simpler(self, op: elementwise.LogicalAndOp) -> Simpler:
        return op.a


def test_the_value_check_sees_the_sign_of_zero() -> None:
    wrong = Case(WrongZeroPattern, ("f32",), with_constant("add", 0.0))
    with pytest.raises(AssertionError, match="became"):
        test_value_is_kept(wrong, "f32")


def test_the_derivative_check_sees_a_fold_over_z2() -> None:
    wrong = Case(WrongSquarePattern, BOOL, lambda o, x, w: x & x)
    test_value_is_kept(wrong, "i1")
    with pytest.raises(AssertionError, match="became"):
        test_derivative_is_kept(wrong, "i1")


def test_a_pattern_rewrites_to_the_end() -> None:
    """All patterns together come to rest, on all cases."""
    patterns = {op: patterns_of(op) for op in OPS}
    budget = 10_000

    class Counted(AlgebraPattern[TopsOp]):
        """All patterns, a number of times."""

        def simpler(self, op: TopsOp) -> Simpler:
            nonlocal budget
            budget -= 1
            assert budget, f"'{op.name}' is rewritten again and again"
            found = (p.simpler(op) for p in patterns[type(op)])
            return next((new for new in found if new is not None), None)

    for case in CASES:
        module = module_of(case, case.dtypes[0])
        PatternRewriteWalker(Counted()).rewrite_module(module)
        module.verify()


def test_name_hints_are_kept() -> None:
    module = module_of(Case(movement.PermuteUnitAxesPattern, BOOL, permuted((0, 1))), "i1")
    (op,) = (op for op in module.walk() if isinstance(op, TopsOp))
    op.results[0].name_hint = "h"
    PatternRewriteWalker(movement.PermuteUnitAxesPattern()).rewrite_module(module)
    (new,) = (op for op in module.walk() if isinstance(op, TopsOp))
    assert new is not op
    assert new.results[0].name_hint == "h"
