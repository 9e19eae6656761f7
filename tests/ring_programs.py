"""
Random modules over one ring, as text: the reals, the integers modulo 2^32, the booleans (Z/2).

All values have one type. Arrows call and differentiate each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn


@dataclass(frozen=True)
class Words:
    """The ops of random programs over one ring, and how a cotangent is scaled and summed."""

    type: str
    unary: tuple[str, ...]
    binary: tuple[str, ...]
    constants: tuple[str, ...]
    scale: str
    add: str


REALS = Words(
    "tensor<2xf64>",
    ("sin", "cos", "tanh", "logistic", "negative", "square", "copy"),
    ("add", "subtract", "multiply", "maximum"),
    ("0.0 : f64", "1.0 : f64", "2.0 : f64", "-0.5 : f64"),
    "multiply",
    "add",
)
INTEGERS = Words(
    "tensor<3xi32>",
    ("negative", "square", "copy"),
    ("add", "subtract", "multiply"),
    ("0 : i32", "1 : i32", "3 : i32", "-2147483648 : i32"),
    "multiply",
    "add",
)
BITS = Words(
    "tensor<4xi1>",
    ("logical_not", "negative", "square", "copy"),
    ("logical_and", "logical_or", "logical_xor", "add", "multiply"),
    ("false", "true"),
    "logical_and",
    "logical_xor",
)


RINGS = {"reals": REALS, "integers": INTEGERS, "bits": BITS}


@dataclass(frozen=True)
class Arrow:
    """The signature of an arrow already written."""

    name: str
    inputs: int
    outputs: int

    def text(self, t: str) -> str:
        """Its type."""
        return f"({', '.join([t] * self.inputs)}) -> ({', '.join([t] * self.outputs)})"


@dataclass
class Writer:
    """Writes one body: the values so far, the lines so far."""

    draw: DrawFn
    words: Words
    known: Sequence[Arrow]
    values: list[str]
    lines: list[str] = field(default_factory=list[str])
    derivatives: Sequence[str] = ("reverse", "forward")

    def pick(self) -> str:
        """Any value so far."""
        return self.draw(st.sampled_from(self.values))

    def add(self, count: int, right: str) -> list[str]:
        """One more line."""
        names = [f"%v{len(self.lines)}_r{i}" for i in range(count)]
        self.lines.append(f"  {', '.join(names)} = {right}")
        self.values += names
        return names

    def op(self, mnemonic: str, *operands: str) -> str:
        """A `tops` op."""
        return self.add(1, f"tops.{mnemonic} {', '.join(operands)} : {self.words.type}")[0]

    def step(self) -> None:
        """A random line."""
        kinds = ["unary", "binary", "binary", "constant", "repeat"]
        if self.known:
            kinds += ["call", "call", *self.derivatives]
        match self.draw(st.sampled_from(kinds)):
            case "unary":
                self.op(self.draw(st.sampled_from(self.words.unary)), self.pick())
            case "binary":
                self.op(self.draw(st.sampled_from(self.words.binary)), self.pick(), self.pick())
            case "constant":
                value = self.draw(st.sampled_from(self.words.constants))
                self.add(1, f"tops.full value = {value} : {self.words.type}")
            case "repeat":
                self.repeat()
            case kind:
                self.apply(kind, self.draw(st.sampled_from(self.known)))

    def repeat(self) -> None:
        """A line that is there already, for cse."""
        if self.lines:
            left, right = self.draw(st.sampled_from(self.lines)).split(" = ", 1)
            self.add(left.count("%"), right)

    def apply(self, kind: str, arrow: Arrow) -> None:
        """A call or a derivative of an arrow written before."""
        given = ", ".join(self.pick() for _ in range(arrow.inputs))
        type_ = arrow.text(self.words.type)
        count = arrow.outputs if kind == "reverse" else arrow.inputs
        seeds = ", ".join(self.pick() for _ in range(count))
        match kind:
            case "call":
                self.add(arrow.outputs, f"cat.call @{arrow.name}({given}) : {type_}")
            case "reverse":
                count += arrow.inputs
                self.add(count, f"cat.reverse @{arrow.name}({given})({seeds}) : {type_}")
            case _:
                count = 2 * arrow.outputs
                self.add(count, f"cat.forward @{arrow.name}({given})({seeds}) : {type_}")

    def arrow(self, name: str, inputs: Sequence[str], results: Sequence[str], flags: str) -> str:
        """The whole arrow."""
        t = self.words.type
        arguments = ", ".join(f"{x}: {t}" for x in inputs)
        types = ", ".join([t] * len(results))
        body = "\n".join([*self.lines, f"  cat.return {', '.join(results)} : {types}"])
        return f"cat.arrow @{name}({arguments}) -> ({types}){flags} {{\n{body}\n}}\n"


def custom_reverse(draw: DrawFn, words: Words, known: Sequence[Arrow], of: Arrow) -> str:
    """A random arrow A x B' -> A' that is additive in B': sums of scaled cotangents."""
    inputs = [f"%x{i}" for i in range(of.inputs)]
    seeds = [f"%g{i}" for i in range(of.outputs)]
    writer = Writer(draw, words, known, list(inputs))
    for _ in range(draw(st.integers(0, 2))):
        writer.step()
    factors, results = list(writer.values), list[str]()
    for _ in inputs:
        terms = [writer.op(words.scale, draw(st.sampled_from(factors)), g) for g in seeds]
        while len(terms) > 1:
            terms = [writer.op(words.add, terms[0], terms[1]), *terms[2:]]
        results += terms
    return writer.arrow(f"{of.name}_reverse", [*inputs, *seeds], results, "")


def random_arrow(
    draw: DrawFn,
    words: Words,
    known: Sequence[Arrow],
    arrow: Arrow,
    flags: str = "",
    derivatives: Sequence[str] = ("reverse", "forward"),
) -> str:
    """A random arrow of that signature, which may use the known ones."""
    inputs = [f"%x{i}" for i in range(arrow.inputs)]
    writer = Writer(draw, words, known, list(inputs), derivatives=derivatives)
    for _ in range(draw(st.integers(1, 5))):
        writer.step()
    return writer.arrow(arrow.name, inputs, [writer.pick() for _ in range(arrow.outputs)], flags)


@st.composite
def programs(draw: DrawFn, words: Words) -> str:
    """A module whose last arrow is @main: some values and all derivatives of one arrow."""
    known: list[Arrow] = []
    texts: list[str] = []
    for i in range(draw(st.integers(1, 3))):
        arrow = Arrow(f"f{i}", draw(st.integers(1, 2)), draw(st.integers(1, 2)))
        flags = ""
        if draw(st.integers(0, 2)) == 0:
            texts.append(custom_reverse(draw, words, known, arrow))
            flags = f" attributes {{reverse = @{arrow.name}_reverse, surrogate}}"
        texts.append(random_arrow(draw, words, known, arrow, flags))
        known.append(arrow)
    last = known[-1]
    inputs = [f"%x{i}" for i in range(last.inputs)]
    seeds = [f"%g{i}" for i in range(last.outputs)]
    writer = Writer(draw, words, known, [*inputs, *seeds])
    call = f"cat.reverse @{last.name}({', '.join(inputs)})({', '.join(seeds)})"
    results = writer.add(last.outputs + last.inputs, f"{call} : {last.text(words.type)}")
    texts.append(writer.arrow("main", [*inputs, *seeds], results, ""))
    return "".join(texts)
