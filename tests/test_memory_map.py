"""Memory maps: the rectangles in the picture are the slots in the IR."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

from catgrad.compiler import run_pipeline
from catgrad.pictures.lives import Lives, drawn_lives, functions_in, number
from catgrad.pictures.memory_map import memory_map
from catgrad.pictures.scene import Rect, Text
from catgrad.pictures.subject import read_module
from catgrad.targets._placement import find_target
from tests.test_draw import EXAMPLES


def maps(path: Path, target: str) -> list[tuple[ModuleOp, Lives]]:
    """The lives of every function."""
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
