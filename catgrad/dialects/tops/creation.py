"""Ops without operands: they make a tensor from their attributes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, prop_def, result_def, traits_def
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
    decode,
    dtype_of,
)


class Creation(TopsOp):
    """Ops without operands; their result type is given."""

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        if result is None:
            raise VerifyException(f"'{cls.name}' needs a result type")
        return result

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return ()


@irdl_op_definition
class FullOp(Creation):
    """
    A tensor whose elements are all `value`: a typed scalar attribute.

    `%y = tops.full value = 1.000000e+00 : f32 : tensor<2x3xf32>`
    """

    name = "tops.full"
    value = prop_def(Attribute)
    y = result_def(AnyTensor)
    traits = traits_def(Numpy("{out}.fill({value})", ANY, rule=ANY))

    @property
    def scalar(self) -> Any:
        """The value as a Python bool, int or float."""
        return decode(self.value)

    def verify_(self) -> None:
        super().verify_()
        if getattr(self.value, "type", None) != self.out_type.element_type:
            raise VerifyException(f"'tops.full' of {self.out_type} got the value {self.value}")

    def fields(self) -> dict[str, Any]:
        return {"value": python_scalar(self.scalar)}


def python_scalar(value: bool | int | float) -> str:
    """A Python expression for a scalar, inf and nan included."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    return repr(value)


@irdl_op_definition
class ConstantOp(Creation):
    """
    A tensor of given elements.

    `%y = tops.constant value = dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>`
    """

    name = "tops.constant"
    value = prop_def(DenseIntOrFPElementsAttr)
    y = result_def(AnyTensor)
    traits = traits_def(Numpy("{out}.flat[:] = {values}", ANY, rule=ANY))

    def verify_(self) -> None:
        super().verify_()
        if self.value.type != self.out_type:
            raise VerifyException(
                f"'tops.constant' of {self.out_type} got elements of {self.value.type}"
            )

    def values(self) -> list[Any]:
        """All elements in row-major order."""
        values = list(self.value.get_values())
        if len(values) == 1:
            values *= math.prod(self.out_type.get_shape())
        return [bool(v) for v in values] if dtype_of(self.out_type) == "i1" else values

    def fields(self) -> dict[str, Any]:
        return {"values": f"[{', '.join(python_scalar(v) for v in self.values())}]"}


@irdl_op_definition
class ArangeOp(Creation):
    """
    0, 1, 2, ... of a one-dimensional type.

    `%y = tops.arange : tensor<4xi32>`
    """

    name = "tops.arange"
    y = result_def(AnyTensor)
    traits = traits_def(
        Numpy("np.copyto({out}, np.arange({out}.size), casting='unsafe')", NUMBER, rule=ANY)
    )

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        if result is None or len(result.get_shape()) != 1:
            raise VerifyException(f"'tops.arange' makes a tensor of rank 1, got {result}")
        return result
