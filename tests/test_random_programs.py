"""
Random programs: evaluated or rewritten, cleaned up before or after, the results are the same.

The programs call, differentiate and nest; some arrows have custom derivatives; values are shared,
repeated and unused, so that cse, dce and canonicalize have something to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination
from xdsl.transforms.dead_code_elimination import DeadCodeElimination

from catgrad.dialects._checks import check_module
from catgrad.interpreter import Interpreter, NumPyArray
from tests.programs import context, differentiate, parse

CLEANUP: tuple[ModulePass, ...] = (
    CommonSubexpressionElimination(),
    DeadCodeElimination(),
    CanonicalizePass(),
)


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
BITS = Words(
    "tensor<4xi1>",
    ("logical_not", "negative", "square", "copy"),
    ("logical_and", "logical_or", "logical_xor", "add", "multiply"),
    ("false", "true"),
    "logical_and",
    "logical_xor",
)


@dataclass
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
            kinds += ["call", "call", "reverse", "forward"]
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


@st.composite
def programs(draw: DrawFn, words: Words) -> str:
    """A module whose last arrow is @main: some values and all derivatives of one arrow."""
    known: list[Arrow] = []
    texts: list[str] = []
    for i in range(draw(st.integers(1, 3))):
        arrow = Arrow(f"f{i}", draw(st.integers(1, 2)), draw(st.integers(1, 2)))
        inputs = [f"%x{i}" for i in range(arrow.inputs)]
        writer = Writer(draw, words, known, list(inputs))
        for _ in range(draw(st.integers(1, 5))):
            writer.step()
        flags = ""
        if draw(st.integers(0, 2)) == 0:
            texts.append(custom_reverse(draw, words, known, arrow))
            flags = f" attributes {{reverse = @{arrow.name}_reverse, surrogate}}"
        results = [writer.pick() for _ in range(arrow.outputs)]
        texts.append(writer.arrow(arrow.name, inputs, results, flags))
        known.append(arrow)
    last = known[-1]
    inputs = [f"%x{i}" for i in range(last.inputs)]
    seeds = [f"%g{i}" for i in range(last.outputs)]
    writer = Writer(draw, words, known, [*inputs, *seeds])
    call = f"cat.reverse @{last.name}({', '.join(inputs)})({', '.join(seeds)})"
    results = writer.add(last.outputs + last.inputs, f"{call} : {last.text(words.type)}")
    texts.append(writer.arrow("main", [*inputs, *seeds], results, ""))
    return "".join(texts)


def cleaned(module: ModuleOp) -> ModuleOp:
    """A copy after cse, dce and canonicalize."""
    copy = module.clone()
    for step in CLEANUP:
        step.apply(context(), copy)
    copy.verify()
    check_module(copy)
    return copy


def variants(module: ModuleOp) -> dict[str, ModuleOp]:
    """The ways to compute a program that must agree with evaluating it."""
    early = cleaned(module)
    found = {
        "cleaned": early,
        "differentiated": differentiate(module),
        "cleaned, differentiated": differentiate(early),
        "differentiated, cleaned": cleaned(differentiate(module)),
    }
    for other in found.values():
        check_module(other)
    return found


def check(text: str, inputs: Sequence[NumPyArray]) -> None:
    """All variants of a program agree."""
    module = parse(text)
    check_module(module)
    count = len(Interpreter(module).functions["main"].function_type.inputs.data)
    expected = Interpreter(module).run("main", *inputs[:count])
    for name, other in variants(module).items():
        found = Interpreter(other).run("main", *inputs[:count])
        for a, b in zip(found, expected, strict=True):
            if a.dtype == np.bool_:
                assert a.tolist() == b.tolist(), f"{name}\n{other}"
            else:
                assert np.allclose(a, b, rtol=1e-7, atol=1e-9, equal_nan=True), f"{name}\n{other}"


@settings(max_examples=50)
@given(programs(REALS))
def test_programs_over_the_reals(text: str) -> None:
    rng = np.random.default_rng(0)
    check(text, [rng.uniform(-1, 1, 2) for _ in range(4)])


@settings(max_examples=50)
@given(programs(BITS))
def test_programs_over_the_booleans(text: str) -> None:
    rng = np.random.default_rng(0)
    check(text, [rng.integers(0, 2, 4).astype(bool) for _ in range(4)])


def test_the_check_sees_a_wrong_program(monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
    cat.arrow @main(%x: tensor<2xf64>) -> tensor<2xf64> {
      %y = tops.sin %x : tensor<2xf64>
      cat.return %y : tensor<2xf64>
    }
    """
    wrong = {"wrong": parse(text.replace("sin", "cos"))}

    def wrong_variants(module: ModuleOp) -> dict[str, ModuleOp]:
        return wrong

    monkeypatch.setattr("tests.test_random_programs.variants", wrong_variants)
    with pytest.raises(AssertionError, match="wrong"):
        check(text, [np.ones(2)])
