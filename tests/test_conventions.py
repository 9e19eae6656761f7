"""What the code has agreed on: ops, passes, the registry, names, sizes and imports."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.passes import ModulePass
from xdsl.utils.target import Target

import catgrad as cg
from catgrad import array_api, elementwise
from catgrad.dialects import cat, tops
from catgrad.dialects._checks import check_module
from catgrad.dialects.tops import OPS, TABLE
from catgrad.dialects.tops.base import Numpy, TopsOp
from catgrad.dialects.tops.fused import SlotAttr
from catgrad.universe import CATGRAD_UNIVERSE
from tests.coverage_table import native
from tests.ggml_programs import PLACE, emit, narrowed
from tests.imports import ROOT, circles, edges, modules, reaching
from tests.op_cases import ROWS
from tests.programs import context, parse
from tests.rule_checks import op_arrow

ALL_OPS: list[type[Operation]] = [*cat.Cat.operations, *tops.Tops.operations]


def mnemonic(op: type[Operation]) -> str:
    return op.name.partition(".")[2]


# -- ops --------------------------------------------------------------------------------------
def example(op: type[Operation]) -> str:
    """The IR in the docstring of an op: between back quotes, or in a block of its own."""
    doc = inspect.getdoc(op) or ""
    blocks = re.findall(r"^```\n(.*?)^```", doc, re.DOTALL | re.MULTILINE)
    lines = re.findall(r"^`([^`\n]+)`$", doc, re.MULTILINE)
    found = [text for text in (*blocks, *lines) if op.name in text]
    assert len(found) == 1, f"{op.name} has {len(found)} examples"
    return found[0]


def split(types: str) -> list[str]:
    """`tensor<2xf32>, tensor<3xf32>` -> its two types."""
    return re.findall(r"tensor<[^>]*>", types)


def arguments(text: str) -> str:
    """A signature for the values that an example uses but does not define."""
    defined = re.findall(r"%\w+", text.partition(" = ")[0]) if text.startswith("%") else []
    line = text.partition("{\n")[0].rpartition(" : ")
    used = [v for v in re.findall(r"%\w+", line[0]) if v not in defined]
    inputs, arrow, outputs = line[2].partition(" -> ")
    types = split(inputs)
    if arrow and "cat.reverse" in text:
        types += split(outputs)
    elif arrow and "cat.forward" in text:
        types *= 2
    elif not arrow and len(types) == 1:
        types *= len(used)
    pairs = dict(zip(used, types, strict=True))
    return ", ".join(f"{value}: {type_}" for value, type_ in pairs.items())


def callee(text: str) -> str:
    """The arrow that an example refers to."""
    if not (found := re.search(r"@(\w+).* : \((.*?)\) -> (.*)$", text)):
        return ""
    name, inputs, outputs = found.groups()
    args = ", ".join(f"%a{i}: {type_}" for i, type_ in enumerate(split(inputs)))
    return (
        f"cat.arrow @{name}({args}) -> {outputs} {{\n"
        f"  %z = cat.zero : {outputs}\n  cat.return %z : {outputs}\n}}\n"
    )


def wrapped(op: type[Operation]) -> str:
    """A module around the example of an op."""
    text = example(op)
    if op is cat.ArrowOp:
        return text
    args = arguments(text)
    if op is cat.ReturnOp:
        return f"cat.arrow @example({args}) -> {args.partition(': ')[2]} {{\n{text}\n}}"
    if op is tops.YieldOp:
        names, types = re.findall(r"%\w+", args), ", ".join(split(args))
        inner = args.replace("%", "%in_")
        region = f"{{\n^bb0({inner}):\n{text.replace('%', '%in_')}\n}}"
        text = f"%y, %z = tops.fused ({', '.join(names)}) : ({types}) -> ({types}) {region}"
    head = "cat.arrow" if op.name.startswith("cat.") else "func.func"
    end = "cat.return" if op.name.startswith("cat.") else "func.return"
    return f"{callee(text)}{head} @example({args}) {{\n{text}\n{end}\n}}"


@pytest.mark.parametrize("op", ALL_OPS, ids=lambda op: op.name)
def test_the_example_of_every_op_parses(op: type[Operation]) -> None:
    module = parse(wrapped(op))
    check_module(module)
    assert any(isinstance(inner, op) for inner in module.walk())
    assert str(parse(str(module))) == str(module)


def test_the_example_of_the_slot_parses() -> None:
    (text,) = re.findall(r"`(#tops\.slot[^`]*)`", inspect.getdoc(SlotAttr) or "")
    assert str(Parser(context(), text).parse_attribute()) == text


@pytest.mark.parametrize("op", OPS, ids=mnemonic)
def test_every_op_is_whole(op: type[TopsOp]) -> None:
    """A sentence, a rule (perhaps a declared zero), a NumPy meaning and a row of tests."""
    assert re.match(r".+[.:]", inspect.getdoc(op) or "")
    assert op.reverse is not TopsOp.reverse
    meaning = next((t for t in op.traits.traits if isinstance(t, Numpy)), None)
    assert meaning is not None
    assert bool(meaning.text) != bool(meaning.view)
    assert mnemonic(op) in ROWS


@pytest.mark.parametrize("op", TABLE)
def test_every_op_is_printed_or_decomposed_on_each_target(op: str) -> None:
    row = ROWS[op]
    cases = list(map(narrowed, (*row.cases, *(literal.case for literal in row.literals))))
    assert any(native(op, case) is not None for case in cases)
    for target in ("ggml", "numpy"):
        place = PLACE.replace("ggml", target)
        passes = f'cat-to-tops,tops-decompose{{target="{target}"}},cse,dce,{place}'
        emit(ModuleOp([op_arrow(op, case) for case in cases[:1]]), passes, target)


def test_the_tables_name_every_op_once() -> None:
    assert len({op.name for op in ALL_OPS}) == len(ALL_OPS)
    assert list(TABLE) == [mnemonic(op) for op in OPS]
    assert set(ROWS) == set(TABLE)
    assert all(op.__name__ == f"{camel(mnemonic(op))}Op" for op in ALL_OPS)


def camel(text: str) -> str:
    """`logical_and` -> `LogicalAnd`."""
    return "".join(word[:1].upper() + word[1:] for word in text.split("_"))


# -- passes and the registry ------------------------------------------------------------------
def files(folder: str) -> list[str]:
    """The modules and packages of a folder that are no one's private matter."""
    return sorted(
        path.stem
        for path in (ROOT / folder).iterdir()
        if path.name[0] not in "_." and (path.suffix == ".py" or (path / "__init__.py").exists())
    )


