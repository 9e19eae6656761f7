"""Trains with programs that catgrad made in another process."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from benchmarks.models import Workload, initial_state


def numpy_program(path: Path) -> Any:
    """The class in a program for NumPy; nothing of catgrad is imported."""
    spec = importlib.util.spec_from_file_location("program", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (found,) = [c for c in vars(module).values() if "FUNCTIONS" in getattr(c, "__dict__", ())]
    return found


def ggml_program(path: Path) -> Any:
    """The class of a program for GGML, called through its C interface."""
    from catgrad.native import open_library

    return open_library(path)


class System:
    """`step(*prepare(x, y))` is one training step; `facts` is what was measured before it."""

    def __init__(self, name: str, workload: Workload):
        command = [sys.executable, "-m", "benchmarks.catgrad_models", name, workload.name]
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([*command, folder], stdout=subprocess.PIPE, check=True)
            self.facts: dict[str, Any] = json.loads(done.stdout)
            path = Path(self.facts.pop("artefact"))
            load = numpy_program if name == "catgrad-numpy" else ggml_program
            self.net = load(path)()
        self.net.set_state(initial_state(workload))

    def prepare(self, x: NDArray[Any], y: NDArray[Any]) -> tuple[Any, Any]:
        """The batch as this system takes it."""
        return x, y

    def step(self, x: Any, y: Any) -> float:
        """Update the parameters; the loss before that."""
        return self.net.step(x, y)
