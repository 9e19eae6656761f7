"""The target `numpy`: one Python file that needs NumPy and the standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, ClassVar

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import PassFailedException

from catgrad.dialects.cat import NAME
from catgrad.dialects.tops.base import TopsOp, dtype_of, nbytes, tensor_of
from catgrad.dialects.tops.creation import ConstantOp, FullOp, python_scalar
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import ALIGNMENT, FusedOp, SlotAttr, YieldOp, slots_of
from catgrad.dialects.tops.indexing import Indexing
from catgrad.dialects.tops.movement import BroadcastOp, PermuteDimsOp, ReshapeOp, SliceOp
from catgrad.dialects.tops.reduction import Reduction
from catgrad.dialects.tops.unary import ErfOp
from catgrad.dialects.tops.windows import PatchesOp, Windows, is_unpadded
from catgrad.targets._describe import (
    Signature,
    functions_in,
    has_command_line,
    program_name,
    shape_and_dtype,
    text,
)
from catgrad.targets._layouts import layout_of
from catgrad.targets._numpy_moves import lies_turned, moves_of, row_count, window_view_text
from catgrad.targets._placement import PlacedTarget, adds_in_place, checks_indices, same_shape
from catgrad.targets._python_module import (
    class_name,
    imports,
    methods_of,
    program_class,
    without_imports,
)
from catgrad.targets._python_names import RESERVED, SUPPORT, Names, identifier

CORE, COMMAND_LINE = SUPPORT / "numpy_runtime.py", SUPPORT / "numpy_command_line.py"
SPECIAL, WINDOWS = SUPPORT / "numpy_special.py", SUPPORT / "numpy_windows.py"


def reads_after_write(op: TopsOp, operand: int) -> bool:
    """Whether the text of an op reads that operand after it began to fill `out`."""
    names = [f"operand_{i}_" for i in range(len(op.operands))]
    first, *rest = op.meaning.statement(op, names, "out").split("; ")
    del first
    return any(names[operand] in statement for statement in rest)


def in_place(op: Operation, operand: int) -> bool:
    """Whether a single op may write its result over that operand."""
    if adds_in_place(op, operand):
        return True
    if not isinstance(op, Elementwise) or not same_shape(op.operands[operand], op.results[0]):
        return False
    same_type = op.operands[operand].type == op.results[0].type
    return same_type and not reads_after_write(op, operand)


@dataclass
class Work:
    """Memory of the values inside a fused region: offsets into its workspace, and its size."""

    offsets: dict[SSAValue, int]
    size: int


def plan_work(fused: FusedOp) -> Work:
    """Reuse buffers in a region: a value takes that of an operand it replaces, or a free one."""
    body = list(fused.body.block.ops)
    yielded = set(fused.terminator.values)
    last = {v: i for i, op in enumerate(body) for v in op.operands}
    for op in body:  # a row's value is read wherever its broadcast is
        if isinstance(op, BroadcastOp):
            last[op.x] = max(last[op.x], last.get(op.y, 0))
    offsets: dict[SSAValue, int] = {}
    free: list[tuple[int, int]] = []
    end = 0
    for index, op in enumerate(body):
        read = [v.owner.x if isinstance(v.owner, BroadcastOp) else v for v in op.operands]
        dying = [v for v in dict.fromkeys(read) if v in offsets and last[v] == index]
        if isinstance(op, Elementwise | Reduction) and op.y not in yielded:
            size = _padded(op.y)
            heir = next((v for v in dying if _takes_over(op, v)), None)
            offset = next((o for s, o in free if s == size), None)
            if heir is not None:
                offsets[op.y] = offsets[heir]
                dying.remove(heir)
            elif offset is not None:
                offsets[op.y] = offset
                free.remove((size, offset))
            else:
                offsets[op.y], end = end, end + size
        free += [(_padded(v), offsets[v]) for v in dying]
    return Work(offsets, end)


def _padded(value: SSAValue) -> int:
    """Bytes of a value, rounded up to the alignment."""
    return -(-nbytes(tensor_of(value)) // ALIGNMENT) * ALIGNMENT


def _takes_over(op: Elementwise | Reduction, value: SSAValue) -> bool:
    return value in op.operands and all(
        in_place(op, i) for i, v in enumerate(op.operands) if v is value
    )


class FunctionPrinter:
    """Prints one function: a factory that makes all views once and returns the function itself."""

    def __init__(self, function: func.FuncOp, name: str):
        self.signature = Signature(function)
        self.function, self.name = function, name
        self.names = Names(RESERVED | {name})
        self.values: dict[SSAValue, str] = {}
        self.views: list[str] = []
        self.body: list[str] = []
        self.checked = False
        self.limits: dict[SSAValue, int] = {}
        """Indices that were checked to be >= 0 and below this."""

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
            self.body.append(f"np.copyto({self.values[value]}, {parameter})")
        for op in self.function.body.block.ops:
            self.op(op)
        returned = "".join(f"{self.values[v]}, " for v, _ in self.signature.outputs)
        inner = [
            f"def {self.name}({', '.join(parameters)}):",
            *(f"    {line}" for line in self.body),
            f"    return ({returned.rstrip() if returned else ''})",
        ]
        return [
            f"def _compiled_{self.name}(persistent, scratch, constant):",
            *(f"    {line}" for line in self.views),
            "",
            *(f"    {line}" for line in inner),
            "",
            f"    return {self.name}",
        ]

    def place(self, value: SSAValue, slot: SlotAttr, hint: str) -> None:
        """Name a value and print the view of its slot."""
        name = self.values[value] = self.names.fresh(value.name_hint or hint)
        self.views.append(f"{name} = {self.view(slot, value)}")

    def view(self, slot: SlotAttr, value: SSAValue) -> str:
        """An expression for the tensor in a slot."""
        shape, dtype = shape_and_dtype(value)
        bytes_ = f"{slot.region.data}[{slot.start}:{slot.start + slot.size}]"
        if isinstance(value.owner, ReshapeOp) and lies_turned(value.owner):
            return f"{bytes_}.view(np.{dtype}).reshape({shape[1]}, {shape[0]}).T"
        dims = ", ".join(str(n) for n in shape)
        return f"{bytes_}.view(np.{dtype}).reshape({dims or '()'})"

    def op(self, op: Operation) -> None:
        """Print one op."""
        match op:
            case func.ReturnOp():
                self.check()
            case FullOp():
                self.values[op.y] = python_scalar(op.scalar)
            case FusedOp():
                self.fused(op)
            case TopsOp() if "tops.slots" not in op.attributes:
                self.look(op)
            case TopsOp():
                (slot,) = self.slots(op)
                self.place(op.results[0], slot, op.mnemonic)
                if isinstance(op, ConstantOp):
                    self.views.append(self.statement(op))
                else:
                    self.before_write([slot])
                    self.indices(op)
                    self.body += self.statements(op)
            case _:
                raise PassFailedException(f"target 'numpy' cannot print '{op.name}'")

    def statements(self, op: TopsOp) -> list[str]:
        """The statements of every call."""
        slot, work = op.attributes.get("tops.workspace"), ""
        if isinstance(slot, SlotAttr):
            bytes_ = f"{slot.region.data}[{slot.start}:{slot.start + slot.size}]"
            work = f"{bytes_}.view(np.{shape_and_dtype(op.results[0])[1]})"
        operands = [self.values[v] for v in op.operands]
        made = moves_of(op, operands, self.values[op.results[0]], work)
        if made is None:
            return self.statement(op).split("; ")
        names: list[str] = []
        for wished, expression in made.views:
            names.append(self.names.fresh(wished))
            self.views.append(f"{names[-1]} = {expression.format(*names)}")
        return [statement.format(*names) for statement in made.statements]

    def statement(self, op: TopsOp) -> str:
        """The op's NumPy meaning with names filled in."""
        return op.meaning.statement(
            op, [self.values[v] for v in op.operands], self.values[op.results[0]]
        )

    def indices(self, op: TopsOp) -> None:
        """Print the check of indices, unless they are known to lie in [0, size)."""
        if not isinstance(op, Indexing) or not checks_indices(op):
            return
        value, size = op.indices, op.size
        if value not in self.limits or self.limits[value] > size:
            self.body.append(f"check_indices({self.values[value]}, {size})")
            self.limits[value] = size

    def look(self, op: TopsOp) -> None:
        """A view: made once, in the factory."""
        name = self.names.fresh(op.results[0].name_hint or op.mnemonic)
        x = self.values[op.operands[0]]
        slides = isinstance(op, PatchesOp)
        view = window_view_text(op, x) if slides else op.meaning.expression(op, [x])
        self.views.append(f"{name} = {view}")
        self.values[op.results[0]] = name

    def fused(self, op: FusedOp) -> None:
        """A fused region: its ops in order; what does not leave it lives in the workspace."""
        slots = self.slots(op)
        for result, slot in zip(op.results, slots, strict=True):
            self.place(result, slot, "fused")
        self.before_write(slots)
        block, work = op.body.block, plan_work(op)
        base = op.attributes.get("tops.workspace")
        start = base.start if isinstance(base, SlotAttr) else 0
        self.values.update(
            (a, self.values[v]) for a, v in zip(block.args, op.operands, strict=True)
        )
        copies: list[tuple[SSAValue, SSAValue]] = []
        for value, result in zip(op.terminator.values, op.results, strict=True):
            if isinstance(value.owner, Elementwise | Reduction) and value not in self.values:
                self.values[value] = self.values[result]
            else:  # an argument, a literal, a broadcast or a repeat
                copies.append((result, value))
        for inner in block.ops:
            if isinstance(inner, YieldOp):
                self.body += [f"np.copyto({self.values[r]}, {self.values[v]})" for r, v in copies]
                return
            assert isinstance(inner, TopsOp)
            if isinstance(inner, FullOp):
                self.values[inner.y] = python_scalar(inner.scalar)
            elif isinstance(inner, BroadcastOp):
                self.look(inner)
            else:
                result = inner.results[0]
                if result in work.offsets:
                    slot = SlotAttr.of(
                        "scratch", start + work.offsets[result], nbytes(inner.out_type)
                    )
                    self.place(result, slot, inner.mnemonic)
                self.body += self.statements(inner)

    def slots(self, op: Operation) -> list[SlotAttr]:
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
                self.body += [f"if not np.isfinite({name}){each}:", f"    raise _NonFinite({name})"]


