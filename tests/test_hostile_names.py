"""
Names are data: whatever they hold, the generated code compiles, runs and keeps them.

Each name is a parameter, a scope, an input, an arrow and a program at once.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import StringAttr
from xdsl.utils.exceptions import PassFailedException

import catgrad as cg
from catgrad import losses, nn, opt, optimizers
from tests.api_tools import A

CANARY = "canary_of_the_tests"
PYTHON = f"open({CANARY!r}, 'w')"
SHELL = f'system("touch {CANARY}")'

PAYLOADS = [
    f"' + {PYTHON} + '",
    f'" + {PYTHON} + "',
    f"\\' + {PYTHON} + \\'",
    f"\n{PYTHON}\n",
    f'"""\n{PYTHON}\n"""',
    f"\n    {PYTHON}\n    ",
    f"x): {PYTHON} #",
    f"{{{PYTHON}}}",
    f'"; {SHELL}; "',
    f"*/ int x = {SHELL}; /*",
    f"\nint x = {SHELL};\n",
    f"\\\nint x = {SHELL};",
    f"??/\nint x = {SHELL};",
    f"$(touch {CANARY})",
    f"`touch {CANARY}`",
    f'")\nexecute_process(COMMAND touch {CANARY})\n#("',
    f"//--- {CANARY}\n",
]
STRANGE = [
    *("", " ", ".", "..", "a b", "a.b", "a_b", "a-b", "a/b", "../../a", "1", "1a", "a_1_2", "_3"),
    *("'", '"', "'''", '"""', "\\", "a\\", "\\n", "\n", "\r\n", "\t", "*/", "/*", "//", "#", ";"),
    *("{x}", "{", "}", "%s", "%", "%(prog)s", "$", "@", "@NAME@", "\x7f", "\u2028", "\u202e"),
    *("é", "ß", "日本語", "🐈", "x" * 300, "x" * 301),
]
TAKEN = [
    *("class", "def", "None", "match", "print", "__class__", "__init__", "__", "_", "self"),
    *("np", "numpy", "sys", "main", "persistent", "scratch", "constant", "value", "given_x"),
    *("save", "load", "step", "predict", "seed", "steps", "parameters", "state", "set_state"),
    *("PARAMETERS", "MEMORY", "NAME", "Program", "_call", "_functions", "_stored", "Array"),
    *("file", "arr_0", "a.npy", "a", "t0", "meta:seed", "parameter:a", "random_words", "exception"),
    *("error_function", "erf"),
    *("int", "float", "std", "namespace", "new", "delete", "errno", "NULL", "ggml", "catgrad"),
    *(
        "create",
        "destroy",
        "error",
        "call",
        "describe",
        "x0",
        "fused",
        "row",
        "i",
        "f32",
        "OSError",
    ),
]
NAMES = [*PAYLOADS, *STRANGE, *TAKEN]
TARGETS = ["numpy", "ggml"]


@pytest.fixture(autouse=True)
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run in an empty folder; no payload may leave its file there."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.rglob(f"*{CANARY}*"))


def full_of(value: float) -> Any:
    """An initialiser."""

    def init(seed: A, shape: tuple[int, ...], dtype: str) -> A:
        return cg.full(shape, value, dtype)

    return init


def part(name: str, number: int) -> cg.Traced:
    """x * number + x * 1000, with two parameters and an input of that name."""

    def f(x: A) -> A:
        inner = cg.param((2,), init=full_of(number), name=name)
        with cg.scope(name):
            return x * inner + x * cg.param((2,), init=full_of(1000), name="w")

    return cg.Traced(f, (cg.f32[2],), (name,))


def everything() -> cg.Traced:
    """The sum of an input of each name, the i-th times i, which is a parameter of that name."""

    def f(*xs: A) -> A:
        total = cg.zeros((2,))
        for i, (x, name) in enumerate(zip(xs, NAMES, strict=True)):
            total = total + x * cg.param((2,), init=full_of(i), name=name)
        return total

    return cg.Traced(f, (cg.f32[2],) * len(NAMES), tuple(NAMES))


ARROWS = {
    "numpy": NAMES,
    # Enough of them: each is some C++ to compile.
    "ggml": [*PAYLOADS, *STRANGE[:4], "*/", "@NAME@", "é", "class", "save", "create", "x" * 300],
}


def hostile(target: str) -> cg.Program:
    """One program with all the names."""
    parts = {name: part(name, NAMES.index(name)) for name in ARROWS[target]}
    return cg.compile({**parts, "all": everything()}, target=target, name=PAYLOADS[0])


def check(net: Any, arrows: Sequence[str]) -> None:
    """Names survive in tables and checkpoints; every arrow finds its own parameters."""
    assert set(net.PARAMETERS) == {*NAMES, *(f"{name}.w" for name in arrows)}
    assert set(net.FUNCTIONS) == {*arrows, "all", "init"}
    assert net.NAME == PAYLOADS[0]
    assert [i["name"] for i in net.FUNCTIONS["all"]["inputs"]] == NAMES
    ones = [np.ones(2)] * len(NAMES)
    assert net["all"](*ones).tolist() == [sum(range(len(NAMES)))] * 2
    net.save("before")
    net.set_state({name: np.zeros(2) for name in NAMES})
    assert net["all"](*ones).tolist() == [0, 0]
    for name in arrows:
        assert net[name]([1, 2]).tolist() == [1000, 2000]
    net.load("before")
    for i, name in enumerate(NAMES):
        assert net.parameters[name].tolist() == [i, i]
    for name in arrows:
        i = NAMES.index(name)
        assert net[name]([1, 2]).tolist() == [1000 + i, 2000 + 2 * i]


