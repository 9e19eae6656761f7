"""
Random modules at the level `cat`, as text: calls, fan-out, unused values, custom derivatives, and
reverse and forward derivatives of arrows that may themselves hold derivatives.

Values stay small (what could grow is bounded by `tanh` first), so that rounding stays small too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import strategies as st

TYPES = {"s": "tensor<f64>", "v": "tensor<3xf64>", "m": "tensor<3x3xf64>"}
UNARY = ("tanh", "sin", "cos", "logistic", "negative", "expm1", "square", "exp", "log1p")
BOUNDED = ("tanh", "sin", "cos", "logistic")
BINARY = ("add", "subtract", "multiply", "divide", "maximum", "minimum")

T = TypeVar("T")


def types(names: Sequence[str]) -> str:
    """`sv` -> `tensor<f64>, tensor<3xf64>`."""
    return ", ".join(TYPES[n] for n in names)


@dataclass(frozen=True)
class Signature:
    """An arrow to refer to."""

    name: str
    inputs: str
    outputs: str

    def __str__(self) -> str:
        return f"({types(self.inputs)}) -> ({types(self.outputs)})"


@dataclass
class Body:
    """The lines of one arrow, drawn one op at a time."""

    draw: st.DrawFn
    values: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in TYPES})
    lines: list[str] = field(default_factory=list[str])
    count: int = 0

    def pick(self, options: Sequence[T]) -> T:
        """One of several."""
        return self.draw(st.sampled_from(options))

    def fresh(self) -> str:
        """A new value's name."""
        self.count += 1
        return f"%t{self.count}x"

    def emit(self, kind: str, text: str, type_: str = "") -> str:
        """Add an op with one result."""
        name = self.fresh()
        self.lines.append(f"{name} = {text} : {type_ or TYPES[kind]}")
        self.values[kind].append(name)
        return name

    def value(self, kind: str) -> str:
        """Any value of that type; a constant if there is none."""
        if not self.values[kind]:
            number = self.pick((0.0, 1.0, -0.5, 2.0))
            return self.emit(kind, f"tops.full value = {number:e} : f64")
        return self.pick(self.values[kind])

    def small(self, kind: str) -> str:
        """A value in [-1, 1]."""
        return self.emit(kind, f"tops.{self.pick(BOUNDED)} {self.value(kind)}")

    def positive(self, kind: str) -> str:
        """A value in [0.26, 0.74]."""
        return self.emit(kind, f"tops.logistic {self.small(kind)}")

    def op(self) -> None:
        """Add one op, with what it needs."""
        kind = self.pick("svm")
        getattr(self, f"add_{self.pick(('unary', 'binary', 'structure', 'choice', 'movement'))}")(
            kind
        )

    def add_unary(self, kind: str) -> None:
        op = self.pick(UNARY)
        x = self.positive(kind) if op == "log1p" else self.small(kind)
        self.emit(kind, f"tops.{op} {x}")

    def add_binary(self, kind: str) -> None:
        op = self.pick(BINARY)
        b = self.positive(kind) if op == "divide" else self.small(kind)
        self.emit(kind, f"tops.{op} {self.value(kind)}, {b}")

    def add_choice(self, kind: str) -> None:
        a, b = self.small(kind), self.value(kind)
        condition, boolean = self.fresh(), TYPES[kind].replace("f64", "i1")
        self.lines.append(
            f"{condition} = tops.less {a}, {b} : ({TYPES[kind]}, {TYPES[kind]}) -> {boolean}"
        )
        self.emit(
            kind,
            f"tops.where {condition}, {self.value(kind)}, {a}",
            f"({boolean}, {TYPES[kind]}, {TYPES[kind]}) -> {TYPES[kind]}",
        )

    def add_structure(self, kind: str) -> None:
        match self.pick(("add", "copy", "zero", "discard")):
            case "add":
                terms = [self.value(kind) for _ in range(self.pick((1, 2, 3)))]
                self.emit(kind, f"cat.add {', '.join(terms)}")
            case "copy":
                a, b, x = self.fresh(), self.fresh(), self.value(kind)
                self.lines.append(f"{a}, {b} = cat.copy {x}, 2 : {TYPES[kind]}")
                self.values[kind] += [a, b]
            case "zero":
                self.emit(kind, "cat.zero")
            case _:
                self.lines.append(f"cat.discard {self.value(kind)} : {TYPES[kind]}")

    def add_movement(self, kind: str) -> None:
        s, v, m = TYPES["s"], TYPES["v"], TYPES["m"]
        indices = "value = dense<[2, 0, 2]> : tensor<3xi32>"
        match kind, self.pick((0, 1, 2)):
            case "s", axis:
                op = ("sum", "max", "sum")[axis]
                self.emit("s", f"tops.{op} {self.value('v')}, axes = [0]", f"({v}) -> {s}")
            case "v", 0:
                self.emit("v", f"tops.broadcast {self.value('s')}, axes = [0]", f"({s}) -> {v}")
            case "v", 1:
                axis = self.pick((0, 1))
                self.emit("v", f"tops.sum {self.value('m')}, axes = [{axis}]", f"({m}) -> {v}")
            case "v", _:
                index, op = self.fresh(), self.pick(("take", "scatter_add"))
                self.lines.append(f"{index} = tops.constant {indices} : tensor<3xi32>")
                text = f"tops.{op} {self.value('v')}, {index}, axis = 0 : i64"
                self.emit("v", text, f"({v}, tensor<3xi32>) -> {v}")
            case _, 0:
                axis = self.pick((0, 1))
                text = f"tops.broadcast {self.value('v')}, axes = [{axis}]"
                self.emit("m", text, f"({v}) -> {m}")
            case _, 1:
                self.emit("m", f"tops.permute_dims {self.value('m')}, axes = [1, 0]")
            case _:
                flag = self.pick(("", ", transpose_a", ", transpose_b"))
                text = f"tops.matmul {self.small('m')}, {self.value('m')}{flag}"
                self.emit("m", text, f"({m}, {m}) -> {m}")

    def refer(self, callee: Signature, how: str) -> None:
        """A call or a derivative of another arrow."""
        given = [self.value(kind) for kind in callee.inputs]
        second = {"call": "", "reverse": callee.outputs, "forward": callee.inputs}[how]
        seeds = [self.small(kind) if self.pick((0, 1, 1)) else self.zero(kind) for kind in second]
        extra = {"call": "", "reverse": callee.inputs, "forward": callee.outputs}[how]
        results = [self.fresh() for _ in callee.outputs + extra]
        tangents = f"({', '.join(seeds)})" if how != "call" else ""
        scope = self.pick(("", ' {scope = "part"}'))
        self.lines.append(
            f"{', '.join(results)} = cat.{how} @{callee.name}({', '.join(given)}){tangents}{scope}"
            f" : {callee}"
        )
        for kind, name in zip(callee.outputs + extra, results, strict=True):
            self.values[kind].append(name)

    def zero(self, kind: str) -> str:
        """The zero: a seed that the passes look for."""
        return self.emit(kind, "cat.zero")


