"""
One system with one workload in a process of its own: `python -m benchmarks.worker SYSTEM WORKLOAD`.

It prints a line of JSON when the first step is done, then reads lines with a number of steps, does
them, and answers each with a line of JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.models import WORKLOADS, Workload, batch
from benchmarks.systems import SYSTEMS


def steps_of(system: Any, workload: Workload) -> Iterator[tuple[float, float]]:
    """Milliseconds and loss of one step after the other, each on a fresh batch."""
    step = 0
    while True:
        ready = system.prepare(*batch(workload, step))
        start = time.perf_counter()
        loss = system.step(*ready)
        yield (time.perf_counter() - start) * 1e3, loss
        step += 1


def peak_bytes() -> int:
    """
    The most memory that was resident in this process.

    Not `ru_maxrss`: that is at least what the process that started this one had.
    """
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def main() -> None:
    """Serve until the input ends."""
    name, workload = sys.argv[1], WORKLOADS[sys.argv[2]]
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no reply
    module: Any = importlib.import_module(f"benchmarks.{SYSTEMS[name].module}")

    def reply(**values: Any) -> None:
        print(json.dumps(values), file=replies, flush=True)

    start = time.perf_counter()
    system = module.System(name, workload)
    steps = steps_of(system, workload)
    first = next(steps)
    ready_s = time.perf_counter() - start
    release = version(SYSTEMS[name].package)
    reply(**system.facts, version=release, ready_s=ready_s, losses=[first[1]])
    for line in sys.stdin:
        done = [next(steps) for _ in range(int(line))]
        ms, losses = zip(*done, strict=True)
        reply(ms=ms, losses=losses, peak_bytes=peak_bytes())


if __name__ == "__main__":
    main()
