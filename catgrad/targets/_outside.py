"""Dialects, passes and targets from outside the package: loaded files, installed packages."""

from __future__ import annotations

from importlib.metadata import entry_points

from xdsl.universe import Universe

from catgrad.dialects._blame import CompileError, said

LOADED = Universe()
"""What the files of --load define; `catgrad.driver.plugins.load` fills it."""


def installed() -> Universe:
    """
    What entry points name: of xDSL, of this package if it is installed, of others.

    CompileError for an entry point that cannot be loaded.
    """
    try:
        return Universe.get_multiverse()
    except (Exception, SystemExit) as error:
        raise _broken(error) from error


def outside() -> Universe:
    """What there is besides the files of this package: loaded, or named by an entry point."""
    found = installed()
    merge(found, LOADED)
    return found


def _broken(error: BaseException) -> CompileError:
    """The error for entry points that cannot be loaded: it names the first one."""
    for entry in entry_points(group="xdsl.universe"):
        try:
            universe = entry.load()
        except (Exception, SystemExit) as cause:
            reason = said(cause)
        else:
            if isinstance(universe, Universe):
                continue
            reason = f"got {type(universe).__name__}, expected a Universe"
        package = "" if entry.dist is None else f" of package '{entry.dist.name}'"
        return CompileError(
            f"cannot load the entry point '{entry.name} = {entry.value}'{package}: {reason}; mend "
            "or uninstall the package"
        )
    return CompileError(f"cannot load the entry points of 'xdsl.universe': {said(error)}")


def merge(universe: Universe, new: Universe) -> None:
    """Add what another universe has."""
    universe.all_dialects.update(new.all_dialects)
    universe.all_passes.update(new.all_passes)
    universe.all_targets.update(new.all_targets)
