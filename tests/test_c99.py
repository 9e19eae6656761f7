"""The example of a target from outside: C that compiles without a warning and trains."""

from __future__ import annotations

import ctypes
import importlib
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad._attached import attaching
from catgrad.cli import main
from catgrad.extending import load
from tests.c_programs import C99, ROOT, SANITIZED, build, train


def compiled(model: str, folder: Path) -> Path:
    """The C file of an example, by the command."""
    output = folder / f"{Path(model).stem}.c"
    command = ["compile", model, "--load", str(C99), "--target", "c99", "-o", str(output)]
    assert main(command) == 0
    return output


@pytest.mark.parametrize("flags", [("-O2",), SANITIZED], ids=["optimized", "sanitized"])
@pytest.mark.parametrize("name", ["iris", "digits"])
def test_it_trains_as_the_numpy_target_does(name: str, flags: Any, tmp_path: Path) -> None:
    example = importlib.import_module(name)
    batches: list[tuple[NDArray[Any], ...]] = [
        *islice(example.batches(), 1 if name == "iris" else 40)
    ]
    net = cg.compile(example.parts, name=name).load(seed=3)
    expected = [net.step(*batches[i % len(batches)]) for i in range(200)]
    program = build(compiled(str(ROOT / "examples" / f"{name}.py"), tmp_path), *flags)
    found, messages = train(program, batches, steps=200, seed=3)
    assert messages == ""
    np.testing.assert_allclose(found, expected, rtol=2e-6)
    assert found[-1] < found[0] / 2


def test_both_commands_print_the_same(tmp_path: Path) -> None:
    source = compiled(str(ROOT / "examples" / "iris.py"), tmp_path).read_text()
    emit = f"{sys.executable} -m catgrad.cli emit examples/iris.py"
    opt = f"{sys.executable} -m catgrad.opt --load {C99} -p lower-to-c99 -t c99"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{emit} | {opt}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == source


ODD = """
import catgrad as cg

@cg.arrow
def int_(x, I, NULL):
    x, y = x[:, ::2].T, cg.max(I * NULL, axis=0)
    less = cg.where(cg.logical_not(x < y), cg.sign(x), cg.pow(abs(x), 1.5))
    return cg.rsqrt(cg.square(less) + 1) - cg.sum(cg.minimum(x, y), axis=(0, 1))

parts = {"exp": int_.on(cg.f64[3, 4], cg.f64[2, 2, 3], cg.f64[2, 2, 3])}
"""


@pytest.mark.parametrize("flags", [("-O2",), SANITIZED], ids=["optimized", "sanitized"])
def test_any_function(flags: Any, tmp_path: Path) -> None:
    """Names that C has given away, movement, choices; in double."""
    (tmp_path / "odd.py").write_text(ODD)
    source = compiled(str(tmp_path / "odd.py"), tmp_path)
    rng = np.random.default_rng(0)
    given = [rng.normal(size=s) for s in ((3, 4), (2, 2, 3), (2, 2, 3))]
    x, y = given[0][:, ::2].T, (given[1] * given[2]).max(axis=0)
    less = np.where(~(x < y), np.sign(x), np.abs(x) ** 1.5)
    expected = 1 / np.sqrt(less**2 + 1) - np.minimum(x, y).sum()
    numbers = [", ".join(map(repr, v.ravel().tolist())) for v in given]
    arrays = "\n".join(f"    double g{i}[] = {{{n}}};" for i, n in enumerate(numbers))
    main_ = (
        f"int main(void)\n{{\n{arrays}\n    double y[6];\n"
        "    if (allocate() != 0 || odd_exp(g0, g1, g2, y) != 0) return 1;\n"
        '    for (int i = 0; i < 6; ++i) printf("%.17g\\n", y[i]);\n'
        "    free(persistent);\n    return 0;\n}\n"
    )
    source.write_text(source.read_text() + main_)
    done = subprocess.run([build(source, *flags)], capture_output=True, check=True)
    np.testing.assert_allclose(np.array(done.stdout.split(), float).reshape(2, 3), expected)


def test_what_it_lacks_is_one_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "conv.py").write_text(
        "import catgrad as cg\n"
        "f = cg.arrow(lambda x: cg.concat([cg.cumulative_sum(x, axis=0), x], axis=0))\n"
        'parts = {"f": f.on(cg.f32[4])}\n'
    )
    command = ["compile", str(tmp_path / "conv.py"), "--load", str(C99), "--target", "c99"]
    assert main([*command, "-o", str(tmp_path / "conv.c")]) == 1
    assert capsys.readouterr().err == (
        "catgrad: error: pass 'tops-decompose' failed: target 'c99' has no ops for "
        "tops.cumulative_sum on f32 (@f); tops.concat on f32 (@f)\n"
    )


def test_bad_labels_and_losses_change_nothing(tmp_path: Path) -> None:
    """The program stops, with all it printed before."""
    (tmp_path / "points.py").write_text(
        "import catgrad as cg\n"
        "from catgrad import losses, nn, optimizers\n"
        "parts = cg.training(nn.dense(3), inputs=cg.f32[4, 2], targets=cg.i32[4],\n"
        "                    loss=losses.cross_entropy, optimizer=optimizers.sgd(0.1))\n"
    )
    program = build(compiled(str(tmp_path / "points.py"), tmp_path), *SANITIZED)
    x, y = np.ones((4, 2), np.float32), np.zeros(4, np.int32)
    losses_, message = train(program, [(x, y), (x, y + 3)], steps=3, seed=0)
    assert (len(losses_), message) == (1, "step 1: bad input\n")
    losses_, message = train(program, [(x, y), (x * np.inf, y)], steps=3, seed=0)
    assert (len(losses_), message) == (1, "step 1: loss not finite\n")
    assert train(program, [(x, y[:2])], 1, 0)[1].endswith("expected 16 bytes for each batch\n")


def test_from_python(tmp_path: Path) -> None:
    """`load` makes a target known to `compile`; a program of one file has the target's suffix."""
    parts = cg.training(
        nn.dense(2),
        inputs=cg.f32[4, 2],
        targets=cg.f32[4, 2],
        loss=losses.mse,
        optimizer=optimizers.sgd(0.1),
    )
    with attaching():
        load(C99)
        program = cg.compile(parts, target="c99", name="line")
        assert list(program.files) == ["line.c"]
        with pytest.raises(cg.CompileError) as caught:
            program.load()
    assert str(caught.value) == (
        "target 'c99' does not load programs into this process; write it and build it"
    )
    source = tmp_path / "line.c"
    program.write(source)
    library = tmp_path / "line.so"
    subprocess.run(["cc", "-shared", "-fPIC", str(source), "-o", str(library), "-lm"], check=True)
    assert ctypes.CDLL(str(library)).allocate() == 0


LARGE = """
#include <stdio.h>
#include <stdlib.h>

static void *asked(size_t count, size_t size)
{
    printf("%lu\\n", (unsigned long)(count * size));
    return NULL;
}
#define calloc asked
#define PERSISTENT 2000000000
#define SCRATCH 2000000000
#include "c99_runtime.c"
int main(void) { return !allocate(); }
"""


def test_sizes_do_not_overflow(tmp_path: Path) -> None:
    (tmp_path / "large.c").write_text(LARGE)
    program = build(tmp_path / "large.c", f"-I{C99.parent}", "-Wno-overflow")
    done = subprocess.run([program], capture_output=True, text=True, check=True)
    assert done.stdout == "4000000001\n"


def test_it_stays_small() -> None:
    assert len(C99.read_text().splitlines()) <= 340
