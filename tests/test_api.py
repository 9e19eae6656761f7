"""The Python API: composition, derivatives, names, programs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.initializers import zero
from tests.api_tools import A, energy, evaluate, gelu, gelu_numpy, numbers, numeric_gradient

# -- the lines that must stay this simple --------------------------------------------------------


def test_the_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = nn.dense(20) >> nn.sigmoid >> nn.dense(3)
    parts = cg.training(
        model,
        inputs=cg.f32[150, 4],
        targets=cg.f32[150, 3],
        loss=losses.mse,
        optimizer=optimizers.sgd(0.3),
    )
    program = cg.compile(parts, target="numpy", name="iris")
    program.write("iris.py")
    assert Path("iris.py").read_text() == program.source == program.files["iris.py"]
    assert program.ir("cat").startswith(
        'builtin.module attributes {tops.program = "iris", tops.version = 1 : i64} {\n'
    )
    assert "cat.reverse @objective" in program.ir("cat")
    assert "func.func @step" in program.ir("tops")
    assert "#tops.slot<persistent" in program.ir("placed")
    net = program.load(seed=0)
    x, y = numbers(150, 4), np.eye(3)[np.arange(150) % 3]
    history = [net.step(x, y) for _ in range(20)]
    assert history[-1] < history[0]
    assert net.predict(x).shape == (150, 3)
    assert list(net.parameters) == ["dense1.weight", "dense1.bias", "dense2.weight", "dense2.bias"]
    assert net.state == {}
    before = net.parameters
    net.save("iris.npz")
    net.set_state({"dense1.bias": np.ones(20)})
    assert (net.parameters["dense1.bias"] == 1).all()
    net.load("iris.npz")
    assert all(np.array_equal(net.parameters[n], before[n]) for n in before)


def test_arrows_of_the_face() -> None:
    x, dy = numbers(5), numbers(5, seed=1)
    slope = (gelu_numpy(x + 1e-6) - gelu_numpy(x - 1e-6)) / 2e-6
    np.testing.assert_allclose(evaluate(gelu, x), gelu_numpy(x), rtol=1e-14)
    np.testing.assert_allclose(evaluate(cg.reverse(gelu), x, dy), dy * slope, rtol=1e-7)
    np.testing.assert_allclose(evaluate(cg.forward(gelu), x, dy), dy * slope, rtol=1e-7)
    force = cg.compile({"force": cg.grad(energy).on(cg.f64[8, 3])}, target="numpy").load().force
    x = numbers(8, 3)
    expected = numeric_gradient(lambda v: np.sum(gelu_numpy(v) * v * v), x)
    np.testing.assert_allclose(force(x), expected, rtol=1e-6, atol=1e-8)
    value, gradient = evaluate(cg.value_and_grad(energy), x)
    np.testing.assert_allclose(value, np.sum(gelu_numpy(x) * x * x), rtol=1e-14)
    np.testing.assert_allclose(gradient, force(x), rtol=1e-14)


def test_names_of_inputs() -> None:
    @cg.arrow
    def f(a: A, b: A) -> A:
        return a * b

    types = [cg.f32[2]] * 4
    net = cg.compile(
        {"f": f.on(*types[:2]), "r": cg.reverse(f).on(*types[:3]), "d": cg.forward(f).on(*types)}
    ).load()
    found = {n: [i["name"] for i in net.FUNCTIONS[n]["inputs"]] for n in net.FUNCTIONS}
    assert found == {"f": ["a", "b"], "r": ["a", "b", "dy"], "d": ["a", "b", "d_a", "d_b"]}


# -- composition ---------------------------------------------------------------------------------


def test_one_arrow_on_many_types() -> None:
    shapes: list[tuple[int, ...]] = [(), (1,), (7,), (2, 3), (2, 1, 4)]
    for shape in shapes:
        for dtype, rtol in ((cg.f32, 1e-5), (cg.f64, 1e-13)):
            x = numbers(*shape)
            found = evaluate(gelu, x, dtype=dtype)
            assert found.dtype == {"f32": np.float32, "f64": np.float64}[dtype.name]
            np.testing.assert_allclose(found, gelu_numpy(x), rtol=rtol, atol=1e-7)


def test_then_and_beside() -> None:
    @cg.arrow
    def swap(a: A, b: A) -> tuple[A, A]:
        return b, a

    @cg.arrow
    def minus(a: A, b: A) -> A:
        return a - b

    a, b = numbers(3), numbers(3, seed=1)
    np.testing.assert_array_equal(evaluate(swap >> minus, a, b), b - a)
    both = evaluate(gelu @ cg.identity(), a, b)
    np.testing.assert_allclose(both[0], gelu_numpy(a), rtol=1e-14)
    np.testing.assert_array_equal(both[1], b)
    three = (cg.identity() @ cg.identity()) @ gelu >> (minus @ cg.identity()) >> minus
    np.testing.assert_allclose(evaluate(three, a, b, a), a - b - gelu_numpy(a), rtol=1e-14)
    left = (gelu >> nn.tanh) >> cg.square
    right = gelu >> (nn.tanh >> cg.square)
    np.testing.assert_array_equal(evaluate(left, a), evaluate(right, a))


def test_any_number_of_inputs() -> None:
    def add_all(*xs: A) -> A:
        total = xs[0]
        for x in xs[1:]:
            total = total + x
        return total

    three = cg.arrow(add_all, inputs=3)
    assert evaluate(three @ cg.identity() >> cg.arrow(add_all), 1.0, 2.0, 3.0, 4.0) == 10
    assert evaluate(cg.grad(three), 1.0, 2.0, 3.0) == (1, 1, 1)


def test_numpy_scalars_and_scalars_on_the_left() -> None:
    two: Any = np.float32(2)
    three: Any = np.int64(3)

    @cg.arrow
    def f(x: A) -> A:
        y = two * x + x * three + np.float64(0.5) + np.pi
        return cg.maximum(0, y) + cg.subtract(1, x)

    np.testing.assert_allclose(evaluate(f, 1.0), 5.5 + np.pi)


def test_literals_that_print_alike_are_two_values() -> None:
    near = np.array(0.123456789012), np.array(0.123456789999)

    def f(x: cg.Array) -> cg.Array:
        a, b = (x.full_like(float(n)) for n in near)
        c, d = (x.full_like(n) for n in near)  # pyright: ignore[reportArgumentType]
        return x + (b - a) + (d - c)

    net = cg.compile({"f": cg.arrow(f).on(cg.f64[3])}).load()
    np.testing.assert_array_equal(net.f(np.zeros(3)), np.full(3, 2 * (near[1] - near[0])))


def test_equal_literals_are_one_value() -> None:
    def f(x: cg.Array) -> cg.Array:
        return (x + 2) * 2 + 2.0 + cg.full((3,), -0.0) * cg.full((3,), 0.0)

    text = cg.compile({"f": cg.arrow(f).on(cg.f32[3])}).ir("cat")
    values = re.findall(r"tops.full value = (\S+)", text)
    assert sorted(values) == ["-0.000000e+00", "0.000000e+00", "2.000000e+00"]


def test_constants() -> None:
    @cg.arrow
    def f(x: A) -> A:
        table = cg.constant(np.arange(6.0).reshape(2, 3), dtype=x.dtype)
        return x @ table + cg.constant([1, 2, 3], dtype=x.dtype) + cg.constant(5, dtype=x.dtype)

    x = numbers(4, 2)
    np.testing.assert_allclose(evaluate(f, x), x @ np.arange(6.0).reshape(2, 3) + [6, 7, 8])


def test_unpacking_an_array() -> None:
    @cg.arrow
    def f(x: A) -> tuple[A, ...]:
        first, second = x
        return (*x[1], first + second)

    found = evaluate(f, np.array([[1.0, 2], [3, 4]]))
    assert [v.tolist() for v in found] == [3, 4, [4, 6]]


# -- names ---------------------------------------------------------------------------------------


def parameter_names(f: cg.Arrow | Callable[[A], A], *shape: int) -> list[str]:
    return list(cg.compile({"f": cg.arrow(f).on(cg.f32[shape])}).load().PARAMETERS)


def test_layers_are_named_in_order() -> None:
    model = nn.dense(3) >> nn.dense(4) >> nn.dense(2, name="head") >> nn.dense(2)
    weights = [n for n in parameter_names(model, 2, 3) if n.endswith(".weight")]
    assert weights == ["dense1.weight", "dense2.weight", "head.weight", "dense3.weight"]


def test_the_same_layer_twice_shares_its_parameters() -> None:
    layer = nn.dense(3)
    assert parameter_names(layer >> nn.relu >> layer, 2, 3) == ["dense1.weight", "dense1.bias"]
    assert len(parameter_names(nn.dense(3) >> nn.dense(3), 2, 3)) == 4


def test_layers_made_inside_a_function_are_two() -> None:
    """The first layer is gone when the second is made, and may have had the same id."""

    def model(x: A) -> A:
        for _ in range(3):
            x = nn.dense(3)(x)
        return x

    assert len(parameter_names(model, 2, 3)) == 6


def test_numbers_avoid_given_names() -> None:
    model = nn.dense(3, name="dense1") >> nn.dense(3)
    assert parameter_names(model, 2, 3)[2:] == ["dense2.weight", "dense2.bias"]


def test_scopes() -> None:
    def model(x: A) -> A:
        for i in range(2):
            with cg.scope(f"block{i}"):
                x = nn.dense(3)(x) + cg.param((3,), init=zero, name="shift")
        return nn.dense(3)(x)

    found = parameter_names(model, 2, 3)
    block = ["dense1.weight", "dense1.bias", "shift"]
    assert found == [*(f"block{i}.{n}" for i in range(2) for n in block), *block[:2]]


def test_the_parameter_of_a_layer_under_a_derivative_keeps_its_name() -> None:
    layer = nn.dense(1)
    assert parameter_names(cg.grad(layer >> cg.sum), 2, 3)[0] == "dense1.weight"
    names = cg.compile({"f": cg.reverse(layer).on(cg.f32[2, 3], cg.f32[2, 1])}).load().PARAMETERS
    assert next(iter(names)) == "dense1.weight"


def test_a_parameter_and_an_input_of_one_name() -> None:
    def f(x: A) -> A:
        return x + cg.param((2,), init=zero, name="x")

    net = cg.compile({"f": cg.arrow(f).on(cg.f32[2])}).load()
    assert (list(net.PARAMETERS), list(net.STATE)) == (["x"], [])


def test_equal_layers_are_one_arrow() -> None:
    model = nn.dense(4) >> nn.relu >> nn.dense(4) >> nn.relu >> nn.dense(4)
    text = cg.compile({"f": model.on(cg.f32[2, 4])}).ir("cat")
    assert len(re.findall(r"cat\.arrow private", text)) == 3  # dense, relu and relu's derivative
    assert len(re.findall(r"cat\.call @dense\(", text)) == 3
    assert re.findall(r'scope = "(\w+)"', text) == ["dense1", "dense2", "dense3"]


# -- programs ------------------------------------------------------------------------------------


def test_parameters_get_their_first_values_without_training() -> None:
    net = cg.compile({"f": nn.dense(3).on(cg.f32[2, 4])}).load(seed=1)
    assert np.abs(net.parameters["dense1.weight"]).max() > 0
    assert list(net.FUNCTIONS) == ["f", "init"]
    again = cg.compile({"f": nn.dense(3).on(cg.f32[2, 4])}).load(seed=1)
    np.testing.assert_array_equal(
        net.parameters["dense1.weight"], again.parameters["dense1.weight"]
    )


def test_init_knows_the_parameters_of_every_part() -> None:
    parts = cg.training(
        nn.dense(3),
        inputs=cg.f32[2, 3],
        targets=cg.f32[2, 3],
        loss=losses.mse,
        optimizer=optimizers.sgd(0.1),
    )

    def four(seed: A, shape: tuple[int, ...], dtype: str) -> A:
        return cg.full(shape, 4, dtype)

    parts["extra"] = nn.dense(2, name="other", bias=four).on(cg.f32[2, 3])
    assert (cg.compile(parts).load().parameters["other.bias"] == 4).all()


@pytest.mark.parametrize("target", ["numpy", "ggml"])
def test_two_compilations_print_the_same_bytes(target: str) -> None:
    def compiled() -> cg.Program:
        parts = cg.training(
            nn.dense(3) >> nn.relu >> nn.dense(2),
            inputs=cg.f32[4, 3],
            targets=cg.i32[4],
            loss=losses.cross_entropy,
            optimizer=optimizers.adam(),
        )
        return cg.compile(parts, target=target)

    first, second = compiled(), compiled()
    assert first.source == second.source
    for level in ("cat", "tops", "placed"):
        assert first.ir(level) == second.ir(level)


def test_several_files_go_to_a_folder(tmp_path: Path) -> None:
    program = cg.compile({"f": gelu.on(cg.f32[3])}, target="ggml", name="gelu")
    program.write(tmp_path / "out")
    found = {p.name: p.read_text() for p in (tmp_path / "out").iterdir()}
    assert found == program.files
    assert {"gelu.h", "gelu.cpp", "CMakeLists.txt"} <= set(found)
