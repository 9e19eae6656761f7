"""
Ops that move elements. Each is linear; its reverse is its dagger.

broadcast <-> sum     slice <-> pad     take <-> scatter_add     reshape, permute_dims: themselves
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.tops.base import (
    ANY,
    AnyTensor,
    Arrays,
    Emitter,
    Given,
    Numpy,
    Props,
    Tensor,
    TopsOp,
    tensor,
)

if TYPE_CHECKING:
    from catgrad.dialects.tops.value import Array


class Movement(TopsOp):
    """One operand, whose elements are moved."""

    x = operand_def(AnyTensor)
    y = result_def(AnyTensor)


def check_axes(name: str, axes: Sequence[int], rank: int) -> None:
    """Axes must be increasing and inside [0, rank)."""
    if list(axes) != sorted(set(axes)) or any(not 0 <= a < rank for a in axes):
        raise VerifyException(f"'{name}': axes {list(axes)} must increase and lie in [0, {rank})")


def blocks(old: Sequence[int], new: Sequence[int]) -> list[tuple[range, range]] | None:
    """The shortest runs of axes of two shapes that hold the same elements; None without any."""
    if 0 in old or not old or not new:
        return None
    found: list[tuple[range, range]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        at, m, n = (i, j), old[i], new[j]
        i, j = i + 1, j + 1
        while m != n:
            if m < n:
                m, i = m * old[i], i + 1
            else:
                n, j = n * new[j], j + 1
        found.append((range(at[0], i), range(at[1], j)))
    last, there = found[-1]  # it takes the axes of size 1 that are left
    found[-1] = range(last.start, len(old)), range(there.start, len(new))
    return found


@irdl_op_definition
class CopyOp(Movement):
    """
    The same tensor in storage of its own.

    `%y = tops.copy %x : tensor<2xf32>`
    """

    name = "tops.copy"
    traits = traits_def(Numpy("np.copyto({out}, {0})", ANY, rule=ANY))

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        return types[0]

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (cotangents[0],)


@irdl_op_definition
class BroadcastOp(Movement):
    """
    Insert `axes` (positions in the result) and repeat along them.

    `%y = tops.broadcast %x, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf32>`
    """

    name = "tops.broadcast"
    axes = prop_def(DenseArrayBase)
    traits = traits_def(
        Numpy(domain=ANY, rule=ANY, view="np.broadcast_to(np.expand_dims({0}, {axes}), {shape})")
    )

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        (x,), axes = types, props["axes"]
        if result is None:
            raise VerifyException("'tops.broadcast' needs a result type")
        shape = result.get_shape()
        check_axes(cls.name, axes, len(shape))
        if [n for i, n in enumerate(shape) if i not in axes] != list(x.get_shape()):
            raise VerifyException(
                f"'tops.broadcast' of {x} along axes {list(axes)} cannot give {result}"
            )
        return tensor(shape, x.element_type)

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (cotangents[0].sum(self.props()["axes"]),)


@irdl_op_definition
class ReshapeOp(Movement):
    """
    The same elements in row-major order under another shape; a view.

    `%y = tops.reshape %x : (tensor<2x3xf32>) -> tensor<6xf32>`
    """

    name = "tops.reshape"
    traits = traits_def(Numpy(domain=ANY, rule=ANY, view="{0}.reshape({shape})"))

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        (x,) = types
        if result is None or math.prod(result.get_shape()) != math.prod(x.get_shape()):
            raise VerifyException(
                f"'tops.reshape' keeps the number of elements: got {x} -> {result}"
            )
        return tensor(result.get_shape(), x.element_type)

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (cotangents[0].reshape(inputs[0].shape),)


@irdl_op_definition
class PermuteDimsOp(Movement):
    """
    Axis i of the result is axis `axes[i]` of the operand.

    `%y = tops.permute_dims %x, axes = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>`
    """

    name = "tops.permute_dims"
    axes = prop_def(DenseArrayBase)
    traits = traits_def(Numpy(domain=ANY, rule=ANY, view="{0}.transpose({axes})"))

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        x, shape = types[0], types[0].get_shape()
        axes: tuple[int, ...] = props["axes"]
        if sorted(axes) != list(range(len(shape))):
            raise VerifyException(
                f"'tops.permute_dims': {list(axes)} does not permute the axes of {x}"
            )
        return tensor([shape[a] for a in axes], x.element_type)

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        axes = self.props()["axes"]
        inverse = sorted(range(len(axes)), key=lambda i: axes[i])
        return (cotangents[0].permute_dims(inverse),)


@irdl_op_definition
class SliceOp(Movement):
    """
    Elements start, start + step, ... below stop, along each axis.

    `%y = tops.slice %x, start = [1], step = [2], stop = [6] : (tensor<8xf32>) -> tensor<3xf32>`
    """

    name = "tops.slice"
    start = prop_def(DenseArrayBase)
    stop = prop_def(DenseArrayBase)
    step = prop_def(DenseArrayBase)
    traits = traits_def(Numpy(domain=ANY, rule=ANY, view="{0}[{index}]"))

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        (x,) = types
        limits = [props[key] for key in ("start", "stop", "step")]
        shape = x.get_shape()
        if {len(limit) for limit in limits} != {len(shape)}:
            raise VerifyException(
                f"'tops.slice' of {x}: start, stop and step need {len(shape)} numbers each"
            )
        bounds = list(zip(*limits, strict=True))
        if any(
            not (0 <= a <= b <= n and s > 0) for (a, b, s), n in zip(bounds, shape, strict=True)
        ):
            raise VerifyException(
                f"'tops.slice' {[list(b) for b in bounds]} (start, stop, step) leaves {x}"
            )
        return tensor([len(range(*b)) for b in bounds], x.element_type)

    def fields(self) -> dict[str, Any]:
        p = self.props()
        parts = zip(p["start"], p["stop"], p["step"], strict=True)
        text = [f"{a}:{b}" if s == 1 else f"{a}:{b}:{s}" for a, b, s in parts]
        return {"index": ", ".join(text) or "..."}

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        p, x = self.props(), inputs[0]
        low, inner = p["start"], tuple(s - 1 for s in p["step"])
        taken = [
            (n - 1) * s + 1 if n else 0 for n, s in zip(outputs[0].shape, p["step"], strict=True)
        ]
        high = tuple(n - a - t for n, a, t in zip(x.shape, low, taken, strict=True))
        return (ops.emit("pad", cotangents[0], low=low, high=high, interior=inner),)


@irdl_op_definition
class PadOp(Movement):
    """
    Zeros: `low` before, `high` after and `interior` between the elements of each axis.

    `%y = tops.pad %x, high = [0], interior = [1], low = [2] : (tensor<2xf32>) -> tensor<5xf32>`
    """

    name = "tops.pad"
    low = prop_def(DenseArrayBase)
    high = prop_def(DenseArrayBase)
    interior = prop_def(DenseArrayBase)
    traits = traits_def(Numpy("{out}.fill(0); np.copyto({out}[{index}], {0})", ANY, rule=ANY))

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        (x,), (low, high, inner) = types, (props[k] for k in ("low", "high", "interior"))
        shape = x.get_shape()
        if {len(low), len(high), len(inner)} != {len(shape)} or min(
            (*low, *high, *inner), default=0
        ) < 0:
            raise VerifyException(
                f"'tops.pad' of {x} needs {len(shape)} numbers >= 0 each in low, high, interior"
            )
        sizes = [n + max(n - 1, 0) * k for n, k in zip(shape, inner, strict=True)]
        return tensor([a + n + b for a, n, b in zip(low, sizes, high, strict=True)], x.element_type)

    def bounds(self) -> list[tuple[int, int, int]]:
        """(start, stop, step) of the operand's elements within the result, per axis."""
        p, shape = self.props(), self.out_type.get_shape()
        sizes = zip(p["low"], p["high"], p["interior"], shape, strict=True)
        return [(low, n - high, k + 1) for low, high, k, n in sizes]

    def fields(self) -> dict[str, Any]:
        text = [f"{a}:{b}" if s == 1 else f"{a}:{b}:{s}" for a, b, s in self.bounds()]
        return {"index": ", ".join(text) or "..."}

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        start, stop, step = zip(*self.bounds(), strict=True) if self.bounds() else ((), (), ())
        return (cotangents[0].slice(start, stop, step),)


