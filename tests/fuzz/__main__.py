"""
Fuzzing of the compiler: `python -m tests.fuzz programs`, `... mutants`, `... differs FILE`.

What fails is written to build/fuzz, with the command that shows it again and one that shrinks it.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from tests.fuzz.executions import (
    Mismatch,
    Prepared,
    check_artefact,
    differentiable,
    load,
    pass_sequence,
    placed,
    prepare,
    transform,
)
from tests.fuzz.mutants import EXPECTED, findings
from tests.fuzz.programs import Program, inputs_of, program
from tests.fuzz.report import FOLDER, Report
from tests.programs import parse

MEMORY = 6 << 30
"""What a mutant may take: large shapes are refused or run out of memory here."""
QUICK = ("-DCMAKE_BUILD_TYPE=Quick",)
"""A build type that CMake does not know: no optimisation."""


def lowered(report: Report, seed: int) -> tuple[Prepared, ModuleOp] | None:
    """A program with what its passes make of it; None if it failed, or says nothing."""
    plain = program(seed)
    made = report.guard(plain, (), "none", lambda: differentiable(plain))
    if made is None or (prepared := report.guard(made, (), "none", lambda: prepare(made))) is None:
        report.counts["left out"] += 1
        return None
    passes = list(pass_sequence(Random(seed)))
    module = report.guard(made, passes, "none", lambda: transform(prepared, passes))
    report.counts["programs"] += 1
    report.counts["functions"] += len(prepared.program.inputs)
    return None if module is None else (prepared, module)


def batch(
    report: Report, seeds: Sequence[int], targets: Sequence[str], options: Sequence[str]
) -> None:
    """Programs in all executions; one artefact a target, built with options of CMake."""
    found = [pair for seed in seeds if (pair := lowered(report, seed)) is not None]
    for target in targets:
        good = printable(report, found, target)
        net = load([module for _, module in good], target, options)
        for prepared, _ in good:
            report.guard(
                prepared.program,
                prepared.passes,
                target,
                lambda p=prepared, n=net, t=target: check_artefact(n, p, t),
            )
            report.counts[target] += 1


def printable(
    report: Report, found: Sequence[tuple[Prepared, ModuleOp]], target: str
) -> list[tuple[Prepared, ModuleOp]]:
    """The programs that a target takes: the others would spoil the artefact of all."""
    good: list[tuple[Prepared, ModuleOp]] = []
    for prepared, module in found:
        of, passes = prepared.program, prepared.passes
        if report.guard(of, passes, target, lambda m=module: placed([m], target)) is not None:
            good.append((prepared, module))
    return good


def programs(arguments: argparse.Namespace) -> Report:
    """Random programs, until there are enough or time is up."""
    report, start = Report(), time.monotonic()
    first, last = arguments.seed, arguments.seed + arguments.count
    for seed in range(first, last, arguments.batch):
        if time.monotonic() - start > arguments.seconds:
            break
        seeds, options = range(seed, min(seed + arguments.batch, last)), QUICK * arguments.quick
        batch(report, seeds, arguments.targets.split(","), options)
        print(f"seeds {first} to {seed + arguments.batch - 1}: {dict(report.counts)}", flush=True)
    return report


def mutated(arguments: argparse.Namespace) -> Report:
    """Mutants, until there are enough or time is up."""
    report, start = Report(), time.monotonic()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    for seed, found, path, options in findings(seeds, FOLDER):
        if found in EXPECTED:
            report.counts[found] += 1
        else:
            report.failed(f"seed {seed}: {found[:2000]}\n  again: catgrad-opt {path} {options}")
        if time.monotonic() - start > arguments.seconds:
            break
    return report


def differs(arguments: argparse.Namespace) -> int:
    """0 if the program in a file still fails, which is what `catgrad-opt --reduce` asks; else 1."""
    module = parse(Path(arguments.file).read_text())
    made = Program(0, module, inputs_of(module, Random(0)))
    passes = [name for name in arguments.passes.split(",") if name]
    try:
        prepared = prepare(differentiable(made))
        if prepared is None:
            return 1
        lowered = transform(prepared, passes, each=True)
        if arguments.target != "none":
            check_artefact(load([lowered], arguments.target, QUICK), prepared, arguments.target)
    except (Mismatch, AssertionError) as error:
        print(error)
        return 0
    return 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 if nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, count in (("programs", 2000), ("mutants", 10000)):
        command = commands.add_parser(name)
        command.add_argument("--seed", type=int, default=0)
        command.add_argument("--count", type=int, default=count)
        command.add_argument("--seconds", type=float, default=float("inf"))
        command.add_argument("--batch", type=int, default=100, help="programs an artefact")
        command.add_argument("--targets", default="numpy,ggml")
        command.add_argument("--quick", action="store_true", help="C++ without optimisation")
    command = commands.add_parser("differs")
    command.add_argument("file")
    command.add_argument("--passes", default="")
    command.add_argument("--target", default="none")
    arguments = parser.parse_args(argv)
    with np.errstate(all="ignore"):
        if arguments.command == "differs":
            return differs(arguments)
        report = (programs if arguments.command == "programs" else mutated)(arguments)
    print(f"{len(report.failures)} failures; {dict(report.counts)}")
    return int(bool(report.failures))


if __name__ == "__main__":
    sys.exit(main())
