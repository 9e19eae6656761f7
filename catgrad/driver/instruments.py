"""What watches the passes: an instrument is called before the first pass and around every pass."""

from __future__ import annotations

import difflib
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeAlias

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from catgrad._errors import UsageError, suggest
from catgrad._files import write_files

Render: TypeAlias = Callable[[ModuleOp], str]
"""A module as text, in the form that the options ask for."""


class Instrument:
    """Does nothing; `step` is the number of the pass, from 1."""

    step = 0

    def start(self, module: ModuleOp) -> None:
        """Before the first pass."""

    def before(self, pass_: ModulePass, module: ModuleOp) -> None:
        """Before each pass."""

    def after(self, pass_: ModulePass, module: ModuleOp) -> None:
        """After each pass that did not fail."""


def say(text: str) -> None:
    """Print on stderr."""
    print(text, file=sys.stderr, flush=True)


class IRPrinter(Instrument):
    """Prints the IR before and after the passes named."""

    def __init__(self, render: Render, before: Collection[str], after: Collection[str]):
        self.render = render
        self.names = {"before": before, "after": after}

    def before(self, pass_: ModulePass, module: ModuleOp) -> None:
        self.print("before", pass_, module)

    def after(self, pass_: ModulePass, module: ModuleOp) -> None:
        self.print("after", pass_, module)

    def print(self, when: str, pass_: ModulePass, module: ModuleOp) -> None:
        """Print under a heading, which is a comment."""
        if pass_.name in self.names[when] or "all" in self.names[when]:
            say(f"// IR {when} {pass_.name}, pass {self.step}\n{self.render(module)}")


class Between(Instrument):
    """Prints the IR after each pass but the last, as xDSL does."""

    def __init__(self, render: Render, passes: int):
        self.render, self.passes = render, passes

    def after(self, pass_: ModulePass, module: ModuleOp) -> None:
        if self.step < self.passes:
            say(f"IR after {pass_.name}:\n{self.render(module)}\n")


class Changes(Instrument):
    """Prints what a pass changed: the IR after it, a unified diff, or both."""

    def __init__(self, render: Render, whole: bool, diff: bool):
        self.render, self.whole, self.diff = render, whole, diff
        self.text = ""

    def start(self, module: ModuleOp) -> None:
        self.text = self.render(module)

    def after(self, pass_: ModulePass, module: ModuleOp) -> None:
        old, self.text = self.text, self.render(module)
        where = f"{pass_.name}, pass {self.step}"
        if old == self.text:
            say(f"// No change by {where}")
            return
        if self.whole:
            say(f"// IR after {where}\n{self.text}")
        if self.diff:
            names = f"before {pass_.name}", f"after {pass_.name}"
            lines = difflib.unified_diff(old.splitlines(), self.text.splitlines(), *names, "", "")
            say(f"// Changes by {where}\n" + "\n".join(line.rstrip("\n") for line in lines))


class Dumps(Instrument):
    """Writes the IR at each step to a numbered file, at once, so that a crash leaves the files."""

    def __init__(self, render: Render, folder: Path):
        self.render, self.folder = render, folder

    def start(self, module: ModuleOp) -> None:
        self.write("input", module)

    def after(self, pass_: ModulePass, module: ModuleOp) -> None:
        self.write(pass_.name, module)

    def write(self, name: str, module: ModuleOp) -> None:
        """Write one file; the folder is made."""
        path = self.folder / f"{self.step:02}-{re.sub(r'[^A-Za-z0-9_-]', '_', name)}.mlir"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_files({path: f"{self.render(module)}\n".encode()})
        except OSError as error:
            raise UsageError(f"cannot write {error.filename}: {error.strerror}") from error


class Statistics(Instrument):
    """Prints which ops each pass added and removed."""

    def __init__(self) -> None:
        self.ops = Counter[str]()

    def start(self, module: ModuleOp) -> None:
        self.ops = count_ops(module)
        say(f"input: {self.ops.total()} ops: {_listed(self.ops, '')}")

    def after(self, pass_: ModulePass, module: ModuleOp) -> None:
        old, self.ops = self.ops, count_ops(module)
        change = f"{old.total()} -> {self.ops.total()} ops"
        parts = _listed(self.ops - old, "+"), _listed(old - self.ops, "-")
        detail = ", ".join(part for part in parts if part) or "same numbers of each op"
        say(f"{pass_.name}: {change}: {detail}")


def count_ops(module: ModuleOp) -> Counter[str]:
    """How many ops there are of each name, the module itself left out."""
    return Counter(op.name for op in module.walk() if op is not module)


def _listed(ops: Counter[str], sign: str) -> str:
    return ", ".join(f"{sign}{n} {name}" for name, n in sorted(ops.items()))


def check_names(option: str, names: Sequence[str], passes: Sequence[ModulePass]) -> None:
    """Raise for a name that is no pass of the pipeline."""
    known = ["all", *(pass_.name for pass_ in passes)]
    for name in names:
        if name not in known:
            close = suggest(name, known)
            raise UsageError(f"{option}: no pass '{name}' is about to run{close}")


class PassTimes(Instrument):
    """Prints the wall time of each pass, one line each, as xDSL does."""

    began = 0.0

    def before(self, pass_: ModulePass, module: ModuleOp) -> None:
        self.began = time.perf_counter()

    def after(self, pass_: ModulePass, module: ModuleOp) -> None:
        say(f"Pass {pass_.name} took {time.perf_counter() - self.began} seconds")
