"""What is drawn: the arrow of a file, as it is written or with its derivatives taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import Attribute, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint

from catgrad._errors import CompileError, UsageError
from catgrad._models import program_of
from catgrad.compiler import check_target
from catgrad.dialects import cat
from catgrad.dialects._checks import suggestion, symbol_table
from catgrad.dialects._names import fresh_name
from catgrad.dialects.cat import NAME, ROLE, UPDATES, text_of
from catgrad.dialects.tops.base import FLOAT, Tensor, dtype_of
from catgrad.driver.checking import check
from catgrad.driver.parse import parse
from catgrad.pictures.diagram import Diagram, Tag
from catgrad.pictures.opening import Ends, attributes, diagram_of, kind_of, result_name
from catgrad.pipelines import TOPS, apply_pass, flatten, parse_passes
from catgrad.universe import available_passes, known_context

STAGES = ("traced", "differentiated")
DIFFERENTIATE = "cat-differentiate"
SHOWN = 12
"""Arrows that an error names."""


def read_module(path: Path, target: str, kernels: str | None) -> tuple[Context, ModuleOp]:
    """
    The module of a file: Python that defines `parts`, or IR as text (`.mlir`).

    Raises CompileError, UsageError, ParseError or InvalidInput for what is wrong with it.
    """
    check_target(target, kernels)
    ctx = known_context()
    if path.suffix != ".mlir":
        return ctx, program_of(path, target, kernels).module
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    module, _ = parse(ctx, data, str(path))
    check(module)
    return ctx, module


def find_arrow(module: ModuleOp, name: str | None, file: str) -> cat.ArrowOp:
    """The arrow of a name; without one `step`, else the first public arrow, else the last."""
    table = symbol_table(module)
    if not table:
        raise CompileError(
            f"{file} has no cat.arrow; expected IR at the level cat, before cat-to-tops"
        )
    if name is None:
        public = [arrow for arrow in table.values() if not arrow.private]
        return table.get("step") or (public[0] if public else list(table.values())[-1])
    if (found := table.get(name.removeprefix("@"))) is None:
        raise CompileError(
            f"{file} has no arrow @{name.removeprefix('@')}{known(name, list(table))}"
        )
    return found


def known(name: str, names: Sequence[str]) -> str:
    """What there is instead of a name that there is not."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    close = suggestion(name.removeprefix("@"), names)
    return f"; it has {', '.join(f'@{n}' for n in names[:SHOWN])}{more}{close}"


@dataclass(frozen=True)
class Subject:
    """An arrow to draw, and what its arguments and results are."""

    arrow: cat.ArrowOp
    table: dict[str, cat.ArrowOp]
    ends: Ends

    def diagram(self, depth: int | None) -> Diagram:
        """Its string diagram."""
        return diagram_of(self.arrow, self.table, self.ends, depth)


def has_derivatives(arrow: cat.ArrowOp, table: dict[str, cat.ArrowOp]) -> bool:
    """Whether an arrow takes a derivative, itself or in what it calls."""
    todo, seen = [arrow.symbol], {arrow.symbol}
    while todo:
        for op in table[todo.pop()].block.ops:
            if isinstance(op, cat.Derivative):
                return True
            if isinstance(op, cat.CallOp) and op.target in table and op.target not in seen:
                seen.add(op.target)
                todo.append(op.target)
    return False


def subject_of(ctx: Context, module: ModuleOp, arrow: cat.ArrowOp, stage: str | None) -> Subject:
    """
    An arrow at a stage: "traced", as it is, or "differentiated". The module may change.

    Without derivatives in it, what is differentiated is the arrow itself. By default an arrow is
    differentiated if it takes derivatives.
    """
    table = symbol_table(module)
    ends = Ends(
        stored(module, arrow.symbol), [_updated(arrow, i) for i in range(len(arrow.outputs))]
    )
    taken = has_derivatives(arrow, table)
    if stage == "traced" or (stage is None and not taken):
        return Subject(arrow, table, ends)
    name = arrow.symbol
    if not taken:
        name, ends = _take_reverse(module, arrow, ends)
    for pass_ in differentiating():
        apply_pass(pass_, ctx, module)
    table = symbol_table(module)
    return Subject(table[name], table, ends)


