"""
Mutants of the lit inputs: each gives a diagnostic or a result, in time; a pass keeps its meaning.

A mutant is one to four small changes of one file: a number, a name, a token, a line, a character.
It runs as the file's own RUN lines say, or through a whole pipeline and a target.
"""

from __future__ import annotations

import re
import shlex
import signal
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType

from tests.opt_command import run

ROOT = Path(__file__).parent.parent / "lit"
WHOLE = (
    ("-p", "lower-to-numpy", "-t", "numpy"),
    ("-p", "lower-to-numpy", "--check-semantics"),
    ("-p", "lower-to-ggml", "-t", "ggml"),
    ("-p", "lower-to-ggml-native", "-t", "ggml{kernels=native}"),
    ("-p", "cat-make-monoidal,cat-differentiate,cat-inline,cat-simplify", "--check-semantics"),
    (
        "-p",
        "tops-rematerialize{per-op=0 gain=0},tops-join-pads,tops-sink-reshapes,cse,tops-fuse",
        "--check-semantics",
    ),
)
LEFT_ALONE = ("%t", "%S", "reduc", "reproducer", "--list", "--timing", "--time")
NUMBERS = (
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "64",
    "2147483648",
    "-9223372036854775809",
    "1e400",
    "1.5",
)
TOKEN = re.compile(r"[%@#!]?[\w.]+|->|\s+|.", re.DOTALL)
SECONDS = 10
"""No mutant takes longer."""


EXPECTED = ("result", "diagnostic")


class Late(BaseException):
    """The command did not end; no `except Exception` stops this one."""


@cache
def inputs() -> dict[str, tuple[str, list[tuple[str, ...]]]]:
    """The text of each lit file, and the options of its RUN lines."""
    found: dict[str, tuple[str, list[tuple[str, ...]]]] = {}
    for path in sorted(ROOT.rglob("*.mlir")):
        lines = path.read_text().splitlines(keepends=True)
        runs = re.findall(r"RUN:.*?catgrad-opt %s ([^|>&\n]*)", "".join(lines))
        options = [tuple(shlex.split(o)) for o in runs if not any(w in o for w in LEFT_ALONE)]
        text = "".join(line for line in lines if not line.startswith("//") or "-----" in line)
        if "Inputs" in path.parts or not text.strip():
            continue
        found[str(path.relative_to(ROOT))] = (text, options or [()])
    return found


def changed(random: Random, text: str) -> str:
    """One small change."""
    tokens: list[str] = TOKEN.findall(text)
    solid = [i for i, t in enumerate(tokens) if not t.isspace()]
    at, other = random.choice(solid), random.choice(solid)
    match random.choice(("number", "number", "swap", "swap", "drop", "double", "byte", "line")):
        case "number":
            digits = [i for i in solid if tokens[i][0].isdigit()]
            if digits:
                tokens[random.choice(digits)] = random.choice(NUMBERS)
        case "swap":
            alike = [i for i in solid if tokens[i][0] == tokens[at][0] and tokens[i] != tokens[at]]
            tokens[at] = tokens[random.choice(alike or [other])]
        case "drop":
            tokens[at] = ""
        case "double":
            tokens[at] += f" {tokens[at]}"
        case "byte":
            place = random.randrange(len(text))
            return text[:place] + random.choice('%@"{}()<>=,:-0x\\\0é\n') + text[place + 1 :]
        case _:
            lines = text.splitlines(keepends=True)
            place = random.randrange(len(lines))
            lines[place : place + 1] = random.choice(([], [lines[place]] * 2))
            return "".join(lines)
    return "".join(tokens)


def mutant(seed: int) -> tuple[str, str, tuple[str, ...]]:
    """The file, the text, and the options to run it with."""
    random = Random(seed)
    name = random.choice(list(inputs()))
    text, own = inputs()[name]
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        text = changed(random, text).strip() or text
    return name, text, random.choice((*own, random.choice(WHOLE)))


@contextmanager
def limited(seconds: int) -> Generator[None]:
    """Raise Late in what takes longer."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Late

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def verdict(path: Path, options: Sequence[str]) -> str:
    """`diagnostic` or `result`; anything else is a finding, in words."""
    try:
        with limited(SECONDS):
            code, out, err = run(str(path), *options)
    except Late:
        return f"no end in {SECONDS} seconds"
    except BaseException as error:  # what no handler in the command caught
        return f"{type(error).__name__}: {error}"
    if "internal error" in err + out or "Traceback" in err + out:
        return err or out
    if "--check-semantics" in options and ("changed the" in err or "removed the" in err):
        return err
    if code == 0 and options[-2:] == ("-t", "numpy") and "--verify-diagnostics" not in options:
        compile(out, "printed.py", "exec")
    return {0: "result", 1: "diagnostic"}.get(code, f"exit code {code}")


def findings(seeds: Sequence[int], folder: Path) -> Iterator[tuple[int, str, Path, str]]:
    """Each seed's verdict and file, with the command; a finding's file is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        _, text, options = mutant(seed)
        path = folder / f"mutant_{seed}.mlir"
        path.write_text(text)
        found = verdict(path, options)
        yield seed, found, path, shlex.join(options)
        if found in EXPECTED:
            path.unlink()
