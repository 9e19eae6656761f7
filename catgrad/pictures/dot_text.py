"""A string diagram as text for Graphviz' `dot`."""

from __future__ import annotations

import html
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catgrad.pictures.diagram import Box, Cluster, Diagram, Edge, Port, Tag, Wire

INK, MUTED, LINE = "#1f2937", "#6b7280", "#9aa4b2"
DOWN, UP, RESIDUAL = "#2563a8", "#c2452d", "#7b5ea7"
FILL = {"down": "#e6eff9", "up": "#fbe9e4"}
FRAME = {"down": ("#b9cbe0", "#f6f9fc"), "up": ("#e6c3ba", "#fdf8f6")}
TAGS = {
    "parameter": ("#fde9a9", "#6b4e00"),
    "state": ("#d5ecd8", "#1f5a2c"),
    "gradient": ("#f9d5cb", "#8f2d18"),
    "literal": ("#ffffff", MUTED),
    "label": ("#e5e7eb", "#374151"),
}
FONT = "Helvetica"
LONGEST = 48
MANY = 4
"""Tags side by side, or updates in one box, that are listed; more are cut short."""
# `dot` confuses the attributes of edges within a rank unless they are declared in this order.
HEAD = f"""\
digraph {{
  graph [fontname="{FONT}", fontsize=11, fontcolor="{INK}", bgcolor="white", margin=0.15, pad=0.1,
         newrank=true, nodesep=0.16, ranksep=0.26, labeljust=l, compound=true]
  node [fontname="{FONT}", fontsize=10, fontcolor="{INK}", shape=plain]
  edge [arrowsize=0.45, color="{DOWN}", dir=forward, headport="", minlen=1, penwidth=1.1,
        tailport="", tooltip="", weight=1]
"""


def escape(text: str) -> str:
    """Text for XML; control characters become visible."""
    shown = re.sub(
        r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "\N{REPLACEMENT CHARACTER}", text
    )
    return html.escape(shown)


def marked(text: str) -> str:
    """Text for a label in HTML form, which `dot` wants not empty; there `\\N` would be a name."""
    return escape(clip(text)).replace("\\", "&#92;&#92;") or "&#160;"


