"""Ops that fold axes away, or along them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, UnitAttr
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.tops.base import (
    ANY,
    NUMBER,
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
from catgrad.dialects.tops.movement import check_axes

if TYPE_CHECKING:
    from catgrad.dialects.tops.value import Array


class Reduction(TopsOp):
    """Fold `axes`, which vanish from the shape."""

    x = operand_def(AnyTensor)
    axes = prop_def(DenseArrayBase)
    y = result_def(AnyTensor)

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        (x,), axes = types, props["axes"]
        check_axes(cls.name, axes, len(x.get_shape()))
        return tensor([n for i, n in enumerate(x.get_shape()) if i not in axes], x.element_type)


@irdl_op_definition
class SumOp(Reduction):
    """
    The sum over `axes`. On i1 xor.

    `%y = tops.sum %x, axes = [1] : (tensor<2x3xf32>) -> tensor<2xf32>`
    """

    name = "tops.sum"
    traits = traits_def(
        Numpy(
            "np.sum({0}, axis={axes}, dtype={dtype}, out={out})",
            ANY,
            rule=ANY,
            boolean="np.logical_xor.reduce({0}, axis={axes}, out={out})",
        )
    )

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (cotangents[0].broadcast(self.props()["axes"], inputs[0].shape),)


def exclusive_products(x: Array, axes: Sequence[int]) -> Array:
    """
    For each element the product, over `axes`, of all the others: right where some are 0.

    A tree, of linear work: element i is paired with i + half, so its others are the other pairs,
    each multiplied out, and its partner.

        a | b  --  up = exclusive_products(a * b)  --  up * b | up * a
    """
    order = [i for i in range(x.ndim) if i not in axes] + list(axes)
    moved = x.permute_dims(order)
    n = math.prod(x.shape[i] for i in axes)
    if n < 2:
        return x.full_like(1)
    count, half = x.size // n, -(-n // 2)
    rows = moved.reshape((count, n))
    if n < 2 * half:
        rows = x.ops.emit("concat", rows, x.ops.full((count, 1), 1, x.dtype), axis=1)
    a, b = rows[:, :half], rows[:, half:]
    up = exclusive_products(a * b, [1])
    others = x.ops.emit("concat", up * b, up * a, axis=1)[:, :n]
    return others.reshape(moved.shape).permute_dims(sorted(range(x.ndim), key=order.__getitem__))


@irdl_op_definition
class ProdOp(Reduction):
    """
    The product over `axes`. On i1 and.

    The rule multiplies g by the product of the other elements, so that it is right at zeros.

    `%y = tops.prod %x, axes = [1] : (tensor<2x3xf32>) -> tensor<2xf32>`
    """

    name = "tops.prod"
    traits = traits_def(
        Numpy(
            "np.prod({0}, axis={axes}, dtype={dtype}, out={out})",
            ANY,
            rule=ANY,
            boolean="np.logical_and.reduce({0}, axis={axes}, out={out})",
        )
    )

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        (x,), axes = inputs, self.props()["axes"]
        return (cotangents[0].broadcast(axes, x.shape) * exclusive_products(x, axes),)


class Extremum(Reduction):
    """The largest or smallest element; ties share the cotangent equally (as in JAX)."""

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        shape = types[0].get_shape()
        axes: tuple[int, ...] = props["axes"]
        if any(shape[a] == 0 for a in axes if a < len(shape)):
            raise VerifyException(f"'{cls.name}' of no elements: {types[0]} over axes {list(axes)}")
        return super().infer(types, props, result)

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        (x,), axes = inputs, self.props()["axes"]
        mask = (x == outputs[0].broadcast(axes, x.shape)).astype(x.dtype)
        share = cotangents[0] / mask.sum(axes)
        return (mask * share.broadcast(axes, x.shape),)


@irdl_op_definition
class MaxOp(Extremum):
    """
    The maximum over `axes`; ties share the cotangent equally (as in JAX).

    `%y = tops.max %x, axes = [1] : (tensor<2x3xf32>) -> tensor<2xf32>`
    """

    name = "tops.max"
    traits = traits_def(Numpy("np.max({0}, axis={axes}, out={out})", NUMBER))


@irdl_op_definition
class MinOp(Extremum):
    """
    The minimum over `axes`; ties share the cotangent equally (as in JAX).

    `%y = tops.min %x, axes = [1] : (tensor<2x3xf32>) -> tensor<2xf32>`
    """

    name = "tops.min"
    traits = traits_def(Numpy("np.min({0}, axis={axes}, out={out})", NUMBER))


class Position(TopsOp):
    """The index (i32) of an element along `axis`, which vanishes. The derivative is zero."""

    x = operand_def(AnyTensor)
    axis = prop_def(IntegerAttr)
    y = result_def(AnyTensor)

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        (x,), axis = types, props["axis"]
        check_axes(cls.name, [axis], len(x.get_shape()))
        if x.get_shape()[axis] == 0:
            raise VerifyException(f"'{cls.name}' of no elements: {x} along axis {axis}")
        return tensor([n for i, n in enumerate(x.get_shape()) if i != axis], "i32")

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (None,)


@irdl_op_definition
class ArgmaxOp(Position):
    """
    The index (i32) of the first maximum along `axis`. The derivative is declared zero.

    `%y = tops.argmax %x, axis = 1 : i64 : (tensor<2x3xf32>) -> tensor<2xi32>`
    """

    name = "tops.argmax"
    traits = traits_def(
        Numpy("np.copyto({out}, np.argmax({0}, axis={axis}), casting='unsafe')", NUMBER, rule=ANY)
    )


@irdl_op_definition
class ArgminOp(Position):
    """
    The index (i32) of the first minimum along `axis`. The derivative is declared zero.

    `%y = tops.argmin %x, axis = 1 : i64 : (tensor<2x3xf32>) -> tensor<2xi32>`
    """

    name = "tops.argmin"
    traits = traits_def(
        Numpy("np.copyto({out}, np.argmin({0}, axis={axis}), casting='unsafe')", NUMBER, rule=ANY)
    )


@irdl_op_definition
class CumulativeSumOp(TopsOp):
    """
    The sums of the first 1, 2, ... elements along `axis`; with `reverse`, of the last ones.

    Linear: its dagger is itself, from the other end. On i1 sums are xor.

    `%y = tops.cumulative_sum %x, axis = 1 : i64, reverse : tensor<2x3xf32>`
    """

    name = "tops.cumulative_sum"
    x = operand_def(AnyTensor)
    axis = prop_def(IntegerAttr)
    from_end = opt_prop_def(UnitAttr, prop_name="reverse")
    y = result_def(AnyTensor)
    traits = traits_def(
        Numpy(
            "np.cumsum({0}{order}, axis={axis}, dtype={dtype}, out={out}{order})",
            ANY,
            rule=ANY,
            boolean="np.logical_xor.accumulate({0}{order}, axis={axis}, out={out}{order})",
        )
    )

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        check_axes(cls.name, [props["axis"]], len(types[0].get_shape()))
        return types[0]

    def fields(self) -> dict[str, Any]:
        whole = ":, " * self.props()["axis"]
        return {**super().fields(), "order": f"[{whole}::-1]" if self.from_end else ""}

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        axis, back = self.props()["axis"], self.from_end is None
        return (ops.emit("cumulative_sum", cotangents[0], axis=axis, reverse=back),)
