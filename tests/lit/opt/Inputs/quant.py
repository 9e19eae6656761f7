"""A dialect whose ops take floats to integers and back, with rules of their own."""

from collections.abc import Sequence

from xdsl.ir import Dialect
from xdsl.irdl import irdl_op_definition, traits_def
from xdsl.universe import Universe

from catgrad.dialects.tops.base import tensor
from catgrad.extending import Arrays, Emitter, Given, Numpy, Props, Tensor, Unary

ONE = 65536
"""Cotangents of integers are numbers of fixed point: this one stands for 1."""


@irdl_op_definition
class QuantiseOp(Unary):
    """
    The nearest number of quarters.

    `%q = quant.quantise %x : (tensor<2xf32>) -> tensor<2xi32>`
    """

    name = "quant.quantise"
    traits = traits_def(Numpy("np.copyto({out}, np.rint({0} * 4), casting='unsafe')"))

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        return tensor(types[0].get_shape(), "i32")

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return [cotangents[0].astype(inputs[0].dtype) * (4 / ONE)]


@irdl_op_definition
class DequantiseOp(Unary):
    """
    Quarters as a number.

    `%y = quant.dequantise %q : (tensor<2xi32>) -> tensor<2xf32>`
    """

    name = "quant.dequantise"
    traits = traits_def(
        Numpy("np.multiply({0}, 0.25, out={out}, casting='unsafe')", ("i32",), rule=("i32",))
    )

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        return result or tensor(types[0].get_shape(), "f32")

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return [(cotangents[0] * (ONE / 4)).astype("i32")]


@irdl_op_definition
class FloorOp(Unary):
    """A whole number, without a rule."""

    name = "quant.floor"
    traits = traits_def(Numpy("np.copyto({out}, np.floor({0}), casting='unsafe')"))

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        return tensor(types[0].get_shape(), "i32")


Quant = Dialect("quant", [QuantiseOp, DequantiseOp, FloorOp])
UNIVERSE = Universe(all_dialects={"quant": lambda: Quant})
