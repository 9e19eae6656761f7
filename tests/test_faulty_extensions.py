"""Mistakes in files from outside: the message says which op or pass, what it gave, and where."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from catgrad.cli import main
from catgrad.dialects.tops.unary import SinOp
from tests.opt_command import SQUARE, error, opt

SINE = """\
cat.arrow @f(%x: tensor<3xf32>) -> tensor<3xf32> {
  %y = demo.square %x : tensor<3xf32>
  cat.return %y : tensor<3xf32>
}
cat.arrow @g(%x: tensor<3xf32>, %s: tensor<3xf32>) -> tensor<3xf32> {
  %y, %dx = cat.reverse @f(%x)(%s) : (tensor<3xf32>) -> tensor<3xf32>
  cat.return %dx : tensor<3xf32>
}
"""
FUNCTION = """\
func.func @f(%x : tensor<3xf32>) -> tensor<3xf32> {
  %y = demo.square %x : tensor<3xf32>
  func.return %y : tensor<3xf32>
}
"""
DEMO = '''\
from xdsl.ir import Dialect
from xdsl.irdl import irdl_op_definition, traits_def
from catgrad.extending import Numpy, Unary, decomposition

OLD = []


@irdl_op_definition
class SquareOp(Unary):
    """`%y = demo.square %x : tensor<3xf32>`"""

    name = "demo.square"
    traits = traits_def(Numpy("np.square({0}, out={out})"))

    def reverse(self, inputs, outputs, cotangents, ops):
        (x,), (g,) = inputs, cotangents
        OLD.append(x)
        return [2 * x * g]


@decomposition(SquareOp)
def square(op, inputs, ops):
    (x,) = inputs
    OLD.append(x)
    return x * x


Demo = Dialect("demo", [SquareOp])
'''
RULE, DECOMPOSITION = (line for line in DEMO.splitlines() if "return" in line)


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.mlir").write_text(SINE)
    Path("f.mlir").write_text(FUNCTION)
    np.save("x.npy", np.ones(3, np.float32))


def demo(old: str, new: str) -> None:
    """Write the file with a mistake in place of a line or a part of one."""
    assert old in DEMO
    Path("demo.py").write_text(DEMO.replace(old, new))


LIST = "expected a list of 1: for each input an array of its type or None (a declared zero)"
ONE = "for input 0; expected an array of tensor<3xf32> or None (a declared zero)"
RULES = {
    "3": f"15: * gave 3; {LIST}",
    "None": f"15: * gave None; {LIST}",
    "[]": f"15: * gave a list of 0; {LIST}",
    "[g, g]": f"15: * gave a list of 2; {LIST}",
    "g": f"15: * gave Array(f32[3]); {LIST}",
    "[1.0]": f"15: * gave 1.0 {ONE}",
    "['a' * 100]": f"15: * gave '{'a' * 75} ... {ONE}",
    "'dx'": f"15: * gave 'dx'; {LIST}",
    "[g.astype('i32')]": f"15: * gave an array of tensor<3xi32> {ONE}",
    "[cg.f32[3]]": "18: * raised NameError: name 'cg' is not defined",
    "[g + 'a']": "18: * failed: add: got Array(f32[3]) and 'a'; accepts symbolic arrays and "
    "f32 numbers (cg.constant makes an array of numbers)",
    "exit(3)": "18: * raised SystemExit: 3",
}


@pytest.mark.parametrize("given", RULES)
def test_rules(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    demo(RULE, f"        return {given}")
    said = f"demo.py:{RULES[given]}".replace("*", "the reverse rule of 'demo.square'")
    assert error("in.mlir", "--load", "demo.py", "-p", "cat-differentiate") == (
        f"error: pass 'cat-differentiate' failed: {said}\n"
    )
    assert main(["verify-rules", "demo.py"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[1].split() == ["demo.square", "WRONG", *"--------"]
    assert out.splitlines()[2:] == [f"demo.square, order 1: {said.replace('f32', 'f64')}"]
    assert err == "catgrad: error: 1 of 1 rules are wrong\n"


def test_rules_keep_their_arrays_to_themselves() -> None:
    demo("[2 * x * g]", "[OLD[0]]")
    two = SINE.replace(
        "%y = demo.square %x", "%0 = demo.square %x : tensor<3xf32>\n  %y = demo.square %0"
    )
    Path("in.mlir").write_text(two)
    found = error("in.mlir", "--load", "demo.py", "-p", "cat-differentiate")
    assert f"gave Array(f32[3]) of another arrow {ONE}" in found


EXAMPLES = {
    "demo.sqare %x": "no example: write `%y = ...` in its docstring",
    "demo.square %x, %x": "cannot read its example: ",
}


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_rule_that_is_not_checked(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By itself; beside one that is wrong and one that is right."""
    demo("demo.square %x", text)
    assert main(["verify-rules", "demo.py"]) == 1
    out, err = capsys.readouterr()
    assert f"demo.square is not checked: {EXAMPLES[text]}" in out.splitlines()[-1]
    assert err == "catgrad: error: 1 of 1 rules are not checked\n"
    Path("demo.py").write_text(Path("demo.py").read_text() + MORE)
    assert main(["verify-rules", "demo.py"]) == 1
    assert capsys.readouterr().err == (
        "catgrad: error: 1 of 3 rules are wrong; 1 of 3 rules are not checked\n"
    )


