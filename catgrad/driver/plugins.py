"""Files of --load: dialects, passes, targets, rules and decompositions from outside the package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from xdsl.ir import Dialect
from xdsl.passes import ModulePass
from xdsl.universe import Universe
from xdsl.utils.target import Target

from catgrad._errors import UsageError
from catgrad._scripts import located, run_script
from catgrad.pipelines import LOWER_TO
from catgrad.targets._outside import LOADED, merge
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
    installed package, or by another of the files.
    """
    found = Universe()
    taken = (Universe.get_multiverse(), CATGRAD_UNIVERSE, found)
    for path in paths:
        new = universe_of(run_plugin(str(path)))
        for kind, table in KINDS.items():
            for name in getattr(new, table):
                if any(name in getattr(universe, table) for universe in taken):
                    raise UsageError(f"{path}: there is a {kind} '{name}' already; rename this one")
        merge(found, new)
    merge(LOADED, found)
    return found


KINDS = {"dialect": "all_dialects", "target": "all_targets", "pass": "all_passes"}
"""What a file may define, and the table of a universe that holds it."""


def universe_of(module: ModuleType) -> Universe:
    """
    What a file defines: every `Dialect`, every class of passes and targets with a name, and
    whatever its `Universe` names, if it has one (what an `xdsl.universe` entry point refers to).
    A target that says where values live has the pass `lower-to-NAME` with it. Rules and
    decompositions are attached by the file itself, see `catgrad.rules`.
    """
    found = Universe()
    for value in list(vars(module).values()):
        if isinstance(value, Universe):
            merge(found, value)
    for value in list(vars(module).values()):
        if isinstance(value, Dialect) and not _is_known(value):
            found.all_dialects.setdefault(value.name, constant(value))
        elif not isinstance(value, type) or value.__module__ != module.__name__:
            continue
        elif issubclass(value, ModulePass) and hasattr(value, "name"):
            found.all_passes.setdefault(value.name, constant(value))
        elif issubclass(value, Target) and hasattr(value, "name"):
            found.all_targets.setdefault(value.name, constant(value))
    for name in found.all_targets:
        found.all_passes.setdefault(f"{LOWER_TO}{name}", lower_to(name))
    return found


def _is_known(dialect: Dialect) -> bool:
    """Whether a dialect was imported from xDSL or from this package, not defined by the file."""
    homes = [op.__module__ for op in (*dialect.operations, *dialect.attributes)]
    return any(home.partition(".")[0] in ("xdsl", "catgrad") for home in homes)
