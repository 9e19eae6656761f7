"""
Arrays under construction: operators on SSA values that insert `tops` ops.

Reverse rules are written with them, and so are models: the tracer hands out the same `Array`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from numbers import Integral, Real
from typing import TypeAlias, cast

from xdsl.builder import Builder
from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.tops.base import (
    FLOAT,
    Tensor,
    TopsOp,
    dtype_of,
    scalar_attribute,
    tensor,
    tensor_of,
)

Scalar: TypeAlias = "bool | int | float"


class Ops:
    """Inserts ops, by mnemonic, at one insertion point."""

    def __init__(self, builder: Builder, table: dict[str, type[TopsOp]], ring: bool = True):
        self.builder = builder
        self.table = table
        self.ring = ring
        """Whether `+ - * @` and `sum` mean the ring Z/2 on i1 (rules), or are errors (models)."""

    def array(self, value: SSAValue) -> Array:
        """Wrap an SSA value."""
        return Array(value, self)

    def emit(
        self, mnemonic: str, *operands: Array, type: Tensor | None = None, **props: object
    ) -> Array:
        """Insert `tops.MNEMONIC` and return its result."""
        op_class = self.table[mnemonic]
        if operands:
            op_class.check_domain(operands[0].type)
        return self.insert(op_class(*(a.value for a in operands), type=type, **props))

    def insert(self, op: Operation) -> Array:
        """Insert an op of any dialect and return its first result."""
        self.builder.insert(op)
        return self.array(op.results[0])

    def full(self, shape: Sequence[int], value: Scalar, dtype: str) -> Array:
        """A tensor of one repeated scalar."""
        return self.emit("full", type=tensor(shape, dtype), value=scalar_attribute(value, dtype))


class Array:
    """
    A tensor value with `.shape`, `.dtype`, operators, `@`, `.T` and static slicing.

    Binary operators broadcast as NumPy does; a Python scalar takes the array's dtype.
    """

    __slots__ = ("ops", "value")
    __array_ufunc__ = None  # NumPy arrays on the left defer to our operators
    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def __init__(self, value: SSAValue, ops: Ops):
        self.value = value
        self.ops = ops

    @property
    def type(self) -> Tensor:
        """The tensor type."""
        return tensor_of(self.value)

    @property
    def shape(self) -> tuple[int, ...]:
        """The static shape."""
        return tuple(self.type.get_shape())

    @property
    def ndim(self) -> int:
        """The rank."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def dtype(self) -> str:
        """f32, f64, i32, i64 or i1."""
        return dtype_of(self.type)

    def __repr__(self) -> str:
        return f"Array({self.dtype}{list(self.shape)})"

    def __bool__(self) -> bool:
        raise TypeError("a symbolic array has no truth value: use where, logical_and, logical_or")

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-dimensional array")
        return self.shape[0]

    def __iter__(self) -> Iterator[Array]:
        return (self[i] for i in range(len(self)))

    # -- elementwise ---------------------------------------------------------------------------
    def unary(self, mnemonic: str) -> Array:
        """An elementwise op of one operand."""
        return self.ops.emit(mnemonic, self)

    def binary(self, mnemonic: str, other: Array | Scalar, swap: bool = False) -> Array:
        """An elementwise op of two operands, broadcast against each other."""
        self._guard(mnemonic)
        if not isinstance(other, Array):
            other = self._scalar(mnemonic, other)
        if other.dtype != self.dtype:
            raise VerifyException(
                f"{mnemonic}: got {self!r} and {other!r}; both need one dtype, convert with astype"
            )
        a, b = broadcast_arrays(mnemonic, [other, self] if swap else [self, other])
        return self.ops.emit(mnemonic, a, b)

    def _scalar(self, mnemonic: str, value: object) -> Array:
        if isinstance(value, Integral):
            return self.ops.full(self.shape, int(value), self.dtype)
        if isinstance(value, Real) and self.dtype in FLOAT:
            return self.ops.full(self.shape, float(value), self.dtype)
        raise VerifyException(
            f"{mnemonic}: got {self!r} and {value!r}; accepts symbolic arrays and "
            f"{self.dtype} numbers (cg.constant makes an array of numbers)"
        )

    def _guard(self, mnemonic: str) -> None:
        if not self.ops.ring and self.dtype == "i1" and mnemonic in _RING:
            raise VerifyException(
                f"{mnemonic} on a boolean array: use astype to count, logical_xor to add, "
                "logical_and to multiply"
            )

    def __add__(self, other: Array | Scalar) -> Array:
        return self.binary("add", other)

    def __radd__(self, other: Scalar) -> Array:
        return self.binary("add", other, swap=True)

    def __sub__(self, other: Array | Scalar) -> Array:
        return self.binary("subtract", other)

    def __rsub__(self, other: Scalar) -> Array:
        return self.binary("subtract", other, swap=True)

    def __mul__(self, other: Array | Scalar) -> Array:
        return self.binary("multiply", other)

    def __rmul__(self, other: Scalar) -> Array:
        return self.binary("multiply", other, swap=True)

    def __truediv__(self, other: Array | Scalar) -> Array:
        return self.binary("divide", other)

    def __rtruediv__(self, other: Scalar) -> Array:
        return self.binary("divide", other, swap=True)

    def __pow__(self, other: Array | Scalar) -> Array:
        return self.binary("pow", other)

    def __rpow__(self, other: Scalar) -> Array:
        return self.binary("pow", other, swap=True)

    def __neg__(self) -> Array:
        self._guard("negative")
        return self.unary("negative")

    def __abs__(self) -> Array:
        return self.unary("abs")

    def __lt__(self, other: Array | Scalar) -> Array:
        return self.binary("less", other)

    def __le__(self, other: Array | Scalar) -> Array:
        return self.binary("less_equal", other)

    def __gt__(self, other: Array | Scalar) -> Array:
        return self.binary("greater", other)

    def __ge__(self, other: Array | Scalar) -> Array:
        return self.binary("greater_equal", other)

    def __eq__(self, other: object) -> Array:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.binary("equal", other)  # pyright: ignore[reportArgumentType]

    def __ne__(self, other: object) -> Array:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.binary("not_equal", other)  # pyright: ignore[reportArgumentType]

    def __and__(self, other: Array | Scalar) -> Array:
        return self.binary("logical_and", other)

    def __or__(self, other: Array | Scalar) -> Array:
        return self.binary("logical_or", other)

    def __xor__(self, other: Array | Scalar) -> Array:
        return self.binary("logical_xor", other)

    def __invert__(self) -> Array:
        return self.unary("logical_not")

    def where(self, a: Array, b: Array) -> Array:
        """Elementwise `a` where self (i1) holds, else `b`; all three of one shape."""
        return self.ops.emit("where", self, a, b)

    def full_like(self, value: Scalar, dtype: str | None = None) -> Array:
        """A tensor of this shape, all elements `value`."""
        return self.ops.full(self.shape, value, dtype or self.dtype)

    def astype(self, dtype: object) -> Array:
        """
        Convert each element; floats to integers truncate toward zero, to i1 compare with 0.

        `dtype` is a name such as "i32", or what prints as one (`cg.i32`).
        """
        if (name := str(dtype)) == self.dtype:
            return self
        return self.ops.emit("astype", self, type=tensor(self.shape, name))

    # -- movement ------------------------------------------------------------------------------
    def broadcast(self, axes: Sequence[int], shape: Sequence[int]) -> Array:
        """Insert `axes` (positions in the result), giving `shape`."""
        if not axes:
            return self
        return self.ops.emit("broadcast", self, type=tensor(shape, self.dtype), axes=tuple(axes))

    def broadcast_to(self, shape: Sequence[int], what: str = "broadcast_to") -> Array:
        """Broadcast as NumPy does: leading axes are added, axes of size 1 are repeated."""
        shape = tuple(shape)
        lead = len(shape) - self.ndim
        old = (None,) * lead + self.shape
        if lead < 0 or any(o not in (None, 1, n) for o, n in zip(old, shape, strict=True)):
            raise VerifyException(f"{what}: shape {self.shape} does not broadcast to {shape}")
        axes = [i for i, (o, n) in enumerate(zip(old, shape, strict=True)) if o != n]
        kept = [n for i, n in enumerate(shape) if i not in axes]
        return self.reshape(kept).broadcast(axes, shape)

    def sum(self, axes: Sequence[int]) -> Array:
        """Sum over `axes`, which vanish."""
        self._guard("sum")
        return self.ops.emit("sum", self, axes=tuple(axes)) if axes else self

    def max(self, axes: Sequence[int]) -> Array:
        """Maximum over `axes`, which vanish."""
        return self.ops.emit("max", self, axes=tuple(axes)) if axes else self

    def prod(self, axes: Sequence[int]) -> Array:
        """Product over `axes`, which vanish."""
        self._guard("prod")
        return self.ops.emit("prod", self, axes=tuple(axes)) if axes else self

    def cumulative_sum(self, axis: int, reverse: bool) -> Array:
        """Sums of the first elements along `axis`, or of the last ones."""
        self._guard("cumulative_sum")
        return self.ops.emit("cumulative_sum", self, axis=axis, reverse=reverse)

    def reshape(self, shape: Sequence[int]) -> Array:
        """The same elements in row-major order, in another shape."""
        if tuple(shape) == self.shape:
            return self
        return self.ops.emit("reshape", self, type=tensor(shape, self.dtype))

    def permute_dims(self, axes: Sequence[int]) -> Array:
        """Axis i of the result is axis `axes[i]`."""
        if tuple(axes) == tuple(range(self.ndim)):
            return self
        return self.ops.emit("permute_dims", self, axes=tuple(axes))

    @property
    def T(self) -> Array:
        """The transpose of a matrix."""
        if self.ndim != 2:
            raise VerifyException(f".T needs a matrix, got {self!r}; use permute_dims")
        return self.permute_dims((1, 0))

    def matmul(self, other: Array, transpose_a: bool = False, transpose_b: bool = False) -> Array:
        """The matrix product; leading axes are batches of equal shape."""
        self._guard("matmul")
        return self.ops.emit(
            "matmul", self, other, transpose_a=transpose_a, transpose_b=transpose_b
        )

    def __matmul__(self, other: Array) -> Array:
        if not isinstance(other, Array):  # pyright: ignore[reportUnnecessaryIsInstance]
            self._scalar("matmul", other)
        return matrix_product(self, other)

    def __rmatmul__(self, other: object) -> Array:
        return matrix_product(self._scalar("matmul", other), self)

    def slice(self, start: Sequence[int], stop: Sequence[int], step: Sequence[int]) -> Array:
        """Elements start, start + step, ... below stop, along each axis."""
        return self.ops.emit("slice", self, start=tuple(start), stop=tuple(stop), step=tuple(step))

    def __getitem__(self, index: object) -> Array:
        parts = list(cast("tuple[object, ...]", index)) if isinstance(index, tuple) else [index]
        if Ellipsis in [p for p in parts if not isinstance(p, Array)]:
            at = parts.index(Ellipsis)
            parts[at : at + 1] = [slice(None)] * (self.ndim - len(parts) + 1)
        parts += [slice(None)] * (self.ndim - len(parts))
        if len(parts) > self.ndim:
            raise VerifyException(f"too many indices for {self!r}: got {len(parts)}")
        bounds = [_bounds(self, axis, part) for axis, part in enumerate(parts)]
        start, stop, step = (tuple(b[i] for b in bounds) for i in range(3))
        whole = (start, stop, step) == ((0,) * self.ndim, self.shape, (1,) * self.ndim)
        taken = self if whole else self.slice(start, stop, step)
        kept = [n for n, part in zip(taken.shape, parts, strict=True) if isinstance(part, slice)]
        return taken.reshape(kept)


