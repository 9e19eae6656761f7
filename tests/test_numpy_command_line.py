"""Generated NumPy programs from the command line."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.numpy_program import SOURCE, lines, samples, stored


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run in: 10 samples x.npy and y.npy, of which a batch takes 4."""
    monkeypatch.chdir(tmp_path)
    x, y = samples(10)
    np.save("x.npy", x)
    np.save("y.npy", y)
    return tmp_path


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The whole program as one file."""
    path = tmp_path_factory.mktemp("program") / "lines.py"
    path.write_text(SOURCE)
    return str(path)


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in that folder: exit code, stdout, stderr."""

    def run_words(*words: str) -> tuple[int, str, str]:
        code = lines.main(lines.Lines, words)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run_words


def test_command_line_in_its_own_process(script: str, folder: Path) -> None:
    def call(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", script, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    trained = call("train", "x.npy", "y.npy", "--test", "x.npy", "y.npy", "--save", "a.npz")
    assert (trained.returncode, trained.stdout) == (0, "")
    assert re.fullmatch(r"epoch 1/1  step 2  loss [\d.]+\ntest distance [\d.]+\n", trained.stderr)
    predicted = call("predict", "x.npy", "-o", "p.npy", "--load", "a.npz")
    assert (predicted.returncode, predicted.stdout, predicted.stderr) == (0, "", "")
    assert np.load("p.npy").shape == (10,)
    np.save("x.npy", np.full((10, 3), np.nan))
    before = (folder / "a.npz").read_bytes()
    failed = call("train", "x.npy", "y.npy", "--save", "a.npz")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "lines: error: step 1: loss is nan\n"
    assert (folder / "a.npz").read_bytes() == before
    assert sorted(os.listdir(folder)) == ["a.npz", "p.npy", "x.npy", "y.npy"]


def test_full_disk(script: str, folder: Path) -> None:
    resource = pytest.importorskip("resource")
    (folder / "p.npy").write_text("old")
    np.save("x.npy", np.zeros((100_000, 3), np.float32))
    lines.Lines().save("a.npz")
    done = subprocess.run(
        [sys.executable, script, "predict", "x.npy", "-o", "p.npy", "--load", "a.npz"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000)),
    )
    assert done.returncode == 1
    assert re.fullmatch(r"lines: error: p\.npy: .*\n", done.stderr)
    assert (folder / "p.npy").read_text() == "old"
    assert sorted(os.listdir(folder)) == ["a.npz", "p.npy", "x.npy", "y.npy"]


def test_train_is_the_documented_loop(run: Run, folder: Path) -> None:
    code, out, err = run("train", "x.npy", "y.npy", "--epochs", "3", "--seed", "5", "--save", "a")
    assert (code, out) == (0, "")
    x, y = samples(10)
    net, expected = lines.Lines(seed=5), ""
    for epoch in range(3):
        order = lines._sample_order(5, epoch, 10)
        losses = [net.step(x[rows], y[rows]) for rows in (order[:4], order[4:8])]
        mean = np.mean(losses)
        expected += f"epoch {epoch + 1}/3  step {2 * epoch + 2}  loss {mean:.4g}\n"
    assert err == expected
    other = lines.Lines()
    other.load("a")
    assert stored(other) == stored(net)


def test_resume_in_the_middle_of_an_epoch(run: Run, folder: Path) -> None:
    assert run("train", "x.npy", "y.npy", "--steps", "7", "--seed", "5", "--save", "whole")[0] == 0
    assert run("train", "x.npy", "y.npy", "--steps", "3", "--seed", "5", "--save", "part")[0] == 0
    resumed = run("train", "x.npy", "y.npy", "--steps", "4", "--resume", "part", "--save", "part")
    assert resumed[0] == 0
    assert re.fullmatch(r"step 7  loss [\d.]+\n", resumed[2])
    assert (folder / "part").read_bytes() == (folder / "whole").read_bytes()


