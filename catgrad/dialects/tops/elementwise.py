"""Elementwise ops: one meaning, one rule each. In rules, x (or a, b) are inputs, y the output, g its cotangent."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, result_def, traits_def
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.tops.base import (
    ANY,
    BOOL,
    FLOAT,
    INTEGER,
    NUMBER,
    AnyTensor,
    Numpy,
    Props,
    Tensor,
    TopsOp,
    dtype_of,
    tensor,
)
from catgrad.dialects.tops.creation import FullOp


class Elementwise(TopsOp, abc.ABC):
    """Ops whose result element depends on the operand elements at the same index only."""


def _same(name: str, types: Sequence[Tensor]) -> Tensor:
    if any(t != types[0] for t in types):
        raise VerifyException(
            f"'{name}' needs operands of one type, got {' and '.join(map(str, types))}"
        )
    return types[0]


class Unary(Elementwise, abc.ABC):
    """One operand; the result has its type."""

    x = operand_def(AnyTensor)
    y = result_def(AnyTensor)

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        return types[0]


class Binary(Elementwise, abc.ABC):
    """Two operands and a result of one type."""

    a = operand_def(AnyTensor)
    b = operand_def(AnyTensor)
    y = result_def(AnyTensor)

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        return _same(cls.name, types)


class Comparison(Elementwise, abc.ABC):
    """Two operands of one type; the result is i1. The derivative is declared zero."""

    a = operand_def(AnyTensor)
    b = operand_def(AnyTensor)
    y = result_def(AnyTensor)

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        return tensor(_same(cls.name, types).get_shape(), "i1")

    def reverse(self, inputs, outputs, cotangents, ops):  # noqa: ANN001
        return None, None


def ufunc(name: str, operands: int = 1) -> str:
    """The text of a NumPy ufunc that writes to `out`."""
    return f"np.{name}({', '.join('{%d}' % i for i in range(operands))}, out={{out}})"


@irdl_op_definition
class NegativeOp(Unary):
    """-x. On i1 (the ring Z/2) the identity.

    `%y = tops.negative %x : tensor<2xf32>`
    """

    name = "tops.negative"
    traits = traits_def(Numpy(ufunc("negative"), ANY, rule=ANY, boolean="np.copyto({out}, {0})"))

    def reverse(self, inputs, outputs, cotangents, ops):
        return (-cotangents[0],)


@irdl_op_definition
class AbsOp(Unary):
    """|x|. The derivative at 0 is sign(0) = 0.

    `%y = tops.abs %x : tensor<2xf32>`
    """

    name = "tops.abs"
    traits = traits_def(Numpy(ufunc("abs"), NUMBER))

    def reverse(self, inputs, outputs, cotangents, ops):
        return (cotangents[0] * inputs[0].unary("sign"),)


@irdl_op_definition
class SignOp(Unary):
    """-1, 0 or 1. The derivative is declared zero.

    `%y = tops.sign %x : tensor<2xf32>`
    """

    name = "tops.sign"
    traits = traits_def(Numpy(ufunc("sign"), NUMBER))

    def reverse(self, inputs, outputs, cotangents, ops):
        return (None,)


@irdl_op_definition
class ExpOp(Unary):
    """e to the x.

    `%y = tops.exp %x : tensor<2xf32>`
    """

    name = "tops.exp"
    traits = traits_def(Numpy(ufunc("exp")))

    def reverse(self, inputs, outputs, cotangents, ops):
        return (cotangents[0] * outputs[0],)


@irdl_op_definition
class Expm1Op(Unary):
    """exp(x) - 1, exact near 0.

    `%y = tops.expm1 %x : tensor<2xf32>`
    """

    name = "tops.expm1"
    traits = traits_def(Numpy(ufunc("expm1")))

    def reverse(self, inputs, outputs, cotangents, ops):
        return (cotangents[0] * (outputs[0] + 1),)


@irdl_op_definition
class LogOp(Unary):
    """The natural logarithm.

    `%y = tops.log %x : tensor<2xf32>`
    """

    name = "tops.log"
    traits = traits_def(Numpy(ufunc("log")))

    def reverse(self, inputs, outputs, cotangents, ops):
        return (cotangents[0] / inputs[0],)


@irdl_op_definition
class Log1pOp(Unary):
    """log(1 + x), exact near 0.

    `%y = tops.log1p %x : tensor<2xf32>`
    """

    name = "tops.log1p"
    traits = traits_def(Numpy(ufunc("log1p")))

    def reverse(self, inputs, outputs, cotangents, ops):
        return (cotangents[0] / (inputs[0] + 1),)


@irdl_op_definition
class SqrtOp(Unary):
    """The square root.

    `%y = tops.sqrt %x : tensor<2xf32>`
    """

    name = "tops.sqrt"
    traits = traits_def(Numpy(ufunc("sqrt")))

    def reverse(self, inputs, outputs, cotangents, ops):
        return (cotangents[0] * 0.5 / outputs[0],)


@irdl_op_definition
class RsqrtOp(Unary):
    """1 / sqrt(x).

    `%y = tops.rsqrt %x : tensor<2xf32>`
    """

    name = "tops.rsqrt"
    traits = traits_def(Numpy("np.sqrt({0}, out={out}); np.reciprocal({out}, out={out})"))

    def reverse(self, inputs, outputs, cotangents, ops):
        y = outputs[0]
        return (cotangents[0] * -0.5 * y * y * y,)


@irdl_op_definition
class SquareOp(Unary):
    """x * x.

    `%y = tops.square %x : tensor<2xf32>`
    """

    name = "tops.square"
    traits = traits_def(Numpy(ufunc("square"), ANY, rule=ANY, boolean="np.copyto({out}, {0})"))

    def reverse(self, inputs, outputs, cotangents, ops):
        x = inputs[0]
        return (cotangents[0] * (x + x),)


@irdl_op_definition
class SinOp(Unary):
    """The sine.

    `%y = tops.sin %x : tensor<2xf32>`
    """

    name = "tops.sin"
    traits = traits_def(Numpy(ufunc("sin")))

    def reverse(self, inputs, outputs, cotangents, ops):
        return (cotangents[0] * inputs[0].unary("cos"),)


@irdl_op_definition
class CosOp(Unary):
    """The cosine.

    `%y = tops.cos %x : tensor<2xf32>`
    """

    name = "tops.cos"
    traits = traits_def(Numpy(ufunc("cos")))

    def reverse(self, inputs, outputs, cotangents, ops):
        return (cotangents[0] * -inputs[0].unary("sin"),)


@irdl_op_definition
class TanhOp(Unary):
    """The hyperbolic tangent.

    `%y = tops.tanh %x : tensor<2xf32>`
    """

    name = "tops.tanh"
    traits = traits_def(Numpy(ufunc("tanh")))

    def reverse(self, inputs, outputs, cotangents, ops):
        return (cotangents[0] * (1 - outputs[0].unary("square")),)


@irdl_op_definition
class LogisticOp(Unary):
    """1 / (1 + exp(-x)), the sigmoid.

    `%y = tops.logistic %x : tensor<2xf32>`
    """

    name = "tops.logistic"
    traits = traits_def(
        Numpy(
            "np.negative({0}, out={out}); np.exp({out}, out={out}); "
            "np.add({out}, 1, out={out}); np.reciprocal({out}, out={out})"
        )
    )

    def reverse(self, inputs, outputs, cotangents, ops):
        y = outputs[0]
        return (cotangents[0] * (y * (1 - y)),)


@irdl_op_definition
class AddOp(Binary):
    """a + b. On i1 xor.

    `%y = tops.add %a, %b : tensor<2xf32>`
    """

    name = "tops.add"
    traits = traits_def(Numpy(ufunc("add", 2), ANY, rule=ANY, boolean=ufunc("logical_xor", 2)))

    def reverse(self, inputs, outputs, cotangents, ops):
        return cotangents[0], cotangents[0]


@irdl_op_definition
class SubtractOp(Binary):
    """a - b. On i1 xor.

    `%y = tops.subtract %a, %b : tensor<2xf32>`
    """

    name = "tops.subtract"
    traits = traits_def(Numpy(ufunc("subtract", 2), ANY, rule=ANY, boolean=ufunc("logical_xor", 2)))

    def reverse(self, inputs, outputs, cotangents, ops):
        return cotangents[0], -cotangents[0]


@irdl_op_definition
class MultiplyOp(Binary):
    """a * b. On i1 and.

    `%y = tops.multiply %a, %b : tensor<2xf32>`
    """

    name = "tops.multiply"
    traits = traits_def(Numpy(ufunc("multiply", 2), ANY, rule=ANY))

    def reverse(self, inputs, outputs, cotangents, ops):
        a, b = inputs
        return cotangents[0] * b, cotangents[0] * a


@irdl_op_definition
class DivideOp(Binary):
    """a / b.

    `%y = tops.divide %a, %b : tensor<2xf32>`
    """

    name = "tops.divide"
    traits = traits_def(Numpy(ufunc("divide", 2)))

    def reverse(self, inputs, outputs, cotangents, ops):
        da = cotangents[0] / inputs[1]
        return da, -da * outputs[0]


@irdl_op_definition
class PowOp(Binary):
    """a to the b. On integers the exponent must be a constant >= 0.

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

    def reverse(self, inputs, outputs, cotangents, ops):
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
    """The larger of a and b; ties share the cotangent equally (as in JAX).

    `%y = tops.maximum %a, %b : tensor<2xf32>`
    """

    name = "tops.maximum"
    traits = traits_def(Numpy(ufunc("maximum", 2), NUMBER))

    def reverse(self, inputs, outputs, cotangents, ops):
        a, b = inputs
        return _share(a > b, a == b, cotangents[0]), _share(b > a, a == b, cotangents[0])


