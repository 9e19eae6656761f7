"""Where and when the values of a placed function live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from xdsl.dialects import func
from xdsl.dialects.builtin import IntegerAttr, ModuleOp
from xdsl.ir import Operation

from catgrad.dialects.cat import NAME, ROLE, UPDATES, text_of
from catgrad.dialects.tops.fused import SlotAttr
from catgrad.memory import Life, busiest, lives_of
from catgrad.passes._placing import Placed, aligned
from catgrad.targets._placement import PlacedTarget

Kind = Literal["input", "forward", "kept", "backward", "result", "workspace"]


@dataclass(frozen=True)
class Drawn(Life):
    """A life with what its value is for."""

    kind: Kind

    @property
    def name(self) -> str:
        """What the picture calls it."""
        if isinstance(self.owner, Operation):
            return f"workspace of {_label(self.owner)}"
        if self.owner is None or self.owner.name_hint is not None:
            return super().name
        return getattr(self.owner.owner, "name", "?").removeprefix("tops.")


@dataclass(frozen=True)
class Stored:
    """A stored tensor in persistent memory."""

    name: str
    role: str
    start: int
    size: int


@dataclass(frozen=True)
class Lives:
    """The memory of a function over its ops: `ops` are their results and names, in order."""

    function: str
    ops: tuple[str, ...]
    lives: tuple[Drawn, ...]
    stored: tuple[Stored, ...]
    sizes: dict[str, int]

    def alive(self, op: int) -> int:
        """The bytes that are taken while an op runs, rounded to the alignment."""
        return sum(aligned(life.size) for life in self.lives if life.at(op))

    @property
    def peak(self) -> int:
        """The first op at which most bytes are taken."""
        return busiest(self.lives)


def drawn_lives(module: ModuleOp, function: func.FuncOp, target: PlacedTarget) -> Lives:
    """The lives of a function's values, in order of their first op."""
    placed = Placed(function, target)
    kinds = _kinds(placed)
    drawn = [
        Drawn(life.owner, life.slot, life.first, life.end, kinds.get(life.owner, "workspace"))
        for life in lives_of(placed)
    ]
    sizes = {r: number(module, f"tops.{r}") for r in ("persistent", "scratch", "constant")}
    return Lives(
        function.sym_name.data,
        tuple(_label(op) for op in placed.block.ops),
        tuple(sorted(drawn, key=lambda life: (life.first, life.start))),
        tuple(_stored(module)),
        sizes,
    )


def _kinds(placed: Placed) -> dict[object, Kind]:
    """
    What the values are for.

    Forward is what the loss follows from, and kept what is used for more than the loss; without a
    loss all is forward.
    """
    values = placed.terminator.operands
    losses = [v for v, role in zip(values, placed.roles, strict=True) if role == "loss"]
    before: set[Operation] = set()
    todo = [v.owner for v in losses] if losses else list(placed.block.ops)
    while todo:
        op = todo.pop()
        if isinstance(op, Operation) and op not in before:
            before.add(op)
            todo += [v.owner for v in op.operands]
    results = {placed.base(v) for v in values}
    found: dict[object, Kind] = dict.fromkeys(placed.block.args, "input")
    for op in placed.block.ops:
        for value in op.results:
            kept = any(reader not in before for reader in placed.readers(value))
            found[value] = "forward" if op in before else "backward"
            if value in results:
                found[value] = "result"
            elif op in before and kept:
                found[value] = "kept"
    return found


def _stored(module: ModuleOp) -> list[Stored]:
    """The stored tensors of all functions, by address."""
    found: dict[str, Stored] = {}
    for function in module.body.block.ops:
        if not isinstance(function, func.FuncOp):
            continue
        for attrs in (*(function.arg_attrs or ()), *(function.res_attrs or ())):
            name = text_of(attrs.data.get(NAME)) or text_of(attrs.data.get(UPDATES))
            slot = attrs.data.get("tops.slot")
            role = text_of(attrs.data.get(ROLE))
            if name is not None and role is not None and isinstance(slot, SlotAttr):
                if slot.region.data == "persistent":
                    found.setdefault(name, Stored(name, role, slot.start, slot.size))
    return sorted(found.values(), key=lambda s: s.start)


def _label(op: Operation) -> str:
    """`%y = tops.add`."""
    results = ", ".join(f"%{r.name_hint or '?'}" for r in op.results)
    return f"{results} = {op.name}" if results else op.name


def number(op: Operation, key: str) -> int:
    """A whole number among the attributes of an op; 0 if there is none."""
    found = op.attributes.get(key)
    return found.value.data if isinstance(found, IntegerAttr) else 0


def functions_in(module: ModuleOp) -> Sequence[func.FuncOp]:
    """The functions of a module."""
    return [op for op in module.body.block.ops if isinstance(op, func.FuncOp)]
