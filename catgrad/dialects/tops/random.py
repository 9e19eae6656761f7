"""
Counter-based random numbers: the same bits on every target.

Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3; 2011) with
key = (seed, 0) and counter = (i div 4, site, step, 0); element i is word i mod 4. The NumPy meaning
calls `random_words(seed, step, site, count)`, which the runtime of a NumPy program defines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import IntegerAttr
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def, traits_def
from xdsl.traits import OpTrait
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
    dtype_of,
    tensor,
)


class Random(TopsOp):
    """Operands are the scalars seed and step (i32); `site` tells apart the ops of one program."""

    seed = operand_def(AnyTensor)
    step = operand_def(AnyTensor)
    site = prop_def(IntegerAttr)
    y = result_def(AnyTensor)

    @classmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        trait = next(t for t in cls.traits.traits if isinstance(t, RandomResult))
        if any(t != tensor((), "i32") for t in types):
            raise VerifyException(
                f"'{cls.name}' takes seed and step of tensor<i32>, "
                f"got {' and '.join(map(str, types))}"
            )
        if result is None or dtype_of(result) not in trait.results:
            raise VerifyException(
                f"'{cls.name}' gives {' or '.join(trait.results)}, asked for {result}"
            )
        if not 0 <= props["site"] < 2**31:
            raise VerifyException(f"'{cls.name}': site {props['site']} must lie in [0, 2^31)")
        return result

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return None, None


@dataclass(frozen=True)
class RandomResult(OpTrait):
    """The element types that a random op can give; its NumPy meaning calls `random_words`."""

    results: tuple[str, ...]


@irdl_op_definition
class RandomBitsOp(Random):
    """
    Random words, uniform over all i32.

    `%y = tops.random_bits %s, %t, site = 0 : i64 : (tensor<i32>, tensor<i32>) -> tensor<4xi32>`
    """

    name = "tops.random_bits"
    traits = traits_def(
        Numpy(
            "np.copyto({out}, random_words({0}, {1}, {site}, {out}.size).reshape({shape}))",
            ANY,
            rule=ANY,
        ),
        RandomResult(("i32",)),
    )


@irdl_op_definition
class RandomUniformOp(Random):
    """
    Uniform on (0, 1): (word >>> 9) * 2^-23 + 2^-24, exact in f32.

    `%y = tops.random_uniform %s, %t, site = 0 : i64 : (tensor<i32>, tensor<i32>) -> tensor<4xf32>`
    """

    name = "tops.random_uniform"
    traits = traits_def(
        Numpy(
            "np.copyto({out}, "
            "(random_words({0}, {1}, {site}, {out}.size).view(np.uint32) >> 9).reshape({shape}), "
            "casting='unsafe'); "
            "np.multiply({out}, 2.0**-23, out={out}); np.add({out}, 2.0**-24, out={out})",
            ANY,
            rule=ANY,
        ),
        RandomResult(FLOAT),
    )
