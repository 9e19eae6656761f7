"""What there is: passes, ops, dialects and targets, one a line."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence

from xdsl.context import Context
from xdsl.ir import Operation
from xdsl.passes import ModulePass, get_pass_option_infos
from xdsl.traits import ConstantLike, HasCanonicalizationPatternsTrait

from catgrad._errors import UsageError, suggest
from catgrad.pipelines import LOWER_TO, PIPELINES, NamedPipeline, PassFactories, text_of
from catgrad.targets._placement import target_names

WIDTH = 28


def summary(doc: str) -> str:
    """The first sentence of a docstring."""
    return " ".join(inspect.cleandoc(doc).partition("\n\n")[0].split()).partition(". ")[0]


def rows(pairs: Iterable[tuple[str, str]]) -> str:
    """Two columns."""
    return "".join(f"{name:{WIDTH}} {text}".rstrip() + "\n" for name, text in pairs)


def list_passes(available: PassFactories) -> str:
    """Every pass with its options and the first sentence of its docstring."""
    found: list[tuple[str, str]] = []
    placing = target_names()
    for name in sorted(available):
        class_ = available[name]()
        if not issubclass(class_, NamedPipeline):
            found.append((name, _pass_text(class_)))
        elif name in PIPELINES or name.removeprefix(LOWER_TO) in placing:
            found.append((name, f"= {text_of(name)}"))
    return rows(found)


def _pass_text(class_: type[ModulePass]) -> str:
    options = [
        f"{o.name.replace('_', '-')}: {o.expected_type.replace(chr(39), '')}"
        for o in get_pass_option_infos(class_)
        if o.name != "name"
    ]
    doc = class_.__doc__ or ""  # not inherited, and not what dataclasses make up
    text = "" if doc.startswith(f"{class_.__name__}(") else summary(doc)
    return f"{{{', '.join(options)}}} {text}" if options else text


def list_ops(ctx: Context, names: Sequence[str]) -> str:
    """The ops of dialects: what they are, and whether they have a rule and are simplified."""
    found: list[tuple[str, str]] = []
    for name in names:
        if name not in ctx.registered_dialect_names:
            close = suggest(name, ctx.registered_dialect_names)
            raise UsageError(f"--list-ops: no dialect '{name}'{close}")
        dialect = ctx.get_dialect(name)
        found += [(op.name, _op_text(op)) for op in sorted(dialect.operations, key=_name)]
    return rows(found)


def _name(op: type[Operation]) -> str:
    return op.name


def _op_text(op: type[Operation]) -> str:
    from catgrad.dialects.tops.base import ReverseRule

    marks = {
        "rule": op.has_trait(ReverseRule, value_if_unregistered=False),
        "patterns": op.has_trait(HasCanonicalizationPatternsTrait, value_if_unregistered=False),
        "constant": op.has_trait(ConstantLike, value_if_unregistered=False),
    }
    text = summary(op.__doc__ or "")
    traits = ", ".join(mark for mark, has in marks.items() if has)
    return f"[{traits}] {text}" if traits else text


def list_names(names: Iterable[str]) -> str:
    """Names alone: to load all of xDSL's dialects would take seconds."""
    return "".join(f"{name}\n" for name in sorted(names))
