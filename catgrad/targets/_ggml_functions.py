"""One function of a program as C++: its kernels, its tables, its call in the C interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.dialects import func
from xdsl.dialects.builtin import IntegerAttr

from catgrad.dialects.cat import NAME
from catgrad.dialects.tops.base import decode, shape_of
from catgrad.targets._describe import Signature, text
from catgrad.targets._ggml_kernels import KernelPrinter, Step, total_work
from catgrad.targets._ggml_loops import CTYPES, indented
from catgrad.targets._ggml_names import Names, identifier, string
from catgrad.targets._ggml_values import Kernel, Place, Values, dtype, shape_text, size_of


@dataclass
class Shapes:
    """The shape arrays of a file, each printed once."""

    names: Names
    used: dict[tuple[int, ...], str] = field(default_factory=dict[tuple[int, ...], str])

    def text(self, shape: Sequence[int]) -> str:
        """A name for the shape, or `{}` for a scalar."""
        if shape and tuple(shape) not in self.used:
            self.used[tuple(shape)] = self.names.fresh(f"shape_{'_'.join(map(str, shape))}")
        return self.used[tuple(shape)] if shape else "{}"

    def lines(self) -> list[str]:
        """The definitions."""
        return [
            f"const int64_t {n}[] = {{{', '.join(map(str, s))}}};" for s, n in self.used.items()
        ]


@dataclass
class Kernels:
    """The kernels of a file: those that do the same are printed once, layers share theirs."""

    names: Names
    known: dict[str, str] = field(default_factory=dict[str, str])

    def define(self, name: str, step: Step) -> tuple[str, list[str]]:
        """A kernel's name, and its definition if it is new."""
        shape = step.shape
        if shape in self.known:
            return self.known[shape], []
        self.known[shape] = fresh = self.names.fresh(name)
        head = f"void {fresh}(const Memory &m, Share share) {{"
        return fresh, [head, *indented(step.lines), "}", ""]


