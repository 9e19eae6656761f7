"""From an arrow to its string diagram: named layers are opened, other calls stay boxes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr
from xdsl.ir import Attribute, Operation, SSAValue

from catgrad.dialects import cat
from catgrad.dialects.cat import ROLE, text_of
from catgrad.dialects.tops.creation import FullOp
from catgrad.pictures.diagram import (
    Box,
    BoxKind,
    Cluster,
    Diagram,
    Edge,
    Port,
    Source,
    Tag,
    TagKind,
    Wire,
    shape_text,
)

MANY = 4
"""A wire with more uses is drawn as a label wherever it is used."""

AUTOMATIC, DEEPEST = 80, 8
"""Boxes and levels up to which layers are opened, if nobody says how deep."""

NOTE = 200
"""Characters of what an op says of itself."""


@dataclass(frozen=True)
class Ends:
    """
    What the arguments and results of an arrow are: a stored tensor is a tag wherever it is used, an
    update a tag where it is made; None for those that are boxes.
    """

    given: Sequence[Tag | None]
    made: Sequence[Tag | None]


def diagram_of(
    arrow: cat.ArrowOp, table: Mapping[str, cat.ArrowOp], ends: Ends, depth: int | None
) -> Diagram:
    """
    The diagram of an arrow. `depth` says how many levels of named layers are opened.

    Without it, layers made of layers are opened first, then all, as deep as leaves no more than
    `AUTOMATIC` boxes.
    """
    if depth is not None:
        return _Opening(table, depth, leaves=True).run(arrow, ends)
    best = _Opening(table, 0, leaves=False).run(arrow, ends)
    for level, leaves in [*((n, False) for n in range(1, DEEPEST)), (DEEPEST, True)]:
        found = _Opening(table, level, leaves).run(arrow, ends)
        if len(found.boxes) > AUTOMATIC:
            break
        best = found
    return best


def attributes(given: ArrayAttr[DictionaryAttr] | None, index: int) -> Mapping[str, Attribute]:
    """The attributes of an argument or a result."""
    return {} if given is None else given.data[index].data


def kind_of(role: str | None) -> TagKind:
    """How a stored tensor is drawn."""
    return "state" if role == "state" else "parameter"


def result_name(value: SSAValue) -> str:
    """What a result of an arrow is called, unless its name is that of an op."""
    name = value.name_hint
    own = value.owner.name if isinstance(value.owner, Operation) else ""
    return "result" if name is None or name == own.partition(".")[2] else name


def plain(symbol: str) -> str:
    """The name of an arrow without the number that makes it unique: `relu.2` -> `relu`."""
    return re.sub(r"(\.\d+)+(?=\.|$)", "", symbol) or symbol


class _Opening:
    """One walk through an arrow and through those that it opens."""

    def __init__(self, table: Mapping[str, cat.ArrowOp], depth: int, leaves: bool):
        self.table, self.depth, self.leaves = table, depth, leaves
        self.named: dict[str, bool] = {}
        self.diagram = Diagram(Cluster(""))

    def run(self, arrow: cat.ArrowOp, ends: Ends) -> Diagram:
        """The diagram of an arrow: its inputs, what it consists of, its results."""
        root = self.diagram.root
        root.title, root.note = plain(arrow.symbol), f"@{arrow.symbol}"
        args = [tag or self.input(v) for v, tag in zip(arrow.block.args, ends.given, strict=True)]
        results = self.inside(arrow, args, root, 0)
        for i, (value, source) in enumerate(zip(arrow.result.values, results, strict=True)):
            tag = ends.made[i]
            if tag is not None and isinstance(source, Wire):
                source.port.tags.append(tag)
                continue
            role = text_of(attributes(arrow.res_attrs, i).get(ROLE))
            name = tag.text if tag is not None else role or result_name(value)
            self.connect(self.box("output", name, root), [source], [""])
        for wire, edges in self.diagram.uses().items():
            if wire.box.kind == "input":
                wire.box.up = all(edge.target.up for edge in edges)
        self.label_many()
        join_updates(self.diagram)
        return self.diagram

    def input(self, arg: SSAValue) -> Wire:
        """The box of an argument."""
        name = arg.name_hint or "input"
        box = self.box("input", name, self.diagram.root)
        box.outs = [Port(name, shape_text(arg.type))]
        return Wire(box, 0)

    # -- the inside

    def inside(
        self, arrow: cat.ArrowOp, args: Sequence[Source], cluster: Cluster, level: int
    ) -> list[Source]:
        """Draw the body of an arrow; where its results come from."""
        found: dict[SSAValue, Source] = dict(zip(arrow.block.args, args, strict=True))
        pairs = self.reverse_halves(arrow)
        for op in arrow.block.ops:
            if isinstance(op, cat.ReturnOp):
                break
            operands = [found[v] for v in op.operands]
            if isinstance(op, cat.CopyOp):
                results = operands * len(op.results)
            elif isinstance(op, FullOp):
                results = [Tag(literal(op.scalar), "literal")]
            else:
                up = cluster.up or op in pairs or any(_is_up(source) for source in operands)
                results = self.op(op, operands, cluster, level, up)
            found.update(zip(op.results, results, strict=True))
        return [found[v] for v in arrow.result.values]

    def reverse_halves(self, arrow: cat.ArrowOp) -> set[Operation]:
        """The calls of reverse halves: each has a forward half before it."""
        seen: set[str] = set()
        found: set[Operation] = set()
        for op in arrow.block.ops:
            if isinstance(op, cat.CallOp):
                stem, half = _half(op.target)
                if half == "forward":
                    seen.add(stem)
                elif half == "reverse" and stem in seen:
                    found.add(op)
        return found

    def op(
        self, op: Operation, operands: list[Source], cluster: Cluster, level: int, up: bool
    ) -> list[Source]:
        """Draw an op, or what it calls; where its results come from."""
        own = op.scope if isinstance(op, cat.CallOp | cat.Derivative) else None
        scope = own.data if own is not None else ""
        full = ".".join(word for word in (cluster.scope, scope) if word)
        if isinstance(op, cat.CallOp) and self.opens(op, scope, level):
            inner = Cluster(scope or plain(op.target), f"@{op.target}", full, cluster, up)
            return self.inside(self.table[op.target], operands, inner, level + bool(scope))
        plugged = any(isinstance(source, Tag) for source in operands)
        if isinstance(op, cat.DiscardOp) and plugged:
            return []
        box = self.box(_kind(op, plugged), self.title(op), cluster)
        box.up, box.note, box.scope = up, self.note(op), full
        self.connect(box, operands, self.names(op))
        known = {v.type for v in op.operands}
        changed = box.kind == "arrow" or any(v.type not in known for v in op.results)
        box.outs = [
            Port(v.name_hint or box.title, shape_text(v.type) if changed else "")
            for v in op.results
        ]
        return [Wire(box, i) for i in range(len(op.results))]

    def opens(self, op: cat.CallOp, scope: str, level: int) -> bool:
        """Whether a call is drawn as what it calls: a layer, or what has layers inside."""
        if op.target not in self.table:
            return False
        if not scope:
            return self.has_layers(op.target)
        return level < self.depth and (self.leaves or self.has_layers(op.target))

    def has_layers(self, symbol: str) -> bool:
        """Whether an arrow calls a named layer, itself or through others."""
        if symbol not in self.named:
            calls = [o for o in self.table[symbol].block.ops if isinstance(o, cat.CallOp)]
            self.named[symbol] = any(
                c.scope is not None or (c.target in self.table and self.has_layers(c.target))
                for c in calls
            )
        return self.named[symbol]

    def title(self, op: Operation) -> str:
        """What stands in the box."""
        match op:
            case cat.CallOp() if op.scope is not None and op.scope.data:
                return f"{op.scope.data}: {plain(op.target)}"
            case cat.CallOp():
                return plain(op.target)
            case cat.ReverseOp():
                return f"R[{plain(op.target)}]"
            case cat.ForwardOp():
                return f"D[{plain(op.target)}]"
            case _:
                return op.name.partition(".")[2] if op.name.startswith("tops.") else op.name

    def note(self, op: Operation) -> str:
        """What a reader sees who asks what a box is."""
        if isinstance(op, cat.CallOp | cat.Derivative):
            return f"{op.name} @{op.target}"
        props = ", ".join(f"{key} = {value}" for key, value in sorted(op.properties.items()))
        return f"{op.name} {props}".strip()[:NOTE]

    def names(self, op: Operation) -> list[str]:
        """What the ports of a call are called: the arguments of the arrow."""
        callee = self.table.get(op.target) if isinstance(op, cat.CallOp | cat.Derivative) else None
        if callee is None:
            return [""] * len(op.operands)
        own = [arg.name_hint or "" for arg in callee.block.args]
        more = [f"d {v.name_hint or ''}".strip() for v in callee.result.values]
        return [*own, *(more if isinstance(op, cat.ReverseOp) else own)][: len(op.operands)]

    # -- boxes and wires

    def box(self, kind: BoxKind, title: str, cluster: Cluster) -> Box:
        """A new box."""
        box = Box(kind, title, cluster)
        self.diagram.boxes.append(box)
        return box

    def connect(self, box: Box, sources: Sequence[Source], names: Sequence[str]) -> None:
        """The inputs of a box: wires, or tags plugged in."""
        for index, (source, name) in enumerate(zip(sources, names, strict=True)):
            port = Port(name)
            box.ins.append(port)
            if isinstance(source, Tag):
                port.tags.append(source)
            else:
                self.diagram.edges.append(Edge(source, box, index))
                if _is_up(source):
                    box.up = True

    def label_many(self) -> None:
        """Draw wires that lead to many boxes as labels."""
        taken: set[str] = set()
        for wire, edges in self.diagram.uses().items():
            if len({edge.target for edge in edges}) <= MANY:
                continue
            names = {edge.target.ins[edge.index].name for edge in edges}
            base = names.pop() if len(names) == 1 and all(names) else wire.port.name
            label, count = base, 1
            while label in taken:
                count += 1
                label = f"{base} {count}"
            taken.add(label)
            tag = Tag(label, "label")
            if wire.box.kind != "input":
                wire.port.tags.append(tag)
            for edge in edges:
                edge.target.ins[edge.index].tags.append(tag)
            gone = set(edges)
            self.diagram.edges = [e for e in self.diagram.edges if e not in gone]


def _kind(op: Operation, plugged: bool) -> BoxKind:
    """How an op is drawn; circles have no ports to plug something in."""
    match op:
        case cat.CallOp() | cat.Derivative():
            return "arrow"
        case cat.AddOp() if not plugged:
            return "add"
        case cat.ZeroOp():
            return "zero"
        case cat.DiscardOp():
            return "discard"
        case _:
            return "op" if op.operands else "constant"


def join_updates(diagram: Diagram) -> None:
    """
    Draw calls that update stored tensors, each with one wire from the same place, as one box.

    Such are the calls of an optimiser: their results are those tensors among their operands.
    """
    edges = diagram.edges
    starts = {edge.wire.box for edge in edges}
    ends: dict[Box, list[Edge]] = {}
    for edge in edges:
        ends.setdefault(edge.target, []).append(edge)
    joined: dict[tuple[str, object], Box] = {}
    for box in list(diagram.boxes):
        own = ends.get(box, [])
        given = [tag for port in box.ins for tag in port.tags]
        made = [tag for port in box.outs for tag in port.tags]
        if box.kind != "arrow" or box in starts or len(own) != 1 or len(made) < len(box.outs):
            continue
        if not made or not set(made) <= set(given):
            continue
        start = own[0].wire.box
        key = box.title, start if start.kind == "arrow" else start.cluster
        if key not in joined:
            joined[key] = Box("updates", box.title, box.cluster, box.up, box.note)
            diagram.boxes.append(joined[key])
        joined[key].ins.append(Port(box.note, tags=given))
        diagram.boxes.remove(box)
        at = edges.index(own[0])
        edges[at] = Edge(own[0].wire, joined[key], len(joined[key].ins) - 1)


def _is_up(source: Source) -> bool:
    return isinstance(source, Wire) and source.box.up


def _half(symbol: str) -> tuple[str, str]:
    """`f.forward.1` -> `f`, `forward`."""
    stem, _, half = re.sub(r"(\.\d+)$", "", symbol).rpartition(".")
    return stem, half


def literal(value: bool | int | float) -> str:
    """A number as short as it reads back as f32 to six digits."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
