"""One function of a program as a graph of GGML's own ops, for `kernels=native`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from xdsl.ir import Operation, SSAValue

from catgrad.dialects.tops.base import TopsOp, shape_of
from catgrad.dialects.tops.creation import ConstantOp, FullOp
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import FusedOp, SlotAttr, slots_of
from catgrad.dialects.tops.indexing import Indexing
from catgrad.dialects.tops.matmul import MatmulOp
from catgrad.dialects.tops.movement import (
    BroadcastOp,
    ConcatOp,
    CopyOp,
    PadOp,
    PermuteDimsOp,
    ReshapeOp,
    SliceOp,
)
from catgrad.dialects.tops.reduction import MaxOp, SumOp
from catgrad.dialects.tops.windows import PatchesOp, Windows
from catgrad.targets._ggml_functions import FunctionPrinter, table
from catgrad.targets._ggml_kernels import Step
from catgrad.targets._ggml_loops import indented, row_major
from catgrad.targets._ggml_names import Names
from catgrad.targets._ggml_native import (
    ARITHMETIC,
    MOST_DIMS,
    NATIVE,
    SCALED,
    SELECT,
    SUM_OF_LEADING,
    axes_of,
    dims,
    form,
    groups,
    is_folded,
    is_host,
    pad_bounds,
    permuted,
    slice_bounds,
)
from catgrad.targets._ggml_values import Place, Values, dtype, shape_text, size_of
from catgrad.targets._placement import checks_indices

TYPES = {"f32": "GGML_TYPE_F32", "i32": "GGML_TYPE_I32"}
VIEWS = 6
"""At most as many views and leaves as this belong to one op of a graph."""


def listed(numbers: Sequence[int]) -> str:
    """`1, 2, 3`."""
    return ", ".join(map(str, numbers))


def padded(numbers: Sequence[int], filler: int = 1) -> list[int]:
    """The numbers of four dimensions."""
    return [*numbers, *[filler] * (MOST_DIMS - len(numbers))]


class GraphPrinter:
    """Prints the statements that build the graph of one function."""

    def __init__(self, values: Values):
        self.values = values
        self.names = Names("g", "c")
        self.tensors: dict[SSAValue, tuple[str, list[int]]] = {}
        """Value -> the C++ variable that holds its tensor, and its dimensions."""
        self.lines: list[str] = []
        self.unread: dict[SSAValue, int] = {}
        """The lines of tensors that nothing has read so far."""
        self.nodes = 0

    # -- tensors -------------------------------------------------------------------------------
    def tensor(self, value: SSAValue, wanted: Sequence[int] | None = None) -> str:
        """An expression for the tensor of a value, in the dimensions wanted."""
        base = self.values.base(value)
        if base not in self.tensors:
            place, kind = self.values.place(base), dtype(base)
            sizes = dims(shape_of(base))
            text = f"g.leaf({TYPES[kind]}, {{{listed(sizes)}}}, {at(place)})"
            self.declare(base, text, sizes)
        self.unread.pop(base, None)
        name, sizes = self.tensors[base]
        return self.reshaped(name, sizes, dims(shape_of(value)) if wanted is None else wanted)

    def reshaped(self, name: str, sizes: Sequence[int], wanted: Sequence[int]) -> str:
        """An expression for a tensor in other dimensions."""
        if padded(sizes) == padded(wanted):
            return name
        return f"g.reshape({name}, {{{listed(wanted)}}})"

    def declare(self, value: SSAValue, text: str, sizes: Sequence[int]) -> None:
        """A variable for the tensor of a value."""
        name = self.names.fresh(self.values.name(value))
        shape = shape_text(shape_of(value))
        self.unread[value] = len(self.lines)
        self.lines.append(f"ggml_tensor *{name} = {text};  // {shape}")
        self.tensors[value] = (name, list(sizes))
        self.nodes += 1

    def statements(self) -> list[str]:
        """All statements; tensors that nothing reads have no name."""
        lines = list(self.lines)
        for number in self.unread.values():
            lines[number] = lines[number].partition(" = ")[2]
        return lines

    def between(self, text: str, place: Place) -> str:
        """A tensor in the workspace of an op; its name."""
        name = self.names.fresh("between")
        self.lines.append(f"ggml_tensor *{name} = g.put({text}, {at(place)});")
        self.nodes += 1
        return name

    def result(self, op: Operation, sizes: Sequence[int], /, **fields: str) -> None:
        """The op of the graph that gives the result of `op`."""
        operands = [fields.pop(str(i), "") for i in range(len(op.operands))]
        text = fields.pop("text", "") or NATIVE[form(op)]
        out = op.results[0]
        self.declare(
            out, f"g.put({text.format(*operands, **fields)}, {at(self.values.place(out))})", sizes
        )

    def workspace(self, op: Operation) -> Place:
        """Where the workspace of an op starts."""
        slot = op.attributes["tops.workspace"]
        assert isinstance(slot, SlotAttr)
        return Place(slot.region.data, slot.start)

    # -- ops -----------------------------------------------------------------------------------
    def op(self, op: Operation) -> None:
        """The statements of one op; none for views, literals, constants and what is empty."""
        views = isinstance(op, ReshapeOp | FullOp | ConstantOp) or is_folded(op)
        if views or size_of(op.results[0]) == 0:
            return
        methods: dict[tuple[type[Operation], ...] | type[Operation], Callable[..., None]] = {
            ARITHMETIC: self.arithmetic,
            FusedOp: self.fused,
            CopyOp: self.copy,
            Elementwise: self.same,
            BroadcastOp: self.broadcast,
            PermuteDimsOp: self.permute,
            SliceOp: self.slice,
            PadOp: self.pad,
            ConcatOp: self.concat,
            SumOp: self.sum,
            MaxOp: self.max,
            MatmulOp: self.matmul,
            Indexing: self.indexing,
            Windows: self.windows,
        }
        found = (method for kind, method in methods.items() if isinstance(op, kind))
        next(found, self.same)(op)

    def same(self, op: Operation) -> None:
        """Ops that keep the shape, and `arange`."""
        out = op.results[0]
        fields = {str(i): self.tensor(v) for i, v in enumerate(op.operands)}
        self.result(
            op, dims(shape_of(out)), **fields, type=TYPES[dtype(out)], stop=str(size_of(out))
        )

    def copy(self, op: CopyOp) -> None:
        """A copy, or one number for all elements."""
        if (value := self.values.literal(op.x)) is None:
            return self.same(op)
        sizes = dims(shape_of(op.y))
        shape = f"g.shape({{{listed(sizes)}}})"
        return self.result(op, sizes, text=NATIVE["tops.full"], **{"0": shape, "value": value})

    def arithmetic(self, op: TopsOp) -> None:
        """Two operands, of which the second may be repeated along new axes, or one is a number."""
        literals = [self.values.literal(v) for v in op.operands]
        for index, value in enumerate(literals):
            if value is not None:
                text = SCALED[op.name][index]
                x = self.tensor(op.operands[1 - index])
                self.result(op, dims(shape_of(op.results[0])), text=text, x=x, value=value)
                return
        a, b = op.operands
        owner = b.owner
        if not isinstance(owner, BroadcastOp) or not is_folded(owner):
            return self.same(op)
        parts = groups(shape_of(b), axes_of(owner))
        sizes = [n for n, _ in reversed(parts)] or [1]
        few = [1 if new else n for n, new in reversed(parts)] or [1]
        fields = {"0": self.tensor(a, sizes), "1": self.tensor(owner.x, few)}
        return self.result(op, sizes, **fields)

    def fused(self, op: FusedOp) -> None:
        """A step, or the choice of one of two elements by a row number."""
        if form(op) != SELECT:
            sizes = dims(shape_of(op.results[0]))
            return self.result(op, sizes, **{"0": self.tensor(op.operands[0])})
        mask, a, b = op.operands
        count, place = size_of(mask), self.workspace(op)
        column = [1, *padded(dims(shape_of(a)))[:2], math.prod(padded(dims(shape_of(a)))[2:])]
        index = Place(place.region, place.offset + 8 * count)
        pairs = f"ggml_concat(c, {self.tensor(b, column)}, {self.tensor(a, column)}, 0)"
        rows = self.between(pairs, place)
        found = self.between(f"ggml_cast(c, {self.tensor(mask)}, GGML_TYPE_I32)", index)
        return self.result(
            op,
            [1, 1, count],
            rows=f"g.reshape({rows}, {{1, 2, {count}}})",
            index=f"g.reshape({found}, {{1, {count}}})",
        )

    # -- movement ------------------------------------------------------------------------------
    def broadcast(self, op: BroadcastOp) -> None:
        """Repeats along new axes."""
        parts = groups(shape_of(op.y), axes_of(op))
        sizes = [n for n, _ in reversed(parts)] or [1]
        few = [1 if new else n for n, new in reversed(parts)] or [1]
        fields = {"0": self.tensor(op.x, few), "sizes": listed(padded(sizes))}
        self.result(op, sizes, **fields)

    def permute(self, op: PermuteDimsOp) -> None:
        """GGML's axes are ours from the end, and it asks where each axis of the operand goes."""
        sizes, axes = permuted(shape_of(op.x), axes_of(op))
        last = len(sizes) - 1
        goes = [last - axes.index(last - d) for d in range(len(sizes))]
        goes += range(len(sizes), MOST_DIMS)
        x = self.tensor(op.x, list(reversed(sizes)))
        result = [sizes[a] for a in reversed(axes)]
        self.result(op, result, **{"0": x, "axes": listed(goes)})

    def slice(self, op: SliceOp) -> None:
        """A view with offset and strides, made dense."""
        found = slice_bounds(op)
        strides = row_major([n for n, *_ in found])
        sizes = [len(range(*b)) for _, *b in reversed(found)]
        steps = [4 * s * b[3] for s, b in zip(strides, found, strict=True)]
        offset = sum(4 * s * b[1] for s, b in zip(strides, found, strict=True))
        outer = list(reversed(steps))[1:]
        outer += [4 * size_of(op.x)] * (MOST_DIMS - 1 - len(outer))
        fields = {"sizes": listed(padded(sizes)), "strides": listed(outer), "offset": str(offset)}
        self.result(op, sizes, **{"0": self.tensor(op.x)}, **fields)

    def pad(self, op: PadOp) -> None:
        """Zeros in front of and behind each axis."""
        found = list(reversed(pad_bounds(op)))
        sides = [side for n, start, stop, _ in found for side in (start, n - stop)]
        padding = listed([*sides, *[0] * (2 * MOST_DIMS - len(sides))])
        x = self.tensor(op.x, [stop - start for _, start, stop, _ in found])
        self.result(op, [n for n, *_ in found], **{"0": x, "padding": padding})

    def concat(self, op: ConcatOp) -> None:
        """Two operands along the middle one of three axes."""
        axis: int = op.props()["axis"]

        def parts(value: SSAValue) -> list[int]:
            shape = shape_of(value)
            return [math.prod(shape[axis + 1 :]), shape[axis], math.prod(shape[:axis])]

        fields = {str(i): self.tensor(v, parts(v)) for i, v in enumerate(op.xs)}
        self.result(op, parts(op.y), **fields)

    # -- reductions and the rest ---------------------------------------------------------------
    def sum(self, op: SumOp) -> None:
        """Rows by `ggml_sum_rows`, leading axes by what undoes a repeat."""
        parts = list(reversed(groups(shape_of(op.x), axes_of(op))))
        sizes = [n for n, _ in parts]
        few = [1 if folded else n for n, folded in parts]
        x = self.tensor(op.x, sizes)
        if parts[0][1]:
            return self.result(op, few, **{"0": x})
        like = f"g.shape({{{listed(few)}}})"
        return self.result(op, few, text=SUM_OF_LEADING, **{"0": x, "like": like})

    def max(self, op: MaxOp) -> None:
        """The element of each row at the position of its maximum."""
        rows = size_of(op.y)
        n = size_of(op.x) // rows
        found = self.between(f"ggml_argmax(c, {self.tensor(op.x, [n, rows])})", self.workspace(op))
        index = self.reshaped(found, [rows], [1, rows])
        self.result(op, [1, 1, rows], rows=self.tensor(op.x, [1, n, rows]), index=index)

    def matmul(self, op: MatmulOp) -> None:
        """y = a b^T; batches are one axis."""
        batch = math.prod(shape_of(op.y)[:-2])

        def matrices(value: SSAValue) -> list[int]:
            rows, columns = shape_of(value)[-2:]
            return [columns, rows, batch]

        fields = {str(i): self.tensor(v, matrices(v)) for i, v in enumerate((op.a, op.b))}
        self.result(op, matrices(op.y), **fields)

    def indexing(self, op: Indexing) -> None:
        """Rows by their numbers, and the sum of rows into them."""
        count = size_of(op.indices)
        inner = size_of(op.x) // shape_of(op.x)[0] if op.name == "tops.take" else 0
        if op.name == "tops.take":
            fields = {"0": self.tensor(op.x, [inner, shape_of(op.x)[0]])}
            sizes = [inner, count]
        else:
            high = shape_of(op.y)[0]
            sizes = [size_of(op.y) // high, high]
            fields = {"0": self.tensor(op.x, [sizes[0], count])}
            fields["like"] = f"g.shape({{{listed(sizes)}}})"
        self.result(op, sizes, **fields, **{"1": self.tensor(op.indices, [count])})

    def windows(self, op: Windows) -> None:
        """Images of one channel; the kernel is there for its shape."""
        p = op.props()
        image, windows = (op.x, op.y) if isinstance(op, PatchesOp) else (op.y, op.x)
        rank = len(p["kernel"])
        kernel, steps, low, apart = (
            [*reversed(p[key]), *[filler] * (2 - rank)]
            for key, filler in (("kernel", 1), ("stride", 1), ("padding_low", 0), ("dilation", 1))
        )
        shape, counts = shape_of(image), shape_of(windows)
        lead = math.prod(shape[: len(shape) - rank])
        sizes = [*reversed(shape[len(shape) - rank :]), *[1] * (2 - rank), 1, lead]
        found = counts[len(shape) - rank : len(shape)]
        folded = [math.prod(kernel), *reversed(found), *[1] * (2 - rank), lead]
        place = at(self.values.place(op.y))
        fields = {
            "kernel": f"g.leaf(GGML_TYPE_F32, {{{listed([*kernel, 1, 1])}}}, {place})",
            "steps": listed([*steps, *low, *apart]),
            "sizes": listed(sizes),
        }
        given, made = (sizes, folded) if op.x is image else (folded, sizes)
        self.result(op, made, **{"0": self.tensor(op.x, given)}, **fields)


def at(place: Place) -> str:
    """`{scratch, 64}`."""
    return f"{{{place.region}, {place.offset}}}"


class NativeFunctionPrinter(FunctionPrinter):
    """Prints one function: kernels of the host, then the graph that calls them in their place."""

    def kernels(self) -> list[str]:
        graph, check = GraphPrinter(self.values), self.loss_check()
        host: list[str] = []
        for op in self.values.ops():
            if check is not None and any("persistent" in str(s) for s in slots_of(op)):
                host += self.on_host(graph, check)
                check = None
            if isinstance(op, Indexing) and size_of(op.indices) and checks_indices(op):
                host += self.on_host(graph, self.printer.index_check(op))
            if is_host(op):
                for step in self.printer.steps(op):
                    host += self.on_host(graph, step)
            else:
                graph.op(op)
        host += self.on_host(graph, check) if check is not None else []
        name = self.names.fresh(f"{self.prefix}_graph")
        self.build = f"{name}, {graph.nodes * VIEWS}"
        lines = graph.statements()
        if any("(c, " in line for line in lines):
            lines.insert(0, "ggml_context *c = g.context();")
        places = table("Place", self.place_table, self.places)
        self.places = []  # printed here, where the graph names them
        body = [f"void {name}(Graph &{'g' if lines else ''}) {{", *indented(lines), "}", ""]
        return [*host, *places, *([""] if places else []), *body]

    def on_host(self, graph: GraphPrinter, step: Step) -> list[str]:
        """The definition of a kernel that the graph calls."""
        name, lines = self.shared.define(f"{self.prefix}_{step.name}", step)
        graph.lines.append(f"g.host({name}, {self.places_of(step)});")
        return lines

    def row(self, independent: bool) -> str:
        return super().row(independent).removesuffix("},") + f", {self.build}}},"
