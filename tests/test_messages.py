"""The full text of messages that have no file of their own among the lit tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects import math
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException, InterpretationError

import catgrad as cg
from catgrad import cli, native
from catgrad._errors import CompileError
from catgrad.compiler import trace
from catgrad.dialects import cat
from catgrad.dialects.tops.unary import SinOp
from catgrad.interpreter import Interpreter
from catgrad.rules import rule
from catgrad.universe import CATGRAD_UNIVERSE
from tests.opt_command import FUNCTION, SQUARE, error, opt
from tests.programs import parse


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.mlir").write_text(SQUARE)
    Path("rows.mlir").write_text(FUNCTION)
    np.save("x.npy", np.ones(2, np.float32))
    np.save("r.npy", np.ones((2, 3), np.float32))
    np.save("k.npy", np.int32(7))


# catgrad-opt


def test_results_go_to_different_files() -> None:
    call = ["rows.mlir", "--run", "@rows", "--input", "r.npy", "k.npy"]
    assert error(*call, "--output", "a.npy", "./a.npy") == (
        "error: --output names one file twice\n"
    )


def test_a_fault_of_the_interpreter_asks_for_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[Any]:
        raise KeyError("lost")

    monkeypatch.setattr(Interpreter, "run", broken)
    monkeypatch.setitem(globals(), "__name__", "catgrad.test")  # as if it stood in the package
    assert error("in.mlir", "--run", "@square", "--input", "x.npy") == (
        "error: internal error in the run of @square: KeyError: 'lost'\n"
        "Please report it with the output of CATGRAD_TRACEBACK=1.\n"
    )


def test_a_file_that_may_not_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("out.mlir").write_text("before")

    def refused(path: object, mode: int) -> bool:
        return False

    monkeypatch.setattr(os, "access", refused)
    assert error("in.mlir", "-o", "out.mlir") == (
        "error: cannot write out.mlir: Permission denied\n"
    )
    assert Path("out.mlir").read_text() == "before"


@dataclass(frozen=True)
class SpoilPass(ModulePass):
    """Puts an op into the arrow that the interpreter does not know, or recurses without end."""

    name = "test-spoil"
    how: str = "op"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.how == "recursion":
            return self.apply(ctx, op)
        (arrow,) = cat.arrows_of(op)
        sine = math.SinOp(arrow.block.args[0])
        arrow.block.insert_ops_before([sine], arrow.result)


RECURSES = SpoilPass.apply.__code__.co_firstlineno + 2
SPOILT = {
    "op": "error: pass 'test-spoil': @square ran before it, now: the interpreter has no meaning "
    "for 'math.sin'\n",
    "recursion": f"error: pass 'test-spoil' failed: {__file__}:{RECURSES}: RecursionError: maximum "
    "recursion depth exceeded\n",
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_a_pass_does_wrong(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATGRAD_UNIVERSE.all_passes, "test-spoil", lambda: SpoilPass)
    found = error("in.mlir", "-p", f"test-spoil{{how={how}}}", "--check-semantics")
    assert found == SPOILT[how]


NOWHERE = """\
cat.arrow @nan(%x: tensor<2xf64>) -> tensor<2xf64> attributes {reverse = @back} {
  %0 = tops.square %x : tensor<2xf64>
  %1 = tops.negative %0 : tensor<2xf64>
  %y = tops.log %1 : tensor<2xf64>
  cat.return %y : tensor<2xf64>
}
cat.arrow @back(%x: tensor<2xf64>, %g: tensor<2xf64>) -> tensor<2xf64> {
  cat.return %g : tensor<2xf64>
}
"""


def test_a_rule_without_finite_results(capsys: pytest.CaptureFixture[str]) -> None:
    Path("nan.mlir").write_text(NOWHERE)
    assert cli.main(["verify-rules", "nan.mlir"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == (
        "@nan is not checked: no finite results for inputs in (-2.0, 2.0), (0.2, 0.9), (1.2, 2.8)"
    )
    assert err == "catgrad: error: 1 of 1 rules are not checked\n"


def test_an_op_has_one_rule() -> None:
    message = "^'tops.sin' has a reverse rule already; there can be one$"
    with pytest.raises(ValueError, match=message):
        rule(SinOp)(lambda inputs, outputs, cotangents, ops: cotangents)


# Passes and targets

LACKING = {
    "argmax %x, axis = 0 : i64 : (tensor<16777216xf32>) -> tensor<i32>": (
        "16777216xf32",
        "tops.argmax on f32 and i32, along 16777216 elements: less than 16777216 (@f)",
    ),
    "patches %x, dilation = [1, 1, 1], kernel = [2, 2, 2], padding_high = [0, 0, 0], "
    "padding_low = [0, 0, 0], stride = [1, 1, 1] : "
    "(tensor<3x3x3xf32>) -> tensor<2x2x2x2x2x2xf32>": (
        "3x3x3xf32",
        "tops.patches on f32, over 3 axes: at most 2 (@f)",
    ),
    "unpatches %x, dilation = [1, 1, 1], kernel = [2, 2, 2], padding_high = [0, 0, 0], "
    "padding_low = [0, 0, 0], stride = [1, 1, 1] : "
    "(tensor<2x2x2x2x2x2xf32>) -> tensor<3x3x3xf32>": (
        "2x2x2x2x2x2xf32",
        "tops.unpatches on f32, over 3 axes: at most 2 (@f)",
    ),
}


@pytest.mark.parametrize("line", LACKING, ids=lambda line: line.partition(" ")[0])
def test_what_a_target_lacks(line: str) -> None:
    shape, message = LACKING[line]
    Path("in.mlir").write_text(
        f"func.func @f(%x: tensor<{shape}>) {{\n  %y = tops.{line}\n  func.return\n}}\n"
    )
    found = error("in.mlir", "-p", 'tops-decompose{target="ggml-native"}')
    assert found == (
        "error: pass 'tops-decompose' failed: target 'ggml-native' has no ops for " + message + "\n"
    )


def test_an_unknown_target_to_place_values_for() -> None:
    found = error("in.mlir", "-p", "cat-to-tops,tops-assign-slots{target=numpi}")
    assert found == (
        "error: pass 'tops-assign-slots' failed: no target 'numpi' to place values for; known: "
        "ggml, numpy\n"
    )


def test_a_value_without_a_slot() -> None:
    placed = opt("in.mlir", "-p", "lower-to-ggml")
    start = placed.index(" {tops.slots")
    Path("in.mlir").write_text(placed[:start] + placed[placed.index("}", start) + 1 :])
    assert error("in.mlir", "-t", "ggml").splitlines()[0] == (
        "error: target 'ggml': %y in @square has no slot; run tops-assign-slots{target=ggml} first"
    )


def test_an_op_that_numpy_cannot_print() -> None:
    placed = opt("in.mlir", "-p", "lower-to-numpy")
    line = "    %z = math.sin %x : tensor<2xf32>\n    func.return"
    Path("in.mlir").write_text(placed.replace("    func.return", line))
    assert error("in.mlir", "-t", "numpy") == ("error: target 'numpy' cannot print 'math.sin'\n")


def test_ggml_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CMAKE_PREFIX_PATH", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", dict[str, object]().get)
    with pytest.raises(CompileError) as found:
        native.ggml_prefix()
    assert str(found.value) == (
        "the ggml target needs GGML to build a program: install ggml-python "
        "(the extra 'ggml' of this package) or set CMAKE_PREFIX_PATH"
    )


# Models and their values

WRONG: list[tuple[Callable[[cg.Array], object], str]] = [
    (lambda x: x.T, ".T needs a matrix, got Array(f32[2, 3, 4]); use permute_dims"),
    (lambda x: x[0, 0, 0, 0], "too many indices for Array(f32[2, 3, 4]): got 4"),
    (
        lambda x: cg.broadcast_to(x, (2, 3, 5)),
        "broadcast_to: shape (2, 3, 4) does not broadcast to (2, 3, 5)",
    ),
    (
        lambda x: (x > 0) + (x < 1),
        "add on a boolean array: use astype to count, logical_xor to add, logical_and to multiply",
    ),
    (
        lambda x: cg.matmul(x, cg.sum(x)),
        "matmul: got Array(f32[2, 3, 4]) and Array(f32[]); a scalar multiplies with *",
    ),
    (
        lambda x: x.astype(cg.i32) + 1.5,
        "add: got Array(i32[2, 3, 4]) and 1.5; accepts symbolic arrays and i32 numbers "
        "(cg.constant makes an array of numbers)",
    ),
]


@pytest.mark.parametrize("wrong, message", WRONG, ids=[text[:20] for _, text in WRONG])
def test_what_arrays_refuse(wrong: Callable[[cg.Array], object], message: str) -> None:
    with pytest.raises(DiagnosticException) as found:
        trace({"f": cg.arrow(wrong, inputs=1).on(cg.f32[2, 3, 4])})
    assert str(found.value).endswith(message), str(found.value)


def test_an_index_out_of_range() -> None:
    module = parse(
        "func.func @f(%x: tensor<2xf32>, %i: tensor<i32>) -> tensor<f32> {\n"
        "  %y = tops.take %x, %i, axis = 0 : i64 : (tensor<2xf32>, tensor<i32>) -> tensor<f32>\n"
        "  func.return %y : tensor<f32>\n}\n"
    )
    with pytest.raises(InterpretationError) as found:
        Interpreter(module).run("f", np.ones(2, np.float32), np.asarray(2, np.int32))
    assert str(found.value) == "'tops.take': got index 2, expected 0 <= index < 2"
