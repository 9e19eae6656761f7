"""tops-schedule: orders the ops of each function for the smallest peak of scratch memory."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass

from catgrad.passes._lifetimes import Lifetimes, Node
from catgrad.passes._placing import functions_of
from catgrad.targets._placement import find_target

WINDOW, STATES, ROUNDS = 12, 4096, 32
"""Neighbours that are put into their best order at once; states looked at for that; repetitions."""

Order: TypeAlias = list[Node]
Rank: TypeAlias = Callable[[int, int], tuple[int, ...]]
"""From the bytes an op adds while it runs, and from then on: the smallest comes first."""


def least(new: int, kept: int) -> tuple[int, ...]:
    """What adds least comes first."""
    return (kept, new)


def as_written(new: int, kept: int) -> tuple[int, ...]:
    """The order of the program, but updates come after what they would overwrite is read."""
    return ()


def eager(new: int, kept: int) -> tuple[int, ...]:
    """The order of the program, but what frees memory comes as soon as it can."""
    return (int(kept >= 0),)


def ready_list(lifetimes: Lifetimes, rank: Rank) -> Order:
    """List scheduling: of the ops whose operands are there, the first by rank, then by place."""
    nodes, order, done = lifetimes.nodes, Order(), 0
    heap: list[tuple[tuple[int, ...], int]] = []

    def push(node: Node) -> None:
        if not node.before & ~done:
            heapq.heappush(heap, (rank(*node.cost(done)), node.place))

    for node in nodes:
        push(node)
    while heap:
        node = nodes[heapq.heappop(heap)[1]]
        if node.bit & done:
            continue
        done |= node.bit
        order.append(node)
        for other in node.after:
            push(other)
        for life in node.reads:
            left = life.readers & ~done
            if left and not left & (left - 1) and left != lifetimes.end:
                push(nodes[left.bit_length() - 1])  # the last reader: now it frees the value
    return order


def on_demand(lifetimes: Lifetimes) -> Order:
    """Every op just before the first that needs it; what needs the shortest path comes first."""
    nodes, order, done = lifetimes.nodes, Order(), 0
    depth: dict[Node, int] = {}
    before: dict[Node, list[Node]] = {node: [] for node in nodes}
    for node in ready_list(lifetimes, as_written):
        depth.setdefault(node, 0)
        for other in node.after:
            before[other].append(node)
            depth[other] = max(depth.get(other, 0), depth[node] + 1)
    todo = sorted((n for n in nodes if not n.after), key=lambda n: -depth[n])
    while todo:
        node = todo[-1]
        missing = [n for n in before[node] if not n.bit & done]
        if missing:
            todo += sorted(missing, key=lambda n: -n.place)
            continue
        todo.pop()
        if not node.bit & done:
            done |= node.bit
            order.append(node)
    return order


def best_window(window: Order, done: int, peak: int) -> Order | None:
    """
    The order of neighbouring ops with the smallest peak, if that is below `peak` (bytes more than
    before the first); exact.

    Bytes alive depend on which ops ran, not on their order: the search is over sets of ops. The
    set with the smallest peak so far is extended first, so the first full set is the best.
    """
    full = done | sum(node.bit for node in window)
    heap: list[tuple[int, int, int, int]] = [(0, 0, 0, done)]
    reached: dict[int, tuple[int, Node | None]] = {done: (0, None)}
    closed: set[int] = set()
    while heap:
        top, _, alive, ran = heapq.heappop(heap)
        if ran == full:
            return list(reversed(list(trail(reached, full, done))))
        if ran in closed:
            continue
        closed.add(ran)
        if len(closed) > STATES:
            return None
        for node in window:
            if ran & node.bit or node.before & ~ran:
                continue
            new, kept = node.cost(ran)
            highest, following = max(top, alive + new), ran | node.bit
            if highest < min(peak, reached.get(following, (peak, None))[0]):
                reached[following] = (highest, node)
                left = (full ^ following).bit_count()
                heapq.heappush(heap, (highest, left, alive + kept, following))
    return None


def trail(reached: dict[int, tuple[int, Node | None]], end: int, start: int) -> Iterator[Node]:
    """The ops that led from a set to another, the last first."""
    while end != start:
        node = reached[end][1]
        assert node is not None
        yield node
        end ^= node.bit


def refine(lifetimes: Lifetimes, order: Order) -> Order:
    """Put the ops around the peak into their best order, until that gains nothing."""
    for _ in range(ROUNDS):
        alive, peak, at = lifetimes.highest(order)
        for shift in (WINDOW // 2, WINDOW - 1, 1):
            start = max(0, min(at - shift, len(order) - WINDOW))
            window = order[start : start + WINDOW]
            done = sum(node.bit for node in order[:start])
            better = best_window(window, done, peak - alive[start])
            if better is not None:
                order = [*order[:start], *better, *order[start + WINDOW :]]
                break
        else:
            return order
    return order


def schedule(lifetimes: Lifetimes) -> Order:
    """The best order found: that of the program, unless another one has a smaller peak."""

    def peak(order: Order) -> int:
        return lifetimes.highest(order)[1]

    orders = [ready_list(lifetimes, rank) for rank in (as_written, eager, least)]
    best = sorted([*orders, on_demand(lifetimes)], key=peak)[:2]
    return min((lifetimes.nodes, *(refine(lifetimes, order) for order in best)), key=peak)


def rebuild(block: Block, order: Order) -> None:
    """Move the ops; literals, constants and views go before the first op that needs them."""
    *ops, ret = block.ops
    kept: dict[Operation, None] = {}
    todo = [*reversed(ops), *(node.op for node in reversed(order))]
    while todo:
        op = todo[-1]
        owners = [v.owner for v in op.operands]
        missing = [o for o in owners if isinstance(o, Operation) and o not in kept]
        if missing:
            todo += reversed(missing)
            continue
        kept[todo.pop()] = None
    for op in kept:
        op.detach()
    block.insert_ops_before(list(kept), ret)


@dataclass(frozen=True)
class TopsSchedulePass(ModulePass):
    """
    Orders ops for the smallest peak of scratch memory; results stay the same, bit for bit.

    ```
    %a = tops.concat %x, %x, axis = 0 : i64 : ...       %a = tops.concat %x, %x, axis = 0 ...
    %b = tops.concat %x, %y, axis = 0 : i64 : ...   =>  %p = tops.sum %a, axes = [0] : ...
    %p = tops.sum %a, axes = [0] : ...                  %b = tops.concat %x, %y, axis = 0 ...
    %q = tops.sum %b, axes = [0] : ...                  %q = tops.sum %b, axes = [0] : ...
    ```
    Storage is counted as `tops-assign-slots` will assign it for the target: views and literals need
    none, a result may take over a dying operand's, an update after the last check needs none of
    its own. Several orders are tried (the program's; what frees memory first; every op when it is
    needed; always what adds least: list scheduling), and the ops around the peak of each are put
    into their best order. The program's order stays unless another one has a smaller peak.
    """

    name = "tops-schedule"

    target: str = "numpy"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        target = find_target(self.target)
        for function in functions_of(op, self.name):
            lifetimes = Lifetimes(function, target)
            order = schedule(lifetimes)
            if order != lifetimes.nodes:
                rebuild(function.body.block, order)