_RING = ("add", "subtract", "multiply", "negative", "matmul", "sum", "prod", "cumulative_sum")


def _bounds(array: Array, axis: int, part: object) -> tuple[int, int, int]:
    size = array.shape[axis]
    if isinstance(part, slice):
        start, stop, step = part.indices(size)
        if step < 1:
            raise VerifyException(
                f"axis {axis} of {array!r}: slices need a positive step, got {step}"
            )
        return start, max(stop, start), step
    if isinstance(part, int) and not isinstance(part, bool) and -size <= part < size:
        return part % size, part % size + 1, 1
    raise VerifyException(
        f"axis {axis} of {array!r}: got index {part!r}; "
        f"accepts integers in [-{size}, {size}) and slices"
    )


def broadcast_shapes(what: str, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The common shape of NumPy broadcasting; a `VerifyException` with all shapes if none fits."""
    rank = max((len(s) for s in shapes), default=0)
    padded = [(1,) * (rank - len(s)) + s for s in shapes]
    result: list[int] = []
    for sizes in zip(*padded, strict=True):
        big = {n for n in sizes if n != 1}
        if len(big) > 1:
            text = " and ".join(str(s) for s in shapes)
            raise VerifyException(f"{what}: shapes {text} do not broadcast")
        result.append(big.pop() if big else 1)
    return tuple(result)


def broadcast_arrays(what: str, arrays: Sequence[Array]) -> list[Array]:
    """All arrays in their common shape."""
    shape = broadcast_shapes(what, [a.shape for a in arrays])
    return [a.broadcast_to(shape, what) for a in arrays]


def matrix_product(a: Array, b: Array) -> Array:
    """
    The product of the array API: a vector on the left is a row, on the right a column.

    Leading axes are batches and broadcast. Batches of `a` alone are rows of one product:

        (.., m, k) @ (k, n)  =  reshape((.. * m, k) @ (k, n))
    """
    if 0 in (a.ndim, b.ndim):
        raise VerifyException(f"matmul: got {a!r} and {b!r}; a scalar multiplies with *")
    left = a.reshape((1, *a.shape)) if a.ndim == 1 else a
    right = b.reshape((*b.shape, 1)) if b.ndim == 1 else b
    (*batch_a, m, k), (*batch_b, l, n) = left.shape, right.shape
    if a.dtype != b.dtype:
        raise VerifyException(
            f"matmul: got {a!r} and {b!r}; both need one dtype, convert with astype"
        )
    if k != l:
        raise VerifyException(f"matmul: contracts axes of size {k} and {l}: got {a!r} and {b!r}")
    if not batch_b:
        batch = tuple(batch_a)
        product = left.reshape((math.prod(batch) * m, k)).matmul(right)
    else:
        batch = broadcast_shapes("matmul", [tuple(batch_a), tuple(batch_b)])
        left = left.broadcast_to((*batch, m, k), "matmul")
        product = left.matmul(right.broadcast_to((*batch, k, n), "matmul"))
    rows, columns = [m] * (a.ndim > 1), [n] * (b.ndim > 1)
    return product.reshape((*batch, *rows, *columns))
