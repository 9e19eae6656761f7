"""
One random program in every execution: interpreter, random legal passes, NumPy, GGML.

How far results may lie apart is measured: by how much rounding to f32 changes the interpreter's
result. Where that is much, the program says little and is left out, and counted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import DiagnosticException, InterpretationError

from catgrad import native
from catgrad.compiler import run_pipeline, split_files
from catgrad.dialects._checks import check_module
from catgrad.dialects.cat import ArrowOp
from catgrad.interpreter import Interpreter
from catgrad.targets._placement import find_target
from catgrad.universe import available_passes
from tests.fuzz.programs import Program
from tests.numpy_code import load_program, results_of
from tests.programs import context, parse

Arrays = list[NDArray[Any]]
CLEANUP = ("canonicalize", "cse", "dce")
STRUCTURE = (*CLEANUP, "cat-inline", "cat-simplify")
AT_ONCE = {"per-op": 0, "gain": 0, "large": 0, "terms": 8}
"""Options that let a pass act on small tensors as well."""
ROUNDING = 64.0
"""The error of a target, in errors of the interpreter in f32 against f64."""
UNSTABLE = 1e-3
"""A result that f32 changes by this part of its size says nothing of a target."""


def tensor_passes() -> list[str]:
    """The passes from `tops` to `tops`: those that ask no target, but for fusion, the last one."""
    found: list[str] = [*CLEANUP]
    for name, factory in sorted(available_passes().items()):
        options = {f.name.replace("_", "-") for f in fields(factory()) if f.name != "name"}
        if name.startswith("tops-") and name != "tops-fuse" and "target" not in options:
            given = " ".join(f"{key}={AT_ONCE[key]}" for key in sorted(options & AT_ONCE.keys()))
            found.append(f"{name}{{{given}}}" if given else name)
    return found


class Mismatch(AssertionError):
    """An execution that gives something else."""


@dataclass(frozen=True)
class Wanted:
    """The results of a function in f64, and how far each may be missed."""

    values: Arrays
    slack: list[float]

    def check(self, got: Sequence[NDArray[Any]], like: Sequence[NDArray[Any]], what: str) -> None:
        """Mismatch if something else was computed."""
        if len(got) != len(like):
            raise Mismatch(f"{what}: {len(got)} results, expected {len(like)}")
        for i, (a, b, w, s) in enumerate(zip(got, like, self.values, self.slack, strict=True)):
            if (a.dtype, a.shape) != (b.dtype, b.shape):
                raise Mismatch(f"{what}: result {i} is {a.dtype}{a.shape}, not {b.dtype}{b.shape}")
            if b.dtype.kind != "f":
                same = np.array_equal(a, b)
            else:
                same = bool(np.all(np.abs(a.astype(np.float64) - w) <= s))
            if not same:
                raise Mismatch(f"{what}: result {i} is\n{a}\nexpected\n{b}\n")


@dataclass
class Prepared:
    """A program whose results are known."""

    program: Program
    likes: dict[str, Arrays]
    wanted: dict[str, Wanted]
    passes: list[str] = field(default_factory=list[str])


def wide(text: str) -> ModuleOp:
    """The same program in f64."""
    return parse(text.replace("f32", "f64"))


def widened(array: NDArray[Any]) -> NDArray[Any]:
    """f64 for f32."""
    return array.astype(np.float64) if array.dtype == np.float32 else array


def prepare(program: Program) -> Prepared | None:
    """What the interpreter gives; None if the program says nothing."""
    text = str(program.module)
    exact, plain = Interpreter(wide(text)), Interpreter(program.module)
    likes: dict[str, Arrays] = {}
    wanted: dict[str, Wanted] = {}
    for name, inputs in program.inputs.items():
        likes[name] = plain.run(name, *inputs)
        values = exact.run(name, *map(widened, inputs))
        slack: list[float] = []
        for a, b in zip(likes[name], values, strict=True):
            if a.dtype.kind != "f":
                slack.append(0.0)
                continue
            size = max(1.0, float(np.max(np.abs(b), initial=0)))
            error = float(np.max(np.abs(a - b), initial=0))
            if not error <= UNSTABLE * size:
                return None
            slack.append(ROUNDING * error + 2e-5 * size)
        wanted[name] = Wanted(values, slack)
    return Prepared(program, likes, wanted)


def differentiable(program: Program) -> Program:
    """The program, without derivatives if it has none: interpreter and pass must agree on that."""
    try:
        run_pipeline(program.module.clone(), "cat-differentiate")
        return program
    except DiagnosticException as error:
        refused = str(error)
    first, *others = program.inputs
    try:
        with np.errstate(all="ignore"):
            for name in others:
                Interpreter(program.module).run(name, *program.inputs[name])
    except InterpretationError:
        for op in list(program.module.body.block.ops):
            if isinstance(op, ArrowOp) and op.symbol in others:
                op.detach()
        return Program(program.seed, program.module, {first: program.inputs[first]})
    raise Mismatch(f"the interpreter differentiates what cat-differentiate refuses: {refused}")


def pass_sequence(random: Random) -> Iterator[str]:
    """A random legal way from `cat` to `tops`; cse does not keep the monoidal form."""
    yield from random.choices(STRUCTURE, k=random.randint(0, 3))
    monoidal = random.random() < 0.4
    if monoidal:
        yield "cat-make-monoidal"
    legal = [name for name in STRUCTURE if not (monoidal and name == "cse")]
    yield from random.choices(legal, k=random.randint(0, 2))
    yield "cat-differentiate"
    yield from random.choices(legal, k=random.randint(0, 2))
    yield from ("cat-inline", "cat-simplify")
    yield from random.choices(legal, k=random.randint(0, 2))
    yield "cat-to-tops"
    yield from random.choices(tensor_passes(), k=random.randint(0, 6))
    if random.random() < 0.8:
        yield "tops-fuse"


def transform(prepared: Prepared, passes: Sequence[str], each: bool = False) -> ModuleOp:
    """The module after passes, which keep the meaning; what is printed parses to the same."""
    module = prepared.program.module.clone()
    for i, name in enumerate(passes):
        prepared.passes = list(passes[: i + 1])
        run_pipeline(module, name)
        if each or i == len(passes) - 1:
            module.verify()
            check_module(module)
            run(prepared, Interpreter(module), f"after {','.join(prepared.passes)}")
    if each and str(parse(str(module))) != str(module):
        raise Mismatch("what is printed does not parse to the same")
    return module


def run(prepared: Prepared, interpreter: Interpreter, what: str) -> None:
    """Compare all functions of a module."""
    for name, inputs in prepared.program.inputs.items():
        got = interpreter.run(name, *inputs)
        prepared.wanted[name].check(got, prepared.likes[name], f"@{name} {what}")


def placed(modules: Sequence[ModuleOp], target: str) -> str:
    """The code of one artefact that holds the functions of all modules."""
    joined = ModuleOp([op.clone() for m in modules for op in m.body.block.ops])
    slots = f'tops-assign-slots{{target="{target}"}},tops-verify-slots{{target="{target}"}}'
    run_pipeline(joined, slots)
    stream = StringIO()
    find_target(target).emit(context(), joined, stream)
    return stream.getvalue()


def load(modules: Sequence[ModuleOp], target: str, options: Sequence[str]) -> Any:
    """An artefact of several programs, built and loaded."""
    code = placed(modules, target)
    if target == "numpy":
        return load_program(code)
    with tempfile.TemporaryDirectory() as folder:
        built = native.build(split_files(code, ""), Path(folder), options, native.LIBRARY)
        return native.open_library(built / "libprogram.so")(threads=2)


def check_artefact(net: Any, prepared: Prepared, what: str) -> None:
    """All functions of a program in an artefact; twice, since memory is used again."""
    for name, inputs in prepared.program.inputs.items():
        for _ in range(2):
            got = results_of(getattr(net, name)(*inputs))
            prepared.wanted[name].check(got, prepared.likes[name], f"@{name} in {what}")
