"""
Reads IR text. xDSL's parser, with a place for every op and every error, and suggestions for unknown
names.

Whatever is wrong with the text is a `ParseError` or an `InvalidInput`.
"""

from __future__ import annotations

import dataclasses
import re
from bisect import bisect_right

from xdsl.context import Context
from xdsl.dialects.builtin import (
    FileLineColLoc,
    IntAttr,
    IntegerAttr,
    LocationAttr,
    ModuleOp,
    StringAttr,
)
from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.utils.exceptions import DiagnosticException, ParseError, ShrinkException
from xdsl.utils.lexer import Input, Span

from catgrad._errors import InvalidInput, UsageError, suggest
from catgrad.dialects._blame import recurses, said
from catgrad.dialects._names import VERSION

STRING_OR_COMMENT = re.compile(r'//[^\n]*|"(?:[^"\\\n\v\f]|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*+"|"')


class _TextParser(Parser):
    """
    Gives every op the location where it starts, unless the text states one, and reads what a crash
    reproducer says (`external_resources`).

    xDSL prints `é` in a string as `\\C3\\A9`, and reads that as bytes: here it is text again.
    """

    def __init__(self, ctx: Context, text: str, name: str, line_offset: int):
        super().__init__(ctx, text, name)
        self.file, self.line_offset = StringAttr(name), line_offset
        self.lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self.reproducer: dict[str, str] = {}
        self.stated = False

    def parse_optional_location(self) -> LocationAttr | None:
        location = super().parse_optional_location()
        self.stated = location is not None
        return location

    def parse_operation(self) -> Operation:
        start = self.pos
        op = super().parse_operation()
        if not self.stated:  # asked for last, after everything else
            op.location = self.location(start)
        return op

    def location(self, position: int) -> LocationAttr:
        """A position in the text as an attribute."""
        line = bisect_right(self.lines, position)
        column = position - self.lines[line - 1] + 1
        return FileLineColLoc(self.file, IntAttr(line + self.line_offset), IntAttr(column))

    def _parse_external_resources(self) -> None:
        self.parse_comma_separated_list(self.Delimiter.BRACES, self._parse_external_resource)

    def _parse_external_resource(self) -> None:
        key = self.parse_identifier()
        self.parse_punctuation(":")
        found = self.parse_comma_separated_list(self.Delimiter.BRACES, self._parse_entry)
        if key == "mlir_reproducer":
            self.reproducer.update(found)

    def _parse_entry(self) -> tuple[str, str]:
        key = self.parse_identifier()
        self.parse_punctuation(":")
        word = self.parse_optional_keyword("true") or self.parse_optional_keyword("false")
        return key, word or self.parse_str_literal()

    def parse_optional_str_literal(self) -> str | None:
        text = super().parse_optional_str_literal()
        if text is None and (data := self.parse_optional_bytes_literal()) is not None:
            try:
                return data.decode()
            except UnicodeDecodeError:
                self.raise_error("a string must be UTF-8 text")
        return text


def parse(
    ctx: Context, data: bytes, name: str, line_offset: int = 0, implicit: bool = True
) -> tuple[ModuleOp, dict[str, str]]:
    """
    The module of a text, and what the text says as a crash reproducer; a text without ops is an
    empty module.

    `line_offset` is where the text starts in the file `name`; without `implicit` the text must
    spell the module out.
    """
    text = _decode(data, name, line_offset)
    try:
        parser = _TextParser(ctx, text, name, line_offset)
        if parser.pos == len(text):  # nothing but comments
            return ModuleOp([]), {}
    except ParseError as error:
        error.span = dataclasses.replace(error.span, line_offset=line_offset)
        raise
    try:
        module = parser.parse_module(implicit)
        _check_version(module, parser)
        return module, parser.reproducer
    except ParseError as error:
        _advise(error, ctx)
        error.span = dataclasses.replace(error.span, line_offset=line_offset)
        raise
    except (ShrinkException, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        # Constructors raise these: they know no place.
        span = Span(parser.pos, parser.pos, parser.lexer.input, line_offset)
        raise _located(error, span, name) from error


def _check_version(module: ModuleOp, parser: Parser) -> None:
    """Refuse IR of a later version than this one."""
    version = module.attributes.get("tops.version")
    if version is None:
        return
    match = re.search(r"tops\.version\W*=", str(parser.lexer.input.content))
    start = match.start() if match is not None else 0
    end = start + len("tops.version")
    if not isinstance(version, IntegerAttr) or version.value.data < 1:
        parser.raise_error(f"tops.version takes a whole number > 0, got {version}", start, end)
    if version.value.data > VERSION:
        parser.raise_error(
            f"this IR has version {version.value.data}, this catgrad reads up to {VERSION}; "
            "read it with a later catgrad",
            start,
            end,
        )


def _decode(data: bytes, name: str, line_offset: int) -> str:
    """The text; a string without end is refused here, since xDSL's lexer would never return."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1 + line_offset
        raise UsageError(f"{name}:{line}: not UTF-8 text") from error
    for match in STRING_OR_COMMENT.finditer(text):
        if match[0] == '"':
            source = Input(text, name)
            span = Span(match.start(), source.get_end_of_line(match.start()), source, line_offset)
            raise ParseError(span, "this string does not end, or holds an unknown escape")
    return text


def _located(error: BaseException, span: Span[str], name: str) -> Exception:
    if isinstance(error, DiagnosticException):
        return InvalidInput(name, error, span)
    if isinstance(error, RecursionError) and not recurses(error):
        return ParseError(span, "the IR is nested too deeply")
    return ParseError(span, f"cannot parse what stands before: {said(error)}")


def _advise(error: ParseError, ctx: Context) -> None:
    """Say where an undefined value or an unregistered name stands, and what may be meant."""
    text = str(error.span.input.content)
    start, name = -1, ""
    if match := re.match(r"values used but not defined: \[(%[\w.$-]+)", error.msg):
        name = match[1]
        found = re.search(re.escape(name) + r"(?![\w.$-])", text)
        start = found.start() if found is not None else -1
    elif match := re.search(r"(?:Operation |')([\w.$-]+)'? is not registered", error.msg):
        name = match[1]
        start = text.rfind(name, 0, error.span.end)
        error.msg += _alternative(name, ctx)
    if start >= 0:
        error.span = dataclasses.replace(error.span, start=start, end=start + len(name))


def _alternative(name: str, ctx: Context) -> str:
    dialect, dot, _ = name.partition(".")
    known = ctx.registered_dialect_names
    if dot and dialect not in known:
        return f"; there is no dialect '{dialect}'{suggest(dialect, known)}"
    loaded = [d for d in ctx.loaded_dialects if d.name == dialect or not dot]
    return suggest(name, [c.name for d in loaded for c in (*d.operations, *d.attributes)])
