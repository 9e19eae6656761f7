"""Dialects, passes and targets from outside the package: loaded files, installed packages."""

from __future__ import annotations

from xdsl.universe import Universe

LOADED = Universe()
"""What the files of --load define; `catgrad.driver.plugins.load` fills it."""


def outside() -> Universe:
    """
    What there is besides the files of this package: loaded, or named by an entry point.

    xDSL's own are among the entry points, and this package's if it is installed.
    """
    found = Universe.get_multiverse()
    merge(found, LOADED)
    return found


def merge(universe: Universe, new: Universe) -> None:
    """Add what another universe has."""
    universe.all_dialects.update(new.all_dialects)
    universe.all_passes.update(new.all_passes)
    universe.all_targets.update(new.all_targets)
