"""The matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.dialects.builtin import UnitAttr
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, result_def, traits_def
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


@irdl_op_definition
class MatmulOp(TopsOp):
    """
    The product of matrices, batched over equal leading axes; each operand may be transposed.

    On i1 products are and, sums xor.

    `%y = tops.matmul %a, %b, transpose_b : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>`
    """

    name = "tops.matmul"
    a = operand_def(AnyTensor)
    b = operand_def(AnyTensor)
    transpose_a = opt_prop_def(UnitAttr)
    transpose_b = opt_prop_def(UnitAttr)
    y = result_def(AnyTensor)
    traits = traits_def(
        Numpy(
            "np.matmul({0}{flip_a}, {1}{flip_b}, out={out})",
            ANY,
            rule=ANY,
            boolean="np.copyto("
            "{out}, np.matmul({0}{flip_a}, {1}{flip_b}, dtype=np.int64) % 2 == 1)",
        )
    )

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        a, b = types
        sa, sb = list(a.get_shape()), list(b.get_shape())
        if (
            len(sa) < 2
            or len(sa) != len(sb)
            or sa[:-2] != sb[:-2]
            or a.element_type != b.element_type
        ):
            raise VerifyException(
                "'tops.matmul' needs two tensors of rank >= 2, equal in element type and leading "
                f"axes, got {a} and {b}"
            )
        (m, k), (l, n) = sa[-2:], sb[-2:]
        if props.get("transpose_a"):
            m, k = k, m
        if props.get("transpose_b"):
            l, n = n, l
        if k != l:
            raise VerifyException(
                f"'tops.matmul' contracts axes of size {k} and {l}: got {a} and {b}"
            )
        return tensor([*sa[:-2], m, n], a.element_type)

    def fields(self) -> dict[str, Any]:
        flip = ".T" if len(self.out_type.get_shape()) == 2 else ".swapaxes(-1, -2)"
        return {
            "flip_a": flip if self.transpose_a is not None else "",
            "flip_b": flip if self.transpose_b is not None else "",
        }

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        """For Y = A B: dA = G B', dB = A' G; with flags the same under the flags' transposes."""
        (a, b), g = inputs, cotangents[0]
        ta, tb = self.transpose_a is not None, self.transpose_b is not None
        da = b.matmul(g, tb, True) if ta else g.matmul(b, False, not tb)
        db = g.matmul(a, True, ta) if tb else a.matmul(g, not ta, False)
        return da, db
