"""`cat.forward` against dual numbers: another forward mode, written here, on the same programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from catgrad.compiler import run_pipeline
from catgrad.dialects import cat
from catgrad.dialects.tops.base import TopsOp
from catgrad.interpreter import Interpreter, NumPyArray, compute
from catgrad.pipelines import TOPS
from tests.laws import define, sample
from tests.programs import arrows, parse
from tests.ring_programs import RINGS, Arrow, Words, random_arrow

Dual = tuple[NumPyArray, NumPyArray]
F, H = Arrow("f", 2, 2), Arrow("h", 2, 2)


REAL: dict[str, str] = {
    "sin": "np.cos(x) * dx",
    "cos": "-np.sin(x) * dx",
    "tanh": "dx / np.cosh(x) ** 2",
    "logistic": "dx / (2 + np.exp(x) + np.exp(-x))",
    "negative": "-dx",
    "square": "x * dx + x * dx",
    "copy": "dx",
    "add": "dx + dy",
    "subtract": "dx - dy",
    "multiply": "x * dy + dx * y",
    "maximum": "np.where(x > y, dx, np.where(x < y, dy, (dx + dy) / 2))",
}
BOOLEAN: dict[str, str] = {
    "logical_not": "dx",
    "negative": "dx",
    "copy": "dx",
    "square": "dx ^ dx",
    "logical_and": "(x & dy) ^ (dx & y)",
    "multiply": "(x & dy) ^ (dx & y)",
    "logical_or": "(~x & dy) ^ (dx & ~y)",
    "logical_xor": "dx ^ dy",
    "add": "dx ^ dy",
}
"""The tangent of each op's result, from values and tangents of its operands."""


def evaluate(table: dict[str, cat.ArrowOp], name: str, inputs: Sequence[Dual]) -> list[Dual]:
    """Run an arrow on dual numbers."""
    env: dict[Any, Dual] = dict(zip(table[name].block.args, inputs, strict=True))
    for op in table[name].block.ops:
        duals = [env[v] for v in op.operands]
        if isinstance(op, cat.ReturnOp):
            return duals
        if isinstance(op, cat.CallOp):
            env.update(zip(op.results, evaluate(table, op.target, duals), strict=True))
            continue
        assert isinstance(op, TopsOp)
        value = compute(op, [x for x, _ in duals])
        rules = BOOLEAN if value.dtype == np.bool_ else REAL
        names = dict(zip(("x", "dx", "y", "dy"), (n for dual in duals for n in dual), strict=False))
        mnemonic = op.name.removeprefix("tops.")
        moved: Any = eval(rules[mnemonic], {"np": np, **names}) if duals else np.zeros_like(value)
        env[op.results[0]] = value, moved
    raise AssertionError("an arrow ends in cat.return")


@pytest.mark.parametrize("words", RINGS.values(), ids=RINGS)
@settings(max_examples=15)
@given(data=st.data())
def test_forward_is_that_of_dual_numbers(data: DataObject, words: Words) -> None:
    @st.composite
    def program(draw: st.DrawFn) -> str:
        text = random_arrow(draw, words, [], H, derivatives=())
        return text + random_arrow(draw, words, [H], F, derivatives=())

    text = data.draw(program())
    text += define(words, Arrow("d", 4, 2), lambda t, v: t.forward(F, v[:2], v[2:]))
    module, given_ = parse(text), sample(words, np.random.default_rng(0), 4)
    with np.errstate(all="ignore"):
        expected = evaluate(arrows(module), "f", list(zip(given_[:2], given_[2:], strict=True)))
    found = Interpreter(run_pipeline(module, TOPS)).run("d", *given_)
    for a, (_, b) in zip(found, expected, strict=True):
        if a.dtype.kind == "f":
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-8 * max(1, np.abs(b).max()))
        else:
            np.testing.assert_array_equal(a, b)
