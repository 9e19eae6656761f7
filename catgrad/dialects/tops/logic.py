"""
Comparisons, and logic on i1: the ring Z/2.

In rules, x (or a, b) are inputs, y the output, g its cotangent.
"""

from __future__ import annotations

from xdsl.irdl import irdl_op_definition, traits_def

from catgrad.dialects.tops.base import ANY, BOOL, NUMBER, Arrays, Emitter, Given, Numpy
from catgrad.dialects.tops.elementwise import Binary, Comparison, Unary, ufunc


@irdl_op_definition
class EqualOp(Comparison):
    """
    a == b.

    `%y = tops.equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>`
    """

    name = "tops.equal"
    traits = traits_def(Numpy(ufunc("equal", 2), ANY, rule=ANY))


@irdl_op_definition
class NotEqualOp(Comparison):
    """
    a != b.

    `%y = tops.not_equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>`
    """

    name = "tops.not_equal"
    traits = traits_def(Numpy(ufunc("not_equal", 2), ANY, rule=ANY))


@irdl_op_definition
class LessOp(Comparison):
    """
    a < b.

    `%y = tops.less %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>`
    """

    name = "tops.less"
    traits = traits_def(Numpy(ufunc("less", 2), NUMBER, rule=ANY))


@irdl_op_definition
class LessEqualOp(Comparison):
    """
    a <= b.

    `%y = tops.less_equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>`
    """

    name = "tops.less_equal"
    traits = traits_def(Numpy(ufunc("less_equal", 2), NUMBER, rule=ANY))


@irdl_op_definition
class GreaterOp(Comparison):
    """
    a > b.

    `%y = tops.greater %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>`
    """

    name = "tops.greater"
    traits = traits_def(Numpy(ufunc("greater", 2), NUMBER, rule=ANY))


@irdl_op_definition
class GreaterEqualOp(Comparison):
    """
    a >= b.

    `%y = tops.greater_equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>`
    """

    name = "tops.greater_equal"
    traits = traits_def(Numpy(ufunc("greater_equal", 2), NUMBER, rule=ANY))


@irdl_op_definition
class LogicalAndOp(Binary):
    """
    a and b, which over Z/2 is a * b.

    `%y = tops.logical_and %a, %b : tensor<2xi1>`
    """

    name = "tops.logical_and"
    traits = traits_def(Numpy(ufunc("logical_and", 2), BOOL, rule=BOOL))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        a, b = inputs
        return cotangents[0] & b, cotangents[0] & a


@irdl_op_definition
class LogicalOrOp(Binary):
    """
    a or b, which over Z/2 is a + b + a * b.

    `%y = tops.logical_or %a, %b : tensor<2xi1>`
    """

    name = "tops.logical_or"
    traits = traits_def(Numpy(ufunc("logical_or", 2), BOOL, rule=BOOL))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        a, b = inputs
        return cotangents[0] & ~b, cotangents[0] & ~a


@irdl_op_definition
class LogicalXorOp(Binary):
    """
    a xor b, which over Z/2 is a + b.

    `%y = tops.logical_xor %a, %b : tensor<2xi1>`
    """

    name = "tops.logical_xor"
    traits = traits_def(Numpy(ufunc("logical_xor", 2), BOOL, rule=BOOL))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return cotangents[0], cotangents[0]


@irdl_op_definition
class LogicalNotOp(Unary):
    """
    not x, which over Z/2 is 1 + x.

    `%y = tops.logical_not %x : tensor<2xi1>`
    """

    name = "tops.logical_not"
    traits = traits_def(Numpy(ufunc("logical_not"), BOOL, rule=BOOL))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (cotangents[0],)
