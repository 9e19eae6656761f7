"""
Runs the RUN lines of the lit files in this process: `python -m tests.check [FILE or FOLDER ...]`.

lit starts a process for every command of a line, and each loads Python, xDSL and catgrad. Here
`catgrad-opt`, `catgrad` and `filecheck` are functions. Other programs are started, in the shell
language of `tests/shell.py`. lit itself has the last word: continuous integration runs it.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from filecheck.main import main as filecheck

from catgrad import cli, opt
from tests.lit_files import LIT, comments, lit_files, marker_of, run_lines
from tests.shell import Command, Unknown, parse

DIRECTIVES = ("REQUIRES:", "UNSUPPORTED:", "XFAIL:", "ALLOW_RETRIES:", "DEFINE:", "REDEFINE:")


class Failed(Exception):
    """A line that fails."""


def run_filecheck(arguments: Sequence[str]) -> int:
    """Compare standard input with the CHECK lines of a file."""
    try:
        filecheck(["filecheck", *arguments])
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except (RuntimeError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "catgrad-opt": opt.main,
    "catgrad": cli.main,
    "filecheck": run_filecheck,
}
"""What runs in this process."""


@contextmanager
def surroundings(standard_input: bytes, variables: Mapping[str, str]) -> Generator[None]:
    """Standard input and environment of a command; whatever it changes is put back."""
    saved = sys.stdin, dict(os.environ), list(sys.path), Path.cwd()
    sys.stdin = io.TextIOWrapper(io.BytesIO(standard_input), encoding="utf-8")
    os.environ.update(variables)
    try:
        yield
    finally:
        sys.stdin, environment, sys.path[:], folder = saved
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)


class Streams:
    """What the file descriptors 1 and 2 of a command are: the pipe, the messages, or files."""

    def __init__(self, redirects: Sequence[tuple[str, str]]):
        self.pipe, self.messages = io.BytesIO(), io.BytesIO()
        self.files: list[tuple[Path, str, io.BytesIO]] = []
        self.input: bytes | None = None
        now = {"1": self.pipe, "2": self.messages}
        for operator, name in redirects:
            if operator == "<":
                self.input = Path(name).read_bytes()
                continue
            number = operator[0] if operator[0] in "12" else "1"
            if "&" in operator:
                now[number] = now[operator[-1]]
                continue
            now[number] = io.BytesIO()
            self.files.append((Path(name), "ab" if ">>" in operator else "wb", now[number]))
        self.out, self.err = now["1"], now["2"]

    def close(self) -> None:
        """Write the files."""
        for path, mode, stream in self.files:
            with path.open(mode) as file:
                file.write(stream.getvalue())


def call(main: Callable[[Sequence[str]], int], arguments: Sequence[str], streams: Streams) -> int:
    """Run a function as a command; standard output and error may be one stream."""
    out = io.TextIOWrapper(streams.out, encoding="utf-8", write_through=True)
    same = streams.out is streams.err
    err = out if same else io.TextIOWrapper(streams.err, encoding="utf-8", write_through=True)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            return main(arguments)
    finally:
        for wrapper in dict.fromkeys((out, err)):
            wrapper.detach()


def start(words: Sequence[str], given: bytes, streams: Streams) -> int:
    """Run another program."""
    same = streams.out is streams.err
    try:
        done = subprocess.run(
            words,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if same else subprocess.PIPE,
            check=False,
        )
    except OSError as error:
        raise Failed(f"cannot start '{words[0]}': {error.strerror}") from error
    streams.out.write(done.stdout)
    streams.err.write(done.stderr or b"")
    return done.returncode


def execute(command: Command, given: bytes) -> bytes:
    """Run one command; what it writes into the pipe. Failed with its messages if it fails."""
    words, fails = command.expanded(), False
    variables: dict[str, str] = {}
    while words[0] in ("not", "env"):
        fails ^= words.pop(0) == "not"
        while words and "=" in words[0] and words[0][0].isalpha():
            key, _, variables[key] = words.pop(0).partition("=")
        if not words or words[0].startswith("-"):
            raise Unknown(f"not and env are followed by a command: {' '.join(command.words)}")
    streams = Streams(command.redirects)
    given = given if streams.input is None else streams.input
    with surroundings(given, variables):
        if (main := COMMANDS.get(words[0])) is not None:
            code = call(main, words[1:], streams)
        else:
            code = start(words, given, streams)
    streams.close()
    if (code != 0) != fails:
        messages = streams.messages.getvalue() + (b"" if fails else streams.pipe.getvalue())
        what = "exit code 0, expected another" if fails else f"exit code {code}"
        text = messages.decode(errors="replace").strip()
        raise Failed(f"{' '.join(command.words)}\n{what}\n{text}".rstrip())
    return streams.pipe.getvalue()


def run_line(line: str, names: Mapping[str, str]) -> None:
    """Run one RUN line; Failed or Unknown if it fails."""
    for pipeline in parse(line, names):
        data = b""
        for command in pipeline:
            data = execute(command, data)


def run_file(path: Path, folder: Path) -> list[str]:
    """What is wrong with a lit file, one text for each RUN line that fails."""
    text, marker = path.read_text(), marker_of(path)
    lines = run_lines(text, marker)
    if not lines:
        return [f"{path}: no RUN line"]
    if found := [c for c in comments(text, marker) if c.startswith(DIRECTIVES)]:
        return [f"{path}: '{found[0]}' is for lit alone: run that"]
    scratch = folder / f"{path.stem}.tmp"
    names = {"s": path, "S": path.parent, "t": scratch, "{python}": sys.executable}
    wrong: list[str] = []
    for line in lines:
        try:
            run_line(line, {key: str(value) for key, value in names.items()})
        except (Failed, Unknown) as error:
            wrong.append(f"{path}\n  RUN: {line}\n  {error}")
    return wrong


def selected(names: Sequence[str]) -> list[Path]:
    """The lit files that are named, or below a folder that is."""
    chosen = [Path(name).resolve() for name in names]
    known = [path for path in lit_files() if {path, *path.parents} & {*(chosen or [LIT])}]
    if not known:
        raise SystemExit(f"no lit file among {', '.join(names)}")
    return known


def main(argv: Sequence[str] | None = None) -> int:
    """Run the files named, or all; 0 if all is well."""
    began, wrong, count = time.monotonic(), list[str](), 0
    paths = selected(sys.argv[1:] if argv is None else argv)
    for path in paths:
        with tempfile.TemporaryDirectory() as folder:
            wrong += run_file(path, Path(folder))
        count += len(run_lines(path.read_text(), marker_of(path)))
    print("\n\n".join(wrong), end="\n\n" if wrong else "")
    seconds = time.monotonic() - began
    print(f"{len(paths)} files, {count} RUN lines, {len(wrong)} failures, {seconds:.1f} s")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
