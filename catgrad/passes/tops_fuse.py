"""tops-fuse: groups elementwise ops of one iteration space into `tops.fused`."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from catgrad.dialects.tops.base import TopsOp
from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import FusedOp, YieldOp
from catgrad.dialects.tops.movement import BroadcastOp


class _Grouping:
    """
    Groups of one function. A group runs where its root, the last of its ops, stands.

    A producer joins the group of its consumers if all its uses are in the group or in the return
    (then it is one more result). So it may always move down to the root. Broadcasts and `full` are
    copied into every group that uses them: they cost nothing there.
    """

    def __init__(self, block: Block):
        self.block = block
        self.ops = list(block.ops)
        self.index = {op: i for i, op in enumerate(self.ops)}
        self.taken: set[Operation] = set()

    def run(self) -> None:
        for op in reversed(self.ops):
            if isinstance(op, Elementwise) and op not in self.taken and op.y.uses:
                group = self.grow(op)
                if self.worthwhile(group):
                    self.build(group)
        for op in reversed(list(self.block.ops)):
            if isinstance(op, FullOp | BroadcastOp) and not op.y.uses:
                op.detach()
                op.erase()

    def grow(self, root: Elementwise) -> list[TopsOp]:
        """The group of a root, in program order."""
        shape = root.out_type.get_shape()
        group: dict[Operation, TopsOp] = {root: root}
        heap = self.producers(root)
        while heap:
            op = self.ops[-heapq.heappop(heap)]
            if op in group or not isinstance(op, TopsOp):
                continue
            cheap = isinstance(op, FullOp | BroadcastOp)
            member = isinstance(op, Elementwise) and op not in self.taken and self.closed(op, group)
            if op.out_type.get_shape() == shape and (cheap or member):
                group[op] = op
                for index in self.producers(op) if member else ():
                    heapq.heappush(heap, index)
        self.taken.update(op for op in group if isinstance(op, Elementwise))
        return [group[op] for op in sorted(group, key=self.index.__getitem__)]

    def producers(self, op: Operation) -> list[int]:
        """The negative indices of the ops that define the operands: a heap, the latest first."""
        owners = [v.owner for v in op.operands]
        found = sorted(
            {-self.index[o] for o in owners if isinstance(o, Operation) and o in self.index}
        )
        return found

    @staticmethod
    def closed(op: Operation, group: dict[Operation, TopsOp]) -> bool:
        """Whether an op is used by the group and the return only."""
        users = [use.operation for result in op.results for use in result.uses]
        return all(user in group or isinstance(user, func.ReturnOp) for user in users)

    @staticmethod
    def worthwhile(group: Sequence[TopsOp]) -> bool:
        """Two elementwise ops or a broadcast: anything that saves a tensor."""
        return sum(isinstance(op, Elementwise) for op in group) > 1 or any(
            isinstance(op, BroadcastOp) for op in group
        )

    def build(self, group: Sequence[TopsOp]) -> None:
        """Replace a group by one fused op at the place of its root."""
        members: set[Operation] = set(group)
        inputs = {v: None for op in group for v in op.operands if v.owner not in members}
        body = Block(arg_types=[v.type for v in inputs])
        env: dict[SSAValue, SSAValue] = dict(zip(inputs, body.args, strict=True))
        for value, arg in zip(inputs, body.args, strict=True):
            arg.name_hint = value.name_hint
        for op in group:
            body.add_op(op.clone(env))
        outs = [op for op in group if isinstance(op, Elementwise) and self.escapes(op, members)]
        body.add_op(YieldOp([env[op.results[0]] for op in outs]))
        fused = FusedOp(list(inputs), Region(body))
        self.block.insert_ops_before([fused], group[-1])
        for op, new in zip(outs, fused.results, strict=True):
            new.name_hint = op.results[0].name_hint
            op.results[0].replace_all_uses_with(new)
        for op in reversed(group):
            if isinstance(op, Elementwise):
                op.detach()
                op.erase()

    @staticmethod
    def escapes(op: Operation, members: set[Operation]) -> bool:
        return any(use.operation not in members for use in op.results[0].uses)


@dataclass(frozen=True)
class TopsFusePass(ModulePass):
    """
    Builds `tops.fused` of elementwise chains with the broadcasts and constants they use.

    ```
    %c = tops.broadcast %bias, axes = [0]       %z = tops.fused (%x, %bias) {
    %y = tops.add %x, %c                    =>  ^bb0(%a, %b):
    %z = tops.tanh %y                             %c = tops.broadcast %b, axes = [0]
                                                  %y = tops.add %a, %c
                                                  %z = tops.tanh %y
                                                  tops.yield %z
                                                }
    ```
    A value that is used elsewhere is not moved, except that a function result becomes one more
    result of the group (an update with its new states is one sweep).
    """

    name = "tops-fuse"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.body.block.ops:
            if isinstance(function, func.FuncOp) and function.body.blocks:
                _Grouping(function.body.block).run()
