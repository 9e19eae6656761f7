"""The target `ggml`: C++ that runs as graphs of custom ops on GGML's CPU backend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import PassFailedException

from catgrad.dialects._checks import suggestion
from catgrad.dialects.cat import NAME
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import FusedOp
from catgrad.targets._describe import Signature, functions_in, has_command_line, text
from catgrad.targets._ggml_kernels import READS_SCALARS
from catgrad.targets._ggml_loops import CTYPES
from catgrad.targets._ggml_program import SUPPORT, ProgramPrinter
from catgrad.targets._ggml_spelling import SPELLING
from catgrad.targets._ggml_values import dtype
from catgrad.targets._placement import PlacedTarget

HEADERS = tuple(f"{h}.hpp" for h in "tables runtime kernels matmul windows checkpoint".split())
COMMAND_HEADERS = ("npy.hpp", "arguments.hpp")
KERNELS = ("fused",)


@dataclass(frozen=True)
class GgmlTarget(PlacedTarget):
    """
    NAME.h, NAME.cpp, main.cpp, CMakeLists.txt and support headers, in split-file form.

    `kernels=fused`: one graph of custom ops for each function, generated loops, matrix products
    through CBLAS where there is one; CPU; f32, i32 and i1.
    """

    name = "ggml"

    kernels: str = "fused"

    def __post_init__(self) -> None:
        if self.kernels not in KERNELS:
            close = suggestion(self.kernels, KERNELS)
            known = ", ".join(KERNELS)
            raise PassFailedException(f"kernels is {known}, got '{self.kernels}'{close}")

    def takes_scalar(self, op: Operation) -> bool:
        return isinstance(op, READS_SCALARS)

    def may_alias(self, op: Operation, operand: int, result: int) -> bool:
        if not isinstance(op, Elementwise | FusedOp):
            return False
        same = op.operands[operand].type == op.results[result].type
        return same and (not isinstance(op, FusedOp) or op.read_in_time(operand, result))

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        functions = functions_in(module, self.name)
        check_supported(functions)
        printer = ProgramPrinter(module, functions)
        name = printer.prefix
        trains = has_command_line(functions)
        files = {f"{name}.h": printer.header(), f"{name}.cpp": printer.source()}
        if trains:
            files["main.cpp"] = template("main.cpp", name)
        files["CMakeLists.txt"] = cmake_lists(name, trains)
        for header in (*HEADERS, *(COMMAND_HEADERS if trains else ())):
            files[header] = template(header, name)
        for file, content in files.items():
            output.write(f"//--- {file}\n{content}")


def template(file: str, name: str) -> str:
    """A support file with the program's name filled in."""
    return (SUPPORT / file).read_text().replace("@NAME@", name)


def cmake_lists(name: str, command_line: bool) -> str:
    """The build file, without the command line where there is none."""
    content = template("CMakeLists.txt", name)
    return content if command_line else content.partition("\n# The command line.\n")[0]


def check_supported(functions: Iterable[func.FuncOp]) -> None:
    """One error that names everything that this target cannot do."""
    found = dict.fromkeys(what for function in functions for what in unsupported(function))
    if found:
        raise PassFailedException(
            f"target 'ggml' takes {', '.join(CTYPES)} and not: {'; '.join(found)}"
        )


def unsupported(function: func.FuncOp) -> Iterator[str]:
    """What a function has that cannot be printed."""
    signature = Signature(function)
    where = f"@{function.sym_name.data}"
    for value, attrs in signature.arguments:
        name = text(attrs.get(NAME)) or value.name_hint or "an argument"
        if dtype(value) not in CTYPES:
            yield f"{dtype(value)} ({name} in {where})"
    names = [function.sym_name.data, *(n for _, n in [*signature.stored, *signature.updates])]
    yield from (f"a name with a null character ({n!r} in {where})" for n in names if "\0" in n)
    for op in function.body.block.walk():
        if isinstance(op, func.ReturnOp) or op.name == "tops.yield":
            continue
        if op.name not in SPELLING:
            yield f"{op.name} in {where}"
        values: list[SSAValue] = [*op.operands, *op.results]
        yield from (f"{dtype(v)} ({op.name} in {where})" for v in values if dtype(v) not in CTYPES)