@irdl_op_definition
class MinimumOp(Binary):
    """The smaller of a and b; ties share the cotangent equally (as in JAX).

    `%y = tops.minimum %a, %b : tensor<2xf32>`
    """

    name = "tops.minimum"
    traits = traits_def(Numpy(ufunc("minimum", 2), NUMBER))

    def reverse(self, inputs, outputs, cotangents, ops):
        a, b = inputs
        return _share(a < b, a == b, cotangents[0]), _share(b < a, a == b, cotangents[0])


def _share(wins, ties, g):
    """g where it wins, g / 2 where it ties, else 0."""
    return wins.where(g, ties.where(g * 0.5, g.full_like(0)))


@irdl_op_definition
class EqualOp(Comparison):
    """a == b.

    `%y = tops.equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>`
    """

    name = "tops.equal"
    traits = traits_def(Numpy(ufunc("equal", 2), ANY, rule=ANY))


@irdl_op_definition
class NotEqualOp(Comparison):
    """a != b.

    `%y = tops.not_equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>`
    """

    name = "tops.not_equal"
    traits = traits_def(Numpy(ufunc("not_equal", 2), ANY, rule=ANY))


@irdl_op_definition
class LessOp(Comparison):
    """a < b.

    `%y = tops.less %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>`
    """

    name = "tops.less"
    traits = traits_def(Numpy(ufunc("less", 2), NUMBER, rule=ANY))


