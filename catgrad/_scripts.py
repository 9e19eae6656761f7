"""Python files that the commands run: models, and dialects, passes and rules of other people."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from catgrad.dialects._blame import CompileError, told


def run_script(path: Path, holds: str) -> ModuleType:
    """
    Run a Python file; its neighbours can be imported. `holds` says what it is expected to hold.

    CompileError if there is no such file; other errors are the file's own, see `located`.
    """
    if not path.is_file():
        raise CompileError(f"no file {str(path)!r}; give a Python file that defines {holds}")
    name = f"_catgrad_script_{path.stem}"
    while Path(getattr(sys.modules.get(name), "__file__", path)).resolve() != path.resolve():
        name += "_"  # the name says which file a class is of
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CompileError(f"{path} is no Python file; give one that defines {holds}")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent.resolve()))
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module


def located(error: BaseException, path: Path) -> CompileError | None:
    """The error with the line of the file in front; None if the file has no part in it."""
    if isinstance(error, SyntaxError):
        own = error.filename is None or Path(error.filename).resolve() == path.resolve()
        where = f"{path if own else error.filename}:{error.lineno or 1}"
        return CompileError(f"{where}: SyntaxError: {error.msg}")
    line, cause = None, error
    while isinstance(cause, BaseException):
        for frame in traceback.extract_tb(cause.__traceback__):
            if Path(frame.filename).resolve() == path.resolve():
                line = frame.lineno
        cause = cause.__cause__
    if line is None:
        return None
    return CompileError(f"{path}:{line}: {told(error)}")
