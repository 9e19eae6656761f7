"""The ggml target with `kernels=native`: every op against the interpreter, models that train."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import PassFailedException

from catgrad import native
from catgrad.compiler import run_pipeline
from catgrad.dialects.tops import TABLE
from catgrad.interpreter import Interpreter
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
