"""catgrad draw: what stands in the pictures is what stands in the IR."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.utils.exceptions import DiagnosticException, ParseError

from catgrad import cli
from catgrad.dialects import cat
from catgrad.dialects._checks import symbol_table
from catgrad.dialects.tops.creation import FullOp
from catgrad.driver.checking import check
from catgrad.pictures.diagram import Box, Diagram
from catgrad.pictures.dot_text import dot_text
from catgrad.pictures.graphviz import clean, render
from catgrad.pictures.lives import Lives, drawn_lives, functions_in, number
from catgrad.pictures.memory_map import memory_map
from catgrad.pictures.scene import Rect, Text
from catgrad.pictures.subject import STAGES, find_arrow, read_module, subject_of
from catgrad.targets._placement import find_target
from tests.imports import ROOT
from tests.programs import context, parse

EXAMPLES = ROOT.parent / "examples"
ALL_EXAMPLES = sorted(p.stem for p in EXAMPLES.glob("*.py") if "\nparts = " in p.read_text())

TINY = """
cat.arrow @f(%w: tensor<2xf32> {tops.name = "w", tops.role = "parameter"}, %x: tensor<2xf32>)
    -> tensor<2xf32> {
  %two = tops.full value = 2.000000e+00 : f32 : tensor<2xf32>
  %a, %b = cat.copy %x, 2 : tensor<2xf32>
  %c = tops.subtract %a, %two : tensor<2xf32>
  %d = tops.multiply %w, %b : tensor<2xf32>
  %y = cat.add %c, %d : tensor<2xf32>
  cat.return %y : tensor<2xf32>
}
"""


def one_block(folder: Path) -> Path:
    """examples/chargpt.py with one layer."""
    text = (EXAMPLES / "chargpt.py").read_text()
    small = text.replace("= 12, 64, 128, 4, 4, 103", "= 12, 64, 128, 4, 1, 103")
    assert small != text
    path = folder / "one_block.py"
    path.write_text(small)
    return path


def drawn(path: Path, arrow: str | None = None, stage: str | None = None) -> Diagram:
    ctx, module = read_module(path, "numpy", None)
    return subject_of(ctx, module, find_arrow(module, arrow, path.name), stage).diagram(None)


def drawn_text(text: str, depth: int | None = None) -> Diagram:
    module = parse(text)
    return subject_of(context(), module, find_arrow(module, None, "text"), "traced").diagram(depth)


# -- diagrams ----------------------------------------------------------------------------------
def test_the_text_of_a_small_diagram() -> None:
    """A literal and a parameter are tags, a copy is a dot, the operands are in order."""
    lines = dot_text(drawn_text(TINY)).splitlines()
    labels = [found[1] for line in lines if (found := re.search(r"b\d \[label=(.*?), \w+=", line))]
    assert [re.sub(r'<[^<>]*>|[<>"]', " ", label).split() for label in labels] == [
        ["x", "2"],
        ["2", "subtract"],
        ["w", "multiply"],
        ["+"],
        ["y"],
    ]
    wires = [line.strip() for line in lines if "->" in line]
    assert wires == [
        "b0 -> d0 [weight=3, dir=none]",
        "d0 -> b1:i0:n [weight=3]",
        "d0 -> b2:i1:n [weight=3]",
        "b1:body:s -> b3 [weight=3]",
        "b2:body:s -> b3 [weight=3]",
        "b3 -> b4 [weight=3]",
    ]


def uses(module: ModuleOp, name: str) -> Counter[tuple[str, int, str, int]]:
    """The wires of an arrow by the IR: who makes a value and who uses it, copies seen through."""
    arrow = find_arrow(module, name, "text")
    stored = {
        a
        for a, d in zip(arrow.block.args, arrow.arg_attrs or (), strict=False)
        if "tops.role" in d.data
    }
    found: Counter[tuple[str, int, str, int]] = Counter()
    for op in arrow.block.ops:
        if isinstance(op, cat.CopyOp):
            continue
        for index, operand in enumerate(op.operands):
            value = cat.source(operand)
            if isinstance(value.owner, FullOp) or value in stored:
                continue
            maker, result = "input", 0
            if isinstance(value.owner, Operation):
                maker = value.owner.name
                result = next(i for i, r in enumerate(value.owner.results) if r is value)
            user, at = ("output", 0) if isinstance(op, cat.ReturnOp) else (op.name, index)
            found[maker, result, user, at] += 1
    return found


def wires(diagram: Diagram) -> Counter[tuple[str, int, str, int]]:
    """The wires of a diagram in the same words."""

    def name(box: Box) -> str:
        return box.kind if box.kind in ("input", "output") else box.note.split()[0]

    return Counter((name(e.wire.box), e.wire.index, name(e.target), e.index) for e in diagram.edges)


@pytest.mark.parametrize("example", ALL_EXAMPLES)
def test_every_use_is_a_wire(example: str) -> None:
    """In every arrow without layers, and without values used so often that they are labels."""
    _, module = read_module(EXAMPLES / f"{example}.py", "numpy", None)
    seen = 0
    for arrow in cat.arrows_of(module):
        subject = subject_of(context(), module, arrow, "traced")
        diagram = subject.diagram(0)
        labels = [t for b in diagram.boxes for p in b.ins for t in p.tags if t.kind == "label"]
        plain = not any(isinstance(op, cat.CallOp) for op in arrow.block.ops)
        if plain and not labels and not any(subject.ends.given) and not any(subject.ends.made):
            seen += 1
            assert wires(diagram) == uses(module, arrow.symbol)
    assert seen > 0 or example in ("circuit",)


def test_a_value_used_often_is_a_label() -> None:
    lines = "".join(f"  %r{i} = tops.sin %y : tensor<2xf32>\n" for i in range(5))
    results = ", ".join(f"%r{i}" for i in range(5))
    types = ", ".join(["tensor<2xf32>"] * 5)
    diagram = drawn_text(
        f"cat.arrow @f(%x: tensor<2xf32>) -> ({types}) {{\n  %y = tops.cos %x : tensor<2xf32>\n"
        f"{lines}  cat.return {results} : {types}\n}}"
    )
    (cos,) = [b for b in diagram.boxes if b.title == "cos"]
    sines = [b for b in diagram.boxes if b.title == "sin"]
    assert [t.text for t in cos.outs[0].tags] == ["y"]
    assert [[t.text for t in b.ins[0].tags] for b in sines] == [["y"]] * 5


def positions(text: str) -> dict[str, tuple[float, float]]:
    """Where `dot` puts the nodes; up is positive."""
    done = subprocess.run(["dot", "-Tplain"], input=text.encode(), capture_output=True, check=True)
    assert done.stderr == b""
    rows = [line.split() for line in done.stdout.decode().splitlines() if line.startswith("node ")]
    return {row[1]: (float(row[2]), float(row[3])) for row in rows}


@pytest.mark.parametrize("what", ["iris", "digits", "lenet", "gru", "chargpt", "block"])
def test_the_halves_stand_side_by_side(what: str, tmp_path: Path) -> None:
    """Forward on the left and downwards, reverse on the right and upwards."""
    path = one_block(tmp_path) if what == "block" else EXAMPLES / f"{what}.py"
    diagram = drawn(path, "block" if what == "block" else None, "differentiated")
    places = positions(dot_text(diagram))
    names = {box: f"b{i}" for i, box in enumerate(diagram.boxes)}

    def half(word: str) -> list[Box]:
        return [b for b in diagram.boxes if any(c.title.endswith(word) for c in b.cluster.path)]

    right = min(places[names[b]][0] for b in half(".reverse"))
    left = [places[names[b]][0] for b in half(".forward")]
    assert len(left) > 3
    assert sum(x < right for x in left) == len(left)
    for edge in diagram.edges:
        start, end = places[names[edge.wire.box]], places[names[edge.target]]
        if edge.target.kind != "updates" and not edge.turns:
            assert (end[1] > start[1]) == edge.wire.box.up


def test_the_pictures_of_large_models_are_of_readable_size(tmp_path: Path) -> None:
    for path in (EXAMPLES / "lenet.py", EXAMPLES / "chargpt.py", one_block(tmp_path)):
        svg = render(dot_text(drawn(path)), "svg").decode()
        width, height = (float(n) for n in re.findall(r'"([\d.]+)pt"', svg)[:2])
        assert width < 1400
        assert height < 1400
        assert len(svg) < 150_000


def test_every_arrow_of_the_lit_tests() -> None:
    """Graphviz takes it without a word, and what it makes is XML."""
    seen = 0
    for path in sorted((ROOT.parent / "tests" / "lit").rglob("*.mlir")):
        for chunk in path.read_text().split("// -----"):
            try:
                module = parse(chunk)
                check(module)
            except (DiagnosticException, ParseError, ValueError):
                continue
            for symbol in symbol_table(module):
                for stage in STAGES:
                    copy = module.clone()
                    try:
                        subject = subject_of(context(), copy, find_arrow(copy, symbol, ""), stage)
                    except DiagnosticException:
                        continue
                    text = dot_text(subject.diagram(None)).encode()
                    done = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True)
                    assert (done.returncode, done.stderr) == (0, b"")
                    ElementTree.fromstring(clean(done.stdout.decode()))
                    seen += 1
    assert seen > 150


def test_layers_are_clusters_and_optimisers_are_joined(tmp_path: Path) -> None:
    diagram = drawn(one_block(tmp_path))
    titles = [cluster.title for cluster in diagram.clusters() if cluster.parent is not None]
    assert titles.count("h.0") == 2
    assert titles[0] == "objective.forward"
    updates = [box for box in diagram.boxes if box.kind == "updates"]
    assert {box.title for box in updates} == {"adamw"}
    updated = [
        t.text for box in updates for port in box.ins for t in port.tags if t.kind == "parameter"
    ]
    _, module = read_module(one_block(tmp_path), "numpy", None)
    step = find_arrow(module, "step", "")
    stored = re.findall(r'tops.name = "([\w.]+)", tops.role = "parameter"', str(step))
    assert sorted(updated) == sorted(stored)
    assert len(stored) == 17


def test_depth_opens_layers() -> None:
    ctx, module = read_module(EXAMPLES / "lenet.py", "numpy", None)
    subject = subject_of(ctx, module, find_arrow(module, "predict", ""), None)
    closed, opened = subject.diagram(0), subject.diagram(1)
    assert [c.title for c in closed.clusters()] == ["predict"]
    assert [c.title for c in opened.clusters()] == [
        "predict",
        "conv2d1",
        "conv2d2",
        "dense1",
        "dense2",
    ]
    assert "conv2d1: conv2d" in [box.title for box in closed.boxes]


# -- files ---------------------------------------------------------------------------------------
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


# -- memory maps ---------------------------------------------------------------------------------
def maps(path: Path, target: str) -> list[tuple[ModuleOp, Lives]]:
    """The lives of every function."""
    from catgrad.compiler import run_pipeline

    _, module = read_module(path, "numpy", None)
    placed = run_pipeline(module, f"lower-to-{target}")
    return [(placed, drawn_lives(placed, f, find_target(target))) for f in functions_in(placed)]


@pytest.mark.parametrize("target", ["numpy", "ggml", "ggml-native"])
@pytest.mark.parametrize("example", ["iris", "lenet"])
def test_the_rectangles_are_the_slots(example: str, target: str) -> None:
    """Each slot of the IR is a rectangle, and no two rectangles overlap."""
    for module, lives in maps(EXAMPLES / f"{example}.py", target):
        (function,) = [f for f in functions_in(module) if f.sym_name.data == lives.function]
        text = "\n".join(line for line in str(function).splitlines() if not line.startswith("^"))
        found = re.findall(r"(workspace = |)#tops.slot<scratch, (\d+), (\d+)>", text)
        slots = [(int(start), int(size)) for what, start, size in found if not what]
        work = [(int(start), int(size)) for what, start, size in found if what]
        if find_target(target).shares_workspace and work:
            assert len({start for start, _ in work}) == 1
            work = [max(work)]
        assert Counter((life.start, life.size) for life in lives.lives) == Counter(slots + work)
        for a, b in combinations(lives.lives, 2):
            apart = a.end <= b.first or b.end <= a.first
            assert apart or a.start + a.size <= b.start or b.start + b.size <= a.start
        rects = [s for s in memory_map(lives).shapes if isinstance(s, Rect) and " at " in s.note]
        assert len(rects) == len(lives.lives)
        for a, b in combinations(rects, 2):
            across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
            along = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
            assert across < 1e-6 or along < 1e-6


@pytest.mark.parametrize("target", ["numpy", "ggml", "ggml-native"])
@pytest.mark.parametrize("example", ["iris", "lenet"])
def test_the_peak_is_that_of_the_assignment(example: str, target: str) -> None:
    """Of every function, by what `tops-assign-slots` counted."""
    for module, lives in maps(EXAMPLES / f"{example}.py", target):
        (function,) = [f for f in functions_in(module) if f.sym_name.data == lives.function]
        assert lives.alive(lives.peak) == number(function, "tops.bound")
        assert all(lives.alive(op) < lives.alive(lives.peak) for op in range(-1, lives.peak))


def test_the_workspace_of_all_regions_is_no_workspace_of_one_op() -> None:
    (lives,) = [x for _, x in maps(EXAMPLES / "iris.py", "numpy") if x.function == "step"]
    (work,) = [life for life in lives.lives if life.kind == "workspace"]
    assert (work.name, work.first, work.end) == ("the workspace", -1, len(lives.ops))
    words = [shape.text for shape in memory_map(lives).shapes if isinstance(shape, Text)]
    assert [w for w in words if w.startswith("workspace")] == ["workspace"]


def test_the_kinds_of_lives() -> None:
    (lives,) = [x for _, x in maps(EXAMPLES / "iris.py", "ggml") if x.function == "step"]
    kinds = {life.name: life.kind for life in lives.lives}
    assert kinds["x"] == "input"
    assert kinds["loss"] == "result"
    assert kinds["sigmoid"] == "kept"
    assert kinds["dense1.matmul"] == "forward"
    assert kinds["d_dense2"] == "backward"
    assert [s.name for s in lives.stored] == [
        "dense1.weight",
        "dense1.bias",
        "dense2.weight",
        "dense2.bias",
    ]


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
            "empty.mlir has no function; expected arrows, or functions of tensor ops",
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
    dot.write_text("#!/bin/sh\necho 'Error: no plugin' >&2\nexit 3\n")
    dot.chmod(0o755)
    failed = "catgrad: error: 'dot' failed with exit code 3: Error: no plugin\n"
    assert run("draw", "f.mlir", "-o", "f.svg") == (1, "", failed)
    assert not Path("f.svg").exists()
