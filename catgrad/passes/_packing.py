"""Offsets for buffers with known lifetimes: dynamic storage allocation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from catgrad.passes._placing import aligned

EFFORT, TRIES = 2_000_000, 200
"""Pairs of buffers looked at for a better packing, and how often one is tried at most."""

ENOUGH = 200
"""A gap of the ENOUGHth part of the peak is not worth a search."""


@dataclass(eq=False)
class Buffer:
    """Scratch memory for one value, or for several that follow each other in place."""

    size: int
    first: int
    last: int
    offset: int = -1

    @property
    def end(self) -> int:
        """Where the next buffer may begin."""
        return self.offset + aligned(self.size)


def peak_of(buffers: Iterable[Buffer]) -> int:
    """The most bytes alive at one point: no assignment needs less."""
    changes: dict[int, int] = {}
    for buffer in buffers:
        changes[buffer.first] = changes.get(buffer.first, 0) + aligned(buffer.size)
        changes[buffer.last + 1] = changes.get(buffer.last + 1, 0) - aligned(buffer.size)
    alive = peak = 0
    for point in sorted(changes):
        alive += changes[point]
        peak = max(peak, alive)
    return peak


def pack(buffers: Sequence[Buffer]) -> int:
    """
    Give every buffer its offset, so that no two alive at once overlap; the bytes of the region.

    The largest first, each in the tightest gap (greedy by size, arXiv 2001.03288); then by length
    of life; then by begin. While that is well above the peak, what lies on top moves forward.
    """
    bound, rivals = peak_of(buffers), rivals_of(buffers)
    starts = [
        sorted(buffers, key=lambda b: (-b.size, b.first, b.last)),
        sorted(buffers, key=lambda b: (b.first - b.last, -b.size, b.first)),
        sorted(buffers, key=lambda b: (b.first, -b.last, -b.size)),
    ]
    best, offsets = place(starts[0], rivals), [b.offset for b in buffers]
    tries = EFFORT // sum(len(r) + 1 for r in rivals.values()) if buffers else 0
    for attempt in range(min(tries, TRIES)):
        if best <= bound + bound // ENOUGH:
            break
        order = starts[attempt % len(starts)]
        size = place(order, rivals)
        if size < best:
            best, offsets = size, [b.offset for b in buffers]
        at = next(i for i, b in enumerate(order) if b.end == size)
        order.insert(at // 2, order.pop(at))
    for buffer, offset in zip(buffers, offsets, strict=True):
        buffer.offset = offset
    return best


def rivals_of(buffers: Iterable[Buffer]) -> dict[Buffer, list[Buffer]]:
    """The buffers alive together with each."""
    rivals: dict[Buffer, list[Buffer]] = {b: [] for b in buffers}
    alive: list[Buffer] = []
    for buffer in sorted(rivals, key=lambda b: b.first):
        alive = [b for b in alive if b.last >= buffer.first]
        for other in alive:
            rivals[other].append(buffer)
        rivals[buffer] += alive
        alive.append(buffer)
    return rivals


def place(order: Sequence[Buffer], rivals: Mapping[Buffer, Sequence[Buffer]]) -> int:
    """Put each buffer into the tightest gap of those before it; the bytes needed."""
    for buffer in order:
        buffer.offset = -1
    for buffer in order:
        placed = sorted((b for b in rivals[buffer] if b.offset >= 0), key=lambda b: b.offset)
        buffer.offset = best_fit(placed, aligned(buffer.size))
    return max((b.end for b in order), default=0)


def best_fit(rivals: Sequence[Buffer], size: int) -> int:
    """The offset of the smallest gap between the rivals (sorted by offset) that holds `size`."""
    best, best_gap, end = -1, -1, 0
    for rival in rivals:
        gap = rival.offset - end
        if gap >= size and (best < 0 or gap < best_gap):
            best, best_gap = end, gap
        end = max(end, rival.end)
    return best if best >= 0 else end
