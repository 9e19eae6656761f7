"""Views share storage exactly where NumPy's do."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from catgrad.targets._layouts import reshaped

SIZES = st.sampled_from([1, 2, 3, 4, 6])


@st.composite
def reshapes(draw: st.DrawFn) -> tuple[NDArray[np.int8], tuple[int, ...]]:
    """A permuted and cut array, and another shape for it."""
    shape = draw(st.lists(SIZES, min_size=1, max_size=4))
    order = draw(st.permutations(range(len(shape))))
    whole = np.arange(math.prod(shape), dtype=np.int8).reshape(shape).transpose(order)
    view = whole[tuple(slice(draw(st.integers(0, n // 2)), None) for n in whole.shape)]
    new: list[int] = []
    rest = view.size
    while rest > 1:
        new.append(draw(st.sampled_from([d for d in range(2, rest + 1) if rest % d == 0])))
        rest //= new[-1]
    for _ in range(draw(st.integers(0, 2))):
        new.insert(draw(st.integers(0, len(new))), 1)
    return view, tuple(new)


@given(reshapes())
def test_a_reshape_is_a_view_where_numpy_finds_one(
    case: tuple[NDArray[np.int8], tuple[int, ...]],
) -> None:
    view, shape = case
    numpys = view.reshape(shape)
    found = reshaped(view.shape, view.strides, shape)
    assert (found is not None) == np.shares_memory(view, numpys)
    if found is not None:
        pairs = zip(shape, found, numpys.strides, strict=True)
        assert all(n == 1 or ours == theirs for n, ours, theirs in pairs)
