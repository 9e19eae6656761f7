"""A NumPy program runs where there is NumPy and nothing else."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

import catgrad as cg
from catgrad import losses, nn, optimizers


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment that has NumPy."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    found = folder / "bin" / "python"
    wanted = f"numpy=={version('numpy')}"
    command = [str(found), "-m", "pip", "install", "--quiet", "--no-deps", wanted]
    subprocess.run(command, check=True)
    return found


@pytest.fixture(scope="module")
def source() -> str:
    parts = cg.training(
        nn.dense(8) >> nn.relu >> nn.dense(3),
        inputs=cg.f32[16, 2],
        targets=cg.i32[16],
        loss=losses.cross_entropy,
        optimizer=optimizers.adam(0.01),
        metrics={"accuracy": losses.accuracy},
    )
    return cg.compile(parts, name="points").source


def test_imports(source: str) -> None:
    modules: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            modules.add(str(node.module).partition(".")[0])
    assert modules - sys.stdlib_module_names == {"numpy"}
    assert not re.search(r"\b(eval|exec|__import__|importlib|pickle)\b", source)


def test_train_predict_info(python: Path, source: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(100) % 3
    centres = np.array([[0, 2], [2, -1], [-2, -1]])
    np.save(tmp_path / "x.npy", centres[labels] + 0.3 * rng.normal(size=(100, 2)))
    np.save(tmp_path / "y.npy", labels)
    (tmp_path / "points.py").write_text(source)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(python), *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done

    probe = "import importlib.util as u; print([u.find_spec(m) for m in ('catgrad', 'xdsl')])"
    assert run("-c", probe).stdout == "[None, None]\n"
    samples = ["x.npy", "y.npy"]
    words = ["train", *samples, "--test", *samples, "--epochs", "40", "--save", "net.npz"]
    trained = run("points.py", *words)
    found = re.fullmatch(r"test accuracy ([\d.]+)", trained.stderr.splitlines()[-1])
    assert found is not None
    assert float(found[1]) > 0.97
    run("points.py", "predict", "x.npy", "-o", "p.npy", "--load", "net.npz")
    assert np.mean(np.load(tmp_path / "p.npy").argmax(axis=1) == labels) > 0.97
    info = json.loads(run("points.py", "info").stdout)
    assert (info["name"], info["parameters"]["dense1.weight"]["shape"]) == ("points", [2, 8])