@irdl_op_definition
class LessEqualOp(Comparison):
    """a <= b.

    `%y = tops.less_equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>`
    """

    name = "tops.less_equal"
    traits = traits_def(Numpy(ufunc("less_equal", 2), NUMBER, rule=ANY))


@irdl_op_definition
class GreaterOp(Comparison):
    """a > b.

    `%y = tops.greater %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>`
    """

    name = "tops.greater"
    traits = traits_def(Numpy(ufunc("greater", 2), NUMBER, rule=ANY))


@irdl_op_definition
class GreaterEqualOp(Comparison):
    """a >= b.

    `%y = tops.greater_equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>`
    """

    name = "tops.greater_equal"
    traits = traits_def(Numpy(ufunc("greater_equal", 2), NUMBER, rule=ANY))


@irdl_op_definition
class LogicalAndOp(Binary):
    """a and b, which over Z/2 is a * b.

    `%y = tops.logical_and %a, %b : tensor<2xi1>`
    """

    name = "tops.logical_and"
    traits = traits_def(Numpy(ufunc("logical_and", 2), BOOL, rule=BOOL))

    def reverse(self, inputs, outputs, cotangents, ops):
        a, b = inputs
        return cotangents[0] & b, cotangents[0] & a


@irdl_op_definition
class LogicalOrOp(Binary):
    """a or b, which over Z/2 is a + b + a * b.

    `%y = tops.logical_or %a, %b : tensor<2xi1>`
    """

    name = "tops.logical_or"
    traits = traits_def(Numpy(ufunc("logical_or", 2), BOOL, rule=BOOL))

    def reverse(self, inputs, outputs, cotangents, ops):
        a, b = inputs
        return cotangents[0] & ~b, cotangents[0] & ~a


