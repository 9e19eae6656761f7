"""Functions of the array API that are more than one op: against NumPy, and their derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import catgrad as cg
from tests.api_tools import A, evaluate, numbers, numeric_gradient

# -- matmul --------------------------------------------------------------------------------------

PRODUCTS: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((3,), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3,)),
    ((2, 3), (3, 4)),
    ((3,), (5, 3, 4)),
    ((5, 2, 3), (3,)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((6, 1, 2, 3), (5, 3, 4)),
    ((1, 2, 3), (5, 3, 4)),
    ((6, 5, 2, 3), (1, 5, 3, 1)),
    ((0, 2, 3), (3, 4)),
    ((2, 0), (5, 0, 4)),
]


@pytest.mark.parametrize("a, b", PRODUCTS, ids=str)
def test_matmul_is_that_of_numpy(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    x, y = numbers(*a), numbers(*b, seed=1)
    found = evaluate(cg.arrow(cg.matmul), x, y)
    assert np.shape(found) == (x @ y).shape
    np.testing.assert_allclose(found, x @ y, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("a, b", PRODUCTS[:-2], ids=str)
def test_derivatives_of_matmul(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    x, y = numbers(*a), numbers(*b, seed=1)
    g = numbers(*(x @ y).shape, seed=2)
    dx, dy = evaluate(cg.reverse(cg.arrow(cg.matmul)), x, y, g)
    np.testing.assert_allclose(dx, numeric_gradient(lambda v: np.sum(v @ y * g), x), rtol=1e-6)
    np.testing.assert_allclose(dy, numeric_gradient(lambda v: np.sum(x @ v * g), y), rtol=1e-6)


def test_batches_on_the_left_are_rows_of_one_product() -> None:
    """So no weight is repeated for each batch."""
    text = cg.compile({"f": cg.arrow(cg.matmul).on(cg.f32[5, 2, 3], cg.f32[3, 4])}).ir("tops")
    assert "tensor<10x3xf32>, tensor<3x4xf32>" in text
    assert "broadcast" not in text


@pytest.mark.parametrize(
    "a, b, part",
    [
        (cg.f32[2, 3], cg.f32[4, 5], "contracts axes of size 3 and 4: got Array(f32[2, 3]) and"),
        (cg.f32[2, 3], cg.f64[3, 5], "both need one dtype"),
        (cg.f32[()], cg.f32[3], "a scalar multiplies with *"),
        (cg.f32[2, 2, 3], cg.f32[4, 3, 5], "shapes (2,) and (4,) do not broadcast"),
    ],
)
def test_matrices_that_do_not_fit(a: Any, b: Any, part: str) -> None:
    with pytest.raises(Exception, match="matmul: ") as error:
        cg.compile({"f": cg.arrow(cg.matmul).on(a, b)})
    assert part in str(error.value)


# -- the others ----------------------------------------------------------------------------------


def check(f: Callable[[A], Any], expected: Any, *arrays: Any, dtype: cg.Dtype = cg.f64) -> None:
    """The value of `f`, compiled for the numpy target."""
    found: Any = evaluate(cg.arrow(f), *arrays, dtype=dtype)
    several = type(expected) in (list, tuple)
    pairs: list[Any] = list(zip(found, expected, strict=True)) if several else [(found, expected)]
    for a, b in pairs:
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=1e-14)


def test_clip() -> None:
    x = np.array([-2.0, -1, 0, 1, 2])
    check(lambda v: cg.clip(v, -1, 1), x.clip(-1, 1), x)
    check(lambda v: cg.clip(v, min=-1), x.clip(min=-1), x)
    check(lambda v: cg.clip(v, max=1), x.clip(max=1), x)
    check(lambda v: cg.clip(v, v * 0 - 0.5, v * 0 + 1.5), x.clip(-0.5, 1.5), x)
    check(cg.clip, x, x)

    @cg.arrow
    def clipped(v: A) -> A:
        return cg.sum(cg.clip(v, -1, 1))

    assert evaluate(cg.grad(clipped), x).tolist() == [0, 0.5, 1, 0.5, 0]


def test_rounding() -> None:
    x = np.array([-2.5, -0.5, 0.5, 1.5, 2.4])
    check(
        lambda v: (cg.floor(v), cg.ceil(v), cg.round(v)), (np.floor(x), np.ceil(x), np.rint(x)), x
    )
    whole = np.array([-3, 4])
    check(lambda v: (cg.floor(v), cg.ceil(v), cg.round(v)), (whole,) * 3, whole, dtype=cg.i32)


def test_reductions_keep_their_axes_on_request() -> None:
    x = numbers(2, 3, 4)
    check(lambda v: cg.min(v), x.min(), x)
    check(lambda v: cg.min(v, axis=(0, -1), keepdims=True), x.min((0, 2), keepdims=True), x)
    check(lambda v: cg.prod(v, axis=1), x.prod(1), x)
    check(lambda v: cg.prod(v, keepdims=True), x.prod(keepdims=True), x)
    check(lambda v: cg.argmin(v, axis=-1), x.argmin(-1), x)


def test_the_product_of_many_has_a_derivative_at_zeros() -> None:
    x = numbers(5, 37)
    x[1, 3] = x[2, 4] = x[2, 30] = 0
    rest = np.array([[np.prod(np.delete(row, i)) for i in range(37)] for row in x])

    @cg.arrow
    def f(v: A) -> A:
        return cg.sum(cg.prod(v, axis=1))

    np.testing.assert_allclose(evaluate(cg.grad(f), x), rest, rtol=1e-12)


def test_cumulative_sum() -> None:
    x = numbers(2, 3)
    check(lambda v: cg.cumulative_sum(v, -1), np.cumsum(x, 1), x)
    check(lambda v: cg.cumulative_sum(v, 0, reverse=True), np.cumsum(x[::-1], 0)[::-1], x)
    check(lambda v: cg.cumulative_sum(v), np.cumsum(x[0]), x[0])
    expected = np.cumulative_sum(x, axis=1, include_initial=True)
    check(lambda v: cg.cumulative_sum(v, 1, include_initial=True), expected, x)


def test_split_is_undone_by_concat() -> None:
    x = numbers(2, 6)
    check(lambda v: tuple(cg.split(v, 3, axis=1)), np.split(x, 3, 1), x)
    check(lambda v: tuple(cg.split(v, [1, 0, 5], axis=-1)), np.split(x, [1, 1], 1), x)
    check(lambda v: cg.concat(cg.split(v, [4, 2], axis=1), axis=1), x, x)


def test_split_is_the_dagger_of_concat() -> None:
    """<split x, y> = <x, concat y>."""
    x, y = numbers(6), [numbers(4, seed=1), numbers(2, seed=2)]

    @cg.arrow
    def parts(v: A) -> tuple[A, ...]:
        return tuple(cg.split(v, [4, 2]))

    found = evaluate(parts, x)
    back = evaluate(cg.reverse(parts), x, *y)
    assert sum(float(a @ b) for a, b in zip(found, y, strict=True)) == pytest.approx(x @ back)
    np.testing.assert_array_equal(back, np.concatenate(y))


WRONG: list[tuple[Callable[[A], Any], str]] = [
    (lambda x: cg.split(x, 4, axis=1), "does not split into 4 parts of sizes [0, 0, 0, 0]"),
    (lambda x: cg.split(x, [2, 2], axis=1), "does not split into 2 parts of sizes [2, 2]"),
    (lambda x: cg.split(x, [4, -1], axis=1), "does not split into 2 parts of sizes [4, -1]"),
    (lambda x: cg.split(x, 0, axis=1), "does not split into 0 parts"),
    (lambda x: cg.cumulative_sum(x), "has 2 axes; give one as axis="),
    (lambda x: cg.prod(x > 0), "prod on a boolean array"),
    (lambda x: cg.cumulative_sum(x > 0, 0), "cumulative_sum on a boolean array"),
    (lambda x: cg.min(x, axis=2), "axis 2 of Array(f32[2, 3]) must lie in [-2, 2)"),
    (lambda x: cg.argmin(x, axis=2), "axis 2 of Array(f32[2, 3]) must lie in [-2, 2)"),
]  # fmt: skip


@pytest.mark.parametrize("f, part", WRONG)
def test_arguments_that_do_not_fit(f: Callable[[A], Any], part: str) -> None:
    with pytest.raises(Exception) as error:  # noqa: PT011
        cg.compile({"f": cg.arrow(f, inputs=1).on(cg.f32[2, 3])})
    assert part in str(error.value)
