"""tops-fuse: groups elementwise ops and row reductions of one iteration space."""

from __future__ import annotations

import heapq
import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from catgrad.dialects.tops.base import TopsOp, shape_of
from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import FusedOp, YieldOp, folds_rows
from catgrad.dialects.tops.matmul import MatmulOp
from catgrad.dialects.tops.movement import BroadcastOp
from catgrad.dialects.tops.reduction import Reduction
from catgrad.passes._rewriting import defined_functions

FEW_ROWS, LONG_ROW = 8, 65536
"""Rows are what threads and blocks share out, and one row must fit a cache."""

NEAR = 4
"""Ops that join a group one behind the other for what comes after it."""

COSTLY = "divide erf exp expm1 log log1p logistic pow prod rsqrt sin cos sqrt tanh".split()
"""What is rather stored than computed twice."""

Shape = tuple[int, ...]


def is_row_broadcast(op: Operation) -> bool:
    """Whether an op repeats one value along each row."""
    return isinstance(op, BroadcastOp) and op.props()["axes"] == (len(shape_of(op.y)) - 1,)


def readers(value: SSAValue) -> Iterator[Operation]:
    """The ops that use a value."""
    return (use.operation for use in value.uses)


@dataclass
class Group:
    """
    The ops of one fused region, from its root backwards.

    `shape` is that of the root. Once a row reduction or a broadcast of a row's value joins,
    `space` is the shape that is swept and `rows` that shape without its last axis.
    """

    root: TopsOp
    shape: Shape
    space: Shape | None = None
    members: dict[Operation, TopsOp] = field(default_factory=dict[Operation, TopsOp])
    copies: set[Operation] = field(default_factory=set[Operation])
    """The members that stay outside as well, for others."""

    def inputs(self, ops: Iterable[Operation]) -> list[SSAValue]:
        """What members read from outside, by first use."""
        read = (v for op in ops for v in op.operands)
        return list(dict.fromkeys(v for v in read if v.owner not in self.members))

    def may_hold(self, value: SSAValue) -> bool:
        """Whether a value may be one of the region: what repeats it for members does so inside."""
        return all(
            is_row_broadcast(user) if user in self.members else not self.reads(user)
            for user in readers(value)
            if isinstance(user, BroadcastOp)
        )

    def reads(self, repeat: BroadcastOp) -> bool:
        """Whether a member reads what repeats a value."""
        return any(
            user in self.members or (isinstance(user, BroadcastOp) and self.reads(user))
            for user in readers(repeat.y)
        )

    def can_sweep(self, space: Shape) -> bool:
        """Whether the group can sweep `space` in rows."""
        if self.space is None and self.shape in (space, space[:-1]):
            return math.prod(space[:-1]) >= FEW_ROWS and 1 < space[-1] <= LONG_ROW
        return self.space == space

    def takes_space(self, space: Shape) -> bool:
        """Whether the group can sweep `space` in rows; then it does."""
        if self.can_sweep(space):
            self.space = space
            return True
        return False

    def has_shape(self, shape: Shape) -> bool:
        """Whether values of that shape have a place in the sweep."""
        return shape == self.shape if self.space is None else shape in (self.space, self.space[:-1])


