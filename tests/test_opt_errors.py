"""
catgrad-opt's errors: exit code 1, one message on stderr, no traceback and no file.
"""

import random
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from catgrad.dialects import cat
from catgrad.pipelines import PIPELINES, apply_pass
from catgrad.universe import CATGRAD_UNIVERSE
from tests.opt_command import FUNCTION, LAYER, SQUARE, error, run


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CATGRAD_TRACEBACK", raising=False)
    Path("in.mlir").write_text(SQUARE)


USAGE: list[tuple[list[str], str]] = [
    (
        ["-p", "cat-diferentiate"],
        "unknown pass 'cat-diferentiate'; did you mean 'cat-differentiate'?",
    ),
    (["-p", "lower-to-nunpy"], "unknown pass 'lower-to-nunpy'; did you mean 'lower-to-numpy'?"),
    (["-p", "zzzzzz"], "unknown pass 'zzzzzz'"),
    (["-p", "cse,,dce"], "cannot read the passes 'cse,,dce': Expected pass name here"),
    (["-p", 'cse{a="}'], "cannot read the passes 'cse{a=\"}': Unknown token"),
    (["-p", "cse{fast}"], "pass 'cse' has no option 'fast'; it takes none"),
    (
        ["-p", "tops-assign-slots{traget=numpy}"],
        "pass 'tops-assign-slots' has no option 'traget'; it takes target; did you mean 'target'?",
    ),
    (
        ["-p", "tops-assign-slots{target=3}"],
        "pass 'tops-assign-slots': Incompatible types: given (3,), expected <class 'str'>",
    ),
    (["-p"], "argument -p/--passes: expected one argument"),
    (["-t", "numpy,ggml"], "-t takes one target, got 'numpy,ggml'"),
    (["-t", ""], "-t takes one target, got ''"),
    (["--verify-eech"], "unrecognized arguments: --verify-eech; did you mean '--verify-each'?"),
    (["more.mlir"], "unrecognized arguments: more.mlir"),
    (["-f", "c"], "argument -f/--frontend: invalid choice: 'c' (choose from 'mlir')"),
    (["--input", "x.npy"], "--input and --output belong to --run @function"),
    (["--run", "@square", "-t", "numpy"], "--run prints results, not code: leave out -t"),
    (
        ["--run", "@square", "--output", "y.npy", "-o", "y"],
        "--output saves the results: leave out -o and --split-input-file",
    ),
    (["-o", "no/where.mlir"], "cannot write no/where.mlir: No such file or directory"),
    (["-o", "."], "cannot write .: Is a directory"),
    (["-o", "in.mlir/x"], "cannot write in.mlir/x: Not a directory"),
]


@pytest.mark.parametrize("args, message", USAGE, ids=lambda value: str(value)[:40])
def test_wrong_arguments(args: list[str], message: str) -> None:
    assert error("in.mlir", *args) == f"error: {message}\n"


def test_unknown_target_lists_the_targets() -> None:
    first, second = error("in.mlir", "-t", "numpi").splitlines()
    assert first == "error: unknown target 'numpi'; did you mean 'numpy'?"
    assert second.startswith("Available: ")
    assert {"ggml", "mlir", "numpy"} <= set(second.removeprefix("Available: ").split(", "))


def test_unreadable_files() -> None:
    Path("in.txt").touch()
    Path("latin.mlir").write_bytes(b"\n// caf\xe9\n")
    assert error("no.mlir") == "error: cannot read no.mlir: No such file or directory\n"
    assert error(".") == "error: cannot read .: Is a directory\n"
    assert error("latin.mlir") == "error: latin.mlir:2: not UTF-8 text\n"
    assert error("in.txt") == (
        "error: Unrecognized file extension 'txt'; say what it holds with -f mlir\n"
    )


