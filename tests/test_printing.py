"""
The printing of every op is pinned: each line that it prints stands in a CHECK line of a lit file.

Which lines an op prints is found by change: they differ once its result has another name, or its
literal another value. The ops come from the dialect, the files from `tests/lit/targets`.
"""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

from catgrad.dialects.tops import OPS
from catgrad.dialects.tops.base import TopsOp, dtype_of, scalar_attribute
from catgrad.pipelines import parse_passes
from catgrad.targets._placement import find_target, target_files
from catgrad.universe import CATGRAD_UNIVERSE, available_passes
from tests.programs import context, parse

LIT = Path(__file__).parent / "lit" / "targets"
TARGETS = sorted(target_files())
OTHER = "another_name"


def comments(text: str) -> list[str]:
    """What CHECK lines ask for, in order."""
    found = re.findall(r"^\s*// [A-Z]+(?:-[A-Z]+)?: ?(.*)$", text, re.MULTILINE)
    return [" ".join(line.split()) for line in found]


def command(text: str, target: str) -> list[str] | None:
    """The words of the file's first RUN line that prints for the target."""
    for run in re.findall(r"^// RUN: (.*)$", text, re.MULTILINE):
        words = shlex.split(run.partition("|")[0])
        if words[0] == "catgrad-opt" and "-t" in words:
            if words[words.index("-t") + 1] == target:
                return words
    return None


@cache
def placed_modules(target: str) -> dict[str, ModuleOp]:
    """By file: the module that it prints, parsed and placed as its RUN line says."""
    found: dict[str, ModuleOp] = {}
    for path in sorted(LIT.glob(f"{target}_*.mlir")):
        text = path.read_text()
        words = command(text, target)
        if words is None or "_invalid" in path.stem:
            continue
        module = parse(text)
        passes = words[words.index("-p") + 1] if "-p" in words else ""
        for pass_ in parse_passes(passes, {**available_passes(), **CATGRAD_UNIVERSE.all_passes}):
            pass_.apply(context(), module)
        found[path.name] = module
    return found


def printed(module: ModuleOp, target: str) -> list[str]:
    """The lines printed, white space made uniform as filecheck does."""
    stream = io.StringIO()
    find_target(target).emit(context(), module, stream)
    return [" ".join(line.split()) for line in stream.getvalue().splitlines()]


@cache
def originals(target: str, file: str) -> list[str]:
    """The lines of a file as it is."""
    return printed(placed_modules(target)[file], target)


def lines_of(op: TopsOp, target: str, file: str) -> list[str]:
    """The lines that an op prints."""
    module, result = placed_modules(target)[file], op.results[0]
    before = originals(target, file)
    hint, value = result.name_hint, op.properties.get("value")
    result.name_hint = OTHER
    if op.mnemonic == "full":
        dtype = dtype_of(op.out_type)
        op.properties["value"] = scalar_attribute(77 if dtype != "i1" else value == FALSE, dtype)
    after = set(printed(module, target))
    result.name_hint = hint
    if value is not None:
        op.properties["value"] = value
    return [line for line in before if line not in after]


FALSE = scalar_attribute(0, "i1")


def instances(target: str, mnemonic: str) -> Iterator[tuple[str, TopsOp]]:
    """The ops of that name in the lit files of a target."""
    for file, module in placed_modules(target).items():
        for op in module.walk():
            if isinstance(op, TopsOp) and op.mnemonic == mnemonic:
                yield file, op


def is_pinned(target: str, file: str, op: TopsOp) -> bool:
    """Whether an op prints something, and all of it stands in CHECK lines."""
    lines, pinned = lines_of(op, target, file), set(comments((LIT / file).read_text()))
    essential = [line for line in lines if not is_table(line)]
    return bool(essential) and all(line in pinned for line in essential)


def is_table(line: str) -> bool:
    """A line of a C++ program's tables or interface: it names the value, but is not the op."""
    row = r"\{(?:scratch|persistent|constant), \d+\}, |\{\w+, \w+, \d+, "
    return bool(re.match(rf'{row}|\{{"|// .* -> |\w+_API int |int \w+\(', line))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("mnemonic", [op.name.partition(".")[2] for op in OPS])
def test_the_printing_of_every_op_is_pinned(target: str, mnemonic: str) -> None:
    found = list(instances(target, mnemonic))
    assert found, f"no file {target}_*.mlir holds tops.{mnemonic}"
    if all(find_target(target).is_view(op) for _, op in found) and not any(
        lines_of(op, target, file) for file, op in found
    ):
        return  # a view that needs no code: the files show that none is printed
    for file, op in found:
        if is_pinned(target, file, op):
            return
    file, op = found[0]
    pytest.fail(f"tops.{mnemonic} prints {lines_of(op, target, file)}, not all in {file}")


def test_a_line_that_is_not_checked_is_noticed() -> None:
    """The search for unpinned lines finds one: the program of a file without its CHECK lines."""
    file, op = next(instances("numpy", "exp"))
    lines = lines_of(op, "numpy", file)
    assert lines
    assert any("np.exp(" in line for line in lines)
    assert all(line in comments((LIT / file).read_text()) for line in lines)
    assert not any(line in comments("// RUN: catgrad-opt %s\n") for line in lines)