MORE = """
from xdsl.dialects import math
from catgrad.extending import rule


@rule(math.SinOp, "np.sin({0}, out={out})", "%y = math.sin %x : tensor<2xf64>")
@rule(math.CosOp, "np.cos({0}, out={out})", "%y = math.cos %x : tensor<2xf64>")
def sin(inputs, outputs, cotangents, ops):
    return [cotangents[0] * inputs[0].unary("cos")]
"""


def test_nothing_to_check(capsys: pytest.CaptureFixture[str]) -> None:
    """No rules are an error; a declared zero, and a rule over a ring, are none."""
    assert main(["verify-rules", "cat"]) == 1
    assert capsys.readouterr().err == "catgrad: error: there are no rules to check\n"
    demo(RULE, "        return [None]")
    text = Path("demo.py").read_text().replace("np.square({0}, out={out})", "{out}[...] = 1")
    Path("demo.py").write_text(text)
    assert main(["verify-rules", "demo.py"]) == 0
    ring = text.replace("3xf32", "3xi1").replace("= 1", '= 1", domain=("i1",), rule=("i1",)')
    Path("demo.py").write_text(ring.replace(',)")', ",))"))
    assert main(["verify-rules", "demo.py"]) == 0
    assert "demo.square: no floating inputs, nothing to check" in capsys.readouterr().out


MEANINGS = {
    "np.squar({0}, out={out})": "'np.squar(x0, out=out)', raised AttributeError: ",
    "np.square({0}, out={ot})": "'np.square({0}, out={ot})', raised KeyError: 'ot'",
    "np.square({3}, out={out})": "'np.square({3}, out={out})', raised IndexError: ",
    "np.square({0}, out={out}": "'np.square({0}, out={out}', raised SyntaxError: ",
    "np.square({0}[:2], out={out})": "'np.square(x0[:2], out=out)', raised ValueError: ",
}


