"""
A target from outside: plain C99, one file, no library but C's own.

    catgrad compile examples/iris.py --load examples/targets/c99.py --target c99 -o iris.c
    cc -std=c99 -Wall -Wextra -Werror iris.c -o iris -lm

Every value has a slot: a place in the memory that the program allocates once. An op becomes a nest
of loops from slots to a slot. What no table below holds is decomposed, or one error that names all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar, TypeAlias

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue

from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.movement import ReshapeOp
from catgrad.dialects.tops.unary import LogisticOp
from catgrad.extending import (
    Array,
    Arrays,
    Emitter,
    Names,
    PlacedTarget,
    Signature,
    decomposition,
    dtype_of,
    functions_in,
    has_command_line,
    identifier,
    integers,
    memory,
    nbytes,
    program_name,
    shape_of,
    slots_of,
    tensor_of,
)

Indices: TypeAlias = "Callable[[list[str]], list[str]]"

LOOPS = frozenset("broadcast permute_dims slice arange random_uniform sum max matmul".split())
"""What methods of `Printer` print."""

TYPES = {"f32": "float", "f64": "double", "i32": "int32_t", "i64": "int64_t", "i1": "unsigned char"}

# -- what the target has: these tables ------------------------------------------------------------
FLOATS = {
    "negative": "-{0}",
    "abs": "fabs({0})",
    "sign": "{0} != {0} ? {0} : ({0} > 0) - ({0} < 0)",
    "square": "{0} * {0}",
    "round": "rint({0})",
    "rsqrt": "1 / sqrt({0})",
    **{f: f"{f}({{0}})" for f in "floor ceil exp expm1 log log1p sqrt sin cos tanh erf".split()},
    **{"add": "{0} + {1}", "subtract": "{0} - {1}", "multiply": "{0} * {1}", "divide": "{0} / {1}"},
    "pow": "pow({0}, {1})",
    "maximum": "{0} > {1} || {0} != {0} ? {0} : {1}",
    "minimum": "{0} < {1} || {0} != {0} ? {0} : {1}",
}
"""Elementwise on f32 and f64; <tgmath.h> takes the function of the right type."""

INTEGERS = {
    "add": "(int32_t)((uint32_t){0} + (uint32_t){1})",
    "subtract": "(int32_t)((uint32_t){0} - (uint32_t){1})",
    "multiply": "(int32_t)((uint32_t){0} * (uint32_t){1})",
}
"""Elementwise on i32, where sums wrap around."""

ANYTHING = {
    **{"less": "{0} < {1}", "less_equal": "{0} <= {1}", "greater": "{0} > {1}"},
    **{"greater_equal": "{0} >= {1}", "equal": "{0} == {1}", "not_equal": "{0} != {1}"},
    **{"logical_and": "{0} && {1}", "logical_or": "{0} || {1}", "logical_not": "!{0}"},
    **{"logical_xor": "{0} != {1}", "where": "{0} ? {1} : {2}", "astype": "{0}", "copy": "{0}"},
}
"""Elementwise on all types."""


def spelling(op: Operation) -> str | None:
    """How an elementwise op is written; None if it is not in the tables."""
    name, kind = op.name.removeprefix("tops."), dtype_of(tensor_of((*op.operands, *op.results)[0]))
    if name == "astype" and dtype_of(tensor_of(op.results[0])) == "i1":
        return "{0} != 0"
    own = {"f32": FLOATS, "f64": FLOATS, "i32": INTEGERS}.get(kind, {})
    return own.get(name) or ANYTHING.get(name)


FUNCTIONS = re.findall(r"[a-z]\w+", str([*FLOATS.values(), *INTEGERS.values()]))
WORDS = """
auto break case char const continue default do double else enum extern float for goto if inline int
long register restrict return short signed sizeof static struct switch typedef union unsigned void
volatile while complex errno imaginary stderr stdin stdout isfinite memcpy philox persistent scratch
total
"""
RESERVED = {*FUNCTIONS, *WORDS.split(), *(f"{letter}{n}" for letter in "ik" for n in range(20))}
"""What a variable, in lower case, must not be called."""


@decomposition(LogisticOp, target="c99")
def logistic(op: LogisticOp, inputs: Arrays, ops: Emitter) -> Array:
    """The target has no logistic: this is what it is made of."""
    return 1 / (1 + (-inputs[0]).unary("exp"))


# -- loops ----------------------------------------------------------------------------------------
def at(indices: Sequence[str], shape: Sequence[int]) -> str:
    """The number of an element in row-major order."""
    number = ""
    for index, size in zip(indices, shape, strict=True):
        outer = f"({number})" if " " in number else number
        number = f"{outer} * {size} + {index}" if number else index
    return number or "0"


def loops(sizes: Sequence[int], *body: str, names: str = "i") -> list[str]:
    """Statements inside one loop for each axis; the indices are i0, i1, ..."""
    lines = [*body] if len(body) == 1 else ["{", *(f"    {line}" for line in body), "}"]
    for n, size in reversed(list(enumerate(sizes))):
        head = f"for (long {names}{n} = 0; {names}{n} < {size}; ++{names}{n})"
        if lines[0] == "{":
            lines[0] = f"{head} {{"
        else:
            lines = [head, *(f"    {line}" for line in lines)]
    return lines


def literal(value: Any, dtype: str) -> str:
    """A number in C."""
    if dtype not in ("f32", "f64"):
        return f"({int(value)})" if value < 0 else str(int(value))
    finite = f"{abs(value)!r}{'f' if dtype == 'f32' else ''}"
    size = finite if math.isfinite(value) else "NAN" if math.isnan(value) else "INFINITY"
    return f"(-{size})" if math.copysign(1, value) < 0 else size


def c_type(value: SSAValue) -> str:
    """The C type of the elements of a value."""
    return TYPES[dtype_of(tensor_of(value))]


def count(value: SSAValue) -> int:
    """The number of elements."""
    return math.prod(shape_of(value))


class Printer:
    """Prints one function; the methods named like ops print those that are not elementwise."""

    def __init__(self, function: func.FuncOp, name: str):
        self.signature, self.name = Signature(function), name
        self.names, self.values = Names(RESERVED | {name}), dict[SSAValue, str]()
        self.lines: list[str] = []
        self.checked = False

    def print(self) -> list[str]:
        """The function: inputs are copied into their slots, results out of theirs."""
        parameters: list[str] = []
        inputs = [value for value, _ in self.signature.inputs]
        for value, attrs in self.signature.arguments:
            if value.uses or value in inputs:
                self.declare(value, attrs["tops.slot"], "x")
        for value, attrs in self.signature.inputs:
            given = self.names.fresh(f"given_{self.values[value]}")
            parameters.append(f"const {c_type(value)} *{given}")
            if (limits := integers(attrs.get("tops.range"))) is not None:
                test = f"if ({given}[i0] < {limits[0]} || {given}[i0] >= {limits[1]}) return 1;"
                self.lines += loops([count(value)], test)
            self.lines.append(f"memcpy({self.values[value]}, {given}, {nbytes(tensor_of(value))});")
        for op in self.signature.function.body.block.ops:
            self.op(op)
        for value, _ in self.signature.outputs:
            result = self.names.fresh("result")
            parameters.append(f"{c_type(value)} *{result}")
            self.lines.append(
                f"memcpy({result}, {self.values[value]}, {nbytes(tensor_of(value))});"
            )
        body = (f"    {line}" for line in [*self.lines, "return 0;"])
        return [f"int {self.name}({', '.join(parameters) or 'void'})", "{", *body, "}", ""]

    def declare(self, value: SSAValue, slot: Any, hint: str) -> None:
        """Name the place of a value."""
        name = self.values[value] = self.names.fresh((value.name_hint or hint).lower())
        place = f"({c_type(value)} *)({slot.region.data} + {slot.start})"
        self.lines.append(f"{c_type(value)} *const {name} = {place};")

    def op(self, op: Operation) -> None:
        """Print one op."""
        name = op.name.removeprefix("tops.")
        if isinstance(op, ReshapeOp):
            self.values[op.y] = self.values[op.x]
        elif isinstance(op, func.ReturnOp):
            self.check()
        elif slots := slots_of(op):
            slot: Any = slots[0]
            if slot.region.data == "persistent":
                self.check()
            self.declare(op.results[0], slot, name)
            if (spelled := spelling(op)) is None:
                getattr(self, name)(op)
            else:
                given = (self.element(v, "i0") for v in op.operands)
                self.store(op.results[0], spelled.format(*given))

    def check(self) -> None:
        """Before a stored tensor is written: the loss is finite."""
        losses = [v for v, role in self.signature.outputs if role == "loss" and not self.checked]
        self.checked = True
        for loss in losses:
            test = f"if (!isfinite((double){self.values[loss]}[i0])) return 2;"
            self.lines += loops([count(loss)], test)

    def element(self, value: SSAValue, number: str) -> str:
        """One element of a value; a `full` is a literal."""
        if isinstance(value.owner, FullOp):
            return literal(value.owner.scalar, dtype_of(tensor_of(value)))
        return f"{self.values[value]}[{number}]"

    def store(self, y: SSAValue, expression: str) -> None:
        """An expression in i0 for each element, whatever the shape."""
        self.lines += loops([count(y)], f"{self.values[y]}[i0] = {expression};")

    # -- movement ---------------------------------------------------------------------------------
    def move(self, op: Any, source: Indices) -> None:
        """Element i0, i1, ... of the result is the element of the operand at `source` of them."""
        shape = shape_of(op.y)
        indices = [f"i{axis}" for axis in range(len(shape))]
        x = self.element(op.x, at(source(indices), shape_of(op.x)))
        self.lines += loops(shape, f"{self.values[op.y]}[{at(indices, shape)}] = {x};")

    def broadcast(self, op: Any) -> None:
        """Inserted axes are left out."""
        self.move(op, lambda i: [index for a, index in enumerate(i) if a not in op.props()["axes"]])

    def permute_dims(self, op: Any) -> None:
        """Axis n of the result is axis axes[n] of the operand."""
        axes = op.props()["axes"]
        self.move(op, lambda i: [i[axes.index(a)] for a in range(len(axes))])

    def slice(self, op: Any) -> None:
        """start, start + step, ..."""
        start, step = op.props()["start"], op.props()["step"]
        self.move(op, lambda i: [f"({start[a]} + {n} * {step[a]})" for a, n in enumerate(i)])

    # -- reductions and products -------------------------------------------------------------------
    def fold(self, y: SSAValue, sizes: Sequence[int], first: str, step: str) -> None:
        """For each element of y a total over k0, k1, ..."""
        shape = shape_of(y)
        here = at([f"i{axis}" for axis in range(len(shape))], shape)
        inner = loops(sizes, f"total = {step};", names="k")
        end = f"{self.values[y]}[{here}] = ({c_type(y)})total;"
        self.lines += loops(shape, f"double total = {first};", *inner, end)

    def reduce(self, op: Any, first: str, step: str) -> None:
        """Fold `axes`: their indices are k0, k1, ..."""
        axes, shape = op.props()["axes"], shape_of(op.x)
        kept = iter(f"i{axis}" for axis in range(len(shape)))
        indices = [f"k{axes.index(a)}" if a in axes else next(kept) for a in range(len(shape))]
        folded = [size for a, size in enumerate(shape) if a in axes]
        self.fold(op.y, folded, first, step.format(self.element(op.x, at(indices, shape))))

    def sum(self, op: Any) -> None:
        """Added up in double."""
        self.reduce(op, "0", "total + {0}")

    def max(self, op: Any) -> None:
        """nan wins."""
        self.reduce(op, "-INFINITY", "{0} > total || {0} != {0} ? {0} : total")

    def matmul(self, op: Any) -> None:
        """The sum over k of a[i, k] b[k, j]."""
        *batch, i, j = (f"i{axis}" for axis in range(len(shape_of(op.y))))
        a = at([*batch, *(("k0", i) if op.transpose_a else (i, "k0"))], shape_of(op.a))
        b = at([*batch, *((j, "k0") if op.transpose_b else ("k0", j))], shape_of(op.b))
        product = f"total + (double){self.element(op.a, a)} * {self.element(op.b, b)}"
        self.fold(op.y, [shape_of(op.a)[-2 if op.transpose_a else -1]], "0", product)

    # -- creation ----------------------------------------------------------------------------------
    def arange(self, op: Any) -> None:
        """0, 1, 2, ..."""
        self.store(op.y, f"({c_type(op.y)})i0")

    def random_uniform(self, op: Any) -> None:
        """The same numbers as on all targets."""
        key = f"{self.element(op.seed, '0')}, {self.element(op.step, '0')}, {op.props()['site']}"
        self.store(op.y, f"(philox({key}, i0) >> 9) * 0x1p-23f + 0x1p-24f")


RUNTIME = Path(__file__).with_name("c99_runtime.c").read_text()


@dataclass(frozen=True)
class C99Target(PlacedTarget):
    """One C file: a function for each function, and `main` for a program that trains."""

    name = "c99"
    suffix: ClassVar[str] = ".c"

    def has(self, op: Operation) -> bool:
        name = op.name.removeprefix("tops.")
        if name in ("sum", "max", "matmul"):
            return dtype_of(tensor_of(op.operands[0])) in ("f32", "f64")
        return name in ("full", "reshape") or name in LOOPS or spelling(op) is not None

    def takes_scalar(self, op: Operation) -> bool:
        return not isinstance(op, ReshapeOp)

    def may_alias(self, op: Operation, operand: int, result: int) -> bool:
        return spelling(op) is not None and op.operands[operand].type == op.results[result].type

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        functions, sizes, fresh = functions_in(module, self.name), memory(module), Names(())
        title = identifier(program_name(module))
        names = {f.sym_name.data: fresh.fresh(f"{title}_{f.sym_name.data}") for f in functions}
        lines = [f"#define {r.upper()} {sizes[r]}" for r in ("persistent", "scratch")]
        steps = [Signature(f) for f in functions if f.sym_name.data == "step"]
        if has_command_line(functions) and len(steps[0].inputs) == 2:
            lines += [f"#define {n.upper()} {names[n]}" for n in ("init", "step")]
            values = [v for v, _ in (*steps[0].inputs, *steps[0].outputs)]
            for what, value in zip(("X", "Y", "LOSS"), values, strict=True):
                lines += [f"#define {what} {c_type(value)}", f"#define {what}_SIZE {count(value)}"]
        lines.append(RUNTIME)
        for function in functions:
            lines += Printer(function, names[function.sym_name.data]).print()
        output.write("\n".join(lines))
