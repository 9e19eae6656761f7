"""
Arithmetic of two numbers.

In rules, x (or a, b) are inputs, y the output, g its cotangent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, traits_def
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.tops.base import (
    ANY,
    INTEGER,
    NUMBER,
    Arrays,
    Emitter,
    Given,
    Numpy,
    dtype_of,
)
from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.elementwise import Binary, ufunc

if TYPE_CHECKING:
    from catgrad.dialects.tops.value import Array


@irdl_op_definition
class AddOp(Binary):
    """
    a + b. On i1 xor.

    `%y = tops.add %a, %b : tensor<2xf32>`
    """

    name = "tops.add"
    traits = traits_def(Numpy(ufunc("add", 2), ANY, rule=ANY, boolean=ufunc("logical_xor", 2)))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return cotangents[0], cotangents[0]


@irdl_op_definition
class SubtractOp(Binary):
    """
    a - b. On i1 xor.

    `%y = tops.subtract %a, %b : tensor<2xf32>`
    """

    name = "tops.subtract"
    traits = traits_def(Numpy(ufunc("subtract", 2), ANY, rule=ANY, boolean=ufunc("logical_xor", 2)))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return cotangents[0], -cotangents[0]


@irdl_op_definition
class MultiplyOp(Binary):
    """
    a * b. On i1 and.

    `%y = tops.multiply %a, %b : tensor<2xf32>`
    """

    name = "tops.multiply"
    traits = traits_def(Numpy(ufunc("multiply", 2), ANY, rule=ANY))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        a, b = inputs
        return cotangents[0] * b, cotangents[0] * a


@irdl_op_definition
class DivideOp(Binary):
    """
    a / b.

    `%y = tops.divide %a, %b : tensor<2xf32>`
    """

    name = "tops.divide"
    traits = traits_def(Numpy(ufunc("divide", 2)))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        da = cotangents[0] / inputs[1]
        return da, -da * outputs[0]


@irdl_op_definition
class PowOp(Binary):
    """
    a to the b. On integers the exponent must be a constant >= 0.

    With a constant exponent n the rule is g * n * a^(n-1); otherwise the derivative with respect to
    the exponent is 0 where a = 0, and that with respect to the base is 0 where b = 0 (as in JAX).

    `%y = tops.pow %a, %b : tensor<2xf32>`
    """

    name = "tops.pow"
    traits = traits_def(Numpy(ufunc("power", 2), NUMBER, rule=NUMBER))

    def has_rule(self) -> bool:
        return dtype_of(self.out_type) not in INTEGER or self.exponent(self.operands[1]) is not None

    def verify_(self) -> None:
        super().verify_()
        exponent = self.exponent(self.operands[1])
        if dtype_of(self.out_type) in INTEGER and exponent is not None and exponent < 0:
            raise VerifyException(f"'tops.pow' on integers needs an exponent >= 0, got {exponent}")

    @staticmethod
    def exponent(value: SSAValue) -> Any:
        """The exponent if it is one constant for all elements, else None."""
        return value.owner.scalar if isinstance(value.owner, FullOp) else None

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        (a, b), y, g = inputs, outputs[0], cotangents[0]
        n = self.exponent(self.operands[1])
        if n is not None:
            return (
                None if n == 0 else g * (n * (a if n == 2 else a ** (n - 1))) if n != 1 else g
            ), None
        one = a.full_like(1)
        zero = a.full_like(0)
        da = (b == 0).where(zero, b * a ** (b == 0).where(one, b - 1))
        db = (a == 0).where(zero, y * (a == 0).where(one, a).unary("log"))
        return g * da, g * db


@irdl_op_definition
class MaximumOp(Binary):
    """
    The larger of a and b; ties share the cotangent equally (as in JAX).

    `%y = tops.maximum %a, %b : tensor<2xf32>`
    """

    name = "tops.maximum"
    traits = traits_def(Numpy(ufunc("maximum", 2), NUMBER))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        a, b = inputs
        return _share(a > b, a == b, cotangents[0]), _share(b > a, a == b, cotangents[0])


@irdl_op_definition
class MinimumOp(Binary):
    """
    The smaller of a and b; ties share the cotangent equally (as in JAX).

    `%y = tops.minimum %a, %b : tensor<2xf32>`
    """

    name = "tops.minimum"
    traits = traits_def(Numpy(ufunc("minimum", 2), NUMBER))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        a, b = inputs
        return _share(a < b, a == b, cotangents[0]), _share(b < a, a == b, cotangents[0])


def _share(wins: Array, ties: Array, g: Array) -> Array:
    """g where it wins, g / 2 where it ties, else 0."""
    return wins.where(g, ties.where(g * 0.5, g.full_like(0)))
