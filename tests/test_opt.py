"""catgrad-opt: what it writes, its pipelines, `--run`, and what it does not import."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from catgrad.opt import CatgradOptMain
from catgrad.pipelines import PIPELINES
from tests.opt_command import FUNCTION, LAYER, SQUARE, error, opt

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CATGRAD_TRACEBACK", raising=False)
    Path("in.mlir").write_text(SQUARE)


def test_an_empty_file_is_an_empty_module() -> None:
    Path("in.mlir").write_text("// Nothing.\n")
    assert opt("in.mlir") == "builtin.module {\n}\n\n"


# What is written, and when


def test_the_output_file_is_replaced_as_a_whole() -> None:
    Path("out.mlir").write_text("before")
    Path("out.mlir").chmod(0o640)
    Path("link.mlir").symlink_to("out.mlir")
    error("in.mlir", "-p", "tops-verify-slots", "-o", "out.mlir")
    assert Path("out.mlir").read_text() == "before"
    assert opt("in.mlir", "-o", "link.mlir") == ""
    assert Path("link.mlir").is_symlink()
    assert Path("out.mlir").read_text() == opt("in.mlir") == opt("in.mlir", "-o", "-")
    assert Path("out.mlir").stat().st_mode & 0o777 == 0o640
    assert opt("in.mlir", "-o", os.devnull) == ""
    assert sorted(p.name for p in Path().iterdir()) == ["in.mlir", "link.mlir", "out.mlir"]


def test_nothing_is_printed_before_an_error() -> None:
    Path("in.mlir").write_text(SQUARE + "// -----\n" + SQUARE.replace("tops", "top"))
    error("in.mlir", "--split-input-file", "-o", "out.mlir")
    assert not Path("out.mlir").exists()


def test_flags_leave_no_trace_in_the_process() -> None:
    opt("in.mlir", "--disable-verify", "--syntax-highlight")
    Path("in.mlir").write_text(SQUARE.replace("%x, %x", "%x, %y"))
    assert "used before its definition" in error("in.mlir")


# The named pipelines

WRITTEN_OUT = {
    target: (
        "canonicalize,cse,cat-differentiate,cat-inline,cat-simplify,cat-to-tops,"
        f'canonicalize,cse,dce,{ops},tops-schedule{{target="{target}"}},tops-assign-slots{{target="{target}"}},'
        f'tops-verify-slots{{target="{target}"}}'
    )
    for target, ops in {
        "numpy": "tops-sink-reshapes,cse,tops-fuse",
        "ggml": "tops-sink-reshapes,cse,tops-fuse",
        "ggml-native": 'tops-decompose{target="ggml-native"},cse,dce',
    }.items()
}


@pytest.mark.parametrize("target", WRITTEN_OUT)
@pytest.mark.parametrize("text", [SQUARE, LAYER], ids=["square", "layer"])
def test_a_pipeline_equals_its_written_out_list(target: str, text: str) -> None:
    Path("in.mlir").write_text(text)
    expected = opt("in.mlir", "-p", WRITTEN_OUT[target])
    assert "tops.slot" in expected
    assert opt("in.mlir", "-p", f"lower-to-{target}") == expected
    assert opt("in.mlir", "-p", f"lower-to-{target}", "--verify-each") == expected
    # As a pass among others, which is how xdsl-opt applies it.
    driver = CatgradOptMain(["in.mlir"])
    module = driver.transform(text.encode(), "mlir")
    assert module is not None
    driver.available_passes[f"lower-to-{target}"]()().apply(driver.ctx, module)
    assert driver.output_resulting_program(module) == expected


def test_every_pipeline_is_written_out_here() -> None:
    assert set(PIPELINES) == {f"lower-to-{target}" for target in WRITTEN_OUT}


# --run


def test_run_prints_or_saves_results() -> None:
    Path("rows.mlir").write_text(FUNCTION)
    np.save("x.npy", np.array([[1, 2, 3], [-4, 0.1, 0]], np.float32))
    np.save("k.npy", np.int32(7))
    call = ["rows.mlir", "--run", "@rows", "--input", "x.npy", "k.npy"]
    assert opt(*call) == (
        "result 0: float32 [2]\n"
        "[ 9. , -0.9]\n"
        "result 1: bool [2, 3]\n"
        "[[False, False, False],\n"
        " [ True,  True,  True]]\n"
    )
    assert opt(*call, "--output", "r.npy", "--output", "m.npy") == ""
    assert np.load("r.npy").tolist() == pytest.approx([9, -0.9])
    assert np.load("m.npy").dtype == np.bool_


def test_run_does_not_depend_on_the_passes() -> None:
    Path("in.mlir").write_text(LAYER)
    rng = np.random.default_rng(0)
    np.save("w.npy", rng.normal(size=(4, 3)).astype(np.float32))
    np.save("x.npy", rng.normal(size=(2, 4)).astype(np.float32))
    call = ["in.mlir", "--run", "step", "--input", "w.npy", "--input", "x.npy"]
    results: list[list[float]] = []
    for passes in ("", *(f"lower-to-{target}" for target in WRITTEN_OUT)):
        assert opt(*call, "-p", passes, "--output", "out.npy") == ""
        results.append(np.load("out.npy").ravel().tolist())
    assert results[0] == pytest.approx(results[1], rel=1e-5)
    assert results[1] == pytest.approx(results[2], rel=1e-5)


class _Gift:
    """Unpickling it would make a folder."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, ("opened",)