@dataclass(frozen=True)
class Port:
    """A tensor that crosses the C interface: an input, an output, or a stored tensor."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    place: Place
    limits: tuple[int, int] = (0, 0)
    batch: bool = False

    def row(self, shapes: Shapes) -> str:
        """Its line in a table of tensors."""
        low, high = self.limits
        flags = f"{low}, {high}, {str(self.batch).lower()}"
        return (
            f"{{{string(self.name)}, {self.dtype}, {shapes.text(self.shape)}, {self.place.text()}, "
            f"{flags}}},"
        )


def table(type_: str, name: str, rows: Sequence[str]) -> list[str]:
    """A constant array; nothing if it would be empty."""
    return [f"const {type_} {name}[] = {{", *indented(rows), "};"] if rows else []


class FunctionPrinter:
    """Prints one function."""

    def __init__(self, function: func.FuncOp, names: Names, shapes: Shapes, shared: Kernels):
        self.name = function.sym_name.data
        self.signature = Signature(function)
        self.values = Values(self.signature)
        self.names, self.shapes, self.shared = names, shapes, shared
        self.prefix = names.fresh(self.name)
        self.place_table = names.fresh(f"{self.prefix}_places")
        self.printer = KernelPrinter(self.values)
        self.inputs = self.input_ports()
        self.outputs = self.output_ports()
        self.nodes: list[str] = []
        self.places: list[str] = []
        self.count = 0
        self.tables: dict[str, str] = {}

    def input_ports(self) -> list[Port]:
        """The arguments that are not stored."""
        ports: list[Port] = []
        for index, (value, attrs) in enumerate(self.signature.inputs):
            limits = attrs.get("tops.range")
            low, high = decode(limits) if limits is not None else (0, 0)
            given = text(attrs.get(NAME))
            name = f"x{index}" if given is None else given
            batch = attrs.get("tops.batch")
            rows = isinstance(batch, IntegerAttr) and batch.value.data == 0
            place = self.values.place(value)
            ports.append(Port(name, dtype(value), shape_of(value), place, (low, high), rows))
        return ports

    def output_ports(self) -> list[Port]:
        """The results that update nothing, called by their role."""
        return [
            Port(role or "", dtype(value), shape_of(value), self.values.place(value))
            for value, role in self.signature.outputs
        ]

    def work(self) -> int:
        """Roughly how many elementary operations one call takes."""
        return sum(total_work(op) for op in self.values.ops())

    # -- kernels -------------------------------------------------------------------------------
    def kernels(self) -> list[str]:
        """All kernels in order; the loss is checked before anything stored is written."""
        lines: list[str] = []
        check = self.loss_check()
        for op in self.values.ops():
            for step in self.printer.steps(op):
                if check is not None and step.stores:
                    lines += self.kernel(check)
                    check = None
                lines += self.kernel(step)
        return [*lines, *(self.kernel(check) if check is not None else ())]

    def kernel(self, step: Step) -> list[str]:
        """One kernel, entered into the table of nodes."""
        name, lines = self.shared.define(f"{self.prefix}_{step.name}", step)
        place, places = step.place.text(), self.places_of(step)
        self.nodes.append(f"{{{name}, {step.dtype}, {step.elements}, {place}, {places}}},")
        return lines

    def places_of(self, step: Step) -> str:
        """Where the arrays of a kernel are: a pointer into the table of places."""
        first = self.count
        self.count += len(step.kernel.places)
        row = " ".join(f"{place.text()}," for place in step.kernel.places)
        self.places.append(f"{row}  // {identifier(step.name)}")
        return f"{self.place_table} + {first}"

    def loss_check(self) -> Step | None:
        """The kernel that stops a function whose floating loss is not finite."""
        losses = [v for v, role in self.signature.outputs if role == "loss" and dtype(v) == "f32"]
        if not losses:
            return None
        kernel = Kernel(self.values)
        calls = [
            f"catgrad::check_finite(m, share, {kernel.pointer(v)}, {size_of(v)});" for v in losses
        ]
        place = self.values.place(losses[0])
        return Step("check", kernel, calls, "f32", size_of(losses[0]), place)

    # -- tables --------------------------------------------------------------------------------
    def table_lines(self) -> list[str]:
        """The tables of inputs, outputs and nodes."""
        tables = {
            "inputs": ("Tensor", [p.row(self.shapes) for p in self.inputs]),
            "outputs": ("Tensor", [p.row(self.shapes) for p in self.outputs]),
            "nodes": ("Node", self.nodes),
        }
        lines = table("Place", self.place_table, self.places)
        for kind, (type_, rows) in tables.items():
            self.tables[kind] = self.names.fresh(f"{self.prefix}_{kind}") if rows else "{}"
            lines += table(type_, self.tables[kind], rows)
        return [*lines, ""] if lines else []

    def row(self, independent: bool) -> str:
        """The line in the table of functions, once the others are printed."""
        tables = ", ".join(self.tables.values())
        return f"{{{string(self.name)}, {tables}, {str(independent).lower()}}},"

    # -- the C interface -----------------------------------------------------------------------
    def parameters(self) -> list[str]:
        """The names of the C function's parameters: inputs, then outputs."""
        scope = Names("program", "inputs", "outputs")
        wanted = [p.name for p in self.inputs]
        wanted += [role or value.name_hint or "y" for value, role in self.signature.outputs]
        return [scope.fresh(name) for name in wanted]

    def prototype(self, symbol: str, handle: str) -> str:
        """The head of the C function."""
        texts = [f"{handle} *program"]
        for index, (port, name) in enumerate(
            zip([*self.inputs, *self.outputs], self.parameters(), strict=True)
        ):
            const = "const " if index < len(self.inputs) else ""
            texts.append(f"{const}{CTYPES[port.dtype]} *{name}")
        return f"int {symbol}({', '.join(texts)})"

    def comment(self) -> str:
        """The shapes of inputs and outputs."""
        shapes = [
            f"{name} {shape_text(port.shape)}"
            for port, name in zip([*self.inputs, *self.outputs], self.parameters(), strict=True)
        ]
        count = len(self.inputs)
        return (
            f"{', '.join(shapes[:count]) or 'nothing'} -> {', '.join(shapes[count:]) or 'nothing'}"
        )

    def definition(self, symbol: str, handle: str, index: int) -> list[str]:
        """The C function."""
        names, count = self.parameters(), len(self.inputs)
        lines = [f"{self.prototype(symbol, handle)} {{"]
        if names[:count]:
            lines.append(f"    const void *const inputs[] = {{{', '.join(names[:count])}}};")
        if names[count:]:
            lines.append(f"    void *const outputs[] = {{{', '.join(names[count:])}}};")
        given = (
            "inputs" if names[:count] else "nullptr",
            "outputs" if names[count:] else "nullptr",
        )
        return [
            *lines,
            f"    return program->call(size_t{{{index}}}, {given[0]}, {given[1]});",
            "}",
            "",
        ]
