"""
The memory of a program that trains from the command line, its initialisation included.

As a command, `python -m benchmarks.trainer COMMAND ...` runs a command and prints the most bytes
that were resident in it. A small process starts it: a process counts what its parent held.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.models import Workload

STEPS = 3


def train(workload: Workload, clipped: bool) -> int:
    """The most bytes of a GGML program, with clipping by the global norm or without."""
    import numpy as np

    from benchmarks.models import batch
    from benchmarks.running import ROOT, BenchmarkError

    how = "clipped" if clipped else "plain"
    print(f"{workload.name}: {how} program of its own", file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, array in zip("xy", batch(workload, 0), strict=True):
            np.save(folder / f"{file}.npy", array)
        models = [sys.executable, "-m", "benchmarks.catgrad_models", f"{how}-trainer"]
        made = _output([*models, workload.name, name], ROOT, BenchmarkError)
        command = [json.loads(made)["artefact"], "train", f"{name}/x.npy", f"{name}/y.npy"]
        launcher = [sys.executable, "-m", "benchmarks.trainer", *command, "--steps", str(STEPS)]
        return int(_output(launcher, ROOT, BenchmarkError))


def _output(command: list[str], folder: Path, error: type[Exception]) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise error(f"'{' '.join(command[1:5])} ...' failed:\n{last}")
    return done.stdout


if __name__ == "__main__":
    done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=False)
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
    sys.exit(done.returncode)
