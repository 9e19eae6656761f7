"""
Expected errors: comments say which errors a file gives, and where.

    // expected-error@+1 {{is not defined}}

An error must hold the text and stand in the line named: `@+N`, `@-N` from the comment's own line
(no `@`: in that line), `@above`, `@below` (the nearest line without such a comment), `@unknown` for
an error without a place. `expected-error-re` takes a regular expression.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.utils.exceptions import DiagnosticException

from catgrad._errors import UsageError
from catgrad.dialects._places import Place

MARK = re.compile(r"//[^\n]*?expected-(error|warning|note|remark)")
WHOLE = re.compile(
    r"expected-(?P<kind>error|warning|note|remark)(?P<re>-re)?"
    r"(?:@(?P<at>[+-]\d+|above|below|unknown))?\s*\{\{(?P<text>.*?)\}\}(?!\})"
)


class Mismatch(DiagnosticException):
    """Errors that were not expected, and expected ones that did not come."""


@dataclass(frozen=True)
class Expected:
    """One comment: its own line, the line of the error (None: no place), and what it must say."""

    comment: int
    line: int | None
    text: str
    regular: bool

    def matches(self, line: int | None, message: str) -> bool:
        """Whether it means this error."""
        if self.line != line:
            return False
        if self.regular:
            return re.search(self.text, message) is not None
        return self.text in message


def holds_expectations(text: str) -> bool:
    """Whether there is an `expected-` comment."""
    return MARK.search(text) is not None


def expectations(text: str, name: str, offset: int) -> list[Expected]:
    """The comments of a text that starts after line `offset` of the file `name`."""
    lines = text.splitlines()
    marked = [MARK.search(line) is not None for line in lines]
    found: list[Expected] = []
    for i, line in enumerate(lines):
        if not marked[i]:
            continue
        comments = list(WHOLE.finditer(line))
        where = f"{name}:{i + 1 + offset}"
        if not comments or any(c["kind"] != "error" for c in comments):
            raise UsageError(
                f"{where}: cannot read this comment; expected // expected-error@+1 {{{{text}}}} "
                "(there are no warnings, notes and remarks)"
            )
        for comment in comments:
            line_of = _line(comment["at"], i, marked)
            at = None if line_of is None else line_of + 1 + offset
            regular = comment["re"] is not None
            found.append(Expected(i + 1 + offset, at, comment["text"], regular))
            _check_pattern(found[-1], where)
    return found


def _check_pattern(expected: Expected, where: str) -> None:
    try:
        re.compile(expected.text if expected.regular else "")
    except re.error as error:
        raise UsageError(f"{where}: no regular expression: {error}") from error


def _line(at: str | None, own: int, marked: Sequence[bool]) -> int | None:
    """The line meant, from 0; None is no place."""
    if at == "unknown":
        return None
    if at in ("above", "below"):
        step = -1 if at == "above" else 1
        line = own + step
        while 0 <= line < len(marked) and marked[line]:
            line += step
        return line
    return own + int(at or 0)


def compare(
    expected: Sequence[Expected], given: Sequence[tuple[Place | None, str]], name: str
) -> None:
    """Raise Mismatch unless each error was expected and each expected one came, once."""
    missing = list(expected)
    wrong: list[str] = []
    for place, message in given:
        line = place.line if place is not None else None
        match = next((e for e in missing if e.matches(line, message)), None)
        if match is None:
            wrong.append(f"{place or f'{name} (no place)'}: unexpected error: {message}")
        else:
            missing.remove(match)
    for e in missing:
        where = f"in line {e.line}" if e.line is not None else "without a place"
        wrong.append(f"{name}:{e.comment}: expected error {where} did not come: {e.text}")
    if wrong:
        raise Mismatch("\n".join(wrong))
