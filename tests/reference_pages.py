"""
The reference pages of the documentation: ops, passes, pipelines, targets, from the code.

A hook of MkDocs: the pages exist in the built site only, so that they cannot lag behind.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

from mkdocs.structure.files import File, Files
from xdsl.ir import Dialect, Operation
from xdsl.irdl import IRDLOperation
from xdsl.passes import ModulePass
from xdsl.utils.target import Target

from catgrad import extending
from catgrad.dialects.tops import FAMILIES
from catgrad.dialects.tops.base import Numpy, TopsOp
from catgrad.driver.lists import summary
from catgrad.pipelines import NamedPipeline, text_of
from catgrad.universe import CATGRAD_UNIVERSE

HEAD = "<!-- made by tests/reference_pages.py -->\n\n"


def prose(doc: str | None) -> str:
    """A docstring as Markdown: a line between back quotes is an example, in a block of its own."""
    text = inspect.cleandoc(doc or "")
    text = re.sub(
        r"^`([^`\n]*(?:=|tops\.yield|cat\.)[^`\n]*)`$", r"```mlir\n\1\n```", text, flags=re.M
    )
    return re.sub(r"^```\n(?=.*?^```$)", "```mlir\n", text, count=1, flags=re.M | re.S)


# -- ops --------------------------------------------------------------------------------------
def parts_of(op: type[IRDLOperation]) -> Iterator[tuple[str, str]]:
    """What an op consists of: operands, properties, results."""
    definition = op.get_irdl_definition()
    for what, names in (
        ("operands", [name for name, _ in definition.operands]),
        ("properties", [*definition.properties]),
        ("attributes", [*definition.attributes]),
        ("regions", [name for name, _ in definition.regions]),
        ("results", [name for name, _ in definition.results]),
    ):
        if names:
            yield what, ", ".join(f"`{name}`" for name in names)


def rule_of(op: type[Operation]) -> str:
    """The source of the reverse rule, if it has one."""
    if not issubclass(op, TopsOp) or op.reverse is TopsOp.reverse:
        return ""
    return f"Reverse rule:\n\n```py\n{dedent(inspect.getsource(op.reverse)).strip()}\n```\n\n"


def meaning_of(op: type[Operation]) -> Iterator[tuple[str, str]]:
    """The NumPy meaning, and the element types it is for."""
    trait = next((t for t in op.traits.traits if isinstance(t, Numpy)), None)
    if trait is None:
        return
    yield "NumPy", f"`{trait.text or trait.view}`" + (" (a view)" if trait.view else "")
    if trait.boolean:
        yield "NumPy on i1", f"`{trait.boolean}`"
    yield "element types", ", ".join(trait.domain)
    held = [t for t in trait.rule if t in trait.domain]
    yield "with a rule on", ", ".join(held)


def op_text(op: type[Operation]) -> str:
    """The section of an op."""
    assert issubclass(op, IRDLOperation)
    rows = [*parts_of(op), *meaning_of(op)]
    table = "".join(f"| {what} | {text} |\n" for what, text in rows)
    head = f"| | |\n|---|---|\n{table}\n" if table else ""
    return f"## {op.name}\n\n{prose(op.__doc__)}\n\n{head}{rule_of(op)}"


def dialect_pages(dialect: Dialect) -> Iterator[tuple[str, str]]:
    """A page for a dialect; for `tops` one for each family."""
    homes = dict.fromkeys(op.__module__ for op in dialect.operations)
    if dialect.name != "tops":
        ops = "".join(op_text(op) for op in dialect.operations)
        yield f"{dialect.name}.md", f"# Ops of {dialect.name}\n\n{ops}"
        return
    for home in sorted(homes, key=lambda home: FAMILIES.index(home.rpartition(".")[2])):
        ops = "".join(op_text(op) for op in dialect.operations if op.__module__ == home)
        about = prose(
            inspect.getdoc(
                inspect.getmodule(next(o for o in dialect.operations if o.__module__ == home))
            )
        )
        name = home.rpartition(".")[2]
        yield f"tops-{name}.md", f"# Ops of tops: {name}\n\n{about}\n\n{ops}"


# -- passes, pipelines, targets ---------------------------------------------------------------
def options_text(class_: type[Any]) -> str:
    """The options of a pass or a target as a table."""
    fields = [f for f in dataclasses.fields(class_) if f.name != "name"]
    rows = [f"| `{f.name.replace('_', '-')}` | {f.type} | `{f.default!r}` |\n" for f in fields]
    return f"| option | type | default |\n|---|---|---|\n{''.join(rows)}\n" if rows else ""


def passes() -> Iterator[type[ModulePass]]:
    """The passes of this package."""
    for name in sorted(CATGRAD_UNIVERSE.all_passes):
        yield CATGRAD_UNIVERSE.all_passes[name]()


def passes_page() -> str:
    """All passes."""
    found = [p for p in passes() if not issubclass(p, NamedPipeline)]
    sections = (f"## {p.name}\n\n{prose(p.__doc__)}\n\n{options_text(p)}" for p in found)
    about = "xDSL's own passes run as well: `catgrad-opt --list-passes`."
    return f"# Passes\n\n{about}\n\n{''.join(sections)}"


def linked(step: str) -> str:
    """A step of a pipeline, with a link if it is a pass of this package."""
    name = step.partition("{")[0]
    known = name in CATGRAD_UNIVERSE.all_passes
    return f"1. [`{step}`](passes.md#{name})\n" if known else f"1. `{step}`\n"


def pipelines_page() -> str:
    """All named pipelines."""
    found = [p for p in passes() if issubclass(p, NamedPipeline)]
    sections = (
        f"## {p.name}\n\n{''.join(map(linked, re.split(r',(?![^{]*})', text_of(p.name))))}\n"
        for p in found
    )
    about = (
        "A named pipeline is a pass that stands for a list of passes. A target from outside the "
        "package has one too: `lower-to-NAME`.\n\n"
    )
    return f"# Pipelines\n\n{about}{''.join(sections)}"


def targets_page() -> str:
    """All targets."""
    found: list[type[Target]] = [make() for make in CATGRAD_UNIVERSE.all_targets.values()]
    sections = (f"## {t.name}\n\n{prose(t.__doc__)}\n\n{options_text(t)}" for t in found)
    return (
        f"# Targets\n\n{''.join(sections)}[Coverage](../coverage.md) says which op works where.\n"
    )


def extending_page() -> str:
    """What dialects, rules, passes and targets from outside are written with."""
    rows: list[str] = []
    for name in extending.__all__:
        value = getattr(extending, name)
        described = inspect.isfunction(value) or inspect.isclass(value)
        rows.append(f"| `{name}` | {summary(value.__doc__ or '') if described else 'a type'} |\n")
    text = prose(extending.__doc__)
    return f"# catgrad.extending\n\n{text}\n\n| name | |\n|---|---|\n{''.join(rows)}"


@cache
def pages() -> dict[str, str]:
    """All pages, by name."""
    found = {
        "passes.md": passes_page(),
        "pipelines.md": pipelines_page(),
        "targets.md": targets_page(),
        "extending.md": extending_page(),
    }
    for make in CATGRAD_UNIVERSE.all_dialects.values():
        found.update(dialect_pages(make()))
    return {f"reference/{name}": HEAD + text for name, text in found.items()}


def on_config(config: Any) -> Any:
    """MkDocs calls this: put all pages into the navigation that mkdocs.yml does not name."""
    named = str(config.nav)
    others = sorted(path.name for path in Path(config.docs_dir).glob("*.md"))
    config.nav += [
        {"Reference": [*pages()]},
        {"The project": [name for name in others if name not in named]},
    ]
    return config


def on_files(files: Files, config: Any) -> Files:
    """MkDocs calls this: add the pages."""
    for name, text in pages().items():
        files.append(File.generated(config, name, content=text))
    return files
