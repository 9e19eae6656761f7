"""A training program of the ggml target: its binary, its C interface, its Python face."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import catgrad as cg
from catgrad import losses, native, nn, optimizers
from catgrad._errors import CompileError
from catgrad.compiler import Program

CLIENT = Path(__file__).parent / "ggml_client.c"
SANITIZE = ("-DCATGRAD_SANITIZE=ON", "-DCMAKE_BUILD_TYPE=Debug", "-DCATGRAD_CBLAS=OFF")


def compiled(target: str = "ggml", kernels: str | None = None) -> Program:
    """A small classifier: batches of 10 samples of 4 numbers, 3 classes."""
    parts = cg.training(
        nn.dense(8) >> nn.tanh >> nn.dense(3),
        inputs=cg.f32[10, 4],
        targets=cg.i32[10],
        loss=losses.cross_entropy,
        optimizer=optimizers.adam(0.01),
        metrics={"accuracy": losses.accuracy},
    )
    return cg.compile(parts, target=target, name="trainer", kernels=kernels)


def data(count: int) -> tuple[Any, Any]:
    """Samples that a linear model could tell apart."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, count)
    centres = 2 * rng.standard_normal((3, 4))
    return (centres[y] + 0.5 * rng.standard_normal((count, 4))).astype(np.float32), y


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the program's library and binary."""
    return native.build(compiled().files, tmp_path_factory.mktemp("trainer"))


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, checked at run time, with its own matrix products."""
    folder = tmp_path_factory.mktemp("sanitized")
    return native.build(compiled().files, folder, SANITIZE, "catgrad_command")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with samples of all kinds, to run in."""
    monkeypatch.chdir(tmp_path)
    x, y = data(75)
    arrays: dict[str, Any] = {"x": x, "y": y, "x64": x.astype(float), "y8": y.astype(np.uint8)}
    arrays |= {"few": x[:5], "fewy": y[:5], "wide": x.repeat(2, 1), "floats": y.astype(np.float32)}
    arrays |= {"label": np.where(np.arange(75) == 61, 3, y), "fortran": np.asfortranarray(x)}
    arrays |= {"nan": np.where(np.arange(75)[:, None] == 61, np.nan, x).astype(np.float32)}
    arrays |= {"complex": x.astype(complex), "none": x[:0], "big": x.astype(">f4")}
    for name, array in arrays.items():
        np.save(f"{name}.npy", array)
    Path("cut.npy").write_bytes(Path("x.npy").read_bytes()[:1000])
    Path("junk.npy").write_text("no samples")
    Path("empty.npy").write_text("")
    return tmp_path


def opened(built: Path, seed: int = 0, threads: int | None = None) -> Any:
    """An instance of the program, in this process."""
    return native.open_library(built / "libtrainer.so")(seed=seed, threads=threads)


