"""What `catgrad verify-rules` checks: ops on their docstrings' examples, custom derivatives."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.parser import Parser
from xdsl.rewriter import InsertPoint
from xdsl.utils.exceptions import DiagnosticException, ParseError, VerifyException

from catgrad._attached import ATTACHED
from catgrad._errors import UsageError, suggest
from catgrad.dialects import cat
from catgrad.dialects._checks import check_module
from catgrad.dialects._names import fresh_name
from catgrad.dialects.tops.base import ReverseRule, TopsOp, tensor_of
from catgrad.driver.parse import parse
from catgrad.targets._outside import outside
from catgrad.universe import CATGRAD_UNIVERSE


@dataclass(frozen=True)
class Subject:
    """An arrow of a module, and what it is called in the table."""

    label: str
    module: ModuleOp
    arrow: str
    surrogate: bool = False


@dataclass(frozen=True)
class Unchecked:
    """What cannot be checked, and why."""

    label: str
    reason: str


def in_double(text: str) -> str:
    """IR with f64 in place of f32: finite differences need the digits."""
    return re.sub(r"(?<=x)f32\b|\bf32\b", "f64", text)


def examples(op: type[Operation]) -> list[str]:
    """The IR that the op's rule or docstring gives as an example: one line, `%y = name ...`."""
    for trait in op.traits.traits:
        if isinstance(trait, ReverseRule) and (text := getattr(trait, "example", "")):
            return [text]
    doc = inspect.getdoc(op) or ""
    lines = (line.strip().strip("`") for line in doc.splitlines())
    return [line for line in lines if line.startswith("%") and f" {op.name} " in line]


def has_rule(op: type[Operation]) -> bool:
    """Whether an op has a reverse rule of its own."""
    if not op.has_trait(ReverseRule, value_if_unregistered=False):
        return False
    return not issubclass(op, TopsOp) or op.reverse is not TopsOp.reverse


def subjects_of_ops(ctx: Context, ops: Iterable[type[Operation]]) -> list[Subject | Unchecked]:
    """One subject for each example of each op with a rule."""
    found: list[Subject | Unchecked] = []
    for op in ops:
        if not has_rule(op):
            continue
        if not (texts := examples(op)):
            found.append(Unchecked(op.name, "no example: write `%y = ...` in its docstring"))
        for text in texts:
            try:
                found.append(_subject(ctx, op.name, in_double(text)))
            except (DiagnosticException, ParseError) as error:
                reason = getattr(error, "msg", str(error)).strip().splitlines()[-1]
                found.append(Unchecked(op.name, f"cannot read its example: {reason}"))
    return found


def _subject(ctx: Context, label: str, text: str) -> Subject:
    """The arrow of one op: its operands are the inputs."""
    op = Parser(ctx, text).parse_operation()
    for value in (*op.operands, *op.results):
        if not tensor_of(value).has_static_shape():
            raise VerifyException(f"needs static shapes, got {value.type}")
    values = list(dict.fromkeys(op.operands))
    block = Block(arg_types=[v.type for v in values])
    given = dict(zip(values, block.args, strict=True))
    op.operands = [given[v] for v in op.operands]
    block.add_op(op)
    arrow = close("f", block, op.results)
    module = ModuleOp([arrow])
    module.verify()
    return Subject(label, module, "f")


def close(name: str, block: Block, results: Sequence[SSAValue]) -> cat.ArrowOp:
    """The arrow of a body that returns `results`."""
    Builder(InsertPoint.at_end(block)).insert(cat.ReturnOp(list(results)))
    return cat.ArrowOp(name, (block.arg_types, [v.type for v in results]), Region(block))


def derivative(subject: Subject, of: str) -> str:
    """Add the arrow (a, b') -> R[of](a, b') to the subject's module; its name."""
    table = {arrow.symbol: arrow for arrow in cat.arrows_of(subject.module)}
    arrow, count = table[of], len(table[of].inputs)
    types: list[Attribute] = [*arrow.inputs, *arrow.outputs]
    block = Block(arg_types=types)
    reverse = cat.ReverseOp(of, block.args[:count], block.args[count:], arrow.outputs)
    block.add_op(reverse)
    name = fresh_name(f"R_{of}", table)
    subject.module.body.block.add_op(close(name, block, reverse.derivatives))
    return name


def subjects_of_module(ctx: Context, module: ModuleOp) -> list[Subject | Unchecked]:
    """The arrows with custom derivatives."""
    custom = [arrow for arrow in cat.arrows_of(module) if arrow.custom is not None]
    found: list[Subject | Unchecked] = []
    for arrow in custom:
        label = f"@{arrow.symbol}"
        try:
            double, _ = parse(ctx, in_double(str(module)).encode(), "in f64")
            double.verify()
            check_module(double)
        except (DiagnosticException, ParseError, UsageError) as error:
            reason = str(error).strip().splitlines()[0]
            found.append(Unchecked(label, f"cannot be written in f64: {reason}"))
            continue
        found.append(Subject(label, double, arrow.symbol, arrow.surrogate is not None))
    return found


def subjects_of(ctx: Context, what: str) -> list[Subject | Unchecked]:
    """What a file or a dialect holds; UsageError if it is neither."""
    if what.endswith(".py"):
        return _subjects_of_file(ctx, what)
    if what.endswith(".mlir"):
        try:
            data = Path(what).read_bytes()
        except OSError as error:
            raise UsageError(f"cannot read {what}: {error.strerror}") from error
        module, _ = parse(ctx, data, what)
        module.verify()
        check_module(module)
        return subjects_of_module(ctx, module)
    known = ctx.registered_dialect_names
    if what not in known:
        raise UsageError(
            f"verify-rules takes a file (.py, .mlir) or a dialect, got '{what}'"
            + suggest(what, known)
        )
    return subjects_of_ops(ctx, ctx.get_dialect(what).operations)


def _subjects_of_file(ctx: Context, path: str) -> list[Subject | Unchecked]:
    from catgrad.compiler import trace
    from catgrad.driver.plugins import refuse_taken, run_plugin, universe_of

    before = len(ATTACHED)
    script = run_plugin(path)
    ops: list[type[Operation]] = []
    new = universe_of(script)
    refuse_taken(path, new, outside(), CATGRAD_UNIVERSE)
    for factory in new.all_dialects.values():
        dialect = factory()
        ctx.load_dialect(dialect)
        ops += dialect.operations
    attached = [op for op, _ in ATTACHED[before:]]
    found = subjects_of_ops(ctx, dict.fromkeys([*ops, *attached]))
    if isinstance(parts := getattr(script, "parts", None), dict):
        text = trace(parts, name="parts").ir("cat")  # pyright: ignore[reportUnknownArgumentType]
        found += subjects_of_module(ctx, parse(ctx, text.encode(), path)[0])
    return found
