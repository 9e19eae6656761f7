"""What a file or an installed package adds from outside: each kind of thing, on each way in."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects import math
from xdsl.utils.exceptions import PassFailedException

import catgrad as cg
from catgrad import extending
from catgrad._attached import ATTACHED, attaching
from catgrad._errors import UsageError
from catgrad.cli import main
from catgrad.compiler import trace
from catgrad.extending import apply, decomposition, load
from catgrad.targets._outside import LOADED
from catgrad.targets._placement import find_target, target_names
from tests.c_programs import C99, ROOT
from tests.opt_command import error, opt

SOFT = ROOT / "tests" / "lit" / "opt" / "Inputs" / "soft.py"
TEXT = """\
func.func @f(%x : tensor<2xf32>) -> tensor<2xf32> {
  %y = soft.softsign %x : tensor<2xf32>
  func.return %y : tensor<2xf32>
}
"""
MODEL = """\
import catgrad as cg
from catgrad.extending import apply
from soft import SoftsignOp

f = cg.arrow(lambda x: apply(SoftsignOp, 3 * x))
parts = {"f": f.on(cg.f32[3]), "df": cg.grad(lambda x: cg.sum(f(x))).on(cg.f32[3])}
"""


def test_the_face_is_what_it_says() -> None:
    assert sorted(extending.__all__) == extending.__all__ == sorted(set(extending.__all__))
    assert all(hasattr(extending, name) for name in extending.__all__)


@pytest.mark.parametrize("target", ["numpy", "ggml"])
def test_a_model_with_an_op_of_ones_own(target: str, tmp_path: Path) -> None:
    """Traced, differentiated and compiled: printed where the target can, else decomposed."""
    (tmp_path / "soft.py").write_text(SOFT.read_text())
    (tmp_path / "model.py").write_text(MODEL)
    script = (
        "import numpy as np, catgrad as cg, model\n"
        f"net = cg.compile(model.parts, target={target!r}, name='soft').load()\n"
        "x = np.array([-2, 0, 0.5], np.float32)\n"
        "print(*net.f(x), *net.df(x))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    x = 3 * np.array([-2, 0, 0.5])
    expected = [*(x / (1 + abs(x))), *(3 / (1 + abs(x)) ** 2)]
    np.testing.assert_allclose(np.array(done.stdout.split(), float), expected, rtol=1e-6)


def test_a_package_brings_a_target(tmp_path: Path) -> None:
    """An entry point: plain xdsl-opt places and prints for its target, so does catgrad compile."""
    (tmp_path / "soft.py").write_text(SOFT.read_text())
    for path in C99.parent.glob("c99*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "both.py").write_text(
        "import soft, xdsl.universe\n"
        "from catgrad.extending import lower_to\n\n\n"
        "def target():\n    from c99 import C99Target\n\n    return C99Target\n\n\n"
        "UNIVERSE = xdsl.universe.Universe(\n"
        "    all_dialects={'soft': lambda: soft.Soft}, all_targets={'c99': target},\n"
        "    all_passes={'lower-to-c99': lower_to('c99')},\n)\n"
    )
    metadata = tmp_path / "both-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: both\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[xdsl.universe]\nboth = both:UNIVERSE\n")
    (tmp_path / "in.mlir").write_text(TEXT)
    model = ROOT / "examples" / "iris.py"
    texts: list[str] = []
    for command in (
        "xdsl.tools.xdsl_opt in.mlir -p lower-to-c99 -t c99",
        "catgrad.opt in.mlir -p lower-to-c99 -t c99",
        f"catgrad.cli compile {model} --target c99 -o iris.c",
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command.split()],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        texts.append(done.stdout)
    assert "abs_2[i0] = fabs(x[i0])" in texts[0].replace("abs[", "abs_2[")
    assert texts[0].strip() == texts[1].strip()
    assert "int iris_step(" in (tmp_path / "iris.c").read_text()


def test_what_was_loaded_is_known_while_it_lasts(tmp_path: Path) -> None:
    with attaching():
        load(C99)
        assert target_names() == ["c99", "ggml", "numpy"]
        assert find_target("c99").name == "c99"
    with pytest.raises(PassFailedException) as caught:
        find_target("c99")
    assert str(caught.value) == "no target 'c99' to place values for; known: ggml, numpy"
    (tmp_path / "in.mlir").write_text(TEXT)
    soft = ("--load", str(SOFT))
    assert opt(str(tmp_path / "in.mlir"), *soft) == opt(str(tmp_path / "in.mlir"), *soft)


def test_names_are_given_once(tmp_path: Path) -> None:
    twin = tmp_path / "twin.py"
    twin.write_text(PLAIN)
    with attaching(), pytest.raises(UsageError) as caught:
        load(twin, twin)
    assert target_names() == ["ggml", "numpy"]
    said = "already; rename this one, or use that one by its name"
    assert str(caught.value) == f"{twin}: there is a target 'my-plain' {said}"
    with attaching(), pytest.raises(UsageError) as caught:
        (tmp_path / "own.py").write_text(PLAIN.replace("my-plain", "ggml"))
        load(tmp_path / "own.py")
    assert str(caught.value) == f"{tmp_path / 'own.py'}: there is a target 'ggml' {said}"


PLAIN = """\
from dataclasses import dataclass
from xdsl.utils.target import Target


