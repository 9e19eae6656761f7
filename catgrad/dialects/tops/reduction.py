"""Ops that fold axes away."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def, traits_def
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


@irdl_op_definition
class MaxOp(Reduction):
    """
    The maximum over `axes`; ties share the cotangent equally (as in JAX).

    `%y = tops.max %x, axes = [1] : (tensor<2x3xf32>) -> tensor<2xf32>`
    """

    name = "tops.max"
    traits = traits_def(Numpy("np.max({0}, axis={axes}, out={out})", NUMBER))

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        shape = types[0].get_shape()
        axes: tuple[int, ...] = props["axes"]
        if any(shape[a] == 0 for a in axes if a < len(shape)):
            raise VerifyException(f"'tops.max' of no elements: {types[0]} over axes {list(axes)}")
        return super().infer(types, props, result)

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        (x,), axes = inputs, self.props()["axes"]
        mask = (x == outputs[0].broadcast(axes, x.shape)).astype(x.dtype)
        share = cotangents[0] / mask.sum(axes)
        return (mask * share.broadcast(axes, x.shape),)


@irdl_op_definition
class ArgmaxOp(TopsOp):
    """
    The index (i32) of the first maximum along `axis`. The derivative is declared zero.

    `%y = tops.argmax %x, axis = 1 : i64 : (tensor<2x3xf32>) -> tensor<2xi32>`
    """

    name = "tops.argmax"
    x = operand_def(AnyTensor)
    axis = prop_def(IntegerAttr)
    y = result_def(AnyTensor)
    traits = traits_def(
        Numpy("np.copyto({out}, np.argmax({0}, axis={axis}), casting='unsafe')", NUMBER, rule=ANY)
    )

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        (x,), axis = types, props["axis"]
        check_axes(cls.name, [axis], len(x.get_shape()))
        if x.get_shape()[axis] == 0:
            raise VerifyException(f"'tops.argmax' of no elements: {x} along axis {axis}")
        return tensor([n for i, n in enumerate(x.get_shape()) if i != axis], "i32")

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (None,)
