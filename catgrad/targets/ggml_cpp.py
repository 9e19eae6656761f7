"""The target `ggml`: C++ that runs as graphs of custom ops on GGML's CPU backend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, ClassVar, TypeAlias

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import PassFailedException

from catgrad.dialects._checks import suggestion
from catgrad.dialects.cat import NAME
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import FusedOp, YieldOp
from catgrad.dialects.tops.movement import CopyOp, ReshapeOp
from catgrad.targets import _ggml_native, _ggml_views
from catgrad.targets._describe import Signature, functions_in, has_command_line, text
from catgrad.targets._ggml_functions import FunctionPrinter
from catgrad.targets._ggml_graph import NativeFunctionPrinter
from catgrad.targets._ggml_kernels import READS_SCALARS
from catgrad.targets._ggml_loops import CTYPES
from catgrad.targets._ggml_native import SCALED
from catgrad.targets._ggml_program import SUPPORT, ProgramPrinter
from catgrad.targets._ggml_spelling import SPELLING
from catgrad.targets._ggml_values import dtype
from catgrad.targets._placement import PlacedTarget, Placement, adds_in_place

HEADERS = tuple(f"{h}.hpp" for h in "tables graph runtime kernels checkpoint".split())
COMMAND_HEADERS = ("npy.hpp", "arguments.hpp")


class Fused(Placement):
    """`kernels=fused`: custom ops, generated loops, products through CBLAS if there is one."""

    headers: ClassVar = (*HEADERS, "gather.hpp", "matmul.hpp", "windows.hpp")
    included: ClassVar = tuple(
        f"{h}.hpp" for h in "checkpoint gather matmul runtime windows".split()
    )
    printer: ClassVar = FunctionPrinter
    dtypes: ClassVar = tuple(CTYPES)

    def has(self, op: Operation) -> bool:
        if isinstance(op, FusedOp) and not all(
            self.has(inner) for inner in op.body.block.ops if inner is not op.terminator
        ):
            return False
        values: list[SSAValue] = [*op.operands, *op.results]
        return op.name in SPELLING and all(dtype(v) in self.dtypes for v in values)

    def is_view(self, op: Operation) -> bool:
        return _ggml_views.is_view(op)

    def takes_scalar(self, op: Operation) -> bool:
        return isinstance(op, READS_SCALARS)

    def may_alias(self, op: Operation, operand: int, result: int) -> bool:
        if not isinstance(op, Elementwise | FusedOp):
            return adds_in_place(op, operand)
        same = op.operands[operand].type == op.results[result].type
        return same and (not isinstance(op, FusedOp) or op.read_in_time(operand, result))


class Native(Placement):
    """`kernels=native`: GGML's own ops, one graph of them, f32 and i32; see `_ggml_native`."""

    headers: ClassVar = HEADERS
    included: ClassVar = ("checkpoint.hpp", "runtime.hpp")
    printer: ClassVar = NativeFunctionPrinter
    dtypes: ClassVar = ("f32", "i32")

    def has(self, op: Operation) -> bool:
        return _ggml_native.has(op)

    def is_view(self, op: Operation) -> bool:
        return isinstance(op, ReshapeOp) or _ggml_native.is_folded(op)

    def takes_scalar(self, op: Operation) -> bool:
        if _ggml_native.is_host(op):
            return isinstance(op, READS_SCALARS)
        return isinstance(op, CopyOp) or op.name in SCALED

    def may_alias(self, op: Operation, operand: int, result: int) -> bool:
        return isinstance(op, Elementwise) and op.operands[operand].type == op.results[result].type

    def workspace(self, op: Operation) -> int:
        return _ggml_native.workspace(op)


Mode: TypeAlias = "Fused | Native"
KERNELS: dict[str, Mode] = {"fused": Fused(), "native": Native()}


