"""
Two programs that learn handwritten digits, both compiled from `digits.py`: run `make demo`.

Everything lands in `build/demo`. Once it is compiled, a program trains with catgrad out of the
picture: one needs NumPy, the other is a binary linked to GGML.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import datasets

HERE = Path(__file__).parent
OUT = HERE.parent / "build" / "demo"
EPOCHS, SEED = 30, 0

Command = list[str | Path]


@dataclass(frozen=True)
class Row:
    """One line of the final table."""

    target: str
    accuracy: float
    seconds: float
    arena_bytes: int
    lines: int


class DemoError(Exception):
    """A step of the demo went wrong; the message says which."""


def run(command: Command, prefix: str = "    ") -> list[str]:
    """Run a command, show what it says on stderr as it says it, and return those lines."""
    said: list[str] = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line.rstrip())
            print(prefix + said[-1], flush=True)
    if process.returncode != 0:
        raise DemoError(f"`{' '.join(map(str, command))}` exited with {process.returncode}")
    return said


def quietly(command: Command) -> str:
    """Run a command and return its stdout; what it said is shown only if it failed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        raise DemoError(f"`{' '.join(map(str, command))}` exited with {done.returncode}")
    return done.stdout


def compile_digits(target: str, out: Path) -> None:
    """`catgrad compile examples/digits.py --target TARGET -o OUT`."""
    source = HERE / "digits.py"
    run([sys.executable, "-m", "catgrad.cli", "compile", source, "--target", target, "-o", out])


def numpy_program() -> tuple[Command, list[Path]]:
    """The command that starts the NumPy program, and the generated files."""
    file = OUT / "numpy" / "digits.py"
    file.parent.mkdir()
    compile_digits("numpy", file)
    return [sys.executable, file], [file]


def ggml_program() -> tuple[Command, list[Path]]:
    """The command that starts the C++ program, built with CMake, and the generated files."""
    folder, build = OUT / "ggml", OUT / "ggml-build"
    compile_digits("ggml", folder)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    print("    building it with CMake ...", flush=True)
    where = f"-DCMAKE_PREFIX_PATH={sysconfig.get_path('platlib')}"
    quietly(["cmake", "-S", folder, "-B", build, "-DCMAKE_BUILD_TYPE=Release", where])
    quietly(["cmake", "--build", build, "--parallel", str(os.cpu_count() or 1)])
    return [build / "digits"], files


def write_data() -> list[Path]:
    """Write the digits as the `.npy` files that the programs read."""
    paths: list[Path] = []
    for name, array in datasets.digits()._asdict().items():
        paths.append(OUT / f"{name}.npy")
        np.save(paths[-1], array)
    return paths


def train(target: str, program: Command, files: Sequence[Path], data: Sequence[Path]) -> Row:
    """Train a program through its own command line."""
    x, y, test_x, test_y = data
    options: Command = ["--epochs", str(EPOCHS), "--seed", str(SEED)]
    begin = time.perf_counter()
    said = run([*program, "train", x, y, "--test", test_x, test_y, *options])
    seconds = time.perf_counter() - begin
    found = re.fullmatch(r"test accuracy ([0-9.]+)", said[-1] if said else "")
    if found is None:
        raise DemoError(f"{target}: no line `test accuracy ...` at the end of the training")
    info = json.loads(quietly([*program, "info"]))
    lines = sum(len(file.read_text().splitlines()) for file in files)
    arena = int(info["persistent_bytes"]) + int(info["scratch_bytes"])
    return Row(target, float(found[1]), seconds, arena, lines)


def main() -> None:
    """Compile, build, train, compare."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    data = write_data()
    programs: dict[str, Callable[[], tuple[Command, list[Path]]]] = {
        "numpy": numpy_program,
        "ggml": ggml_program,
    }
    rows: list[Row] = []
    for target, make in programs.items():
        print(f"{target}: compiling examples/digits.py", flush=True)
        program, files = make()
        print(f"{target}: {EPOCHS} epochs over 1437 images", flush=True)
        rows.append(train(target, program, files, data))
    print(f"\n{'target':8}{'test accuracy':>15}{'seconds':>10}{'arena bytes':>14}{'lines':>8}")
    for row in rows:
        print(
            f"{row.target:8}{row.accuracy:>15.4f}{row.seconds:>10.2f}"
            f"{row.arena_bytes:>14,}{row.lines:>8}"
        )
    print(f"\nThe programs are in {OUT.relative_to(HERE.parent)}: read them.")


if __name__ == "__main__":
    try:
        main()
    except DemoError as error:
        sys.exit(f"error: {error}")
