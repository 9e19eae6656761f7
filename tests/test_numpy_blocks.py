"""Large products of NumPy programs: many small ones, where BLAS is faster at those."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import catgrad as cg
from catgrad.targets.support import numpy_blocks
from catgrad.targets.support.numpy_blocks import (
    SMALL,
    SMALL_RESULT,
    block_shape,
    has_small_kernels,
    in_blocks,
)

Array = NDArray[np.float32]


def product(a: cg.Array, b: cg.Array) -> cg.Array:
    """The arrow."""
    return a @ b


@pytest.fixture(params=[True, False])
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whatever this machine's BLAS: with small kernels, and without."""
    monkeypatch.setattr(numpy_blocks, "has_small_kernels", lambda: request.param)
    return request.param


def matrix(rows: int, columns: int, turned: bool) -> Array:
    """Numbers between -1 and 1, lying row by row or column by column."""
    shape = (columns, rows) if turned else (rows, columns)
    values = np.random.default_rng(rows * columns).uniform(-1, 1, shape).astype(np.float32)
    return values.T if turned else values


@pytest.mark.parametrize("turned_a", [False, True])
@pytest.mark.parametrize("turned_b", [False, True])
@pytest.mark.parametrize(
    "size", [(64, 512, 256), (96, 103, 300), (97, 64, 200), (32, 48, 30000), (640, 6, 25)]
)
def test_products(small: bool, turned_a: bool, turned_b: bool, size: tuple[int, int, int]) -> None:
    m, n, k = size
    a, b = matrix(m, k, turned_a), matrix(k, n, turned_b)
    out: Array = np.full((m, n), np.nan, np.float32)
    parts = in_blocks(a, b, out)
    for part, whole in zip(parts, (a, b, out), strict=True):
        assert part.size == whole.size
        assert np.shares_memory(part, whole)
        assert small or part is whole
    if small and size in ((64, 512, 256), (640, 6, 25)) and not (turned_a and turned_b):
        assert (parts[0].ndim == 4) == (k >= 128 or not turned_b)
    np.matmul(parts[0], parts[1], out=parts[2])
    want = a.astype(np.float64) @ b
    np.testing.assert_allclose(out, want, rtol=0, atol=3e-7 * k)


def test_parts_of_arrays(small: bool) -> None:
    """Rows that do not follow each other, as in halves; columns that do not: done at once."""
    rows, result = matrix(64, 256, False)[:, :128], np.empty((64, 128), np.float32)[:, :64]
    right = matrix(128, 64, False)
    a, b, out = in_blocks(rows, right, result)
    np.matmul(a, b, out=out)
    np.testing.assert_allclose(result, rows @ right, rtol=0, atol=1e-5)
    assert (a.ndim == 4) == small
    apart = matrix(64, 256, False)[:, ::2]
    assert in_blocks(apart, right, result)[0] is apart


@given(st.tuples(*[st.integers(1, 3000)] * 3), st.booleans(), st.booleans())
def test_block_shapes(size: tuple[int, int, int], turned_a: bool, turned_b: bool) -> None:
    """Blocks divide the result, and are what OpenBLAS multiplies where it lies."""
    m, n, k = size
    a = np.empty((k, m), np.int8).T if turned_a else np.empty((m, k), np.int8)
    b = np.empty((n, k), np.int8).T if turned_b else np.empty((k, n), np.int8)
    shape = block_shape(a, b)
    if shape is None:
        return
    height, width = shape
    assert m % height == 0
    assert n % width == 0
    assert height * width * k <= SMALL
    assert not (turned_b and min(n, k) > 1) or height * width <= SMALL_RESULT


class Function:
    """A function of a library, whose type one may set."""

    restype: object = None

    def __init__(self, core: bytes):
        self.core = core

    def __call__(self) -> bytes:
        return self.core


@pytest.mark.parametrize(
    ("name", "core", "small"),
    [
        ("scipy_openblas_get_corename64_", b"SkylakeX", True),
        ("openblas_get_corename", b"Cooperlake", True),
        ("openblas_get_corename", b"Haswell", False),
        ("MKL_Get_Max_Threads", b"SkylakeX", False),
    ],
)
def test_which_blas_has_small_kernels(
    name: str, core: bytes, small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = SimpleNamespace(**{name: Function(core)})

    def opened(path: str) -> SimpleNamespace:
        assert path
        return library

    monkeypatch.setattr(ctypes, "CDLL", opened)
    assert has_small_kernels.__wrapped__() is small


def test_the_blas_here_has_them_only_on_a_processor_that_can() -> None:
    config: Any = np.show_config(mode="dicts")
    found = config["SIMD Extensions"]["found"]
    assert has_small_kernels() <= any("AVX512" in name or name == "X86_V4" for name in found)


def test_only_large_products_of_floats_are_printed_in_blocks() -> None:
    def text(*types: Any) -> str:
        return cg.compile({"f": cg.arrow(product).on(*types)}, target="numpy", name="one").source

    assert "in_blocks(" in text(cg.f32[128, 128], cg.f32[128, 64])
    for types in (
        (cg.f32[128, 128], cg.f32[128, 63]),
        (cg.f64[128, 128], cg.f64[128, 64]),
        (cg.i32[128, 128], cg.i32[128, 64]),
        (cg.f32[2, 128, 128], cg.f32[2, 128, 64]),
    ):
        assert "in_blocks(" not in text(*types)


def test_no_name_of_the_runtime_is_that_of_a_class() -> None:
    arrow = cg.arrow(product).on(cg.f32[128, 128], cg.f32[128, 64])
    for name in ("SMALL", "CORES"):
        net: Any = cg.compile({"f": arrow}, target="numpy", name=name).load()
        assert type(net).__name__ == f"{name}Program"
        a, b = matrix(128, 128, False), matrix(128, 64, False)
        np.testing.assert_allclose(net.f(a, b), a @ b, rtol=0, atol=1e-4)