def clip(text: str) -> str:
    """The text, or its beginning: a box is no place for more."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def quoted(text: str) -> str:
    """A string of the language of `dot`."""
    return '"' + escape(text).replace("\\", "\\\\") + '"'


def dot_text(diagram: Diagram) -> str:
    """The text. The same diagram gives the same text."""
    return HEAD + "".join(f"{line}\n" for line in _Printer(diagram).lines()) + "}\n"


@dataclass(frozen=True)
class _End:
    """Where an edge of the picture starts or ends: a box with its port, or a dot."""

    name: str
    port: str
    up: bool


class _Printer:
    def __init__(self, diagram: Diagram):
        self.diagram = diagram
        self.names = {box: f"b{i}" for i, box in enumerate(diagram.boxes)}
        self.dots: dict[Cluster, list[str]] = {}
        self.wires: list[str] = []
        self.bundles: dict[tuple[Box, Box], list[Edge]] = {}
        uses = diagram.uses()
        self.sideways = {
            wire: edges[0] for wire, edges in uses.items() if len(edges) == 1 and sideways(edges[0])
        }
        """Wires that are drawn from side to side, together with others between the same boxes."""
        for edge in self.sideways.values():
            self.bundles.setdefault((edge.wire.box, edge.target), []).append(edge)
        self.hidden = {e.wire.port for e in self.sideways.values()}
        self.hidden |= {e.target.ins[e.index] for e in self.sideways.values()}
        for number, (wire, edges) in enumerate(uses.items()):
            if wire not in self.sideways:
                self.wire(f"d{number}", wire, edges)
        for (source, target), edges in self.bundles.items():
            self.bundle(source, target, edges)

    def lines(self) -> Iterator[str]:
        """The clusters with their boxes, then the wires."""
        children: dict[Cluster | None, list[Cluster]] = {}
        for cluster in self.diagram.clusters():
            children.setdefault(cluster.parent, []).append(cluster)
        self.number = 0
        yield from self.cluster(self.diagram.root, children, "  ")
        yield from (f"  {line}" for line in self.wires)

    def cluster(
        self, cluster: Cluster, children: Mapping[Cluster | None, Sequence[Cluster]], indent: str
    ) -> Iterator[str]:
        """A frame, its boxes, its dots, the frames inside."""
        inner = indent
        if cluster.parent is not None:
            self.number += 1
            line, fill = FRAME["up" if cluster.up else "down"]
            yield f"{indent}subgraph cluster_{self.number} {{"
            inner = f"{indent}  "
            title = marked(cluster.title)
            yield f"{inner}label=<<B>{title}</B>>; tooltip={quoted(cluster.note)}; margin=8"
            yield f'{inner}style="rounded,filled"; color="{line}"; fillcolor="{fill}"'
        for child in children.get(cluster, ()):
            yield from self.cluster(child, children, inner)
        for box in self.diagram.boxes:
            if box.cluster is cluster:
                yield f"{inner}{self.names[box]} [{self.box(box)}]"
        yield from (f"{inner}{dot}" for dot in self.dots.get(cluster, ()))
        if cluster.parent is not None:
            yield f"{indent}}}"

    # -- wires

    def wire(self, name: str, wire: Wire, edges: Sequence[Edge]) -> None:
        """One wire: straight to its only use, or through a dot for each half that it leads to."""
        start = self.start(wire)
        here, there = [e for e in edges if not e.turns], [e for e in edges if e.turns]
        if len(here) + bool(there) > 1:
            start = self.dot(name, start, wire.box.cluster, wire.box.up)
        for edge in here:
            if edge.target.kind == "updates":
                row = f"i{edge.index}" if edge.index < shown_rows(edge.target) else "more"
                self.wires.append(
                    f"{start.name}{start.port} -> {self.names[edge.target]}:{row}:w "
                    f'[color="{UP if start.up else DOWN}", minlen=0]'
                )
            else:
                self.join(start, self.end(edge))
        if len(there) > 1:
            common = _common([e.target.cluster for e in there])
            start = self.dot(f"{name}u", start, common, True)
        for edge in there:
            self.join(start, self.end(edge))

    def bundle(self, source: Box, target: Box, edges: Sequence[Edge]) -> None:
        """The wires from the side of a box to the side of another, drawn as one."""
        names = ", ".join(f"{e.wire.port.name} {e.wire.port.shape}".strip() for e in edges)
        width = 1.1 if len(edges) == 1 else 2.4
        color = RESIDUAL if edges[0].turns else UP if source.up else DOWN
        self.wires.append(
            f"{self.names[source]}:body:e -> {self.names[target]}:body:w "
            f'[color="{color}", penwidth={width}, minlen=0, weight=2, tooltip={quoted(names)}]'
        )

    def dot(self, name: str, start: _End, cluster: Cluster, up: bool) -> _End:
        """A copy: a dot at the end of `start`."""
        color = UP if up else DOWN
        self.dots.setdefault(cluster, []).append(
            f'{name} [shape=point, width=0.07, color="{color}", tooltip="copy"]'
        )
        end = _End(name, "", up)
        self.join(start, end, head=False)
        return end

    def start(self, wire: Wire) -> _End:
        side = "n" if wire.box.up else "s"
        shown = (
            len(wire.box.outs) > 1 or any(p.tags for p in wire.box.outs) or wire.box.kind == "arrow"
        )
        port = f":o{wire.index}:{side}" if shown else f":body:{side}"
        port = port if has_ports(wire.box) else ""
        return _End(self.names[wire.box], port, wire.box.up)

    def end(self, edge: Edge) -> _End:
        side = "s" if edge.target.up else "n"
        shown = len(edge.target.ins) > 1 or any(p.tags for p in edge.target.ins)
        port = f":i{edge.index}:{side}" if shown else f":body:{side}"
        port = port if has_ports(edge.target) else ""
        return _End(self.names[edge.target], port, edge.target.up)

    def join(self, start: _End, end: _End, head: bool = True) -> None:
        """One edge. In a reverse half it is given to `dot` the other way round, to lead upwards."""
        if start.up:
            look = f'color="{UP}", dir={"back" if head else "none"}, weight=3'
            self.wires.append(f"{end.name}{end.port} -> {start.name}{start.port} [{look}]")
        elif end.up:
            arrow = "" if head else ", dir=none"
            self.wires.append(
                f"{start.name}{start.port} -> {end.name}{end.port} "
                f'[color="{RESIDUAL}", minlen=0{arrow}]'
            )
        else:
            arrow = "weight=3" if head else "weight=3, dir=none"
            self.wires.append(f"{start.name}{start.port} -> {end.name}{end.port} [{arrow}]")

    # -- boxes

    def box(self, box: Box) -> str:
        """The attributes of a box."""
        half = "up" if box.up else "down"
        line = UP if box.up else DOWN
        note = f"tooltip={quoted(box.note or box.title)}"
        match box.kind:
            case "input" | "output":
                text = box.outs[0].shape if box.outs else ""
                tags = [t for port in box.ins for t in port.tags]
                shape = f' <FONT COLOR="{MUTED}">{marked(text)}</FONT>' if text else ""
                more = "".join(f" = {marked(t.text)}" for t in tags)
                return (
                    f"label=<<B>{marked(box.title)}</B>{shape}{more}>, shape=box, "
                    f'style="rounded,filled", fillcolor="#ffffff", color="{INK}", '
                    f"height=0.25, margin=0.08, {note}"
                )
            case "add" | "zero" | "discard":
                text = {"add": "+", "zero": "0", "discard": ""}[box.kind]
                size = 0.08 if box.kind == "discard" else 0.2
                return (
                    f'label="{text}", shape=circle, width={size}, fixedsize=true, style=filled, '
                    f'fillcolor="#ffffff", color="{line}", {note}'
                )
            case "updates":
                return f"label=<{updates(box, FILL[half], line)}>, {note}"
            case _:
                fill = FILL[half] if box.kind == "arrow" else "#ffffff"
                color = line if box.kind == "arrow" else FRAME[half][0]
                return f"label=<{table(box, fill, color, self.hidden)}>, {note}"


def sideways(edge: Edge) -> bool:
    """Whether a wire that is used once may leave from the side of its box."""
    if edge.wire.box.kind != "arrow" or edge.wire.port.tags:
        return False
    return edge.target.kind == "updates" or (edge.turns and edge.target.kind == "arrow")


def updates(box: Box, fill: str, color: str) -> str:
    """The calls of an optimiser as a table, one a row; many are cut short."""
    rows = "".join(
        f'<TR><TD PORT="i{i}" ALIGN="LEFT"><TABLE BORDER="0" CELLBORDER="0" CELLSPACING="1" '
        f'CELLPADDING="1"><TR>{"".join(tags(port.tags))}</TR></TABLE></TD></TR>'
        for i, port in enumerate(box.ins[: shown_rows(box)])
    )
    if more := len(box.ins) - shown_rows(box):
        rows += f'<TR><TD PORT="more"><FONT POINT-SIZE="8">and {more} more</FONT></TD></TR>'
    return (
        f'<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" STYLE="ROUNDED" '
        f'COLOR="{color}" BGCOLOR="{fill}"><TR><TD PORT="body" CELLPADDING="2">update by&#160;'
        f"<B>{marked(box.title)}</B></TD></TR>{rows}</TABLE>"
    )


def shown_rows(box: Box) -> int:
    """How many updates are listed."""
    return len(box.ins) if len(box.ins) <= MANY + 2 else MANY


def tags(found: Iterable[Tag]) -> Iterator[str]:
    """Tags as cells; a name that goes on where one before ends is shortened: `.mean`."""
    before = ""
    for tag in found:
        short = bool(before) and tag.text.startswith(f"{before}.")
        yield tag_cell(tag, tag.text.removeprefix(before) if short else tag.text, "")
        before = before if short else tag.text


def has_ports(box: Box) -> bool:
    """Whether wires end at the ports of a box, not at the box."""
    return box.kind in ("arrow", "op", "constant")


def _common(clusters: Sequence[Cluster]) -> Cluster:
    """The innermost cluster around all."""
    paths = [c.path for c in clusters]
    found = paths[0][0]
    for level in zip(*paths, strict=False):
        if all(c is level[0] for c in level):
            found = level[0]
    return found


def table(box: Box, fill: str, color: str, hidden: Container[Port]) -> str:
    """A box as a table: its inputs, what it does, its results; upside down in a reverse half."""
    ins = row(box, "i", hidden) if len(box.ins) > 1 or any(p.tags for p in box.ins) else ""
    shown = len(box.outs) > 1 or any(p.tags for p in box.outs) or box.kind == "arrow"
    outs = row(box, "o", hidden) if shown else ""
    title = marked(box.title)
    if box.kind == "arrow":
        title = f"<B>{title}</B>"
    elif box.outs and box.outs[0].shape and not shown:
        title += f' <FONT COLOR="{MUTED}" POINT-SIZE="8">{marked(box.outs[0].shape)}</FONT>'
    body = f'<TR><TD PORT="body" CELLPADDING="3">{title}</TD></TR>'
    rows = [outs, body, ins] if box.up else [ins, body, outs]
    return (
        f'<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" STYLE="ROUNDED" '
        f'COLOR="{color}" BGCOLOR="{fill}">{"".join(rows)}</TABLE>'
    )


def row(box: Box, prefix: str, hidden: Container[Port]) -> str:
    """The ports of one side, in order."""
    ports = box.ins if prefix == "i" else box.outs
    found: list[str] = []
    for i, port in enumerate(ports):
        if port in hidden or (run := run_at(ports, i)) is None:
            continue
        place = f'PORT="{prefix}{i}"'
        if len(run) > MANY:
            tag = Tag(f"{len(run)} {run[0].kind}s", run[0].kind)
            note = quoted(", ".join(t.text for t in run))
            found.append(tag_cell(tag, tag.text, f'{place} HREF="" TOOLTIP={note}'))
        elif port.tags:
            tag = port.tags[0]
            text = tag.text.removeprefix(f"{box.scope}.")
            found.append(tag_cell(tag, f"d {text}" if tag.kind == "gradient" else text, place))
        elif port.shape:
            text = f'<FONT COLOR="{MUTED}" POINT-SIZE="8">{marked(port.shape)}</FONT>'
            found.append(f"<TD {place}>{text}</TD>")
        else:
            found.append(f'<TD {place} WIDTH="12" HEIGHT="4"></TD>')
    if not found:
        return ""
    return (
        '<TR><TD><TABLE BORDER="0" CELLBORDER="0" CELLSPACING="1" CELLPADDING="1"><TR>'
        f"{''.join(found)}</TR></TABLE></TD></TR>"
    )


def run_at(ports: Sequence[Port], index: int) -> list[Tag] | None:
    """
    The tags of one kind that stand side by side from here on, if a port has one.

    None if it stands inside of a row of many, which is drawn as one.
    """
    kinds = [port.tags[0].kind if port.tags else None for port in ports]
    if (kind := kinds[index]) is None:
        return []
    first = index
    while first > 0 and kinds[first - 1] == kind:
        first -= 1
    end = next((i for i in range(index, len(kinds)) if kinds[i] != kind), len(kinds))
    if end - first > MANY and first < index:
        return None
    return [ports[i].tags[0] for i in range(index, end)]


def tag_cell(tag: Tag, text: str, place: str) -> str:
    """What is plugged in."""
    fill, ink = TAGS[tag.kind]
    return (
        f'<TD {place} BGCOLOR="{fill}" STYLE="ROUNDED">'
        f'<FONT COLOR="{ink}" POINT-SIZE="8">{marked(text)}</FONT></TD>'
    )
