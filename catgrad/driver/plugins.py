"""Files of --load: dialects, passes, targets, rules and decompositions from outside the package."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from xdsl.ir import Dialect
from xdsl.passes import ModulePass
from xdsl.universe import Universe
from xdsl.utils.exceptions import PassFailedException
from xdsl.utils.target import Target

from catgrad._attached import ATTACHED
from catgrad._errors import UsageError
from catgrad._scripts import located, run_script
from catgrad.pipelines import LOWER_TO
from catgrad.targets._outside import LOADED, installed, merge
from catgrad.targets._placement import check_decompositions
from catgrad.universe import CATGRAD_UNIVERSE, lower_to

Found = TypeVar("Found")


def constant(value: Found) -> Callable[[], Found]:
    """A function that returns `value`."""
    return lambda: value


def run_plugin(path: str) -> ModuleType:
    """Run a Python file; UsageError with the file's line if that fails."""
    try:
        return run_script(Path(path), "dialects, passes, targets or rules")
    except (Exception, SystemExit) as error:
        raise UsageError(str(located(error, Path(path)) or error)) from error


def load(*paths: str | Path) -> Universe:
    """
    Run Python files; what they define is known from then on, to `catgrad.compile` too.

    UsageError for a file that fails, or defines a name that is taken: by xDSL, by this or another
    installed package, or by another of the files; and for a decomposition for an unknown target.
    """
    found, before = Universe(), len(ATTACHED)
    taken = (installed(), CATGRAD_UNIVERSE, found)
    for path in paths:
        new = universe_of(run_plugin(str(path)))
        for kind, table in KINDS.items():
            for name in getattr(new, table):
                if any(name in getattr(universe, table) for universe in taken):
                    raise UsageError(f"{path}: there is a {kind} '{name}' already; rename this one")
        merge(found, new)
    merge(LOADED, found)
    try:
        check_decompositions(op for op, _ in ATTACHED[before:])
    except PassFailedException as error:
        raise UsageError(str(error)) from error
    return found


KINDS = {"dialect": "all_dialects", "target": "all_targets", "pass": "all_passes"}
"""What a file may define, and the table of a universe that holds it."""


def universe_of(module: ModuleType) -> Universe:
    """
    What a file defines: every `Dialect`, every class of passes and targets, and whatever its
    `Universe` names, if it has one (what an `xdsl.universe` entry point refers to).

    A target that says where values live has the pass `lower-to-NAME` with it. Rules and
    decompositions are attached by the file itself, see `catgrad.rules`. UsageError for a class
    without a name, for a name that is none or that two things have.
    """
    found = Universe()
    for value in list(vars(module).values()):
        if isinstance(value, Universe):
            merge(found, value)
    for kind, table in KINDS.items():
        names: dict[str, Callable[[], object]] = getattr(found, table)
        for name in names:
            _check_name(module, f"a {kind} of its Universe", name)
        own: dict[str, object] = {}
        for value in list(vars(module).values()):
            if _kind_of(value, module) != kind:
                continue
            shown = value.__name__ if isinstance(value, type) else f"Dialect {value.name!r}"
            name = _check_name(module, shown, getattr(value, "name", None))
            if own.setdefault(name, value) is not value:
                raise UsageError(f"{module.__file__}: there are two {kind}s '{name}'; rename one")
            names.setdefault(name, constant(value))
    for name in found.all_targets:
        found.all_passes.setdefault(f"{LOWER_TO}{name}", lower_to(name))
    return found


def _kind_of(value: object, module: ModuleType) -> str:
    """What a value of a file is, if the file defines it and nothing is derived from it."""
    if isinstance(value, Dialect):
        return "" if _is_known(value) else "dialect"
    if not isinstance(value, type) or value.__module__ != module.__name__:
        return ""
    unfinished = inspect.isabstract(value) or value.__subclasses__()
    if unfinished and not hasattr(value, "name"):
        return ""
    if issubclass(value, ModulePass):
        return "pass"
    return "target" if issubclass(value, Target) else ""


def _check_name(module: ModuleType, what: str, name: object) -> str:
    """The name by which commands know something; UsageError for what is no such name."""
    if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_-]+", name):
        return name
    got = "it has none" if name is None else f"got {name!r}"
    raise UsageError(
        f'{module.__file__}: {what} needs a name of letters, digits, - and _, as in name = "mine"; '
        f"{got}"
    )


def _is_known(dialect: Dialect) -> bool:
    """Whether a dialect was imported from xDSL or from this package, not defined by the file."""
    homes = [op.__module__ for op in (*dialect.operations, *dialect.attributes)]
    return any(home.partition(".")[0] in ("xdsl", "catgrad") for home in homes)
