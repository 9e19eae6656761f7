"""Starts one process for each system, lets them take turns, and keeps what they measure."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.models import Workload
from benchmarks.systems import SYSTEMS

ROOT = Path(__file__).parent.parent
WARM_UP = 3
"""Steps after the first one that are not timed; the losses of all of them are compared."""
TOLERANCE = 1e-4
"""How far losses may differ, relatively: float32, sums in another order."""


class BenchmarkError(Exception):
    """A system that does not run, or that computes something else."""


def python_of(system: str) -> str:
    """The Python of a system's environment."""
    environment = SYSTEMS[system].environment
    return str(ROOT / environment / "bin" / "python") if environment else sys.executable


class Worker:
    """A system with a workload in a process of its own, which stands still between its turns."""

    def __init__(self, system: str, workload: Workload):
        self.title = f"{system} on {workload.name}"
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [python_of(system), "-m", "benchmarks.worker", system, workload.name],
            cwd=ROOT,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        self.facts = self.reply()
        self.losses: list[float] = self.facts.pop("losses")
        self.turns: list[list[float]] = []
        """Milliseconds of the steps of each turn."""
        warm = self.run(WARM_UP)
        self.losses += warm["losses"]
        self.seconds_per_step = float(np.median(warm["ms"])) / 1e3

    def reply(self) -> dict[str, Any]:
        """The next line of the process, which is then stopped: idle threads may not spin."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.log.seek(0)
            last = "\n".join(self.log.read().strip().splitlines()[-5:])
            raise BenchmarkError(f"{self.title} ended early:\n{last}")
        self.process.send_signal(signal.SIGSTOP)
        return json.loads(line)

    def run(self, steps: int) -> dict[str, Any]:
        """Do so many steps."""
        assert self.process.stdin is not None
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        return self.reply()

    def turn(self, seconds: float) -> None:
        """Do about so many seconds of steps, at least one, and note their times."""
        steps = int(seconds / max(self.seconds_per_step, 1e-6))
        answer = self.run(max(1, min(steps, 200)))
        self.turns.append([round(ms, 4) for ms in answer["ms"]])
        self.facts["peak_bytes"] = answer["peak_bytes"]

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()
        self.log.close()


class Roofline:
    """The rates that bound every program here, measured between the others' turns."""

    def __init__(self) -> None:
        self.a = np.random.default_rng(0).random((1024, 1024), np.float32)
        self.out, self.source = np.empty_like(self.a), np.ones(1 << 25, np.float32)
        self.target = np.empty_like(self.source)
        self.flops = self.bytes = 0.0

    def turn(self) -> None:
        """Measure a few times more, and keep the best figures."""
        for _ in range(4):
            start = time.perf_counter()
            np.matmul(self.a, self.a, out=self.out)
            middle = time.perf_counter()
            np.copyto(self.target, self.source)
            end = time.perf_counter()
            self.flops = max(self.flops, 2 * 1024**3 / (middle - start))
            self.bytes = max(self.bytes, 2 * self.source.nbytes / (end - middle))


def check_losses(workload: str, losses: Mapping[str, Sequence[float]]) -> float:
    """
    The largest relative deviation from the median of all systems, over the first steps.

    Raises BenchmarkError if it is more than TOLERANCE, or no number: what computes something else
    is not compared.
    """
    largest = 0.0
    for step, values in enumerate(zip(*losses.values(), strict=True)):
        middle = float(np.nanmedian(values))
        for system, value in zip(losses, values, strict=True):
            deviation = abs(value / middle - 1)
            if not deviation <= TOLERANCE:
                raise BenchmarkError(
                    f"{system} on {workload}: the loss of step {step} is {value}, "
                    f"the median of {', '.join(losses)} is {middle}; "
                    f"accepts a relative deviation of {TOLERANCE}"
                )
            largest = max(largest, deviation)
    return largest


def measure(
    workload: Workload, systems: Iterable[str], rounds: int, seconds: float
) -> dict[str, Any]:
    """Run all systems in turn, A B A B; what each measured, by name."""
    workers: dict[str, Worker] = {}
    roofline = Roofline()
    try:
        for system in (name for name in systems if SYSTEMS[name].does(workload.name)):
            print(f"{workload.name}: {system}", file=sys.stderr)
            workers[system] = Worker(system, workload)
        deviation = check_losses(workload.name, {s: w.losses for s, w in workers.items()})
        for _ in range(rounds):
            roofline.turn()
            for worker in workers.values():
                worker.turn(seconds)
    finally:
        for worker in workers.values():
            worker.close()
    found = {n: {**w.facts, "losses": w.losses, "turns": w.turns} for n, w in workers.items()}
    rates = {"sgemm_flops": roofline.flops, "copy_bytes": roofline.bytes}
    return {"title": workload.title, "deviation": deviation, **rates, "systems": found}
