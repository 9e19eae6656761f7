"""The derivatives of arrows, R[f] and D[f]."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import FlatSymbolRefAttrConstr, FunctionType, IntegerAttr, StringAttr
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.cat.arrows import (
    AnyTensor,
    flat_symbol,
    parse_signature,
    parse_values,
    print_signature,
    print_values,
)


def _types(types: Sequence[Attribute]) -> str:
    return ", ".join(map(str, types))


class Derivative(IRDLOperation):
    """A derivative of an arrow at `primals`; the type printed is the arrow's own."""

    callee = prop_def(FlatSymbolRefAttrConstr)
    scope = opt_prop_def(StringAttr)
    site = opt_prop_def(IntegerAttr)
    primals = var_operand_def(AnyTensor)
    tangents = var_operand_def(AnyTensor)
    outs = var_result_def(AnyTensor)
    traits = traits_def(Pure())
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(
        self,
        callee: str,
        primals: Sequence[SSAValue],
        tangents: Sequence[SSAValue],
        outputs: Sequence[Attribute],
        scope: StringAttr | None = None,
        site: IntegerAttr | None = None,
    ):
        primal_types = [v.type for v in primals]
        seconds = primal_types if self.name == "cat.reverse" else list(outputs)
        super().__init__(
            operands=[list(primals), list(tangents)],
            result_types=[[*outputs, *seconds]],
            properties={"callee": flat_symbol(callee), "scope": scope, "site": site},
        )

    @property
    def target(self) -> str:
        """The name of the arrow differentiated."""
        return self.callee.root_reference.data

    @property
    def count(self) -> int:
        """The number of results of the arrow itself; the (co)tangents follow them."""
        if self.name == "cat.reverse":
            return len(self.results) - len(self.primals)
        return len(self.results) // 2

    @property
    def values(self) -> Sequence[SSAValue]:
        """The arrow's own results."""
        return self.results[: self.count]

    @property
    def derivatives(self) -> Sequence[SSAValue]:
        """A' of a reverse, B' of a forward derivative."""
        return self.results[self.count :]

    @property
    def signature(self) -> FunctionType:
        """The type of the arrow differentiated, as this op sees it."""
        return FunctionType.from_lists(
            [v.type for v in self.primals], [v.type for v in self.values]
        )

    def verify_(self) -> None:
        reverse = self.name == "cat.reverse"
        given = [v.type for v in self.tangents]
        expected = [v.type for v in (self.values if reverse else self.primals)]
        got = [v.type for v in self.derivatives]
        seconds = [v.type for v in (self.primals if reverse else self.values)]
        if given != expected:
            raise VerifyException(
                f"'{self.name}' of @{self.target} needs ({_types(expected)}) as its second "
                f"operands, got ({_types(given)})"
            )
        if got != seconds:
            raise VerifyException(
                f"'{self.name}' of @{self.target} gives ({_types(seconds)}) as derivatives, "
                f"its type says ({_types(got)})"
            )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.target)
        print_values(printer, self.primals)
        print_values(printer, self.tangents)
        print_signature(printer, self, self.signature)

    @classmethod
    def parse(cls, parser: Parser) -> Derivative:
        callee = parser.parse_symbol_name()
        primals, tangents, position = parse_values(parser), parse_values(parser), parser.pos
        props, extra, signature = parse_signature(parser)
        inputs, outputs = list(signature.inputs), list(signature.outputs)
        reverse = cls.name == "cat.reverse"
        op = cls(
            callee.data,
            parser.resolve_operands(primals, inputs, position),
            parser.resolve_operands(tangents, outputs if reverse else inputs, position),
            outputs,
        )
        op.properties.update(props)
        op.attributes.update(extra)
        return op


@irdl_op_definition
class ReverseOp(Derivative):
    """
    The reverse derivative R[f] and f's value: `cat.reverse @f (A)(B') -> B, A'`.

    `%y, %dx = cat.reverse @f(%x)(%dy) : (tensor<2xf32>) -> tensor<f32>`
    """

    name = "cat.reverse"


@irdl_op_definition
class ForwardOp(Derivative):
    """
    The forward derivative D[f] and f's value: `cat.forward @f (A)(A') -> B, B'`.

    `%y, %dy = cat.forward @f(%x)(%dx) : (tensor<2xf32>) -> tensor<f32>`
    """

    name = "cat.forward"
