"""
The families of elementwise ops, `where` and `astype`.

In rules, x (or a, b) are inputs, y the output, g its cotangent.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence

from xdsl.irdl import irdl_op_definition, operand_def, result_def, traits_def
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.tops.base import (
    ANY,
    FLOAT,
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


class Elementwise(TopsOp, abc.ABC):
    """Ops whose result element depends on the operand elements at the same index only."""

    y = result_def(AnyTensor)


def _same(name: str, types: Sequence[Tensor]) -> Tensor:
    if any(t != types[0] for t in types):
        raise VerifyException(
            f"'{name}' needs operands of one type, got {' and '.join(map(str, types))}"
        )
    return types[0]


class Unary(Elementwise, abc.ABC):
    """One operand; the result has its type."""

    x = operand_def(AnyTensor)

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        return types[0]


class Binary(Elementwise, abc.ABC):
    """Two operands and a result of one type."""

    a = operand_def(AnyTensor)
    b = operand_def(AnyTensor)

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        return _same(cls.name, types)


class Comparison(Elementwise, abc.ABC):
    """Two operands of one type; the result is i1. The derivative is declared zero."""

    a = operand_def(AnyTensor)
    b = operand_def(AnyTensor)

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        return tensor(_same(cls.name, types).get_shape(), "i1")

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return None, None


def ufunc(name: str, operands: int = 1) -> str:
    """The text of a NumPy ufunc that writes to `out`."""
    return f"np.{name}({', '.join(f'{{{i}}}' for i in range(operands))}, out={{out}})"


@irdl_op_definition
class WhereOp(Elementwise):
    """
    a where the condition (i1) holds, else b. The condition's derivative is declared zero.

    `%y = tops.where %c, %a, %b : (tensor<2xi1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>`
    """

    name = "tops.where"
    condition = operand_def(AnyTensor)
    a = operand_def(AnyTensor)
    b = operand_def(AnyTensor)
    traits = traits_def(
        Numpy("np.copyto({out}, {2}); np.copyto({out}, {1}, where={0})", ANY, rule=ANY)
    )

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        condition, branches = types[0], types[1:]
        branch = _same(cls.name, branches)
        if condition != tensor(branch.get_shape(), "i1"):
            shape = branch.get_shape()
            raise VerifyException(
                f"'tops.where' needs a condition of shape {shape} and i1, got {condition}"
            )
        return branch

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        condition, g = inputs[0], cotangents[0]
        zero = g.full_like(0)
        return None, condition.where(g, zero), condition.where(zero, g)


@irdl_op_definition
class AstypeOp(Elementwise):
    """
    Convert the element type: float to integer truncates toward zero, anything to i1 is x != 0.

    The derivative is declared zero unless both types are floating.

    `%y = tops.astype %x : (tensor<2xi32>) -> tensor<2xf32>`
    """

    name = "tops.astype"
    x = operand_def(AnyTensor)
    traits = traits_def(Numpy("np.copyto({out}, {0}, casting='unsafe')", ANY, rule=ANY))

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        if result is None or result.get_shape() != types[0].get_shape():
            raise VerifyException(f"'tops.astype' keeps the shape: got {types[0]} -> {result}")
        return result

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        both = (inputs[0].dtype, outputs[0].dtype)
        return (cotangents[0].astype(both[0]) if set(both) <= set(FLOAT) else None,)
