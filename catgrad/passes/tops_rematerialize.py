"""tops-rematerialize: computes cheap values again in the backward pass instead of keeping them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from catgrad.dialects.cat import ROLE
from catgrad.dialects.tops.base import TopsOp, nbytes, tensor_of
from catgrad.dialects.tops.creation import ConstantOp, FullOp
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import folds_rows
from catgrad.dialects.tops.movement import BroadcastOp, PermuteDimsOp, ReshapeOp, SliceOp
from catgrad.dialects.tops.reduction import Reduction
from catgrad.passes._min_cut import UNLIMITED, Network
from catgrad.passes._rewriting import defined_functions
from catgrad.passes.tops_fuse import COSTLY

UNIT, SWEPT, COMPUTED, MOVED = 32, 1, 8, 4
"""
What a byte costs, in UNITs of a byte of memory: one that an op of a sweep makes, one that an op of
`COSTLY` makes, one that is written again for an op outside of the sweep.
"""


def is_free(op: object) -> bool:
    """Whether a result is no tensor of its own: a literal, a broadcast, a view."""
    return isinstance(op, FullOp | BroadcastOp | ReshapeOp | PermuteDimsOp | SliceOp)


def is_cheap(op: object) -> bool:
    """Whether an op can be computed again in a sweep: it sees one element, or one row."""
    return isinstance(op, Elementwise) or (isinstance(op, Reduction) and folds_rows(op))


class _Lives:
    """
    The values of a function in its present order: where each is made, and last read.

    What only leads to the end of the function (updates) is counted as done as soon as it can be, as
    `tops-schedule` will have it: a gradient need not wait for the others.
    """

    def __init__(self, block: Block, stored: Iterable[SSAValue]):
        self.ops = list(block.ops)
        self.free = {op for op in self.ops if is_free(op)}
        self.steps = {op for op in self.ops if op not in self.free and not is_cheap(op)}
        """What sweeps end at: products, gathers, sums over columns."""
        constants = [op for op in self.ops if isinstance(op, ConstantOp)]
        self.kept = {*stored, *(op.y for op in constants)}
        """What has memory all the time."""
        self.place: dict[object, int] = {op: i for i, op in enumerate(self.ops)}
        self.tail: set[Operation] = set()
        for op in reversed(self.ops[:-1]):
            users = (use.operation for result in op.results for use in result.uses)
            if op not in self.steps and all(u in self.tail or u is self.ops[-1] for u in users):
                self.tail.add(op)
        self.when = dict(self.place)
        for op in self.ops:
            if op in self.tail:
                self.when[op] = max((self.born(v) for v in op.operands), default=-1)
        self.last: dict[SSAValue, int] = {}
        for op in reversed(self.ops):
            at = self.when[op]
            if op in self.free:
                at = self.last.get(op.results[0], -1)
            for value in op.operands:
                self.last[value] = max(at, self.last.get(value, -1))
        self.values = [*block.args, *(r for op in self.ops for r in op.results)]

    def born(self, value: SSAValue) -> int:
        """When a value is made; -1 for arguments."""
        return self.when.get(value.owner, -1)

    def has_memory(self, value: SSAValue) -> bool:
        """Whether a value takes scratch memory: it is no view, and no update."""
        free = value.owner in self.free or value.owner in self.tail
        return not free and value not in self.kept

    def peak(self) -> tuple[int, int]:
        """The most bytes alive at an op that ends a sweep, and its place."""
        change = [0] * (len(self.ops) + 2)
        for value in self.values:
            first, last = self.born(value) + 1, self.last.get(value, -1)
            if last >= first and self.has_memory(value):
                change[first] += nbytes(tensor_of(value))
                change[last + 1] -= nbytes(tensor_of(value))
        alive, most = 0, (0, 0)
        steps = {self.place[op] for op in self.steps}
        for at, bytes_ in enumerate(change):
            alive += bytes_
            if at in steps and alive > most[0]:
                most = (alive, at)
        return most

    def levels(self) -> dict[SSAValue, int]:
        """How many ops that end a sweep lie one behind the other before each value."""
        found: dict[SSAValue, int] = dict.fromkeys(self.values, 0)
        for op in self.ops:
            level = max((found[v] for v in op.operands), default=0)
            for result in op.results:
                found[result] = level if op in self.free or is_cheap(op) else level + 1
        return found


class _Choice:
    """
    What is kept across a place of a function, and what is computed again behind it.

    Each level of sweeps is one minimum cut: it parts what was computed before from what is wanted
    behind. Cutting a value keeps it and costs its bytes; leaving it behind the cut computes it
    again and costs what `price` says; then its operands are wanted. Operands of another level are
    kept: a chain of sweeps would bring all its values back to life at once.
    """

    def __init__(self, lives: _Lives, at: int, per_op: int):
        self.lives, self.at, self.per_op = lives, at, per_op
        self.kept = set(lives.kept)
        self.again: set[SSAValue] = set()
        self.hold(v for op in (lives.ops[at], lives.ops[-1]) for v in op.operands)
        levels = lives.levels()
        wanted = sorted(self.wanted(), key=levels.__getitem__)
        of_level: dict[int, set[SSAValue]] = {}
        for value in lives.values:
            of_level.setdefault(levels[value], set()).add(value)
        for level, group in groupby(wanted, levels.__getitem__):
            self.cut(of_level[level], list(group))

    def hold(self, values: Iterable[SSAValue]) -> None:
        """What these look at is kept whatever happens."""
        waiting = list(values)
        while waiting:
            value = waiting.pop()
            if isinstance(value.owner, Operation) and value.owner in self.lives.free:
                waiting += value.owner.operands
            else:
                self.kept.add(value)

    def early(self, value: SSAValue) -> bool:
        return self.lives.born(value) < self.at

    def late_users(self, value: SSAValue) -> list[Operation]:
        return [u.operation for u in value.uses if self.lives.when[u.operation] > self.at]

    def wanted(self) -> Iterator[SSAValue]:
        """The values from before that are read behind."""
        return (v for v in self.lives.values if self.early(v) and self.late_users(v))

    def price(self, op: Operation) -> int:
        """What it costs to compute an op again, in bytes of memory times UNIT."""
        assert isinstance(op, TopsOp)
        (result,) = op.results
        size = nbytes(tensor_of(result))
        swept = max(size, *(nbytes(tensor_of(v)) for v in op.operands)) if op.operands else size
        cost = self.per_op * UNIT + swept * (COMPUTED if op.mnemonic in COSTLY else SWEPT)
        if any(user in self.lives.steps for user in self.late_users(result)):
            cost += size * MOVED
        return cost

    def cut(self, level: set[SSAValue], wanted: list[SSAValue]) -> None:
        """Decide for the values of one level."""
        network = Network()
        waiting, seen = list(wanted), set(wanted)
        for value in wanted:
            network.connect(network.node((value, "behind")), network.sink, UNLIMITED)
        while waiting:
            value = waiting.pop()
            for operand in self.add(network, value, level):
                network.connect(
                    network.node((operand, "behind")), network.node((value, "before")), UNLIMITED
                )
                if operand not in seen:
                    seen.add(operand)
                    waiting.append(operand)
        beyond = network.beyond()
        for value in seen:
            if value.owner in self.lives.free:
                continue
            if network.node((value, "before")) in beyond:
                self.again.add(value)
            elif network.node((value, "behind")) in beyond:
                self.kept.add(value)
                self.again.discard(value)

    def add(self, network: Network, value: SSAValue, level: set[SSAValue]) -> list[SSAValue]:
        """Add a value to a network; the operands that are wanted if it is computed again."""
        before, behind = network.node((value, "before")), network.node((value, "behind"))
        op = value.owner
        if op in self.lives.free:
            assert isinstance(op, Operation)
            network.connect(before, behind, UNLIMITED)
            return list(op.operands)
        size = 0 if value in self.kept else nbytes(tensor_of(value)) * UNIT
        network.connect(before, behind, size)
        if value in level and is_cheap(op):
            assert isinstance(op, Operation)
            network.connect(network.source, before, self.price(op))
            return list(op.operands)
        network.connect(network.source, before, UNLIMITED)
        return []


class _Copies:
    """The ops that are computed again: each once, before the first op that reads it."""

    def __init__(self, block: Block, choice: _Choice):
        self.block, self.choice, self.lives = block, choice, choice.lives
        self.new: dict[SSAValue, SSAValue] = {}
        for op in self.lives.ops:
            if self.lives.when[op] <= choice.at:
                continue
            self.copy(op)
            for index, value in enumerate(op.operands):
                if value in self.new:
                    op.operands[index] = self.new[value]

    def copy(self, user: Operation) -> None:
        """Copy what an op wants, with all that leads there."""
        found: set[Operation] = set()
        waiting = list(user.operands)
        while waiting:
            op = waiting.pop().owner
            if not isinstance(op, Operation) or op in found or op.results[0] in self.new:
                continue
            if op in self.lives.free or op.results[0] in self.choice.again:
                if self.lives.when[op] < self.choice.at:
                    found.add(op)
                    waiting += op.operands
        for op in sorted(found, key=self.lives.place.__getitem__):
            if op.results[0] in self.choice.again or any(v in self.new for v in op.operands):
                copy = op.clone(self.new)
                self.block.insert_ops_before([copy], user)

    def undo(self) -> None:
        """Take them out again."""
        for old, new in self.new.items():
            new.replace_all_uses_with(old)
        for new in reversed(self.new.values()):
            self.erase(new.owner)

    def settle(self) -> None:
        """Erase what nobody reads any more."""
        for old in reversed([v for v in self.lives.values if v in self.new]):
            if not old.uses:
                self.erase(old.owner)

    @staticmethod
    def erase(op: object) -> None:
        assert isinstance(op, Operation)
        op.detach()
        op.erase()


def rematerialize(function: func.FuncOp, per_op: int, gain: int) -> None:
    """Lower the peak of one function, if that gains so many percent."""
    block = function.body.block
    attrs = function.arg_attrs or ()
    stored = [a for a, d in zip(block.args, attrs, strict=False) if ROLE in d.data]
    lives = _Lives(block, stored)
    most, at = lives.peak()
    if at == 0:
        return
    copies = _Copies(block, _Choice(lives, at, per_op))
    if copies.new and 100 * _Lives(block, stored).peak()[0] <= (100 - gain) * most:
        copies.settle()
    else:
        copies.undo()


@dataclass(frozen=True)
class TopsRematerializePass(ModulePass):
    """
    Values that the backward pass wants are computed again there, if they are cheap.

    ```
    %h = tops.matmul %x, %w                     %h = tops.matmul %x, %w
    %y = tops.exp %h                            %y = tops.exp %h
    %z = tops.matmul %y, %v                     %z = tops.matmul %y, %v
    ...                                   =>    ...
    %d = tops.matmul %c, %v, transpose_b        %d = tops.matmul %c, %v, transpose_b
    %e = tops.multiply %d, %y                   %y_1 = tops.exp %h
                                                %e = tops.multiply %d, %y_1
    ```
    The place looked at is the op with the most bytes alive, of those that end a sweep (a product,
    say). What is kept across it is chosen by minimum cuts: a byte kept costs a byte, a byte
    computed again a part of one (`SWEPT`, `COMPUTED`, `MOVED`), an op `per-op` bytes in addition.
    Only elementwise ops and folds of rows are computed again, and these only from what lies behind
    the same products. A peak that does not become smaller by `gain` percent is not worth the time:
    then nothing changes. Results stay the same, bit for bit. Assumes `tops` level; run it before
    `tops-fuse`, so that the copies fuse with what reads them, and no `cse` after it.
    """

    name = "tops-rematerialize"

    per_op: int = 16384
    gain: int = 12

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in defined_functions(op):
            rematerialize(function, self.per_op, self.gain)