@dataclass(frozen=True)
class PlainTarget(Target):
    name = "my-plain"

    def emit(self, ctx, module, output):
        output.write("plain")
"""


def test_a_target_without_slots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints whatever it is given; what places values says what it lacks."""
    (tmp_path / "plain.py").write_text(PLAIN)
    (tmp_path / "in.mlir").write_text(TEXT.replace("soft.softsign", "tops.abs"))
    given = (str(tmp_path / "in.mlir"), "--load", str(tmp_path / "plain.py"))
    assert opt(*given, "-t", "my-plain") == "plain"
    lacks = (
        "target 'my-plain' does not say where values live: derive it from "
        "catgrad.extending.PlacedTarget"
    )
    for passes in ("tops-assign-slots{target=my-plain}", "lower-to-my-plain"):
        assert lacks in error(*given, "-p", passes)
    model = ["compile", str(ROOT / "examples" / "iris.py"), "--load", str(tmp_path / "plain.py")]
    assert main([*model, "--target", "my-plain", "-o", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == f"catgrad: error: {lacks}\n"
    assert "lower-to-my-plain" not in opt(*given[1:], "--list-passes")
    assert "\nmy-plain\n" in opt(*given[1:], "--list-targets")
    assert main([*model, "--target", "plain", "-o", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == (
        "catgrad: error: no target 'plain'; targets are ggml, numpy\n"
    )


def test_a_package_brings_a_target_without_slots(tmp_path: Path) -> None:
    """It is no target to lower to, and stands in nobody's way."""
    (tmp_path / "plain.py").write_text(f"{PLAIN}\n\n{UNIVERSE}")
    done = with_entry_point(tmp_path, "plain:UNIVERSE", "catgrad.opt", "--list-passes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "lower-to-my-plain" not in done.stdout
    words = ("compile", str(ROOT / "examples" / "iris.py"), "--target", "my-plin", "-o", "out")
    done = with_entry_point(tmp_path, "plain:UNIVERSE", "catgrad.cli", *words)
    assert done.stderr == "catgrad: error: no target 'my-plin'; targets are ggml, numpy\n"


UNIVERSE = """\
from xdsl.universe import Universe

UNIVERSE = Universe(all_targets={"my-plain": lambda: PlainTarget})
"""
BROKEN = {
    "1 / 0": "plain.py:1: ZeroDivisionError: division by zero",
    "UNIVERSE = 3": "got int, expected a Universe",
    "pass": "AttributeError: module 'plain' has no attribute 'UNIVERSE'",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_package_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text(text)
    (tmp_path / "in.mlir").write_text(TEXT.replace("soft.softsign", "tops.abs"))
    said = (
        "error: cannot load the entry point 'mine = plain:UNIVERSE' of package 'mine': "
        f"{BROKEN[text]}; mend or uninstall the package\n"
    )
    compiling = ("compile", str(ROOT / "examples" / "iris.py"), "-o", "out")
    for module, *words in (
        ("catgrad.opt", "in.mlir"),
        ("catgrad.cli", *compiling, "--target", "nmpy"),
        ("catgrad.cli", "verify-rules", "tops"),
        ("catgrad.cli", *compiling, "--load", "in.mlir"),
    ):
        done = with_entry_point(tmp_path, "plain:UNIVERSE", module, *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.removeprefix("catgrad: ") == said


def with_entry_point(
    folder: Path, value: str, module: str, *words: str
) -> subprocess.CompletedProcess[str]:
    """Run a module where a package `mine` with an entry point is installed."""
    metadata = folder / "mine-1.0.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[xdsl.universe]\nmine = {value}\n")
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )


NAMES = {'name = "my plain"': "got 'my plain'", "name = 3": "got 3", "pass": "it has none"}


@pytest.mark.parametrize("line", NAMES)
def test_names_are_names(line: str, tmp_path: Path) -> None:
    path = tmp_path / "plain.py"
    path.write_text(PLAIN.replace('name = "my-plain"', line))
    assert error("--load", str(path), "--list-targets") == (
        f"error: {path}: PlainTarget needs a name of letters, digits, - and _, as in "
        f'name = "mine"; {NAMES[line]}\n'
    )


def test_other_names_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "plain.py"
    twice = PLAIN + PLAIN.partition("\n\n\n")[2].replace("PlainTarget", "OtherTarget")
    path.write_text(twice)
    found = error("--load", str(path), "--list-targets")
    assert found == f"error: {path}: there are two targets 'my-plain'; rename one\n"
    path.write_text(f"{PLAIN}\n\n{UNIVERSE}".replace('{"my-plain"', '{"a b"'))
    found = error("--load", str(path), "--list-targets")
    assert found.startswith(f"error: {path}: a target of its Universe needs a name of letters")
    base = PLAIN.replace("PlainTarget", "Base").replace('    name = "my-plain"\n', "")
    path.write_text(f"{base}\n\nclass Derived(Base):\n    name = 'derived'\n")
    assert "\nderived\n" in opt("--load", str(path), "--list-targets")


DECOMPOSITION = """\
from xdsl.dialects import math
from catgrad.extending import decomposition


@decomposition(math.CosOp, target="ggml")
def cos(op, inputs, ops):
    return inputs[0].unary("cos")


@decomposition(math.CosOp, target="ggml-native")
def native(op, inputs, ops):
    return inputs[0].unary("sin")


@decomposition(math.TanOp, target="ggml")
def tan(op, inputs, ops):
    return inputs[0].unary("tanh")
"""


def test_decompositions_for_a_variant(tmp_path: Path) -> None:
    """The way for the variant comes before that for the target."""
    path, source = tmp_path / "own.py", tmp_path / "in.mlir"
    path.write_text(DECOMPOSITION)
    for op, target, made in (
        ("math.cos", "ggml", "tops.cos"),
        ("math.cos", "ggml-native", "tops.sin"),
        ("math.tan", "ggml-native", "tops.tanh"),
    ):
        source.write_text(TEXT.replace("soft.softsign", op))
        passes = f'tops-decompose{{target="{target}"}}'
        assert made in opt(str(source), "--load", str(path), "-p", passes)


def test_decompositions_for_no_target(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(DECOMPOSITION.replace('"ggml-native"', '"gmml"'))
    said = (
        f"{path}:10: 'math.cos' has a decomposition for target 'gmml': no target 'gmml' to place "
        "values for; known: ggml, numpy; did you mean 'ggml'?"
    )
    assert error("--load", str(path), "--list-targets") == f"error: {said}\n"
    path.write_text(f"{PLAIN}\n\n{path.read_text()}")
    attached, targets = [*ATTACHED], {**LOADED.all_targets}
    for _ in range(2):  # nothing of a refused file stays
        with pytest.raises(UsageError, match="no target 'gmml'"):
            load(path)
        assert attached == ATTACHED
        assert targets == LOADED.all_targets
    cosine = cg.arrow(partial(apply, math.CosOp))
    program = trace({"f": cosine.on(cg.f32[2])})
    with attaching():
        decomposition(math.CosOp, target="gmml")(lambda op, inputs, ops: inputs[0])
        with pytest.raises(PassFailedException, match="for target 'gmml': no target 'gmml' to "):
            program.ir("placed")


def test_decompositions_are_given_once() -> None:
    def other(op: object, inputs: extending.Arrays, ops: extending.Emitter) -> extending.Array:
        return inputs[0]

    def again(op: object, inputs: extending.Arrays, ops: extending.Emitter) -> extending.Array:
        return inputs[0]

    with attaching():
        decomposition(math.AtanOp)(other)
    decomposition(math.AtanOp)(other)  # what a command attached is gone
    decomposition(math.AtanOp, target="c99")(again)
    text = r"^'math.atan' has a decomposition already; there can be one$"
    with pytest.raises(ValueError, match=text):
        decomposition(math.AtanOp)(again)
    text = r"^'math.atan' has a decomposition for target 'c99' already; there can be one$"
    with pytest.raises(ValueError, match=text):
        decomposition(math.AtanOp, target="c99")(other)


def test_an_op_belongs_to_its_arrow() -> None:
    outer: list[cg.Array] = []

    def keep(x: cg.Array) -> cg.Array:
        outer.append(x)
        return apply(math.SinOp, x)

    traced = cg.arrow(keep).on(cg.f32[2])
    assert "math.sin" in trace({"f": traced}).ir("cat")

    def mixed(x: cg.Array) -> cg.Array:
        return apply(math.Atan2Op, x, outer[0])

    strange = cg.arrow(mixed).on(cg.f32[2])
    with pytest.raises(cg.TraceError) as caught:
        trace({"f": strange})
    assert "atan2: Array(f32[2]) belongs to another arrow; pass it as an input instead" in str(
        caught.value
    )


def test_rules_of_a_loaded_file_are_checked_with_others(capsys: pytest.CaptureFixture[str]) -> None:
    """A dialect by name, with the rules that a file attached to its ops; then they are gone."""
    assert main(["verify-rules", "math", "--load", str(SOFT)]) == 0
    assert "math.sin  ok         ok" in capsys.readouterr().out
    assert main(["verify-rules", "soft", "--load", str(SOFT)]) == 0
    assert "soft.softsign  ok         ok" in capsys.readouterr().out
    assert main(["verify-rules", "soft"]) == 1
