"""The examples learn, as PyTorch does, alike on all targets."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import catgrad as cg

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
TARGETS = ["numpy", "ggml"]
Arrays = dict[str, NDArray[Any]]


def module(name: str) -> ModuleType:
    """One of the files in examples/."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


datasets: Any = module("datasets")


@cache
def program(name: str, target: str) -> cg.Program:
    """An example, compiled once."""
    return cg.compile(module(name).parts, target=target, name=name)


@cache
def reference() -> Arrays:
    """What PyTorch computed: see references/record_digits.py."""
    with np.load(HERE / "references" / "digits_100.npz") as file:
        return dict(file)


# -- learning ------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("seed", range(5))
def test_digits(seed: int, target: str) -> None:
    data, net = datasets.digits(), program("digits", target).load(seed=seed, threads=1)
    rng = np.random.default_rng(seed)
    for _ in range(30):
        order = rng.permutation(len(data.train_x))
        for start in range(0, len(order) - 31, 32):
            rows = order[start : start + 32]
            net.step(data.train_x[rows], data.train_y[rows])
    found = net.accuracy(data.test_x, data.test_y)
    assert found.shape == (360,)
    assert np.mean(found) >= 0.96


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("seed", range(5))
def test_iris(seed: int, target: str) -> None:
    data, net = datasets.iris(), program("iris", target).load(seed=seed, threads=1)
    for _ in range(1000):
        net.step(data.x, data.y)
    assert np.mean(net.predict(data.x).argmax(axis=1) == data.labels) >= 0.95


# -- the same numbers ----------------------------------------------------------------------------

NAMES = {"w1": "dense1.weight", "b1": "dense1.bias", "w2": "dense2.weight", "b2": "dense2.bias"}


def curve(target: str, steps: int) -> tuple[list[float], Arrays]:
    """The losses of the first steps from the recorded state, and the parameters after them."""
    data, net = datasets.digits(), program("digits", target).load(threads=1)
    net.set_state({name: reference()[key] for key, name in NAMES.items()})
    batches = reference()["batches"][:steps]
    return [net.step(data.train_x[rows], data.train_y[rows]) for rows in batches], net.parameters


@pytest.mark.parametrize("target", TARGETS)
def test_the_first_hundred_losses_are_those_of_pytorch(target: str) -> None:
    found, _ = curve(target, 100)
    np.testing.assert_allclose(found, reference()["losses"], rtol=1e-4)
    np.testing.assert_allclose(found, reference()["losses64"], rtol=1e-4)


def test_the_targets_agree() -> None:
    (numpy_losses, a), (ggml_losses, b) = curve("numpy", 50), curve("ggml", 50)
    np.testing.assert_allclose(ggml_losses, numpy_losses, rtol=1e-5)
    assert set(a) == set(b) == set(NAMES.values())
    for name, value in a.items():
        assert np.abs(value - b[name]).max() <= 1e-3 * np.abs(value).max(), name


@pytest.mark.parametrize("name", ["digits", "iris", "lenet"])
def test_the_targets_start_alike(name: str) -> None:
    first, second = (program(name, target).load(seed=7) for target in TARGETS)
    assert set(first.state) == set(second.state)
    for key, value in {**first.parameters, **first.state}.items():
        np.testing.assert_array_equal(value, {**second.parameters, **second.state}[key])


# -- the commands --------------------------------------------------------------------------------


def command(script: str, *words: str | Path, given: str = "") -> str:
    """What a command of this package prints."""
    call = [sys.executable, "-m", script, *map(str, words)]
    done = subprocess.run(call, input=given, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", ["digits", "iris", "lenet"])
def test_the_commands_print_the_same_bytes(name: str, target: str, tmp_path: Path) -> None:
    """`catgrad emit | catgrad-opt` is `catgrad compile` is `cg.compile`."""
    file, out = EXAMPLES / f"{name}.py", tmp_path / "out"
    text = command("catgrad.cli", "emit", file, "--level", "cat")
    source = command("catgrad.opt", "-p", f"lower-to-{target}", "-t", target, given=text)
    assert source == program(name, target).source
    command("catgrad.cli", "compile", file, "--target", target, "-o", out)
    if out.is_file():
        assert out.read_text() == source
    else:
        assert {p.name: p.read_text() for p in out.iterdir()} == program(name, target).files
    placed = command("catgrad.cli", "emit", file, "--level", "placed", "--target", target)
    assert command("catgrad.opt", "-t", target, given=placed) == source
