"""Arrows, their results, and calls: morphisms and their composition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    ArrayAttr,
    BytesAttr,
    DictionaryAttr,
    FlatSymbolRefAttrConstr,
    FunctionType,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    TensorType,
    UnitAttr,
)
from xdsl.dialects.utils import parse_func_op_like, print_func_op_like
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import (
    BaseAttr,
    IRDLOperation,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, IsTerminator, Pure, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

AnyTensor = BaseAttr(TensorType)
NAME, ROLE, UPDATES = "tops.name", "tops.role", "tops.updates"
"""Attributes of arguments (name, role) and results (updates, role)."""


def text_of(attribute: Attribute | None) -> str | None:
    """The text of a string attribute; xDSL reads back as bytes what is not ASCII."""
    match attribute:
        case StringAttr():
            return attribute.data
        case BytesAttr():
            return attribute.data.decode("utf-8", "replace")
        case _:
            return None


def flat_symbol(name: str) -> SymbolRefAttr:
    """`@name`."""
    return SymbolRefAttr(name)


@irdl_op_definition
class ReturnOp(IRDLOperation):
    """
    Ends an arrow with its results.

    `cat.return %y : tensor<2xf32>`
    """

    name = "cat.return"
    values = var_operand_def(AnyTensor)
    traits = traits_def(IsTerminator(), Pure())
    assembly_format = "attr-dict ($values^ `:` type($values))?"

    def __init__(self, values: Sequence[SSAValue]):
        super().__init__(operands=[list(values)])


@irdl_op_definition
class ArrowOp(IRDLOperation):
    """
    A morphism: a symbol with a single block. `private` arrows vanish when inlined.

    Attributes: `reverse = @g` gives the derivative `@g : A x B' -> A'`, additive in B'; with
    `surrogate` it need not be the derivative. `monoidal`: every value is used exactly once.

    ```
    cat.arrow @twice(%x: tensor<2xf32>) -> tensor<2xf32> {
      %y = tops.add %x, %x : tensor<2xf32>
      cat.return %y : tensor<2xf32>
    }
    ```
    """

    name = "cat.arrow"
    body = region_def("single_block")
    sym_name = prop_def(SymbolNameConstraint())
    function_type = prop_def(FunctionType)
    sym_visibility = opt_prop_def(StringAttr)
    arg_attrs = opt_prop_def(ArrayAttr[DictionaryAttr])
    res_attrs = opt_prop_def(ArrayAttr[DictionaryAttr])
    reverse = opt_prop_def(FlatSymbolRefAttrConstr)
    surrogate = opt_prop_def(UnitAttr)
    monoidal = opt_prop_def(UnitAttr)
    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface())

    FLAGS: ClassVar[tuple[str, ...]] = ("reverse", "surrogate", "monoidal")

    def __init__(
        self,
        name: str,
        types: tuple[Sequence[Attribute], Sequence[Attribute]],
        body: Region | None = None,
        *,
        private: bool = False,
        reverse: str | None = None,
        arg_attrs: ArrayAttr[DictionaryAttr] | None = None,
        res_attrs: ArrayAttr[DictionaryAttr] | None = None,
    ):
        inputs, outputs = types
        properties: dict[str, Attribute | None] = {
            "sym_name": StringAttr(name),
            "function_type": FunctionType.from_lists(list(inputs), list(outputs)),
            "sym_visibility": StringAttr("private") if private else None,
            "reverse": None if reverse is None else flat_symbol(reverse),
            "arg_attrs": arg_attrs,
            "res_attrs": res_attrs,
        }
        region = body if body is not None else Region(Block(arg_types=inputs))
        super().__init__(properties=properties, regions=[region])

    @property
    def symbol(self) -> str:
        """The arrow's name."""
        return self.sym_name.data

    @property
    def private(self) -> bool:
        """Whether the arrow vanishes when inlined."""
        return self.sym_visibility is not None and self.sym_visibility.data == "private"

    @property
    def custom(self) -> str | None:
        """The name of the custom derivative, if any."""
        return None if self.reverse is None else self.reverse.root_reference.data

    @property
    def block(self) -> Block:
        """The body."""
        return self.body.block

    @property
    def result(self) -> ReturnOp:
        """The `cat.return` of the body."""
        last = self.block.last_op
        assert isinstance(last, ReturnOp)
        return last

    @property
    def inputs(self) -> tuple[Attribute, ...]:
        """The argument types."""
        return self.function_type.inputs.data

    @property
    def outputs(self) -> tuple[Attribute, ...]:
        """The result types."""
        return self.function_type.outputs.data

    def verify_(self) -> None:
        block = self.block
        if tuple(block.arg_types) != self.inputs:
            raise VerifyException(
                f"arrow @{self.symbol}: block arguments differ from the signature"
            )
        if not isinstance(block.last_op, ReturnOp):
            raise VerifyException(f"arrow @{self.symbol} must end in 'cat.return'")
        returned = tuple(block.last_op.operand_types)
        if returned != self.outputs:
            got, expected = (", ".join(map(str, types)) for types in (returned, self.outputs))
            raise VerifyException(
                f"arrow @{self.symbol} returns ({got}), its signature says ({expected})"
            )
        for attrs, count, what in (
            (self.arg_attrs, len(self.inputs), "argument"),
            (self.res_attrs, len(self.outputs), "result"),
        ):
            if attrs is not None and len(attrs) != count:
                raise VerifyException(
                    f"arrow @{self.symbol} has {count} {what}s and {len(attrs)} attributes"
                )
        if self.monoidal is not None:
            self._verify_monoidal()

    def _verify_monoidal(self) -> None:
        values = [*self.block.args, *(r for op in self.block.ops for r in op.results)]
        for value in values:
            if (uses := value.uses.get_length()) != 1:
                name = f"%{value.name_hint}" if value.name_hint else "a value"
                raise VerifyException(
                    f"monoidal arrow @{self.symbol} uses {name} {uses} times, expected once: "
                    "use cat.copy or cat.discard (cat-make-monoidal does)"
                )

    def print(self, printer: Printer) -> None:
        if self.sym_visibility is not None:
            printer.print_string(f" {self.sym_visibility.data}")
        flags = {k: self.properties[k] for k in self.FLAGS if k in self.properties}
        print_func_op_like(
            printer,
            self.sym_name,
            self.function_type,
            self.body,
            {**self.attributes, **flags},
            arg_attrs=self.arg_attrs,
            res_attrs=self.res_attrs,
            reserved_attr_names=(),
        )

    @classmethod
    def parse(cls, parser: Parser) -> ArrowOp:
        visibility = parser.parse_optional_visibility_keyword()
        name, inputs, outputs, region, extra, arg_attrs, res_attrs = parse_func_op_like(
            parser, reserved_attr_names=("sym_name", "function_type", "sym_visibility")
        )
        if not region.blocks:
            parser.raise_error(f"arrow @{name} needs a body")
        arrow = cls(name, (inputs, outputs), region, arg_attrs=arg_attrs, res_attrs=res_attrs)
        if visibility is not None:
            arrow.sym_visibility = visibility
        if extra is not None:
            for key, value in extra.data.items():
                (arrow.properties if key in cls.FLAGS else arrow.attributes)[key] = value
        return arrow


