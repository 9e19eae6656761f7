"""catgrad draw, diagrams: what stands in the pictures is what stands in the IR."""

from __future__ import annotations

import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.utils.exceptions import DiagnosticException, ParseError

from catgrad.dialects import cat
from catgrad.dialects._checks import symbol_table
from catgrad.dialects.tops.creation import FullOp
from catgrad.driver.checking import check
from catgrad.pictures.diagram import Box, Diagram
from catgrad.pictures.dot_text import dot_text
from catgrad.pictures.graphviz import clean, render
from catgrad.pictures.subject import STAGES, find_arrow, read_module, subject_of
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
