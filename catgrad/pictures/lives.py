"""Where and when the values of a placed function live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from xdsl.dialects import func
from xdsl.dialects.builtin import IntegerAttr, ModuleOp
from xdsl.ir import Operation, SSAValue

from catgrad.dialects.cat import NAME, ROLE, UPDATES, text_of
from catgrad.dialects.tops.fused import SlotAttr, slots_of
from catgrad.passes._placing import Placed, aligned
from catgrad.targets._placement import PlacedTarget

Kind = Literal["input", "forward", "kept", "backward", "result", "workspace"]


@dataclass(frozen=True)
class Life:
    """
    A value in scratch memory: bytes `[start, start + size)` from op `first` until before op `end`.

    The entry of the function, where inputs are written, is op -1.
    """

    name: str
    type: str
    kind: Kind
    start: int
    size: int
    first: int
    end: int


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
    lives: tuple[Life, ...]
    stored: tuple[Stored, ...]
    sizes: dict[str, int]

    def alive(self, op: int) -> int:
        """The bytes that are taken while an op runs, rounded to the alignment."""
        return sum(aligned(life.size) for life in self.lives if life.first <= op < life.end)

    @property
    def peak(self) -> int:
        """The first op at which most bytes are taken."""
        return max(range(-1, len(self.ops)), key=self.alive)


def lives_of(module: ModuleOp, function: func.FuncOp, target: PlacedTarget) -> Lives:
    """The lives of a function's values, in order of their first op."""
    placed = Placed(function, target)
    sizes = {r: number(module, f"tops.{r}") for r in ("persistent", "scratch", "constant")}
    return Lives(
        function.sym_name.data,
        tuple(_label(op) for op in placed.block.ops),
        tuple(
            sorted(
                _lives(placed, target.shares_workspace), key=lambda life: (life.first, life.start)
            )
        ),
        tuple(_stored(module)),
        sizes,
    )


def _lives(placed: Placed, shared: bool) -> Iterator[Life]:
    """Each value until its last use, or until another one takes its place."""
    order, kinds = placed.order(), _kinds(placed)
    end = len(order)
    held: list[Life] = list(_shared_work(placed)) if shared else []
    for arg, attrs in zip(placed.block.args, placed.function.arg_attrs or (), strict=False):
        slot = attrs.data.get("tops.slot")
        if isinstance(slot, SlotAttr) and arg not in placed.stored:
            until = min(end, max(-1, placed.last_use(arg, order, end)) + 1)
            held.append(_life(arg, "input", slot, -1, until))
    for op, at in order.items():
        made = [
            _life(v, kinds[v], slot, at, min(end, max(at, placed.last_use(v, order, end)) + 1))
            for v, slot in zip(op.results, slots_of(op), strict=False)
            if isinstance(slot, SlotAttr) and slot.region.data == "scratch"
        ]
        work = op.attributes.get("tops.workspace")
        if isinstance(work, SlotAttr) and not shared:
            name = f"workspace of {_label(op)}"
            made.append(Life(name, op.name, "workspace", work.start, work.size, at, at + 1))
        for life in made:
            held = [replace(o, end=min(o.end, at)) if _overlap(o, life) else o for o in held]
        held += made
    yield from held


def _shared_work(placed: Placed) -> Iterator[Life]:
    """The workspace that all ops share, as long as the function runs; none if no op needs it."""
    works = [op.attributes.get("tops.workspace") for op in placed.block.ops]
    slots = [work for work in works if isinstance(work, SlotAttr)]
    if largest := max(slots, key=lambda slot: slot.size, default=None):
        end = len(placed.order())
        yield Life(
            "the workspace", "all regions", "workspace", largest.start, largest.size, -1, end
        )


def _overlap(a: Life, b: Life) -> bool:
    return a.start < b.start + b.size and b.start < a.start + a.size


def _life(value: SSAValue, kind: Kind, slot: SlotAttr, first: int, end: int) -> Life:
    name = value.name_hint or getattr(value.owner, "name", "?").removeprefix("tops.")
    return Life(name, str(value.type), kind, slot.start, slot.size, first, end)


def _kinds(placed: Placed) -> dict[SSAValue, Kind]:
    """
    What the values of ops are for.

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
    found: dict[SSAValue, Kind] = {}
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
