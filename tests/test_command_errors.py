"""Mistakes on the command lines: exit code 1, one message, no traceback, nothing half-written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from catgrad import cli

MODEL = """\
import catgrad as cg
from catgrad import losses, nn, optimizers

parts = cg.training(
    nn.dense(3),
    inputs=cg.f32[4, 2],
    targets=cg.i32[4],
    loss=losses.cross_entropy,
    optimizer=optimizers.sgd(0.1),
    metrics={"accuracy": losses.accuracy},
)
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `catgrad` in a folder with model.py: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text(MODEL)

    def run_words(*words: str) -> tuple[int, str, str]:
        code = cli.main(words)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run_words


def refused(text: str) -> tuple[int, str, str]:
    return 1, "", f"catgrad: error: {text}\n"


COMMANDS = f"commands are {', '.join(cli.COMMANDS)}"
PARTS = "expected a dict of traced arrows, as cg.training(...) returns"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("", f"no command given; {COMMANDS}; see catgrad --help"),
        ("complie model.py", f"no command 'complie'; {COMMANDS}; did you mean 'compile'?"),
        ("compile model.py -o x --taget numpy", "no option --taget; did you mean '--target'?"),
        ("emit model.py --levl=cat", "no option --levl; did you mean '--level'?"),
        ("emit model.py more", "unrecognized arguments: more; see catgrad --help"),
        (
            "compile model.py",
            "the following arguments are required: -o/--output; see catgrad compile --help",
        ),
        (
            "compile model.py -o x.py --target nmpy",
            "no target 'nmpy'; targets are ggml, numpy; did you mean 'numpy'?",
        ),
        (
            "compile model.py -o x.py --kernels native",
            "target 'numpy' has no kernels to choose; leave out kernels",
        ),
        (
            "compile model.py -o x --target ggml --kernels nativ",
            "kernels is fused, native, got 'nativ'; did you mean 'native'?",
        ),
        (
            "emit model.py --level tosp",
            "no level 'tosp'; levels are cat, tops, placed; did you mean 'tops'?",
        ),
        ("emit no.py", "no file 'no.py'; give a Python file that defines `parts`"),
        ("emit .", "no file '.'; give a Python file that defines `parts`"),
        (
            "compile model.py -o no/x.py",
            "cannot write no/x.py: No such file or directory; check the path and its rights",
        ),
        (
            "compile model.py -o .",
            "cannot write .: Is a directory; check the path and its rights",
        ),
        (
            "compile model.py -o no/x --target ggml",
            "cannot write no/x: No such file or directory; check the path and its rights",
        ),
        (
            "compile model.py -o model.py --target ggml",
            "cannot write model.py: File exists; check the path and its rights",
        ),
    ],
)
def test_words(run: Run, words: str, text: str) -> None:
    assert run(*words.split()) == refused(text)
    assert [p.name for p in Path.cwd().iterdir() if p.name != "__pycache__"] == ["model.py"]
    assert Path("model.py").read_text() == MODEL


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("x = 1\n", f"bad.py defines no `parts`; {PARTS}"),
        ("parts = 3\n", f"bad.py defines `parts` of type int; {PARTS}"),
        (
            "parts = {'f': 3}\n",
            "part 'f' is 3; give it types with .on(...), as in gelu.on(cg.f32[3])",
        ),
        ("\nraise ValueError('no\\nway')\n", "bad.py:2: ValueError: no\nway"),
        ("x = 1\nx = (\n", "bad.py:2: SyntaxError: '(' was never closed"),
        ("import sys\nsys.exit(0)\n", "bad.py:2: SystemExit: 0"),
        ("import nowhere\n", "bad.py:1: ModuleNotFoundError: No module named 'nowhere'"),
        (
            "import catgrad as cg\n\ncg.f32[-1]\n",
            "bad.py:3: f32[...] takes whole numbers >= 0, as in f32[32, 10] or f32[()]; got -1",
        ),
        (
            "import catgrad as cg\ndef f(x):\n    return x if x > 0 else -x\n"
            "parts = {'f': cg.arrow(f).on(cg.f32[()])}\n",
            "bad.py:3: TypeError: a symbolic array has no truth value: use where, logical_and, "
            "logical_or",
        ),
        (
            "import catgrad as cg\nfrom catgrad import nn\ndef f(x):\n    y = nn.dense(3)(x)\n"
            "    return y + cg.ones((4,))\nparts = {'f': cg.arrow(f).on(cg.f32[3, 2])}\n",
            "bad.py:5: in f: f(Array(f32[3, 2])): add: shapes (3, 3) and (4,) do not broadcast",
        ),
    ],
)
def test_files(run: Run, source: str, text: str) -> None:
    Path("bad.py").write_text(source)
    assert run("emit", "bad.py") == refused(text)
    assert run("compile", "bad.py", "-o", "out.py") == refused(text)
    assert not Path("out.py").exists()


