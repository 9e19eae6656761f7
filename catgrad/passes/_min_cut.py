"""The cheapest set of edges that parts a source from a sink: maximum flow (Dinic 1970)."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

UNLIMITED: Final = 1 << 60
"""The capacity of an edge that is never cut."""


class Network:
    """A directed graph with capacities; nodes are named by what they stand for."""

    def __init__(self) -> None:
        self.number: dict[Hashable, int] = {}
        self.edges: list[list[int]] = []
        """Of each node, the numbers of its edges; the edge 2i + 1 is 2i backwards."""
        self.to: list[int] = []
        self.left: list[int] = []
        """What an edge can still carry."""
        self.source, self.sink = self.node("source"), self.node("sink")

    def node(self, name: Hashable) -> int:
        """The number of a node, made on first use."""
        if name not in self.number:
            self.number[name] = len(self.edges)
            self.edges.append([])
        return self.number[name]

    def connect(self, first: int, second: int, capacity: int) -> None:
        """An edge."""
        for begin, end, left in ((first, second, capacity), (second, first, 0)):
            self.edges[begin].append(len(self.to))
            self.to.append(end)
            self.left.append(left)

    def beyond(self) -> set[int]:
        """The nodes on the sink's side of the cheapest cut; of equally cheap ones the smallest."""
        while (levels := self.levels())[self.sink] >= 0:
            self.block(levels)
        found, waiting = {self.sink}, [self.sink]
        while waiting:
            for edge in self.edges[waiting.pop()]:
                before = self.to[edge]
                if self.left[edge ^ 1] and before not in found:
                    found.add(before)
                    waiting.append(before)
        return found

    def levels(self) -> list[int]:
        """The distance of each node from the source along edges with something left; or -1."""
        found = [-1] * len(self.edges)
        found[self.source] = 0
        reached = [self.source]
        for node in reached:
            for edge in self.edges[node]:
                if self.left[edge] and found[self.to[edge]] < 0:
                    found[self.to[edge]] = found[node] + 1
                    reached.append(self.to[edge])
        return found

    def block(self, levels: list[int]) -> None:
        """Send flow along the shortest paths until none is left."""
        following = [iter(edges) for edges in self.edges]
        path: list[int] = []
        node = self.source
        while True:
            if node == self.sink:
                least = min(self.left[edge] for edge in path)
                for edge in path:
                    self.left[edge] -= least
                    self.left[edge ^ 1] += least
                full = next(i for i, edge in enumerate(path) if not self.left[edge])
                node = self.to[path[full] ^ 1]
                following[node] = iter([path[full], *following[node]])
                del path[full:]
            step = next(
                (
                    edge
                    for edge in following[node]
                    if self.left[edge] and levels[self.to[edge]] == levels[node] + 1
                ),
                None,
            )
            if step is not None:
                path.append(step)
                node = self.to[step]
            elif path:
                node = self.to[path.pop() ^ 1]
            else:
                return
