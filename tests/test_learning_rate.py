"""A learning rate that each step is given: in both artefacts, and on their command lines."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import catgrad as cg
from catgrad import losses, native, nn, optimizers
from tests.api_tools import message, numbers


def rated(rate: Any, target: str = "numpy") -> cg.Program:
    """A trainer whose optimiser does everything at once, at a rate."""
    optimizer = optimizers.frozen("*.bias", optimizers.adamw(rate, weight_decay=0.1))
    parts = cg.training(
        nn.dense(3),
        inputs=cg.f32[4, 2],
        targets=cg.f32[4, 3],
        loss=losses.mse,
        optimizer=optimizers.accumulate(2, optimizers.clip_by_global_norm(0.5, optimizer)),
    )
    return cg.compile(parts, target=target, name="rated")


@dataclass
class Built:
    """A program that is given its rate, to load and to run from the command line."""

    load: Callable[..., Any]
    words: list[str]
    folder: Path

    def train(self, *more: str) -> tuple[int, str]:
        """Exit code and stderr."""
        words = [*self.words, "train", "x.npy", "y.npy", *more]
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr


@pytest.fixture(scope="module", params=["numpy", "ggml"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("rated")
    np.save(folder / "x.npy", numbers(12, 2).astype("f"))
    np.save(folder / "y.npy", numbers(12, 3, seed=1).astype("f"))
    program = rated(optimizers.given(), request.param)
    if request.param == "numpy":
        program.write(folder / "rated.py")
        return Built(program.load, [sys.executable, "rated.py"], folder)
    made = native.build(program.files, folder)
    return Built(native.open_library(made / "librated.so"), ["build/rated"], folder)


def test_given_equals_fixed(built: Built) -> None:
    given, fixed = built.load(seed=1), rated(0.05).load(seed=1)
    assert [i["name"] for i in given.FUNCTIONS["step"]["inputs"]] == ["x", "y", "learning_rate"]
    start = fixed.parameters["dense1.weight"]
    x, y = numbers(6, 4, 2).astype("f"), numbers(6, 4, 3, seed=1).astype("f")
    for a, b in zip(x, y, strict=True):
        assert given.step(a, b, 0.05) == pytest.approx(fixed.step(a, b), rel=1e-5)
    weight = given.parameters["dense1.weight"]
    np.testing.assert_allclose(weight, fixed.parameters["dense1.weight"], rtol=1e-5)
    assert np.abs(weight - start).max() > 0.1
    given.step(x[0], y[0], 0)
    given.step(x[0], y[0], 0)
    np.testing.assert_array_equal(given.parameters["dense1.weight"], weight)
    assert "learning_rate" in message(lambda: given.step(x[0], y[0]), TypeError)
    text = message(lambda: given.step(x[0], y[0], [0.1]), ValueError)
    assert text == "step: input learning_rate: got shape (1,), expected ()"


def test_on_the_command_line(built: Built) -> None:
    losses_at: dict[str, list[float]] = {}
    for rate in ("0", "0.05", "5e-2"):
        code, text = built.train("--epochs", "40", "--learning-rate", rate)
        assert code == 0
        losses_at[rate] = [float(x) for x in re.findall(r"loss ([\d.]+)", text)]
    assert losses_at["0.05"] == losses_at["5e-2"]
    assert len(set(losses_at["0"])) == 1
    assert losses_at["0.05"][-1] < 0.5 * losses_at["0"][-1]


@pytest.mark.parametrize("rate", ["-1", "nan", "inf", "1e99", "x", ""])
def test_rates_that_are_none(built: Built, rate: str) -> None:
    code, text = built.train(f"--learning-rate={rate}")
    assert code == 1
    assert f"--learning-rate: got {rate}, expected a number of at least 0" in text


def test_a_missing_rate(built: Built) -> None:
    expected = "rated: error: train needs --learning-rate R: each step of rated is given it\n"
    assert built.train() == (1, expected)
    code, text = built.train("--learning-rte", "1")
    assert (code, text.endswith("; did you mean --learning-rate?\n")) == (1, True)


def test_a_rate_too_much(tmp_path: Path) -> None:
    """The binary's refusal is among the errors of `test_ggml_program`."""
    rated(0.1).write(tmp_path / "rated.py")
    words = [sys.executable, "rated.py", "train", "x.npy", "y.npy", "--learning-rate", "1"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    text = "rated: error: --learning-rate: rated has a rate of its own; leave it out\n"
    assert (done.returncode, done.stderr) == (1, text)
