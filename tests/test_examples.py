"""The examples learn, as PyTorch does, alike on all targets."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import catgrad as cg
from catgrad._errors import PassFailure

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
TARGETS = ["numpy", "ggml"]
Arrays = dict[str, NDArray[Any]]


ALL = sorted(p.stem for p in EXAMPLES.glob("*.py") if "\nparts = " in p.read_text())
"""Every example: a file that defines `parts`."""


def module(name: str) -> Any:
    """One of the files in examples/, which are on the path of the tests."""
    return import_module(name)


datasets = module("datasets")


@cache
def program(name: str, target: str) -> cg.Program:
    """An example, compiled once; `native` is GGML with its own ops."""
    if target == "native":
        return cg.compile(module(name).parts, target="ggml", kernels="native", name=name)
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


@pytest.mark.parametrize("name", ALL)
def test_the_targets_start_alike(name: str) -> None:
    first, second = (program(name, target).load(seed=7) for target in TARGETS)
    assert set(first.state) == set(second.state)
    for key, value in {**first.parameters, **first.state}.items():  # log and cos differ in a bit
        other = {**second.parameters, **second.state}[key]
        np.testing.assert_allclose(value, other, rtol=0, atol=1e-6 * max(1, np.abs(value).max()))


def batches(name: str) -> Iterator[tuple[NDArray[Any], ...]]:
    """What the example learns from; random inputs of its types if it does not say."""
    found = getattr(module(name), "batches", None)
    if found is not None:
        yield from found()
    rng = np.random.default_rng(0)
    while True:
        yield tuple(
            random_input(rng, spec) for spec in net_of(name, "numpy").FUNCTIONS["step"]["inputs"]
        )


def random_input(rng: Any, spec: Any) -> Any:
    """An input of a function: floats are normal, integers lie in their range."""
    low, high = spec["range"] or (0, 2)
    whole, shape = "float" not in spec["dtype"], spec["shape"]
    array = rng.integers(low, high, shape) if whole else rng.normal(size=shape)
    return array.astype(spec["dtype"])


def net_of(name: str, target: str) -> Any:
    """An example, loaded, with what it starts from."""
    net = program(name, target).load(seed=0, threads=1)
    if (start := getattr(module(name), "start", None)) is not None:
        start(net)
    return net


@cache
def first_losses(name: str, target: str) -> NDArray[np.float64]:
    """The losses of an example's first 20 steps."""
    net = net_of(name, target)
    return np.asarray([net.step(*s) for s in islice(batches(name), 20)], np.float64)


@pytest.mark.parametrize("target", ["ggml", "native"])
@pytest.mark.parametrize("name", ALL)
def test_the_targets_agree_on_the_first_losses(name: str, target: str) -> None:
    if name == "circuit" and target == "native":
        with pytest.raises(PassFailure, match=r"has no ops for tops\.reshape on i1"):
            net_of(name, target)
        return
    expected = first_losses(name, "numpy")
    np.testing.assert_allclose(first_losses(name, target), expected, rtol=1e-4)
    assert np.ptp(expected) > 0


# -- what the smaller examples learn -------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_a_circuit_learns_to_add(target: str) -> None:
    """Over Z/2, each sum seen once; then every bit of every loss is 0."""
    circuit, net = module("circuit"), net_of("circuit", target)
    assert circuit.figures(net)["wrong bits"] > 0.4
    samples = list(islice(batches("circuit"), 4))
    assert all(np.any(net.step(*sample)) for sample in samples)
    assert circuit.figures(net)["wrong bits"] == 0
    assert not any(np.any(net.step(*sample)) for sample in samples)


@pytest.mark.parametrize("target", TARGETS)
def test_a_picture_becomes_what_a_classifier_sees_in_digits(target: str) -> None:
    """The input is learnt; the classifier stays as it is."""
    dream, net = module("dream"), net_of("dream", target)
    frozen = {n: p for n, p in net.parameters.items() if n.startswith("dense")}
    assert dream.figures(net)["least probability"] < 0.1
    for sample in islice(batches("dream"), 100):
        net.step(*sample)
    assert dream.figures(net)["least probability"] > 0.99
    assert len(frozen) == 4
    for name, value in frozen.items():
        np.testing.assert_array_equal(net.parameters[name], value)


def test_forces() -> None:
    """Those of the data and those of the model are slopes of their energies."""
    forces, net = module("forces"), net_of("forces", "numpy")
    before = forces.figures(net)["force error"]
    for sample in islice(batches("forces"), 1000):
        net.step(*sample)
    assert before > 1
    assert forces.figures(net)["force error"] < 0.15
    x = module("morse").clusters(5)[0].astype(np.float64)
    along: NDArray[Any] = np.random.default_rng(1).normal(size=(5, 4, 3))

    def learnt(x: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        found: NDArray[Any] = net.predict(x)
        return found[:, 0], found[:, 1:].reshape(5, 4, 3)

    given: Any = module("morse").energies_and_forces
    for potential, h, rtol in ((given, 1e-5, 1e-6), (learnt, 1e-3, 1e-2)):
        slope = (potential(x + h * along)[0] - potential(x - h * along)[0]) / (2 * h)
        work = -np.sum(potential(x)[1] * along, axis=(1, 2))
        np.testing.assert_allclose(slope, work, rtol=rtol, atol=rtol)


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
