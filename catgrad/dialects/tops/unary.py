"""
Functions of one number.

In rules, x (or a, b) are inputs, y the output, g its cotangent.
"""

from __future__ import annotations

from xdsl.irdl import irdl_op_definition, traits_def

from catgrad.dialects.tops.base import ANY, NUMBER, Arrays, Emitter, Given, Numpy
from catgrad.dialects.tops.elementwise import Unary, ufunc


@irdl_op_definition
class NegativeOp(Unary):
    """
    -x. On i1 (the ring Z/2) the identity.

    `%y = tops.negative %x : tensor<2xf32>`
    """

    name = "tops.negative"
    traits = traits_def(Numpy(ufunc("negative"), ANY, rule=ANY, boolean="np.copyto({out}, {0})"))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (-cotangents[0],)


@irdl_op_definition
class AbsOp(Unary):
    """
    |x|. The derivative at 0 is sign(0) = 0.

    `%y = tops.abs %x : tensor<2xf32>`
    """

    name = "tops.abs"
    traits = traits_def(Numpy(ufunc("abs"), NUMBER))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (cotangents[0] * inputs[0].unary("sign"),)


@irdl_op_definition
class SignOp(Unary):
    """
    -1, 0 or 1. The derivative is declared zero.

    `%y = tops.sign %x : tensor<2xf32>`
    """

    name = "tops.sign"
    traits = traits_def(Numpy(ufunc("sign"), NUMBER))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (None,)


@irdl_op_definition
class FloorOp(Unary):
    """
    The largest whole number <= x. The derivative is declared zero.

    `%y = tops.floor %x : tensor<2xf32>`
    """

    name = "tops.floor"
    traits = traits_def(Numpy(ufunc("floor")))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (None,)


@irdl_op_definition
class CeilOp(Unary):
    """
    The smallest whole number >= x. The derivative is declared zero.

    `%y = tops.ceil %x : tensor<2xf32>`
    """

    name = "tops.ceil"
    traits = traits_def(Numpy(ufunc("ceil")))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (None,)


@irdl_op_definition
class RoundOp(Unary):
    """
    The nearest whole number, of two the even one. The derivative is declared zero.

    `%y = tops.round %x : tensor<2xf32>`
    """

    name = "tops.round"
    traits = traits_def(Numpy(ufunc("rint")))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (None,)


@irdl_op_definition
class ExpOp(Unary):
    """
    e to the x.

    `%y = tops.exp %x : tensor<2xf32>`
    """

    name = "tops.exp"
    traits = traits_def(Numpy(ufunc("exp")))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (cotangents[0] * outputs[0],)


@irdl_op_definition
class Expm1Op(Unary):
    """
    exp(x) - 1, exact near 0.

    `%y = tops.expm1 %x : tensor<2xf32>`
    """

    name = "tops.expm1"
    traits = traits_def(Numpy(ufunc("expm1")))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (cotangents[0] * (outputs[0] + 1),)


@irdl_op_definition
class LogOp(Unary):
    """
    The natural logarithm.

    `%y = tops.log %x : tensor<2xf32>`
    """

    name = "tops.log"
    traits = traits_def(Numpy(ufunc("log")))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (cotangents[0] / inputs[0],)


@irdl_op_definition
class Log1pOp(Unary):
    """
    log(1 + x), exact near 0.

    `%y = tops.log1p %x : tensor<2xf32>`
    """

    name = "tops.log1p"
    traits = traits_def(Numpy(ufunc("log1p")))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (cotangents[0] / (inputs[0] + 1),)


@irdl_op_definition
class SqrtOp(Unary):
    """
    The square root.

    `%y = tops.sqrt %x : tensor<2xf32>`
    """

    name = "tops.sqrt"
    traits = traits_def(Numpy(ufunc("sqrt")))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (cotangents[0] * 0.5 / outputs[0],)


@irdl_op_definition
class RsqrtOp(Unary):
    """
    1 / sqrt(x).

    `%y = tops.rsqrt %x : tensor<2xf32>`
    """

    name = "tops.rsqrt"
    traits = traits_def(Numpy("np.sqrt({0}, out={out}); np.reciprocal({out}, out={out})"))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        y = outputs[0]
        return (cotangents[0] * -0.5 * y * y * y,)


@irdl_op_definition
class SquareOp(Unary):
    """
    x * x.

    `%y = tops.square %x : tensor<2xf32>`
    """

    name = "tops.square"
    traits = traits_def(Numpy(ufunc("square"), ANY, rule=ANY, boolean="np.copyto({out}, {0})"))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        x = inputs[0]
        return (cotangents[0] * (x + x),)


@irdl_op_definition
class SinOp(Unary):
    """
    The sine.

    `%y = tops.sin %x : tensor<2xf32>`
    """

    name = "tops.sin"
    traits = traits_def(Numpy(ufunc("sin")))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (cotangents[0] * inputs[0].unary("cos"),)


@irdl_op_definition
class CosOp(Unary):
    """
    The cosine.

    `%y = tops.cos %x : tensor<2xf32>`
    """

    name = "tops.cos"
    traits = traits_def(Numpy(ufunc("cos")))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (cotangents[0] * -inputs[0].unary("sin"),)


@irdl_op_definition
class TanhOp(Unary):
    """
    The hyperbolic tangent.

    `%y = tops.tanh %x : tensor<2xf32>`
    """

    name = "tops.tanh"
    traits = traits_def(Numpy(ufunc("tanh")))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (cotangents[0] * (1 - outputs[0].unary("square")),)


@irdl_op_definition
class LogisticOp(Unary):
    """
    1 / (1 + exp(-x)), the sigmoid.

    `%y = tops.logistic %x : tensor<2xf32>`
    """

    name = "tops.logistic"
    traits = traits_def(
        Numpy(
            "np.negative({0}, out={out}); np.exp({out}, out={out}); "
            "np.add({out}, 1, out={out}); np.reciprocal({out}, out={out})"
        )
    )

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        y = outputs[0]
        return (cotangents[0] * (y * (1 - y)),)


@irdl_op_definition
class ErfOp(Unary):
    """
    The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.

    NumPy has none: the meaning calls `error_function`, which a NumPy program defines.

    `%y = tops.erf %x : tensor<2xf32>`
    """

    name = "tops.erf"
    traits = traits_def(Numpy("np.copyto({out}, error_function({0}), casting='same_kind')"))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        slope = (-inputs[0].unary("square")).unary("exp") * 1.1283791670955126  # 2 / sqrt(pi)
        return (cotangents[0] * slope,)
