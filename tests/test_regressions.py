"""Regressions: programs that once gave wrong results."""

import io
from typing import Any

import numpy as np
import pytest
from xdsl.parser import Parser
from xdsl.utils.exceptions import VerifyException

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.compiler import context, run_pipeline
from catgrad.dialects._checks import check_module
from catgrad.interpreter import Interpreter
from catgrad.targets._placement import find_target
from tests.numpy_code import load_program, results_of

REPEATS = """
func.func @f(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %one = tops.full value = 1.0 : f32 : tensor<4xf32>
  %a = tops.multiply %x, %one : tensor<4xf32>
  %s = tops.sin %a : tensor<4xf32>
  %t = tops.sin %a : tensor<4xf32>
  %u = tops.add %s, %t : tensor<4xf32>
  func.return %a, %s, %u : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
"""


@pytest.mark.parametrize("between", ["canonicalize", "cse", "canonicalize,cse"])
def test_fused_regions_may_yield_arguments_and_repeats(between: str) -> None:
    x = np.linspace(0.1, 1, 4, dtype=np.float32)
    module = Parser(context(), REPEATS).parse_module()
    placed = f'tops-fuse,{between},tops-assign-slots{{target="numpy"}},tops-verify-slots'
    run_pipeline(module, placed)
    stream = io.StringIO()
    find_target("numpy").emit(context(), module, stream)
    results = results_of(load_program(stream.getvalue()).f(x))
    for got, expected in zip(results, (x, np.sin(x), 2 * np.sin(x)), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-6)


@cg.arrow
def _scaled_reverse(x: cg.Array, g: cg.Array) -> cg.Array:
    return g


@cg.arrow(reverse=_scaled_reverse)
def scaled(x: cg.Array) -> cg.Array:
    """x, times 1000 in training."""
    return x * 1000 if cg.is_training() else x


def test_a_custom_derivative_knows_the_mode() -> None:
    kind = cg.f32[3, 2]
    parts = cg.training(
        nn.dense(2) >> scaled,
        inputs=kind,
        targets=kind,
        loss=losses.mse,
        optimizer=optimizers.sgd(0.1),
    )
    net = cg.compile(parts).load()
    assert np.abs(net.predict(np.ones((3, 2), np.float32))).max() < 10


@cg.arrow
def drawn(x: cg.Array) -> cg.Array:
    zero = cg.zeros((), "i32")
    return x * cg.random_uniform(x.shape, zero, zero)


@cg.arrow
def drawn_twice(x: cg.Array) -> tuple[cg.Array, cg.Array]:
    return drawn(x), drawn(x)


def test_calls_draw_at_their_own_sites_in_the_interpreter_too() -> None:
    x = np.ones(5, np.float32)
    parts = {"f": drawn_twice.on(cg.f32[5]), "d": cg.reverse(drawn_twice).on(*[cg.f32[5]] * 3)}
    program = cg.compile(parts)
    net, module = program.load(), Parser(context(), program.ir("cat")).parse_module()
    for name, inputs in (("f", [x]), ("d", [x, x, x])):
        expected = results_of(net[name](*inputs))
        for a, b in zip(Interpreter(module).run(name, *inputs), expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)
    first, second = net.f(x)
    assert (first != second).any()


def test_elu_is_smooth_at_zero() -> None:
    @cg.arrow
    def total(x: cg.Array) -> cg.Array:
        return cg.sum(nn.elu()(x))

    net = cg.compile({"d": cg.grad(total).on(cg.f64[3])}).load()
    np.testing.assert_allclose(net.d(np.array([-1e-9, 0, 1e-9])), np.ones(3))


@pytest.mark.parametrize(("ignore", "label"), [(-100, -50), (255, 3)])
def test_a_label_that_is_neither_a_class_nor_ignored(ignore: int, label: int) -> None:
    loss = losses.cross_entropy_with(ignore_index=ignore)
    net = cg.compile({"f": loss.on(cg.f32[2, 3], cg.i32[2])}).load()
    logits = np.zeros((2, 3), np.float32)
    assert net.f(logits, np.array([1, ignore], np.int32)) == pytest.approx(np.log(3))
    with pytest.raises(ValueError, match=f"got index {label} at position 1"):
        net.f(logits, np.array([1, label], np.int32))


ATTRIBUTES = {
    "tops.range = array<i64: 5>": "tops.range takes [low, high) of an integer tensor",
    "tops.range = array<i64: 3, 3>": "tops.range takes [low, high) of an integer tensor",
    "tops.range = [0]": "tops.range takes [low, high) of an integer tensor",
    "tops.batch = 3 : i64": "tops.batch takes an axis of tensor<4xi32>, got 3 : i64",
}


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_attributes_of_inputs_are_checked(attribute: str) -> None:
    text = f"""
    cat.arrow @f(%x: tensor<4xi32> {{{attribute}}}) -> tensor<4xi32> {{
      cat.return %x : tensor<4xi32>
    }}"""
    with pytest.raises(VerifyException) as caught:
        check_module(Parser(context(), text).parse_module())
    assert ATTRIBUTES[attribute] in str(caught.value)


def test_a_stored_tensor_is_taken_and_updated_once() -> None:
    stored = '{tops.name = "w", tops.role = "state"}'
    text = f"""
    cat.arrow @f(%x: tensor<f32> {stored}, %y: tensor<f32> {stored}) -> tensor<f32> {{
      cat.return %x : tensor<f32>
    }}"""
    with pytest.raises(VerifyException, match="stored tensor 'w' is an argument of this function"):
        check_module(Parser(context(), text).parse_module())


def test_long_compositions() -> None:
    chain: cg.Arrow = nn.tanh
    for _ in range(300):
        chain = chain >> nn.tanh
    net: Any = cg.compile({"f": chain.on(cg.f64[1])}).load()
    assert 0 < net.f(np.ones(1))[0] < 0.1


def test_numbers_that_do_not_fit() -> None:
    @cg.arrow
    def f(x: cg.Array) -> cg.Array:
        return x * 1e300

    with pytest.raises(cg.TraceError, match=r"1e\+300 does not fit f32"):
        cg.compile({"f": f.on(cg.f32[1])})