# A line of @square, what to write there, and the message. The last line of most messages are marks.
MALFORMED: list[tuple[str, str, str]] = [
    (
        "tops.multiply",
        "tops.multipy",
        "in.mlir:2:8: Operation tops.multipy is not registered; did you mean 'tops.multiply'?\n"
        "  %y = tops.multipy %x, %x : tensor<2xf32>\n"
        "       ^^^^^^^^^^^^\n",
    ),
    (
        "tops.multiply",
        "top.multiply",
        "in.mlir:2:8: Operation top.multiply is not registered; there is no dialect 'top'; "
        "did you mean 'tops'?\n"
        "  %y = top.multiply %x, %x : tensor<2xf32>\n"
        "       ^^^^^^^^^^^^\n",
    ),
    (
        "%x, %x",
        "%x, %z",
        "in.mlir:2:26: values used but not defined: [%z]\n"
        "  %y = tops.multiply %x, %z : tensor<2xf32>\n"
        "                         ^^\n",
    ),
    (
        "%x : tensor<2xf32>",
        '"%x : tensor<2xf32>',
        "in.mlir:2:26: this string does not end, or holds an unknown escape\n"
        '  %y = tops.multiply %x, "%x : tensor<2xf32>\n'
        "                         ^^^^^^^^^^^^^^^^^^^\n",
    ),
    (
        "%x, %x : tensor<2xf32>",
        "%x, %x : tensor<3xf32>",
        "in.mlir:2:22: operand is used with type tensor<3xf32>, but has been previously used or "
        "defined with type tensor<2xf32>\n"
        "  %y = tops.multiply %x, %x : tensor<3xf32>\n"
        "                     ^^\n",
    ),
    (
        "%x, %x : tensor<2xf32>",
        "%x, %x : tensor<2xf16>",
        "in.mlir:2:22: operand is used with type tensor<2xf16>, but has been previously used or "
        "defined with type tensor<2xf32>\n"
        "  %y = tops.multiply %x, %x : tensor<2xf16>\n"
        "                     ^^\n",
    ),
    (
        "tops.multiply %x, %x :",
        "cat.call @sqare(%x) : (tensor<2xf32>) ->",
        "in.mlir:2:3: 'cat.call' refers to @sqare, which is not defined; did you mean 'square'?\n"
        "  in @square:\n"
        '  %y = "cat.call"(%x) <{callee = @sqare}> : (tensor<2xf32>) -> tensor<2xf32>\n',
    ),
    (
        "tops.multiply %x, %x :",
        "cat.call @square(%x) : (tensor<2xf32>) ->",
        "in.mlir:1:1: recursion between arrows: @square -> @square\n"
        '  "cat.arrow"() <{sym_name = "square", function_type = (tensor<2xf32>) -> '
        "tensor<2xf32>}> ({\n",
    ),
    (
        "tops.multiply %x, %x",
        "tops.multiply %x, %y",
        "in.mlir:2:3: operand 1 of 'tops.multiply' is used before its definition\n"
        "  in @square:\n"
        '  %y = "tops.multiply"(%x, %y) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>\n',
    ),
]


@pytest.mark.parametrize("old, new, message", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_ir(old: str, new: str, message: str) -> None:
    assert old in SQUARE
    Path("in.mlir").write_text(SQUARE.replace(old, new))
    assert error("in.mlir", "-o", "out.mlir") == f"error: {message}"
    assert not Path("out.mlir").exists()


def test_nesting_has_an_end() -> None:
    Path("in.mlir").write_text('"builtin.module"() ({\n' * 3000)
    assert re.fullmatch(
        r'error: in.mlir:\d+:\d+: the IR is nested too deeply\n"builtin.module"\(\) \(\{\n *\^\n',
        error("in.mlir"),
    )


def test_lines_are_counted_through_chunks() -> None:
    Path("in.mlir").write_text(SQUARE + "// -----\n" + SQUARE.replace("tops", "top"))
    assert error("in.mlir", "--split-input-file").startswith("error: in.mlir:7:8: Operation top.")


# Passes that fail


@dataclass(frozen=True)
class BreakPass(ModulePass):
    """Leaves a call of an arrow that is not there, or fails in another way."""

    name = "test-break"
    how: str = "call"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.how == "internal":
            raise KeyError("lost")
        if self.how == "refuse":
            raise PassFailedException("not today")
        (arrow,) = cat.arrows_of(op)
        call = cat.CallOp("lost", list(arrow.block.args), list(arrow.outputs))
        arrow.block.insert_ops_before([call], arrow.result)
        arrow.properties["sym_name"] = StringAttr("renamed")


BROKEN = "'cat.call' refers to @lost, which is not defined\n  in @renamed:\n  "


@pytest.fixture
def _breaking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATGRAD_UNIVERSE.all_passes, "test-break", lambda: BreakPass)


