"""Custom derivatives: `reverse = @g`, and `surrogate` where @g is not the derivative."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import VerifyException

import catgrad
import catgrad as cg
from catgrad import nn
from catgrad.arrows import FunctionArrow
from catgrad.dialects.tops.base import Tensor
from tests.api_tools import message
from tests.programs import G, T, X, Y, differentiate, parse, run

CUSTOM = f"""
cat.arrow private @cube(%x: {T}) -> {T} attributes {{reverse = @cube_reverse}} {{
  %s = tops.multiply %x, %x : {T}
  %y = tops.multiply %s, %x : {T}
  cat.return %y : {T}
}}
cat.arrow private @cube_reverse(%x: {T}, %g: {T}) -> {T} {{
  %n = tops.full value = 3.0 : f64 : {T}
  %s = tops.square %x : {T}
  %d = tops.multiply %n, %s : {T}
  %dx = tops.multiply %d, %g : {T}
  cat.return %dx : {T}
}}
cat.arrow private @round(%x: {T}, %w: {T}) -> ({T}, {T})
    attributes {{reverse = @round_reverse, surrogate}} {{
  %y = tops.sign %x : {T}
  %z = tops.add %x, %w : {T}
  cat.return %y, %z : {T}, {T}
}}
cat.arrow private @round_reverse(%x: {T}, %w: {T}, %g: {T}, %h: {T}) -> ({T}, {T}) {{
  %dx = tops.add %g, %h : {T}
  cat.return %dx, %h : {T}, {T}
}}
cat.arrow private @through(%x: {T}) -> {T} {{
  %y = cat.call @cube(%x) : ({T}) -> {T}
  cat.return %y : {T}
}}
cat.arrow @f(%x: {T}) -> {T} {{
  %y = cat.call @through(%x) : ({T}) -> {T}
  %z = cat.call @cube(%y) : ({T}) -> {T}
  cat.return %z : {T}
}}
cat.arrow @d1(%x: {T}, %g: {T}) -> {T} {{
  %y, %dx = cat.reverse @f(%x)(%g) : ({T}) -> {T}
  cat.return %dx : {T}
}}
cat.arrow @d2(%x: {T}, %g: {T}, %h: {T}) -> ({T}, {T}) {{
  %y, %dx, %dg = cat.reverse @d1(%x, %g)(%h) : ({T}, {T}) -> {T}
  cat.return %dx, %dg : {T}, {T}
}}
cat.arrow @rounded(%x: {T}, %w: {T}, %g: {T}) -> ({T}, {T}, {T}) {{
  %h = cat.zero : {T}
  %y, %z, %dx, %dw = cat.reverse @round(%x, %w)(%g, %h) : ({T}, {T}) -> ({T}, {T})
  cat.return %y, %dx, %dw : {T}, {T}, {T}
}}
cat.arrow @moved(%x: {T}, %w: {T}, %dx: {T}) -> ({T}, {T}) {{
  %0 = cat.zero : {T}
  %y, %z, %dy, %dz = cat.forward @round(%x, %w)(%dx, %0) : ({T}, {T}) -> ({T}, {T})
  cat.return %dy, %dz : {T}, {T}
}}
"""


def test_a_custom_derivative_is_used_through_calls_and_at_second_order() -> None:
    """f(x) = x^9."""
    module = parse(CUSTOM)
    np.testing.assert_allclose(run(module, "d1", X, G)[0], G * 9 * X**8, rtol=1e-12)
    dx, dg = run(module, "d2", X, G, Y)
    np.testing.assert_allclose(dx, Y * G * 72 * X**7, rtol=1e-12)
    np.testing.assert_allclose(dg, Y * 9 * X**8, rtol=1e-12)


def test_a_custom_derivative_is_additive() -> None:
    module = parse(CUSTOM)
    both = run(module, "d1", X, G + Y)[0]
    np.testing.assert_allclose(
        both, run(module, "d1", X, G)[0] + run(module, "d1", X, Y)[0], rtol=1e-12
    )
    assert not np.any(run(module, "d1", X, 0 * G)[0])


def test_a_surrogate_replaces_the_derivative() -> None:
    """Straight through: the derivative of sign is taken to be 1, forwards as well."""
    module = parse(CUSTOM)
    y, dx, dw = run(module, "rounded", X, Y, G)
    assert y.tolist() == np.sign(X).tolist()
    assert dx.tolist() == G.tolist()
    assert dw.tolist() == [0, 0, 0]
    dy, dz = run(module, "moved", X, Y, G)
    assert dy.tolist() == dz.tolist() == G.tolist()


def test_a_surrogate_from_python() -> None:
    """A step function with the derivative of the identity (arXiv 1308.3432), to second order."""

    def through(x: cg.Array, g: cg.Array) -> cg.Array:
        return g * x

    @cg.arrow(reverse=through, surrogate=True)
    def step(x: cg.Array) -> cg.Array:
        return cg.sign(x)

    parts = {"f": step, "d": cg.reverse(step), "dd": cg.reverse(cg.reverse(step))}
    program = cg.compile({k: f.on(*[cg.f64[3]] * n) for n, (k, f) in enumerate(parts.items(), 1)})
    assert re.search(r"@step\(.*attributes \{reverse = @through, surrogate\}", program.ir("cat"))
    net = program.load()
    assert net.f(X).tolist() == np.sign(X).tolist()
    assert net.d(X, G).tolist() == (G * X).tolist()
    assert [a.tolist() for a in net.dd(X, G, Y)] == [(G * Y).tolist(), (X * Y).tolist()]
    expected = "arrow: a surrogate is a custom derivative; give it as reverse="
    assert message(lambda: cg.arrow(through, surrogate=True)) == expected


def test_a_custom_derivative_may_call_its_arrow_but_not_differentiate_it() -> None:
    def program(body: str) -> ModuleOp:
        return parse(f"""
        cat.arrow @f(%x: {T}) -> {T} attributes {{reverse = @g}} {{
          %y = tops.exp %x : {T}
          cat.return %y : {T}
        }}
        cat.arrow @g(%x: {T}, %g: {T}) -> {T} {{
          {body}
          cat.return %dx : {T}
        }}
        cat.arrow @df(%x: {T}, %g: {T}) -> {T} {{
          %y, %dx = cat.reverse @f(%x)(%g) : ({T}) -> {T}
          cat.return %dx : {T}
        }}
        """)

    call = f"%y = cat.call @f(%x) : ({T}) -> {T}\n%dx = tops.multiply %y, %g : {T}"
    np.testing.assert_allclose(run(program(call), "df", X, G)[0], G * np.exp(X))
    with pytest.raises(VerifyException, match="recursion between arrows: @g -> @f -> @g"):
        differentiate(program(f"%y, %dx = cat.reverse @f(%x)(%g) : ({T}) -> {T}"))


# -- additivity ----------------------------------------------------------------------------------
def additivity_fault(f: cg.Arrow, type_: Tensor) -> str | None:
    """Where R[f](a, b + c) is not R[f](a, b) + R[f](a, c), or R[f](a, 0) not 0."""
    net = cg.compile({"r": cg.reverse(f).on(type_, type_)}).load()
    rng, shape = np.random.default_rng(0), type_.get_shape()
    a, b, c = (rng.normal(size=shape) for _ in range(3))
    if not np.allclose(net.r(a, b + c), net.r(a, b) + net.r(a, c), rtol=1e-12, atol=1e-12):
        return f"{f.name} is not additive"
    return f"{f.name} is not 0 at 0" if np.any(net.r(a, 0 * b)) else None


def shipped() -> dict[str, cg.Arrow]:
    """The arrows of the library that have a derivative of their own, by name."""
    made = nn._standardise(1e-5, 1)  # pyright: ignore[reportPrivateUsage] -- by layers
    found: dict[str, cg.Arrow] = {made.name: made}
    for info in pkgutil.iter_modules(catgrad.__path__):
        module = importlib.import_module(f"catgrad.{info.name}")
        found |= {
            v.name: v
            for v in vars(module).values()
            if isinstance(v, FunctionArrow) and v.custom is not None
        }
    return found


def test_every_custom_derivative_of_the_library_is_additive() -> None:
    """All that the source says `@arrow(reverse=...)` of, and none besides."""
    root = Path(catgrad.__path__[0])
    text = "".join(path.read_text() for path in sorted(root.glob("*.py")))
    assert len(shipped()) == len(re.findall(r"^ *@arrow\(.*reverse=", text, re.MULTILINE)) >= 4
    for f in shipped().values():
        assert additivity_fault(f, cg.f64[3, 4]) is None


def clipping(x: cg.Array, g: cg.Array) -> cg.Array:
    return cg.clip(g, -0.5, 0.5)


def shifting(x: cg.Array, g: cg.Array) -> cg.Array:
    return g + x


@pytest.mark.parametrize("back", [clipping, shifting])
def test_a_derivative_that_is_not_additive_is_found(back: Any) -> None:
    f = cg.arrow(nn.tanh, inputs=1, name="f", reverse=back)
    assert additivity_fault(f, cg.f64[3]) == "f is not additive"
