# Sliding windows, for the NumPy programs that have them.

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def _meetings(
    image: NDArray[Any],
    windows: NDArray[Any],
    stride: Sequence[int],
    low: Sequence[int],
    dilation: Sequence[int],
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """For each place in the kernel: the elements of the image and of the windows that meet."""
    rank = len(stride)
    kernel, counts = windows.shape[-rank:], windows.shape[-2 * rank : -rank]
    for place in np.ndindex(*kernel):
        there: list[slice] = []
        here: list[slice] = []
        for axis, k in enumerate(place):
            step, shift, size = (
                stride[axis],
                k * dilation[axis] - low[axis],
                image.shape[axis - rank],
            )
            first = max(0, -(shift // step))
            last = max(first, min(counts[axis], -((shift - size) // step)))
            start = first * step + shift
            there.append(slice(start, max(start, start + (last - first - 1) * step + 1), step))
            here.append(slice(first, last))
        yield image[(..., *there)], windows[(..., *here, *place)]


def take_windows(
    image: NDArray[Any],
    windows: NDArray[Any],
    stride: Sequence[int],
    low: Sequence[int],
    dilation: Sequence[int],
) -> None:
    """Fill `windows` from `image`; `low` is the padding in front."""
    windows.fill(0)
    for there, here in _meetings(image, windows, stride, low, dilation):
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
    for there, here in _meetings(image, windows, stride, low, dilation):
        add(there, here, out=there)