@pytest.mark.usefixtures("_breaking")
@pytest.mark.parametrize("flags", [[], ["--verify-each"]])
def test_the_pass_that_broke_the_module_is_named(flags: list[str]) -> None:
    start = f"error: pass 'test-break' broke the module: {BROKEN}"
    assert error("in.mlir", "-p", "cse,test-break,cat-simplify", *flags).startswith(start)
    assert error("in.mlir", "-p", "cse,test-break", *flags).startswith(start)
    # The pass after it fails, or would be the last one seen.
    assert error("in.mlir", "-p", "test-break,tops-verify-slots", *flags).startswith(start)


@pytest.mark.usefixtures("_breaking")
def test_a_pass_that_refuses_is_named() -> None:
    message = "error: pass 'test-break' failed: not today\n"
    assert error("in.mlir", "-p", "cse,test-break{how=refuse},dce") == message
    assert error("in.mlir", "-p", "tops-verify-slots").startswith(
        "error: pass 'tops-verify-slots' failed: "
    )


@pytest.mark.usefixtures("_breaking")
def test_an_internal_error_asks_for_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "__name__", "catgrad.test")  # as if it stood in the package
    monkeypatch.setattr(BreakPass, "__module__", "catgrad.test")
    message = (
        "error: internal error in pass 'test-break': KeyError: 'lost'\n"
        "Please report it with the output of CATGRAD_TRACEBACK=1.\n"
    )
    assert error("in.mlir", "-p", "test-break{how=internal}") == message
    monkeypatch.setenv("CATGRAD_TRACEBACK", "1")
    assert "Traceback" in error("in.mlir", "-p", "test-break{how=internal}")


@pytest.mark.usefixtures("_breaking")
def test_an_error_inside_a_pipeline_names_the_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PIPELINES, "lower-to-numpy", "cse,tops-verify-slots")
    module = ModuleOp([])
    with pytest.raises(PassFailedException, match=r"^pass 'tops-verify-slots' failed: "):
        apply_pass(CATGRAD_UNIVERSE.all_passes["lower-to-numpy"]()(), Context(), module)


# Damaged text


def _mutant(text: str, rng: random.Random) -> str:
    """The text with a token or a character removed, repeated or replaced, or cut short."""
    words = list(re.finditer(r'[%@#!]?[\w.]+|"[^"]*"|\S', text))
    first, second = rng.choice(words), rng.choice(words)
    at = rng.randrange(len(text))
    match rng.randrange(6):
        case 0:
            return text[: first.start()] + text[first.end() :]
        case 1:
            return text[: first.start()] + second[0] + text[first.end() :]
        case 2:
            return text[: first.end()] + " " + second[0] + text[first.end() :]
        case 3:
            return text[: first.start()]
        case 4:
            return text[:at] + rng.choice('%@#!<>(){}[]"-=:,.09xf \n\\/*?$\0é') + text[at + 1 :]
        case _:
            lines = text.splitlines()
            rng.shuffle(lines)
            return "\n".join(lines)


@pytest.mark.parametrize("text", [SQUARE, LAYER, FUNCTION], ids=["square", "layer", "function"])
def test_damaged_text_gives_one_message(text: str) -> None:
    rng = random.Random(0)
    failed = 0
    for _ in range(100):
        mutant = _mutant(text, rng)
        Path("in.mlir").write_text(mutant)
        code, _, err = run("in.mlir", "-p", "cse,cat-differentiate,cat-inline,canonicalize")
        assert code == (1 if err else 0), mutant
        assert not err or err.startswith("error: in.mlir:") or "error: pass '" in err, mutant
        assert "internal error" not in err, mutant
        failed += code
    assert failed > 50
