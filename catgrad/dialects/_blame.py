"""Faults in code from outside the package: what failed, on which op, and where it is written."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xdsl.ir import Operation
from xdsl.utils.exceptions import DiagnosticException

ROOT = Path(__file__).parent.parent
INSIDE = frozenset(
    {"catgrad", "immutabledict", "numpy", "ordered_set", "typing_extensions", "xdsl"}
    | sys.stdlib_module_names
)
"""Packages whose code is not an extension's."""

LIBRARIES = {"site-packages", "dist-packages"}
"""Folders of installed packages: what fails in there is of the file that called it, if any."""

DEPTH = 100
"""Frames from outside that are endless recursion."""

LENGTH = 80


class CompileError(DiagnosticException):
    """A program that cannot be compiled, loaded or written."""


class FaultyCode(DiagnosticException):
    """A rule, meaning or decomposition from outside that fails, or gives what it must not give."""

    def __init__(self, message: str, op: Operation):
        super().__init__(message)
        self.op = op


def is_own(code: object) -> bool:
    """Whether a function or class is of this package: what fails there is a bug."""
    return str(getattr(code, "__module__", "")).partition(".")[0] == "catgrad"


def is_inside(code: object) -> bool:
    """Whether a class is of this package or of one that it is built on."""
    return str(getattr(code, "__module__", "")).partition(".")[0] in INSIDE


def shown_path(file: str | Path) -> str:
    """A path as short as it can be said: from the current folder, if it is in there."""
    path = Path(file).resolve()
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _places(error: BaseException) -> list[tuple[str, int]]:
    """File and line of each frame from outside, the innermost last."""
    found: list[tuple[str, int]] = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        package = str(frame.f_globals.get("__name__", "numpy")).partition(".")[0]
        if package not in INSIDE and not Path(file).is_relative_to(ROOT):
            found.append((file, line))
    return found


def recurses(error: BaseException) -> bool:
    """Whether it was raised in endless recursion of code from outside, not of this package."""
    return len(_places(error)) > DEPTH


def place_outside(error: BaseException) -> str | None:
    """`file:line` of the innermost code from outside that was running; None if there was none."""
    cause: BaseException | None = error
    while cause is not None:
        if places := _places(cause):
            own = [place for place in places if not LIBRARIES & {*Path(place[0]).parts}]
            file, line = (own or places)[-1]
            return f"{shown_path(file)}:{line}"
        cause = cause.__cause__
    return None


def told(error: BaseException) -> str:
    """What an error says, behind its type unless it was written for users."""
    meant = isinstance(error, DiagnosticException) or is_own(type(error))
    return str(error) if meant else f"{type(error).__name__}: {error}"


def said(error: BaseException) -> str:
    """What an error says, behind the line outside of the package that it is of."""
    place = place_outside(error)
    return told(error) if place is None else f"{place}: {told(error)}"


def place_of_code(code: object) -> str:
    """`file:line: ` of a function or class, if that is known; else nothing."""
    try:
        written: Any = inspect.unwrap(code) if callable(code) else code
        return f"{shown_path(inspect.getfile(written))}:{inspect.getsourcelines(written)[1]}: "
    except (TypeError, OSError):
        return ""


def fault(message: str, op: Operation, code: object) -> Exception:
    """The error for something that code gave: one for its author, or a bug of this package."""
    if is_own(code):
        return TypeError(message)
    return FaultyCode(f"{place_of_code(code)}{message}", op)


@contextmanager
def blaming(
    what: str, op: Operation, code: object, passing: tuple[type[Exception], ...] = ()
) -> Generator[None]:
    """
    What is raised inside becomes a FaultyCode that says what failed, and in which line.

    Not so the errors of `passing`, nor any if the code is of this package.
    """
    try:
        yield
    except (FaultyCode, MemoryError, *passing):
        raise
    except (Exception, SystemExit) as error:
        if is_own(code) or (isinstance(error, RecursionError) and not recurses(error)):
            raise
        place = place_outside(error)
        where = place_of_code(code) if place is None else f"{place}: "
        name = type(error).__name__
        how = "failed" if isinstance(error, DiagnosticException) else f"raised {name}"
        raise FaultyCode(f"{where}{what} {how}: {error}", op) from error


def values_of(given: Any, ops: object) -> Any:
    """The values of arrays made by `ops`; what else a rule may have given stays: it is checked."""
    if hasattr(given, "value") or isinstance(given, str) or not hasattr(given, "__iter__"):
        return given
    return [a.value if getattr(a, "ops", None) is ops else a for a in given]


def shown(value: object, ops: object) -> str:
    """What somebody's code gave, on one short line; an array should be one of `ops`."""
    other = "" if getattr(value, "ops", ops) is ops else " of another arrow"
    text = " ".join(repr(value).split())
    return (text if len(text) <= LENGTH else f"{text[: LENGTH - 4]} ...") + other


def code_of_meaning(op: Operation) -> object:
    """What an op's NumPy meaning is written beside: the rule it was attached with, or the class."""
    class_ = type(op)
    if is_own(class_):
        return class_
    attached = (t for t in class_.traits.traits if hasattr(t, "example"))
    return getattr(next(attached, None), "function", class_)


def filled(text: str, op: Operation, *operands: object, **fields: object) -> str:
    """The text of an op's NumPy meaning with its fields filled in; FaultyCode if it has others."""
    with blaming(f"the NumPy meaning of '{op.name}', {text!r},", op, code_of_meaning(op)):
        made = text.format(*operands, **fields)
        if not is_own(type(op)):
            compile(made, op.name, "exec")
        return made
