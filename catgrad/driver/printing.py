"""The IR as text; functions with long signatures have aliases for their types."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import StringIO
from typing import cast

from xdsl.dialects.builtin import FunctionType, ModuleOp, NoneAttr, TensorType
from xdsl.ir import Attribute, Dialect
from xdsl.printer import Printer

LONG = 400
"""How many characters the types of a signature may take before they get aliases."""


@dataclass(eq=False, repr=False)
class AliasPrinter(Printer):
    """Prints aliases in place of the types that have one."""

    aliases: dict[Attribute, str] = field(default_factory=dict[Attribute, str])

    def print_attribute(self, attribute: Attribute) -> None:
        if (alias := self.aliases.get(attribute)) is not None:
            self.print_string(alias)
        else:
            super().print_attribute(attribute)


def aliases_of(module: ModuleOp) -> dict[Attribute, str]:
    """
    An alias for each tensor type of a long signature, such as `!f32_12x64` for `tensor<12x64xf32>`.

    A type has the same alias in every module, so that modules can be compared as text.
    """
    found: dict[Attribute, str] = {}
    for op in module.body.block.ops:
        signature = op.properties.get("function_type")
        if isinstance(signature, FunctionType):
            types = [*signature.inputs, *signature.outputs]
            if sum(len(str(type_)) for type_ in types) > LONG:
                found.update((t, name) for t in types if (name := _alias(t)) is not None)
    return dict(sorted(found.items(), key=lambda item: item[1]))


def _alias(attribute: Attribute) -> str | None:
    if not isinstance(attribute, TensorType):
        return None
    type_ = cast("TensorType[Attribute]", attribute)
    shape, element = type_.get_shape(), str(type_.element_type)
    if not isinstance(type_.encoding, NoneAttr):
        return None
    if not shape or min(shape) < 0 or not element.isalnum():
        return None
    return f"!{element}_{'x'.join(map(str, shape))}"


def text_of(module: ModuleOp, options: argparse.Namespace, dialects: Iterable[Dialect] = ()) -> str:
    """The module, in the form that the options ask for; with the resources of dialects, if any."""
    aliases = {} if options.no_type_aliases else aliases_of(module)
    stream = StringIO()
    printer = AliasPrinter(
        stream=stream,
        print_generic_format=options.print_op_generic,
        print_properties_as_attributes=options.print_no_properties,
        print_debuginfo=options.print_debuginfo,
        aliases=aliases,
    )
    for type_, name in aliases.items():
        stream.write(f"{name} = {type_}\n")
    printer.print_op(module)
    printer.print_metadata(dialects)
    return stream.getvalue()