@irdl_op_definition
class ConcatOp(TopsOp):
    """
    The operands one after the other along `axis`.

    `%y = tops.concat %a, %b, axis = 0 : i64 : (tensor<1xf32>, tensor<2xf32>) -> tensor<3xf32>`
    """

    name = "tops.concat"
    xs = var_operand_def(AnyTensor)
    axis = prop_def(IntegerAttr)
    y = result_def(AnyTensor)
    traits = traits_def(
        Numpy("np.concatenate(({operands},), axis={axis}, out={out})", ANY, rule=ANY)
    )

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        axis: int = props["axis"]
        rank = len(types[0].get_shape()) if types else 0
        if not 0 <= axis < rank:
            raise VerifyException(f"'tops.concat': axis {axis} must lie in [0, {rank})")
        rest = {
            (t.element_type, *(n for i, n in enumerate(t.get_shape()) if i != axis)) for t in types
        }
        if len(rest) != 1:
            raise VerifyException(
                f"'tops.concat' along axis {axis} got {' and '.join(map(str, types))}"
            )
        shape = list(types[0].get_shape())
        shape[axis] = sum(t.get_shape()[axis] for t in types)
        return tensor(shape, types[0].element_type)

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        axis: int = self.props()["axis"]
        g, at = cotangents[0], 0
        result: list[Array] = []
        for x in inputs:
            start, stop = [0] * g.ndim, list(g.shape)
            start[axis], stop[axis] = at, at + x.shape[axis]
            result.append(g.slice(start, stop, [1] * g.ndim))
            at += x.shape[axis]
        return result