def print_values(printer: Printer, values: Sequence[SSAValue]) -> None:
    """`(%a, %b)`."""
    with printer.in_parens():
        printer.print_list(values, printer.print_ssa_value)


def parse_values(parser: Parser) -> list[UnresolvedOperand]:
    """The operands in parentheses."""
    return parser.parse_comma_separated_list(
        parser.Delimiter.PAREN, parser.parse_unresolved_operand
    )


def print_signature(printer: Printer, op: Operation, signature: FunctionType) -> None:
    """Attributes, scope and site, then the type of the arrow referred to."""
    attributes = {
        **op.attributes,
        **{k: op.properties[k] for k in ("scope", "site") if k in op.properties},
    }
    printer.print_op_attributes(attributes)
    printer.print_string(" : ")
    printer.print_attribute(signature)


def parse_signature(
    parser: Parser,
) -> tuple[dict[str, Attribute], dict[str, Attribute], FunctionType]:
    """What `print_signature` prints: scope and site, other attributes, the type."""
    extra = parser.parse_optional_attr_dict()
    props = {k: extra.pop(k) for k in ("scope", "site") if k in extra}
    parser.parse_punctuation(":")
    return props, extra, parser.parse_function_type()


@irdl_op_definition
class CallOp(IRDLOperation):
    """
    Composition by name. Inlining prefixes hints with `scope` and adds `site` to random sites.

    `%y = cat.call @f(%x) : (tensor<2xf32>) -> tensor<2xf32>`
    """

    name = "cat.call"
    callee = prop_def(FlatSymbolRefAttrConstr)
    scope = opt_prop_def(StringAttr)
    site = opt_prop_def(IntegerAttr)
    inputs = var_operand_def(AnyTensor)
    outs = var_result_def(AnyTensor)
    traits = traits_def(Pure())

    def __init__(
        self,
        callee: str,
        inputs: Sequence[SSAValue],
        outputs: Sequence[Attribute],
        scope: StringAttr | None = None,
        site: IntegerAttr | None = None,
    ):
        super().__init__(
            operands=[list(inputs)],
            result_types=[list(outputs)],
            properties={"callee": flat_symbol(callee), "scope": scope, "site": site},
        )

    @property
    def target(self) -> str:
        """The name of the arrow called."""
        return self.callee.root_reference.data

    @property
    def signature(self) -> FunctionType:
        """The type of the arrow called, as this op sees it."""
        return FunctionType.from_lists(list(self.operand_types), list(self.result_types))

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.target)
        print_values(printer, self.inputs)
        print_signature(printer, self, self.signature)

    @classmethod
    def parse(cls, parser: Parser) -> CallOp:
        callee = parser.parse_symbol_name()
        operands, position = parse_values(parser), parser.pos
        props, extra, signature = parse_signature(parser)
        values = parser.resolve_operands(operands, list(signature.inputs), position)
        return cls.create(
            operands=values,
            result_types=list(signature.outputs),
            properties={"callee": flat_symbol(callee.data), **props},
            attributes=extra,
        )
