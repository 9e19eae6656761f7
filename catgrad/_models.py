"""Model files: Python files that define `parts`."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from catgrad._errors import CompileError
from catgrad._scripts import located, run_script
from catgrad.compiler import Program, trace
from catgrad.tracing import Traced


def program_of(path: Path, target: str, kernels: str | None) -> Program:
    """
    Run the file and trace its `parts`; the file's stem is the program's name.

    Raises CompileError, with the line of the file if it has a part in it.
    """
    try:
        return trace(_parts_of(path), target, name=path.stem, kernels=kernels)
    except (Exception, SystemExit) as error:
        if (found := located(error, path)) is None:
            raise
        raise found from error


def _parts_of(path: Path) -> dict[str, Traced]:
    """Run the file; what it defines as `parts`."""
    module = run_script(path, "`parts`")
    parts = getattr(module, "parts", None)
    if not isinstance(parts, dict):
        found = "no `parts`" if parts is None else f"`parts` of type {type(parts).__name__}"
        raise CompileError(
            f"{path} defines {found}; expected a dict of traced arrows, as cg.training(...) returns"
        )
    return cast("dict[str, Traced]", parts)