@dataclass(frozen=True)
class GgmlTarget(PlacedTarget):
    """
    NAME.h, NAME.cpp, main.cpp, CMakeLists.txt and support headers, in split-file form.

    `kernels=fused`: one graph of custom ops for each function, generated loops, matrix products
    through CBLAS where there is one; CPU; f32, i32 and i1. `kernels=native`: GGML's own ops, f32
    and i32; `tops-decompose` makes them of the rest; scalar integers, random numbers on the host.
    """

    name = "ggml"
    variant: ClassVar[str] = "kernels"

    kernels: str = "fused"

    def __post_init__(self) -> None:
        if self.kernels not in KERNELS:
            close = suggestion(self.kernels, KERNELS)
            known = ", ".join(KERNELS)
            raise PassFailedException(f"kernels is {known}, got '{self.kernels}'{close}")

    @property
    def mode(self) -> Mode:
        """The mode of the kernels: what it has, where values live, how it is printed."""
        return KERNELS[self.kernels]

    def has(self, op: Operation) -> bool:
        if isinstance(self.mode, Fused):  # element types that it does not take are named by `emit`
            return op.name in SPELLING
        return self.mode.has(op)

    def is_view(self, op: Operation) -> bool:
        return self.mode.is_view(op)

    def takes_scalar(self, op: Operation) -> bool:
        return self.mode.takes_scalar(op)

    def may_alias(self, op: Operation, operand: int, result: int) -> bool:
        return self.mode.may_alias(op, operand, result)

    def workspace(self, op: Operation) -> int:
        return self.mode.workspace(op)

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        functions = functions_in(module, self.name)
        mode = self.mode
        check_supported(functions, mode, self.kernels)
        printer = ProgramPrinter(module, functions, mode.included, mode.printer)
        name = printer.prefix
        trains = has_command_line(functions)
        files = {f"{name}.h": printer.header(), f"{name}.cpp": printer.source()}
        if trains:
            files["main.cpp"] = template("main.cpp", name)
        files["CMakeLists.txt"] = cmake_lists(name, trains, self.kernels)
        for header in (*mode.headers, *(COMMAND_HEADERS if trains else ())):
            files[header] = template(header, name)
        for file, content in files.items():
            output.write(f"//--- {file}\n{content}")


def template(file: str, name: str) -> str:
    """A support file with the program's name filled in."""
    return (SUPPORT / file).read_text().replace("@NAME@", name)


def cmake_lists(name: str, command_line: bool, kernels: str) -> str:
    """
    The build file, without the command line where there is none.

    CBLAS and loops worth optimising are for fused kernels.
    """
    content = template("CMakeLists.txt", name)
    if kernels != "fused":
        content = re.sub(
            r"\n(option\(CATGRAD_CBLAS .*|if\(CATGRAD_CBLAS\)(.|\n)*?\nendif\(\))", "", content
        )
    return content if command_line else content.partition("\n# The command line.\n")[0]


def check_supported(functions: Iterable[func.FuncOp], mode: Mode, kernels: str) -> None:
    """One error that names everything that this target cannot do."""
    found = dict.fromkeys(what for function in functions for what in unsupported(function, mode))
    if found:
        which = "" if kernels == "fused" else f" with kernels={kernels}"
        raise PassFailedException(
            f"target 'ggml'{which} takes {', '.join(mode.dtypes)} and not: {'; '.join(found)}"
        )


def unsupported(function: func.FuncOp, mode: Mode) -> Iterator[str]:
    """What a function has that cannot be printed."""
    signature = Signature(function)
    where = f"@{function.sym_name.data}"
    for value, attrs in signature.arguments:
        name = text(attrs.get(NAME)) or value.name_hint or "an argument"
        if dtype(value) not in mode.dtypes:
            yield f"{dtype(value)} ({name} in {where})"
    names = [function.sym_name.data, *(n for _, n in [*signature.stored, *signature.updates])]
    yield from (f"a name with a null character ({n!r} in {where})" for n in names if "\0" in n)
    lacking = [op for op in function.body.block.ops if not mode.has(op)]
    for op in (inner for outer in lacking for inner in outer.walk()):
        if isinstance(op, func.ReturnOp | YieldOp):
            continue
        others = [dtype(v) for v in (*op.operands, *op.results) if dtype(v) not in mode.dtypes]
        yield from (f"{other} ({op.name} in {where})" for other in others)
        if not others and not mode.has(op):
            yield f"{op.name} in {where}"
