"""
The laws of a reverse derivative category (Cockett et al., arXiv 1910.07065), on random diagrams.

RD.1 to RD.7 are numbered as there. Over the integers modulo 2^32 and over Z/2 they hold exactly.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from tests.laws import Term, check_equal, define, forward_of, reverse_of
from tests.ring_programs import REALS, RINGS, Arrow, Words, random_arrow

Law = Callable[[DataObject, Words], None]


def law(test: Law) -> Law:
    """A test of some random diagrams over each ring."""
    drawn = settings(max_examples=8)(given(data=st.data())(test))
    return pytest.mark.parametrize("words", RINGS.values(), ids=RINGS)(drawn)


def diagrams(data: DataObject, words: Words, *arrows: Arrow) -> str:
    """Random diagrams of these signatures, each using the ones before; no custom derivatives."""
    shape = st.integers(1, 2)
    known = [Arrow("h", data.draw(shape), data.draw(shape))]
    text = data.draw(drawn(words, [], known[0]))
    for arrow in arrows:
        text += data.draw(drawn(words, known, arrow))
        known.append(arrow)
    return text


@st.composite
def drawn(draw: st.DrawFn, words: Words, known: list[Arrow], arrow: Arrow) -> str:
    """One random diagram."""
    return random_arrow(draw, words, list(known), arrow)


F, G = Arrow("f", 2, 2), Arrow("g", 2, 2)
SINGLE = Arrow("f", 2, 1)


# -- reverse derivatives -------------------------------------------------------------------------
@law
def test_rd_1_the_derivative_is_additive_in_the_map(data: DataObject, words: Words) -> None:
    """R[f + g] = R[f] + R[g], and R[0] = 0."""
    total, none = Arrow("total", 2, 2), Arrow("none", 2, 2)
    text = diagrams(data, words, F, G)
    text += define(words, total, lambda t, x: t.add(t.call(F, x), t.call(G, x)))
    text += define(words, none, lambda t, x: t.zero(2))

    def right(t: Term, v: list[str]) -> list[str]:
        both = t.add(t.reverse(F, v[:2], v[2:]), t.reverse(G, v[:2], v[2:]))
        return [*both, *t.zero(2)]

    check_equal(
        words,
        text,
        4,
        4,
        lambda t, v: [*t.reverse(total, v[:2], v[2:]), *t.reverse(none, v[:2], v[2:])],
        right,
    )


@law
def test_rd_2_the_derivative_is_additive_in_the_cotangent(data: DataObject, words: Words) -> None:
    """R[f](a, b + c) = R[f](a, b) + R[f](a, c), and R[f](a, 0) = 0."""

    def left(t: Term, v: list[str]) -> list[str]:
        a, b, c = v[:2], v[2:4], v[4:]
        return [*t.reverse(F, a, t.add(b, c)), *t.reverse(F, a, t.zero(2))]

    def right(t: Term, v: list[str]) -> list[str]:
        a, b, c = v[:2], v[2:4], v[4:]
        return [*t.add(t.reverse(F, a, b), t.reverse(F, a, c)), *t.zero(2)]

    check_equal(words, diagrams(data, words, F), 6, 4, left, right)


@pytest.mark.parametrize("words", RINGS.values(), ids=RINGS)
def test_rd_3_identity_and_projections(words: Words) -> None:
    """R[1](a, b) = b, R[p0]((a, c), b) = (b, 0) and R[p1]((a, c), b) = (0, b)."""
    same, first, second = Arrow("same", 1, 1), Arrow("first", 2, 1), Arrow("second", 2, 1)
    text = define(words, same, lambda t, x: x)
    text += define(words, first, lambda t, x: x[:1]) + define(words, second, lambda t, x: x[1:])

    def left(t: Term, v: list[str]) -> list[str]:
        a, b = v[:2], v[2:]
        return [*t.reverse(same, a[:1], b), *t.reverse(first, a, b), *t.reverse(second, a, b)]

    check_equal(words, text, 3, 5, left, lambda t, v: [v[2], v[2], *t.zero(2), v[2]])


@law
def test_rd_4_pairing(data: DataObject, words: Words) -> None:
    """R[<f, g>](a, (b, c)) = R[f](a, b) + R[g](a, c), and R[!] = 0."""
    pair, nothing = Arrow("pair", 2, 4), Arrow("nothing", 2, 0)
    text = diagrams(data, words, F, G)
    text += define(words, pair, lambda t, x: [*t.call(F, x), *t.call(G, x)])
    text += define(words, nothing, lambda t, x: [])

    def right(t: Term, v: list[str]) -> list[str]:
        both = t.add(t.reverse(F, v[:2], v[2:4]), t.reverse(G, v[:2], v[4:]))
        return [*both, *t.zero(2)]

    check_equal(
        words,
        text,
        6,
        4,
        lambda t, v: [*t.reverse(pair, v[:2], v[2:]), *t.reverse(nothing, v[:2], [])],
        right,
    )


@law
def test_rd_5_chain_rule(data: DataObject, words: Words) -> None:
    """R[f g](a, c) = R[f](a, R[g](f(a), c))."""
    chain = Arrow("chain", 2, 2)
    text = diagrams(data, words, F, G)
    text += define(words, chain, lambda t, x: t.call(G, t.call(F, x)))

    def right(t: Term, v: list[str]) -> list[str]:
        return t.reverse(F, v[:2], t.reverse(G, t.call(F, v[:2]), v[2:]))

    check_equal(words, text, 4, 2, lambda t, v: t.reverse(chain, v[:2], v[2:]), right)


@law
def test_rd_6_the_derivative_is_linear_in_the_cotangent(data: DataObject, words: Words) -> None:
    """D[R[f]]((a, b), (0, c)) = R[f](a, c), where D[f](a, a') is R[R[f]]((a, 0), a')'s B'."""
    r, first = reverse_of(words, SINGLE)
    d, second = forward_of(words, r)

    def left(t: Term, v: list[str]) -> list[str]:
        return t.call(d, [*v[:3], *t.zero(2), v[3]])

    text = diagrams(data, words, SINGLE) + first + second
    check_equal(words, text, 4, 2, left, lambda t, v: t.reverse(SINGLE, v[:2], v[3:]))


@law
def test_rd_7_mixed_partial_derivatives_are_symmetric(data: DataObject, words: Words) -> None:
    """D[D[f]]((a, b), (c, d)) = D[D[f]]((a, c), (b, d))."""
    d, first = forward_of(words, SINGLE)
    dd, second = forward_of(words, d)
    text = diagrams(data, words, SINGLE) + first + second

    def exchanged(t: Term, v: list[str]) -> list[str]:
        return t.call(dd, [*v[:2], *v[4:6], *v[2:4], *v[6:]])

    check_equal(words, text, 8, 1, lambda t, v: t.call(dd, v), exchanged)


@law
def test_forward_is_the_forward_derivative_of_the_paper(data: DataObject, words: Words) -> None:
    """The op `cat.forward` is D[f], which is made of two reverse derivatives."""
    d, text = forward_of(words, F)
    text = diagrams(data, words, F) + text
    check_equal(
        words,
        text,
        4,
        2,
        lambda t, v: t.forward(F, v[:2], v[2:]),
        lambda t, v: t.call(d, v),
    )


# -- the category --------------------------------------------------------------------------------
@law
def test_identity_and_associativity(data: DataObject, words: Words) -> None:
    """f 1 = f = 1 f, and (f g) k = f (g k)."""
    k, same = Arrow("k", 2, 2), Arrow("same", 2, 2)
    fg, gk = Arrow("fg", 2, 2), Arrow("gk", 2, 2)
    text = diagrams(data, words, F, G, k) + define(words, same, lambda t, x: x)
    text += define(words, fg, lambda t, x: t.call(G, t.call(F, x)))
    text += define(words, gk, lambda t, x: t.call(k, t.call(G, x)))
    check_equal(
        words,
        text,
        2,
        6,
        lambda t, x: [
            *t.call(same, t.call(F, x)),
            *t.call(F, t.call(same, x)),
            *t.call(k, t.call(fg, x)),
        ],
        lambda t, x: [*t.call(F, x), *t.call(F, x), *t.call(gk, t.call(F, x))],
    )


@law
def test_copy_and_discard_are_natural(data: DataObject, words: Words) -> None:
    """f copy = copy (f @ f), and f discard = discard."""
    single = Arrow("f", 1, 1)

    def left(t: Term, x: list[str]) -> list[str]:
        t.discard(t.call(single, x))
        return t.copy(t.call(single, x)[0])

    def right(t: Term, x: list[str]) -> list[str]:
        a, b, c = x[0], *t.copy(x[0])
        t.discard([a])
        return [*t.call(single, [b]), *t.call(single, [c])]

    check_equal(words, diagrams(data, words, single), 1, 2, left, right)


# -- the checks see faults -----------------------------------------------------------------------
@pytest.mark.parametrize("words", RINGS.values(), ids=RINGS)
def test_a_derivative_that_is_none_breaks_the_laws(words: Words) -> None:
    """A custom derivative a + b' is not additive in b'."""
    wrong = define(words, Arrow("wrong", 2, 1), lambda t, v: t.add(v[:1], v[1:]))
    f = Arrow("f", 1, 1)
    text = define(words, f, lambda t, x: x).replace(") {", ") attributes {reverse = @wrong} {", 1)
    text = wrong + text

    def left(t: Term, v: list[str]) -> list[str]:
        return t.reverse(f, v[:1], t.add(v[1:2], v[2:]))

    def right(t: Term, v: list[str]) -> list[str]:
        return t.add(t.reverse(f, v[:1], v[1:2]), t.reverse(f, v[:1], v[2:]))

    with pytest.raises(AssertionError):
        check_equal(words, text, 3, 1, left, right)


def test_a_wrong_chain_rule_is_seen() -> None:
    """R[f](a, R[g](a, c)) forgets to go through f."""
    sine = f"(%x0: {REALS.type}) -> {REALS.type} {{\n  %y = tops.sin %x0 : {REALS.type}\n"
    ending = f"  cat.return %y : {REALS.type}\n}}\n"
    text = f"cat.arrow @f{sine}{ending}cat.arrow @g{sine}{ending}"
    f, g, chain = Arrow("f", 1, 1), Arrow("g", 1, 1), Arrow("chain", 1, 1)
    text += define(REALS, chain, lambda t, x: t.call(g, t.call(f, x)))

    def wrong(t: Term, v: list[str]) -> list[str]:
        return t.reverse(f, v[:1], t.reverse(g, v[:1], v[1:]))

    with pytest.raises(AssertionError):
        check_equal(REALS, text, 2, 1, lambda t, v: t.reverse(chain, v[:1], v[1:]), wrong)
