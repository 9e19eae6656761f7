"""Derivatives of whole programs: by evaluation (the interpreter) and by rewriting (the pass)."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import VerifyException

from catgrad.interpreter import Interpreter, NumPyArray
from tests.programs import G, T, X, Y, arrows, calls, differentiate, parse, run
from tests.rule_checks import differences


# -- nested derivatives -----------------------------------------------------------------------
def nested(dtype: str) -> ModuleOp:
    """x^5 - 2 x^3 + x and its derivatives @d1 to @d3, each the reverse of the one before."""
    t = f"tensor<4x{dtype}>"
    one = "1.000000e+00" if dtype == "f64" else "1"
    two = "2.000000e+00" if dtype == "f64" else "2"
    text = f"""
    cat.arrow @d0(%x: {t}) -> {t} {{
      %s = cat.call @square(%x) : ({t}) -> {t}
      %c = tops.multiply %s, %x : {t}
      %q = cat.call @square(%s) : ({t}) -> {t}
      %f = tops.multiply %q, %x : {t}
      %n = tops.full value = {two} : {dtype} : {t}
      %t = tops.multiply %n, %c : {t}
      %u = tops.subtract %f, %t : {t}
      %y = tops.add %u, %x : {t}
      cat.return %y : {t}
    }}
    cat.arrow private @square(%x: {t}) -> {t} {{
      %y = tops.multiply %x, %x : {t}
      cat.return %y : {t}
    }}
    """
    for i in (1, 2, 3):
        text += f"""
    cat.arrow @d{i}(%x: {t}) -> {t} {{
      %one = tops.full value = {one} : {dtype} : {t}
      %y, %dx = cat.reverse @d{i - 1}(%x)(%one) : ({t}) -> {t}
      cat.return %dx : {t}
    }}
    """
    return parse(text)


@pytest.mark.parametrize("dtype", ["f64", "i64", "i32"])
def test_derivatives_of_a_polynomial_are_exact_to_order_3(dtype: str) -> None:
    module = nested(dtype)
    x = np.array([-3, 0, 1, 5], dict(f64="float64", i64="int64", i32="int32")[dtype])
    expected = [
        x**5 - 2 * x**3 + x,
        5 * x**4 - 6 * x**2 + 1,
        20 * x**3 - 12 * x,
        60 * x**2 - 12,
    ]
    for i, y in enumerate(expected):
        assert run(module, f"d{i}", x)[0].tolist() == y.tolist()


def test_a_polynomial_over_the_booleans() -> None:
    """xy + x over Z/2: the derivatives are formal, y + 1 and x; x and x has derivative 0."""
    t = "tensor<4xi1>"
    module = parse(f"""
    cat.arrow @f(%x: {t}, %y: {t}) -> {t} {{
      %p = tops.logical_and %x, %y : {t}
      %q = tops.logical_and %x, %x : {t}
      %r = tops.logical_xor %p, %q : {t}
      %s = tops.logical_xor %r, %x : {t}
      cat.return %s : {t}
    }}
    cat.arrow @df(%x: {t}, %y: {t}, %g: {t}) -> ({t}, {t}) {{
      %s, %dx, %dy = cat.reverse @f(%x, %y)(%g) : ({t}, {t}) -> {t}
      cat.return %dx, %dy : {t}, {t}
    }}
    """)
    x, y = np.array([0, 0, 1, 1], bool), np.array([0, 1, 0, 1], bool)
    dx, dy = run(module, "df", x, y, np.ones(4, bool))
    assert dx.tolist() == (~y).tolist()
    assert dy.tolist() == x.tolist()


# -- structure --------------------------------------------------------------------------------
PROGRAM = f"""
cat.arrow private @layer(%x: {T}, %w: {T}, %unused: {T}) -> ({T}, {T}) {{
  %p = tops.multiply %x, %w : {T}
  %q = tops.tanh %p : {T}
  %r = tops.sin %x : {T}
  %dead = tops.exp %w : {T}
  cat.return %q, %r : {T}, {T}
}}
cat.arrow @f(%x: {T}, %w: {T}) -> ({T}, {T}) {{
  %a, %b = cat.call @layer(%x, %w, %w) : ({T}, {T}, {T}) -> ({T}, {T})
  %c, %d = cat.call @layer(%b, %w, %x) : ({T}, {T}, {T}) -> ({T}, {T})
  %e = tops.multiply %a, %c : {T}
  %y = tops.add %e, %x : {T}
  cat.return %y, %y : {T}, {T}
}}
cat.arrow @reverse(%x: {T}, %w: {T}, %g: {T}, %h: {T}) -> ({T}, {T}, {T}, {T}) {{
  %y, %z, %dx, %dw = cat.reverse @f(%x, %w)(%g, %h) : ({T}, {T}) -> ({T}, {T})
  cat.return %y, %z, %dx, %dw : {T}, {T}, {T}, {T}
}}
cat.arrow @forward(%x: {T}, %w: {T}, %dx: {T}, %dw: {T}) -> ({T}, {T}, {T}, {T}) {{
  %y, %z, %dy, %dz = cat.forward @f(%x, %w)(%dx, %dw) : ({T}, {T}) -> ({T}, {T})
  cat.return %y, %z, %dy, %dz : {T}, {T}, {T}, {T}
}}
cat.arrow @transpose(%x: {T}, %w: {T}, %g: {T}, %h: {T}) -> ({T}, {T}) {{
  %y, %z, %dx, %dw = cat.reverse @f(%x, %w)(%g, %h) : ({T}, {T}) -> ({T}, {T})
  cat.return %dx, %dw : {T}, {T}
}}
cat.arrow @twice(%x: {T}, %w: {T}, %dx: {T}, %dw: {T}) -> ({T}, {T}) {{
  %0 = cat.zero : {T}
  %a, %b, %u, %v, %dy, %dz = cat.reverse @transpose(%x, %w, %0, %0)(%dx, %dw)
      : ({T}, {T}, {T}, {T}) -> ({T}, {T})
  cat.return %dy, %dz : {T}, {T}
}}
"""


def slope(module: ModuleOp, name: str, inputs: list[NDArray[Any]], by: list[NDArray[Any]]) -> Any:
    """The derivative of @name along a direction, by central differences."""
    interpreter, h = Interpreter(module), 1e-3

    def phi(t: float) -> NumPyArray:
        at = [a + t * d for a, d in zip(inputs, by, strict=True)]
        return np.stack(interpreter.run(name, *at))

    return differences(phi, h) / (12 * h)


def test_forward_is_the_directional_derivative() -> None:
    """So is the transpose of the reverse derivative in its seed."""
    module = parse(PROGRAM)
    expected = slope(module, "f", [X, Y], [G, Y])
    *values, dy, dz = run(module, "forward", X, Y, G, Y)
    np.testing.assert_allclose(np.stack([dy, dz]), expected, rtol=1e-6)
    np.testing.assert_array_equal(values, run(module, "f", X, Y))
    np.testing.assert_allclose(run(module, "twice", X, Y, G, Y), [dy, dz], rtol=1e-12)


def test_reverse_is_the_adjoint_of_forward() -> None:
    """Calls, fan-out, unused inputs and equal outputs included."""
    module = parse(PROGRAM)
    *values, dx, dw = run(module, "reverse", X, Y, G, X)
    *_, dy, dz = run(module, "forward", X, Y, Y, G)
    assert np.isclose(np.sum(dx * Y + dw * G), np.sum(dy * G + dz * X), rtol=1e-12)
    np.testing.assert_array_equal(values, run(module, "f", X, Y))


def test_a_shared_constant_exponent_is_still_a_constant() -> None:
    """On integers `pow` has a rule only for constants: cse, which shares them, must not lose it."""
    t = "tensor<3xi32>"
    module = parse(f"""
    cat.arrow @f(%x: {t}, %y: {t}) -> {t} {{
      %n = tops.full value = 3 : i32 : {t}
      %a = tops.pow %x, %n : {t}
      %b = tops.pow %y, %n : {t}
      %c = tops.add %a, %b : {t}
      cat.return %c : {t}
    }}
    cat.arrow @df(%x: {t}, %y: {t}, %g: {t}) -> ({t}, {t}) {{
      %c, %dx, %dy = cat.reverse @f(%x, %y)(%g) : ({t}, {t}) -> {t}
      cat.return %dx, %dy : {t}, {t}
    }}
    """)
    dx, dy = run(module, "df", [1, 2, -3], [0, 1, 5], [1, 1, 2])
    assert dx.tolist() == [3, 12, 54]
    assert dy.tolist() == [0, 3, 150]


def chain(count: int) -> str:
    """A layer called `count` times in a row, and the gradient of that."""
    lines = [
        f"  %{i + 1} = cat.call @layer(%{i}, %w) : ({T}, {T}) -> {T}" for i in range(1, count + 1)
    ]
    body = "\n".join(lines).replace("%1,", "%x,")
    return f"""
    cat.arrow private @layer(%x: {T}, %w: {T}) -> {T} {{
      %p = tops.multiply %x, %w : {T}
      %q = tops.tanh %p : {T}
      cat.return %q : {T}
    }}
    cat.arrow @f(%x: {T}, %w: {T}) -> {T} {{
    {body}
      cat.return %{count + 1} : {T}
    }}
    cat.arrow @df(%x: {T}, %w: {T}, %g: {T}) -> {T} {{
      %y, %dx, %dw = cat.reverse @f(%x, %w)(%g) : ({T}, {T}) -> {T}
      cat.return %dw : {T}
    }}
    """


def test_a_layer_used_12_times_is_differentiated_once() -> None:
    """One pair of halves where dx is wanted; one more for the first layer, where only dw is."""
    module = differentiate(parse(chain(12)))
    halves = [name for name in arrows(module) if name.startswith("layer.")]
    assert sorted(halves) == [
        "layer.forward",
        "layer.forward.1",
        "layer.reverse",
        "layer.reverse.1",
    ]
    forward = calls(module, "f.forward")
    assert len(forward) == 12
    assert forward.count(forward[0]) == 1
    assert len(set(forward[1:])) == 1


def test_the_memo_keeps_different_derivatives_apart() -> None:
    module = parse(chain(3))
    dw = run(module, "df", X, Y, G)[0]
    by = np.array([0.3, -0.7, 1.1])
    expected = np.sum(G * slope(module, "f", [X, Y], [0 * X, by])[0])
    assert np.isclose(np.sum(dw * by), expected, rtol=1e-6)


# -- residuals --------------------------------------------------------------------------------
def residual(body: str, wanted: str = "%dx, %dw") -> list[str]:
    """The names of the values that the reverse half of `f(x, w)` keeps."""
    count = len(wanted.split(","))
    types = ", ".join([T] * count)
    module = differentiate(
        parse(f"""
    cat.arrow @f(%x: {T}, %w: {T}) -> {T} {{
      {body}
      cat.return %y : {T}
    }}
    cat.arrow @df(%x: {T}, %w: {T}, %g: {T}) -> ({types}) {{
      %v, %dx, %dw = cat.reverse @f(%x, %w)(%g) : ({T}, {T}) -> {T}
      cat.return {wanted} : {types}
    }}
    """)
    )
    forward = arrows(module)["f.forward"]
    kept = list(forward.result.values)[1:]
    args = list(arrows(module)["f.reverse"].block.args)
    assert [a.type for a in args[: len(kept)]] == [v.type for v in kept]
    return [cast(str, v.name_hint) for v in kept]


@pytest.mark.parametrize(
    "body, wanted, kept",
    [
        (f"%y = tops.subtract %x, %w : {T}", "%dx, %dw", []),
        (f"%y = tops.multiply %x, %w : {T}", "%dx, %dw", ["w", "x"]),
        (f"%y = tops.multiply %x, %w : {T}", "%dx", ["w"]),
        (f"%y = tops.multiply %x, %w : {T}", "%dw", ["x"]),
        (f"%y = tops.exp %x : {T}", "%dx", ["y"]),
        (f"%y = tops.tanh %x : {T}", "%dx", ["y"]),
        (f"%y = tops.sin %x : {T}", "%dx", ["x"]),
        (f"%e = tops.exp %x : {T}\n      %y = tops.negative %e : {T}", "%dx", ["e"]),
        (f"%y = tops.multiply %x, %x : {T}", "%dx", ["x"]),
        (
            f"%n = tops.full value = 2.0 : f64 : {T}\n      %y = tops.multiply %x, %n : {T}",
            "%dx",
            [],
        ),
    ],
)
def test_the_residual_is_minimal(body: str, wanted: str, kept: list[str]) -> None:
    assert sorted(residual(body, wanted)) == kept


def test_nothing_is_computed_for_a_zero_cotangent() -> None:
    """A seed that is `cat.zero` gives a plain call; its cotangents are zeros."""
    module = differentiate(
        parse(f"""
    cat.arrow @f(%x: {T}) -> {T} {{
      %y = tops.exp %x : {T}
      cat.return %y : {T}
    }}
    cat.arrow @df(%x: {T}) -> ({T}, {T}) {{
      %0 = cat.zero : {T}
      %y, %dx = cat.reverse @f(%x)(%0) : ({T}) -> {T}
      cat.return %y, %dx : {T}, {T}
    }}
    """)
    )
    assert list(arrows(module)) == ["f", "df"]
    assert calls(module, "df") == ["f"]


# -- recursion --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "body, path",
    [
        (f"%y = cat.call @f(%x) : ({T}) -> {T}", "@f -> @f"),
        (f"%y = cat.call @h(%x) : ({T}) -> {T}", "@f -> @h -> @f"),
        (f"%y, %dx = cat.reverse @h(%x)(%x) : ({T}) -> {T}", "@f -> @h -> @f"),
        (f"%y, %dx = cat.forward @f(%x)(%x) : ({T}) -> {T}", "@f -> @f"),
    ],
)
def test_recursion_is_an_error_that_names_the_circle(body: str, path: str) -> None:
    module = parse(f"""
    cat.arrow @f(%x: {T}) -> {T} {{
      {body}
      cat.return %y : {T}
    }}
    cat.arrow @h(%x: {T}) -> {T} {{
      %y = cat.call @f(%x) : ({T}) -> {T}
      cat.return %y : {T}
    }}
    """)
    with pytest.raises(VerifyException) as error:
        differentiate(module)
    assert f"recursion between arrows: {path}" in str(error.value)


def test_what_no_input_reaches_needs_no_rule() -> None:
    module = parse(f"""
    cat.arrow @f(%x: {T}) -> ({T}, tensor<3xi32>) {{
      %0 = tops.arange : tensor<3xi32>
      %1 = tops.abs %0 : tensor<3xi32>
      cat.return %x, %1 : {T}, tensor<3xi32>
    }}
    cat.arrow @r(%x: {T}, %g: {T}, %h: tensor<3xi32>) -> {T} {{
      %y, %b, %d = cat.reverse @f(%x)(%g, %h) : ({T}) -> ({T}, tensor<3xi32>)
      cat.return %d : {T}
    }}
    """)
    assert run(module, "r", X, G, np.ones(3, np.int32))[0].tolist() == G.tolist()