@pytest.mark.parametrize("target", TARGETS)
def test_all_names_at_once(target: str) -> None:
    check(hostile(target).load(), ARROWS[target])


def run_source(source: str) -> Any:
    """An instance of the class that generated Python code defines."""
    module = sys.modules["generated"] = ModuleType("generated")
    exec(compile(source, "generated.py", "exec"), module.__dict__)
    made = [c for c in vars(module).values() if isinstance(c, type) and "FUNCTIONS" in vars(c)]
    return made[0]()


@pytest.mark.parametrize("target", TARGETS)
def test_names_in_the_text_of_the_ir(target: str) -> None:
    """The IR survives its own text; catgrad-opt prints what compile prints."""
    program = hostile(target)
    Path("hostile.mlir").write_text(program.ir("cat"))
    words = ["hostile.mlir", "-p", f"lower-to-{target}", "-t", target, "-o", "out"]
    assert opt.main(words) == 0
    assert Path("out").read_text() == program.source
    if target == "numpy":
        check(run_source(Path("out").read_text()), NAMES)


HAND_WRITTEN = """\
  cat.arrow @{name}(%w: tensor<2xf32> {{tops.name = {name}, tops.role = "parameter"}},
                    %x: tensor<2xf32> {{tops.name = {name}}}) -> tensor<2xf32> {{
    %y = tops.add %w, %x : tensor<2xf32>
    cat.return %y : tensor<2xf32>
  }}
"""


@pytest.mark.parametrize("target", TARGETS)
def test_hand_written_ir(target: str) -> None:
    title = StringAttr(STRANGE[-5])
    arrows = [HAND_WRITTEN.format(name=StringAttr(name)) for name in NAMES]
    text = f"builtin.module attributes {{tops.program = {title}}} {{\n{''.join(arrows)}}}\n"
    Path("a.mlir").write_text(text)
    assert opt.main(["a.mlir", "-p", f"lower-to-{target}", "-t", target, "-o", "out"]) == 0
    if target == "numpy":
        net = run_source(Path("out").read_text())
        assert (net.NAME, list(net.PARAMETERS)) == (title.data, NAMES)
        net.set_state({name: [i, 0] for i, name in enumerate(NAMES)})
        for i, name in enumerate(NAMES):
            assert net[name]([10, 20]).tolist() == [10 + i, 20]


@pytest.mark.parametrize("name", [*PAYLOADS[:5], "%(prog)s", "%s", "{x}", "", "exception", "a/b"])
def test_program_names_on_the_command_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A trainer whose program, layer and metric have the name."""
    net = run_source(trainer(name, "numpy").source)
    main: Any = sys.modules["generated"].main
    np.save("x.npy", np.ones((4, 2)))
    np.save("y.npy", np.zeros((4, 3)))
    files = ["x.npy", "y.npy"]

    def run(*words: str) -> tuple[int, str, str]:
        code = main(type(net), words)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    code, _, err = run("train", *files, "--test", *files, "--save", "a.npz")
    assert (code, f"test {name} " in err) == (0, True)
    code, out, _ = run("info")
    assert (code, json.loads(out)["name"]) == (0, name)
    assert list(json.loads(out)["parameters"]) == [f"{name}.weight", f"{name}.bias"]
    assert run("predict", "x.npy", "-o", "p.npy", "--load", "a.npz") == (0, "", "")
    assert run("train")[0] == 1
    with pytest.raises(SystemExit):
        run("--help")
    assert set(os.listdir()) == {"x.npy", "y.npy", "a.npz", "p.npy"}


def trainer(name: str, target: str) -> cg.Program:
    def distance(y: A, t: A) -> A:
        return cg.sum(cg.abs(y - t), axis=1)

    parts = cg.training(
        nn.dense(3, name=name),
        inputs=cg.f32[2, 2],
        targets=cg.f32[2, 3],
        loss=losses.mse,
        optimizer=optimizers.momentum(0.1),
        metrics={name: cg.arrow(distance)},
    )
    return cg.compile(parts, target=target, name=name)


def test_a_folder_of_files_stays_in_its_folder() -> None:
    for name in (
        "../../a",
        "/etc/passwd",
        "//--- a",
        "\n//--- a\n",
        "a b",
        "é",
        "",
        ".",
        "x" * 999,
    ):
        files = cg.compile({"f": nn.tanh.on(cg.f32[2])}, target="ggml", name=name).files
        assert all(re.fullmatch(r"[\w.]+", f, re.ASCII) and len(f) < 99 for f in files)


@pytest.mark.parametrize("target", TARGETS)
def test_names_that_no_checkpoint_can_hold(target: str) -> None:
    for name in ("a\0b", "\ud800"):
        with pytest.raises(PassFailedException) as caught:
            cg.compile({"f": part(name, 1)}, target=target)
        assert f"the name {name!a} (checkpoints hold UTF-8 text" in str(caught.value)


@pytest.mark.parametrize("target", TARGETS)
def test_another_arrow_called_init(target: str) -> None:
    with pytest.raises(PassFailedException) as caught:
        cg.compile({"init": nn.tanh.on(cg.f32[2])}, target=target)
    assert str(caught.value) == (
        f"target '{target}' cannot print @init of (tensor<2xf32>) "
        "(it makes the first values from one tensor<i32>, the seed)"
    )
