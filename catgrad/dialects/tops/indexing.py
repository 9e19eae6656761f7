"""Gather and scatter with run-time indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.dialects.builtin import IntegerAttr
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.tops.base import (
    ANY,
    INTEGER,
    AnyTensor,
    Arrays,
    Emitter,
    Given,
    Numpy,
    Props,
    Tensor,
    TopsOp,
    dtype_of,
    tensor,
    tensor_of,
)


class Indexing(TopsOp):
    """Ops whose second operand holds indices (i32 or i64) along `axis`; declared zero in them."""

    x = operand_def(AnyTensor)
    indices = operand_def(AnyTensor)
    axis = prop_def(IntegerAttr)
    y = result_def(AnyTensor)

    @property
    def size(self) -> int:
        """The size of the axis that the indices point into."""
        whole = self.x if isinstance(self, TakeOp) else self.y
        return tensor_of(whole).get_shape()[self.axis.value.data]

    @classmethod
    def check(cls, types: Sequence[Tensor], axis: int, rank: int) -> None:
        """Raise unless the indices are integers and the axis exists."""
        if dtype_of(types[1]) not in INTEGER:
            raise VerifyException(f"'{cls.name}' takes indices of type i32 or i64, got {types[1]}")
        if not 0 <= axis < rank:
            raise VerifyException(f"'{cls.name}': axis {axis} must lie in [0, {rank})")


@irdl_op_definition
class TakeOp(Indexing):
    """
    The slices of x at `indices` along `axis`; the axis is replaced by the axes of `indices`.

    Every index lies in [0, size of the axis).

    `%y = tops.take %x, %i, axis = 0 : i64 : (tensor<5x2xf32>, tensor<3xi32>) -> tensor<3x2xf32>`
    """

    name = "tops.take"
    traits = traits_def(Numpy("np.take({0}, {1}, axis={axis}, out={out})", ANY, rule=ANY))

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        (x, indices), axis = types, props["axis"]
        shape = list(x.get_shape())
        cls.check(types, axis, len(shape))
        return tensor([*shape[:axis], *indices.get_shape(), *shape[axis + 1 :]], x.element_type)

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        x, indices = inputs
        axis = self.props()["axis"]
        return ops.emit("scatter_add", cotangents[0], indices, type=x.type, axis=axis), None


@irdl_op_definition
class ScatterAddOp(Indexing):
    """
    Zeros, with the slices of x added at `indices` along `axis`: the dagger of `take`.

    They are added to a third operand instead, if there is one: to its own storage where it dies.
    Every index lies in [0, size of the result's axis).

    `%y = tops.scatter_add %x, %i, axis = 0 : i64 : (tensor<3xf32>, tensor<3xi32>) -> tensor<5xf32>`
    """

    name = "tops.scatter_add"
    x = operand_def(AnyTensor)
    indices = operand_def(AnyTensor)
    into = opt_operand_def(AnyTensor)
    traits = traits_def(
        Numpy(
            "{out}[...] = {2}; np.add.at({out}, ({lead}{1},), {0})",
            ANY,
            rule=ANY,
            boolean="{out}[...] = {2}; np.logical_xor.at({out}, ({lead}{1},), {0})",
        )
    )

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        x, indices, *into = types
        axis = props["axis"]
        if result is None:
            raise VerifyException("'tops.scatter_add' needs a result type")
        shape = list(result.get_shape())
        cls.check(types, axis, len(shape))
        expected = tensor(
            [*shape[:axis], *indices.get_shape(), *shape[axis + 1 :]], result.element_type
        )
        if x != expected:
            raise VerifyException(
                f"'tops.scatter_add' into {result} at {indices} takes {expected}, got {x}"
            )
        if into not in ([], [result]):
            raise VerifyException(f"'tops.scatter_add' into {result} cannot add to {into[0]}")
        return result

    def fields(self) -> dict[str, Any]:
        return {"lead": "slice(None), " * self.props()["axis"]}

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        (g,), axis = cotangents, self.props()["axis"]
        taken = ops.emit("take", g, inputs[1], axis=axis)
        if self.into:
            return taken, None, g
        return taken, None
