"""Files of --load: dialects, passes and targets from outside the package, and rules."""

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


def universe_of(module: ModuleType) -> Universe:
    """
    What a file defines: every `Dialect`, every class of passes and targets with a name, and
    whatever its `Universe` names, if it has one (what an `xdsl.universe` entry point refers to).
    Rules for ops of other dialects are attached by the file itself, see `catgrad.rules`.
    """
    found = Universe()
    for value in list(vars(module).values()):
        if isinstance(value, Universe):
            found.all_dialects.update(value.all_dialects)
            found.all_passes.update(value.all_passes)
            found.all_targets.update(value.all_targets)
    for value in list(vars(module).values()):
        if isinstance(value, Dialect) and not _is_known(value):
            found.all_dialects.setdefault(value.name, constant(value))
        elif not isinstance(value, type) or value.__module__ != module.__name__:
            continue
        elif issubclass(value, ModulePass) and hasattr(value, "name"):
            found.all_passes.setdefault(value.name, constant(value))
        elif issubclass(value, Target) and hasattr(value, "name"):
            found.all_targets.setdefault(value.name, constant(value))
    return found


def _is_known(dialect: Dialect) -> bool:
    """Whether a dialect was imported from xDSL or from this package, not defined by the file."""
    homes = [op.__module__ for op in (*dialect.operations, *dialect.attributes)]
    return any(home.partition(".")[0] in ("xdsl", "catgrad") for home in homes)
