"""Building and running what the example target c99 prints."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
C99 = ROOT / "examples" / "targets" / "c99.py"
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Werror")
SANITIZED = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def build(source: Path, *flags: str) -> Path:
    """Compile a file without a warning; the program."""
    program = source.with_suffix("")
    command = ["cc", *FLAGS, *flags, str(source), "-o", str(program), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return program


def train(
    program: Path, batches: Sequence[tuple[NDArray[Any], ...]], steps: int, seed: int
) -> tuple[list[float], str]:
    """The losses that it prints, and its messages."""
    paths = [program.with_suffix(f".{name}") for name in "xy"]
    for path, arrays in zip(paths, zip(*batches, strict=True), strict=True):
        path.write_bytes(np.concatenate(arrays).tobytes())
    command = [program, str(steps), str(seed), *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == bool(done.stderr)
    return [float(line) for line in done.stdout.split()], done.stderr
