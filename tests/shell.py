"""
The part of the shell that RUN lines speak; what lies outside of it is an error, never skipped.

A line is pipelines joined by `&&`; a pipeline is commands joined by `|`, and fails if one of them
does. A command is words, quoted or not, and redirections: `>FILE`, `2>FILE`, `>>FILE`, `<FILE`,
`2>&1`. `*` and `?` outside of quotes are patterns for names of files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from glob import glob

TOKEN = re.compile(
    r"""\s*(?:
      (?P<redirect>[12]?>&[12] | [12]?>>? | <(?![<&]))
    | (?P<join>&& | \|(?![|&]))
    | (?P<word>(?!\d+[<>])(?:
          [^\s'"\\|&;<>()$`~!#\x00] | (?<=\S)[~!\#]
        | '[^']*' | "(?:[^"\\$`]|\\["\\$`])*" | \\.
      )+)
    )""",
    re.VERBOSE,
)
PART = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^'"\\]+)""")
SUBSTITUTION = re.compile(r"%(\{\w*\}|.|$)")


class Unknown(Exception):
    """What this shell does not know."""


class Pattern(str):
    """A word that stands for names of files."""


@dataclass
class Command:
    """Words, and redirections in order: `("2>&1", "")`, `(">", "FILE")`."""

    words: list[str] = field(default_factory=list[str])
    redirects: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def expanded(self) -> list[str]:
        """The words, with the files that there are now in place of patterns."""
        found: list[str] = []
        for word in self.words:
            found += (sorted(glob(word)) or [word]) if isinstance(word, Pattern) else [word]
        return found


def substituted(text: str, names: Mapping[str, str]) -> str:
    """`%s`, `%{python}`, ... replaced; `%%` is a percent sign."""

    def value(match: re.Match[str]) -> str:
        if (name := match[1]) == "%":
            return "%"
        if name not in names:
            raise Unknown(f"unknown substitution '%{name}'")
        return names[name]

    return SUBSTITUTION.sub(value, text)


def word_of(text: str, names: Mapping[str, str]) -> str:
    """A word without its quotes."""
    parts: list[str] = []
    pattern = False
    for single, double, escaped, bare in PART.findall(text):
        pattern |= any(c in bare for c in "*?")
        double = re.sub(r'\\(["\\$`])', r"\1", double)
        parts.append(escaped or substituted(single or double or bare, names))
    if pattern and re.search(r"""['"\\]""", text):
        raise Unknown(f"a pattern with quotes in it: {text}")
    return (Pattern if pattern else str)("".join(parts))


def tokens(line: str) -> Iterator[tuple[str, str, str]]:
    """Kind, text, and the line from there on, of each token."""
    position = 0
    while rest := line[position:].strip():
        match = TOKEN.match(line, position)
        if match is None or match.lastgroup is None:
            raise Unknown(f"unknown shell construct at '{rest}'")
        yield match.lastgroup, match[match.lastgroup], rest
        position = match.end()


def add(command: Command, redirect: str, word: str) -> None:
    """One more word, or the file of a redirection."""
    if not redirect:
        command.words.append(word)
    elif not isinstance(word, Pattern):
        command.redirects.append((redirect, word))
    else:
        raise Unknown(f"a redirection to a pattern: {word}")


def parse(line: str, names: Mapping[str, str]) -> list[list[Command]]:
    """The pipelines of a line. Unknown, with the place, for what is not described above."""
    command = Command()
    pipelines, redirect = [[command]], ""
    for kind, text, rest in tokens(line):
        if kind == "word":
            add(command, redirect, word_of(text, names))
            redirect = ""
        elif redirect or (kind == "join" and not command.words):
            raise Unknown(f"unexpected '{text}' at '{rest}'")
        elif kind == "redirect" and "&" in text:
            command.redirects.append((text, ""))
        elif kind == "redirect":
            redirect = text
        else:
            command = Command()
            if text == "|":
                pipelines[-1].append(command)
            else:
                pipelines.append([command])
    if redirect or not command.words:
        raise Unknown("the line ends too early")
    return pipelines
