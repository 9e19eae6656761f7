"""
Runs the fenced blocks of a page in the current folder: `python documents.py PAGE [PREPARATION]`.
With `--write` in front it writes the outputs into the page instead of comparing them.

    ```python title="soft.py"     a file: it is written
    ```sh                         commands for bash; lines `make ...` set up the repository
    ```python                     code; all of a page share their names, PREPARATION's first
    ```mlir                       IR that catgrad-opt reads
    ```text title="output"        what the block before printed; `...` stands for any text

It imports nothing of the repository: what it runs, runs against the installed package.
"""

from __future__ import annotations

import difflib
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETUP = re.compile(r"^make .*\n", re.MULTILINE)
"""Commands that set up the repository."""

FENCE = re.compile(r'^```(\w+)(?: title="([^"]*)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)
OUTPUT = "output"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: what it is, its title, the line it starts at."""

    kind: str
    title: str
    text: str
    line: int
    start: int
    """Where the text begins in the page."""

    @property
    def is_output(self) -> bool:
        """Whether the block before printed this."""
        return self.title == OUTPUT

    @property
    def is_file(self) -> bool:
        """Whether this is a file called like its title."""
        return bool(self.title) and not self.is_output

    @property
    def runs(self) -> bool:
        """Whether something is done with it that can fail."""
        return self.kind in ("python", "mlir") or bool(self.kind == "sh" and self.commands.strip())

    @property
    def commands(self) -> str:
        """The text without the lines that set up the repository."""
        return SETUP.sub("", self.text)


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page that say what they are."""
    text = page.read_text()
    for found in FENCE.finditer(text):
        kind, title, body = found.groups()
        line = text.count("\n", 0, found.start()) + 1
        yield Block(kind, title or "", body, line, found.start(3))


def same(expected: str, found: str) -> bool:
    """Whether an output is the expected one, where `...` stands for any text, lines too."""
    first, *rest = (re.sub(r"\n\Z", "", part) for part in expected.strip().split("..."))
    text = found.strip()
    if not text.startswith(first):
        return False
    at = len(first)
    for number, part in enumerate(rest, 1):
        place = text.rfind(part) if number == len(rest) else text.find(part, at)
        if place < at:
            return False
        at = place + len(part)
    return at == len(text)


class Failure(Exception):
    """A block that does not do what the page says."""


def bash(text: str) -> str:
    """What commands print."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failure(f"exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def parse(text: str) -> None:
    """Read IR."""
    command = ["catgrad-opt", "--split-input-file", "-o", "/dev/null"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(done.stderr)


def execute(block: Block, where: str, names: dict[str, Any]) -> str:
    """Do what a block says; what it prints."""
    if block.is_file:
        Path(block.title).parent.mkdir(parents=True, exist_ok=True)
        Path(block.title).write_text(block.text)
    elif block.kind == "sh" and block.runs:
        return bash(block.commands)
    elif block.kind == "python":
        stream = io.StringIO()
        with redirect_stdout(stream):
            exec(compile(block.text, where, "exec"), names)
        return stream.getvalue()
    elif block.kind == "mlir":
        parse(block.text)
    return ""


def compare(block: Block, printed: str) -> None:
    """Failure unless a page shows what was printed."""
    if not same(block.text, printed):
        lines = difflib.ndiff(block.text.splitlines(), printed.strip().splitlines())
        raise Failure("the output is another one:\n" + "\n".join(lines))


def run(page: Path, names: dict[str, Any], write: bool = False) -> None:
    """Run all blocks of a page; Failure for the first that does not do what the page says."""
    printed, text, written, done = "", page.read_text(), "", 0
    for block in blocks(page):
        where = f"{page.name}:{block.line}"
        try:
            if not block.is_output:
                printed = execute(block, where, names)
            elif write and not same(block.text, printed):
                written += f"{text[done : block.start]}{printed.strip()}\n"
                done = block.start + len(block.text)
            elif not write:
                compare(block, printed)
        except Failure as error:
            raise Failure(f"{where}: {error}") from error
    if write:
        page.write_text(written + text[done:])


def main(words: list[str]) -> None:
    """Run or write a page."""
    write = words[:1] == ["--write"]
    page, *preparation = words[write:]
    names: dict[str, Any] = {}
    exec("".join(preparation), names)
    run(Path(page), names, write)


if __name__ == "__main__":
    sys.path[0] = ""  # the files of the page, not those of the tests
    try:
        main(sys.argv[1:])
    except Failure as failure:
        sys.exit(str(failure))
