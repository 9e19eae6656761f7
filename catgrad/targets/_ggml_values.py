"""Where the values of a placed function live, what they are called, how a kernel reaches them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr
from xdsl.ir import Attribute, BlockArgument, Operation, OpResult, SSAValue
from xdsl.utils.exceptions import PassFailedException

from catgrad.dialects.cat import NAME
from catgrad.dialects.tops.base import SIZES, dtype_of, shape_of, tensor_of
from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.fused import SlotAttr
from catgrad.dialects.tops.movement import ReshapeOp
from catgrad.targets._describe import Signature, text
from catgrad.targets._ggml_loops import CTYPES, Access
from catgrad.targets._ggml_names import Names, identifier, scalar
from catgrad.targets._layouts import MOVERS, Layout, Steps, layout_of, row_major, steps_of


def dtype(value: SSAValue) -> str:
    """The short name of a value's element type."""
    return dtype_of(tensor_of(value))


def size_of(value: SSAValue) -> int:
    """The number of elements."""
    return math.prod(shape_of(value))


def shape_text(shape: Sequence[int]) -> str:
    """A shape for comments: 32x64, or `scalar`."""
    return "x".join(map(str, shape)) or "scalar"


@dataclass(frozen=True)
class Place:
    """An address: a region and an offset into it."""

    region: str
    offset: int

    def text(self) -> str:
        """The C++ initialiser."""
        return f"{{{self.region}, {self.offset}}}"


class Values:
    """The values of one function."""

    def __init__(self, signature: Signature):
        self.function = signature.function
        self.arguments = dict(signature.arguments)
        """The arguments with their attributes."""
        self.names: dict[SSAValue, str] = {}
        """What a value is called where its name hint is not enough."""
        self.layouts: dict[SSAValue, Layout] = {}
        """What `layout` has found: the IR does not change while it is printed."""
        for arg, attrs in signature.arguments:
            self.names[arg] = text(attrs.get(NAME)) or arg.name_hint or "x"
        for value, name in signature.updates:
            self.names.setdefault(value, name)

    def ops(self) -> Iterator[Operation]:
        """The ops of the body without the return."""
        return (op for op in self.function.body.block.ops if not isinstance(op, func.ReturnOp))

    @staticmethod
    def is_view(op: Operation) -> bool:
        """Whether an op is a mover that was not placed."""
        return isinstance(op, MOVERS) and "tops.slots" not in op.attributes

    def layout(self, value: SSAValue) -> Layout:
        """Where a value lies."""
        if value not in self.layouts:
            self.layouts[value] = layout_of(value, self.is_view)
        return self.layouts[value]

    def is_gathered(self, value: SSAValue) -> bool:
        """Whether a value is a view without strides of its own."""
        owner = value.owner
        return (
            isinstance(owner, ReshapeOp)
            and self.is_view(owner)
            and self.layout(owner.x).through(owner) is None
        )

    def steps(self, value: SSAValue) -> tuple[SSAValue, list[Steps]]:
        """How each axis of a value walks from the first element of another, which it is behind."""
        gathered = self.is_gathered(value)
        seen = value.owner.operands[0] if gathered and isinstance(value.owner, ReshapeOp) else value
        return seen, steps_of(value, self.is_view)[1]

    def base(self, value: SSAValue) -> SSAValue:
        """The value behind views."""
        return self.layout(value).base

    def literal(self, value: SSAValue) -> str | None:
        """The C++ literal of a `tops.full`, else None."""
        owner = self.base(value).owner
        return scalar(owner.scalar, dtype(value)) if isinstance(owner, FullOp) else None

    def place(self, value: SSAValue) -> Place:
        """Where a value lives; PassFailedException if it was not placed."""
        layout = self.layout(value)
        base, slot = layout.base, None
        if isinstance(base, BlockArgument):
            slot = self.arguments[base].get("tops.slot")
        elif isinstance(base, OpResult):
            slots = base.op.attributes.get("tops.slots")
            slot = (
                cast("ArrayAttr[Attribute]", slots).data[base.index] if slots is not None else None
            )
        if not isinstance(slot, SlotAttr):
            where = f"%{self.name(value)} in @{self.function.sym_name.data}"
            raise PassFailedException(
                f"target 'ggml': {where} has no slot; run tops-assign-slots{{target=ggml}} first"
            )
        return Place(slot.region.data, slot.start + layout.offset * SIZES[dtype(value)])

    def name(self, value: SSAValue) -> str:
        """What to call a value: its stored name, its hint, or the op that makes it."""
        base = self.base(value)
        found = self.names.get(value) or self.names.get(base) or value.name_hint or base.name_hint
        if found is None and isinstance(base.owner, Operation):
            found = base.owner.name.partition(".")[2]
        return found or "x"


class Kernel:
    """A kernel under construction: pointers to the arrays it uses, then its statements."""

    def __init__(self, values: Values):
        self.values = values
        self.scope = Names(*(f"i{k}" for k in range(16)))
        self.pointers: dict[tuple[SSAValue, bool], str] = {}
        self.places: list[Place] = []
        """Where its arrays are, by number: equal kernels differ in this only."""
        self.head: list[str] = []

    def pointer(self, value: SSAValue, written: bool = False) -> str:
        """The variable that points to a value."""
        key = (value, written)
        if key not in self.pointers:
            wanted = self.values.name(value)
            if written and identifier(wanted) in self.scope.taken:
                wanted = f"new_{wanted}"
            name = self.pointers[key] = self.scope.fresh(wanted)
            ctype, const = CTYPES[dtype(value)], "" if written else "const "
            self.head.append(
                f"{const}{ctype} *{name} = m.at<{ctype}>({len(self.places)});"
                f"  // {shape_text(shape_of(value))}"
            )
            self.places.append(self.values.place(value))
        return self.pointers[key]

    def read(self, value: SSAValue, repeated: Sequence[int] = ()) -> Access:
        """How a loop reads a value; `repeated` are the axes of the loop that it does not have."""
        layout = self.values.layout(value)
        rest = iter(layout.strides)
        rank = len(layout.strides) + len(repeated)
        strides = tuple(0 if axis in repeated else next(rest) for axis in range(rank))
        return Access(self.pointer(value), dtype(value), strides)

    def write(self, value: SSAValue, strides: Sequence[int] = (), offset: int = 0) -> Access:
        """How a loop writes a value; row by row, unless it says how."""
        strides = strides or row_major(shape_of(value))
        return Access(self.pointer(value, written=True), dtype(value), tuple(strides), offset)
