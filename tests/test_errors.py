"""Messages for mistakes in Python: what, where, what was given, what is accepted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.initializers import zero
from tests.api_tools import A, compiled, message

F, X = "f(Array(f32[2, 3]))", "Array(f32[2, 3])"


Body = Callable[[Any], object]

# What is done to x : f32[2, 3], and what the message says behind "in part: f(Array(f32[2, 3])): ".
IN_AN_ARROW: list[tuple[Body, str]] = [
    (
        lambda x: x + cg.ones((3, 2)),
        "add: shapes (2, 3) and (3, 2) do not broadcast",
    ),
    (
        lambda x: x + cg.ones((3,), "f64"),
        f"add: got {X} and Array(f64[3]); both need one dtype, convert with astype",
    ),
    (
        lambda x: x @ x,
        "matmul: contracts axes of size 3 and 2: got Array(f32[2, 3]) and Array(f32[2, 3])",
    ),
    (
        lambda x: cg.arange(3) / 2,
        "'tops.divide' takes f32 f64, got tensor<3xi32>",
    ),
    (
        lambda x: cg.arange(3) + 0.5,
        "add: got Array(i32[3]) and 0.5; accepts symbolic arrays and i32 numbers "
        "(cg.constant makes an array of numbers)",
    ),
    (
        lambda x: x * np.ones(3),
        f"multiply: got {X} and array([1., 1., 1.]); accepts symbolic arrays and f32 numbers "
        "(cg.constant makes an array of numbers)",
    ),
    (
        lambda x: np.ones((4, 2)) @ x,
        f"matmul: got {X} and array([[1., 1.],\n       [1., 1.],\n       [1., 1.],\n"
        "       [1., 1.]]); accepts symbolic arrays and f32 numbers "
        "(cg.constant makes an array of numbers)",
    ),
    (
        lambda x: cg.exp(np.ones(3)),  # pyright: ignore[reportArgumentType]
        "exp: got ndarray; accepts symbolic arrays, as functions given to cg.arrow or cg.compile "
        "get them (cg.constant makes one of numbers)",
    ),
    (
        lambda x: cg.sum(x, axis=2),
        f"sum: axis 2 of {X} must lie in [-2, 2)",
    ),
    (
        lambda x: cg.sum(x, axis=(0, -2)),
        f"sum: axis (0, -2) of {X} names an axis twice",
    ),
    (
        lambda x: cg.expand_dims(x, 3),
        f"expand_dims: axis 3 of {X} must lie in [-3, 3)",
    ),
    (
        lambda x: cg.reshape(x, (4, -1)),
        f"reshape: {X} has 6 elements, they do not fill shape (4, -1)",
    ),
    (
        lambda x: cg.concat([]),
        "concat: got no arrays; accepts one or more",
    ),
    (
        lambda x: cg.concat([x, cg.ones((2, 4))]),
        "'tops.concat' along axis 0 got tensor<2x3xf32> and tensor<2x4xf32>",
    ),
    (
        lambda x: cg.take(x, x),
        "'tops.take' takes indices of type i32 or i64, got tensor<2x3xf32>",
    ),
    (
        lambda x: cg.permute_dims(x, (0, 0)),
        "'tops.permute_dims': [0, 0] does not permute the axes of tensor<2x3xf32>",
    ),
    (
        lambda x: x[2],
        f"axis 0 of {X}: got index 2; accepts integers in [-2, 2) and slices",
    ),
    (
        lambda x: x[::-1],
        f"axis 0 of {X}: slices need a positive step, got -1",
    ),
    (
        lambda x: cg.astype(x, "float32"),
        "dtype 'float32' is not one of f32, f64, i32, i64, i1",
    ),
    (
        lambda x: cg.constant([1, 2, 3], (2, 2)),
        "constant of shape (2, 2) takes 4 values, got 3",
    ),
    (
        lambda x: cg.constant([[1, 2], [3]]),
        "constant: rows of different shapes, [(1,), (2,)]",
    ),
    (
        lambda x: cg.constant(["1"]),
        "constant of dtype f32 got '1'",
    ),
    (
        lambda x: cg.arange(3) ** -1,
        "'tops.pow' on integers needs an exponent >= 0, got -1",
    ),
    (
        lambda x: cg.mean(x[:0]),
        "mean: Array(f32[0, 3]) has no elements along axis None",
    ),
]


@pytest.mark.parametrize(("body", "text"), IN_AN_ARROW, ids=range(len(IN_AN_ARROW)))
def test_in_an_arrow(body: Body, text: str) -> None:
    assert message(lambda: compiled(body, cg.f32[2, 3])) == f"in part: {F}: {text}"


BOOLEAN: list[tuple[Body, str]] = [
    (lambda x: x + x, "add"),
    (lambda x: x - x, "subtract"),
    (lambda x: x * x, "multiply"),
    (lambda x: x @ x, "matmul"),
    (lambda x: -x, "negative"),
    (lambda x: cg.negative(x), "negative"),
    (lambda x: cg.sum(x), "sum"),
]


@pytest.mark.parametrize(("body", "op"), BOOLEAN, ids=range(len(BOOLEAN)))
def test_boolean_arithmetic(body: Body, op: str) -> None:
    advice = "use astype to count, logical_xor to add, logical_and to multiply"
    expected = f"in part: f(Array(i1[2, 2])): {op} on a boolean array: {advice}"
    assert message(lambda: compiled(body, cg.i1[2, 2])) == expected


# -- where ---------------------------------------------------------------------------------------


def test_the_layer_is_named() -> None:
    def model(x: A) -> A:
        with cg.scope("block"):
            return nn.dense(4)(nn.dense(3)(cg.sum(x, axis=0)))

    expected = (
        "in part: in f: in dense1: got Array(f32[3]); "
        "accepts floats of shape (batch, ..., features)"
    )
    assert message(lambda: compiled(model, cg.f32[2, 3])) == expected


def test_the_loss_is_named() -> None:
    parts = cg.training(
        nn.dense(3),
        inputs=cg.f32[2, 3],
        targets=cg.f32[2, 4],
        loss=losses.mse,
        optimizer=optimizers.sgd(0.1),
    )
    assert message(lambda: cg.compile(parts)) == (
        "in step: in objective: in mse: mse takes predictions and targets of one shape "
        "(batch, ...), got Array(f32[2, 3]) and Array(f32[2, 4])"
    )


def test_arrays_of_another_arrow() -> None:
    kept: list[A] = []

    def leak(x: A) -> A:
        kept.append(x)
        return x

    def use(x: A) -> A:
        return x + kept[0]

    def parts() -> dict[str, cg.Traced]:
        return {"a": cg.arrow(leak).on(cg.f32[2]), "b": cg.arrow(use).on(cg.f32[2])}

    text = "Array(f32[2]) belongs to another arrow; pass it as an input instead"
    assert message(lambda: cg.compile(parts())) == f"in b: in use: add: {text}"
    uses: list[Callable[[A, A], object]] = [
        lambda x, y: y,
        lambda x, y: x + y,
        lambda x, y: nn.tanh(y),
        lambda x, y: cg.grad(nn.tanh >> cg.sum)(y),
        lambda x, y: cg.reverse(nn.tanh)(x, y),
    ]
    for use_it in uses:

        def closure(x: A, use_it: Callable[[A, A], object] = use_it) -> object:
            y = x * 2

            def inner(z: A) -> object:
                return use_it(z, y)

            return cg.arrow(inner)(x)

        assert message(lambda: compiled(closure, cg.f32[2])).endswith(text)


def test_outside_of_a_trace() -> None:
    text = "works on symbolic arrays: call it inside a function given to cg.arrow or cg.compile"
    assert message(lambda: nn.tanh(np.ones(3))) == f"tanh {text}"  # pyright: ignore[reportArgumentType]
    assert message(lambda: nn.dense(3)(np.ones(3))) == f"dense {text}"  # pyright: ignore[reportArgumentType]
    assert message(lambda: cg.param((2,), init=zero, name="w")) == f"param {text}"
    assert message(lambda: cg.zeros((2,))) == f"full {text}"


# -- arrows and derivatives ----------------------------------------------------------------------


def test_number_of_inputs() -> None:
    def pair(a: A, b: A) -> A:
        return a

    assert message(lambda: nn.tanh.on(cg.f32[2], cg.f32[2])) == "tanh takes 1 input, got 2"
    assert message(lambda: cg.arrow(pair).on(cg.f32[2])) == "pair takes 2 inputs, got 1"
    expected = "in part: tanh takes 1 input, got 2"
    assert message(lambda: compiled(cg.identity(2) >> nn.tanh, cg.f32[2], cg.f32[2])) == expected
    expected = "f @ ...: number of inputs unknown; wrap it as arrow(f, inputs=n)"

    def f(*xs: A) -> A:
        return xs[0]

    assert message(lambda: cg.arrow(f) @ nn.tanh) == expected
    assert message(lambda: nn.tanh @ cg.arrow(f)) == expected


def test_not_an_arrow() -> None:
    three: Any = 3
    takes = "takes an arrow or a function of symbolic arrays, got 3"
    assert message(lambda: nn.tanh >> three) == f"tanh >> ... {takes}"
    assert message(lambda: nn.tanh @ three) == f"tanh @ ... {takes}"
    assert message(lambda: cg.grad(three)) == f"grad {takes}"
    assert message(lambda: cg.reverse(three)) == f"reverse {takes}"
    assert message(lambda: cg.forward(three)) == f"forward {takes}"


def test_what_a_function_returns() -> None:
    for value, kind in ((3, "int"), (None, "NoneType"), (nn.tanh, "FunctionArrow")):

        def f(x: A, value: object = value) -> object:
            return value

        expected = f"in part: f must return symbolic arrays, got {kind}"
        assert message(lambda f=f: compiled(f, cg.f32[2])) == expected


NO_SCALARS: list[tuple[Body, str]] = [
    (lambda x: x * x, "tensor<2xf32>"),
    (lambda x: cg.sum(cg.astype(x, "i32")), "tensor<i32>"),
    (lambda x: (cg.sum(x), cg.sum(x)), "tensor<f32>, tensor<f32>"),
]


@pytest.mark.parametrize(("f", "got"), NO_SCALARS, ids=["array", "integer", "two"])
def test_gradient_of_what_is_no_scalar(f: Body, got: str) -> None:
    g = cg.grad(cg.arrow(f, name="g"))
    expected = (
        f"grad of g needs one floating scalar, got {got}; use reverse for other arrows, "
        "in training a rate"
    )
    assert message(lambda: compiled(g, cg.f32[2])) == f"in part: in g_grad: {expected}"


@pytest.mark.parametrize("wrt", [2, -1, (), (0, 2), (1, 1), True, 1.5, [[0]]])
def test_gradient_of_no_input(wrt: Any) -> None:
    def g(x: A, y: A) -> A:
        return cg.sum(x * y)

    for derivative in (cg.grad, cg.reverse, cg.hessian_vector):
        d, name = derivative(g, wrt=wrt), derivative.__name__
        count = 3 if derivative is cg.reverse else d.inputs or 0
        expected = (
            f"in part: in g_{name}: {name}(g): wrt={wrt!r} must be positions of inputs, each once, "
            "in [0, 2), or names of parameters"
        )
        assert message(lambda: compiled(d, *[cg.f32[2]] * count)) == expected


def test_second_operands() -> None:
    for derivative, name in ((cg.reverse, "reverse"), (cg.forward, "forward")):
        expected = (
            f"in part: in tanh_{name}: {name}(tanh) takes tensor<2xf32> after the inputs, got "
        )
        d = derivative(nn.tanh)
        assert message(lambda d=d: compiled(d, cg.f32[2], cg.f32[3])) == f"{expected}Array(f32[3])"


def test_ops_without_a_rule_are_named_all_at_once() -> None:
    def inner(x: A) -> A:
        return cg.maximum(x, 1)

    def f(x: A) -> A:
        return cg.abs(cg.arrow(inner)(x)) + cg.sign(x)

    text = message(lambda: compiled(cg.reverse(cg.arrow(f)), cg.i32[2], cg.i32[2]))
    place = rf" \({re.escape(__file__)}:\d+\)"
    assert len(re.findall(place, text)) == 3
    assert re.sub(place, "", text) == (
        "pass 'cat-differentiate' failed: no reverse rule for 'tops.abs' (tensor<2xi32>) in @f; "
        "'tops.maximum' (tensor<2xi32>, tensor<2xi32>) in @inner; 'tops.sign' (tensor<2xi32>) in "
        "@f. Give the op a rule, give an arrow around it a custom derivative (reverse = @g), or "
        "take it off the path"
    )


def test_custom_derivative_of_another_type() -> None:
    def back(x: A, g: A) -> A:
        return cg.sum(g)

    @cg.arrow(reverse=cg.arrow(back))
    def f(x: A) -> A:
        return x

    expected = "in part: f: its derivative gives (tensor<f32>), expected (tensor<2xf32>)"
    assert message(lambda: compiled(f, cg.f32[2])) == expected
