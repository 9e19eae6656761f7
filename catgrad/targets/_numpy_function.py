"""Prints one function of a NumPy program: a factory that makes all views and returns it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects import func
from xdsl.ir import Block, Operation, SSAValue
from xdsl.utils.exceptions import PassFailedException

from catgrad.dialects.cat import NAME
from catgrad.dialects.tops.base import (
    TopsOp,
    dtype_of,
    nbytes,
    tensor_of,
)
from catgrad.dialects.tops.creation import ConstantOp, FullOp, python_scalar
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import FusedOp, SlotAttr, YieldOp, slots_of
from catgrad.dialects.tops.indexing import Indexing
from catgrad.dialects.tops.movement import BroadcastOp, ReshapeOp
from catgrad.dialects.tops.reduction import Reduction
from catgrad.dialects.tops.windows import PatchesOp
from catgrad.targets._describe import Signature, shape_and_dtype, text
from catgrad.targets._layouts import Layout
from catgrad.targets._numpy_halves import (
    Render,
    Section,
    Sections,
    Span,
    Statement,
    Step,
    cost_of,
    cuts,
    is_cut,
    lines_of,
    room_in,
    spans,
)
from catgrad.targets._numpy_moves import (
    Moves,
    in_operand_shape,
    lies_turned,
    moves_of,
    window_view_text,
)
from catgrad.targets._numpy_regions import Work, facts_of
from catgrad.targets._numpy_sections import Values, print_section
from catgrad.targets._numpy_spelling import (
    adds_numbers,
    clears_bits,
    folded_by_ones,
    takes_checked,
)
from catgrad.targets._placement import checks_indices
from catgrad.targets._python_names import RESERVED, Names

LOCALS = ("work", "half", "first", "run")
"""What the printer itself names in a factory."""


def copy_text(operands: Sequence[str], out: str) -> Moves:
    """Copies the only operand."""
    return Moves([], [f"np.copyto({out}, {operands[0]})"])


class FunctionPrinter:
    """Prints one function: a factory that makes all views once and returns the function itself."""

    def __init__(self, function: func.FuncOp, name: str):
        self.signature = Signature(function)
        self.function, self.name = function, name
        self.names = Names(RESERVED | {name, *LOCALS})
        self.known = Values()
        self.values = self.known.names
        self.layouts: dict[SSAValue, Layout] = {}
        self.slots: dict[SSAValue, SlotAttr] = {}
        """Where values with storage of their own lie, except those in the workspace."""
        self.views: list[str | SSAValue | Statement] = []
        """Views; values in the workspace and statements, whose views are printed if used whole."""
        self.made: dict[Statement, list[str]] = {}
        self.whole: set[SSAValue] = set()
        self.vectors: dict[str, str] = {}
        """Vectors of ones, and their names."""
        self.entries: list[str | Step] = []
        self.checked = False
        works = [op.attributes.get("tops.workspace") for op in function.body.block.ops]
        slots = [work for work in works if isinstance(work, SlotAttr)]
        self.work = max(slots, key=lambda slot: slot.size, default=None)
        """The workspace, which is one for all."""
        self.limits: dict[SSAValue, int] = {}
        """Indices that were checked to be >= 0 and below this."""
        self.in_halves = False
        """Whether there are sections; known when the lines are."""

    def lines(self) -> list[str]:
        """The whole factory."""
        parameters = [
            self.names.fresh(f"given_{text(a.get(NAME)) or 'x'}") for _, a in self.signature.inputs
        ]
        for value, attrs in self.signature.arguments:
            slot = attrs.get("tops.slot")
            assert isinstance(slot, SlotAttr)
            self.place(value, slot, text(attrs.get(NAME)) or "x")
        for (value, _), parameter in zip(self.signature.inputs, parameters, strict=True):
            self.entries.append(f"np.copyto({self.values[value]}, {parameter})")
        for op in self.function.body.block.ops:
            self.op(op)
        body: list[str] = []
        made: list[str] = []
        for part in Sections(self.locate, self.work).gather(self.entries):
            if isinstance(part, Section):
                self.in_halves = True
                name = self.names.fresh("section")
                work = "work" if self.work else "scratch[0:0]"
                made += ["", *print_section(part, name, self.known, self.names, work)]
                body.append(f"in_halves(*{name})")
            else:
                body += [part] if isinstance(part, str) else self.plain(part)
        returned = "".join(f"{self.values[v]}, " for v, _ in self.signature.outputs)
        regions = ["persistent", "scratch", "constant", *["in_halves"] * self.in_halves]
        return [
            f"def _compiled_{self.name}({', '.join(regions)}):",
            *(f"    {line}" for line in self.view_lines()),
            *(f"    {line}" if line else "" for line in made),
            "",
            f"    def {self.name}({', '.join(parameters)}):",
            *(f"        {line}" for line in body),
            f"        return ({returned.rstrip() if returned else ''})",
            "",
            f"    return {self.name}",
        ]

    # -- values --------------------------------------------------------------------------------
    def place(self, value: SSAValue, slot: SlotAttr, hint: str) -> None:
        """Name a value and print the view of its slot."""
        name = self.values[value] = self.names.fresh(value.name_hint or hint)
        layout = Layout.dense(value)
        if isinstance(value.owner, ReshapeOp) and lies_turned(value.owner):
            layout = Layout(value, layout.shape, (1, layout.shape[0]))
        self.layouts[value], self.slots[value] = layout, slot
        self.views.append(f"{name} = {self.view(slot, value)}")

    def view(self, slot: SlotAttr, value: SSAValue) -> str:
        """An expression for the tensor in a slot."""
        shape, dtype = shape_and_dtype(value)
        bytes_ = f"{slot.region.data}[{slot.start}:{slot.start + slot.size}]"
        if isinstance(value.owner, ReshapeOp) and lies_turned(value.owner):
            return f"{bytes_}.view(np.{dtype}).reshape({shape[1]}, {shape[0]}).T"
        dims = ", ".join(str(n) for n in shape)
        return f"{bytes_}.view(np.{dtype}).reshape({dims or '()'})"

    def look(self, op: TopsOp) -> None:
        """A view: made once, in the factory."""
        name = self.names.fresh(op.results[0].name_hint or op.mnemonic)
        source, result = op.operands[0], op.results[0]
        x = self.values[source]
        slides = isinstance(op, PatchesOp)
        view = window_view_text(op, x) if slides else op.meaning.expression(op, [x])
        self.views.append(f"{name} = {view}")
        self.values[result] = name
        if source in self.layouts and (layout := self.layouts[source].through(op)) is not None:
            self.layouts[result] = layout

    def locate(self, value: SSAValue, axis: int | None) -> tuple[list[Span], list[Span]] | None:
        """The bytes of the halves of a value; None for literals and what the workspace holds."""
        layout = self.layouts.get(value)
        if layout is None or layout.base not in self.slots:
            return None
        return spans(layout, self.slots[layout.base], axis)

    # -- ops -----------------------------------------------------------------------------------
    def op(self, op: Operation) -> None:
        """Print one op."""
        match op:
            case func.ReturnOp():
                self.check()
            case FullOp():
                self.literal(op)
            case FusedOp():
                self.fused(op)
            case TopsOp() if "tops.slots" not in op.attributes:
                self.look(op)
            case TopsOp():
                (slot,) = self.slots_of(op)
                self.place(op.results[0], slot, op.mnemonic)
                if isinstance(op, ConstantOp):
                    self.views += self.statement(op).write([], self.values[op.y]).statements
                else:
                    self.before_write([slot])
                    self.indices(op)
                    step = Step((self.statement(op),), cost_of(op), is_cut([op]), self.needs(op))
                    self.entries.append(step)
            case _:
                raise PassFailedException(f"target 'numpy' cannot print '{op.name}'")

    def statement(self, op: TopsOp) -> Statement:
        """The op's NumPy meaning."""
        out = op.results[0]
        if isinstance(op, ReshapeOp):
            return self.rearranged(op)
        if (axis := folded_by_ones(op)) is not None and self.is_dense(op.operands[0]):
            return Statement((op.operands[0],), out, self.ones(op.operands[0], axis), cuts(op))
        literals = {v: self.values[v] for v in op.operands if v in self.known.literals}
        faster = clears_bits(op, literals) or takes_checked(op) or adds_numbers(op)
        work = ""
        if isinstance(slot := op.attributes.get("tops.workspace"), SlotAttr):
            bytes_ = f"{slot.region.data}[{slot.start}:{slot.start + slot.size}]"
            work = f"{bytes_}.view(np.{shape_and_dtype(out)[1]})"

        def write(operands: Sequence[str], name: str) -> Moves:
            if faster is not None:
                text = faster.format(*operands, out=name, **op.fields())
            elif (moves := moves_of(op, operands, name, work)) is not None:
                return moves
            else:
                text = op.meaning.statement(op, operands, name)
            return Moves([], text.split("; "))

        statement = Statement(tuple(op.operands), out, write, cuts(op))
        self.views.append(statement)
        return statement

    def rearranged(self, op: ReshapeOp) -> Statement:
        """Elements move: the result is filled in the operand's shape."""
        (as_operand,) = Block(arg_types=[op.x.type]).args
        name = self.names.fresh(self.values[op.y])
        view, layout = in_operand_shape(op, self.layouts[op.y], self.values[op.y])
        self.views.append(f"{name} = {view}")
        self.values[as_operand], self.layouts[as_operand] = name, layout
        return Statement((op.x,), as_operand, copy_text, cuts(op))

    def needs(self, op: TopsOp) -> int | None:
        """The workspace of a single op: if any, then all that there is."""
        return None if "tops.workspace" in op.attributes else 0

    def is_dense(self, value: SSAValue) -> bool:
        """Whether the elements of a value, or of a half of it, follow one another in memory."""
        return value in self.known.inner or (value in self.layouts and self.layouts[value].is_dense)

    def ones(self, value: SSAValue, axis: int) -> Render:
        """The text of a sum over the first or the last axis, as a product with ones."""
        shape, dtype = shape_and_dtype(value)
        made = f"np.ones({shape[axis]}, np.{dtype})"
        if made not in self.vectors:
            self.vectors[made] = self.names.fresh("ones")
            self.views.append(f"{self.vectors[made]} = {made}")
        ones = self.vectors[made]
        if axis == 0:
            return lambda xs, out: Moves([], [f"np.matmul({ones}, {xs[0]}, out={out})"])
        return lambda xs, out: Moves([], [f"np.matmul({xs[0]}, {ones}, out={out})"])

    def indices(self, op: TopsOp) -> None:
        """Print the check of indices, unless they are known to lie in [0, size)."""
        if not isinstance(op, Indexing) or not checks_indices(op):
            return
        value, size = op.indices, op.size
        if value not in self.limits or self.limits[value] > size:
            self.entries.append(f"check_indices({self.values[value]}, {size})")
            self.limits[value] = size

    def fused(self, op: FusedOp) -> None:
        """A fused region: its ops in order; values lie where results will, or in the workspace."""
        slots = self.slots_of(op)
        for result, slot in zip(op.results, slots, strict=True):
            self.place(result, slot, "fused")
        self.before_write(slots)
        block, facts = op.body.block, facts_of(op)
        work = facts.work(op)
        places = dict(reversed([*zip(op.terminator.values, slots, strict=True)]))  # the first
        for arg, value in zip(block.args, op.operands, strict=True):
            self.same(arg, value)
        statements: list[Statement] = []
        copies: list[Statement] = []
        for value, result in zip(op.terminator.values, op.results, strict=True):
            if isinstance(value.owner, Elementwise | Reduction) and value not in self.values:
                self.same(value, result)
            else:  # an argument, a literal, a broadcast or a repeat
                copies.append(Statement((value,), result, copy_text, (0,)))
        for inner in block.ops:
            if isinstance(inner, YieldOp):
                break
            assert isinstance(inner, TopsOp)
            if isinstance(inner, FullOp):
                self.repeated_number(inner)
            elif isinstance(inner, BroadcastOp):
                self.broadcast(inner)
            else:
                self.inside(inner, work, places)
                statements.append(self.statement(inner))
        step = Step((*statements, *copies), facts.cost, facts.is_cut, facts.size[0])
        self.entries.append(step)

    def inside(self, op: TopsOp, work: Work, places: Mapping[SSAValue, SlotAttr]) -> None:
        """Name a value that does not leave its region."""
        value = op.results[0]
        if value in work.hosts:
            self.place(value, places[work.hosts[value]], op.mnemonic)
        elif value in work.offsets:
            self.values[value] = self.names.fresh(value.name_hint or op.mnemonic)
            self.known.inner[value] = work.offsets[value]
            self.views.append(value)

    def same(self, new: SSAValue, old: SSAValue) -> None:
        """A value that is another one, inside or outside of a region."""
        self.values[new] = self.values[old]
        if old in self.layouts:
            self.layouts[new] = self.layouts[old]
        if old in self.known.literals:
            self.known.literals.add(new)

    def literal(self, op: FullOp) -> None:
        """A constant: a number in the text."""
        self.values[op.y] = python_scalar(op.scalar)
        self.known.literals.add(op.y)

    def repeated_number(self, op: FullOp) -> None:
        """A constant inside of a region: a view where its shape counts."""
        if not any(isinstance(use.operation, BroadcastOp | Reduction) for use in op.y.uses):
            return self.literal(op)
        self.values[op.y] = name = self.names.fresh(op.y.name_hint or op.mnemonic)
        shape, dtype = shape_and_dtype(op.y)
        number = f"np.{dtype}({python_scalar(op.scalar)})"
        self.views.append(f"{name} = np.broadcast_to({number}, {tuple(shape)})")

    def broadcast(self, op: BroadcastOp) -> None:
        """A view inside of a region."""
        if op.x in self.known.inner:
            self.values[op.y] = self.names.fresh(op.y.name_hint or op.mnemonic)
            self.known.repeats[op.y] = op
            self.views.append(op.y)
        else:
            self.look(op)

    def slots_of(self, op: Operation) -> list[SlotAttr]:
        """The slots of an op's results."""
        slots = [slot for slot in slots_of(op) if isinstance(slot, SlotAttr)]
        assert len(slots) == len(op.results), f"{op.name} has no slots"
        return slots

    def before_write(self, slots: Sequence[SlotAttr]) -> None:
        """The checks stand before the first write of a stored tensor."""
        if any(slot.region.data == "persistent" for slot in slots):
            self.check()

    def check(self) -> None:
        """Print the check of the loss, once."""
        if self.checked:
            return
        self.checked = True
        for value, role in self.signature.outputs:
            if role == "loss" and dtype_of(tensor_of(value)) in ("f32", "f64"):
                name = self.values[value]
                each = ".all()" if tensor_of(value).get_shape() else ""
                self.entries.append(f"if not np.isfinite({name}){each}:")
                self.entries.append(f"    raise _NonFinite({name})")

    # -- text ----------------------------------------------------------------------------------
    def plain(self, step: Step) -> list[str]:
        """The lines of a step that belongs to no section."""
        lines: list[str] = []
        for statement in step.statements:
            for value in (*statement.operands, statement.out):
                self.whole.add(value)
                if value in self.known.repeats:
                    self.whole.add(self.known.repeats[value].x)
            lines += self.text(statement)
        return lines

    def text(self, statement: Statement) -> list[str]:
        """The lines of a statement on whole values."""
        names = [self.values[v] for v in statement.operands]
        made = statement.write(names, self.values[statement.out])
        return lines_of(made, self.names, self.made.setdefault(statement, []))

    def view_lines(self) -> list[str]:
        """The views of whole values."""
        lines: list[str] = []
        for view in self.views:
            if isinstance(view, str):
                lines.append(view)
            elif isinstance(view, Statement):
                lines += self.made.get(view, [])
            elif view in self.whole and view in self.known.repeats:
                op = self.known.repeats[view]
                made = op.meaning.expression(op, [self.values[op.x]])
                lines.append(f"{self.values[view]} = {made}")
            elif view in self.whole:
                start = (self.work.start if self.work else 0) + self.known.inner[view][0]
                slot = SlotAttr.of("scratch", start, nbytes(tensor_of(view)))
                lines.append(f"{self.values[view]} = {self.view(slot, view)}")
        if self.in_halves and self.work:
            end = self.work.start + 2 * room_in(self.work)
            lines.append(f"work = scratch[{self.work.start}:{end}]")
        return lines
