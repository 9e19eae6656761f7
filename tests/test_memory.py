"""`catgrad compile --memory-report` and `--max-memory`: what a program needs, and what for."""

from __future__ import annotations

import pytest

from catgrad.passes._placing import aligned
from tests.test_command_errors import Run, refused, run
from tests.test_examples import TARGETS, program

__all__ = ["run"]

NEED = "the program needs 640 bytes (128 persistent, 0 constant, 512 scratch), --max-memory allows"
LARGEST = (
    "the largest tensors at the peak of @step are the workspace (all regions): 64 bytes; "
    "log_softmax (tensor<4x3xf32>): 48 bytes; where (tensor<4x3xf32>): 48 bytes; "
    "x (tensor<4x2xf32>): 32 bytes; y (tensor<4xi32>): 16 bytes"
)
REPORT = """\
memory: 640 bytes
  persistent: 128
  constant: 0
  scratch: 512, the peak of @step
  lower bound: 512 alive at once, gap 0.00 %
alive at the peak:
  the workspace (all regions): 64 bytes
  log_softmax (tensor<4x3xf32>): 48 bytes
  where (tensor<4x3xf32>): 48 bytes
  x (tensor<4x2xf32>): 32 bytes
  y (tensor<4xi32>): 16 bytes
  log (tensor<4xf32>): 16 bytes
  arange (tensor<3xi32>): 12 bytes
  equal (tensor<4x3xi1>): 12 bytes
"""
HELP = "--max-memory is a number of bytes, or one with KiB, MiB or GiB, got"


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", ["iris", "digits", "lenet", "forces"])
def test_the_tensors_at_the_peak_are_the_bound(name: str, target: str) -> None:
    memory = program(name, target).memory
    sizes = [tensor.size for tensor in memory.alive]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(map(aligned, sizes)) == memory.bound <= memory.scratch


@pytest.mark.parametrize("limit", ["639", "0", "0.5KiB"])
def test_a_program_that_needs_too_much(run: Run, limit: str) -> None:
    allowed = {"0.5KiB": 512}.get(limit) or int(limit)
    found = run("compile", "model.py", "-o", "x.py", f"--max-memory={limit}")
    assert found == refused(f"{NEED} {allowed}; {LARGEST}; a smaller batch or model needs less")


@pytest.mark.parametrize("limit", ["640", "1 KiB", "1.5MiB", "2GiB"])
def test_a_program_that_fits(run: Run, limit: str) -> None:
    assert run("compile", "model.py", "-o", "x.py", "--max-memory", limit) == (0, "", "")


@pytest.mark.parametrize("limit", ["", "-1", "1k", "1e6", "12 MB", "KiB", "1_000"])
def test_a_limit_that_is_none(run: Run, limit: str) -> None:
    found = run("compile", "model.py", "-o", "x.py", f"--max-memory={limit}")
    assert found == refused(f"{HELP} {limit!r}")


def test_the_report(run: Run) -> None:
    assert run("compile", "model.py", "-o", "x.py", "--memory-report") == (0, "", REPORT)
