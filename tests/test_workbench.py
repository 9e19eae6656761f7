"""catgrad-opt as a workbench: its errors, what files from outside add, locations, semantics."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

import catgrad as cg
from catgrad import cli, nn
from catgrad.dialects import cat, tops
from catgrad.dialects.tops.unary import SinOp
from catgrad.driver import verify_rules
from catgrad.driver.semantics import difference
from catgrad.rules import attach, rule
from catgrad.universe import CATGRAD_UNIVERSE
from tests.opt_command import SQUARE, error, opt, run

ROOT = Path(__file__).parent.parent
SOFT = ROOT / "tests" / "lit" / "opt" / "Inputs" / "soft.py"


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.mlir").write_text(SQUARE)
    Path("broken.py").write_text("x = 1\ny = (\n")
    Path("fails.py").write_text("x = 1\n\ny = 1 / 0\n")
    taken = SOFT.read_text().replace('"soft-lower"', '"cse"').replace("@rule", "# @rule")
    Path("taken.py").write_text(taken)


USAGE: list[tuple[list[str], str]] = [
    (
        ["--pass-pipeline", "cse"],
        "cannot read the pass pipeline 'cse': expected builtin.module(PASS,PASS,...); passes of "
        "this compiler apply to whole modules",
    ),
    (
        ["--pass-pipeline", "func.func(cse)"],
        "cannot read the pass pipeline 'func.func(cse)': expected builtin.module(PASS,PASS,...); "
        "passes of this compiler apply to whole modules",
    ),
    (["--pass-pipeline", "builtin.module(csee)"], "unknown pass 'csee'; did you mean 'cse'?"),
    (
        ["-p", "cse", "--pass-pipeline", "builtin.module(cse)"],
        "give one of -p, --pass-pipeline and --run-reproducer",
    ),
    (
        ["--print-ir-before", "dce", "-p", "cse"],
        "--print-ir-before: no pass 'dce' is about to run; did you mean 'cse'?",
    ),
    (["--dump-dir", "in.mlir"], "cannot write in.mlir: File exists"),
    (
        ["--reduce", "true", "-p", "cse"],
        "--reduce shrinks one module as it is: leave out passes and splitting",
    ),
    (
        ["--load", "no.py"],
        "no file 'no.py'; give a Python file that defines dialects, passes, targets or rules",
    ),
    (["--load", "broken.py"], "broken.py:2: SyntaxError: '(' was never closed"),
    (["--load", "fails.py"], "fails.py:3: ZeroDivisionError: division by zero"),
    (
        ["--load", "taken.py"],
        "taken.py: there is a pass 'cse' already; rename this one, or use that one by its name",
    ),
    (
        ["-p", "tops-verify-slots", "--crash-reproducer", "no/r.mlir"],
        "cannot write no/r.mlir: No such file or directory",
    ),
    (["--seed", "x"], "argument --seed: invalid int value: 'x'"),
]


@pytest.mark.parametrize("args, message", USAGE, ids=lambda value: str(value)[:40])
def test_wrong_arguments(args: list[str], message: str) -> None:
    assert error("in.mlir", *args) == f"error: {message}\n"


EXPECTATIONS = [
    (
        "// expected-error {x}",
        "in.mlir:6: cannot read this comment; expected // expected-error@+1 {{text}} (there are "
        "no warnings, notes and remarks)",
    ),
    (
        "// expected-warning {{x}}",
        "in.mlir:6: cannot read this comment; expected // expected-error@+1 {{text}} (there are "
        "no warnings, notes and remarks)",
    ),
    (
        "// expected-error-re {{(}}",
        "in.mlir:6: no regular expression: missing ), unterminated subpattern at position 0",
    ),
    (
        "// expected-error@-4 {{x}}",
        "in.mlir:6: expected error in line 2 did not come: x",
    ),
    (
        "// expected-error@unknown {{x}} expected-error@below {{y}}",
        "in.mlir:6: expected error without a place did not come: x\n"
        "in.mlir:6: expected error in line 7 did not come: y",
    ),
]


@pytest.mark.parametrize("comment, message", EXPECTATIONS, ids=lambda value: str(value)[:40])
def test_expected_errors_that_do_not_come(comment: str, message: str) -> None:
    Path("in.mlir").write_text(f"{SQUARE}\n{comment}\n")
    assert error("in.mlir", "--verify-diagnostics") == f"error: {message}\n"


# Files from outside


def test_a_universe_is_known_to_xdsl_opt(tmp_path: Path) -> None:
    """An entry point makes dialect, pass and rule known to both drivers, from any folder."""
    environment = installed(tmp_path)
    Path("in.mlir").write_text(
        "func.func @f(%x : tensor<2xf32>) -> tensor<2xf32> {\n"
        "  %y = soft.softsign %x : tensor<2xf32>\n  %z = math.sin %y : tensor<2xf32>\n"
        "  func.return %z : tensor<2xf32>\n}\n"
    )
    Path("sine.mlir").write_text(SINE)
    lowered, derived = (
        [
            process(environment, module, file, "-p", passes)
            for module in ("xdsl.tools.xdsl_opt", "catgrad.opt")
        ]
        for file, passes in (("in.mlir", "soft-lower"), ("sine.mlir", "cat-differentiate"))
    )
    assert lowered[0] == lowered[1]
    assert "tops.sin" in lowered[0]
    assert "math.sin" not in lowered[0]
    assert derived[0] == derived[1]
    assert "tops.cos" in derived[0]


SINE = """\
cat.arrow @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = math.sin %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @g(%x: tensor<2xf32>, %s: tensor<2xf32>) -> tensor<2xf32> {
  %y, %dx = cat.reverse @f(%x)(%s) : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %dx : tensor<2xf32>
}
"""


def process(environment: dict[str, str], module: str, *args: str) -> str:
    """What a module prints that is run as a program; it must not fail."""
    done = subprocess.run(
        [sys.executable, "-m", module, *args],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def installed(folder: Path) -> dict[str, str]:
    """An environment in which the package `soft` is installed, with an entry point."""
    (folder / "soft.py").write_text(SOFT.read_text())
    metadata = folder / "soft-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: soft\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[xdsl.universe]\nsoft = soft:UNIVERSE\n")
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def test_rules_are_attached_to_one_op_and_once() -> None:
    with pytest.raises(ValueError, match=r"^'tops.sin' has a reverse rule already; there can be "):
        rule(SinOp)(lambda inputs, outputs, cotangents, ops: cotangents)

    class Base(SinOp):
        name = "test.base"

    class Other(Base):
        name = "test.other"

    before = SinOp.traits.traits
    attach(Other, next(iter(cat.CopyOp.traits.traits)))
    assert SinOp.traits.traits == before
    assert len(Other.traits.traits) >= len(before)


def test_verify_rules_takes_files_and_dialects(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify-rules", "topps"]) == 1
    assert capsys.readouterr().err == (
        "catgrad: error: verify-rules takes a file (.py, .mlir) or a dialect, got 'topps'; "
        "did you mean 'tops'?\n"
    )
    assert cli.main(["verify-rules", "no.mlir"]) == 1
    assert capsys.readouterr().err == (
        "catgrad: error: cannot read no.mlir: No such file or directory\n"
    )
    assert cli.main(["verify-rules", "tops"]) == 0
    table = capsys.readouterr().out
    assert sum(line.count("ok") == 9 for line in table.splitlines()) > 40
    assert "tops.logical_and: no floating inputs, nothing to check" in table
    assert all(f"{op.name} " in table for op in tops.OPS)


def test_a_wrong_rule_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    """The file runs, its table names the rule and a counterexample."""
    wrong = SOFT.read_text().replace("[cotangents[0] / (scale * scale)]", "[cotangents[0] / scale]")
    Path("wrong.py").write_text(re.sub(r"^@(rule|decomposition)\(math", "# ", wrong, flags=re.M))
    assert cli.main(["verify-rules", "wrong.py"]) == 1
    out, err = capsys.readouterr()
    assert f"soft.softsign  WRONG      {'ok         ' * 7}ok\n" in out
    assert "soft.softsign, order 1: the cotangent of input 0 at [0, 0] is" in out
    assert err == "catgrad: error: 1 of 2 rules are wrong\n"


MOODY = """
from xdsl.dialects import math
from catgrad.rules import rule