def test_progress_by_steps(run: Run) -> None:
    code, _, err = run("train", "x.npy", "y.npy", "--steps", "250")
    assert code == 0
    assert re.fullmatch(r"(step (100|200|250)  loss [\d.e-]+\n){3}", err)


def test_metrics_count_real_rows_only(run: Run) -> None:
    x, y = samples(7)
    np.save("tx.npy", x)
    np.save("ty.npy", y)
    words = ("train", "x.npy", "y.npy", "--test", "tx.npy", "ty.npy", "--save", "a.npz")
    err = run(*words, "--threads", "1")[2]
    net = lines.Lines()
    net.load("a.npz")
    expected = np.abs(net.predict(x) - y).mean()
    assert err.splitlines()[-1] == f"test distance {expected:.4g}"


def test_predict(run: Run) -> None:
    assert run("train", "x.npy", "y.npy", "--save", "a.npz")[0] == 0
    assert run("predict", "x.npy", "-o", "p.npy", "--load", "a.npz") == (0, "", "")
    net = lines.Lines()
    net.load("a.npz")
    assert (np.load("p.npy") == net.predict(samples(10)[0])).all()


def test_predict_of_a_fixed_number_of_rows(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("train", "x.npy", "y.npy", "--save", "a.npz")[0] == 0
    monkeypatch.setitem(lines.Lines.FUNCTIONS["predict"], "rows", False)
    words = ("predict", "x.npy", "-o", "p.npy", "--load", "a.npz")
    expected = "lines: error: x.npy: got shape (10, 3), expected (4, 3)\n"
    assert run(*words) == (1, "", expected)
    np.save("x.npy", samples(4)[0])
    assert run(*words) == (0, "", "")


def test_info(run: Run) -> None:
    code, out, err = run("info")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "name": "lines",
        "persistent_bytes": 194,
        "scratch_bytes": 132,
        "constant_bytes": 8,
        "parameters": lines.Lines.PARAMETERS,
    }


def test_help(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["train", "--help"]):
        with pytest.raises(SystemExit) as caught:
            lines.main(lines.Lines, words)
        assert caught.value.code == 0
    assert "continue from this checkpoint, with its seed" in capsys.readouterr().out


