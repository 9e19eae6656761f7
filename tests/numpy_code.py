"""Printed NumPy programs as objects."""

from __future__ import annotations

from types import ModuleType
from typing import Any


def load_program(source: str, seed: int = 0) -> Any:
    """The program of a printed module."""
    module = ModuleType("printed")
    exec(compile(source, "printed.py", "exec"), module.__dict__)
    (program,) = [
        c for c in vars(module).values() if isinstance(c, type) and "FUNCTIONS" in vars(c)
    ]
    return program(seed=seed)
