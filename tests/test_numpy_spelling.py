"""What NumPy programs say in a faster way means the same: special values, shapes, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import catgrad as cg
from catgrad.targets import _numpy_spelling
from tests.numpy_code import load_program
from tests.slot_programs import place
from tests.test_slots import printed

Floats = NDArray[np.floating[Any]]


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faster or not, however few elements there are."""
    for least in ("SOME", "MANY"):
        monkeypatch.setattr(_numpy_spelling, least, 0)


def program(function: Any, *types: Any) -> Any:
    """A compiled function: its text and its method."""
    made = cg.compile({"f": cg.arrow(function).on(*types)}, target="numpy", name="one")
    return made.source, made.load().f


def chosen(m: cg.Array, x: cg.Array) -> cg.Array:
    """x or zero."""
    return cg.where(m, x, 0)


def or_one(m: cg.Array, x: cg.Array) -> cg.Array:
    """x or 1."""
    return cg.where(m, x, 1.0)


def or_minus_zero(m: cg.Array, x: cg.Array) -> cg.Array:
    """x or -0."""
    return cg.where(m, x, -0.0)


def three(m: cg.Array, x: cg.Array) -> cg.Array:
    """Added to x, 3 or 0."""
    return cg.where(m, 3.0, cg.full(x.shape, 0.0, x.dtype)) + x


def rows(x: cg.Array) -> cg.Array:
    """Sums of rows."""
    return cg.sum(x, axis=1)


def row_sums(m: cg.Array, x: cg.Array) -> cg.Array:
    """Sums of rows of what is chosen."""
    return cg.sum(chosen(m, x), axis=1)


def gather(x: cg.Array, i: cg.Array) -> cg.Array:
    """Rows."""
    return cg.take(x, i, axis=0)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("dtype", ["f32", "f64", "i32", "i64"])
def test_a_choice_of_zero_keeps_every_bit(dtype: str) -> None:
    text, f = program(chosen, cg.i1[3, 4], getattr(cg, dtype)[3, 4])
    assert "np.bitwise_and" in text
    mask = np.arange(12).reshape(3, 4) % 2 == 0
    x = np.arange(12, dtype=f(mask, np.zeros((3, 4), int)).dtype).reshape(3, 4) - 6
    if x.dtype.kind == "f":
        x[0] = [np.nan, np.inf, -np.inf, np.nan]
        x[1] = [-0.0, 1e-45, -1e-45, -0.0]
    right = np.where(mask, x, np.zeros_like(x))
    assert f(mask, x).tobytes() == right.tobytes()


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize(("function", "other"), [(or_one, 1.0), (or_minus_zero, -0.0)])
def test_a_choice_of_another_number_is_spelt_as_it_is(function: Any, other: float) -> None:
    text, f = program(function, cg.i1[2, 2], cg.f32[2, 2])
    assert "np.bitwise_and" not in text
    mask, x = np.eye(2, dtype=bool), np.ones((2, 2), np.float32)
    assert f(mask, x).tobytes() == np.where(mask, x, np.float32(other)).tobytes()


@pytest.mark.usefixtures("always")
def test_a_choice_between_two_numbers() -> None:
    _, f = program(three, cg.i1[2, 2], cg.f32[2, 2])
    mask, x = np.eye(2, dtype=bool), np.ones((2, 2), np.float32)
    np.testing.assert_array_equal(f(mask, x), np.where(mask, 3, 0) + x)


