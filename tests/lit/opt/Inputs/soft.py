"""A dialect and a pass as a user writes them, and a rule for an op of xDSL."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import math
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Dialect
from xdsl.irdl import irdl_op_definition, traits_def
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter
from xdsl.universe import Universe

from catgrad.dialects.tops.base import Arrays, Emitter, Given, Numpy
from catgrad.dialects.tops.elementwise import Unary
from catgrad.dialects.tops.unary import CosOp, SinOp
from catgrad.rules import rule


@irdl_op_definition
class SoftsignOp(Unary):
    """
    x / (1 + |x|).

    `%y = soft.softsign %x : tensor<2x3xf64>`
    """

    name = "soft.softsign"
    traits = traits_def(Numpy("np.divide({0}, 1 + np.abs({0}), out={out})"))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        scale = inputs[0].unary("abs") + 1
        return [cotangents[0] / (scale * scale)]


Soft = Dialect("soft", [SoftsignOp])


@rule(math.SinOp, "np.sin({0}, out={out})", "%y = math.sin %x : tensor<2x3xf64>")
def sin(inputs: Arrays, outputs: Arrays, cotangents: Given, ops: Emitter) -> Given:
    """The rule g cos x."""
    (g,) = cotangents
    return [None if g is None else g * inputs[0].unary("cos")]


@dataclass(frozen=True)
class SoftLowerPass(ModulePass):
    """`math.sin` -> `tops.sin`; a mistake if `wrong`."""

    name = "soft-lower"
    wrong: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        lowered = CosOp if self.wrong else SinOp
        for inner in list(op.walk()):
            if isinstance(inner, math.SinOp):
                Rewriter.replace_op(inner, lowered(*inner.operands))


UNIVERSE = Universe(
    all_dialects={"soft": lambda: Soft}, all_passes={"soft-lower": lambda: SoftLowerPass}
)
