"""Sliding windows against loops over all their elements, and against each other as daggers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

import catgrad as cg
from catgrad.frames import TraceError
from catgrad.interpreter import Interpreter
from tests.op_cases.model import Case
from tests.op_cases.others import slide
from tests.rule_checks import derivative_arrow, op_arrow

Numbers = tuple[int, ...]
SHAPES: list[tuple[Numbers, dict[str, Any]]] = [
    ((7,), slide((3,))),
    ((2, 7), slide((3,), (2,), (1,), (2,), (2,))),
    ((2, 5, 6), slide((3, 2), (2, 1), (2, 0), (0, 3), (1, 2))),
    ((4, 4), slide((1, 1), (3, 2))),
    ((2, 3), slide((2,), (1,), (5,), (4,))),
    ((3, 4, 3), slide((2, 3, 2), (1, 2, 1), (0, 1, 0), (1, 1, 0), (1, 1, 2))),
    ((2, 0), slide((2,), (1,), (1,), (2,))),
]


def windows(x: NDArray[Any], p: dict[str, Any]) -> NDArray[Any]:
    """The windows of an image, element by element."""
    rank = len(p["kernel"])
    sizes = x.shape[-rank:]
    counts: list[int] = []
    for n, k, s, a, b, d in zip(sizes, *p.values(), strict=True):
        counts.append(len(range(0, a + n + b - (k - 1) * d, s)))
    out = np.zeros((*x.shape[:-rank], *counts, *p["kernel"]), x.dtype)
    steps = list(zip(p["stride"], p["dilation"], p["padding_low"], strict=True))
    for o in itertools.product(*map(range, counts)):
        for k in itertools.product(*map(range, p["kernel"])):
            at = [i * s + j * d - a for i, j, (s, d, a) in zip(o, k, steps, strict=True)]
            if all(0 <= i < n for i, n in zip(at, sizes, strict=True)):
                out[(..., *o, *k)] = x[(..., *at)]
    return out


def case_of(shape: Numbers, props: dict[str, Any], dtype: str, back: bool) -> Case:
    """`patches` of an image, or `unpatches` into it."""
    image = "x".join(map(str, (*shape, dtype)))
    taken = windows(np.zeros(shape), props).shape
    there = "x".join(map(str, (*taken, dtype)))
    return Case((there,), image, props) if back else Case((image,), props=props)


def run(case: Case, x: NDArray[Any]) -> NDArray[Any]:
    """What the op of a case gives."""
    op = "unpatches" if case.result else "patches"
    return Interpreter(ModuleOp([op_arrow(op, case)])).run("f", x)[0]


def reverse(case: Case, x: NDArray[Any], g: NDArray[Any]) -> NDArray[Any]:
    """What its reverse derivative gives."""
    f = op_arrow("unpatches" if case.result else "patches", case)
    return Interpreter(ModuleOp([f, derivative_arrow("r", f)])).run("r", x, g)[-1]


@pytest.mark.parametrize("shape, props", SHAPES, ids=str)
def test_patches_are_the_elements_of_all_windows(shape: Numbers, props: dict[str, Any]) -> None:
    x = np.random.default_rng(0).integers(-9, 9, shape)
    np.testing.assert_array_equal(
        run(case_of(shape, props, "i64", back=False), x), windows(x, props)
    )


@pytest.mark.parametrize("dtype", ["f64", "i64", "i1"])
@pytest.mark.parametrize("shape, props", SHAPES, ids=str)
def test_each_is_the_dagger_of_the_other(shape: Numbers, props: dict[str, Any], dtype: str) -> None:
    """<Ax, y> = <x, A'y>, and A'' = A; over whole numbers and over Z/2 as well."""
    rng = np.random.default_rng(1)
    kind = {"f64": np.float64, "i64": np.int64, "i1": np.bool_}[dtype]
    there, back = (case_of(shape, props, dtype, back=b) for b in (False, True))
    x = rng.integers(0 if dtype == "i1" else -5, 2, shape).astype(kind)
    y = rng.integers(0 if dtype == "i1" else -5, 2, windows(x, props).shape).astype(kind)
    ax, by = run(there, x), run(back, y)

    def product(a: NDArray[Any], b: NDArray[Any]) -> int:
        total = int(np.sum(a.astype(np.int64) * b.astype(np.int64)))
        return total % 2 if dtype == "i1" else total

    assert product(ax, y) == product(x, by)
    np.testing.assert_array_equal(reverse(there, x, y), by)
    np.testing.assert_array_equal(reverse(back, y, x), ax)


def test_the_functions_are_the_ops() -> None:
    def both(x: cg.Array) -> tuple[cg.Array, cg.Array]:
        y = cg.patches(x, [2], stride=[2], padding_high=[1])
        return y, cg.unpatches(y, (5,), (2,), stride=[2], padding_high=[1])

    net = cg.compile({"both": cg.arrow(both).on(cg.f64[5])}, target="numpy", name="both").load()
    taken, added = net["both"](np.arange(1.0, 6.0))
    assert taken.tolist() == [[1, 2], [3, 4], [5, 0]]
    assert added.tolist() == [1, 2, 3, 4, 5]


def traced(options: dict[str, Any], kernel: int = 2) -> None:
    """Trace `patches` of four numbers."""

    def taken(x: cg.Array) -> cg.Array:
        return cg.patches(x, [kernel], **options)

    cg.compile({"taken": cg.arrow(taken).on(cg.f32[4])}, target="numpy", name="taken")


def test_what_the_functions_accept() -> None:
    with pytest.raises(TraceError, match="patches: got 'strides'; accepts kernel, stride, dila"):
        traced({"strides": [2]})
    with pytest.raises(TraceError, match=r"patches: stride takes whole numbers, got 1\.5"):
        traced({"stride": [1.5]})
    with pytest.raises(TraceError, match="larger than the padded axis of 4"):
        traced({}, kernel=5)
