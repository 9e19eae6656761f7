"""Derivatives with respect to parameters: against steps, differences, closed forms; errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import catgrad as cg
from catgrad import losses, nn, optimizers
from tests.api_tools import A, compiled, message, numbers, numeric_gradient

MODEL = nn.dense(4, name="one") >> nn.tanh >> nn.dense(3, name="two")
NAMES = ["one.weight", "one.bias", "two.weight", "two.bias"]


@cg.arrow
def objective(x: A, t: A) -> A:
    return losses.mse(MODEL(x), t)


def parts(kind: cg.Dtype) -> dict[str, cg.Traced]:
    """A trainer by SGD at rate 1, and derivatives of its loss in its parameters."""
    types = kind[5, 2], kind[5, 3]
    one, two = (kind[2, 4], kind[4]), (kind[4, 3], kind[3])
    trained = cg.training(
        MODEL,
        inputs=types[0],
        targets=types[1],
        loss=losses.mse,
        optimizer=optimizers.sgd(1.0),
    )
    return trained | {
        "all": cg.grad(objective, wrt="*").on(*types),
        "mixed": cg.value_and_grad(objective, wrt=["two.*", 0, "*.bias"]).on(*types),
        "single": cg.reverse(MODEL, wrt="one.bias").on(types[0], types[1]),
        "moved": cg.forward(MODEL, wrt=["one.*", 0]).on(types[0], *one, types[0]),
        "product": cg.hessian_vector(objective, wrt="*").on(*types, *one, *two),
    }


@pytest.fixture(scope="module", params=["numpy", "ggml"])
def net(request: pytest.FixtureRequest) -> Any:
    kind = cg.f64 if request.param == "numpy" else cg.f32
    return cg.compile(parts(kind), target=request.param, name="derived").load(seed=1)


def tolerance(net: Any) -> float:
    return 1e-12 if net.parameters["one.bias"].dtype == np.float64 else 1e-5


def test_gradients_are_what_sgd_subtracts(net: Any) -> None:
    x, t = numbers(5, 2), numbers(5, 3, seed=1)
    before, found = net.parameters, net["all"](x, t)
    value, *mixed = net.mixed(x, t)
    assert value == net.loss(x, t)
    assert len(mixed) == 4  # two.weight, two.bias, x, one.bias: each once
    for i, j in ((0, 2), (1, 3), (3, 1)):
        np.testing.assert_array_equal(mixed[i], found[j])
    net.step(x, t)
    for name, gradient in zip(NAMES, found, strict=True):
        subtracted = before[name] - net.parameters[name]
        np.testing.assert_allclose(gradient, subtracted, atol=tolerance(net), err_msg=name)
    net.set_state(before)
    g = numbers(5, 3, seed=2)
    h = np.tanh(x @ before["one.weight"] + before["one.bias"])
    expected = (g @ before["two.weight"].T * (1 - h * h)).sum(axis=0)
    np.testing.assert_allclose(net.single(x, g), expected, atol=10 * tolerance(net))
    directions = [numbers(*before[n].shape, seed=3 + i) for i, n in enumerate(NAMES[:2])]
    moved = x @ directions[0] + directions[1] + (v := numbers(5, 2, seed=9)) @ before["one.weight"]
    expected = (1 - h * h) * moved @ before["two.weight"]
    got = net.moved(x, *directions, v)
    np.testing.assert_allclose(got, expected, atol=100 * tolerance(net))


def test_first_and_second_order_by_differences() -> None:
    net = cg.compile(parts(cg.f64), name="derived").load(seed=2)
    x, t, before = numbers(5, 2), numbers(5, 3, seed=1), net.parameters
    v = {n: numbers(*p.shape, seed=i) for i, (n, p) in enumerate(before.items())}

    def at(step: float) -> list[Any]:
        net.set_state({n: before[n] + step * v[n] for n in NAMES})
        found = list(net["all"](x, t))
        net.set_state(before)
        return found

    def value(p: Any, name: str) -> float:
        net.set_state({name: p})
        return net.loss(x, t)

    for name, gradient in zip(NAMES, net["all"](x, t), strict=True):
        expected = numeric_gradient(lambda p, n=name: value(p, n), before[name])
        net.set_state(before)
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)
    products, h = net.product(x, t, *(v[n] for n in NAMES)), 1e-5
    for product, up, down in zip(products, at(h), at(-h), strict=True):
        np.testing.assert_allclose(product, (up - down) / (2 * h), rtol=1e-6, atol=1e-7)


def test_second_order_is_alike_on_both_targets(net: Any) -> None:
    x, t = numbers(5, 2), numbers(5, 3, seed=1)
    v = [numbers(*p.shape, seed=i) for i, p in enumerate(net.parameters.values())]
    other = cg.compile(parts(cg.f64), name="derived").load()
    other.set_state({n: p.astype(np.float64) for n, p in net.parameters.items()})
    for a, b in zip(net.product(x, t, *v), other.product(x, t, *v), strict=True):
        np.testing.assert_allclose(a, b, atol=100 * tolerance(net))


def test_third_order_of_a_parameter() -> None:
    """f = sum(w^4) x: the third derivative along (u, v) is 24 w u v x."""

    @cg.layer("w", name="w")
    def quartic(x: A) -> A:
        w = cg.param((3,), init=lambda seed, shape, dtype: cg.ones(shape, dtype), name="value")
        return cg.sum(cg.square(cg.square(w))) * x

    @cg.arrow
    def third(x: A, u: A, v: A) -> A:
        product = cg.arrow(cg.hessian_vector(quartic, wrt="w.value"), inputs=2)
        return cg.forward(product, wrt="w.*")(x, u, v)

    kinds = cg.f32[()], cg.f32[3], cg.f32[3]
    found = cg.compile({"f": third.on(*kinds)}).load().f(2.0, [1, 2, 3], [1, -1, 2])
    assert found.tolist() == [48, -96, 288]


@pytest.mark.parametrize("target", ["numpy", "ggml"])
def test_states_are_passed_on_and_updated_once(target: str) -> None:
    """In a training step, the gradient of a batch norm's scale moves its running mean once."""
    norm = nn.batch_norm(name="norm")

    @cg.arrow
    def loss(x: A, t: A) -> A:
        return cg.sum(norm(x) * t)

    types = cg.f32[4, 2], cg.f32[4, 2]
    part = cg.grad(loss, wrt=["norm.*"]).on(*types)
    training = cg.Traced(part.function, part.types, part.names, training=True)
    net = cg.compile({"f": training, "g": loss.on(*types)}, target=target, name="norm").load()
    x, t = numbers(4, 2).astype("f"), numbers(4, 2, seed=1).astype("f")
    scale, shift = net.f(x, t)
    normal = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)
    np.testing.assert_allclose(scale, (normal * t).sum(axis=0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(shift, t.sum(axis=0), rtol=1e-5)
    np.testing.assert_allclose(net.state["norm.mean"], 0.1 * x.mean(axis=0), rtol=1e-5)


KNOWN = "parameters are one.weight, one.bias, two.weight, two.bias"


@pytest.mark.parametrize(
    ("f", "wrt", "text"),
    [
        (
            MODEL >> cg.sum,
            "one.wieght",
            f"no parameter matches 'one.wieght'; {KNOWN}; did you mean 'one.weight'?",
        ),
        (MODEL >> cg.sum, [0, "three.*"], f"no parameter matches 'three.*'; {KNOWN}"),
        (cg.arrow(cg.sum, inputs=1), "x", "no parameter matches 'x'; it has no parameters"),
        (
            nn.batch_norm(name="norm") >> cg.sum,
            "norm.mean",
            "'norm.mean' is a state; derivatives are with respect to inputs and parameters",
        ),
    ],
)
def test_wrong_choices(f: cg.Arrow, wrt: Any, text: str) -> None:
    for derivative in (cg.grad, cg.reverse, cg.forward):
        f.name = "f"
        d = derivative(f, wrt=wrt)
        types = [cg.f32[2, 2]] if derivative is cg.grad else [cg.f32[2, 2], cg.f32[()]]
        found = message(lambda: compiled(d, *types))
        assert found.endswith(f"{derivative.__name__}(f): {text}")


def test_directions_of_the_wrong_type() -> None:
    d = cg.forward(MODEL, wrt="one.*")
    text = message(lambda: compiled(d, cg.f32[5, 2], cg.f32[2, 4]))
    assert text.endswith(
        "takes tensor<2x4xf32>, tensor<4xf32> after the inputs, got Array(f32[2, 4])"
    )
    many = cg.arrow(lambda *xs: MODEL(xs[0]), name="many")
    text = message(lambda: compiled(cg.forward(many, wrt="*"), cg.f32[5, 2]))
    assert text.endswith("number of inputs unknown; wrap it as arrow(f, inputs=n)")
