"""Printed NumPy programs as objects."""

from __future__ import annotations

from types import ModuleType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray


def load_program(source: str, seed: int = 0) -> Any:
    """The program of a printed module."""
    module = ModuleType("printed")
    exec(compile(source, "printed.py", "exec"), module.__dict__)
    (program,) = [
        c for c in vars(module).values() if isinstance(c, type) and "FUNCTIONS" in vars(c)
    ]
    return program(seed=seed)


def results_of(returned: object) -> list[NDArray[Any]]:
    """What a method returned, as a list of arrays."""
    if returned is None:
        return []
    several = cast("tuple[Any, ...]", returned) if isinstance(returned, tuple) else (returned,)
    return [np.asarray(result) for result in several]
