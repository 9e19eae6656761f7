"""The commands and the code of the README run as they are written."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import catgrad as cg

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
CODE = [text for kind, text in BLOCKS if kind == "python"]
COMMANDS = [text for kind, text in BLOCKS if kind == "sh" and "make" not in text]


@cg.arrow
def energy(x: cg.Array) -> cg.Array:
    """What the README takes the gradient of."""
    return cg.sum(cg.sin(x))


def test_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    names = {
        "x": rng.normal(size=(150, 4)).astype(np.float32),
        "y": rng.normal(size=(150, 3)).astype(np.float32),
        "energy": energy,
    }
    assert len(CODE) >= 2
    for text in CODE:
        exec(compile(text, "README.md", "exec"), names)
    assert (tmp_path / "iris.py").is_file()
    assert isinstance(names["loss"], float)


def test_commands(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    rng = np.random.default_rng(0)
    for prefix, rows in (("", 64), ("T", 40)):
        np.save(tmp_path / f"{prefix}X.npy", rng.uniform(size=(rows, 64)).astype(np.float32))
        np.save(tmp_path / f"{prefix}Y.npy", rng.integers(0, 10, rows).astype(np.int32))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    assert len(COMMANDS) >= 2
    for text in COMMANDS:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert np.load(tmp_path / "Y.npy").shape == (64, 10)  # `predict X.npy -o Y.npy` wrote it
    assert (tmp_path / "digits" / "digits.cpp").is_file()
