"""Every pass keeps the meaning of every program, and its output survives printing and parsing."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp

from catgrad.dialects import cat
from catgrad.dialects._checks import check_module
from catgrad.interpreter import Interpreter, NumPyArray, dtype_and_shape
from catgrad.pipelines import PIPELINES, parse_passes
from catgrad.targets.numpy_python import NumpyTarget
from catgrad.universe import available_passes
from tests.numpy_code import load_program, results_of
from tests.programs import context, parse
from tests.random_programs import programs

Results = Mapping[str, list[NumPyArray]]

ORDERS = {
    "lower-to-numpy": PIPELINES["lower-to-numpy"],
    "nothing before differentiation": (
        "cat-differentiate,cat-inline,cat-to-tops,tops-assign-slots,tops-verify-slots"
    ),
    "everything before differentiation": (
        "dce,cse,canonicalize,cat-simplify,cat-inline,canonicalize,cse,dce,cat-differentiate,"
        "canonicalize,cat-inline,cat-simplify,canonicalize,cat-to-tops,tops-fuse,tops-assign-slots"
    ),
    "monoidal form": (
        "cat-make-monoidal,cat-simplify,cat-differentiate,cat-make-monoidal,cat-simplify,"
        "cat-inline,cat-make-monoidal,cat-simplify,cat-to-tops"
    ),
}


def public(module: ModuleOp) -> dict[str, list[object]]:
    """The public functions and their argument types."""
    found: dict[str, list[object]] = {}
    for op in module.body.block.ops:
        if isinstance(op, func.FuncOp) or (isinstance(op, cat.ArrowOp) and not op.private):
            found[op.sym_name.data] = list(op.function_type.inputs.data)
    return found


def random_inputs(module: ModuleOp, seed: int) -> dict[str, list[NumPyArray]]:
    """Arguments for each public function."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[NumPyArray]] = {}
    for op in module.body.block.ops:
        if isinstance(op, cat.ArrowOp) and not op.private:
            shapes = [dtype_and_shape(t)[1] for t in op.inputs]
            found[op.symbol] = [rng.uniform(-2, 2, shape) for shape in shapes]
    return found


def results(module: ModuleOp, inputs: Results) -> dict[str, list[NumPyArray]]:
    """What the interpreter says."""
    interpreter = Interpreter(module)
    return {name: interpreter.run(name, *given) for name, given in inputs.items()}


def assert_same(got: Results, expected: Results, where: str) -> None:
    """Equal up to rounding: 1e-12 of the largest number."""
    for name, arrays in expected.items():
        for i, (a, b) in enumerate(zip(got[name], arrays, strict=True)):
            scale = max(1.0, float(np.max(np.abs(b), initial=0)))
            message = f"result {i} of @{name} after {where}"
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12 * scale, err_msg=message)


def assert_round_trip(module: ModuleOp, where: str) -> None:
    """Printing and parsing gives the same module, and the same text."""
    text = str(module)
    again = parse(text)
    assert str(again) == text, where
    assert again.is_structurally_equivalent(module), where


def check(text: str, passes: str) -> ModuleOp:
    """Apply the passes; after each one compare values and round-trip."""
    module = parse(text)
    inputs = random_inputs(module, len(text))
    expected = results(module, inputs)
    assert all(np.all(np.isfinite(a)) for arrays in expected.values() for a in arrays)
    names = public(module)
    assert_round_trip(module, "parsing")
    for pass_ in parse_passes(passes, available_passes()):
        pass_.apply(context(), module)
        module.verify()
        check_module(module)
        assert public(module) == names, pass_.name
        assert_same(results(module, inputs), expected, pass_.name)
        assert_round_trip(module, pass_.name)
    return module


@pytest.mark.parametrize("order", ORDERS)
@settings(max_examples=8)
@given(text=programs())
def test_passes_keep_the_meaning(order: str, text: str) -> None:
    check(text, ORDERS[order])


def lowered(text: str) -> ModuleOp:
    """The module after lower-to-numpy."""
    module = parse(text)
    for pass_ in parse_passes(PIPELINES["lower-to-numpy"], available_passes()):
        pass_.apply(context(), module)
    return module


def printed(module: ModuleOp) -> str:
    """The NumPy program."""
    stream = io.StringIO()
    NumpyTarget().emit(context(), module, stream)
    return stream.getvalue()


@settings(max_examples=15)
@given(text=programs())
def test_the_printed_program_equals_the_interpreter(text: str) -> None:
    """Called twice: memory left by one call does not reach the next."""
    module = parse(text)
    inputs = random_inputs(module, len(text))
    expected = results(module, inputs)
    net = load_program(printed(lowered(text)))
    for _ in range(2):
        got: dict[str, list[NumPyArray]] = {}
        for name, given_ in inputs.items():
            got[name] = results_of(net[name](*given_))
        assert_same(got, expected, "printing")


@settings(max_examples=5)
@given(text=programs())
def test_two_runs_print_the_same_bytes(text: str) -> None:
    first, second = lowered(text), lowered(text)
    assert str(first) == str(second)
    assert printed(first) == printed(second)
    again = parse(str(first))
    assert printed(again) == printed(first)


TWICE = """
cat.arrow @f(%x: tensor<2xf64>) -> tensor<2xf64> {
  %y = tops.exp %x : tensor<2xf64>
  %z = tops.add %y, %y : tensor<2xf64>
  cat.return %z : tensor<2xf64>
}
"""


def test_the_checks_catch_a_changed_value() -> None:
    """The comparison itself is tested: another op is another value."""
    module = parse(TWICE)
    inputs = random_inputs(module, 0)
    expected = results(module, inputs)
    other = results(parse(TWICE.replace("tops.exp", "tops.expm1")), inputs)
    with pytest.raises(AssertionError, match="result 0 of @f after a pass"):
        assert_same(other, expected, "a pass")
