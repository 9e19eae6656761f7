"""The memory map over time: slots as rectangles, address against op."""

from __future__ import annotations

from collections.abc import Iterator

from catgrad.pictures.dot_text import MUTED
from catgrad.pictures.lives import Drawn, Kind, Lives
from catgrad.pictures.scene import Rect, Scene, Text

LEFT, TOP, WIDTH, HEIGHT = 66.0, 64.0, 1000.0, 440.0
"""The place of the map in the picture."""

RIGHT, STRIP = 18.0, 84.0
GRID = "#e5e7eb"
PEAK = "#b91c1c"
LOOKS: dict[Kind, tuple[str, str, str]] = {
    "input": ("#d1d5db", "#6b7280", "input"),
    "forward": ("#bcd5ef", "#2563a8", "forward"),
    "kept": ("#d3c4e8", "#7b5ea7", "kept for the backward pass"),
    "backward": ("#f6cabd", "#c2452d", "backward"),
    "result": ("#bfe3c6", "#2f7d40", "result"),
    "workspace": ("#f3f4f6", "#9ca3af", "workspace"),
}
"""Fill, outline and name of each kind."""

ROLES = {"parameter": ("#fde9a9", "#a67c00"), "state": ("#d5ecd8", "#2f7d40")}


def memory_map(lives: Lives) -> Scene:
    """The picture: the scratch region over the ops, the persistent region as a strip below."""
    scene = Scene(LEFT + WIDTH + RIGHT, TOP + HEIGHT + 40 + STRIP)
    scene.add(*_head(lives), *_axes(lives))
    slots = [(life, _slot(lives, life)) for life in lives.lives]
    scene.add(*(rect for _, rect in slots), *_peak(lives))
    scene.add(*(name for slot in slots for name in _name(*slot)), *_strip(lives))
    return scene


def size_text(size: float) -> str:
    """`1.5 MiB`."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= factor:
            return (
                f"{size / factor:.3g} {unit}"
                if size < 1000 * factor
                else f"{size / factor:.0f} {unit}"
            )
    return f"{size:g} B"


def _x(lives: Lives, op: float) -> float:
    """The left edge of an op; the entry is op -1."""
    return LEFT + WIDTH * (op + 1) / (len(lives.ops) + 1)


def _y(lives: Lives, address: float) -> float:
    """The place of an address: 0 is at the bottom."""
    return TOP + HEIGHT * (1 - address / max(1, lives.sizes["scratch"]))


def _head(lives: Lives) -> Iterator[Text | Rect]:
    scratch = lives.sizes["scratch"]
    yield Text(LEFT, 20, f"Scratch memory of @{lives.function}", 14, bold=True)
    yield Text(
        LEFT + WIDTH, 20, f"{size_text(scratch)}, {len(lives.lives)} slots", 11, "end", MUTED
    )
    x = LEFT
    for kind, (fill, line, name) in LOOKS.items():
        if all(life.kind != kind for life in lives.lives):
            continue
        yield Rect(x, 32, 11, 11, fill, line)
        text = Text(x + 16, 41.5, name, 10.5)
        yield text
        x += 16 + text.width + 18


def _step(total: float, count: int, base: int) -> int:
    """A round number that divides `total` into at most `count` pieces."""
    step = 1
    while True:
        for factor in (1, 2, 4) if base == 2 else (1, 2, 5):
            if total / (step * factor) <= count:
                return step * factor
        step *= 8 if base == 2 else 10


def _axes(lives: Lives) -> Iterator[Text | Rect]:
    scratch, ops = lives.sizes["scratch"], len(lives.ops)
    yield Rect(LEFT, TOP, WIDTH, HEIGHT, "#fcfcfd", GRID)
    step = _step(scratch, 8, 2)
    for address in range(0, scratch + 1, step):
        y = _y(lives, address)
        yield Rect(LEFT - 4, y, WIDTH + 4, 0.5, GRID)
        yield Text(LEFT - 8, y + 3.5, size_text(address), 9.5, "end", MUTED)
    step = _step(ops, 14, 10)
    bottom = TOP + HEIGHT
    for op in range(0, ops, step):
        x = (_x(lives, op) + _x(lives, op + 1)) / 2
        yield Rect(x, TOP, 0.5, HEIGHT + 4, GRID)
        yield Text(x, bottom + 15, str(op), 9.5, "middle", MUTED)
    yield Text(LEFT + WIDTH / 2, bottom + 30, "op of the function, in order", 10, "middle", MUTED)


def _slot(lives: Lives, life: Drawn) -> Rect:
    """The rectangle of a life."""
    fill, line, _ = LOOKS[life.kind]
    x, width = _x(lives, life.first), _x(lives, life.end) - _x(lives, life.first)
    y = _y(lives, life.start + life.size)
    height = _y(lives, life.start) - y
    note = (
        f"{life.name}: {life.type}, {life.size} bytes at {life.start}, "
        f"ops {life.first} to {life.end - 1}"
    )
    return Rect(x, y, width, height, fill, line, note)


def _name(life: Drawn, rect: Rect) -> Iterator[Text]:
    """The name of a life, if it fits into its rectangle."""
    x, y = rect.x + rect.width / 2, rect.y + rect.height / 2
    for size in (10, 8.5, 7):
        text = Text(x, y + size * 0.35, life.name, size, "middle", rect.line)
        if text.width <= rect.width - 4 and size <= rect.height - 1:
            yield text
            return


def _peak(lives: Lives) -> Iterator[Text | Rect]:
    op = lives.peak
    x = (_x(lives, op) + _x(lives, op + 1)) / 2
    where = "at entry" if op < 0 else f"at op {op}, {lives.ops[op]}"
    words = Text(0, 0, f"peak: {size_text(lives.alive(op))} {where}", 10.5, bold=True, color=PEAK)
    yield Rect(x - 0.5, TOP - 6, 1, HEIGHT + 6, PEAK)
    left = min(max(LEFT, x - words.width / 2), LEFT + WIDTH - words.width)
    yield Text(left, TOP - 9, words.text, words.size, color=PEAK, bold=True)


def _strip(lives: Lives) -> Iterator[Text | Rect]:
    """The persistent region, in order of addresses."""
    total, top = lives.sizes["persistent"], TOP + HEIGHT + 66
    counted: list[str] = []
    for role in ROLES:
        if sizes := [s.size for s in lives.stored if s.role == role]:
            plural = "" if len(sizes) == 1 else "s"
            counted.append(f"{len(sizes)} {role}{plural} of {size_text(sum(sizes))}")
    counts = ", ".join(counted)
    constant = lives.sizes["constant"]
    more = f"; constants {size_text(constant)}" if constant else ""
    title = Text(LEFT, top - 8, f"Persistent memory: {size_text(total)}", 11, bold=True)
    yield title
    yield Text(LEFT + title.width + 10, top - 8, f"{counts}{more}", 10, color=MUTED)
    yield Rect(LEFT, top, WIDTH, 26, "#fcfcfd", GRID)
    for stored in lives.stored:
        fill, line = ROLES.get(stored.role, ROLES["state"])
        x, width = LEFT + WIDTH * stored.start / total, WIDTH * stored.size / total
        yield Rect(x, top, width, 26, fill, line, f"{stored.name}: {stored.size} bytes")
        text = Text(x + width / 2, top + 16, stored.name, 8, "middle", line)
        if text.width <= width - 4:
            yield text
