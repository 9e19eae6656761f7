"""Hessian times vector: closed forms, differences, nesting, chosen inputs, errors."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

import catgrad as cg
from catgrad import losses, nn
from catgrad.tracing import Traced
from tests.api_tools import A, Floats, energy, evaluate, numbers


@cg.arrow
def quadratic(x: A, y: A) -> A:
    """x' M y + sum(y^3), of M[i, j] = i + 2 j."""
    m = cg.constant(MATRIX, dtype=x.dtype)
    return x @ m @ y + cg.sum(y * y * y)


MATRIX = np.add.outer(np.arange(3.0), 2 * np.arange(4.0))


@cg.arrow
def quintic(x: A) -> A:
    return cg.sum(x * x * x * x * x) + cg.square(cg.sum(x * x))


def differences(f: cg.Arrow, x: Floats, v: Floats) -> Floats:
    """Central differences of the gradient along v."""
    h, g = 1e-5, cg.grad(f)
    return (evaluate(g, x + h * v) - evaluate(g, x - h * v)) / (2 * h)


def test_closed_form_in_all_inputs() -> None:
    x, y, u, v = numbers(3), numbers(4, seed=1), numbers(3, seed=2), numbers(4, seed=3)
    found = evaluate(cg.hessian_vector(quadratic), x, y, u, v)
    np.testing.assert_allclose(found[0], MATRIX @ v, rtol=1e-13)
    np.testing.assert_allclose(found[1], u @ MATRIX + 6 * y * v, rtol=1e-13)


def test_closed_form_in_some_inputs() -> None:
    x, y, u, v = numbers(3), numbers(4, seed=1), numbers(3, seed=2), numbers(4, seed=3)
    own = evaluate(cg.hessian_vector(quadratic, wrt=1), x, y, v)
    np.testing.assert_allclose(own, 6 * y * v, rtol=1e-13)
    swapped = evaluate(cg.hessian_vector(quadratic, wrt=[1, 0]), x, y, v, u)
    np.testing.assert_allclose(swapped[0], u @ MATRIX + 6 * y * v, rtol=1e-13)
    np.testing.assert_allclose(swapped[1], MATRIX @ v, rtol=1e-13)


@pytest.mark.parametrize("f", [energy, quintic], ids=lambda f: f.name)
def test_differences_of_the_gradient(f: cg.Arrow) -> None:
    x, v = numbers(6), numbers(6, seed=1)
    found = evaluate(cg.hessian_vector(f), x, v)
    np.testing.assert_allclose(found, differences(f, x, v), rtol=1e-7, atol=1e-7)


def test_of_a_model_with_parameters_and_labels() -> None:
    model = nn.dense(4, name="one") >> nn.gelu_erf >> nn.dense(3, name="two")

    @cg.arrow
    def loss(x: A, labels: A) -> A:
        return losses.cross_entropy(model(x), labels)

    types = cg.f64[5, 2], cg.i32[5]
    parts = {
        "gradient": cg.grad(loss, wrt=0).on(*types),
        "product": cg.hessian_vector(loss, wrt=0).on(*types, cg.f64[5, 2]),
    }
    net, labels = cg.compile(parts).load(seed=1), np.arange(5) % 3
    x, u, v, h = numbers(5, 2), numbers(5, 2, seed=1), numbers(5, 2, seed=2), 1e-5
    expected = (net.gradient(x + h * v, labels) - net.gradient(x - h * v, labels)) / (2 * h)
    found = net.product(x, labels, v)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(np.sum(u * found), np.sum(v * net.product(x, labels, u)), rtol=1e-10)


@pytest.mark.parametrize("outer", [cg.forward, cg.reverse])
def test_order_three(outer: Callable[[cg.Arrow], cg.Arrow]) -> None:
    """f = sum(x^5) + |x|^4: D^3 f (v, w) is 60 x^2 v w + 8 ((v.w) x + (x.w) v + (x.v) w)."""
    x, v, w = (numbers(4, seed=s) for s in range(3))
    expected = 60 * x * x * v * w + 8 * ((v @ w) * x + (x @ w) * v + (x @ v) * w)
    hv = cg.hessian_vector(quintic)
    if outer is cg.forward:
        found = evaluate(cg.forward(hv), x, v, w, np.zeros(4))
    else:
        found = evaluate(cg.reverse(hv), x, v, w)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_hessian_of_a_curvature() -> None:
    """The Hessian of x -> v.Hv at v = 1: order four; of sum(x^5) + |x|^4."""

    @cg.arrow
    def curvature(x: A) -> A:
        return cg.sum(cg.hessian_vector(quintic)(x, cg.ones(x.shape, x.dtype)))

    x, w = numbers(4), numbers(4, seed=1)
    ones = np.ones(4)
    expected = 120 * x * w + 8 * (4 * w + 2 * (w @ ones) * ones)
    found = evaluate(cg.hessian_vector(curvature), x, w)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def operations(part: Traced) -> int:
    """The number of ops of a compiled arrow, constants aside."""
    text = cg.compile({"f": part}).ir("tops")
    return len(re.findall(r"= tops\.(?!full|constant)", text))


@pytest.mark.parametrize("depth", [2, 8])
def test_it_costs_as_much_as_three_values(depth: int) -> None:
    """Of a chain of layers: 2.4 times at depth 8, and no more than 3 at any."""
    model = nn.dense(8)
    for _ in range(depth - 1):
        model = model >> nn.tanh >> nn.dense(8)
    loss = cg.arrow(model) @ cg.identity() >> losses.cross_entropy
    x, labels = cg.f32[5, 8], cg.i32[5]
    product = cg.hessian_vector(loss, wrt=0).on(x, labels, x)
    assert operations(product) <= 3 * operations(loss.on(x, labels))


@pytest.mark.parametrize("target", ["numpy", "ggml"])
def test_on_every_target(target: str) -> None:
    x, v = numbers(6).astype("f"), numbers(6, seed=1).astype("f")
    part = cg.hessian_vector(energy).on(cg.f32[6], cg.f32[6])
    found = cg.compile({"f": part}, target=target).load().f(x, v)
    expected = evaluate(cg.hessian_vector(energy), x.astype(float), v.astype(float))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "product, count, part",
    [
        (cg.hessian_vector(quadratic, wrt=2), 3, "wrt=2 must be positions of inputs, each once"),
        (cg.hessian_vector(quadratic, wrt=[0, 0]), 4, "wrt=[0, 0] must be positions of inputs"),
        (cg.hessian_vector(quadratic, wrt=1), 2, "takes 3 inputs, got 2"),
        (cg.hessian_vector(quadratic, wrt=[]), 2, "wrt=[] must be positions of inputs"),
        (cg.hessian_vector(cg.square), 2, "grad of square needs one floating scalar"),
    ],
)
def test_wrong_inputs(product: cg.Arrow, count: int, part: str) -> None:
    with pytest.raises(Exception) as error:  # noqa: PT011
        cg.compile({"f": product.on(*[cg.f32[3]] * count)})
    assert part in str(error.value)


def test_a_vector_of_another_type() -> None:
    product = cg.hessian_vector(quintic)
    with pytest.raises(Exception, match=r"takes tensor<3xf64> after the inputs, got .*f64\[4\]"):
        cg.compile({"f": product.on(cg.f64[3], cg.f64[4])})
