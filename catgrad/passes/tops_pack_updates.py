"""tops-pack-updates: equal update rules of small tensors run once, over all of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, BlockArgument, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint

from catgrad.dialects.tops import ops_at
from catgrad.dialects.tops.base import TopsOp, dtype_of, nbytes, shape_of, tensor, tensor_of
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import FusedOp, YieldOp
from catgrad.dialects.tops.movement import BroadcastOp
from catgrad.passes._placing import Placed, functions_of
from catgrad.targets._placement import PlacedTarget, find_target

SHARE = 32
"""Packing must save the 32nd part of what a function costs: it ends the freedom to run an update
beside something large."""

MOST = 1 << 15
"""Bytes of what is put together: it stays in the first cache, and scratch memory small."""


def from_results(op: FusedOp) -> list[SSAValue]:
    """The values of a region in the order in which its results ask for them, operands first."""
    found: dict[SSAValue, None] = {}
    asked = list(reversed(op.terminator.values))
    while asked:
        owner = asked[-1].owner
        operands = owner.operands if isinstance(owner, Operation) else ()
        if missing := [v for v in reversed(operands) if v not in found]:
            asked += missing
        else:
            found[asked.pop()] = None
    return list(found)


class Update:
    """A region whose results are new values of stored tensors, and nothing else."""

    def __init__(self, op: FusedOp):
        self.op, self.space = op, op.space
        self.values = from_results(op)
        args = [v for v in self.values if isinstance(v, BlockArgument)]
        self.inputs = [op.inputs[v.index] for v in args]
        self.tensors = [shape_of(v) == self.space for v in args]
        """Of each input, whether it has the shape of the space; else it is a scalar."""
        self.calls = sum(isinstance(v.owner, Elementwise) for v in self.values)
        self.size = math.prod(self.space)
        self.bytes = max(nbytes(tensor_of(v)) for v in op.results)

    def saves(self, call: int) -> int:
        """
        Bytes that it saves as a part of a packed region, whose own calls others pay for.

        Its ops are not called; each of its results is copied, which is a call as well; tensors that
        are put beside others, or taken from them, are read and written.
        """
        moved = sum(self.tensors) + len(self.op.results)
        return (self.calls - len(self.op.results)) * call - 2 * self.bytes * moved

    def rule(self) -> tuple[object, ...] | None:
        """What packed regions have in common: ops, scalars, types but for shapes; None for rows."""
        shapes = {self.space, ()}
        if not self.space or any(shape_of(v) not in shapes for v in self.values):
            return None
        scalars = iter(v for v, whole in zip(self.inputs, self.tensors, strict=True) if not whole)
        numbers: dict[SSAValue, int] = {}
        found: list[object] = []
        for value in self.values:
            numbers[value], whole = len(numbers), shape_of(value) == self.space
            found += [dtype_of(tensor_of(value)), whole]
            if isinstance(op := value.owner, Operation):
                spread = isinstance(op, BroadcastOp)
                props = sorted((k, str(v)) for k, v in op.properties.items() if not spread)
                found += [op.name, tuple(props), tuple(numbers[v] for v in op.operands)]
            elif not whole:
                found.append(next(scalars))
        return *found, *(numbers[v] for v in self.op.terminator.values)


def gathered(updates: Iterable[Update], call: int) -> list[list[Update]]:
    """Those of equal updates that save something, in order, as many as fit MOST together."""
    found: list[list[Update]] = []
    room = 0
    for update in updates:
        if update.saves(call) > 0:
            if not found or update.bytes > room:
                found.append([])
                room = MOST
            found[-1].append(update)
            room -= update.bytes
    return found


def worthwhile(updates: Sequence[Update], call: int, least: int) -> bool:
    """Whether packing equal updates saves more than `least` bytes."""
    first = updates[0]
    cost = (first.calls + sum(first.tensors)) * call  # the ops, and the concatenations
    return len(updates) > 1 and sum(u.saves(call) for u in updates) - cost > least


def body_of(update: Update, inputs: Sequence[SSAValue], size: int) -> Region:
    """The region of an update, over so many elements."""
    body = Block(arg_types=[v.type for v in inputs])
    args = iter(body.args)
    env: dict[SSAValue, SSAValue] = {}
    for value in update.values:
        op = value.owner
        if isinstance(op, TopsOp):
            shape = (size,) if shape_of(value) == update.space else ()
            type_ = tensor(shape, tensor_of(value).element_type)
            operands = [env[v] for v in op.operands]
            made = (
                BroadcastOp(*operands, type=type_, axes=() if shape_of(op.x) else (0,))
                if isinstance(op, BroadcastOp)
                else type(op).create(
                    operands=operands, result_types=[type_], properties=dict(op.properties)
                )
            )
            body.add_op(made)
            env[value] = made.results[0]
        else:
            env[value] = next(args)
        env[value].name_hint = value.name_hint
    body.add_op(YieldOp([env[v] for v in update.op.terminator.values]))
    return Region(body)


def pack(updates: Sequence[Update]) -> None:
    """One region in the place of the last update; each result is a part of one of its results."""
    first = updates[0]
    builder = Builder(InsertPoint.before(updates[-1].op))
    ops = ops_at(builder)
    inputs: list[SSAValue] = []
    for whole, *given in zip(first.tensors, *(u.inputs for u in updates), strict=True):
        if whole:
            flat = [ops.array(v).reshape((u.size,)) for v, u in zip(given, updates, strict=True)]
            inputs.append(ops.emit("concat", *flat, axis=0).value)
            inputs[-1].name_hint = "packed"
        else:
            inputs.append(given[0])
    body = body_of(first, inputs, sum(u.size for u in updates))
    packed = builder.insert(FusedOp(inputs, body))
    start = 0
    for update in updates:
        for old, new in zip(update.op.results, packed.results, strict=True):
            new.name_hint = "packed"
            part = ops.array(new)[start : start + update.size].reshape(update.space).value
            part.name_hint = old.name_hint
            old.replace_all_uses_with(part)
        start += update.size
        update.op.detach()
        update.op.erase()


def updates_of(function: func.FuncOp, target: PlacedTarget) -> list[list[Update]]:
    """The updates that are equal but for their shapes, in order."""
    placed = Placed(function, target)
    ret = placed.terminator
    found: dict[tuple[object, ...], list[Update]] = {}
    for op in placed.block.ops:
        if not isinstance(op, FusedOp) or op.in_rows:
            continue
        uses = [use for result in op.results for use in result.uses]
        if uses and all(u.operation is ret and placed.updates[u.index] is not None for u in uses):
            update = Update(op)
            if (rule := update.rule()) is not None:
                found.setdefault(rule, []).append(update)
    return list(found.values())


@dataclass(frozen=True)
class TopsPackUpdatesPass(ModulePass):
    """
    Updates of small tensors by one rule become one region over their concatenation.

    ```
    %a1 = tops.fused (%a, %da, %rate) {...}        %p = tops.concat %a, %b, axis = 0
    %b1 = tops.fused (%b, %db, %rate) {...}   =>   %d = tops.concat %da, %db, axis = 0
                                                   %n = tops.fused (%p, %d, %rate) {...}
                                                   %a1 = tops.slice %n, ...
                                                   %b1 = tops.slice %n, ...
    ```
    The cost is counted in bytes moved. A call costs what the target says (`call_cost`; where
    regions are compiled loops it says 0, and nothing is packed). An update that is packed saves the
    calls of its ops, and costs one copy for each result; what is put together and taken apart is
    read and written once more. Large tensors are therefore left alone, and updated as soon as
    their gradient is there; so are all tensors of a function that does a lot besides. What is put
    together is no more than MOST, or scratch memory would hold all gradients at once.
    """

    name = "tops-pack-updates"

    target: str = "numpy"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        target = find_target(self.target)
        for function in functions_of(op, self.name):
            least = sum(map(target.cost, function.body.block.ops)) // SHARE
            for equal in updates_of(function, target):
                for updates in gathered(equal, target.call_cost):
                    if worthwhile(updates, target.call_cost, least):
                        pack(updates)
