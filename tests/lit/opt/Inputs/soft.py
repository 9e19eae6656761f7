"""A dialect and a pass as a user writes them, a rule for an op of xDSL, and decompositions."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import math
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Dialect
from xdsl.irdl import irdl_op_definition, traits_def
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter
from xdsl.universe import Universe

from catgrad.dialects.tops.unary import CosOp, SinOp
from catgrad.extending import Array, Arrays, Emitter, Given, Numpy, Unary, decomposition, rule


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


@irdl_op_definition
class TwinOp(Unary):
    """
    2 x. Its decomposition needs itself.

    `%y = soft.twin %x : tensor<2x3xf64>`
    """

    name = "soft.twin"
    traits = traits_def(Numpy("np.add({0}, {0}, out={out})"))

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        return [cotangents[0] + cotangents[0]]


Soft = Dialect("soft", [SoftsignOp, TwinOp])


@decomposition(SoftsignOp)
def softsign(op: SoftsignOp, inputs: Arrays, ops: Emitter) -> Array:
    """For targets that print no softsign."""
    return inputs[0] / (abs(inputs[0]) + 1)


@decomposition(TwinOp)
def twin(op: TwinOp, inputs: Arrays, ops: Emitter) -> Array:
    """A mistake."""
    return ops.insert(TwinOp(inputs[0].value))


@rule(math.SinOp, "np.sin({0}, out={out})", "%y = math.sin %x : tensor<2x3xf64>")
def sin(inputs: Arrays, outputs: Arrays, cotangents: Given, ops: Emitter) -> Given:
    """The rule g cos x."""
    (g,) = cotangents
    return [None if g is None else g * inputs[0].unary("cos")]


@decomposition(math.CosOp, target="ggml")
def cos(op: math.CosOp, inputs: Arrays, ops: Emitter) -> list[Array]:
    """For one target alone."""
    return [inputs[0].unary("cos")]


@decomposition(math.TanOp)
def tan(op: math.TanOp, inputs: Arrays, ops: Emitter) -> Array:
    """A mistake: the wrong type."""
    return inputs[0].astype("i32")


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
