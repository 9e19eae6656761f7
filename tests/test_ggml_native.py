"""The ggml target with `kernels=native`: every op against the interpreter, models that train."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import PassFailedException

import catgrad as cg
from catgrad import losses, native, nn, optimizers
from catgrad.compiler import run_pipeline
from catgrad.dialects.tops import TABLE
from catgrad.interpreter import Interpreter
from tests import coverage_table
from tests.ggml_programs import NATIVE, Sample, emit, floating, samples
from tests.programs import parse
from tests.rule_checks import op_arrow
from tests.test_ggml_ops import (
    BINARY,
    COMPARED,
    SPECIAL,
    UNARY,
    check,
    inputs_of,
    library,
    special_module,
)
from tests.test_ggml_program import compiled, folder, opened, run

__all__ = ["folder"]

SAMPLES = list(samples())
DECOMPOSE = NATIVE.partition(",cse")[0]
EXACT = [*UNARY, *(op for op in BINARY if op != "pow")]
"""Ops of floats that are right at all special values."""


def arrow_of(sample: Sample) -> Any:
    """The arrow of a sample, without booleans at its border."""
    return floating(sample.name, op_arrow(sample.row.op, sample.case))


def refusal(sample: Sample) -> str:
    """Why the target does not take a sample; nothing if it does."""
    try:
        run_pipeline(ModuleOp([arrow_of(sample)]), DECOMPOSE)
    except PassFailedException as error:
        return str(error)
    return ""


def floats(op: str) -> str:
    """The function of an op in `special_module`, with 0 and 1 for booleans."""
    text = special_module()
    start = text.index(f"func.func @{op}(")
    text = text[start : text.index("}", start) + 1]
    if op not in COMPARED:
        return text
    cast = "%z = tops.astype %y : (tensor<iXi1>) -> tensor<iXf32>\n  func.return %z : tensor<iXf32>"
    size = f"{len(SPECIAL) ** 2}x"
    head, _, last = text.partition("  func.return")
    head = head.replace(f") -> tensor<{size}i1> {{", f") -> tensor<{size}f32> {{")
    return f"{head}  {cast.replace('iX', size)}\n}}" if last else text


@pytest.fixture(scope="module")
def taken() -> list[Sample]:
    """The samples that the target takes."""
    return [s for s in SAMPLES if not refusal(s)]


@pytest.fixture(scope="module")
def ops(taken: list[Sample], tmp_path_factory: pytest.TempPathFactory) -> Sequence[native.Program]:
    """The program of all samples and of the special values, with one thread and with three."""
    module = run_pipeline(ModuleOp([arrow_of(s) for s in taken]), "cat-to-tops")
    for function in parse("\n".join(floats(op) for op in EXACT)).body.block.ops:
        module.body.block.add_op(function.clone())
    folder = tmp_path_factory.mktemp("native")
    cls = library(emit(module, NATIVE.removeprefix("cat-to-tops,"), "ggml-native"), folder)
    return [cls(threads=n) for n in (1, 3)]


@pytest.mark.parametrize("op", sorted(TABLE))
def test_op(ops: Sequence[native.Program], taken: list[Sample], op: str) -> None:
    found = [s for s in taken if s.row.op == op]
    assert found
    rng = np.random.default_rng(0)
    for sample in found:
        for net in ops:
            inputs, want = inputs_of(sample, rng)
            given = [x.astype(np.float32) if x.dtype == bool else x for x in inputs]
            kept = want.astype(np.float32) if want.dtype == bool else want
            terms = 4 * max((np.size(x) for x in inputs), default=1)
            check(net[sample.name](*given), kept, f"{sample.name}: {sample.case}", terms)


@pytest.mark.parametrize("op", EXACT)
def test_special_values(ops: Sequence[native.Program], op: str) -> None:
    values = np.array(SPECIAL, np.float32)
    inputs = [values] if op in UNARY else [a.ravel() for a in np.meshgrid(values, values)]
    want = Interpreter(parse(special_module())).run(op, *inputs)[0].astype(np.float32)
    for net in ops:
        got = np.asarray(net[op](*inputs))
        assert np.array_equal(np.isnan(got), np.isnan(want))
        assert np.array_equal(got[np.isinf(want)], want[np.isinf(want)])
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=float(np.finfo(np.float32).tiny))


def test_what_is_refused() -> None:
    """Integer arithmetic of more than one element, powers of unknown sign, windows of 3 axes."""
    for sample in SAMPLES:
        reason, types = refusal(sample), f"{sample.case.types}"
        expected = "i32" in types or sample.row.op == "pow" or "patches" in sample.row.op
        assert not reason or (expected and f"tops.{sample.row.op} on" in reason), sample.name


def test_the_coverage_table_is_current() -> None:
    assert coverage_table.PATH.read_text() == coverage_table.text(), "run make docs"


# -- models -----------------------------------------------------------------------------------
def gpt() -> dict[str, Any]:
    """A small transformer with all that one is trained with, and its batches."""
    block = nn.transformer_block(2, causal=True, rotary=True)
    model = nn.embedding(11, 8) >> block >> nn.dropout(0.1) >> nn.layer_norm() >> nn.dense(11)
    rate = optimizers.linear_warmup(1e-2, 5, optimizers.cosine(1e-2, 50))
    return cg.training(
        model,
        inputs=cg.i32[4, 6],
        targets=cg.i32[4, 6],
        loss=losses.cross_entropy,
        optimizer=optimizers.clip_by_global_norm(1.0, optimizers.adamw(rate)),
    )


def test_a_transformer_learns_as_on_numpy() -> None:
    """The first 20 losses and the states after them."""
    step = {key: part for key, part in gpt().items() if key in ("init", "step")}
    ours = cg.compile(step, target="ggml", kernels="native", name="gpt").load(threads=2)
    theirs = cg.compile(step, name="gpt").load()
    inputs = np.random.default_rng(0).integers(0, 11, (20, 4, 6))
    found = [(ours.step(x, (3 * x + 1) % 11), theirs.step(x, (3 * x + 1) % 11)) for x in inputs]
    np.testing.assert_allclose(*np.transpose(found), rtol=1e-5)
    for key, value in theirs.state.items():
        np.testing.assert_allclose(ours.state[key], value, rtol=1e-3, atol=1e-5)


def test_a_program_is_one_whatever_its_kernels(
    tmp_path_factory: pytest.TempPathFactory, folder: Path
) -> None:
    """Command line, errors and checkpoints are those of the fused kernels."""
    built = native.build(compiled("ggml", "native").files, tmp_path_factory.mktemp("trainer"))
    words = ["train", "x.npy", "y.npy", "--test", "x.npy", "y.npy", "--epochs", "2"]
    code, out, err = run(built, *words, "--save", "a.gguf", "--threads", "2")
    assert (code, out) == (0, "")
    assert re.fullmatch(r"(epoch ./2  step \d+  loss [\d.]+\n)+test accuracy [\d.]+\n", err)
    ours, theirs = opened(built), compiled().load()
    for net in (ours, theirs):
        net.load("a.gguf")
    x, y = np.load("x.npy"), np.load("y.npy")
    assert ours.step(x[:10], y[:10]) == pytest.approx(theirs.step(x[:10], y[:10]), rel=1e-5)
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x), rtol=1e-5, atol=1e-6)
    assert run(built, "predict", "x.npy", "-o", "p.npy", "--load", "a.gguf") == (0, "", "")
    code, _, err = run(built, "train", "nan.npy", "y.npy", "--save", "a.gguf")
    assert (code, bool(re.search(r"step \d+: loss is nan", err))) == (1, True)
    before = ours.parameters
    with pytest.raises(FloatingPointError, match="step 17: loss is nan"):
        _ = [ours.step(x[:10], y[:10]), ours.step(x[:10] * np.nan, y[:10])]
    assert all(np.isfinite(v).all() for v in ours.parameters.values())
    assert any((ours.parameters[n] != v).any() for n, v in before.items())


def test_run_time_indices_are_checked(ops: Sequence[native.Program]) -> None:
    name = next(s.name for s in SAMPLES if s.case.types == ("5xf32", "i32"))
    for net in ops:
        message = f"{name}: got index 9 at position 0, expected 0 <= index < 5"
        with pytest.raises(ValueError, match=message):
            net[name](np.zeros(5, np.float32), np.int32(9))
