"""The example `lenet.py` learns as PyTorch does: `references/record_lenet.py` recorded how."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.test_examples import TARGETS, datasets, program

REFERENCES = Path(__file__).parent / "references"


@cache
def recorder() -> Any:
    """The script that recorded: it knows the initial states and the batches."""
    spec = importlib.util.spec_from_file_location("record_lenet", REFERENCES / "record_lenet.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@cache
def recorded() -> dict[str, NDArray[Any]]:
    """What PyTorch computed."""
    with np.load(REFERENCES / "lenet.npz") as file:
        return dict(file)


def trained(target: str, seed: int, steps: int | None = None) -> tuple[Any, list[float]]:
    """The program after the recorded batches, and its losses."""
    data, net = datasets.digits(), program("lenet", target).load(threads=1)
    net.set_state(recorder().initial_state(seed))
    images = data.train_x.reshape(-1, 1, 8, 8)
    batches = recorder().batches(seed)[:steps]
    return net, [net.step(images[rows], data.train_y[rows]) for rows in batches]


@pytest.mark.parametrize("target", TARGETS)
def test_the_first_hundred_losses_are_those_of_pytorch(target: str) -> None:
    _, found = trained(target, 0, 100)
    np.testing.assert_allclose(found, recorded()["losses"], rtol=1e-5)
    np.testing.assert_allclose(found, recorded()["losses64"], rtol=1e-5)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("seed", range(5))
def test_lenet_reaches_what_pytorch_reaches(seed: int, target: str) -> None:
    """Ten epochs; `accuracy` and `predict` take any number of images."""
    data, (net, _) = datasets.digits(), trained(target, seed)
    images = data.test_x.reshape(-1, 1, 8, 8)
    found = net.accuracy(images, data.test_y)
    assert found.shape == (360,)
    assert np.mean(found) >= recorded()["accuracies"][seed] - 0.005
    assert np.mean(found) >= 0.93  # the least of the recorded ones is 0.9333
    assert net.predict(images[:5]).shape == (5, 10)
