"""
How long compiling takes: stacks of dense layers, from Python to source text.

As a command, `python -m benchmarks.compile_time SYSTEM` prints the seconds for each of DEPTHS.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from benchmarks.running import ROOT, BenchmarkError, python_of

DEPTHS = (8, 16, 24, 32, 48, 64, 96, 128)
BATCH, WIDTH = 32, 64
REPEATS = 5
"""The least of so many times counts."""

COMPILERS = ("catgrad-numpy", "catgrad-ggml", "catgrad-0.2.2")
"""The systems that compile to text, ahead of time."""


def compiler_of(system: str) -> Callable[[int], object]:
    """What compiles a stack of so many layers; the libraries it needs are imported here."""
    if system == "catgrad-0.2.2":
        import ast

        from benchmarks.earlier_catgrad import Earlier

        earlier = Earlier()

        def compile_earlier(depth: int) -> str:
            model = earlier.stack(BATCH, *[WIDTH] * (depth + 1))
            return ast.unparse(earlier.compiled(model, 0.1)[1])

        return compile_earlier
    import catgrad as cg
    from catgrad import losses, nn, optimizers

    def compile_now(depth: int) -> str:
        model = nn.dense(WIDTH)
        for _ in range(depth - 1):
            model = model >> nn.sigmoid >> nn.dense(WIDTH)
        sizes = cg.f32[BATCH, WIDTH]
        parts = cg.training(
            model, inputs=sizes, targets=sizes, loss=losses.mse, optimizer=optimizers.adam(1e-3)
        )
        return cg.compile(parts, target=system.removeprefix("catgrad-"), name="stack").source

    return compile_now


def seconds(system: str) -> dict[int, float]:
    """Depth -> the least time of REPEATS, all depths in turn: a slow minute is not one depth's."""
    compiled = compiler_of(system)
    compiled(2)

    def once(depth: int) -> float:
        start = time.perf_counter()
        compiled(depth)
        return time.perf_counter() - start

    rounds = [[once(depth) for depth in DEPTHS] for _ in range(REPEATS)]
    return {depth: min(times) for depth, *times in zip(DEPTHS, *rounds, strict=True)}


def line(times: Mapping[int, float]) -> tuple[float, float, float]:
    """
    `a`, `b` and the largest relative deviation of the times from a + b * depth.

    The line is the one whose relative deviations have the least sum of squares.
    """
    depths, taken = np.array(list(times)), np.array(list(times.values()))
    columns = np.stack([np.ones(len(depths)), depths], axis=1) / taken[:, None]
    (a, b), *_ = np.linalg.lstsq(columns, np.ones(len(depths)), rcond=None)
    return float(a), float(b), float(np.abs((a + b * depths) / taken - 1).max())


def measure_compilers(systems: Collection[str]) -> dict[str, dict[int, float]]:
    """The seconds of those systems that compile, one process after the other."""
    found: dict[str, dict[int, float]] = {}
    for system in (name for name in COMPILERS if name in systems):
        print(f"compile time: {system}", file=sys.stderr)
        command = [python_of(system), "-m", "benchmarks.compile_time", system]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            last = "\n".join(done.stderr.strip().splitlines()[-5:])
            raise BenchmarkError(f"compiling with {system} failed:\n{last}")
        answer: dict[str, Any] = json.loads(done.stdout)
        found[system] = {int(depth): float(time) for depth, time in answer.items()}
    return found


if __name__ == "__main__":
    print(json.dumps(seconds(sys.argv[1])))
