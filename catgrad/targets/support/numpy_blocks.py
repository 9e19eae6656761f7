# Products in blocks, for the NumPy programs with large ones.

import ctypes
import sys
from functools import cache
from typing import Any

from numpy.typing import NDArray

from catgrad.targets.support.numpy_runtime import BLAS_SETTERS

Array = NDArray[Any]

SMALL, SMALL_RESULT, LONG = 1_000_000, 1200, 128
"""What OpenBLAS multiplies where it lies: so many multiplications; if the right operand is
transposed so many elements of the result, which pays from so many terms each on."""

CORES = (b"SKYLAKEX", b"COOPERLAKE", b"SAPPHIRERAPIDS")
"""For which processors it does: those with AVX-512. For others, blocks are slower."""


@cache
def has_small_kernels() -> bool:
    """Whether NumPy's BLAS multiplies small matrices without copying them first."""
    blas = ctypes.CDLL(sys.modules["numpy.linalg._umath_linalg"].__file__)
    names = [name.replace("set_num_threads", "get_corename") for name in BLAS_SETTERS]
    found = [name for name in names if "corename" in name and hasattr(blas, name)]
    if not found:
        return False
    core = getattr(blas, found[0])
    core.restype = ctypes.c_char_p
    return core().upper() in CORES


def _divisor(n: int, most: int) -> int:
    """The largest divisor that is not above `most`; 0 if there is none."""
    return next((d for d in range(min(n, most), 0, -1) if n % d == 0), 0)


def block_shape(a: Array, b: Array) -> tuple[int, int] | None:
    """Rows and columns of the blocks of a product; None if it is better done at once."""
    (m, k), n = a.shape, b.shape[1]
    turned_a, turned_b = (x.strides[0] < x.strides[1] for x in (a, b))
    if (turned_a and turned_b) or any(min(x.strides) != x.itemsize for x in (a, b)):
        return None
    width = 32 if turned_a or turned_b else 64
    if n % width:  # another multiple of the 16 numbers in a register, or one block
        others = [w for w in range(16, 2 * width + 1, 16) if n % w == 0]
        width = max(others, default=n if n <= 2 * width else 0)
    if not width or (turned_b and k < LONG):
        return None
    height = _divisor(m, min(SMALL // (width * k), SMALL_RESULT // width if turned_b else m))
    return (height, width) if height >= 8 else None


def in_blocks(a: Array, b: Array, out: Array) -> tuple[Array, Array, Array]:
    """
    Views of the operands and the result of a product of matrices, for `np.matmul`.

    Where NumPy's BLAS multiplies small matrices faster, they consist of blocks.
    """
    shape = block_shape(a, b) if has_small_kernels() else None
    if shape is None:
        return a, b, out

    def cut(x: Array, height: int, width: int) -> Array:
        rows, columns = x.shape
        return x.reshape(rows // height, height, columns // width, width).swapaxes(1, 2)

    (height, width), depth = shape, a.shape[1]
    return cut(a, height, depth), cut(b, depth, width), cut(out, height, width)
