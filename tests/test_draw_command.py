"""catgrad draw, the command: the files that it writes, and its errors."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from catgrad import cli
from tests.imports import ROOT
from tests.test_draw import EXAMPLES, TINY

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)

    def run_words(*words: str) -> tuple[int, str, str]:
        code = cli.main(words)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run_words


def texts(path: Path) -> list[str]:
    """The texts of an SVG, tooltips included; it holds nothing that runs or is fetched."""
    root = ElementTree.parse(path).getroot()
    tags = {element.tag.partition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "g", "title", "text", "rect", "path", "polygon", "polyline", "ellipse"}
    for element in root.iter():
        assert not [name for name in element.attrib if "href" in name or name.startswith("on")]
    return [e.text for e in root.iter() if e.text and e.text.strip()]


def test_the_files(run: Run) -> None:
    assert run("draw", str(EXAMPLES / "iris.py"), "-o", "iris.svg") == (0, "", "")
    found = texts(Path("iris.svg"))
    assert {"objective.forward", "objective.reverse", "dense1", "dense2", "weight", "sgd"} <= set(
        found
    )
    assert run("draw", str(EXAMPLES / "iris.py"), "-o", "iris.png") == (0, "", "")
    assert Path("iris.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    words = ("draw", str(EXAMPLES / "iris.py"), "--level", "placed", "--target", "ggml")
    assert run(*words, "-o", "map.svg") == (0, "", "")
    assert {"Scratch memory of @step", "dense1.weight", "sigmoid"} <= set(texts(Path("map.svg")))
    assert run(*words, "-o", "map.png") == (0, "", "")
    assert Path("map.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_text_is_taken_as_it_is(run: Run) -> None:
    Path("f.mlir").write_text(TINY)
    assert run("draw", "f.mlir", "-o", "f.svg") == (0, "", "")
    assert {"x", "subtract", "multiply", "w", "y"} <= set(texts(Path("f.svg")))
    assert run("draw", "f.mlir", "--stage", "differentiated", "-o", "d.svg") == (0, "", "")
    assert {"f.forward", "f.reverse", "d w", "d_x", "d_y"} <= set(texts(Path("d.svg")))
    assert run("draw", "f.mlir", "--level", "placed", "-o", "m.svg") == (0, "", "")
    assert "Scratch memory of @f" in texts(Path("m.svg"))


def test_the_pictures_of_the_documentation() -> None:
    """`make docs` draws them; they are whole, small, and shown."""
    root = ROOT.parent
    drawn = re.findall(r"-o docs/(pictures/\w+\.svg)", (root / "Makefile").read_text())
    shown = (root / "README.md").read_text() + (root / "docs" / "design.md").read_text()
    assert sorted(f"pictures/{p.name}" for p in (root / "docs/pictures").iterdir()) == sorted(drawn)
    for name in drawn:
        assert f"{name})" in shown
        path = root / "docs" / name
        assert path.stat().st_size < 150_000
        assert len(texts(path)) > 50


def test_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    found: set[tuple[bytes, bytes]] = set()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        files = tmp_path / f"a{seed}.svg", tmp_path / f"b{seed}.svg"
        for path, level in zip(files, ("cat", "placed"), strict=True):
            words = ["draw", str(EXAMPLES / "iris.py"), "--level", level, "-o", str(path)]
            subprocess.run(
                [sys.executable, "-m", "catgrad.cli", *words], env=environment, check=True
            )
        found.add((files[0].read_bytes(), files[1].read_bytes()))
    assert len(found) == 1


HOSTILE = r"""
cat.arrow private @"</script><b>" (%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.sin %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @"step\"&<i>" (
    %w: tensor<2xf32> {tops.name = "a\"<script>alert(1)</script>&\\N\\G\01\09]]>",
                       tops.role = "parameter"},
    %x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.multiply %x, %w : tensor<2xf32>
  %z = cat.call @"</script><b>" (%y) {scope = "<svg onload=alert(1)>\\l--!>"}
    : (tensor<2xf32>) -> tensor<2xf32>
  cat.return %z : tensor<2xf32>
}
"""


def test_names_are_escaped(run: Run) -> None:
    Path("f.mlir").write_text(HOSTILE)
    assert run("draw", "f.mlir", "-o", "f.svg") == (0, "", "")
    name = 'a"<script>alert(1)</script>&\\N\\G\ufffd\ufffd]]>'
    assert {name, "<svg onload=alert(1)>\\l--!>", "@</script><b>"} <= set(texts(Path("f.svg")))
    assert run("draw", "f.mlir", "--stage", "differentiated", "-o", "d.svg") == (0, "", "")
    assert 'step"&<i>.forward' in texts(Path("d.svg"))
    for form in ("svg", "png"):
        assert run("draw", "f.mlir", "--level", "placed", "-o", f"m.{form}") == (0, "", "")
    assert 'Scratch memory of @step"&<i>' in texts(Path("m.svg"))
    assert f"{name}: 8 bytes" in texts(Path("m.svg"))


NAMELESS = """
cat.arrow private @"" (%w: tensor<2xf32> {tops.name = "", tops.role = "parameter"},
                       %x: tensor<2xf32>) -> tensor<2xf32> {
  %y = tops.multiply %w, %x : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
cat.arrow @g(%w: tensor<2xf32> {tops.name = " ", tops.role = "parameter"}, %x: tensor<2xf32>)
    -> tensor<2xf32> {
  %z = cat.call @"" (%w, %x) {scope = ""} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  cat.return %z : tensor<2xf32>
}
"""


@pytest.mark.parametrize("stage", ["traced", "differentiated"])
def test_what_has_no_name_is_drawn(run: Run, stage: str) -> None:
    Path("f.mlir").write_text(NAMELESS)
    for arrow in ("@", "g"):
        words = ("draw", "f.mlir", "--arrow", arrow, "--stage", stage, "--depth", "0")
        assert run(*words, "-o", "f.svg") == (0, "", "")
        assert "x" in texts(Path("f.svg"))


# -- errors --------------------------------------------------------------------------------------
MODEL = """\
import catgrad as cg
from catgrad import losses, nn, optimizers

parts = cg.training(
    nn.dense(3),
    inputs=cg.f32[4, 2],
    targets=cg.f32[4, 3],
    loss=losses.mse,
    optimizer=optimizers.sgd(0.1),
)
"""


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("model.py -o x.pdf", "cannot draw x.pdf: a picture ends in .svg or .png; name it so"),
        ("model.py -o x", "cannot draw x: a picture ends in .svg or .png; name it so"),
        (
            "model.py",
            "the following arguments are required: -o/--output; see catgrad draw --help",
        ),
        (
            "model.py -o x.svg --level plaecd",
            "no level 'plaecd' to draw; levels are cat, placed; did you mean 'placed'?",
        ),
        (
            "model.py -o x.svg --stage trace",
            "no stage 'trace'; stages are traced, differentiated; did you mean 'traced'?",
        ),
        (
            "model.py -o x.svg --arrow stp",
            "model.py has no arrow @stp; it has @dense, @mse, @objective, @sgd, @sgd.1, @step, "
            "@loss, @predict, @init; did you mean 'step'?",
        ),
        (
            "model.py -o x.svg --level placed --arrow @stp",
            "model.py has no function @stp; it has @step, @loss, @predict, @init; did you mean "
            "'step'?",
        ),
        (
            "model.py -o x.svg --target numpy",
            "--target is for --level placed; leave it out of --level cat",
        ),
        (
            "model.py -o x.svg --level placed --stage traced",
            "--stage is for --level cat; leave it out of --level placed",
        ),
        (
            "model.py -o x.svg --level placed --depth 1",
            "--depth is for --level cat; leave it out of --level placed",
        ),
        (
            "model.py -o x.svg --depth=-1",
            "--depth is the number of levels that are opened, 0 or more, got -1",
        ),
        (
            "model.py -o x.svg --depth two",
            "argument --depth: invalid int value: 'two'; see catgrad draw --help",
        ),
        (
            "model.py -o x.svg --level placed --target nmpy",
            "no target 'nmpy'; targets are ggml, numpy; did you mean 'numpy'?",
        ),
        (
            "tops.mlir -o x.svg --level placed --target nmpy",
            "no target 'nmpy'; targets are ggml, numpy; did you mean 'numpy'?",
        ),
        (
            "tops.mlir -o x.svg --level placed --kernels native",
            "target 'numpy' has no kernels to choose; leave out kernels",
        ),
        (
            "model.py -o no/x.svg",
            "cannot write no/x.svg: No such file or directory; check the path and its rights",
        ),
        ("no.py -o x.svg", "no file 'no.py'; give a Python file that defines `parts`"),
        ("no.mlir -o x.svg", "cannot read no.mlir: No such file or directory"),
        (
            "tops.mlir -o x.svg",
            "tops.mlir has no cat.arrow; expected IR at the level cat, before cat-to-tops",
        ),
        (
            "empty.mlir -o x.svg --level placed",
            "empty.mlir has no public function; expected arrows that are not private, "
            "or functions of tensor ops",
        ),
        (
            "bad.mlir -o x.svg",
            "bad.mlir:1:3: Operation tops.sni is not registered; did you mean 'tops.sin'?",
        ),
    ],
)
def test_errors(run: Run, words: str, text: str) -> None:
    Path("model.py").write_text(MODEL)
    Path("empty.mlir").write_text("")
    Path("bad.mlir").write_text("  tops.sni\n")
    Path("tops.mlir").write_text(
        "func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {\n  func.return %x : tensor<2xf32>\n}\n"
    )
    code, out, err = run("draw", *words.split())
    assert (code, out) == (1, "")
    assert err.split("\n  tops.sni")[0].rstrip("\n") == f"catgrad: error: {text}"
    assert not list(Path.cwd().glob("x*"))


def test_graphviz_is_missing_or_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("f.mlir").write_text(TINY)
    monkeypatch.setenv("PATH", str(Path.cwd()))
    text = (
        "catgrad: error: no program '{}', which draws the picture; install Graphviz "
        "(Debian: apt-get install graphviz)\n"
    )
    assert run("draw", "f.mlir", "-o", "f.svg") == (1, "", text.format("dot"))
    words = ("draw", "f.mlir", "--level", "placed", "-o")
    assert run(*words, "m.png") == (1, "", text.format("neato"))
    assert run(*words, "m.svg") == (0, "", "")
    dot = Path("dot")
    for said, shown in (
        ("Warning: slow\nError: no plugin\nError: no more\nin label of b1", "Error: no plugin"),
        ("stopped\nas asked", "stopped"),
        ("", "it said nothing"),
    ):
        dot.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 3\n")
        dot.chmod(0o755)
        failed = f"catgrad: error: 'dot' failed with exit code 3: {shown}\n"
        assert run("draw", "f.mlir", "-o", "f.svg") == (1, "", failed)
        assert not Path("f.svg").exists()