def test_not_text(run: Run) -> None:
    Path("bad.py").write_bytes(b"\xff\xfe")
    code, out, err = run("emit", "bad.py")
    assert (code, out) == (1, "")
    assert err.startswith("catgrad: error: bad.py:1: SyntaxError: (unicode error) 'utf-8' codec")
    Path("model.txt").write_text(MODEL)
    expected = "model.txt is no Python file; give one that defines `parts`"
    assert run("emit", "model.txt") == refused(expected)


def test_a_missing_rule_is_no_obstacle_to_reading_the_ir(run: Run) -> None:
    Path("bad.py").write_text(
        "import catgrad as cg\nparts = {'f': cg.reverse(cg.abs).on(cg.i32[2], cg.i32[2])}\n"
    )
    assert run("emit", "bad.py")[0] == 0
    code, out, err = run("compile", "bad.py", "-o", "out.py")
    assert (code, out, Path("out.py").exists()) == (1, "", False)
    assert err.startswith(
        "catgrad: error: pass 'cat-differentiate' failed: no reverse rule for 'tops.abs'"
    )


def test_an_old_file_stays_when_writing_fails(run: Run) -> None:
    resource = pytest.importorskip("resource")
    Path("x.py").write_text("old")
    done = subprocess.run(
        [sys.executable, "-m", "catgrad.cli", "compile", "model.py", "-o", "x.py"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000)),
    )
    expected = "cannot write x.py: File too large; check the path and its rights"
    assert (done.returncode, done.stdout, done.stderr) == refused(expected)
    assert Path("x.py").read_text() == "old"
    assert sorted(p.name for p in Path.cwd().iterdir()) == ["model.py", "x.py"]


def test_a_reader_that_leaves(run: Run) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "catgrad.cli", "emit", "model.py", "--level", "placed"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


# -- the generated program -----------------------------------------------------------------------


def test_the_generated_command_line(run: Run) -> None:
    assert run("compile", "model.py", "-o", "net.py") == (0, "", "")
    rng = np.random.default_rng(0)
    np.save("x.npy", rng.normal(size=(9, 2)))
    np.save("y.npy", np.arange(9) % 3)
    np.save("three.npy", np.arange(9) % 4)
    np.save("few.npy", np.zeros((3, 2)))
    np.save("few_y.npy", np.zeros(3, int))
    Path("cut.npy").write_bytes(Path("x.npy").read_bytes()[:150])

    def net(words: str) -> tuple[int, str, str]:
        command = [sys.executable, "net.py", *words.split()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    assert net("train x.npy y.npy --save a.npz")[:2] == (0, "")
    whole = Path("a.npz").read_bytes()
    Path("b.npz").write_bytes(whole[: len(whole) // 2])
    before = sorted(p.name for p in Path.cwd().iterdir())
    for words, text in (
        (
            "train x.npy three.npy --save a.npz",
            "three.npy: got 3 at index [3], expected 0 <= value < 3",
        ),
        (
            "train few.npy few_y.npy --save a.npz",
            "few.npy: got 3 samples, expected at least 4, one batch",
        ),
        (
            "train cut.npy y.npy --save a.npz",
            "cut.npy: is not an .npy file, or is truncated",
        ),
        (
            "predict x.npy -o p.npy --load b.npz",
            "b.npz: is not a checkpoint (.npz), or is truncated or damaged",
        ),
        (
            "predict x.npy -o no/p.npy --load a.npz",
            "no/p.npy: No such file or directory",
        ),
    ):
        assert net(words) == (1, "", f"model: error: {text}\n")
        assert sorted(p.name for p in Path.cwd().iterdir()) == before
        assert Path("a.npz").read_bytes() == whole