class _Grouping:
    """
    The groups of one function. A group runs where its root, the last of its ops, stands.

    A producer joins its consumers if whatever else uses it comes after the root (then it is one
    more result), or can be moved there. Broadcasts and `full` are copied into every group that
    wants them: they cost nothing there. So are ops that compute one input of a group from its
    other inputs: it then reads one tensor less.
    """

    def __init__(self, block: Block):
        self.block = block
        self.ops = list(block.ops)
        self.place: dict[object, int] = {op: i for i, op in enumerate(self.ops)}
        self.index: dict[Operation, float] = {op: i for i, op in enumerate(self.ops)}
        self.taken: set[Operation] = set()
        self.repeated: set[Operation] = set()
        self.built: list[FusedOp] = []

    def run(self) -> None:
        for op in reversed(self.ops):
            if self.computes(op) and any(True for _ in self.users(op)):
                group = self.grow(op)
                if self.worthwhile(group):
                    self.repeat_cheap(group)
                    self.build(group)
        for op in reversed(list(self.block.ops)):
            copied = isinstance(op, FullOp | BroadcastOp) or op in self.repeated
            if copied and not op.results[0].uses:
                op.detach()
                op.erase()

    def computes(self, op: Operation) -> bool:
        """Whether an op may be moved into a group."""
        kind = isinstance(op, Elementwise) or (isinstance(op, Reduction) and folds_rows(op))
        return kind and op not in self.taken

    # -- growing -------------------------------------------------------------------------------
    def grow(self, root: Operation) -> Group:
        """The group of a root: its producers, the latest first."""
        assert isinstance(root, TopsOp)
        group = Group(root, shape_of(root.results[0]))
        heap: list[tuple[float, int]] = []
        self.join(root, group, heap)
        while heap:
            first = heapq.heappop(heap)
            while heap and heap[0] == first:  # once for each use; asked once
                heapq.heappop(heap)
            op = self.ops[first[1]]
            if op not in group.members and self.joins(op, group):
                self.join(op, group, heap)
        self.taken.update(op for op in group.members if op not in group.copies)
        return group

    def join(self, op: Operation, group: Group, heap: list[tuple[float, int]]) -> None:
        """Take an op in; its producers are next."""
        assert isinstance(op, TopsOp)
        group.members[op] = op
        if isinstance(op, Reduction):
            group.takes_space(shape_of(op.x))
        if isinstance(op, FullOp | BroadcastOp):
            group.copies.add(op)
        else:
            for user in self.users(op):
                if not self.settled(user, group):
                    self.join(user, group, heap)
        if not isinstance(op, BroadcastOp) or is_row_broadcast(op):
            for value in op.operands:
                if (at := self.place.get(value.owner)) is not None:
                    heapq.heappush(heap, (-self.index[self.ops[at]], at))

    def joins(self, op: Operation, group: Group) -> bool:
        """Whether an op can be computed in the sweep."""
        match op:
            case FullOp():
                return group.has_shape(shape_of(op.y))
            case BroadcastOp():
                return group.has_shape(shape_of(op.y)) and group.may_hold(op.y)
            case Elementwise() if self.computes(op):
                shape = shape_of(op.y)
                if group.has_shape(shape):
                    return self.closed(op, group)
                rows = shape == group.shape[:-1] and group.can_sweep(group.shape)
                return (
                    rows
                    and any(is_row_broadcast(u) and u in group.members for u in readers(op.y))
                    and self.closed(op, group)
                    and group.takes_space(group.shape)
                )
            case Reduction() if self.computes(op):
                space = shape_of(op.x)
                return (
                    group.can_sweep(space) and self.closed(op, group) and group.takes_space(space)
                )
            case _:
                return False

    def closed(self, op: Operation, group: Group) -> bool:
        """
        Whether whatever else uses an op comes after the root, or can be moved there.

        A value of a row that a member repeats from row to row must come from outside.
        """
        return group.may_hold(op.results[0]) and all(
            self.settled(user, group) or self.sibling(user, group, [op]) for user in self.users(op)
        )

    def settled(self, op: Operation, group: Group) -> bool:
        """Whether an op is in the group, or comes after the root, or can be moved there."""
        return op in group.members or self.later(op, group) or self.movable(op, group)

    def sibling(self, op: Operation, group: Group, joining: Sequence[Operation]) -> bool:
        """Whether an op may join with the last that joins: for the members it computes nothing."""
        return (
            isinstance(op, Elementwise)
            and self.computes(op)
            and len(joining) <= NEAR
            and group.has_shape(shape_of(op.results[0]))
            and group.may_hold(op.results[0])
            and not any(self.awaits(v.owner, group, joining) for v in op.operands)
            and all(
                self.settled(user, group) or self.sibling(user, group, [*joining, op])
                for user in self.users(op)
            )
        )

    def awaits(self, op: object, group: Group, joining: Sequence[Operation]) -> bool:
        """Whether an op repeats a member, or other than along rows what is about to be one."""
        if not isinstance(op, BroadcastOp):
            return False
        source = op.x.owner
        while isinstance(source, BroadcastOp):
            source = source.x.owner
        along_rows = is_row_broadcast(op) and op.x.owner is source
        return source in group.members or (source in joining and not along_rows)

    def users(self, op: Operation) -> Iterator[Operation]:
        """The ops that use an op, through broadcasts too, which are copied to their users."""
        for use in op.results[0].uses:
            if isinstance(use.operation, BroadcastOp):
                yield from self.users(use.operation)
            else:
                yield use.operation

    def later(self, op: Operation, group: Group) -> bool:
        return self.index[op] > self.index[group.root]

    def movable(self, op: Operation, group: Group) -> bool:
        """Whether an op may stand after the root: nobody needs it before."""
        movable = isinstance(op, Elementwise | Reduction | MatmulOp)
        return movable and all(self.later(user, group) for user in self.users(op))

    def worthwhile(self, group: Group) -> bool:
        """Two ops that compute, or a broadcast: anything that saves a tensor."""
        kinds = [isinstance(op, FullOp) for op in group.members]
        broadcasts = any(isinstance(op, BroadcastOp) for op in group.members)
        return broadcasts or kinds.count(False) > 1

    # -- building ------------------------------------------------------------------------------
    def repeat_cheap(self, group: Group) -> None:
        """Compute an input again that follows from the other inputs: one tensor less to read."""
        done = False
        while not done:
            inputs = group.inputs(group.members)
            done = not any(self.repeat(value, inputs, group) for value in inputs)

    def repeat(self, value: SSAValue, inputs: Sequence[SSAValue], group: Group) -> bool:
        """Whether the op that makes an input was copied into the group."""
        op = value.owner
        if (
            not isinstance(op, Elementwise)
            or op.mnemonic in COSTLY
            or not group.has_shape(shape_of(value))
            or not group.may_hold(value)
        ):
            return False
        sources = [v.owner for v in op.operands if isinstance(v.owner, FullOp | BroadcastOp)]
        known = {*inputs, *(r for member in group.members for r in member.results)}
        for v in op.operands:
            if isinstance(v.owner, BroadcastOp):
                if not is_row_broadcast(v.owner) and v.owner.x not in inputs:
                    return False
                v = v.owner.x
            if v is value or (v not in known and not isinstance(v.owner, FullOp)):
                return False
        self.repeated.add(op)
        for new in (*sources, op):
            assert isinstance(new, TopsOp)
            group.members[new] = new
            group.copies.add(new)
        return True

    def build(self, group: Group) -> None:
        """Move a group into one fused op at the place of its root."""
        ordered = sorted(group.members, key=self.index.__getitem__)
        inputs = group.inputs(ordered)
        moved = [op for op in ordered if op not in group.copies]
        outs = [op for op in moved if any(u not in group.members for u in self.users(op))]
        late = self.stragglers(outs, group)
        behind = group.root.next_op
        assert behind is not None
        body = Block(arg_types=[v.type for v in inputs])
        env: dict[SSAValue, SSAValue] = dict(zip(inputs, body.args, strict=True))
        for value, arg in zip(inputs, body.args, strict=True):
            arg.name_hint = value.name_hint
        for op in ordered:
            if op in group.copies:
                body.add_op(op.clone_without_regions(env))
            else:
                op.detach()
                op.operands = [env.get(v, v) for v in op.operands]
                body.add_op(op)
        body.add_op(YieldOp([op.results[0] for op in outs]))
        fused = FusedOp(inputs, Region(body))
        self.built.append(fused)
        self.block.insert_ops_before([fused], behind)
        self.index[fused] = self.index[group.root]
        self.move_before(behind, late, self.index[fused])
        for op, new in zip(outs, fused.results, strict=True):
            new.name_hint = op.results[0].name_hint
            op.results[0].replace_uses_with_if(new, lambda use: use.operation.parent is not body)
        for op in reversed(moved):
            self.drop_copies(op)

    def move_before(self, behind: Operation, ops: Sequence[Operation], first: float) -> None:
        """Put ops between the one numbered `first` and the next, and number them."""
        step = (self.index[behind] - first) / (len(ops) + 1)
        for number, op in enumerate(ops, 1):
            op.detach()
            self.index[op] = first + number * step
            self.block.insert_ops_before([op], behind)

    def stragglers(self, outs: Sequence[Operation], group: Group) -> list[Operation]:
        """The ops outside that use results and stand before the root, in order."""
        found: set[Operation] = set()
        waiting = list(outs)
        while waiting:
            for use in waiting.pop().results[0].uses:
                op = use.operation
                inside = op in group.members and op not in group.copies
                if not inside and not self.later(op, group) and op not in found:
                    found.add(op)
                    waiting += [op] if op.results else []
        return sorted(found, key=self.index.__getitem__)

    def drop_copies(self, op: Operation) -> None:
        """Erase the broadcasts of a value that went into a group: only that used them."""
        for user in [use.operation for use in op.results[0].uses]:
            if user.parent is self.block:
                self.drop_copies(user)
                user.detach()
                user.erase()


@dataclass(frozen=True)
class TopsFusePass(ModulePass):
    """
    Builds `tops.fused` of elementwise chains with row reductions, broadcasts and constants.

    ```
    %m = tops.max %x, axes = [1]                %y = tops.fused (%x) {
    %b = tops.broadcast %m, axes = [1]          ^bb0(%a):
    %d = tops.subtract %x, %b             =>      %m = tops.max %a, axes = [1]
    %y = tops.exp %d                              %b = tops.broadcast %m, axes = [1]
                                                  %d = tops.subtract %a, %b
                                                  %y = tops.exp %d
                                                  tops.yield %y
                                                }
    ```
    The cost is counted in bytes: a region reads each input once and writes each result once,
    however many ops it has; what stays inside costs nothing, and so does an op of `COSTLY`'s
    complement that is computed again from tensors which are read anyway. So a group grows as long
    as it may, and never reads a tensor that it can compute for nothing.
    """

    name = "tops-fuse"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        valid: set[Hashable] = set()
        for function in defined_functions(op):
            grouping = _Grouping(function.body.block)
            grouping.run()
            for fused in grouping.built:
                if (structure := fused.structure()) not in valid:
                    fused.verify_()
                    valid.add(structure)
