"""The workloads of benchmarks/ compile, both targets compute the same; errors and the report."""

from __future__ import annotations

import dataclasses
import math
import re
import subprocess
import sys
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import catgrad as cg
from benchmarks import catgrad_models, compile_time, report, running, trainer
from benchmarks.models import ALL, WORKLOADS, batch, initial_state
from benchmarks.systems import SYSTEMS
from catgrad.compiler import trace
from tests.imports import ROOT

REPOSITORY = ROOT.parent


@pytest.mark.parametrize("workload", ALL, ids=lambda workload: workload.name)
def test_the_parameters_are_those_of_the_model(workload: Any) -> None:
    """The shapes that the peers are given are what catgrad's model has."""
    parts = catgrad_models.parts_of(workload)
    text = trace({"step": parts["step"]}, name=workload.name).ir("cat")
    pattern = r'tensor<([\dx]+)xf32> \{tops\.name = "([^"]+)", tops\.role = "parameter"'
    found = {name: tuple(map(int, shape.split("x"))) for shape, name in re.findall(pattern, text)}
    assert found == workload.shapes


@pytest.mark.parametrize("name", ["iris", "mlp"])
def test_both_targets_compute_the_same(name: str) -> None:
    """On the workers' first values and batches, which are no zeros, denormals or repetitions."""
    workload = WORKLOADS[name]
    losses: list[list[float]] = []
    steps = [batch(workload, step) for step in range(5)]
    assert all(x.min() >= 0.1 and x.max() < 1 for x, _ in steps)
    assert not np.array_equal(steps[0][0], steps[1][0])
    for target in ("numpy", "ggml"):
        net = cg.compile(catgrad_models.parts_of(workload), target=target, name=name).load()
        net.set_state(initial_state(workload))
        losses.append([net.step(x, y) for x, y in steps])
    np.testing.assert_allclose(losses[0], losses[1], rtol=running.TOLERANCE)
    assert running.check_losses(name, dict(zip("ab", losses, strict=True))) < running.TOLERANCE


def test_the_work_of_a_step() -> None:
    """Products of a multilayer perceptron: forward, both gradients, but not that of the input."""
    program = cg.compile(catgrad_models.parts_of(WORKLOADS["mlp"]), name="mlp")
    first, rest = 784 * 512, 512 * 256 + 256 * 10
    found = catgrad_models.facts(program)
    assert found["flops"] == 2 * 128 * (2 * first + 3 * rest)
    assert found["arena"] >= found["bound"] > 0