def sums(x: cg.Array) -> tuple[cg.Array, ...]:
    """Of rows, of columns, of rows of a view, of both axes."""
    return cg.sum(x, axis=1), cg.sum(x, axis=0), cg.sum(x.T, axis=1), cg.sum(x, axis=(0, 1))


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("shape", [(5, 7), (7, 7), (1, 7)])
def test_sums_are_products_with_ones(dtype: str, shape: tuple[int, int]) -> None:
    text, f = program(sums, getattr(cg, dtype)[shape])
    assert f"np.ones({shape[1]}, np." in text
    x = np.random.default_rng(0).normal(size=shape)
    given = x.astype("float32" if dtype == "f32" else "float64")
    right = [given.sum(1), given.sum(0), given.sum(0), given.sum()]
    for ours, theirs in zip(f(given), right, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    given[0, 0] = np.inf
    assert np.isinf(f(given)[0][0])
    given[0, 0] = np.nan
    assert [bool(np.isnan(r).any()) for r in f(given)] == [True] * 4


@pytest.mark.usefixtures("always")
def test_sums_of_whole_numbers_and_long_ones_are_sums() -> None:
    for kind, length in ((cg.i32, 4), (cg.f32, 5000)):
        text, f = program(rows, kind[3, length])
        assert "np.ones(" not in text
        np.testing.assert_array_equal(f(np.ones((3, length), int)), [length] * 3)


def total(x: cg.Array) -> cg.Array:
    """The sum of a vector."""
    return cg.sum(x, axis=0)


def total_of_every_other(x: cg.Array) -> cg.Array:
    """The sum of a view."""
    return cg.sum(x[::2], axis=0)


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize(
    ("function", "length", "spelt"),
    [
        (total, 63, False),
        (total, 64, True),
        (total, 4096, True),
        (total, 4097, False),
        (total_of_every_other, 256, False),
    ],
)
def test_sums_of_vectors(function: Any, length: int, spelt: bool, dtype: str) -> None:
    text, f = program(function, getattr(cg, dtype)[length])
    assert ("np.ones(" in text) == spelt
    x = np.random.default_rng(0).normal(size=length).astype(f(np.zeros(length)).dtype)
    right = x[::2].sum() if function is total_of_every_other else x.sum()
    assert f(x).dtype == right.dtype
    assert f(x).shape == ()
    np.testing.assert_allclose(f(x), right, rtol=1e-5, atol=1e-5)
    x[4] = np.nan
    assert np.isnan(f(x))


@pytest.mark.parametrize(("function", "shape"), [(total, (4096,)), (total, (768, 10))])
def test_a_product_with_ones_needs_no_workspace(function: Any, shape: tuple[int, ...]) -> None:
    module = cg.compile({"f": cg.arrow(function).on(cg.f32[shape])}, target="numpy", name="one")
    assert "np.ones(" in module.source
    assert "tops.workspace" not in module.ir("placed")


def test_few_elements_are_spelt_as_they_are() -> None:
    text, _ = program(row_sums, cg.i1[3, 4], cg.f32[3, 4])
    assert "np.bitwise_and" not in text
    assert "np.sum(" in text


def test_a_gather_needs_no_buffer_and_refuses_what_is_out_of_range() -> None:
    text, f = program(gather, cg.f32[4, 3], cg.i32[5])
    assert "mode='clip'" in text
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    np.testing.assert_array_equal(f(x, [3, 0, 1, 2, 3]), x[[3, 0, 1, 2, 3]])
    for wrong in (4, -1):
        with pytest.raises(ValueError, match=f"got {wrong}"):
            f(x, [0, 0, 0, 0, wrong])


def scattered(x: cg.Array, i: cg.Array, g: cg.Array) -> cg.Array:
    """The gradient of a gather of rows."""
    return cg.reverse(cg.arrow(gather), wrt=0)(x, i, g)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("indices", [(9,), (3, 3), (1,)])
@pytest.mark.parametrize("row", [(4,), (2, 3), (1,)])
def test_rows_are_added_number_by_number(indices: tuple[int, ...], row: tuple[int, ...]) -> None:
    """The same bits as NumPy's own way, which adds in the order of the indices."""
    text, f = program(scattered, cg.f32[(5, *row)], cg.i32[indices], cg.f32[(*indices, *row)])
    assert ("np.add.outer" in text) == (row != (1,))
    rng = np.random.default_rng(0)
    i = rng.integers(0, 3, indices).astype(np.int32)
    g = rng.normal(size=(*indices, *row)).astype(np.float32)
    right = np.zeros((5, *row), np.float32)
    np.add.at(right, (i,), g)
    assert f(np.zeros((5, *row), np.float32), i, g).tobytes() == right.tobytes()


INTO = """func.func @f(
    %x: tensor<4x3xf32>, %i: tensor<4xi32>, %t: tensor<5x3xf32>) -> tensor<5x3xf32> {
  %y = tops.scatter_add %x, %i, %t, axis = 0 : i64 : (tensor<4x3xf32>, tensor<4xi32>,
    tensor<5x3xf32>) -> tensor<5x3xf32>
  func.return %y : tensor<5x3xf32>
}"""


@pytest.mark.usefixtures("always")
def test_rows_are_added_to_a_tensor_where_it_lies() -> None:
    text = printed(place(INTO, "numpy", fuse=False))
    assert "np.add.outer" in text
    x, t = np.arange(12.0, dtype=np.float32).reshape(4, 3), np.ones((5, 3), np.float32)
    right = t.copy()
    np.add.at(right, ([1, 4, 1, 0],), x)
    np.testing.assert_array_equal(load_program(text).f(x, [1, 4, 1, 0], t), right)
