"""
Random programs: evaluated or rewritten, cleaned up before or after, the results are the same.

The programs call, differentiate and nest; some arrows have custom derivatives; values are shared,
repeated and unused, so that cse, dce and canonicalize have something to do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination
from xdsl.transforms.dead_code_elimination import DeadCodeElimination

from catgrad.dialects._checks import check_module
from catgrad.interpreter import Interpreter, NumPyArray
from tests.programs import context, differentiate, parse
from tests.ring_programs import BITS, INTEGERS, REALS, programs

CLEANUP: tuple[ModulePass, ...] = (
    CommonSubexpressionElimination(),
    DeadCodeElimination(),
    CanonicalizePass(),
)


def cleaned(module: ModuleOp) -> ModuleOp:
    """A copy after cse, dce and canonicalize."""
    copy = module.clone()
    for step in CLEANUP:
        step.apply(context(), copy)
    copy.verify()
    check_module(copy)
    return copy


def variants(module: ModuleOp) -> dict[str, ModuleOp]:
    """The ways to compute a program that must agree with evaluating it."""
    early = cleaned(module)
    found = {
        "cleaned": early,
        "differentiated": differentiate(module),
        "cleaned, differentiated": differentiate(early),
        "differentiated, cleaned": cleaned(differentiate(module)),
    }
    for other in found.values():
        check_module(other)
    return found


def check(text: str, inputs: Sequence[NumPyArray]) -> None:
    """All variants of a program agree."""
    module = parse(text)
    check_module(module)
    count = len(Interpreter(module).functions["main"].function_type.inputs.data)
    expected = Interpreter(module).run("main", *inputs[:count])
    for name, other in variants(module).items():
        found = Interpreter(other).run("main", *inputs[:count])
        for a, b in zip(found, expected, strict=True):
            if a.dtype.kind in "bi":
                assert a.tolist() == b.tolist(), f"{name}\n{other}"
            else:
                assert np.allclose(a, b, rtol=1e-7, atol=1e-9, equal_nan=True), f"{name}\n{other}"


@settings(max_examples=50)
@given(programs(REALS))
def test_programs_over_the_reals(text: str) -> None:
    rng = np.random.default_rng(0)
    check(text, [rng.uniform(-1, 1, 2) for _ in range(4)])


@settings(max_examples=25)
@given(programs(INTEGERS))
def test_programs_over_the_integers(text: str) -> None:
    rng = np.random.default_rng(0)
    check(text, [rng.integers(-(2**31), 2**31, 3).astype(np.int32) for _ in range(4)])


@settings(max_examples=50)
@given(programs(BITS))
def test_programs_over_the_booleans(text: str) -> None:
    rng = np.random.default_rng(0)
    check(text, [rng.integers(0, 2, 4).astype(bool) for _ in range(4)])


def test_the_check_sees_a_wrong_program(monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
    cat.arrow @main(%x: tensor<2xf64>) -> tensor<2xf64> {
      %y = tops.sin %x : tensor<2xf64>
      cat.return %y : tensor<2xf64>
    }
    """
    wrong = {"wrong": parse(text.replace("sin", "cos"))}

    def wrong_variants(module: ModuleOp) -> dict[str, ModuleOp]:
        return wrong

    monkeypatch.setattr("tests.test_random_programs.variants", wrong_variants)
    with pytest.raises(AssertionError, match="wrong"):
        check(text, [np.ones(2)])
