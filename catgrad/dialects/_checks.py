"""
Module checks: what `verify()` of single ops cannot see.

Symbols resolve and types match, the call graph is acyclic, values are defined before they are used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn, cast

from xdsl.dialects import func
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FunctionType,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    TensorType,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.utils.exceptions import DiagnosticException, VerifyException

from catgrad.dialects import cat
from catgrad.dialects.tops.base import Tensor, integers


def suggestion(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` if a known name is close to the unknown one, else nothing."""
    import difflib

    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def fail(
    op: Operation, message: str, kind: type[DiagnosticException] = VerifyException
) -> NoReturn:
    """Raise with the IR around `op` and the message under it; the error knows the op."""
    error = kind(message)
    setattr(error, "op", op)
    op.emit_error(message, error)


def symbol_table(module: ModuleOp) -> dict[str, cat.ArrowOp]:
    """The arrows by name; two of one name are an error."""
    table: dict[str, cat.ArrowOp] = {}
    for arrow in cat.arrows_of(module):
        if arrow.symbol in table:
            fail(arrow, f"arrow @{arrow.symbol} is defined twice; rename one")
        table[arrow.symbol] = arrow
    return table


def check_order(module: Operation) -> None:
    """Every operand is defined before its use (xDSL's own verifier does not look)."""
    for op in module.regions[0].block.ops:
        for region in op.regions:
            for block in region.blocks:
                _check_block(block, set())


def _check_block(block: Block, seen: set[SSAValue]) -> None:
    seen = {*seen, *block.args}
    for op in block.ops:
        for index, operand in enumerate(op.operands):
            if operand not in seen:
                fail(op, f"operand {index} of '{op.name}' is used before its definition")
        for region in op.regions:
            for inner in region.blocks:
                _check_block(inner, seen)
        seen.update(op.results)


def check_module(module: ModuleOp) -> None:
    """Check symbols, signatures, recursion and order; `VerifyException` at the first fault."""
    table = symbol_table(module)
    for arrow in table.values():
        _check_custom(arrow, table)
        for op in arrow.block.ops:
            if isinstance(op, cat.CallOp | cat.ReverseOp | cat.ForwardOp):
                _check_reference(op, op.target, op.signature, table)
    _check_acyclic(table)
    _check_stored(module)
    check_order(module)


def _check_reference(
    op: Operation, name: str, signature: FunctionType, table: dict[str, cat.ArrowOp]
) -> None:
    callee = table.get(name)
    if callee is None:
        fail(op, f"'{op.name}' refers to @{name}, which is not defined{suggestion(name, table)}")
    elif callee.function_type != signature:
        fail(op, f"'{op.name}' uses @{name} as {signature}, it is {callee.function_type}")


def _check_custom(arrow: cat.ArrowOp, table: dict[str, cat.ArrowOp]) -> None:
    if arrow.custom is None:
        if arrow.surrogate is not None:
            fail(arrow, f"arrow @{arrow.symbol} is surrogate but has no 'reverse = @g'")
        return
    expected = FunctionType.from_lists([*arrow.inputs, *arrow.outputs], list(arrow.inputs))
    _check_reference(arrow, arrow.custom, expected, table)


def _check_acyclic(table: dict[str, cat.ArrowOp]) -> None:
    """No arrow needs itself. A custom derivative may call its own arrow, but not its derivative."""
    done: set[tuple[str, str]] = set()
    for root in table:
        stack = [(("value", root), iter(_needs(("value", root), table)))]
        path = {("value", root): None}
        while stack:
            node, rest = stack[-1]
            if (child := next(rest, None)) is None:
                done.add(node)
                path.pop(node)
                stack.pop()
            elif child in path:
                circle = [name for _, name in list(path)[list(path).index(child) :]]
                # The derivative of @h needs @h itself: one step of the circle, not two.
                names = [n for n, last in zip(circle, [None, *circle], strict=False) if n != last]
                fail(
                    table[child[1]],
                    "recursion between arrows: " + " -> ".join(f"@{n}" for n in [*names, child[1]]),
                )
            elif child not in done:
                path[child] = None
                stack.append((child, iter(_needs(child, table))))


