"""
Sliding windows over the last axes: `patches` takes them out, its dagger `unpatches` adds them up.

    image  (lead..., size...)             element -low + o * stride + k * dilation of each axis is
    windows (lead..., count..., kernel...)        element o, k of the windows; padding is zero

    low  size  high
    |..|#####|.|          count = (low + size + high - extent) // stride + 1
    |___|                 extent = (kernel - 1) * dilation + 1

A convolution is `patches` and a matrix product, pooling is `patches` and a reduction. The NumPy
meaning calls functions that the runtime of a NumPy program defines.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import DenseArrayBase
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def, traits_def
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.tops.base import (
    ANY,
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

KEYS = ("kernel", "stride", "padding_low", "padding_high", "dilation")


class Windows(TopsOp):
    """One number per axis in each property; the axes are the last of the image."""

    x = operand_def(AnyTensor)
    kernel = prop_def(DenseArrayBase)
    stride = prop_def(DenseArrayBase)
    padding_low = prop_def(DenseArrayBase)
    padding_high = prop_def(DenseArrayBase)
    dilation = prop_def(DenseArrayBase)
    y = result_def(AnyTensor)

    @classmethod
    def windows_of(cls, image: Tensor, props: Props) -> Tensor:
        """The type of the windows; VerifyException where they do not fit the image."""
        shape = list(image.get_shape())
        lists: list[tuple[int, ...]] = [props[key] for key in KEYS]
        rank = len(lists[0])
        if {len(numbers) for numbers in lists} != {rank} or not 1 <= rank <= len(shape):
            raise VerifyException(
                f"'{cls.name}' of {image}: {', '.join(KEYS)} need one number for each of the "
                f"last axes, got {', '.join(str(list(numbers)) for numbers in lists)}"
            )
        lead, sizes = shape[:-rank], shape[-rank:]
        counts = [cls._count(image, *numbers) for numbers in zip(sizes, *lists, strict=True)]
        return tensor([*lead, *counts, *lists[0]], image.element_type)

    @classmethod
    def _count(
        cls, image: Tensor, size: int, kernel: int, stride: int, low: int, high: int, dilation: int
    ) -> int:
        """The number of windows along one axis."""
        if min(kernel, stride, dilation) < 1 or min(low, high) < 0:
            raise VerifyException(
                f"'{cls.name}' of {image}: kernel {kernel}, stride {stride} and dilation "
                f"{dilation} must be > 0, padding {low} and {high} >= 0"
            )
        extent, padded = (kernel - 1) * dilation + 1, low + size + high
        if extent > padded:
            raise VerifyException(
                f"'{cls.name}' of {image}: a window of {extent} (kernel {kernel}, dilation "
                f"{dilation}) is larger than the padded axis of {padded}"
            )
        return (padded - extent) // stride + 1


@irdl_op_definition
class PatchesOp(Windows):
    """
    The windows of the last axes: (lead..., sizes...) -> (lead..., counts..., kernel...).

    `%y = tops.patches %x, dilation = [1], kernel = [3], padding_high = [0], padding_low = [1], stride = [2] : (tensor<2x6xf32>) -> tensor<2x3x3xf32>`
    """  # noqa: E501

    name = "tops.patches"
    traits = traits_def(
        Numpy("take_windows({0}, {out}, {stride}, {padding_low}, {dilation})", ANY, rule=ANY)
    )

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        return cls.windows_of(types[0], props)

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (ops.emit("unpatches", cotangents[0], type=inputs[0].type, **self.props()),)


@irdl_op_definition
class UnpatchesOp(Windows):
    """
    Zeros, with each window added where `patches` took it from: the dagger of `patches`.

    `%y = tops.unpatches %x, dilation = [1], kernel = [3], padding_high = [0], padding_low = [1], stride = [2] : (tensor<2x3x3xf32>) -> tensor<2x6xf32>`
    """  # noqa: E501

    name = "tops.unpatches"
    traits = traits_def(
        Numpy("add_windows({0}, {out}, {stride}, {padding_low}, {dilation})", ANY, rule=ANY)
    )

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        (x,) = types
        if result is None:
            raise VerifyException("'tops.unpatches' needs a result type")
        expected = cls.windows_of(result, props)
        if x != expected:
            raise VerifyException(f"'tops.unpatches' into {result} takes {expected}, got {x}")
        return result

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return (ops.emit("patches", cotangents[0], **self.props()),)


def is_unpadded(op: Windows) -> bool:
    """Whether no window reaches beyond the image."""
    return not any((*op.props()["padding_low"], *op.props()["padding_high"]))