def arrow(name: str, inputs: str, outputs: str, body: Body, attributes: str = "") -> str:
    """The text of an arrow whose arguments are %a0, %a1, ..."""
    args = ", ".join(f"%a{i}: {TYPES[kind]}" for i, kind in enumerate(inputs))
    returned = ", ".join(body.value(kind) for kind in outputs)
    lines = "".join(f"  {line}\n" for line in body.lines)
    ending = f"  cat.return {returned} : {types(outputs)}\n}}\n"
    return f"cat.arrow {name}({args}) -> ({types(outputs)}){attributes} {{\n{lines}{ending}"


def new_body(draw: st.DrawFn, inputs: str) -> Body:
    """A body that has its arguments only."""
    body = Body(draw)
    for i, kind in enumerate(inputs):
        body.values[kind].append(f"%a{i}")
    return body


def custom_rule(draw: st.DrawFn, of: Signature) -> str:
    """A derivative that is additive in the cotangents: each is scaled by a value of the inputs."""
    body = new_body(draw, of.inputs)
    results = {kind: list[str]() for kind in TYPES}
    for kind in dict.fromkeys(of.inputs):
        terms = [body.zero(kind)]
        for j, other in enumerate(of.outputs):
            if other == kind:
                factor = body.small(kind)
                terms.append(body.emit(kind, f"tops.multiply {factor}, %a{len(of.inputs) + j}"))
        results[kind].append(body.emit(kind, f"cat.add {', '.join(terms)}"))
    body.values = results
    return arrow(f"private @{of.name}_rule", of.inputs + of.outputs, of.inputs, body)


SIGNATURES = ("s", "v", "m", "sv", "vv", "vm", "svm")


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A module: private arrows, each using earlier ones; public @f and its derivatives."""
    known: list[Signature] = []
    text = ""
    for i in range(draw(st.integers(1, 3))):
        inputs = draw(st.sampled_from(SIGNATURES))
        outputs = draw(st.sampled_from(("s", "v", "m", "vv", "ms")))
        callee = Signature(f"g{i}", inputs, outputs)
        body = new_body(draw, inputs)
        for _ in range(draw(st.integers(1, 4))):
            body.op()
        if known:
            how = draw(st.sampled_from(("call", "call", "reverse", "forward")))
            body.refer(draw(st.sampled_from(known)), how)
            body.op()
        attributes = ""
        if draw(st.integers(0, 2)) == 0:
            flag = draw(st.sampled_from(("", ", surrogate")))
            attributes = f" attributes {{reverse = @{callee.name}_rule{flag}}}"
            text += custom_rule(draw, callee)
        text += arrow(f"private @{callee.name}", inputs, outputs, body, attributes)
        known.append(callee)
    inputs = draw(st.sampled_from(SIGNATURES))
    f = Signature("f", inputs, "sv")
    body = new_body(draw, inputs)
    for callee in (known[-1], draw(st.sampled_from(known))):
        body.refer(callee, "call")
        body.op()
    return text + arrow("@f", inputs, "sv", body) + derivatives(draw, f)


def derivatives(draw: st.DrawFn, f: Signature) -> str:
    """The public arrows @reverse, @forward and @twice: derivatives of @f, and of @reverse."""
    text = ""
    reverse = Signature("reverse", f.inputs + f.outputs, f.inputs)
    forward = Signature("forward", f.inputs + f.inputs, f.outputs)
    for how, made in (("reverse", reverse), ("forward", forward)):
        text += derivative(how, f, made)
    twice = Signature("twice", reverse.inputs + reverse.outputs, reverse.inputs)
    return text + derivative("reverse", reverse, twice)


def derivative(how: str, of: Signature, made: Signature) -> str:
    """An arrow that is the derivative of another."""
    args = [f"%a{i}" for i in range(len(made.inputs))]
    count = len(of.inputs)
    values = [f"%y{i}x" for i in range(len(of.outputs))]
    results = [f"%d{i}x" for i in range(len(made.outputs))]
    given = ", ".join(f"{a}: {TYPES[kind]}" for a, kind in zip(args, made.inputs, strict=True))
    return (
        f"cat.arrow @{made.name}({given}) -> ({types(made.outputs)}) {{\n"
        f"  {', '.join(values + results)} = cat.{how} @{of.name}({', '.join(args[:count])})"
        f"({', '.join(args[count:])}) : {of}\n"
        f"  cat.return {', '.join(results)} : {types(made.outputs)}\n}}\n"
    )