def differentiating() -> list[ModulePass]:
    """The passes of the compiler up to differentiation."""
    passes = flatten(parse_passes(TOPS, available_passes()))
    names = [pass_.name for pass_ in passes]
    return passes[: names.index(DIFFERENTIATE) + 1]


def _updated(arrow: cat.ArrowOp, index: int) -> Tag | None:
    """The stored tensor that a result updates."""
    attrs = attributes(arrow.res_attrs, index)
    name = text_of(attrs.get(UPDATES))
    return None if name is None else Tag(name, kind_of(text_of(attrs.get(ROLE))))


def stored(module: ModuleOp, symbol: str) -> list[Tag | None]:
    """The arguments of an arrow that are stored tensors, by its own word or by a caller's."""
    table = symbol_table(module)
    arrow = table[symbol]
    found: list[Tag | None] = []
    for i, arg in enumerate(arrow.block.args):
        attrs = attributes(arrow.arg_attrs, i)
        if (role := text_of(attrs.get(ROLE))) is not None:
            found.append(Tag(text_of(attrs.get(NAME)) or arg.name_hint or "?", kind_of(role)))
        else:
            found.append(None)
    if any(found) or not arrow.private:
        return found
    for caller in table.values():
        for op in caller.block.ops:
            if isinstance(op, cat.CallOp | cat.Derivative) and op.target == symbol:
                outer: dict[SSAValue, Tag | None] = dict(
                    zip(caller.block.args, stored(module, caller.symbol), strict=True)
                )
                return [
                    Tag(arg.name_hint or tag.text, tag.kind) if (tag := outer.get(v)) else None
                    for arg, v in zip(arrow.block.args, op.operands, strict=False)
                ]
    return found


def _take_reverse(module: ModuleOp, arrow: cat.ArrowOp, ends: Ends) -> tuple[str, Ends]:
    """
    Add the arrow (a, b') -> (f(a), R[f](a, b')); its name, and what its ends are.

    Of floating arrows only floating inputs have a derivative worth drawing.
    """
    name = fresh_name(f"R[{arrow.symbol}]", symbol_table(module))
    made = cat.ArrowOp(name, ([*arrow.inputs, *arrow.outputs], []))
    args, count = list(made.block.args), len(arrow.inputs)
    for arg, value in zip(args, [*arrow.block.args, *arrow.result.values], strict=True):
        arg.name_hint = value.name_hint if arg.index < count else f"d_{result_name(value)}"
    reverse = cat.ReverseOp(arrow.symbol, args[:count], args[count:], arrow.outputs)
    floats = [i for i, type_ in enumerate(arrow.inputs) if _is_float(type_)]
    wanted = floats if any(map(_is_float, arrow.outputs)) else list(range(count))
    results: list[SSAValue] = [*reverse.values, *(reverse.derivatives[i] for i in wanted)]
    hints = [result_name(v) for v in arrow.result.values] + [
        f"d_{args[i].name_hint}" for i in wanted
    ]
    for value, hint in zip(results, hints, strict=True):
        value.name_hint = hint
    builder = Builder(InsertPoint.at_end(made.block))
    for op in (reverse, cat.ReturnOp(results)):
        builder.insert(op)
    made.function_type = type(made.function_type).from_lists(
        [v.type for v in args], [v.type for v in results]
    )
    module.body.block.add_op(made)
    tags = [tag and Tag(tag.text, "gradient") for tag in (ends.given[i] for i in wanted)]
    return name, Ends(
        [*ends.given, *([None] * len(arrow.outputs))], [*([None] * len(arrow.outputs)), *tags]
    )


def _is_float(type_: Attribute) -> bool:
    return isinstance(type_, TensorType) and dtype_of(cast(Tensor, type_)) in FLOAT