USES = []

@rule(math.SinOp, "np.sin({0}, out={out})", "%y = math.sin %x : tensor<2xf64>")
def sin(inputs, outputs, cotangents, ops):
    USES.append(1)
    return [cotangents[0] * inputs[0].unary("cos") * (1 + len(USES))]
"""


def test_a_rule_with_a_memory_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    """It is another one each time it is used: laws about several uses do not hold for it."""
    Path("moody.py").write_text(MOODY)
    assert cli.main(["verify-rules", "moody.py"]) == 1
    out, err = capsys.readouterr()
    assert words_of(out, "math.sin") == {"order 1", "sums", "projects", "pairs", "chains"}
    assert "math.sin, sums: the cotangent of input 0 at [0] in R[f + f] is " in out
    assert "math.sin, projects: the cotangent of input 1 at [0] in R[(y, x) -> f(x)] is " in out
    assert "math.sin, pairs: the cotangent of input 0 at [0] in R[x -> (f(x), f(x))] is " in out
    assert "math.sin, chains: the cotangent of input 0 at [0] in R[x -> f(x) * f(x)] is " in out
    assert err == "catgrad: error: 1 of 1 rules are wrong\n"


TWISTED = """
cat.arrow @sine(%x: tensor<2xf64>) -> tensor<2xf64> attributes {reverse = @back} {
  %y = tops.sin %x : tensor<2xf64>
  cat.return %y : tensor<2xf64>
}
cat.arrow @back(%x: tensor<2xf64>, %g: tensor<2xf64>) -> tensor<2xf64> {
  %c = cat.call @cosine(%x) : (tensor<2xf64>) -> tensor<2xf64>
  %y = tops.multiply %c, %g : tensor<2xf64>
  cat.return %y : tensor<2xf64>
}
cat.arrow @cosine(%x: tensor<2xf64>) -> tensor<2xf64> attributes {reverse = @unsigned} {
  %y = tops.cos %x : tensor<2xf64>
  cat.return %y : tensor<2xf64>
}
cat.arrow @unsigned(%x: tensor<2xf64>, %g: tensor<2xf64>) -> tensor<2xf64> {
  %s = tops.sin %x : tensor<2xf64>
  %y = tops.multiply %s, %g : tensor<2xf64>
  cat.return %y : tensor<2xf64>
}
cat.arrow @pair(%a: tensor<f64>, %b: tensor<f64>) -> tensor<f64> attributes {reverse = @half} {
  %y = tops.multiply %a, %b : tensor<f64>
  cat.return %y : tensor<f64>
}
cat.arrow @half(%a: tensor<f64>, %b: tensor<f64>, %g: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
  %y = tops.multiply %b, %g : tensor<f64>
  %z = cat.zero : tensor<f64>
  cat.return %y, %z : tensor<f64>, tensor<f64>
}
"""


def words_of(table: str, rule: str) -> set[str]:
    """The checks that say WRONG of a rule."""
    lines = table.splitlines()
    row = next(line for line in lines if line.startswith(f"{rule} "))
    places = [(name, lines[0].index(name)) for name in verify_rules.CHECKS]
    return {name for name, at in places if row[at:].startswith("WRONG")}


def test_higher_derivatives_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    """A rule that is right, made of one that is not; one that is not symmetric."""
    Path("twisted.mlir").write_text(TWISTED)
    assert cli.main(["verify-rules", "twisted.mlir"]) == 1
    out, err = capsys.readouterr()
    assert words_of(out, "@sine") == {"order 2"}
    assert words_of(out, "@cosine") == {"order 1"}
    assert words_of(out, "@pair") == {"order 1", "symmetric"}
    assert "@sine, order 2: the inner product is " in out
    assert "@pair, symmetric: the second derivative along (u, v) is " in out
    assert err == "catgrad: error: 3 of 3 rules are wrong\n"


# Locations


def test_ops_know_the_line_that_made_them() -> None:
    def f(x: cg.Array) -> cg.Array:
        return cg.sin(x)  # the line

    layer = nn.dense(3)  # the layer
    lines = Path(__file__).read_text().splitlines()
    made = {
        word: i
        for i, line in enumerate(lines, 1)
        for word in ("line", "layer")
        if line.endswith(f"  # the {word}")
    }
    program = cg.compile({"f": (cg.arrow(f) >> layer).on(cg.f32[2, 4])})
    assert "loc(" not in program.ir("cat") + program.source
    text = program.ir("tops", locations=True)
    assert f'tops.sin %x : tensor<2x4xf32> loc("{__file__}":{made["line"]}:0)' in text
    assert f'-> tensor<2x3xf32> loc("{__file__}":{made["layer"]}:0)' in text


def test_a_pass_error_names_the_line_of_the_op() -> None:
    placed = opt("in.mlir", "-p", "lower-to-numpy")
    Path("in.mlir").write_text(placed.replace("[#tops.slot<scratch", "[#tops.slot<constant"))
    assert "\n  at in.mlir:3:5, in @square:\n" in error("in.mlir", "-p", "tops-verify-slots")


# Semantics


@pytest.mark.parametrize(
    "a, b, at",
    [
        ([1.0, 2.0], [1.0, 2.0001], None),
        ([1.0, 2.0], [1.0, 2.001], (1,)),
        ([1e6, 1.0], [1e6, 2.0], None),
        ([np.nan, np.inf], [np.nan, np.inf], None),
        ([np.inf, 1.0], [-np.inf, 1.0], (0,)),
        ([np.nan, 1.0], [1.0, 1.0], (0,)),
        ([], [], None),
    ],
)
def test_floats_are_compared_relative_to_the_largest(
    a: list[float], b: list[float], at: tuple[int, ...] | None
) -> None:
    assert difference(np.array(a, np.float32), np.array(b, np.float32)) == at


def test_integers_are_compared_exactly() -> None:
    assert difference(np.array([2**30]), np.array([2**30 + 1])) == (0,)
    assert difference(np.array([True, False]), np.array([True, True])) == (1,)


@dataclass(frozen=True)
class ChangePass(ModulePass):
    """Removes or renames the arrow, or gives it another result."""

    name = "test-change"
    how: str = "remove"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        (arrow,) = cat.arrows_of(op)
        last: Operation = arrow.result
        match self.how:
            case "remove":
                arrow.detach()
            case "results":
                last.operands = []
                arrow.function_type = type(arrow.function_type).from_lists(arrow.inputs, [])
            case _:
                last.operands = [arrow.block.args[0]]


CHANGES = {
    "remove": "pass 'test-change' removed the public function @square\n",
    "results": "pass 'test-change' changed the results of @square from float32[2] to none\n",
    "value": "pass 'test-change' changed the meaning of @square: result 0 at [0] was 0.0158",
}


@pytest.mark.parametrize("how", CHANGES)
def test_a_pass_that_changes_the_meaning_is_caught(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CATGRAD_UNIVERSE.all_passes, "test-change", lambda: ChangePass)
    passes = f"cse,test-change{{how={how}}}"
    assert run("in.mlir", "-p", passes)[0] == 0
    assert error("in.mlir", "-p", passes, "--check-semantics").startswith(f"error: {CHANGES[how]}")