TRAIN = ["train", "x.npy", "y.npy"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "the following arguments are required: train | predict | info; see lines --help"),
        (["trian", "x.npy"], "there is no command trian; did you mean train?"),
        ([*TRAIN, "--epohcs", "3"], "train has no option --epohcs; did you mean --epochs?"),
        (
            ["predict", "x.npy", "-o", "p.npy", "--laod=a.npz"],
            "predict has no option --laod; did you mean --load?",
        ),
        (["train", "x.npy"], "the following arguments are required: Y.npy; see lines train --help"),
        (
            ["predict", "x.npy", "-o", "p.npy"],
            "the following arguments are required: --load; see lines predict --help",
        ),
        (
            [*TRAIN, "--epochs", "0"],
            "argument --epochs: got 0, expected a whole number greater than 0; "
            "see lines train --help",
        ),
        ([*TRAIN, "--epochs", "1", "--steps", "2"], "train takes --epochs or --steps, not both"),
        ([*TRAIN, "--seed", "1", "--resume", "a"], "train takes --seed or --resume, not both"),
        (
            [*TRAIN, "--seed", "4294967296"],
            "init: input seed: got 4294967296, expected -2147483648 <= value < 2147483648",
        ),
        ([*TRAIN, "--save", "no/a.npz"], "no/a.npz: No such file or directory"),
        ([*TRAIN, "--save", "."], ".: is not a regular file"),
        ([*TRAIN, "--resume", "a.npz"], "a.npz: No such file or directory"),
        (
            [*TRAIN, "--resume", "x.npy"],
            "x.npy: is not a checkpoint (.npz), or is truncated or damaged",
        ),
        (["train", "z.npy", "y.npy"], "z.npy: No such file or directory"),
        (
            ["predict", "x.npy", "-o", "no/p.npy", "--load", "a.npz"],
            "no/p.npy: No such file or directory",
        ),
    ],
)
def test_refused_words(run: Run, folder: Path, words: list[str], message: str) -> None:
    assert run(*words) == (1, "", f"lines: error: {message}\n")
    assert sorted(os.listdir(folder)) == ["x.npy", "y.npy"]


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((10, 4)), np.zeros(10, int), "x.npy: got shape (10, 4), expected (rows, 3)"),
        (np.zeros((10, 3)), np.zeros((10, 1), int), "y.npy: got shape (10, 1), expected (rows)"),
        (
            np.zeros((10, 3)),
            np.zeros(10),
            "y.npy: got dtype float64, expected int32; convert it with .astype if that is meant",
        ),
        (
            np.zeros((10, 3)),
            np.arange(10) + 3,
            "y.npy: got 10 at index [7], expected 0 <= value < 10",
        ),
        (
            np.zeros((10, 3)),
            np.zeros(9, int),
            "x.npy, y.npy: got 10 and 9 rows, expected the same number in each",
        ),
        (
            np.zeros((3, 3)),
            np.zeros(3, int),
            "x.npy: got 3 samples, expected at least 4, one batch",
        ),
        (np.array([None]), np.zeros(10, int), "x.npy: is not an .npy file, or is truncated"),
    ],
)
def test_refused_samples(
    run: Run, folder: Path, x: NDArray[Any], y: NDArray[Any], message: str
) -> None:
    np.save("x.npy", x)
    np.save("y.npy", y)
    expected = (1, "", f"lines: error: {message}\n")
    assert run(*TRAIN, "--save", "a.npz") == expected
    assert sorted(os.listdir(folder)) == ["x.npy", "y.npy"]


def test_damaged_samples(run: Run, folder: Path) -> None:
    whole = (folder / "x.npy").read_bytes()
    for content in (b"", whole[:20], whole[:-1], b"1,2,3\n" * 50, b"PK\3\4" + bytes(100)):
        (folder / "x.npy").write_bytes(content)
        expected = (1, "", "lines: error: x.npy: is not an .npy file, or is truncated\n")
        assert run(*TRAIN) == expected


def test_refused_test_samples(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save("bad.npy", np.full(10, 11))
    np.save("x0.npy", np.zeros((0, 3)))
    np.save("y0.npy", np.zeros(0, int))
    expected = "lines: error: bad.npy: got 11 at index [0], expected 0 <= value < 10\n"
    assert run(*TRAIN, "--test", "x.npy", "bad.npy") == (1, "", expected)
    expected = "lines: error: x0.npy: got 0 samples, expected at least 1\n"
    assert run(*TRAIN, "--test", "x0.npy", "y0.npy") == (1, "", expected)
    monkeypatch.delitem(lines.Lines.FUNCTIONS, "distance")
    expected = "lines: error: --test: lines has no metric to report\n"
    assert run(*TRAIN, "--test", "x.npy", "y.npy") == (1, "", expected)


def test_programs_beyond_the_command_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    functions = lines.Lines.FUNCTIONS
    monkeypatch.setitem(functions, "step", functions["shift"])
    monkeypatch.setitem(functions, "predict", functions["spread"])
    advice = "use the class Lines from Python"
    expected = f"lines: error: step(x, by) does not take 2 files of samples; {advice}\n"
    assert run(*TRAIN) == (1, "", expected)
    text = "predict does not have one output to write to p.npy"
    expected = f"lines: error: {text}; {advice}\n"
    assert run("predict", "x.npy", "-o", "p.npy", "--load", "a.npz") == (1, "", expected)


def test_interrupt(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lines.Lines, "step", interrupt)
    assert run(*TRAIN, "--save", "a.npz") == (1, "", "lines: error: interrupted\n")
    assert not Path("a.npz").exists()
