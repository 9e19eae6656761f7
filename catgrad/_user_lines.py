"""Which line of the user's Python made an op: its location, printed on request only."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import xdsl
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, LocationAttr, StringAttr
from xdsl.ir import Operation

PACKAGES = tuple(str(Path(module).parent) for module in (__file__, xdsl.__file__))
"""Folders whose code is not the user's."""


def user_line() -> LocationAttr | None:
    """
    The innermost line outside of this package that is being run.

    An arrow of the standard library, such as a layer, counts as the line that made it, and a trace
    as the line that asked for it. None while modules are imported.
    """
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        code = frame.f_code
        if code.co_qualname == "Tracer.public":
            return frame.f_locals["traced"].made
        if code.co_filename.startswith("<frozen"):
            return None
        if not code.co_filename.startswith(PACKAGES):
            return _location(code.co_filename, frame.f_lineno)
        if code.co_name == "__call__":  # of an arrow
            made = getattr(frame.f_locals.get("self"), "made", None)
            if made is not None:
                return made
        frame = frame.f_back
    return None


def locate(op: Operation) -> None:
    """Note in an op which line made it; a builder calls this for every op it inserts."""
    if (location := user_line()) is not None:
        op.location = location


@cache
def _location(file: str, line: int) -> LocationAttr:
    return FileLineColLoc(StringAttr(file), IntAttr(line), IntAttr(0))
