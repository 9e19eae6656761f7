"""Builds C++ programs with CMake and runs them here, behind the face of the NumPy ones."""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import json
import keyword
import operator
import os
import platform
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from catgrad._errors import CompileError
from catgrad.targets.support import numpy_runtime

if TYPE_CHECKING:
    from catgrad.compiler import Program as Compiled

Array = NDArray[Any]

LIBRARY = "catgrad_library"
"""The CMake target that holds the C interface only."""


def ggml_prefix() -> str:
    """Where CMake finds GGML: CMAKE_PREFIX_PATH, or the installed ggml-python."""
    if given := os.environ.get("CMAKE_PREFIX_PATH"):
        return given.replace(os.pathsep, ";")
    spec = importlib.util.find_spec("ggml")
    if spec is None or spec.origin is None:
        raise CompileError(
            "the ggml target needs GGML to build a program: install ggml-python "
            "(the extra 'ggml' of this package) or set CMAKE_PREFIX_PATH"
        )
    return str(Path(spec.origin).parents[1])


def build(
    files: Mapping[str, str], folder: Path, options: Sequence[str] = (), only: str | None = None
) -> Path:
    """
    Write the files of a program to `folder` and build them there; the folder with the results.

    `options` go to CMake; `only` names a CMake target. CompileError if something is missing.
    """
    for tool in ("cmake", os.environ.get("CXX", "c++")):
        if shutil.which(tool) is None:
            raise CompileError(f"the ggml target needs {tool} to build a program; install it first")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    out = folder / "build"
    _run(
        "cmake", "-S", str(folder), "-B", str(out), f"-DCMAKE_PREFIX_PATH={ggml_prefix()}", *options
    )
    _run("cmake", "--build", str(out), "--parallel", *(["--target", only] if only else []))
    return out


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        text = "\n".join((done.stdout + done.stderr).strip().splitlines()[-30:])
        raise CompileError(f"'{' '.join(command[:2])} ...' failed:\n{text}")


def _cached_library(files: Mapping[str, str]) -> Path:
    """The shared library of a program, built once for this machine."""
    name = next(file for file in files if file.endswith(".h")).removesuffix(".h")
    machine = [platform.platform(), _processor(), os.environ.get("CXX", "c++"), ggml_prefix()]
    key = hashlib.sha256(json.dumps([files, machine], sort_keys=True).encode()).hexdigest()[:32]
    base = os.environ.get("CATGRAD_CACHE") or Path.home() / ".cache" / "catgrad"
    library = Path(base) / key / f"lib{name}.so"
    if not library.exists():
        with tempfile.TemporaryDirectory() as temporary:
            made = next(build(files, Path(temporary), only=LIBRARY).glob(f"lib{name}.*"))
            library.parent.mkdir(parents=True, exist_ok=True)
            part = library.with_suffix(f".{os.getpid()}.tmp")
            shutil.copy(made, part)
            part.replace(library)
    return library