@pytest.mark.parametrize("wrong", [0.5002, float("nan"), float("inf")])
def test_losses_that_do_not_agree(wrong: float) -> None:
    losses = {"a": [1.0, 0.5], "b": [1.0, wrong], "c": [1.0, 0.5]}
    with pytest.raises(running.BenchmarkError) as caught:
        running.check_losses("iris", losses)
    assert str(caught.value) == (
        f"b on iris: the loss of step 1 is {wrong}, the median of a, b, c is 0.5; "
        "accepts a relative deviation of 0.0001"
    )


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (
            "--peers=jacks",
            "there is no peer 'jacks'; accepts torch, torch-compile, jax, autograd, catgrad-0.2.2",
        ),
        ("--workloads=irish", "there is no workload 'irish'; accepts iris, mlp, lenet, chargpt"),
        ("--cores=0", "--cores: got 0, expected a whole number of at least 1"),
    ],
)
def test_wrong_options(option: str, text: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", option],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert text in done.stderr


def test_ratios_are_taken_round_by_round() -> None:
    """A machine that is slower for a while is so for all who run then."""
    ours, theirs, others = [[2.0], [2.0, 9.0, 2.0], [6.0]], [[4.0], [4.0], [12.0]], [[5.0]] * 3
    systems = {
        name: {"turns": turns}
        for name, turns in (("catgrad-ggml", ours), ("jax", theirs), ("torch", others))
    }
    found = report.relative({"systems": systems})
    assert found == {"catgrad-ggml": 0.5, "jax": 1.0, "torch": 1.25}
    assert report.relative({"systems": {"catgrad-ggml": systems["catgrad-ggml"]}}) == {
        "catgrad-ggml": 1.0
    }


@pytest.mark.parametrize("load", [0.1, 3.0])
def test_a_run(load: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two programs for NumPy take turns; then the page and the plot, read back."""
    monkeypatch.chdir(REPOSITORY)
    workload = WORKLOADS["iris"]
    measured = running.measure(workload, ["catgrad-numpy"], rounds=2, seconds=0.01)
    facts = measured["systems"]["catgrad-numpy"]
    assert len(facts["losses"]) == running.WARM_UP + 1
    assert [len(turn) >= 1 for turn in facts["turns"]] == [True, True]
    turns = [[1.0], [2.0], [4.0]]
    peer = {"version": "1", "turns": turns, "peak_bytes": 3e6, "ready_s": 1.5, "losses": []}
    measured["systems"]["jax"] = peer
    facts["turns"] = [[4.0], [5.0], [6.0]]
    measured |= {"sgemm_flops": 1e9, "copy_bytes": 1e12}
    machine: dict[str, Any] = dict.fromkeys(
        ("time", "processor", "cores", "python", "numpy", "load", "load_at_end", "waiting"), "?"
    )
    machine["load"] = load
    results: dict[str, Any] = {
        "machine": machine,
        "options": ["--quick"],
        "workloads": {"iris": measured},
    }
    page = report.markdown(results)
    assert "| catgrad-numpy | 5 | 4 | 2.50 | 39.2 |" in page  # 102000 flops at 1e9 are 0.102 ms
    assert "`python -m benchmarks --quick` (`make bench`)" in page
    assert ("Others used this machine" in page) == (load == 3.0)
    assert "| jax | 2 | 1 | 1.00 | 9.8 | 3 | 1.5 |  |  |" in page
    texts = [e.text for e in ElementTree.fromstring(report.plot(results)).iter() if e.text]
    assert [t for t in texts if t.strip()] == ["iris", "catgrad-numpy", "2.50", "jax", "1.00"]


def test_the_line_through_compile_times() -> None:
    """It is found where it is exact; a time that lies apart is told by its relative deviation."""
    exact = {depth: 0.5 + 0.02 * depth for depth in compile_time.DEPTHS}
    a, b, deviation = compile_time.line(exact)
    np.testing.assert_allclose([a, b, deviation], [0.5, 0.02, 0.0], atol=1e-12)
    assert compile_time.line(exact | {128: 9.0})[2] > 0.15
    page = report.compile_times({"catgrad-ggml": exact})
    assert "| layers | 8 | 16 | 24 | 32 | 48 | 64 | 96 | 128 | a | ms per layer |" in page
    assert "| 3.06 | 0.50 | 20.0 | 0% |" in page


@pytest.mark.parametrize("target", ["numpy", "ggml"])
def test_what_is_compiled_for_the_line(target: str) -> None:
    """A stack has as many layers as it says."""
    source = compile_time.compiler_of(f"catgrad-{target}")(3)
    assert "dense3.weight" in str(source)
    assert "dense4.weight" not in str(source)


def test_the_memory_of_a_program_of_its_own() -> None:
    """More with clipping than without, where gradients need not wait for each other."""
    plain, clipped = (trainer.train(WORKLOADS["mlp"], clipped=c) for c in (False, True))
    parameters = 4 * sum(map(math.prod, WORKLOADS["mlp"].shapes.values()))
    assert 3 * parameters < plain < clipped < 100e6
    measured = {"systems": {"jax": {"peak_bytes": 50e6}}, "trainer": [20e6, 30e6]}
    text = report.trainer(measured)
    assert "at most 20 MB (0.40 of the least peer); with" in text
    assert "global norm 30 MB (0.60 of the least peer)." in text


def test_a_program_that_fails() -> None:
    workload = dataclasses.replace(WORKLOADS["mlp"], name="none")
    with pytest.raises(running.BenchmarkError, match=r"^'-m benchmarks.catgrad_models .* failed:"):
        trainer.train(workload, clipped=False)


def test_every_system_has_its_file() -> None:
    for system in SYSTEMS.values():
        assert (REPOSITORY / "benchmarks" / f"{system.module}.py").is_file()
