"""Where in the source an op, or the op that an error is about, comes from."""

from __future__ import annotations

from typing import NamedTuple, cast

from xdsl.dialects.builtin import FileLineColLoc, ModuleOp
from xdsl.ir import Operation
from xdsl.utils.exceptions import DiagnosticException, VerifyException
from xdsl.utils.lexer import Span


class Place(NamedTuple):
    """A place in a file; lines and columns from 1, column 0 if it is unknown."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        column = f":{self.column}" if self.column else ""
        return f"{self.file}:{self.line}{column}"


def place_of(op: Operation) -> Place | None:
    """Where an op comes from; None for what a pass made."""
    location = op.location
    if not isinstance(location, FileLineColLoc):
        return None
    return Place(location.filename.data, location.line.data, location.column.data)


def culprit(error: BaseException) -> Operation | None:
    """The op that an error, or what caused it, is about."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(op := getattr(cause, "op", None), Operation):
            return op
        cause = cause.__cause__
    return None


def place_of_error(error: BaseException) -> Place | None:
    """The place of the text, or of the op, that an error is about."""
    if isinstance(span := getattr(error, "span", None), Span):
        return Place(*cast("Span[str]", span).get_location())
    op = culprit(error)
    return place_of(op) if op is not None else None


def faults(module: ModuleOp) -> list[DiagnosticException]:
    """What is wrong with each op by itself, in textual order; each error knows its op."""
    found: list[DiagnosticException] = []
    for op in module.walk():
        try:
            op.verify(verify_nested_ops=False)
        except VerifyException as error:
            setattr(error, "op", op)
            found.append(error)
    return found