def run(built: Path, *words: str) -> tuple[int, str, str]:
    """Runs the binary: exit code, stdout, stderr."""
    command = [str(built / "trainer"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_train_predict_info(built: Path, folder: Path) -> None:
    words = ["train", "x.npy", "y.npy", "--test", "x.npy", "y.npy", "--epochs", "30"]
    code, out, err = run(built, *words, "--save", "a.gguf", "--threads", "2")
    assert (code, out) == (0, "")
    *epochs, last = err.splitlines()
    assert len(epochs) == 30
    assert re.fullmatch(r"epoch 30/30  step 210  loss 0\.\d+", epochs[-1])
    assert re.fullmatch(r"test accuracy (1|0\.9\d*)", last)
    assert run(built, "predict", "x64.npy", "-o", "p.npy", "--load", "a.gguf") == (0, "", "")
    predicted = np.load("p.npy")
    assert predicted.shape == (75, 3)
    assert (predicted.argmax(1) == np.load("y.npy")).mean() == pytest.approx(
        float(last.split()[-1]), abs=1e-3
    )
    code, out, err = run(built, "info")
    assert (code, err) == (0, "")
    info = json.loads(out)
    net = compiled("numpy").load()
    assert info["persistent_bytes"] == net.MEMORY["persistent"]
    assert info["parameters"] == net.PARAMETERS


def test_resuming_is_exact(built: Path, folder: Path) -> None:
    run(built, "train", "x.npy", "y.npy", "--steps", "17", "--save", "a.gguf", "--seed=-5")
    run(built, "train", "x.npy", "y8.npy", "--steps", "9", "--save", "b.gguf", "--seed", "-5")
    code, _, err = run(
        built, "train", "x64.npy", "y.npy", "--steps", "8", "--resume", "b.gguf", "--save", "b.gguf"
    )
    assert (code, err.split()[:2]) == (0, ["step", "17"])
    assert Path("a.gguf").read_bytes() == Path("b.gguf").read_bytes()


def test_same_training_as_numpy(built: Path, folder: Path) -> None:
    compiled("numpy").write("trainer.py")
    words = ["train", "x.npy", "y.npy", "--epochs", "3", "--test", "x.npy", "y.npy"]
    command = [sys.executable, "trainer.py", *words]
    theirs = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    ours = run(built, *words)[2]
    last = re.compile(r"[\d.]+$", flags=re.M)
    assert last.sub("", ours) == last.sub("", theirs)
    numbers = [[float(n) for n in last.findall(text)] for text in (ours, theirs)]
    np.testing.assert_allclose(numbers[0], numbers[1], rtol=1e-3)


ERRORS = [
    ("", "needs a command: train, predict or info; see trainer --help"),
    ("trian x.npy y.npy", "there is no command trian; did you mean train?"),
    ("train x.npy", "train takes 2 files, got 1"),
    ("train x.npy y.npy --epoch 3", "train has no option --epoch; did you mean --epochs?"),
    ("train x.npy y.npy --epochs x", "--epochs: got x, expected a whole number"),
    ("train x.npy y.npy --epochs 0", "--epochs: got 0, expected a whole number"),
    ("train x.npy y.npy --epochs 1 --steps 1", "train takes --epochs or --steps, not both"),
    ("train x.npy y.npy --seed 1 --resume a", "train takes --seed or --resume, not both"),
    ("train x.npy y.npy --seed 99999999999", "--seed: got 99999999999, expected a whole"),
    ("train x.npy y.npy --threads 0", "--threads: got 0, expected a whole number"),
    ("train x.npy y.npy --seed", "--seed needs 1 value"),
    ("train x.npy y.npy --test x.npy", "--test needs 2 values"),
    ("train x.npy y.npy --learning-rate 1", "--learning-rate: trainer has a rate of its own"),
    ("train nothing.npy y.npy", "nothing.npy: No such file or directory"),
    ("train . y.npy", r"\.: Is a directory"),
    ("train empty.npy y.npy", "empty.npy: is not an .npy file, or is truncated"),
    ("train junk.npy y.npy", "junk.npy: is not an .npy file, or is truncated"),
    ("train cut.npy y.npy", "cut.npy: is truncated: it lacks 328 bytes"),
    ("train complex.npy y.npy", "complex.npy: got dtype <c16, expected one of"),
    ("train big.npy y.npy", "big.npy: got dtype >f4, expected one of"),
    ("train fortran.npy y.npy", "fortran.npy: is in Fortran order"),
    ("train wide.npy y.npy", r"wide.npy: got shape \(75, 8\), expected \(rows, 4\)"),
    ("train x.npy x.npy", "x.npy: got dtype float32, expected int32"),
    ("train x.npy floats.npy", "floats.npy: got dtype float32, expected int32"),
    ("train x.npy label.npy", "label.npy: got 3 in row 61, expected 0 <= value < 3"),
    ("train x.npy fewy.npy", "got 75 samples and 5 targets, expected equal numbers"),
    ("train few.npy fewy.npy", "few.npy: got 5 samples, expected at least 10, one batch"),
    ("train x.npy y.npy --test none.npy none.npy", "none.npy: got dtype float32, expected int32"),
    ("train x.npy y.npy --test few.npy y.npy", "got 5 samples and 75 targets, expected equal"),
    ("train x.npy y.npy --save none/a", "none/a: cannot be written: No such file or directory"),
    ("train x.npy y.npy --save .", r"\.: is not a regular file"),
    ("train x.npy y.npy --resume x.npy", "x.npy: is not a checkpoint of catgrad"),
    ("train x.npy y.npy --resume none", "none: No such file or directory"),
    ("train nan.npy y.npy", r"step \d+: loss is nan"),
    ("predict x.npy -o p.npy", "predict needs --load P"),
    ("predict x.npy --load a.gguf", "predict needs -o Y.npy"),
    ("predict x.npy -o none/p --load a.gguf", "none/p: cannot be written: No such file"),
    ("predict x.npy -o p.npy --load cut.gguf", "cut.gguf: is truncated: it lacks 100 bytes"),
    ("predict x.npy -o p.npy --load head.gguf", "head.gguf: is truncated"),
    ("predict x.npy -o p.npy --load long.gguf", "long.gguf: has more than its"),
    ("predict x.npy -o p.npy --load other.gguf", "other.gguf: is a checkpoint of another program"),
    ("predict wide.npy -o p.npy --load a.gguf", r"wide.npy: got shape \(75, 8\), expected"),
]


def test_bad_input(sanitized: Path, folder: Path) -> None:
    assert run(sanitized, "train", "x.npy", "y8.npy", "--save", "a.gguf", "--threads", "2")[0] == 0
    whole = Path("a.gguf").read_bytes()
    Path("cut.gguf").write_bytes(whole[:-100])
    Path("head.gguf").write_bytes(whole[:200])
    Path("long.gguf").write_bytes(whole + b"!")
    key = whole.index(b"meta:program") + len(b"meta:program") + 12
    Path("other.gguf").write_bytes(whole[:key] + b"0" * 64 + whole[key + 64 :])
    before = sorted(os.listdir())
    for words, message in ERRORS:
        code, out, err = run(sanitized, *words.split())
        assert (code, out) == (1, ""), (words, err)
        assert re.fullmatch(rf"trainer: error: {message}.*\n", err), (words, err)
    assert sorted(os.listdir()) == before
    assert Path("a.gguf").read_bytes() == whole


def test_nothing_is_saved_after_a_loss_that_is_nan(built: Path, folder: Path) -> None:
    run(built, "train", "x.npy", "y.npy", "--save", "a.gguf")
    before = Path("a.gguf").read_bytes()
    assert run(built, "train", "nan.npy", "y.npy", "--save", "a.gguf")[0] == 1
    assert Path("a.gguf").read_bytes() == before


def test_damaged_checkpoints_change_nothing(built: Path, folder: Path) -> None:
    net = opened(built, 1, 1)
    net.save("a.gguf")
    whole = Path("a.gguf").read_bytes()
    state = net.parameters | net.state
    head = whole.index(b"catgrad.shapes") + 400
    rng = np.random.default_rng(0)
    for at in rng.integers(0, head, 200):
        damaged = bytearray(whole)
        damaged[at] ^= int(rng.integers(1, 256))
        Path("b.gguf").write_bytes(damaged)
        other = opened(built, 2, 1)
        before = other.parameters | other.state
        try:
            other.load("b.gguf")
        except ValueError:
            after = other.parameters | other.state
            assert all(np.array_equal(after[name], before[name]) for name in before)
    net.load("a.gguf")
    assert all(np.array_equal((net.parameters | net.state)[n], state[n]) for n in state)


def test_checkpoint_is_gguf(built: Path, folder: Path) -> None:
    ggml = pytest.importorskip("ggml")
    net = opened(built, 4)
    net.save("a.gguf")
    file = ggml.gguf_init_from_file(b"a.gguf", ggml.gguf_init_params(no_alloc=True, ctx=None))
    assert ggml.gguf_get_n_tensors(file) == len(net.PARAMETERS) + len(net.STATE)
    assert ggml.gguf_get_val_i64(file, ggml.gguf_find_key(file, b"meta:seed")) == 4
    keys = ggml.gguf_find_key(file, b"catgrad.keys")
    shapes = ggml.gguf_find_key(file, b"catgrad.shapes")
    count = ggml.gguf_get_arr_n(file, keys)
    found = {
        ggml.gguf_get_arr_str(file, keys, i): ggml.gguf_get_arr_str(file, shapes, i)
        for i in range(count)
    }
    assert found[b"parameter:dense1.weight"] == b"4x8"
    ggml.gguf_free(file)


def test_python_face_is_that_of_numpy(built: Path) -> None:
    ours, theirs = opened(built, 5), compiled("numpy").load(seed=5)
    x, y = data(75)
    ours.set_state(theirs.parameters | theirs.state)
    for step in range(50):
        batch = slice(step % 7 * 10, step % 7 * 10 + 10)
        assert ours.step(x[batch], y[batch]) == pytest.approx(
            theirs.step(x[batch], y[batch]), rel=1e-5
        )
    for name, value in theirs.parameters.items():
        assert np.abs(ours.parameters[name] - value).max() <= 1e-3 * np.abs(value).max()
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x), rtol=1e-3, atol=1e-4)
    assert ours.accuracy(x, y).mean() == theirs.accuracy(x, y).mean()
    assert (ours.PARAMETERS, ours.STATE, repr(ours)) == (
        theirs.PARAMETERS,
        theirs.STATE,
        "<trainer: seed 5, 50 steps done>",
    )
    wrong: list[tuple[str, *tuple[Any, ...]]] = [
        ("step", x[:9], y[:9]),
        ("step", x[:10], y[:10] + 7),
        ("step", x[:10] * np.nan, y[:10]),
        ("predict", x.astype(complex)),
        ("set_state", {"dense1.wait": 1}),
        ("__getitem__", "stop"),
    ]
    for method, *arguments in wrong:
        errors: list[str] = []
        for net in (ours, theirs):
            with pytest.raises((TypeError, ValueError, FloatingPointError, KeyError)) as caught:
                getattr(net, method)(*arguments)
            errors.append(f"{type(caught.value).__name__}: {caught.value}")
        assert errors[0] == errors[1]


