# Sliding windows, for the NumPy programs that have them.

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

CALL, RUN = 100, 1
"""What a call of a ufunc takes, and one of its inner loops: about 1 us and 10 ns."""


def window_view(
    image: NDArray[Any], shape: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> NDArray[Any]:
    """All windows of an image without padding, where they are: they overlap, so only read them."""
    lead, strides = image.ndim - len(stride), image.strides
    moved = [a * b for a, b in zip(strides[lead:], stride, strict=True)]
    within = [a * b for a, b in zip(strides[lead:], dilation, strict=True)]
    return as_strided(image, shape, (*strides[:lead], *moved, *within), writeable=False)


def _axis(
    by_window: bool, size: int, count: int, kernel: int, stride: int, low: int, dilation: int
) -> list[tuple[slice, Any, Any]]:
    """Along one axis, what meets: slices of the image, of the windows, and of their elements."""
    found: list[tuple[slice, Any, Any]] = []
    step, times = (dilation, kernel) if by_window else (stride, count)
    for i in range(count if by_window else kernel):
        shift = i * (stride if by_window else dilation) - low
        first = max(0, -(shift // step))
        last = max(first, min(times, -((shift - size) // step)))
        start = first * step + shift
        there = slice(start, max(start, start + (last - first - 1) * step + 1), step)
        here = slice(first, last)
        found.append((there, i, here) if by_window else (there, here, i))
    return found


def _cost(by_window: Sequence[bool], windows: NDArray[Any], image: NDArray[Any]) -> int:
    """How long it takes to visit all windows with these loops."""
    rank = len(by_window)
    lead = windows.ndim - 2 * rank
    calls, inner = 1, [(n, windows.strides[a]) for a, n in enumerate(windows.shape[:lead])]
    for a, by in enumerate(by_window):
        looped, swept = (lead + a, lead + rank + a)[:: 1 if by else -1]
        calls *= windows.shape[looped]
        inner.append((windows.shape[swept], windows.strides[swept]))
    run, follows = 1, image.itemsize
    for n, step in sorted(inner, key=lambda axis: axis[1]):
        if step != follows and n != 1:
            break
        run, follows = run * n, follows * n
    return calls * CALL + windows.size // max(1, run) * RUN


def window_meetings(
    image: NDArray[Any],
    windows: NDArray[Any],
    stride: Sequence[int],
    low: Sequence[int],
    dilation: Sequence[int],
) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """
    Pairs of views: elements of the image, and those elements of windows that lie there.

    Along each axis either all windows are taken at once, or all elements of a window.
    """
    rank = len(stride)
    sizes, counts = image.shape[image.ndim - rank :], windows.shape[-2 * rank : -rank]
    each = list(zip(sizes, counts, windows.shape[-rank:], stride, low, dilation, strict=True))
    by = min(
        itertools.product((False, True), repeat=rank), key=lambda by: _cost(by, windows, image)
    )
    axes = [_axis(b, *numbers) for b, numbers in zip(by, each, strict=True)]
    lead = windows.ndim - 2 * rank
    order = [lead + a + k for a in range(rank) for k in (0, rank)]
    by_axis = windows.transpose((*range(lead), *order))  # (lead, count, kernel, count, kernel, ..)
    pairs: list[tuple[NDArray[Any], NDArray[Any]]] = []
    for meeting in itertools.product(*axes):
        there = [slices for slices, _, _ in meeting]
        here = [index for _, *both in meeting for index in both]
        pair = image[(..., *there)], by_axis[(..., *here)]
        if math.prod(pair[0].shape):
            pairs.append(pair)
    return pairs


def take_windows(
    image: NDArray[Any],
    windows: NDArray[Any],
    stride: Sequence[int],
    low: Sequence[int],
    dilation: Sequence[int],
) -> None:
    """Fill `windows` from `image`; `low` is the padding in front."""
    windows.fill(0)
    for there, here in window_meetings(image, windows, stride, low, dilation):
        np.copyto(here, there)


def add_windows(
    windows: NDArray[Any],
    image: NDArray[Any],
    stride: Sequence[int],
    low: Sequence[int],
    dilation: Sequence[int],
) -> None:
    """Fill `image` with the sum of all windows, each where it was taken from; xor of booleans."""
    add = np.logical_xor if image.dtype == np.bool_ else np.add
    image.fill(0)
    for there, here in window_meetings(image, windows, stride, low, dilation):
        add(there, here, out=there)
