"""What an order of a function's ops costs: scratch memory, as `tops-assign-slots` will use it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from xdsl.dialects import func
from xdsl.ir import Operation, SSAValue

from catgrad.dialects.tops.base import nbytes, tensor_of
from catgrad.dialects.tops.creation import ConstantOp, FullOp
from catgrad.dialects.tops.movement import CopyOp
from catgrad.passes._placing import Placed, aligned
from catgrad.targets._placement import PlacedTarget


@dataclass(eq=False)
class Life:
    """A value in scratch memory: its bytes, and as bits of a number the ops that read it."""

    size: int
    readers: int = 0


@dataclass(eq=False)
class Node:
    """An op that takes time and memory: not a literal, a constant or a view."""

    op: Operation
    place: int
    """Its place in the program."""
    before: int = 0
    """The ops that come before it, as bits."""
    after: list[Node] = field(default_factory=list["Node"])
    reads: list[Life] = field(default_factory=list[Life])
    makes: list[Life] = field(default_factory=list[Life])
    updates: list[Life] = field(default_factory=list[Life])
    """Results computed in place of a stored tensor, if what comes `before` ran before."""
    heirs: list[tuple[Life, Life]] = field(default_factory=list[tuple[Life, Life]])
    """(operand, result): the result takes over the operand's memory, if that dies here."""
    work: int = 0
    """Bytes needed while it runs."""

    @property
    def bit(self) -> int:
        """Its place as a bit."""
        return 1 << self.place

    def cost(self, done: int) -> tuple[int, int]:
        """
        Bytes it adds while it runs, bytes it adds from then on (negative: it frees memory).

        `done` are the ops that ran before, as bits.
        """
        left = ~(done | self.bit)
        dying = [life for life in self.reads if not life.readers & left]
        made = self.makes + self.updates if self.before & ~done else self.makes
        new = self.work + sum(life.size for life in made)
        kept = sum(life.size for life in made if life.readers)
        taken: list[Life] = []
        for old, result in self.heirs:
            if result in made and old in dying and old not in taken and result not in taken:
                taken += [old, result]
                new -= old.size
        return new, kept - sum(life.size for life in dying)


