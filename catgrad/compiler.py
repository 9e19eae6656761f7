"""compile(): from traced arrows to a program, one pipeline of passes for each target."""

from __future__ import annotations

import importlib.util
import io
import sys
import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func
from xdsl.printer import Printer
from xdsl.utils.exceptions import PassFailedException

from catgrad._collection import collection_paused
from catgrad._errors import CompileError, guarded
from catgrad._files import write_files
from catgrad.dialects._checks import check_module, suggestion
from catgrad.dialects.cat import Cat
from catgrad.dialects.tops import Tops
from catgrad.dialects.tops.base import TopsOp
from catgrad.lenses import INIT
from catgrad.memory import Memory, memory_of
from catgrad.pipelines import LOWER_TO, TOPS, apply_pass, flatten, parse_passes
from catgrad.targets._placement import find_target, outside_targets, target_files, target_names
from catgrad.tracing import Traced, trace_module
from catgrad.universe import available_passes

LEVELS = ("cat", "tops", "placed")


class Program:
    """A compiled program: its IR at each level, its source files, and `load` to run it."""

    def __init__(self, name: str, module: ModuleOp, target: str, variant: str = ""):
        self.name, self.target, self.variant = name, target, variant
        self._cat = module

    def ir(self, level: str, locations: bool = False) -> str:
        """
        The IR as text: "cat" (traced), "tops" (lowered) or "placed" (fused, with slots).

        With `locations` every op says which line of Python it comes from.
        """
        if level not in LEVELS:
            raise CompileError(
                f"no level {level!r}; levels are {', '.join(LEVELS)}{suggestion(level, LEVELS)}"
            )
        stream = io.StringIO()
        Printer(stream, print_debuginfo=locations).print_op(getattr(self, f"_{level}"))
        return f"{stream.getvalue()}\n"

    @property
    def module(self) -> ModuleOp:
        """A copy of the traced arrows."""
        return self._cat.clone()

    @cached_property
    def _tops(self) -> ModuleOp:
        return run_pipeline(self._cat.clone(), TOPS)

    @cached_property
    def _placed(self) -> ModuleOp:
        return run_pipeline(self._cat.clone(), f"{LOWER_TO}{self._placing}")

    @property
    def _placing(self) -> str:
        """The target with its variant, as passes call it."""
        return f"{self.target}-{self.variant}" if self.variant else self.target

    @property
    def memory(self) -> Memory:
        """The bytes it needs, and what is alive at the peak; its text is a report."""
        return memory_of(self._placed, find_target(self._placing))

    @cached_property
    @collection_paused()
    def source(self) -> str:
        """What the target prints; several files follow each other behind `//--- NAME` lines."""
        stream, target = io.StringIO(), find_target(self._placing)
        placed = self._placed
        with guarded(f"target '{self.target}'", type(target)):
            target.emit(context(), placed, stream)
        return stream.getvalue()

    @cached_property
    def files(self) -> dict[str, str]:
        """File name -> text."""
        return split_files(self.source, f"{self.name}{find_target(self.target).suffix}")

    def write(self, path: str | Path) -> None:
        """
        Write the program: to a file, or for several files into a folder.

        All files are written or none; CompileError if that fails.
        """
        path = Path(path)
        try:
            if len(self.files) == 1:
                write_files({path: self.source.encode()})
            else:
                _write_folder(path, self.files)
        except OSError as error:
            where = error.filename or path
            raise CompileError(
                f"cannot write {where}: {error.strerror}; check the path and its rights"
            ) from error

    def load(self, seed: int = 0, threads: int | None = None) -> Any:
        """
        Run the program in this process: an object with a method for each arrow.

        CompileError for a target from outside the package.
        """
        if self.target not in target_files():
            raise CompileError(
                f"target {self.target!r} does not load programs into this process; write it and "
                "build it"
            )
        if self.target != "numpy":
            from catgrad import native

            return native.load(self, seed=seed, threads=threads)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "program.py"
            path.write_text(self.source)
            spec = importlib.util.spec_from_file_location("catgrad_program", path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            previous, sys.dont_write_bytecode = sys.dont_write_bytecode, True
            try:
                spec.loader.exec_module(module)
            finally:
                sys.dont_write_bytecode = previous
        made = [
            c
            for c in vars(module).values()
            if isinstance(c, type) and c.__module__ == module.__name__
        ]
        (program,) = [c for c in made if "FUNCTIONS" in vars(c)]
        return program(seed=seed, threads=threads)


def _write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write all files into a folder, which is made and, if that fails, removed again."""
    made = not folder.exists()
    folder.mkdir(exist_ok=True)
    try:
        write_files({folder / name: text.encode() for name, text in files.items()})
    except OSError:
        if made:
            folder.rmdir()
        raise


@collection_paused()
def compile(
    parts: Mapping[str, Traced],
    target: str = "numpy",
    name: str = "program",
    kernels: str | None = None,
) -> Program:
    """
    Compile traced arrows, by name, for a target.

    `kernels` is for the target ggml: "fused" (generated loops, the default) or "native" (GGML's own
    ops).

    Raises TraceError for a model that does not fit its types, PassFailedException for ops without a
    derivative or without a printing (all at once), CompileError for an unknown target.
    """
    program = trace(parts, target, name, kernels)
    _ = program.source
    return program


@collection_paused()
def trace(
    parts: Mapping[str, Traced],
    target: str = "numpy",
    name: str = "program",
    kernels: str | None = None,
) -> Program:
    """Trace arrows; the program is compiled when something is asked of it."""
    check_target(target, kernels)
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise CompileError(f"the name of a program is a string, got {name!r}")
    typed = _typed_parts(parts)
    try:
        module = trace_module(typed, name, INIT).module
    except RecursionError as error:
        raise CompileError("arrows call each other too deeply: does one call itself?") from error
    for op in module.walk():
        if not isinstance(op, TopsOp):  # the tracer verified those as it inserted them
            op.verify(verify_nested_ops=False)
    check_module(module)
    return Program(name, module, target, "" if kernels in (None, "fused") else str(kernels))


def check_target(target: str, kernels: str | None) -> None:
    """Raise CompileError unless there is such a target, with an option `kernels` of this value."""
    if target not in target_files() and target not in outside_targets():
        known = target_names()
        raise CompileError(
            f"no target {target!r}; targets are {', '.join(known)}" + suggestion(target, known)
        )
    if kernels is None:
        return
    if find_target(target).variant != "kernels":
        raise CompileError(f"target {target!r} has no kernels to choose; leave out kernels")
    try:
        find_target(f"{target}-{kernels}")
    except PassFailedException as error:
        raise CompileError(str(error)) from error


def _typed_parts(parts: object) -> dict[str, Traced]:
    if not isinstance(parts, Mapping):
        raise CompileError(
            f"got {type(parts).__name__}; accepts a dict of traced arrows by name, "
            "as cg.training(...) returns"
        )
    typed: dict[str, Traced] = {}
    for key, part in cast("Mapping[object, object]", parts).items():
        if not isinstance(key, str):
            raise CompileError(f"the name of a part is a string, got {key!r}")
        if not isinstance(part, Traced):
            raise CompileError(
                f"part {key!r} is {part!r}; give it types with .on(...), as in gelu.on(cg.f32[3])"
            )
        typed[key] = part
    return typed


@collection_paused()
def run_pipeline(module: ModuleOp, passes: str) -> ModuleOp:
    """Apply passes, written as after `-p`; an error names the pass. Returns the module."""
    ctx = context()
    for pass_ in flatten(parse_passes(passes, available_passes())):
        apply_pass(pass_, ctx, module)
    return module


def context() -> Context:
    """A context with the dialects that a program needs."""
    ctx = Context()
    for dialect in (Builtin, Func, Cat, Tops):
        ctx.load_dialect(dialect)
    return ctx


def split_files(source: str, single: str) -> dict[str, str]:
    """Split the output of a target at `//--- NAME` lines; without any, it is the file `single`."""
    marker = "//--- "
    if not source.startswith(marker):
        return {single: source}
    files: dict[str, str] = {}
    for part in f"\n{source}".split(f"\n{marker}")[1:]:
        head, _, body = part.partition("\n")
        files[head.strip()] = body if body.endswith("\n") else f"{body}\n"
    return files