@pytest.mark.parametrize("text", MEANINGS)
def test_meanings(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    demo("np.square({0}, out={out})", text)
    said = f"demo.py:8: the NumPy meaning of 'demo.square', {MEANINGS[text]}"
    call = ("f.mlir", "--load", "demo.py", "--run", "@f", "--input", "x.npy")
    assert error(*call).startswith(f"error: cannot run @f: {said}")
    assert main(["verify-rules", "demo.py"]) == 1
    assert f"demo.square is not checked: {said}" in capsys.readouterr().out


def test_a_meaning_that_is_no_python_is_not_printed() -> None:
    demo("np.square({0}, out={out})", "np.square({0}, out={out}")
    found = error("f.mlir", "--load", "demo.py", "-p", "lower-to-numpy", "-t", "numpy")
    assert found.startswith("error: ")
    assert "demo.py:8: the NumPy meaning of 'demo.square'" in found
    assert "report it" not in found


def test_the_meaning_that_a_rule_brings() -> None:
    """It is written beside the rule, not where xDSL defines the op."""
    Path("sine.py").write_text(
        "from xdsl.dialects import math\nfrom catgrad.extending import rule\n\n\n"
        "@rule(math.SinOp, meaning='np.sine({0}, out={out})')\n"
        "def sine(inputs, outputs, cotangents, ops):\n    return [None]\n"
    )
    Path("f.mlir").write_text(FUNCTION.replace("demo.square", "math.sin"))
    found = error("f.mlir", "--load", "sine.py", "--run", "@f", "--input", "x.npy")
    assert "@f: sine.py:5: the NumPy meaning of 'math.sin', 'np.sine(x0, out=out)', raised" in found


DECOMPOSITIONS = {
    "3": "21: * gave 3; expected tensor<3xf32>",
    "None": "21: * gave None; expected tensor<3xf32>",
    "[]": "21: * gave []; expected tensor<3xf32>",
    "[x, x]": "21: * gave tensor<3xf32>, tensor<3xf32>; expected tensor<3xf32>",
    "x.astype('i32')": "21: * gave tensor<3xi32>; expected tensor<3xf32>",
    "OLD[0]": "21: * gave Array(f32[3]) of another arrow; expected tensor<3xf32>",
    "1 / 0": "25: * raised ZeroDivisionError: division by zero",
    "x + None": "25: * failed: add: got Array(f32[3]) and None; accepts symbolic arrays and "
    "f32 numbers (cg.constant makes an array of numbers)",
}


@pytest.mark.parametrize("given", DECOMPOSITIONS)
def test_decompositions(given: str) -> None:
    demo(DECOMPOSITION, f"    return {given}")
    function = FUNCTION.replace(
        "%y = demo.square %x", "%0 = demo.square %x : tensor<3xf32>\n  %y = demo.square %0"
    )
    Path("f.mlir").write_text(function if "OLD" in given else FUNCTION)
    said = f"demo.py:{DECOMPOSITIONS[given]}".replace("*", "the decomposition of 'demo.square'")
    assert error("f.mlir", "--load", "demo.py", "-p", "tops-decompose{target=ggml}") == (
        f"error: pass 'tops-decompose' failed: {said}\n"
    )


def test_what_is_right_stays_right() -> None:
    Path("demo.py").write_text(DEMO)
    assert "tops.multiply" in opt("in.mlir", "--load", "demo.py", "-p", "cat-differentiate")
    assert "tops.multiply" in opt("f.mlir", "--load", "demo.py", "-p", "lower-to-ggml")


def test_a_faulty_rule_of_the_package_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    def reverse(*_: object) -> list[float]:
        return [1.0]

    monkeypatch.setattr(reverse, "__module__", "catgrad.test")
    monkeypatch.setattr(SinOp, "reverse", reverse)
    Path("in.mlir").write_text(SINE.replace("demo.square", "tops.sin"))
    assert error("in.mlir", "-p", "cat-differentiate") == (
        "error: internal error in pass 'cat-differentiate': TypeError: the reverse rule of "
        f"'tops.sin' gave 1.0 {ONE}\n"
        "Please report it with the output of CATGRAD_TRACEBACK=1.\n"
    )


PASS = """\
from dataclasses import dataclass
from xdsl.passes import ModulePass
from catgrad.extending import PlacedTarget


@dataclass(frozen=True)
class MinePass(ModulePass):
    name = "mine"

    def apply(self, ctx, op):
        op.no_such_thing()


@dataclass(frozen=True)
class MineTarget(PlacedTarget):
    name = "mine"

    def has(self, op):
        return True

    def emit(self, ctx, module, output):
        output.write(3)
"""


def test_passes_and_targets() -> None:
    """An error that nobody foresaw is of the file it comes from."""
    Path("mine.py").write_text(PASS)
    Path("in.mlir").write_text(SQUARE)
    assert error("in.mlir", "--load", "mine.py", "-p", "mine") == (
        "error: pass 'mine' failed: mine.py:11: AttributeError: 'ModuleOp' object has no "
        "attribute 'no_such_thing'\n"
    )
    found = error("in.mlir", "--load", "mine.py", "-p", "lower-to-mine", "-t", "mine")
    assert found.startswith("error: target 'mine' failed: mine.py:22: TypeError: ")
    wrong = PASS.replace("return True", "return True + 'a'")
    Path("mine.py").write_text(wrong)
    found = error("in.mlir", "--load", "mine.py", "-p", "lower-to-mine")
    assert found.startswith("error: pass 'tops-decompose' failed: mine.py:19: TypeError: ")
    assert "report it" not in found


def test_a_pipeline_that_fails_is_not_blamed_on_the_target(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The passes run before the target does: what is wrong with them is said as it is."""
    Path("model.py").write_text(
        "import catgrad as cg\nparts = {'f': cg.arrow(cg.sin).on(cg.f32[2])}\n"
    )
    Path("mine.py").write_text(PASS.replace("    def has", "    passes = 'no-pass'\n\n    def has"))
    call = ["compile", "model.py", "--load", "mine.py", "--target", "mine", "-o", "out"]
    assert main(call) == 1
    assert capsys.readouterr().err == "catgrad: error: unknown pass 'no-pass'\n"


EXIT = "exit(3)"
DEEP = "return (f := lambda: f())()"


@pytest.mark.parametrize("line", [EXIT, DEEP])
def test_no_exit_and_no_recursion_gets_out(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a pass, a target, a rule, a decomposition, or a function of a `Universe`."""
    said = {EXIT: "SystemExit: 3"}.get(line, "RecursionError: maximum ")
    Path("mine.py").write_text(
        PASS.replace("op.no_such_thing()", line).replace("output.write(3)", line)
    )
    Path("square.mlir").write_text(SQUARE)
    given = ("square.mlir", "--load", "mine.py", "-p")
    found = error(*given, "mine")
    assert found.startswith(f"error: pass 'mine' failed: mine.py:11: {said}")
    found = error(*given, "lower-to-mine", "-t", "mine")
    assert found.startswith(f"error: target 'mine' failed: mine.py:22: {said}")
    demo(RULE, f"        {line}")
    found = error("in.mlir", "--load", "demo.py", "-p", "cat-differentiate")
    assert f"demo.py:18: the reverse rule of 'demo.square' raised {said}" in found
    demo(DECOMPOSITION, f"    {line}")
    found = error("f.mlir", "--load", "demo.py", "-p", "tops-decompose{target=ggml}")
    assert f"demo.py:25: the decomposition of 'demo.square' raised {said}" in found
    Path("mine.py").write_text(
        f"from xdsl.universe import Universe\n\n\ndef mine():\n    {line}\n\n\n"
        "U = Universe(all_targets={'mine': mine}, all_passes={'mine': mine})\n"
    )
    for words in (("-p", "mine"), ("-t", "mine"), ("-p", "lower-to-mine")):
        assert f"mine.py:5: {said}" in error("square.mlir", "--load", "mine.py", *words)
    assert main(["verify-rules", "mine.py"]) == 1
    assert capsys.readouterr().err == "catgrad: error: there are no rules to check\n"


def test_a_library_that_fails_is_not_the_place() -> None:
    """The line of the file that called it is."""
    Path("site-packages").mkdir()
    Path("site-packages/distant.py").write_text("def fail(x):\n    return x / 0\n")
    line = "import sys, importlib; sys.path.append('site-packages')"
    demo(RULE, f"        {line}\n        importlib.import_module('distant').fail(1)")
    found = error("in.mlir", "--load", "demo.py", "-p", "cat-differentiate")
    assert "demo.py:19: the reverse rule of 'demo.square' raised ZeroDivisionError" in found


def test_the_file_that_is_wrong_is_named() -> None:
    """Of two with one name."""
    given: list[str] = ["f.mlir"]
    for name in ("one", "two"):
        Path(name).mkdir()
        blank = "\n" if name == "two" else ""
        text = blank + DEMO.replace("np.square", "np.squar").replace("demo", name)
        Path(name, "demo.py").write_text(text)
        given += ["--load", f"{name}/demo.py"]
    Path("f.mlir").write_text(FUNCTION.replace("demo.square", "one.square"))
    found = error(*given, "--run", "@f", "--input", "x.npy")
    assert found.startswith("error: cannot run @f: one/demo.py:8: the NumPy meaning of 'one.squar")


def test_a_rule_borrowed_from_the_package_is_the_op_s() -> None:
    rule = DEMO[DEMO.index("    def reverse") : DEMO.index("@decomposition")]
    borrowed = DEMO.replace(rule, "    reverse = AddOp.reverse\n\n\n")
    head = "from catgrad.dialects.tops.arithmetic import AddOp"
    Path("demo.py").write_text(f"{head}\n{borrowed}")
    found = error("in.mlir", "--load", "demo.py", "-p", "cat-differentiate")
    assert "failed: demo.py:9: the reverse rule of 'demo.square' " in found


@pytest.mark.parametrize("line", [EXIT, DEEP])
def test_no_exit_gets_out_of_what_reads(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = {EXIT: "SystemExit: 3", DEEP: "RecursionError: maximum "}[line]
    parse = f"    @classmethod\n    def parse(cls, parser):\n        {line}\n\n    def reverse"
    demo("    def reverse", parse)
    found = error("f.mlir", "--load", "demo.py")
    assert f"cannot parse what stands before: demo.py:17: {said}" in found
    assert main(["verify-rules", "demo.py"]) == 1
    assert capsys.readouterr().err.startswith(f"catgrad: error: demo.py:17: {said}")
