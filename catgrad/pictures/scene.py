"""Rectangles and texts at given places, as SVG or, through Graphviz, as PNG."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from catgrad.pictures.dot_text import FONT, INK, escape, quoted
from catgrad.pictures.graphviz import render

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Rect:
    """A rectangle; `note` is shown to those who point at it."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    line: str = "none"
    note: str = ""


@dataclass(frozen=True)
class Text:
    """A line of text whose baseline is at `y`."""

    x: float
    y: float
    text: str
    size: float = 10
    anchor: Anchor = "start"
    color: str = INK
    bold: bool = False

    @property
    def width(self) -> float:
        """About how wide it is."""
        return len(self.text) * self.size * (0.6 if self.bold else 0.55)


@dataclass(eq=False)
class Scene:
    """A picture, drawn from the first shape to the last."""

    width: float
    height: float
    shapes: list[Rect | Text] = field(default_factory=list[Rect | Text])

    def add(self, *shapes: Rect | Text) -> None:
        """Draw over what is there."""
        self.shapes += shapes

    def svg(self) -> bytes:
        """As SVG."""
        size = f'width="{_number(self.width)}" height="{_number(self.height)}"'
        box = f'viewBox="0 0 {_number(self.width)} {_number(self.height)}"'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} '
            f'font-family="{FONT},Arial,sans-serif">'
        )
        ground = Rect(0, 0, self.width, self.height, "white")
        return "\n".join([head, *map(_svg, (ground, *self.shapes)), "</svg>\n"]).encode()

    def png(self) -> bytes:
        """As PNG: Graphviz draws nodes where they are."""
        return render(self.dot(), "png", ("neato", "-n2"))

    def dot(self) -> str:
        """The same as nodes with positions; a unit is a point."""
        return "".join(f"{line}\n" for line in self._dot())

    def _dot(self) -> Iterator[str]:
        yield 'digraph { graph [pad=0, margin=0, bgcolor="white", outputorder="nodesfirst"]'
        yield f'node [fontname="{FONT}", label="", margin=0, fixedsize=true]'
        ground = Rect(0, 0, self.width, self.height, "white", "white")
        for i, shape in enumerate((ground, *self.shapes)):
            if isinstance(shape, Rect):
                x, y = shape.x + shape.width / 2, self.height - shape.y - shape.height / 2
                width, height = shape.width, shape.height
                look = f'shape=box, style=filled, fillcolor="{shape.fill}", penwidth=0.5, '
                look += f'color="{shape.fill if shape.line == "none" else shape.line}"'
            else:
                left = {"start": 0.0, "middle": 0.5, "end": 1.0}[shape.anchor]
                width, height = shape.width, shape.size
                x = shape.x + width * (0.5 - left)
                y = self.height - shape.y + shape.size * 0.35
                end = {"start": "\\l", "middle": "", "end": "\\r"}[shape.anchor]
                font = f"{FONT} Bold" if shape.bold else FONT
                label = quoted(shape.text)[:-1] + f'{end}"'
                look = f'shape=none, label={label}, fontname="{font}", '
                look += f'fontsize={_number(shape.size)}, fontcolor="{shape.color}"'
            place = f'pos="{_number(x)},{_number(y)}"'
            inches = f"width={width / 72:.4f}, height={height / 72:.4f}"
            yield f"s{i} [{place}, {inches}, {look}]"
        yield "}"


def _number(value: float) -> str:
    """At most one digit behind the point."""
    return f"{value:.1f}".removesuffix(".0")


def _svg(shape: Rect | Text) -> str:
    if isinstance(shape, Text):
        weight = ' font-weight="bold"' if shape.bold else ""
        anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
        place = f'x="{_number(shape.x)}" y="{_number(shape.y)}"'
        font = f'font-size="{_number(shape.size)}" fill="{shape.color}"{anchor}{weight}'
        return f"<text {place} {font}>{escape(shape.text)}</text>"
    line = "" if shape.line == "none" else f' stroke="{shape.line}" stroke-width="0.5"'
    place = f'x="{_number(shape.x)}" y="{_number(shape.y)}"'
    size = f'width="{_number(shape.width)}" height="{_number(shape.height)}"'
    note = f"<title>{escape(shape.note)}</title>" if shape.note else ""
    return f'<rect {place} {size} fill="{shape.fill}"{line}>{note}</rect>'
