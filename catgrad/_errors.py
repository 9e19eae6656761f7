"""The errors a user can cause, and how the commands print them: one message on stderr."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from xdsl.utils.exceptions import (
    DiagnosticException,
    ParseError,
    PassFailedException,
    ShrinkException,
    VerifyException,
)
from xdsl.utils.lexer import Span

from catgrad.dialects._blame import CompileError as CompileError
from catgrad.dialects._blame import is_inside, place_of_code, place_outside, recurses, said
from catgrad.dialects._places import place_of_error

MAX_LINE = 200
MAX_CONTEXT = 6


class UsageError(Exception):
    """A mistake in what was asked for: an unknown name, a wrong option, an unreadable file."""


class PassFailure(PassFailedException):
    """A pass refused its input, or broke the module; the message names the pass."""


class InternalError(Exception):
    """A fault of the compiler, not of its input."""


class InvalidInput(VerifyException):
    """Input IR that is refused: while it is parsed, at `span`, or after that."""

    def __init__(self, name: str, error: BaseException, span: Span[str] | None = None):
        super().__init__(str(error))
        self.name = name
        self.span = span
        keep_notes(self, error)


def suggest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` if a known name is close to the unknown one, else nothing."""
    from catgrad.dialects._checks import suggestion  # loads `cat`, which is needed for errors only

    return suggestion(name, known)


@contextmanager
def guarded(what: str, code: object = None) -> Generator[None]:
    """
    What nobody foresaw inside becomes a PassFailure if it is of code from outside, an exit too.

    Else it becomes an InternalError. `code` is what the fault is of where no line of it ran.
    """
    try:
        yield
    except (DiagnosticException, InternalError, UsageError, ShrinkException, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        if isinstance(error, RecursionError) and not recurses(error):
            raise
        raise _unforeseen(what, error, code) from error


def _unforeseen(what: str, error: BaseException, code: object) -> PassFailure | InternalError:
    if place_outside(error) is not None:
        return failure(f"{what} failed: {said(error)}", error)
    if not (code is None or is_inside(code)):
        return failure(f"{what} failed: {place_of_code(code)}{said(error)}", error)
    return InternalError(f" in {what}: {said(error)}")


def failure(message: str, cause: BaseException) -> PassFailure:
    """A PassFailure that keeps the notes of its cause: they show the IR."""
    found = PassFailure(message)
    keep_notes(found, cause)
    return found


def keep_notes(error: BaseException, cause: BaseException) -> None:
    """Copy the notes of another error."""
    for note in getattr(cause, "__notes__", []):
        error.add_note(note)


def describe(error: BaseException) -> str:
    """The message for the user, without a traceback."""
    match error:
        case ParseError():
            return _located(error.span, error.msg)
        case InvalidInput() if error.span is not None:
            return _located(error.span, str(error))
        case InvalidInput():
            return f"{error.name}: {str(error).strip()}{_excerpt(error)}"
        case UsageError():
            return str(error)
        case DiagnosticException():
            return str(error).strip() + _excerpt(error)
        case OSError() if error.filename is not None:
            return f"{error.filename}: {error.strerror}"
        case RecursionError() if not recurses(error):
            return "the IR is nested too deeply"
        case MemoryError():
            return f"out of memory; {error}" if str(error) else "out of memory"
        case InternalError():
            return _internal(str(error))
        case _:
            ours = place_outside(error) is None
            return _internal(f": {said(error)}") if ours else said(error)


def _internal(what: str) -> str:
    return f"internal error{what}\nPlease report it with the output of CATGRAD_TRACEBACK=1."


def _located(span: Span[str] | Span[bytes], message: str) -> str:
    """`file:line:column: message`, then the line with a mark under the place."""
    place = span.get_location()
    _, *context = span.print_with_context().splitlines()
    start = max(0, place.col - MAX_LINE // 2)
    lines = [line[start : start + MAX_LINE] for line in context[:MAX_CONTEXT]]
    return "\n".join([f"{place}: {message.strip()}", *lines])


def _excerpt(error: BaseException) -> str:
    """The op that a diagnostic marks in a printed module, and the function that holds it."""
    lines = "\n".join(getattr(error, "__notes__", [])).splitlines()
    marks = [i for i, line in enumerate(lines) if re.fullmatch(r" *\^{3,}-*", line)]
    if not marks or marks[0] == 0:
        return ""
    line = lines[marks[0] - 1]
    indent = len(line) - len(line.lstrip())
    place = None if isinstance(error, InvalidInput) else place_of_error(error)
    at = f"at {place}, " if place is not None else ""
    found = f"\n  {line.strip()[:MAX_LINE]}"
    for outer in reversed(lines[: marks[0] - 1]):
        name = re.match(r'( *)"[\w.]+"\(.*sym_name = "((?:[^"\\]|\\.)*)"', outer)
        if name is not None and len(name[1]) < indent:
            return f"\n  {at}in @{name[2][:MAX_LINE]}:{found}"
    return found


def report(error: BaseException, command: str = "") -> int:
    """Print the error on stderr, behind the name of the command; returns the exit code."""
    if os.environ.get("CATGRAD_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    print(f"{command}error: {describe(error)}", file=sys.stderr)
    return 1
