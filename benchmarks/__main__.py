"""`python -m benchmarks`: measures, and writes docs/performance.{json,md,svg}; see `make bench`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import trainer
from benchmarks.compile_time import measure_compilers
from benchmarks.models import WORKLOADS
from benchmarks.report import markdown, plot
from benchmarks.running import ROOT, BenchmarkError, measure, python_of
from benchmarks.systems import PEERS, SYSTEMS


def arguments() -> argparse.Namespace:
    """The options; an unknown name is an error that lists those there are."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    quick = "iris, mlp, chargpt; short rounds; no compile times"
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--peers", help=f"names with commas between, of {', '.join(PEERS)}")
    parser.add_argument("--workloads", help=f"the same, of {', '.join(WORKLOADS)}")
    parser.add_argument("--cores", type=int, help="use only the first so many cores")
    parser.add_argument("--passive", action="store_true", help="threads that wait sleep")
    parser.add_argument("--output", type=Path, default=ROOT / "docs", help="the folder to write to")
    options = parser.parse_args()
    if options.cores is not None and options.cores < 1:
        parser.error(f"--cores: got {options.cores}, expected a whole number of at least 1")
    every = [name for name in PEERS if SYSTEMS[name].quick or not options.quick]
    options.peers = _names(parser, "peer", options.peers, PEERS, every)
    every = [name for name, w in WORKLOADS.items() if w.quick or not options.quick]
    options.workloads = _names(parser, "workload", options.workloads, list(WORKLOADS), every)
    if not all(Path(python_of(name)).exists() for name in options.peers):
        parser.error("the peers are not installed; run `make bench`, or give --peers none")
    return options


def _names(
    parser: argparse.ArgumentParser,
    what: str,
    given: str | None,
    known: list[str],
    every: list[str],
) -> list[str]:
    """The chosen names; all of `every` if none are given, none for "none"."""
    if not given or given == "none":
        return [] if given else every
    names = given.split(",")
    for name in names:
        if name not in known:
            parser.error(f"there is no {what} {name!r}; accepts {', '.join(known)}, or none")
    return names


def processor() -> str:
    """What the system calls its processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def machine() -> dict[str, Any]:
    """
    Where and when.

    `load` is the average number of processes that wanted a core in the last minute; `waiting` is
    how threads of OpenMP wait. Where others use the cores, threads that spin (the default) hold up
    the very threads that they wait for, a hundredfold: see `--passive`.
    """
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "waiting": os.environ.get("OMP_WAIT_POLICY", "by each system's default"),
        "load": round(os.getloadavg()[0], 2),
    }


def main() -> None:
    """Measure and report; exit with 1 if systems do not run or do not agree."""
    options = arguments()
    if options.cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    if options.passive:
        os.environ["OMP_WAIT_POLICY"] = "passive"
    systems = [name for name in SYSTEMS if name in options.peers or not SYSTEMS[name].peer]
    rounds, seconds = (5, 0.3) if options.quick else (9, 1.0)
    results: dict[str, Any] = {"machine": machine(), "options": sys.argv[1:], "workloads": {}}
    try:
        for name in options.workloads:
            workload, found = WORKLOADS[name], results["workloads"]
            found[name] = measure(workload, systems, rounds, seconds)
            if workload.large:
                found[name]["trainer"] = [trainer.train(workload, clipped=c) for c in (False, True)]
        if not options.quick:
            results["compile"] = measure_compilers(systems)
    except BenchmarkError as error:
        sys.exit(f"error: {error}")
    results["machine"]["load_at_end"] = round(os.getloadavg()[0], 2)
    text = markdown(results)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "performance.json").write_text(json.dumps(results) + "\n")
    (options.output / "performance.md").write_text(text)
    (options.output / "performance.svg").write_text(plot(results))
    print(text)


if __name__ == "__main__":
    main()
