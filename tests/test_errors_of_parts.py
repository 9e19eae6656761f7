"""Messages for mistakes in what is compiled: parts, types, parameters, trainers."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import numpy as np
import pytest

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.initializers import glorot_uniform, zero
from tests.api_tools import A, compiled, message


def test_parts() -> None:
    given: Any = [1]
    assert message(lambda: cg.compile(given)) == (
        "got list; accepts a dict of traced arrows by name, as cg.training(...) returns"
    )
    given = {"f": nn.tanh}
    assert message(lambda: cg.compile(given)) == (
        "part 'f' is <arrow tanh>; give it types with .on(...), as in gelu.on(cg.f32[3])"
    )
    given = {1: nn.tanh.on(cg.f32[2])}
    assert message(lambda: cg.compile(given)) == "the name of a part is a string, got 1"


def test_unknown_target_and_level() -> None:
    program = compiled(nn.tanh, cg.f32[2])
    expected = "no target 'nmpy'; targets are ggml, numpy; did you mean 'numpy'?"
    assert message(lambda: compiled(nn.tanh, cg.f32[2], target="nmpy")) == expected
    expected = "no level 'tosp'; levels are cat, tops, placed; did you mean 'tops'?"
    assert message(lambda: program.ir("tosp")) == expected


def test_types() -> None:
    for shape in (-1, 1.5, "a", (None, 3), True, (2, True)):
        expected = "f32[...] takes whole numbers >= 0, as in f32[32, 10] or f32[()]; got "
        given: Any = shape
        assert message(lambda given=given: cg.f32[given]) == f"{expected}{shape!r}"


def test_names_are_strings() -> None:
    three: Any = 3
    assert message(lambda: nn.dense(2, name=three)) == "dense: a name is a string, got 3"
    expected = "the name of a program is a string, got 3"
    assert message(lambda: compiled(nn.tanh, cg.f32[2], name=three)) == expected
    expected = "in part: in f: param: a name is a string, got 3"

    def f(x: A) -> A:
        return x + cg.param(2, init=zero, name=three)

    assert message(lambda: compiled(f, cg.f32[2])) == expected


def test_parameters() -> None:
    def f(x: A, **options: Any) -> A:
        first = cg.param(2, init=zero, name="w", dtype=cg.f32)
        given: dict[str, Any] = {"init": zero, "name": "w", **options}
        return x + first + cg.param((2,), **given)

    def found(**options: Any) -> str:
        return message(lambda: compiled(partial(f, **options), cg.f32[2]))

    assert found(dtype="f64") == (
        "in part: in f: parameter 'w' is tensor<2xf64> here and tensor<2xf32> (parameter) elsewhere"
    )
    assert found(init=0.0) == (
        "in part: in f: param: init is a function (seed, shape, dtype) -> array, got 0.0"
    )
    assert found(dtype="float") == (
        "in part: in f: dtype 'float' is not one of f32, f64, i32, i64, i1"
    )
    expected = "in init: glorot_uniform makes matrices (fan_in, fan_out), got shape (2,)"
    assert message(lambda: compiled(nn.dense(2, bias=glorot_uniform), cg.f32[2, 2])) == expected

    def wrong(seed: A, shape: tuple[int, ...], dtype: str) -> A:
        return cg.zeros((3,), dtype)

    expected = "in init: initialiser of 'dense1.bias' gives Array(f32[3]), expected tensor<2xf32>"
    assert message(lambda: compiled(nn.dense(2, bias=wrong), cg.f32[2, 2])) == expected


def is_positive(x: A) -> A:
    return x > 0


def test_training() -> None:
    def found(**options: Any) -> str:
        given: dict[str, Any] = {
            "model": nn.dense(3),
            "inputs": cg.f32[2, 3],
            "targets": cg.f32[2, 3],
            "loss": losses.mse,
            "optimizer": optimizers.sgd(0.1),
        }
        return message(lambda: cg.compile(cg.training(**{**given, **options})))

    assert found(model=nn.tanh) == "in step: training: the model has no parameters"
    assert found(model=3) == (
        "training: model takes an arrow or a function of symbolic arrays, got 3"
    )
    assert found(inputs=(2, 3)) == (
        "training: inputs takes a type such as cg.f32[32, 4], got (2, 3)"
    )
    assert found(targets=cg.f32[()]) == "training: targets tensor<f32> has no axis 0, the batch"
    assert found(targets=cg.f32[4, 3]) == (
        "training: axis 0 is the batch, got 2 inputs tensor<2x3xf32> and 4 targets tensor<4x3xf32>"
    )
    text = found(optimizer=optimizers.sgd)
    assert text.startswith("training: optimizer takes one as optimizers.sgd(0.1), got <function")
    assert found(rate=3) == "training: rate takes an arrow or a function of symbolic arrays, got 3"
    assert found(rate=is_positive) == (
        "in step: training: rate(loss) is Array(i1[]), expected the loss's type tensor<f32>"
    )
    assert found(loss=cg.arrow(cg.less)) == (
        "in step: training of objective needs one floating scalar, got tensor<2x3xi1>; "
        "use reverse for other arrows, in training a rate"
    )
    assert found(metrics={"step": losses.accuracy}) == (
        "metric 'step' has the name of another arrow; rename it"
    )


def test_units() -> None:
    for units in (0, -1, 2.5, True, "3"):
        given: Any = units
        expected = f"nn.dense takes a whole number of units > 0, got {units!r}"
        assert message(lambda given=given: nn.dense(given)) == expected


def test_what_keeps_a_normalisation_from_dividing_by_zero() -> None:
    for eps in (-1e-5, float("nan"), "x", None, [1e-5]):
        given: Any = eps
        for norm in (nn.layer_norm, nn.rms_norm, nn.batch_norm, partial(nn.group_norm, 2)):
            text = message(lambda given=given, norm=norm: norm(eps=given))
            assert re.fullmatch(r"nn\.\w+_norm takes a number eps >= 0, got .*", text)
            assert text.endswith(f"got {eps!r}")
    numbers: list[Any] = [0, 1e-5, np.float32(1e-5)]
    for number in numbers:
        assert compiled(nn.layer_norm(eps=number), cg.f32[2, 3])


def test_an_arrow_that_calls_itself() -> None:
    def f(x: A) -> A:
        return g(x)

    g = cg.arrow(f)
    expected = "arrows call each other too deeply: does one call itself?"
    assert message(lambda: compiled(g, cg.f32[2])) == expected


def test_dtypes_of_a_target_all_at_once() -> None:
    def f(x: A, y: A) -> tuple[A, A]:
        return cg.exp(x), y + 1

    text = message(lambda: compiled(f, cg.f64[2], cg.i64[2], target="ggml"))
    assert text.startswith(
        "target 'ggml' takes f32, i32, i1 and not: f64 (x0 in @part); i64 (x1 in"
    )


@pytest.mark.parametrize("shift", [-1, 1])
def test_indices_that_the_program_computes(shift: int) -> None:
    """Inputs are checked at entry, computed indices before they are used."""

    def f(x: A, i: A) -> A:
        return cg.take(x, i + shift)

    program = compiled(f, cg.f32[3], cg.i32[2])
    assert program.source.count("check_indices(add, 3)") == 1
    at, index = (0, -1) if shift < 0 else (1, 3)
    expected = f"part: got index {index} at position {at}, expected 0 <= index < 3"
    net = program.load()
    assert message(lambda: net.part([1, 2, 3], [0, 2]), ValueError) == expected
    assert net.part([1, 2, 3], [1, 1]).tolist() == [2 + shift] * 2