class Lifetimes:
    """The ops of one function with what each needs and frees; orders are lists of `Node`."""

    def __init__(self, function: func.FuncOp, target: PlacedTarget):
        self.placed, self.target = Placed(function, target), target
        ops = [op for op in self.placed.block.ops if op is not self.placed.terminator]
        self.views = {op for op in ops if target.is_view(op)}
        free = [op for op in ops if op in self.views or isinstance(op, FullOp | ConstantOp)]
        hidden = set(free)
        self.nodes = [Node(op, i) for i, op in enumerate(o for o in ops if o not in hidden)]
        self.end = 1 << len(self.nodes)
        """The bit of the return."""
        self.node: dict[object, Node] = {node.op: node for node in self.nodes}
        self.bases: dict[SSAValue, SSAValue] = {}
        for op in ops:
            if op in self.views:
                self.bases[op.results[0]] = self.base(op.operands[0])
        for node in self.nodes:
            for value in node.op.operands:
                self.follow(self.node.get(self.base(value).owner), node)
        self.in_place = set(self.updates())
        self.lives = self.make_lives()
        self.final = self.count_copies()
        for node in self.nodes:
            self.fill(node)

    def base(self, value: SSAValue) -> SSAValue:
        """The value whose storage a view looks at."""
        return self.bases.get(value, value)

    def follow(self, first: Node | None, second: Node) -> None:
        """`second` comes after `first`."""
        if first is not None and first is not second and not second.before & first.bit:
            second.before |= first.bit
            first.after.append(second)

    def updates(self) -> Iterable[SSAValue]:
        """The updates computed in place: these come after the checks and the reads of the old."""
        checks = [n for op in self.placed.checks() if (n := self.node.get(op)) is not None]
        old = {name: arg for arg, name in self.placed.stored.items()}
        seen: set[SSAValue] = set()
        for value, name in zip(self.placed.terminator.operands, self.placed.updates, strict=True):
            node = self.node.get(value.owner) if isinstance(value.owner, Operation) else None
            if node is None or value in seen or value in self.bases:
                continue
            seen.add(value)
            if name is None:
                continue
            arg = old.get(name)
            readers = [] if arg is None else list(self.placed.readers(arg))
            if self.placed.terminator in readers:
                continue
            if node.op in readers and not self.overwrites(node.op, arg, value):
                continue
            first = [n for n in (*checks, *(self.node[op] for op in readers)) if n is not node]
            if node in checks or self.reach(node) & sum({n.bit for n in first}):
                continue
            for other in first:
                self.follow(other, node)
            yield value

    def overwrites(self, op: Operation, old: SSAValue | None, new: SSAValue) -> bool:
        """Whether a result may be written over each operand that reads `old`."""
        result = next(i for i, r in enumerate(op.results) if r is new)
        reads = [i for i, v in enumerate(op.operands) if self.base(v) is old]
        return not isinstance(op, CopyOp) and all(
            op.operands[i] is old and self.target.may_alias(op, i, result) for i in reads
        )

    def reach(self, node: Node) -> int:
        """The ops that come after an op, as bits."""
        found, todo = 0, list(node.after)
        while todo:
            other = todo.pop()
            if not found & other.bit:
                found |= other.bit
                todo += other.after
        return found

    def make_lives(self) -> dict[SSAValue, Life]:
        """The values in scratch memory, with their readers."""
        inputs = [a for a in self.placed.block.args if a not in self.placed.stored]
        made = [r for node in self.nodes for r in node.op.results]
        lives: dict[SSAValue, Life] = {
            v: Life(aligned(nbytes(tensor_of(v)))) for v in (*inputs, *made)
        }
        for node in self.nodes:
            for value in node.op.operands:
                if (life := lives.get(self.base(value))) is not None:
                    life.readers |= node.bit
        for value in self.placed.terminator.operands:
            if (life := lives.get(self.base(value))) is not None:
                life.readers |= self.end
        return lives

    def count_copies(self) -> int:
        """The bytes of results that are copied at the end: views, arguments, literals, repeats."""
        seen: set[SSAValue] = set()
        total = 0
        returned = zip(self.placed.terminator.operands, self.placed.updates, strict=True)
        for value, name in returned:
            own = value not in seen and value in self.lives and isinstance(value.owner, Operation)
            if not own and name is None:
                total += aligned(nbytes(tensor_of(value)))
            seen.add(value)
        return total

    def fill(self, node: Node) -> None:
        """What an op reads, makes, and may overwrite."""
        op = node.op
        bases = [self.base(v) for v in op.operands]
        node.reads = [self.lives[v] for v in dict.fromkeys(bases) if v in self.lives]
        for result in op.results:
            (node.updates if result in self.in_place else node.makes).append(self.lives[result])
        shared = self.target.shares_workspace  # there whatever the order
        node.work = 0 if shared else aligned(self.target.workspace(op))
        if not self.target.takes_scalar(op):
            literals = (v for v in op.operands if isinstance(v.owner, FullOp))
            node.work += sum(aligned(nbytes(tensor_of(v))) for v in literals)
        for index, result in enumerate(op.results):
            for i, value in enumerate(op.operands):
                if (
                    value in self.lives
                    and bases.count(value) == 1
                    and nbytes(tensor_of(value)) == nbytes(tensor_of(result))
                    and self.target.may_alias(op, i, index)
                ):
                    node.heirs.append((self.lives[value], self.lives[result]))

    def highest(self, order: Sequence[Node]) -> tuple[list[int], int, int]:
        """The bytes alive before each op, the peak, and the place of the op that makes it."""
        args = [self.lives[v] for v in self.placed.block.args if v in self.lives]
        peak, at, done = sum(life.size for life in args), 0, 0
        alive = [sum(life.size for life in args if life.readers)]
        for place, node in enumerate(order):
            new, kept = node.cost(done)
            if alive[-1] + new > peak:
                peak, at = alive[-1] + new, place
            alive.append(alive[-1] + kept)
            done |= node.bit
        return alive, max(peak, alive[-1] + self.final), at
