"""Files from outside that are no dialect, pass, target or rule: one message, no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from catgrad.cli import main
from tests.c_programs import ROOT
from tests.opt_command import SQUARE, error

HEAD = """\
from xdsl.dialects import math
from xdsl.ir import Dialect
from xdsl.irdl import irdl_op_definition, traits_def
from xdsl.passes import ModulePass
from xdsl.universe import Universe
from catgrad.extending import Numpy, PlacedTarget, Unary, decomposition, rule

class SquareOp(Unary):
    name = "demo.square"
    traits = traits_def(Numpy("np.square({0}, out={out})"))

@irdl_op_definition
class CubeOp(Unary):
    name = "demo.cube"
    traits = traits_def(Numpy("np.power({0}, 3, out={out})"))

"""
FILES = {
    "class E(BaseException): pass\nraise E": "mine.py:18: E: ",
    "Mine = Dialect('demo', 3)": "mine.py: Dialect 'demo' takes lists of ops and attributes",
    "Mine = Dialect('demo', [3])": (
        "mine.py: Dialect 'demo' has 3 among its ops, expected op classes"
    ),
    "CubeOp.infer = classmethod(lambda cls, types: 0)\nMine = Dialect('demo', [CubeOp])": (
        "mine.py: op 'demo.cube': infer is a class method of types, props and result: too many "
        "positional arguments"
    ),
    "Mine = Dialect('demo', [], [3])": "mine.py: Dialect 'demo' has 3 among its attributes",
    "class NoOp(Unary): pass\nMine = Dialect('demo', [NoOp])": (
        "mine.py: NoOp in Dialect 'demo' needs a name, as in name = \"demo.mine\""
    ),
    "CubeOp.name = 3\nMine = Dialect('demo', [CubeOp])": (
        "mine.py: CubeOp in Dialect 'demo' needs a name, as in name = \"demo.mine\""
    ),
    "class Mine(PlacedTarget):\n    name = 'mine'\n    has = 3\n    emit = print": (
        "mine.py: has of target 'mine' is a method, got 3"
    ),
    "Mine = Dialect('demo', [SquareOp])": (
        "mine.py: op 'demo.square' lacks the decorator irdl_op_definition"
    ),
    "Mine = Dialect('other', [CubeOp])": (
        "mine.py: op 'demo.cube' is in Dialect 'other'; call it 'other.cube'"
    ),
    "Mine = Dialect('demo', [CubeOp, CubeOp])": (
        "mine.py: there are two ops 'demo.cube'; rename one"
    ),
    "a, b = Dialect('demo', []), Dialect('demo', [])": (
        "mine.py: there are two dialects 'demo'; rename one"
    ),
    "Mine = Dialect('tops', [])": "mine.py: there is a dialect 'tops' already; "
    "rename this one, or use that one by its name",
    "CubeOp.traits = traits_def(3)\nMine = Dialect('demo', [CubeOp])": (
        "mine.py: op 'demo.cube' has 3 among its traits"
    ),
    "Mine = Universe(all_passes=3)": ("mine.py: all_passes of its Universe is 3, expected a dict"),
    "class Mine(ModulePass):\n    name = 'mine'": "mine.py: pass 'mine' (Mine) lacks apply",
    "class Mine(PlacedTarget):\n    name = 'mine'": "mine.py: target 'mine' (Mine) lacks emit",
    "class Mine(PlacedTarget):\n    name = 'mine'\n    passes = 3\n    emit = print": (
        "mine.py: passes of target 'mine' is a string, got 3"
    ),
    "rule('math.sin')(print)": (
        "mine.py:17: TypeError: rules are given to a class of ops, such as math.SinOp; "
        "got 'math.sin'"
    ),
    "rule(math.SinOp)(3)": (
        "mine.py:17: TypeError: a FunctionRule is written as a function, got 3"
    ),
    "rule(math.SinOp, meaning=3)(print)": (
        "mine.py:17: TypeError: the text of a Numpy is a string, got 3"
    ),
    "decomposition(math.SinOp, target=3)(print)": (
        "mine.py:17: TypeError: the target of a Decomposition is a string, got 3"
    ),
}


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.mlir").write_text(SQUARE)


@pytest.mark.parametrize("text", FILES)
def test_files(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(f"{HEAD}{text}\n")
    said = f"error: {FILES[text]}\n"
    for listing in ("--list-passes", "--list-ops", "--list-targets"):
        assert error("--load", "mine.py", listing) == said
    assert main(["verify-rules", "mine.py"]) == 1
    assert capsys.readouterr().err == f"catgrad: {said}"


USED = {
    "Mine = Universe(all_passes={'mine': 3})": (
        "mine.py: its Universe has 3 as pass 'mine', expected a function that gives a ModulePass"
    ),
    "Mine = Universe(all_passes={'mine': lambda: 1 / 0})": (
        "pass 'mine' failed: mine.py:17: ZeroDivisionError: division by zero"
    ),
    "class Mine(ModulePass):\n    name = 'mine'\n    def apply(self): pass": (
        "pass 'mine' failed: mine.py:17: TypeError: Mine.apply() takes 1 positional argument but 3 "
        "were given"
    ),
    "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Mine(ModulePass):\n"
    "    name = 'mine'\n    option: 'Strange' = 3\n    def apply(self, ctx, op): pass": (
        "pass 'mine': name 'Strange' is not defined"
    ),
}


@pytest.mark.parametrize("text", USED)
def test_passes_that_cannot_be_used(text: str) -> None:
    Path("mine.py").write_text(f"{HEAD}{text}\n")
    assert error("in.mlir", "--load", "mine.py", "-p", "mine") == f"error: {USED[text]}\n"


def test_targets_that_cannot_be_used(capsys: pytest.CaptureFixture[str]) -> None:
    target = "class Mine(PlacedTarget):\n    name = 'mine'\n    def emit(self): pass\n"
    Path("mine.py").write_text(HEAD + target)
    said = (
        "error: target 'mine' failed: mine.py:17: TypeError: Mine.emit() takes 1 positional "
        "argument but 4 were given\n"
    )
    command = ("in.mlir", "--load", "mine.py", "-p", "lower-to-mine", "-t", "mine")
    assert error(*command) == said
    model = ["compile", str(ROOT / "examples" / "iris.py"), "--load", "mine.py"]
    assert main([*model, "--target", "mine", "-o", "out"]) == 1
    assert capsys.readouterr().err == f"catgrad: {said}"


def test_examples_have_shapes(capsys: pytest.CaptureFixture[str]) -> None:
    text = "rule(math.SinOp, 'np.sin({0}, out={out})', '%y = math.sin %x : tensor<?xf64>')(print)"
    Path("mine.py").write_text(f"{HEAD}{text}\n")
    assert main(["verify-rules", "mine.py"]) == 1
    out, err = capsys.readouterr()
    assert "cannot read its example: needs static shapes, got tensor<?xf64>" in out
    assert err == "catgrad: error: 1 of 1 rules are not checked\n"


def test_an_op_without_a_meaning() -> None:
    Path("mine.py").write_text(f"{HEAD}CubeOp.traits = traits_def()\nX = Dialect('demo', [CubeOp])")
    function = SQUARE.replace("cat.arrow", "func.func").replace("cat.return", "func.return")
    Path("in.mlir").write_text(function.replace("tops.multiply %x, %x", "demo.cube %x"))
    found = error("in.mlir", "--load", "mine.py", "-p", "lower-to-numpy", "-t", "numpy")
    assert "'demo.cube' has no NumPy meaning: give it the trait Numpy" in found


def test_a_target_that_cannot_be_made() -> None:
    """With a field without a value, and through a `Universe` that has none."""
    target = "class Mine(PlacedTarget):\n    name = 'mine'\n    wide: int\n    emit = print\n"
    made = "from dataclasses import dataclass\n\n@dataclass(frozen=True)\n"
    Path("mine.py").write_text(f"{HEAD}{made}{target}")
    found = error("in.mlir", "--load", "mine.py", "-p", "lower-to-mine")
    assert "mine.py:19: target 'mine' cannot be made: Mine.__init__() missing 1 required" in found
    Path("mine.py").write_text(f"{HEAD}Mine = Universe(all_targets={{'mine': 3}})\n")
    found = error("in.mlir", "--load", "mine.py", "-p", "lower-to-mine")
    assert "target 'mine' cannot be loaded: mine.py: its Universe has 3 as target 'mine'" in found