def module_of(folder: str, name: str) -> ModuleType:
    return importlib.import_module(f"catgrad.{folder}.{name}")


@pytest.mark.parametrize("name", files("passes"))
def test_every_pass(name: str) -> None:
    """A frozen dataclass with typed options, named like its file, with IR in its docstring."""
    found = getattr(module_of("passes", name), f"{camel(name)}Pass")
    assert issubclass(found, ModulePass)
    assert found.name == name.replace("_", "-")
    assert dataclasses.is_dataclass(found)
    assert vars(found)["__dataclass_params__"].frozen
    assert re.search(r"```\n.*(cat|tops|func)\.\w+.*```", inspect.getdoc(found) or "", re.DOTALL)
    options = [f for f in dataclasses.fields(found) if f.name != "name"]
    assert all(str(option.type) in ("int", "float", "bool", "str") for option in options)
    assert CATGRAD_UNIVERSE.all_passes[found.name]() is found


def test_the_registry_is_the_files() -> None:
    universe = CATGRAD_UNIVERSE
    assert sorted(universe.all_dialects) == files("dialects")
    assert all(universe.all_dialects[n]().name == n for n in files("dialects"))
    pipelines = {"lower-to-numpy", "lower-to-ggml", "lower-to-ggml-native"}
    assert set(universe.all_passes) == {n.replace("_", "-") for n in files("passes")} | pipelines
    printers = [name for name in files("targets") if name != "support"]
    assert sorted(universe.all_targets) == sorted(n.partition("_")[0] for n in printers)
    for name, factory in universe.all_targets.items():
        found = factory()
        assert issubclass(found, Target)
        assert found.name == name


# -- names ------------------------------------------------------------------------------------
SHORTHANDS = {"broadcast_to", "clip", "expand_dims", "mean", "ones", "split", "zeros"}
"""Functions that are made of several ops, or of one with an argument filled in."""

NOT_STANDARD = {
    *("broadcast", "constant", "erf", "logistic", "pad", "random_bits", "random_uniform"),
    *("patches", "rsqrt", "scatter_add", "slice", "unpatches"),
}
"""Ops that the Python array API has no name for."""


HOMES = (array_api.__name__, elementwise.__name__)
"""Where the functions of the array API are written; `array_api` has them all."""


def test_the_namespace_is_the_registry() -> None:
    functions = {
        name
        for name, value in vars(array_api).items()
        if inspect.isfunction(value) and name[0] != "_" and value.__module__ in HOMES
    }
    assert functions == set(TABLE) | SHORTHANDS
    assert functions <= set(cg.__all__)
    assert all(getattr(cg, name) is getattr(array_api, name) for name in functions)
    assert sorted(cg.__all__) == sorted(set(cg.__all__))


