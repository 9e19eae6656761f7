"""
What is between the boxes.

copy discard      the comonoid: fan-out and drop        (daggers of add and zero)
add zero          the monoid: sums of cotangents        (daggers of copy and discard)
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.cat.arrows import AnyTensor


@irdl_op_definition
class CopyOp(IRDLOperation):
    """
    Fan-out into n >= 1 equal wires. Its dagger is `cat.add`.

    `%a, %b = cat.copy %x, 2 : tensor<2xf32>`
    """

    name = "cat.copy"
    x = operand_def(AnyTensor)
    outs = var_result_def(AnyTensor)
    traits = traits_def(Pure())

    def __init__(self, x: SSAValue, count: int):
        super().__init__(operands=[x], result_types=[[x.type] * count])

    def verify_(self) -> None:
        if not self.results or any(t != self.x.type for t in self.result_types):
            raise VerifyException("'cat.copy' gives one or more values of its operand's type")

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.x)
        printer.print_string(f", {len(self.results)}")
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.x.type)

    @classmethod
    def parse(cls, parser: Parser) -> CopyOp:
        operand = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        count = parser.parse_integer(allow_boolean=False, allow_negative=False)
        extra = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        op = cls(parser.resolve_operand(operand, parser.parse_type()), count)
        op.attributes.update(extra)
        return op


@irdl_op_definition
class DiscardOp(IRDLOperation):
    """
    Drop a wire. Its dagger is `cat.zero`. (Not `Pure`: dce would break the monoidal form.)

    `cat.discard %x : tensor<2xf32>`
    """

    name = "cat.discard"
    x = operand_def(AnyTensor)
    assembly_format = "$x attr-dict `:` type($x)"

    def __init__(self, x: SSAValue):
        super().__init__(operands=[x])


@irdl_op_definition
class AddOp(IRDLOperation):
    """
    The sum of one or more wires. Its dagger is `cat.copy`.

    `%c = cat.add %a, %b : tensor<2xf32>`
    """

    name = "cat.add"
    xs = var_operand_def(AnyTensor)
    y = result_def(AnyTensor)
    traits = traits_def(Pure())

    def __init__(self, xs: Sequence[SSAValue]):
        super().__init__(operands=[list(xs)], result_types=[xs[0].type])

    def verify_(self) -> None:
        if not self.operands or any(t != self.y.type for t in self.operand_types):
            raise VerifyException("'cat.add' takes one or more values of its result's type")

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.y.type)

    @classmethod
    def parse(cls, parser: Parser) -> AddOp:
        operands = parser.parse_comma_separated_list(
            parser.Delimiter.NONE, parser.parse_unresolved_operand
        )
        extra = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        type_ = parser.parse_type()
        op = cls([parser.resolve_operand(v, type_) for v in operands])
        op.attributes.update(extra)
        return op


@irdl_op_definition
class ZeroOp(IRDLOperation):
    """
    The zero of a type. Its dagger is `cat.discard`.

    `%z = cat.zero : tensor<2xf32>`
    """

    name = "cat.zero"
    y = result_def(AnyTensor)
    traits = traits_def(Pure())
    assembly_format = "attr-dict `:` type($y)"

    def __init__(self, type_: Attribute):
        super().__init__(result_types=[type_])
