"""The kernels of a program: spelling is a table, structure is methods for families of ops."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from catgrad.dialects.tops.base import TopsOp, shape_of
from catgrad.dialects.tops.creation import ArangeOp, ConstantOp, FullOp
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import FusedOp
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
from catgrad.dialects.tops.random import Random
from catgrad.dialects.tops.reduction import CumulativeSumOp, Position, Reduction
from catgrad.dialects.tops.windows import PatchesOp, UnpatchesOp, Windows, is_unpadded
from catgrad.targets._ggml_fused import FusedBody, RowSweep, start_of
from catgrad.targets._ggml_loops import (
    CTYPES,
    Access,
    Fold,
    Nest,
    grain,
    indented,
    split,
)
from catgrad.targets._ggml_products import gather_text, product_of, rows_text
from catgrad.targets._ggml_spelling import SPELLING, spell, work_of
from catgrad.targets._ggml_values import Kernel, Place, Values, dtype, size_of
from catgrad.targets._layouts import MOVERS, row_major
from catgrad.targets._placement import checks_indices

MOVES = (BroadcastOp, ConcatOp, CopyOp, PadOp, *MOVERS)
READS_SCALARS = (Elementwise, FusedOp, *(kind for kind in MOVES if kind is not PatchesOp))
"""Ops that print a `tops.full` operand as a literal; the others read it from memory."""


def total_work(op: Operation) -> int:
    """Roughly how many elementary operations an op takes."""
    if isinstance(op, MatmulOp):
        (*_, m, k), n = shape_of(op.a), shape_of(op.y)[-1]
        k = m if op.transpose_a is not None else k
        return 2 * size_of(op.y) // max(n, 1) * n * k
    sizes = [size_of(v) for v in (*op.operands, *op.results)]
    return max(sizes, default=1) * work_of(op)


@dataclass(frozen=True)
class Step:
    """A printed kernel and its node: the name it asks for, its statements, its first result."""

    name: str
    kernel: Kernel
    body: list[str]
    dtype: str
    elements: int
    place: Place
    stores: bool = False  # it writes a stored tensor

    @property
    def lines(self) -> list[str]:
        """All statements."""
        return [*self.kernel.head, *self.body]

    @property
    def shape(self) -> str:
        """The statements with numbers for the names: equal for kernels that do the same."""
        numbers = {name: f"${i}" for i, name in enumerate(self.kernel.scope.given)}
        text = "\n".join(self.lines)
        return re.sub(r"(?<![\w.:])[A-Za-z_]\w*", lambda m: numbers.get(m[0], m[0]), text)


class KernelPrinter:
    """Prints the kernels of one function."""

    def __init__(self, values: Values):
        self.values = values

    def steps(self, op: Operation) -> Iterator[Step]:
        """The kernels of an op, in order; none for views and literals."""
        view = isinstance(op, MOVERS) and "tops.slots" not in op.attributes
        if view or isinstance(op, FullOp | ConstantOp) or size_of(op.results[0]) == 0:
            return
        if isinstance(op, Indexing) and checks_indices(op):
            yield self.index_check(op)
        if isinstance(op, PadOp) and size_of(op.y) > size_of(op.x):
            yield self.zeros(op)
        if not isinstance(op, PadOp) or size_of(op.x) > 0:
            kernel = Kernel(self.values)
            lines = self.structure(op)(kernel, op)
            yield self.step(op, "", kernel, lines)

    def step(self, op: Operation, suffix: str, kernel: Kernel, lines: list[str]) -> Step:
        """The node of a kernel of `op`."""
        result = op.results[0]
        name = "_".join(n for n in (self.values.name(result), suffix) if n)
        places = [self.values.place(r) for r in op.results]
        stores = any(place.region == "persistent" for place in places)
        return Step(name, kernel, lines, dtype(result), size_of(result), places[0], stores)

    def structure(self, op: Operation) -> Callable[[Kernel, Operation], list[str]]:
        """The method that prints this family of ops."""
        methods: dict[tuple[type[Operation], ...], Callable[[Kernel, Operation], list[str]]] = {
            (FusedOp,): self.fused,
            (Elementwise,): self.elementwise,
            (ConcatOp,): self.concat,
            MOVES: self.move,
            (ArangeOp,): self.arange,
            (Reduction,): self.fold,
            (MatmulOp, Position, CumulativeSumOp, Indexing, Random, Windows): self.call,
        }
        return next(method for classes, method in methods.items() if isinstance(op, classes))

    # -- loops ---------------------------------------------------------------------------------
    def elementwise(self, kernel: Kernel, op: Operation) -> list[str]:
        """One op, one loop nest."""
        assert isinstance(op, TopsOp)
        return self.map(kernel, op, [()] * len(op.operands))

    def map(
        self,
        kernel: Kernel,
        op: TopsOp,
        repeated: Sequence[Sequence[int]],
        write: tuple[Sequence[int], int] = ((), 0),
        only: SSAValue | None = None,
    ) -> list[str]:
        """
        A loop nest that spells `op` once for each element of its result, or of one operand.

        `repeated` gives for each operand the axes that it does not have, `write` the strides and
        the offset of the result.
        """
        out = op.results[0]
        operands = [only] if only is not None else list(op.operands)
        literals = [self.values.literal(v) for v in operands]
        accesses = [
            kernel.read(v, axes)
            for v, literal, axes in zip(operands, literals, repeated, strict=True)
            if literal is None
        ]
        target = kernel.write(out, *write)

        def body(loaded: list[str], places: list[str]) -> list[str]:
            rest = iter(loaded)
            return [f"{places[0]} = {spell(op, [x or next(rest) for x in literals])};"]

        space = shape_of(only or out)
        return Nest(space, accesses, [target], body, kernel.scope, work_of(op)).lines()

    def move(self, kernel: Kernel, op: Operation) -> list[str]:
        """Ops that move elements; a mover is read as the view that it would be."""
        assert isinstance(op, TopsOp)
        match op:
            case BroadcastOp():
                return self.map(kernel, op, [op.props()["axes"]])
            case PadOp():
                out = row_major(shape_of(op.y))
                strides = [s * step for s, (_, _, step) in zip(out, op.bounds(), strict=True)]
                offset = sum(s * low for s, (low, _, _) in zip(out, op.bounds(), strict=True))
                return self.map(kernel, op, [()], (strides, offset), op.x)
            case PermuteDimsOp() | SliceOp() | ReshapeOp():
                return self.copy_view(kernel, op)
            case PatchesOp():
                return self.copy_view(kernel, op) if is_unpadded(op) else self.call(kernel, op)
            case _:
                return self.map(kernel, op, [()])

    def copy_view(
        self, kernel: Kernel, op: PermuteDimsOp | SliceOp | ReshapeOp | PatchesOp
    ) -> list[str]:
        """Read the elements of a mover where they are, write them one after the other."""
        literal, source = self.values.literal(op.x), self.values.layout(op.x)
        seen = source.through(op) or source  # a reshape that moves: in the operand's order
        reads: list[Access] = []
        if literal is None:
            base = kernel.pointer(seen.base)
            reads.append(Access(base, dtype(op.x), seen.strides, seen.offset))
        write = kernel.write(op.y, row_major(seen.shape))

        def body(loaded: list[str], places: list[str]) -> list[str]:
            return [f"{places[0]} = {literal or loaded[0]};"]

        return Nest(seen.shape, reads, [write], body, kernel.scope).lines()

    def concat(self, kernel: Kernel, op: Operation) -> list[str]:
        """One loop nest for each operand."""
        assert isinstance(op, ConcatOp)
        axis: int = op.props()["axis"]
        out, at = row_major(shape_of(op.y)), 0
        lines: list[str] = []
        for x in op.xs:
            if size_of(x) > 0:
                nest = self.map(kernel, op, [()], (out, at * out[axis]), x)
                lines += ["{", *indented(nest), "}"]
            at += shape_of(x)[axis]
        return lines

    def fused(self, kernel: Kernel, op: Operation) -> list[str]:
        """All ops of the region in one sweep."""
        assert isinstance(op, FusedOp)
        body = RowSweep if op.in_rows else FusedBody
        return body(self.values, kernel, op).lines()

    def arange(self, kernel: Kernel, op: Operation) -> list[str]:
        """The index itself."""
        assert isinstance(op, ArangeOp)
        out = kernel.pointer(op.y, written=True)
        return [
            split(size_of(op.y), grain(1, 16)),
            "for (int64_t i = begin; i < end; ++i) {",
            f"    {out}[i] = {spell(op, ['i'])};",
            "}",
        ]

    def zeros(self, op: PadOp) -> Step:
        """Fills the result of a pad."""
        kernel = Kernel(self.values)
        out = kernel.pointer(op.y, written=True)
        fill = f"std::fill({out} + begin, {out} + end, {CTYPES[dtype(op.y)]}{{}});"
        return self.step(op, "zeros", kernel, [split(size_of(op.y), grain(1, 16)), fill])

    def fold(self, kernel: Kernel, op: Operation) -> list[str]:
        """A reduction over axes."""
        assert isinstance(op, Reduction)
        kind = dtype(op.x)
        start = start_of(SPELLING[op.name], kind)
        x, out = kernel.pointer(op.x), kernel.pointer(op.y, written=True)
        axes: tuple[int, ...] = op.props()["axes"]
        return Fold(shape_of(op.x), axes, SPELLING[op.name], start, x, out, kind).lines()

    # -- calls ---------------------------------------------------------------------------------
    def call(self, kernel: Kernel, op: Operation) -> list[str]:
        """Ops that one function of the support headers computes."""
        assert isinstance(op, TopsOp)
        if isinstance(op, MatmulOp) and any(map(self.values.is_gathered, op.operands)):
            return self.gather(kernel, op)
        operands = [kernel.pointer(v) for v in op.operands]
        fields: dict[str, object] = {"out": kernel.pointer(op.results[0], written=True)}
        fields["operands"] = ", ".join(operands)
        match op:
            case MatmulOp():
                product = product_of(op, self.values.layout(op.a), self.values.layout(op.b))
                assert product is not None, "placed so that it can be read"
                fields["product"] = product.text()
            case Random():
                fields |= {"site": op.props()["site"], "count": size_of(op.y)}
            case CumulativeSumOp():
                backward = str(op.from_end is not None).lower()
                fields |= {"slices": slices_text(op), "backward": backward}
            case Windows():
                rows = rows_text(op) if isinstance(op, UnpatchesOp) else None
                fields["windows"] = rows or windows_text(op)
            case _:
                fields["slices"] = slices_text(op)
        return [SPELLING[op.name].format(*operands, **fields)]

    def gather(self, kernel: Kernel, op: MatmulOp) -> list[str]:
        """A product that reads an operand where its elements are."""
        sides = [self.values.steps(v) for v in op.operands]
        operands = [kernel.pointer(v) for v, _ in sides]
        out = kernel.pointer(op.y, written=True)
        text = gather_text(op, sides[0][1], sides[1][1])
        return [f"catgrad::gather_matmul({text}, {', '.join(operands)}, {out}, share);"]

    def index_check(self, op: Indexing) -> Step:
        """Refuses indices outside the axis before they are used."""
        kernel = Kernel(self.values)
        indices = kernel.pointer(op.indices)
        count, high = size_of(op.indices), op.size
        call = f"catgrad::check_indices(m, share, {indices}, {count}, {high});"
        return self.step(op, "indices", kernel, [call])


def slices_text(op: TopsOp) -> str:
    """`{outer, axis, count, inner}` of an op along one axis."""
    axis: int = op.props()["axis"]
    whole = shape_of(op.results[0] if op.name == "tops.scatter_add" else op.operands[0])
    count = size_of(op.operands[1]) if len(op.operands) > 1 else 1
    sizes = (math.prod(whole[:axis]), whole[axis], count, math.prod(whole[axis + 1 :]))
    return f"{{{', '.join(map(str, sizes))}}}"


def windows_text(op: Windows) -> str:
    """`catgrad::Windows<rank>{outer, sizes, counts, kernel, stride, dilation, low}`."""
    image, windows = (op.x, op.y) if isinstance(op, PatchesOp) else (op.y, op.x)
    p, lead = op.props(), len(shape_of(image)) - len(op.props()["kernel"])
    shape, counts = shape_of(image), shape_of(windows)[lead:]
    rest = [p[key] for key in ("kernel", "stride", "dilation", "padding_low")]
    lists = [shape[lead:], counts[: len(rest[0])], *rest]
    text = ", ".join(f"{{{', '.join(map(str, numbers))}}}" for numbers in lists)
    return f"catgrad::Windows<{len(rest[0])}>{{{math.prod(shape[:lead])}, {text}}}"