def _needs(node: tuple[str, str], table: dict[str, cat.ArrowOp]) -> list[tuple[str, str]]:
    """What the value or the derivative of an arrow is computed from."""
    kind, name = node
    arrow = table[name]
    if kind == "derivative" and arrow.custom is not None:
        return [("value", arrow.custom)] if arrow.custom in table else []
    found: list[tuple[str, str]] = [("value", name)] if kind == "derivative" else []
    for op in arrow.block.ops:
        for target in cat.references(op):
            found.append((kind if isinstance(op, cat.CallOp) else "derivative", target))
    return [pair for pair in dict.fromkeys(found) if pair[1] in table]


def _check_stored(module: ModuleOp) -> None:
    """Equal names in different public functions are one stored tensor: one type; updates fit it."""
    types: dict[str, Attribute] = {}
    for op in module.body.block.ops:
        if not isinstance(op, cat.ArrowOp | func.FuncOp):
            continue
        signature = op.function_type
        arguments = _with_types(op, op.arg_attrs, signature.inputs.data)
        results = _with_types(op, op.res_attrs, signature.outputs.data)
        for attributes, type_ in arguments:
            _check_input(op, attributes, type_)
        _check_once(op, "argument", [a.get(cat.NAME) for a, _ in arguments if cat.ROLE in a])
        _check_once(op, "update", [a.get(cat.UPDATES) for a, _ in results])
        for attributes, type_ in [*arguments, *results]:
            key = attributes.get(cat.UPDATES, attributes.get(cat.NAME))
            if key is None or not {cat.UPDATES, cat.ROLE} & attributes.keys():
                continue
            if (name := cat.text_of(key)) is None:
                fail(op, f"{cat.NAME} and {cat.UPDATES} take strings, got {key}")
            if types.setdefault(name, type_) != type_:
                fail(op, f"stored tensor {name!r} is {types[name]} elsewhere and {type_} here")


def _with_types(
    op: Operation, attrs: ArrayAttr[DictionaryAttr] | None, types: Sequence[Attribute]
) -> list[tuple[Mapping[str, Attribute], Attribute]]:
    """The attributes of arguments or results, each with its type."""
    if attrs is None:
        return []
    if len(attrs) != len(types):
        fail(op, "argument or result attributes do not match the signature")
    return [(a.data, t) for a, t in zip(attrs, types, strict=True)]


def _check_once(op: Operation, what: str, names: Sequence[Attribute | None]) -> None:
    """A function takes a stored tensor once and updates it once."""
    seen: set[Attribute] = set()
    for name in names:
        if name in seen:
            fail(op, f"stored tensor {cat.text_of(name)!r} is an {what} of this function twice")
        if name is not None:
            seen.add(name)


def _check_input(op: Operation, attributes: Mapping[str, Attribute], type_: Attribute) -> None:
    """`tops.range` is [low, high) of an integer, `tops.batch` an axis."""
    if not isinstance(type_, TensorType):
        return
    bounds, batch = attributes.get("tops.range"), attributes.get("tops.batch")
    if bounds is not None:
        limits = integers(bounds)
        whole = isinstance(cast(Tensor, type_).element_type, IntegerType)
        if limits is None or len(limits) != 2 or not limits[0] < limits[1] or not whole:
            fail(op, f"tops.range takes [low, high) of an integer tensor, got {bounds} of {type_}")
    rank = len(cast(Tensor, type_).get_shape())
    if batch is not None and not (isinstance(batch, IntegerAttr) and 0 <= batch.value.data < rank):
        fail(op, f"tops.batch takes an axis of {type_}, got {batch}")