@irdl_op_definition
class LogicalXorOp(Binary):
    """a xor b, which over Z/2 is a + b.

    `%y = tops.logical_xor %a, %b : tensor<2xi1>`
    """

    name = "tops.logical_xor"
    traits = traits_def(Numpy(ufunc("logical_xor", 2), BOOL, rule=BOOL))

    def reverse(self, inputs, outputs, cotangents, ops):
        return cotangents[0], cotangents[0]


@irdl_op_definition
class LogicalNotOp(Unary):
    """not x, which over Z/2 is 1 + x.

    `%y = tops.logical_not %x : tensor<2xi1>`
    """

    name = "tops.logical_not"
    traits = traits_def(Numpy(ufunc("logical_not"), BOOL, rule=BOOL))

    def reverse(self, inputs, outputs, cotangents, ops):
        return (cotangents[0],)


@irdl_op_definition
class WhereOp(Elementwise):
    """a where the condition (i1) holds, else b. The condition's derivative is declared zero.

    `%y = tops.where %c, %a, %b : (tensor<2xi1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>`
    """

    name = "tops.where"
    condition = operand_def(AnyTensor)
    a = operand_def(AnyTensor)
    b = operand_def(AnyTensor)
    y = result_def(AnyTensor)
    traits = traits_def(
        Numpy("np.copyto({out}, {2}); np.copyto({out}, {1}, where={0})", ANY, rule=ANY)
    )

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        condition, branches = types[0], types[1:]
        branch = _same(cls.name, branches)
        if condition != tensor(branch.get_shape(), "i1"):
            raise VerifyException(
                f"'tops.where' needs a condition of shape {branch.get_shape()} and i1, got {condition}"
            )
        return branch

    def reverse(self, inputs, outputs, cotangents, ops):
        condition, g = inputs[0], cotangents[0]
        zero = g.full_like(0)
        return None, condition.where(g, zero), condition.where(zero, g)


@irdl_op_definition
class AstypeOp(Elementwise):
    """Convert the element type: float to integer truncates toward zero, anything to i1 is x != 0.

    The derivative is declared zero unless both types are floating.

    `%y = tops.astype %x : (tensor<2xi32>) -> tensor<2xf32>`
    """

    name = "tops.astype"
    x = operand_def(AnyTensor)
    y = result_def(AnyTensor)
    traits = traits_def(Numpy("np.copyto({out}, {0}, casting='unsafe')", ANY, rule=ANY))

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        if result is None or result.get_shape() != types[0].get_shape():
            raise VerifyException(f"'tops.astype' keeps the shape: got {types[0]} -> {result}")
        return result

    def reverse(self, inputs, outputs, cotangents, ops):
        both = (inputs[0].dtype, outputs[0].dtype)
        return (cotangents[0].astype(both[0]) if set(both) <= set(FLOAT) else None,)
