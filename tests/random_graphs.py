"""
Random functions at the level `tops`, as text: views, in-place chances, products, stored tensors.

Updates take any value of their type: computed, constant, an argument (also another stored tensor,
so that two may be exchanged), a view, one value for two tensors. Results repeat and alias likewise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.random_programs import TYPES, Body, types

FLAT, FLAGS, COUNTS = "tensor<9xf64>", "tensor<3xi1>", "tensor<3xi32>"
KINDS = "svm"


class GraphBody(Body):
    """A function's lines: no `cat` structure; views and integers instead."""

    def op(self) -> None:
        """Add one op, with what it needs."""
        kinds = ("unary", "binary", "structure", "structure", "choice", "movement")
        getattr(self, f"add_{self.pick(kinds)}")(self.pick(KINDS))

    def add_structure(self, kind: str) -> None:
        s, v, m = (TYPES[k] for k in KINDS)
        match kind, self.pick((0, 1, 2)):
            case "s", _:
                part = self.row("v", "v", [self.pick((0, 1, 2))], 1)
                self.emit("s", f"tops.reshape {part}", f"(tensor<1xf64>) -> {s}")
            case "v", 0:
                part = self.row("m", "m", [self.pick((0, 1, 2)), 0], 1)
                self.emit("v", f"tops.reshape {part}", f"(tensor<1x3xf64>) -> {v}")
            case "v", 1:
                part = self.row("v", "v", [1], 2)
                text = f"tops.pad {part}, high = [0], interior = [0], low = [1]"
                self.emit("v", text, f"(tensor<2xf64>) -> {v}")
            case "v", _:
                self.emit("v", f"tops.copy {self.value('v')}")
            case _, 0:
                flat, both = self.fresh(), self.fresh()
                self.lines.append(f"{flat} = tops.reshape {self.value('m')} : ({m}) -> {FLAT}")
                self.lines.append(f"{both} = tops.add {flat}, {flat} : {FLAT}")
                self.emit("m", f"tops.reshape {self.pick((flat, both))}", f"({FLAT}) -> {m}")
            case _, 1:
                flipped, x = self.fresh(), self.value("m")
                text = f"{flipped} = tops.permute_dims {x}, axes = [1, 0] : {m}"
                self.lines.append(text)
                self.emit("m", f"tops.add {x}, {flipped}")
            case _:
                top, bottom = self.row("m", "m", [0, 0], 1), self.row("m", "m", [1, 0], 2)
                text = f"tops.concat {bottom}, {top}, axis = 0 : i64"
                self.emit("m", text, f"(tensor<2x3xf64>, tensor<1x3xf64>) -> {m}")

    def row(self, kind: str, source: str, start: Sequence[int], count: int) -> str:
        """`count` rows of a value, from `start`: a slice."""
        name, rest = self.fresh(), [3] * (len(start) - 1)
        stop = [start[0] + count, *rest]
        step, shape = [1] * len(start), "x".join(map(str, [count, *rest]))
        self.lines.append(
            f"{name} = tops.slice {self.value(source)}, start = {list(start)}, step = {step}, "
            f"stop = {stop} : ({TYPES[kind]}) -> tensor<{shape}xf64>"
        )
        return name

    def counts(self, given: Sequence[str]) -> str:
        """A value of i32: computed through i1, or one of those given."""
        if given and self.pick((0, 1)):
            return self.pick(given)
        flags, name = self.fresh(), self.fresh()
        v = TYPES["v"]
        self.lines.append(
            f"{flags} = tops.less {self.value('v')}, {self.value('v')} : ({v}, {v}) -> {FLAGS}"
        )
        self.lines.append(f"{name} = tops.astype {flags} : ({FLAGS}) -> {COUNTS}")
        return name


@dataclass(frozen=True)
class Stored:
    """A stored tensor of the program: its kind is a letter of `TYPES`, or `k` for i32."""

    name: str
    kind: str
    role: str

    @property
    def type(self) -> str:
        """Its type."""
        return COUNTS if self.kind == "k" else TYPES[self.kind]


@dataclass
class Lines:
    """A signature under construction."""

    args: list[str]
    results: list[str]
    types: list[str]
    values: list[str]

    def give(self, value: str, type_: str, attributes: str = "") -> None:
        """One more result."""
        self.results.append(f"{type_} {{{attributes}}}" if attributes else type_)
        self.types.append(type_)
        self.values.append(value)

    def text(self, name: str, body: Sequence[str]) -> str:
        """The function."""
        lines = "".join(f"  {line}\n" for line in body)
        values = f" {', '.join(self.values)} : {', '.join(self.types)}" if self.values else ""
        head = f"func.func @{name}({', '.join(self.args)}) -> ({', '.join(self.results)})"
        return f"{head} {{\n{lines}  func.return{values}\n}}\n"


@st.composite
def graphs(draw: st.DrawFn) -> str:
    """A module with @init, @step and @read over one to four stored tensors."""
    stored = [
        Stored(f"{kind}{i}", kind, draw(st.sampled_from(("parameter", "state"))))
        for i, kind in enumerate(draw(st.lists(st.sampled_from("svvmmk"), min_size=1, max_size=4)))
    ]
    return initial(stored) + function(draw, "step", stored, True) + function(draw, "read", stored)


def initial(stored: Sequence[Stored]) -> str:
    """@init: every stored tensor, from constants and random numbers."""
    made = Lines(["%seed: tensor<i32>"], [], [], [])
    body = ["%zero = tops.full value = 0 : i32 : tensor<i32>"]
    for i, s in enumerate(stored):
        text = "tops.full value = 3 : i32"
        if s.kind != "k":
            text = f"tops.random_uniform %seed, %zero, site = {i} : i64"
        types_ = s.type if s.kind == "k" else f"(tensor<i32>, tensor<i32>) -> {s.type}"
        body.append(f"%v{i}x = {text} : {types_}")
        made.give(f"%v{i}x", s.type, f'tops.updates = "{s.name}", tops.role = "{s.role}"')
    return made.text("init", body)


def function(draw: st.DrawFn, name: str, stored: Sequence[Stored], updates: bool = False) -> str:
    """A function of some stored tensors and two inputs: a loss, outputs, and perhaps updates."""
    body = GraphBody(draw)
    counts: list[str] = []
    made = Lines([], [], [], [])
    taken = [s for s in stored if updates or draw(st.booleans())]
    for s in taken:
        attributes = f'{{tops.name = "{s.name}", tops.role = "{s.role}"}}'
        made.args.append(f"%{s.name}x: {s.type} {attributes}")
        (counts if s.kind == "k" else body.values[s.kind]).append(f"%{s.name}x")
    for kind in "vm":
        made.args.append(f"%in_{kind}: {TYPES[kind]}")
        body.values[kind].append(f"%in_{kind}")
    for _ in range(draw(st.integers(2, 7))):
        body.op()
    loss = ("s", 'tops.role = "loss"') if draw(st.booleans()) else ("v", "")
    made.give(body.value(loss[0]), TYPES[loss[0]], loss[1])
    for kind in draw(st.lists(st.sampled_from("svm"), max_size=3)):
        made.give(body.value(kind), TYPES[kind])
    for s in taken if updates else ():
        if draw(st.integers(0, 3)):
            value = body.counts(counts) if s.kind == "k" else body.value(s.kind)
            made.give(value, s.type, f'tops.updates = "{s.name}"')
    return made.text(name, body.lines)


__all__ = ["GraphBody", "graphs", "types"]