def test_ops_are_named_as_in_the_array_api() -> None:
    """NumPy 2 implements the standard; its `broadcast` and `pad` are something else."""
    others = {"broadcast", "pad"}
    assert {name for name in TABLE if not hasattr(np, name) or name in others} == NOT_STANDARD


def test_every_public_function_and_class_has_a_docstring() -> None:
    bare: list[str] = []
    for name, path in modules().items():
        tree = ast.parse(path.read_text())
        if path.parent.name != "support" and tree.body and ast.get_docstring(tree) is None:
            bare.append(name)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
                if ast.get_docstring(node) is None and not is_overload(node):
                    bare.append(f"{name}.{node.name}")
    assert bare == []


def is_overload(node: ast.FunctionDef | ast.ClassDef) -> bool:
    return any("overload" in ast.unparse(d) for d in node.decorator_list)


# -- sizes ------------------------------------------------------------------------------------
SOURCES = [
    path
    for path in sorted(ROOT.rglob("*"))
    if path.suffix in (".py", ".hpp", ".cpp", ".h", ".txt") and path.is_file()
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_small(path: Path) -> None:
    """Files have up to 400 lines, functions up to 40."""
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    if path.suffix == ".py":
        sizes = {
            node.name: (node.end_lineno or 0) - node.lineno + 1
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert {name: size for name, size in sizes.items() if size > 40} == {}


# -- imports ----------------------------------------------------------------------------------
LAZY = {
    ("catgrad.dialects.tops.base", "catgrad.dialects.tops.algebra"),
    ("catgrad.dialects.tops.algebra.folding", "catgrad.interpreter"),
}
"""Imports in functions against the direction: an op's patterns, and folding, which evaluates."""

COMPUTE = {
    "catgrad.driver.execute",
    "catgrad.driver.semantics",
    "catgrad.driver.verify_rules",
    "catgrad.interpreter",
    "catgrad.native",
    "catgrad.targets.support.numpy_blocks",
    "catgrad.targets.support.numpy_command_line",
    "catgrad.targets.support.numpy_runtime",
    "catgrad.targets.support.numpy_special",
    "catgrad.targets.support.numpy_threads",
    "catgrad.targets.support.numpy_windows",
}
"""The modules that import NumPy, or one that does, when they are imported."""


def graph(lazy: bool) -> dict[str, set[str]]:
    """Module -> the modules it imports; with those that functions import on request."""
    found: dict[str, set[str]] = {name: set() for name in modules()}
    for edge in edges():
        if lazy or not edge.lazy:
            found[edge.importer].add(edge.imported)
    return found


def test_there_are_no_circles() -> None:
    inside = {
        name: {o for o in others if o in modules() and (name, o) not in LAZY}
        for name, others in graph(lazy=True).items()
    }
    assert circles(inside) == []


def may_import(importer: str, imported: str) -> bool:
    """catgrad/*.py -> passes, targets -> dialects, and `tops` does not know `cat`."""
    part = importer.split(".")[1:2]
    allowed = {
        "dialects": ("catgrad.dialects",),
        "passes": ("catgrad.dialects", "catgrad.passes", "catgrad.targets._placement"),
        "targets": ("catgrad.dialects", "catgrad.targets"),
    }
    if importer.startswith("catgrad.dialects.tops") and imported.startswith("catgrad.dialects.cat"):
        return False
    prefixes = allowed.get(part[0] if part else "", ("catgrad",))
    return any(imported == p or imported.startswith(f"{p}.") for p in prefixes)


def test_imports_run_one_way() -> None:
    pairs = {(e.importer, e.imported) for e in edges() if e.imported in modules()}
    assert {pair for pair in pairs if not may_import(*pair)} <= LAZY
    assert pairs >= LAZY
    assert all(e.lazy for e in edges() if (e.importer, e.imported) in LAZY)


def test_only_what_computes_imports_numpy() -> None:
    assert reaching("numpy", graph(lazy=False)) == COMPUTE


@pytest.mark.parametrize("name", ["catgrad.opt", "catgrad.cli", "catgrad.universe"])
def test_commands_start_without_numpy(name: str) -> None:
    code = f"import sys, {name}; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_checks_of_imports_see_faults() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == [["a", "b", "c", "a"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
    assert reaching("c", {"a": {"b"}, "b": {"c"}, "d": {"a"}, "e": set()}) == {"a", "b", "d"}
    assert not may_import("catgrad.dialects.tops.base", "catgrad.dialects.cat")
    assert not may_import("catgrad.passes.cat_inline", "catgrad.targets.numpy_python")
    assert not may_import("catgrad.targets.numpy_python", "catgrad.compiler")
    assert may_import("catgrad.compiler", "catgrad.targets.numpy_python")