def _processor() -> str:
    """What the processor can do, where the system tells it: programs use all of it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def load(program: Compiled, seed: int = 0, threads: int | None = None) -> Program:
    """An instance of a compiled program, built if necessary."""
    return open_library(_cached_library(program.files))(seed=seed, threads=threads)


def open_library(path: Path) -> type[Program]:
    """The class of a program, from its shared library."""
    library = ctypes.CDLL(str(path))
    prefix = path.name.removeprefix("lib").partition(".")[0]
    describe = library[f"{prefix}_describe"]
    describe.restype = ctypes.c_char_p
    tables = json.loads(describe())
    names = _methods(list(tables["FUNCTIONS"]))
    for name, function in tables["FUNCTIONS"].items():
        function["method"] = names[name]
    methods = {method: _method(name, method) for name, method in names.items()}
    return type(prefix, (Program,), {**tables, **methods, "_c": _Interface(library, prefix)})


def _methods(functions: Sequence[str]) -> dict[str, str]:
    """A method name for each function: its own, unless it is none or means something else."""
    own = {
        n
        for n in functions
        if n.isidentifier() and not keyword.iskeyword(n) and not n.startswith("_")
    }
    own -= {*dir(Program), "seed", "steps", "NAME", "PARAMETERS", "STATE", "MEMORY", "FUNCTIONS"}
    names = {n: n if n in own else f"function_{i}" for i, n in enumerate(functions)}
    clash = sorted(own & {m for n, m in names.items() if n not in own})
    return {n: f"{m}_" if n not in own and m in clash else m for n, m in names.items()}


def _method(name: str, method: str) -> Callable[..., Any]:
    def call(self: Program, *values: Any) -> Any:
        return self._call(name, *values)  # pyright: ignore[reportPrivateUsage]

    call.__name__ = method
    call.__doc__ = f"Run the arrow {name!r}."
    return call


class _Interface:
    """The C functions that every program has."""

    def __init__(self, library: ctypes.CDLL, prefix: str):
        handle, text = ctypes.c_void_p, ctypes.c_char_p
        pointers = ctypes.POINTER(ctypes.c_void_p)

        def function(name: str, result: Any, *arguments: Any) -> Any:
            found = library[f"{prefix}_{name}"]
            found.restype, found.argtypes = result, arguments
            return found

        self.create = function("create", handle, ctypes.c_int)
        self.destroy = function("destroy", None, handle)
        self.error = function("error", text, handle)
        self.call = function("call", ctypes.c_int, handle, text, pointers, pointers)
        self.seed = function("seed", ctypes.c_int64, handle)
        self.steps = function("steps", ctypes.c_int64, handle)
        self.get = function("get", ctypes.c_int, handle, text, handle, ctypes.c_size_t)
        self.set = function("set", ctypes.c_int, handle, text, handle, ctypes.c_size_t)
        self.save = function("save", ctypes.c_int, handle, text)
        self.load = function("load", ctypes.c_int, handle, text)


class _Tensor:
    """A parameter or state in the program: `copy()` reads it, `tensor[...] = array` writes it."""

    def __init__(self, program: Program, name: str, spec: Mapping[str, Any]):
        self.program, self.name, self.spec = program, name, spec

    def copy(self) -> Array:
        """The value."""
        array = np.empty(self.spec["shape"], self.spec["dtype"])
        self.program.check(
            "get", self.name.encode(errors="surrogatepass"), array.ctypes.data, array.nbytes
        )
        return array

    def __setitem__(self, index: object, value: Array) -> None:
        array = np.ascontiguousarray(value, self.spec["dtype"])  # no copy of what fits
        self.program.check(
            "set", self.name.encode(errors="surrogatepass"), array.ctypes.data, array.nbytes
        )


class Program(numpy_runtime.Program):
    """
    A compiled program: methods run its functions on parameters and states it holds.

    `threads` is the number of threads of the program; by default what its work is worth.
    """

    _c: ClassVar[_Interface]

    def __init__(self, seed: int = 0, threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads: got {threads}, expected a whole number greater than 0")
        self._handle = self._c.create(threads or 0)
        if not self._handle:
            raise MemoryError(self._c.error(None).decode())
        self._finalizer = weakref.finalize(self, self._c.destroy, self._handle)
        tensors = {**self.PARAMETERS, **self.STATE}
        stored: Any = {name: _Tensor(self, name, spec) for name, spec in tensors.items()}
        self._stored = stored
        self.seed, self.steps = operator.index(seed), 0
        if "init" in self.FUNCTIONS:
            self._call("init", seed)

    def check(self, function: str, *arguments: Any) -> None:
        """Call a C function; ValueError with its message if it fails."""
        if getattr(self._c, function)(self._handle, *arguments) != 0:
            raise ValueError(self._c.error(self._handle).decode(errors="replace"))

    def _run(self, name: str, arrays: Sequence[Array]) -> list[Any]:
        function = self.FUNCTIONS[name]
        pairs = zip(arrays, function["inputs"], strict=True)
        inputs = [np.ascontiguousarray(array, spec["dtype"]) for array, spec in pairs]
        outputs = [np.empty(spec["shape"], spec["dtype"]) for spec in function["outputs"]]
        pointers = [
            (ctypes.c_void_p * len(g))(*(a.ctypes.data for a in g)) for g in (inputs, outputs)
        ]
        status = self._c.call(self._handle, name.encode(errors="surrogatepass"), *pointers)
        if status != 0:
            text: str = self._c.error(self._handle).decode(errors="replace")
            error = FloatingPointError if ": loss is " in text else ValueError
            raise error(text)
        return list[Any](outputs)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes parameters, states, seed and step number; an error leaves an old file as it is."""
        try:
            self.check("save", os.fsencode(path))
        except ValueError as error:
            raise OSError(str(error)) from None

    def load(self, path: str | os.PathLike[str]) -> None:
        """Reads what `save` wrote; nothing is changed unless all of it fits this program."""
        with open(path, "rb"):  # what is wrong with the path itself is an OSError
            self.check("load", os.fsencode(path))
        self.seed, self.steps = self._c.seed(self._handle), self._c.steps(self._handle)
