"""Derivatives through the Python API: nested, of some inputs, of whole models, custom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import catgrad as cg
from catgrad import losses, nn, optimizers
from tests.api_tools import A, Floats, evaluate, gelu, numbers, numeric_gradient


@cg.arrow
def bilinear(x: A, y: A) -> A:
    return cg.sum(cg.sin(x) * y * y)


def test_gradient_of_some_inputs() -> None:
    x, y = numbers(3), numbers(3, seed=1)
    dx, dy = np.cos(x) * y * y, 2 * np.sin(x) * y
    both = evaluate(cg.grad(bilinear), x, y)
    assert len(both) == 2
    np.testing.assert_allclose(both, (dx, dy), rtol=1e-13)
    swapped = evaluate(cg.grad(bilinear, wrt=[1, 0]), x, y)
    np.testing.assert_allclose(swapped, (dy, dx), rtol=1e-13)
    np.testing.assert_allclose(evaluate(cg.grad(bilinear, wrt=0), x, y), dx, rtol=1e-13)
    np.testing.assert_allclose(evaluate(cg.grad(bilinear, wrt=1), x, y), dy, rtol=1e-13)
    value, found = evaluate(cg.value_and_grad(bilinear, wrt=1), x, y)
    np.testing.assert_allclose(value, np.sum(np.sin(x) * y * y), rtol=1e-13)
    np.testing.assert_allclose(found, dy, rtol=1e-13)


def summed(f: cg.Arrow) -> cg.Arrow:
    return f >> cg.sum


def test_orders_up_to_three_are_exact_on_a_polynomial() -> None:
    @cg.arrow
    def quartic(x: A) -> A:
        return cg.sum(x * x * x * x)

    x = np.array([0.0, 1, -2, 3])
    second = cg.grad(summed(cg.grad(quartic)))
    third = cg.grad(summed(second))
    assert evaluate(cg.grad(quartic), x).tolist() == (4 * x**3).tolist()
    assert evaluate(second, x).tolist() == (12 * x**2).tolist()
    assert evaluate(third, x).tolist() == (24 * x).tolist()


@pytest.mark.parametrize("outer", [cg.reverse, cg.forward])
@pytest.mark.parametrize("inner", [cg.reverse, cg.forward])
def test_second_derivatives_by_any_nesting(
    outer: Callable[[cg.Arrow], cg.Arrow], inner: Callable[[cg.Arrow], cg.Arrow]
) -> None:
    """Each of the four nestings holds gelu'' among its results."""

    @cg.arrow
    def slope(x: A) -> A:
        return inner(gelu)(x, cg.ones(x.shape, x.dtype))

    x, v = numbers(4), numbers(4, seed=1)
    found = evaluate(outer(slope), x, v)
    first = evaluate(slope, x + 1e-6) - evaluate(slope, x - 1e-6)
    np.testing.assert_allclose(found, v * first / 2e-6, rtol=1e-6)


def test_gradient_of_a_whole_model() -> None:
    model = nn.dense(5) >> nn.tanh >> nn.dense(4) >> nn.relu >> nn.dense(3) >> losses.log_softmax

    @cg.arrow
    def objective(x: A, t: A) -> A:
        return losses.cross_entropy(model(x), t)

    parts = cg.training(
        model >> cg.identity(),
        inputs=cg.f64[6, 2],
        targets=cg.i32[6],
        loss=losses.cross_entropy,
        optimizer=optimizers.sgd(1.0),
    )
    parts["dx"] = cg.grad(objective, wrt=0).on(cg.f64[6, 2], cg.i32[6])
    net = cg.compile(parts).load(seed=3)
    x, t = numbers(6, 2), np.arange(6) % 3
    before = net.parameters
    for name, value in before.items():

        def loss(v: Floats, name: str = name) -> Any:
            net.set_state({name: v})
            return net.loss(x, t)

        expected = numeric_gradient(loss, value)
        net.set_state(before)
        dx = net.dx(x, t)
        net.step(x, t)
        found = value - net.parameters[name]
        net.set_state(before)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-9, err_msg=name)
        np.testing.assert_allclose(
            dx, numeric_gradient(lambda v: net.loss(v, t), x), rtol=1e-5, atol=1e-9
        )


# -- custom derivatives --------------------------------------------------------------------------


def test_custom_derivative_is_used() -> None:
    @cg.arrow
    def straight(x: A, g: A) -> A:
        return 7 * g

    @cg.arrow(reverse=straight)
    def step(x: A) -> A:
        return cg.sign(x)

    x = numbers(3)
    assert evaluate(cg.reverse(step), x, np.ones(3)).tolist() == [7, 7, 7]
    assert evaluate(cg.forward(step), x, np.ones(3)).tolist() == [7, 7, 7]
    assert evaluate(cg.grad(step >> cg.sum), x).tolist() == [7, 7, 7]
    np.testing.assert_array_equal(evaluate(step, x), np.sign(x))


def test_custom_derivative_that_calls_its_own_arrow() -> None:
    def back(x: A, g: A) -> A:
        return g * exponential(x)

    @cg.arrow(reverse=cg.arrow(back))
    def exponential(x: A) -> A:
        return cg.exp(x)

    x, f = numbers(3), exponential >> cg.sum
    for order in range(4):
        np.testing.assert_allclose(
            evaluate(f, x), np.exp(x) if order else np.exp(x).sum(), rtol=1e-14
        )
        f = cg.grad(f if order == 0 else f >> cg.sum)


def test_custom_arrows_made_on_the_fly_stay_apart() -> None:
    """An object that dies early may leave its id to the next one."""

    def scaled(factor: float) -> cg.Arrow:
        def back(x: A, g: A) -> A:
            return g * factor

        def apply(x: A) -> A:
            return x * factor

        return cg.arrow(apply, reverse=back)

    @cg.arrow
    def f(x: A) -> A:
        for factor in (2.0, 3.0, 5.0):
            x = scaled(factor)(x)
        return x

    assert evaluate(f, 1.0) == 30
    assert evaluate(cg.grad(f), 1.0) == 30
