"""`catgrad-opt --run`: executes a function of a module with the interpreter."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import DictionaryAttr, ModuleOp, StringAttr
from xdsl.utils.exceptions import DiagnosticException

from catgrad._errors import UsageError, failure, guarded
from catgrad.dialects import cat
from catgrad.interpreter import Interpreter


def load(path: str) -> NDArray[Any]:
    """Read one `.npy` file. Objects are refused: reading them could run code."""
    if path.endswith(".mlir"):
        raise UsageError(f"{path} is no .npy file; write the IR file before --input")
    try:
        array: NDArray[Any] | None = None
        if isinstance(loaded := np.load(path, allow_pickle=False), np.ndarray):
            array = cast("NDArray[Any]", loaded)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:
        # NumPy raises a dozen types for a damaged header.
        reason = str(error) or type(error).__name__
        raise UsageError(f"cannot read {path}: not a whole .npy file ({reason})") from error
    if array is None:
        raise UsageError(f"cannot read {path}: it holds several arrays; give one .npy per input")
    return array


def execute(module: ModuleOp, name: str, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Call `@name` on the inputs."""
    try:
        with guarded(f"the run of @{name}"):
            return Interpreter(module).run(name, *inputs)
    except DiagnosticException as error:
        raise failure(f"cannot run @{name}: {error}", error) from error


def labels(module: ModuleOp, name: str, count: int) -> list[str]:
    """What the results of `@name` are called: by what they update, by role, or by number alone."""
    attributes: Sequence[DictionaryAttr] = ()
    for op in Interpreter(module).functions.values():
        if op.sym_name.data == name and op.res_attrs is not None:
            attributes = op.res_attrs.data
    found = [""] * count
    for i, attribute in enumerate(attributes):
        label = attribute.data.get(cat.UPDATES) or attribute.data.get(cat.ROLE)
        if isinstance(label, StringAttr):
            found[i] = f" {label.data}"
    return found


def as_text(labels: Sequence[str], results: Sequence[NDArray[Any]]) -> str:
    """Each result with its number, name, dtype and shape; every value in full."""
    parts: list[str] = []
    for i, (label, result) in enumerate(zip(labels, results, strict=True)):
        values = np.array2string(result, separator=", ", threshold=sys.maxsize, floatmode="unique")
        parts.append(f"result {i}{label}: {result.dtype.name} {list(result.shape)}\n{values}\n")
    return "".join(parts)


def as_files(paths: Sequence[str], results: Sequence[NDArray[Any]]) -> dict[Path, bytes]:
    """The `.npy` files, one per result."""
    if len(paths) != len(results):
        raise UsageError(
            f"--output names {len(paths)} files, the function has {len(results)} results"
        )
    if len({Path(path).resolve() for path in paths}) != len(paths):
        raise UsageError("--output names one file twice")
    found: dict[Path, bytes] = {}
    for path, result in zip(paths, results, strict=True):
        buffer = BytesIO()
        np.save(buffer, result, allow_pickle=False)
        found[Path(path)] = buffer.getvalue()
    return found