def test_instances_are_independent(built: Path) -> None:
    x, y = data(10)

    def train(net: Any, found: list[float]) -> None:
        found += [net.step(x, y) for _ in range(100)]

    alone: list[float] = []
    train(opened(built, 1, 1), alone)
    together: list[list[float]] = [[], [], []]
    nets = [opened(built, 1, n) for n in (1, 1, 2)]
    threads = [threading.Thread(target=train, args=a) for a in zip(nets, together, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together[:2] == [alone, alone]
    np.testing.assert_allclose(together[2], alone, rtol=1e-5)


def test_c_interface(built: Path) -> None:
    client = built / "client"
    compiler = ["cc", "-std=gnu99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", str(CLIENT)]
    links = ["-I", str(built.parent), "-L", str(built), "-ltrainer", f"-Wl,-rpath,{built}"]
    subprocess.run([*compiler, "-o", str(client), *links], check=True)
    done = subprocess.run([str(client)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert 0 < float(done.stdout) < 0.5


def test_linked_libraries(built: Path) -> None:
    for file in ("trainer", "libtrainer.so"):
        text = subprocess.run(
            ["ldd", str(built / file)], capture_output=True, text=True, check=True
        ).stdout
        names = {line.split()[0].rpartition("/")[2] for line in text.splitlines()}
        allowed = r"linux-vdso|ld-linux|libggml|libgomp|libstdc\+\+|libgcc_s|lib(c|m|pthread|dl)\."
        blas = r"|lib\w*blas|libgfortran|libquadmath"  # a system CBLAS and what that needs
        assert all(re.match(allowed + blas, name) for name in names), names
        assert any(name.startswith("libggml") for name in names)


def nothing(_: str) -> None:
    """Finds nothing."""


def test_missing_tools_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", nothing)
    with pytest.raises(CompileError, match="needs cmake to build a program"):
        native.build({}, tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr("importlib.util.find_spec", nothing)
    monkeypatch.delenv("CMAKE_PREFIX_PATH", raising=False)
    with pytest.raises(CompileError, match="install ggml-python"):
        native.ggml_prefix()


def test_a_failing_build_shows_its_output(tmp_path: Path) -> None:
    files = {**compiled().files, "trainer.cpp": "#error no program\n"}
    with pytest.raises(CompileError, match=r"'cmake --build \.\.\.' failed:(.|\n)*no program"):
        native.build(files, tmp_path)