@dataclass(frozen=True)
class NumpyTarget(PlacedTarget):
    """A Python module with a class: one method per function, all memory allocated once."""

    name = "numpy"
    suffix: ClassVar[str] = ".py"

    def is_view(self, op: Operation) -> bool:
        if isinstance(op, ReshapeOp):
            return layout_of(op.x, self.is_view).through(op) is not None
        if isinstance(op, PatchesOp):
            return is_unpadded(op) and not isinstance(op.x.owner, FullOp)
        return isinstance(op, BroadcastOp | PermuteDimsOp | SliceOp)

    def may_alias(self, op: Operation, operand: int, result: int) -> bool:
        if not isinstance(op, FusedOp):
            return in_place(op, operand)
        arg, value = op.body.block.args[operand], op.terminator.values[result]
        if arg.type != value.type or not isinstance(value.owner, Operation):
            return False
        order = {inner: i for i, inner in enumerate(op.body.block.ops)}
        at = order[value.owner]
        for use in arg.uses:
            if isinstance(use.operation, BroadcastOp) or order[use.operation] > at:
                return False
            if order[use.operation] == at and not in_place(use.operation, use.index):
                return False
        return True

    def workspace(self, op: Operation) -> int:
        if isinstance(op, FusedOp):
            return plan_work(op).size
        count = row_count(op)
        dense = count > 1 and layout_of(op.operands[0], self.is_view).is_dense
        return count * nbytes(tensor_of(op.results[0])) if dense else 0

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        functions = functions_in(module, self.name)
        trains = has_command_line(functions)
        ops = {type(op) for f in functions for op in f.walk()}
        special, slides = ErfOp in ops, any(issubclass(kind, Windows) for kind in ops)
        wanted = {CORE: True, SPECIAL: special, WINDOWS: slides, COMMAND_LINE: trains}
        runtime = [path.read_text() for path, is_wanted in wanted.items() if is_wanted]
        methods = methods_of(functions)
        title = identifier(program_name(module))
        parts = [
            f'"""{title}: generated by catgrad. It needs NumPy and the standard library only."""',
            imports(*runtime),
            *(
                "\n" + "\n".join(FunctionPrinter(f, methods[f.sym_name.data]).lines())
                for f in functions
            ),
            *("\n" + without_imports(source) for source in runtime),
            "\n" + "\n".join(program_class(module, functions, methods, title)),
        ]
        if trains:
            parts.append(f'\nif __name__ == "__main__":\n    sys.exit(main({class_name(title)}))')
        output.write("\n\n".join(parts) + "\n")
