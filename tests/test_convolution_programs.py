"""Convolution and pooling through all passes, to order 2: the interpreter is the oracle."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.parser import Parser

import catgrad as cg
from catgrad import losses, native, nn, optimizers
from catgrad.compiler import Program, context
from catgrad.interpreter import Interpreter
from catgrad.tracing import Traced
from tests.test_ggml_program import SANITIZE

Arrays = list[NDArray[Any]]
MODELS: dict[str, tuple[cg.Arrow, tuple[int, ...]]] = {
    "pooled": (
        nn.conv2d(5, 3, padding="same") >> nn.relu >> nn.max_pool2d(2) >> nn.conv2d(4, 3),
        (3, 2, 8, 6),
    ),
    "square": (nn.conv2d(4, 3, padding=1) >> nn.max_pool2d(2), (4, 4, 4, 4)),
    "one": (nn.conv2d(3, 1) >> nn.relu >> nn.conv2d(2, 1, stride=2), (1, 1, 3, 3)),
    "apart": (nn.conv2d(3, 2, stride=3) >> nn.tanh >> nn.conv2d(2, (1, 2)), (2, 3, 7, 8)),
    "dilated": (nn.conv2d(3, 3, padding=2, dilation=2) >> nn.max_pool2d((1, 2)), (2, 2, 5, 6)),
    "groups": (
        nn.conv2d(6, 3, groups=3, padding=(0, 1)) >> nn.sigmoid >> nn.conv2d(4, 2, groups=2),
        (2, 3, 5, 4),
    ),
    "overlapping": (
        nn.conv2d(2, 2) >> nn.max_pool2d(3, 2, 1) >> nn.avg_pool2d(2, 1),
        (2, 1, 9, 8),
    ),
    "many": (  # images for every thread; more than one panel of products, wide and deep
        nn.conv2d(17, (3, 2)) >> nn.tanh >> nn.conv2d(18, 4),
        (9, 2, 8, 7),
    ),
    "cut": (nn.max_pool2d(2) >> nn.conv2d(3, 2) >> nn.avg_pool2d(2), (2, 3, 11, 7)),
    "ties": (nn.relu >> nn.max_pool2d(3) >> nn.conv2d(2, 2, bias=None), (2, 2, 6, 6)),
}


def parts(name: str) -> dict[str, Traced]:
    """A trainer, and the gradient of the squared slope of its loss, in inputs and parameters."""
    body, shape = MODELS[name]
    model = body >> nn.flatten >> nn.dense(3)
    types = cg.f32[shape], cg.f32[shape[0], 3]

    @cg.arrow
    def loss(x: cg.Array, t: cg.Array) -> cg.Array:
        return losses.mse(model(x), t)

    @cg.arrow
    def steepness(x: cg.Array, t: cg.Array) -> cg.Array:
        slope = cg.grad(loss, wrt=0)(x, t)
        return cg.sum(slope * slope)

    trained = cg.training(
        model, inputs=types[0], targets=types[1], loss=losses.mse, optimizer=optimizers.sgd(0.5)
    )
    return trained | {
        "slope": cg.grad(loss, wrt=[0, "*"]).on(*types),
        "bend": cg.grad(steepness, wrt=[0, "*"]).on(*types),
    }


@cache
def compiled(name: str, target: str, kernels: str | None = None) -> Program:
    """The parts for a target."""
    return cg.compile(parts(name), target=target, name=name, kernels=kernels)


def given(name: str) -> Arrays:
    """Images with ties (a third are zero), and targets."""
    rng, (_, shape) = np.random.default_rng(3), MODELS[name]
    x = rng.normal(size=shape) * (rng.random(shape) > 1 / 3)
    return [x.astype(np.float32), rng.normal(size=(shape[0], 3)).astype(np.float32)]


def interpreted(text: str, function: str, known: dict[str, NDArray[Any]], xs: Arrays) -> Arrays:
    """What a function of a printed module gives; its stored tensors are found by name."""
    module = Parser(context(), text).parse_module()
    interpreter, rest = Interpreter(module), iter(xs)
    attributes: Any = interpreter.functions[function].properties["arg_attrs"]
    names = [a.data["tops.name"].data if "tops.role" in a.data else None for a in attributes]
    return interpreter.run(function, *[next(rest) if n is None else known[n] for n in names])


def expected(name: str, function: str) -> tuple[dict[str, NDArray[Any]], Arrays]:
    """The parameters of seed 0, and what the interpreter makes of the module before all passes."""
    net: Any = compiled(name, "numpy").load(seed=0)
    known = dict(net.parameters)
    return known, interpreted(compiled(name, "numpy").ir("cat"), function, known, given(name))


def close(found: Any, wanted: Arrays) -> None:
    """Equal up to the order of sums in float32."""
    for a, b in zip(found, wanted, strict=True):
        scale = max(1e-3, float(np.abs(b).max()))
        np.testing.assert_allclose(a, b, rtol=0, atol=2e-5 * scale)


@pytest.mark.parametrize("target, kernels", [("numpy", None), ("ggml", None), ("ggml", "native")])
@pytest.mark.parametrize("name", MODELS)
def test_passes_keep_the_meaning(name: str, target: str, kernels: str | None) -> None:
    placed = compiled(name, target, kernels).ir("placed")
    for function in ("step", "slope", "bend"):
        known, wanted = expected(name, function)
        close(interpreted(placed, function, known, given(name)), wanted)


@pytest.mark.parametrize("name", MODELS)
def test_numpy_computes_it(name: str) -> None:
    net: Any = compiled(name, "numpy").load(seed=0)
    for function in ("slope", "bend"):
        close(net[function](*given(name)), expected(name, function)[1])


@pytest.mark.parametrize("name", ["pooled", "groups", "many", "dilated"])
def test_ggml_computes_it(name: str) -> None:
    net: Any = compiled(name, "ggml").load(seed=0)
    for function in ("slope", "bend"):
        close(net[function](*given(name)), expected(name, function)[1])


def test_the_programs_memory_is_sound(tmp_path: Path) -> None:
    """Addresses and undefined behaviour are checked while a model trains, with two threads."""
    parts = cg.training(
        nn.conv2d(5, 3, padding=1)
        >> nn.relu
        >> nn.max_pool2d(2)
        >> nn.conv2d(17, 3)
        >> nn.flatten
        >> nn.dense(3),
        inputs=cg.f32[9, 2, 8, 10],
        targets=cg.i32[9],
        loss=losses.cross_entropy,
        optimizer=optimizers.sgd(0.1),
    )
    program = cg.compile(parts, target="ggml", name="images")
    built = native.build(program.files, tmp_path, SANITIZE, "catgrad_command")
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.normal(size=(27, 2, 8, 10)).astype(np.float32))
    np.save(tmp_path / "y.npy", rng.integers(0, 3, 27))
    words = "train x.npy y.npy --steps 4 --threads 2".split()
    done = subprocess.run(
        [built / "images", *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "runtime error" not in done.stderr
