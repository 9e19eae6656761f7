"""The example `chargpt.py` learns as PyTorch does: `references/record_chargpt.py` recorded how."""

from __future__ import annotations

from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.test_examples import TARGETS, datasets, module, program

REFERENCES = Path(__file__).parent / "references"


@cache
def recorder() -> Any:
    """The script that recorded: it knows the initial state and the batches."""
    spec = spec_from_file_location("record_chargpt", REFERENCES / "record_chargpt.py")
    assert spec is not None
    assert spec.loader is not None
    found = module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@cache
def recorded() -> dict[str, NDArray[Any]]:
    """What PyTorch computed."""
    with np.load(REFERENCES / "chargpt.npz") as file:
        return dict(file)


def trained(target: str, steps: int) -> tuple[Any, list[float]]:
    """The program after the recorded batches, and its losses."""
    net, text = program("chargpt", target).load(), datasets.topics().train
    net.set_state(recorder().initial_state())
    batches = recorder().starts(len(text))[:steps]
    time = recorder().TIME
    return net, [net.step(*module("texts").windows(text, starts, time)) for starts in batches]


@pytest.mark.parametrize("target", TARGETS)
def test_the_first_losses_are_those_of_pytorch(target: str) -> None:
    _, found = trained(target, len(recorded()["losses"]))
    np.testing.assert_allclose(found, recorded()["losses"], rtol=1e-4)
    np.testing.assert_allclose(found, recorded()["losses64"], rtol=1e-4)


@pytest.mark.parametrize("target", TARGETS)
def test_it_learns_what_pytorch_learns(target: str) -> None:
    """2000 steps, then the loss on the last tenth of the text."""
    net, losses = trained(target, recorder().STEPS)
    assert np.mean(losses[-100:]) == pytest.approx(recorded()["training"], abs=0.03)
    found = module("chargpt").figures(net)["validation loss"]
    assert found == pytest.approx(recorded()["validation"], abs=0.03)


def test_the_text_is_as_described() -> None:
    text = datasets.topics()
    assert len(text.alphabet) == module("chargpt").CHARACTERS == 103
    assert len(text.train) + len(text.validation) == 466_097
    assert len(text.train) == 419_487