def _damaged(name: str) -> None:
    np.save("x.npy", np.ones(2, np.float32))
    whole = Path("x.npy").read_bytes()
    objects = np.empty(1, object)
    objects[0] = _Gift()
    match name:
        case "truncated":
            Path("x.npy").write_bytes(whole[:-3])
        case "header":
            Path("x.npy").write_bytes(whole[:30])
        case "empty":
            Path("x.npy").write_bytes(b"")
        case "text":
            Path("x.npy").write_text("1 2 3\n")
        case "several":
            np.savez("x.npz", np.ones(2))
            Path("x.npz").rename("x.npy")
        case "objects":
            np.save("x.npy", objects)
        case "shape":
            np.save("x.npy", np.ones(3, np.float32))
        case "dtype":
            np.save("x.npy", np.ones(2, np.complex64))
        case _:
            Path("x.npy").unlink()


CANNOT = "cannot read x.npy: not a whole .npy file ("
DAMAGED = {
    "truncated": CANNOT,
    "header": CANNOT,
    "empty": CANNOT,
    "text": CANNOT,
    "objects": CANNOT,
    "several": "cannot read x.npy: it holds several arrays; give one .npy per input\n",
    "shape": "cannot run @square: input 0 of @square: got float32 of shape (3,), expected "
    "float32 of shape (2,)\n",
    "dtype": "cannot run @square: input 0 of @square: got complex64 of shape (2,), expected "
    "float32 of shape (2,)\n",
    "missing": "cannot read x.npy: No such file or directory\n",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_wrong_input_arrays(name: str) -> None:
    _damaged(name)
    found = error("in.mlir", "--run", "@square", "--input", "x.npy", "--output", "y.npy")
    assert found.startswith(f"error: {DAMAGED[name]}")
    assert found.count("\n") == 1
    assert not Path("opened").exists()
    assert not Path("y.npy").exists()


def test_wrong_calls() -> None:
    np.save("x.npy", np.ones(2, np.float32))
    assert error("in.mlir", "--run", "@sqare", "--input", "x.npy") == (
        "error: cannot run @sqare: no function @sqare; the module has @square; "
        "did you mean 'square'?\n"
    )
    assert error("in.mlir", "--run", "@square") == (
        "error: cannot run @square: @square takes 1 inputs, got 0\n"
    )
    call = ["in.mlir", "--run", "square", "--input", "x.npy"]
    assert error(*call, "--output", "a.npy", "b.npy") == (
        "error: --output names 2 files, the function has 1 results\n"
    )
    assert error(*call, "--output", "no/a.npy") == (
        "error: cannot write no/a.npy: No such file or directory\n"
    )
    assert error("--run", "square", "--input", "x.npy", "in.mlir") == (
        "error: in.mlir is no .npy file; write the IR file before --input\n"
    )


# As a process


def _process(*args: str, text: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args],
        input=text,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        timeout=60,
        check=False,
    )


def test_the_command_reads_stdin_and_sets_the_exit_code() -> None:
    good = _process("-m", "catgrad.opt", "-p", "cat-make-monoidal", text=SQUARE)
    assert (good.returncode, good.stderr) == (0, "")
    assert "cat.copy %x, 2" in good.stdout
    bad = _process("-m", "catgrad.opt", "-", text=SQUARE.replace("tops", "top"))
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("error: <stdin>:2:8: Operation top.multiply is not registered")


@pytest.mark.parametrize("args", [["--help"], ["--version"]])
def test_help_is_no_error(args: list[str]) -> None:
    assert "catgrad-opt" in opt(*args)


@pytest.mark.parametrize("text", ["", SQUARE], ids=["empty", "arrow"])
def test_numpy_is_not_imported(text: str) -> None:
    program = (
        "import sys\nfrom catgrad.opt import main\ncode = main(sys.argv[1:])\n"
        "sys.exit(code or next((m for m in sys.modules if m.partition('.')[0] == 'numpy'), 0))"
    )
    done = _process("-c", program, "-p", "lower-to-numpy", text=text)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_pipe_is_no_error_message() -> None:
    program = f"{sys.executable} -m catgrad.opt in.mlir | true"
    done = subprocess.run(
        program, shell=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")
