"""Every op of the ggml target against the interpreter: all of them compiled into one artefact."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.utils.exceptions import PassFailedException

import catgrad as cg
from catgrad import native
from catgrad.dialects.tops import TABLE
from catgrad.interpreter import Interpreter
from catgrad.targets._ggml_spelling import SPELLING
from catgrad.targets.ggml_cpp import GgmlTarget
from tests.ggml_programs import PLACE, Sample, emit, module_of, samples
from tests.programs import parse
from tests.rule_checks import Probe

SAMPLES = list(samples())
INF, NAN = float("inf"), float("nan")
SMALL = (0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-30, -1e-30, 1e-6, -1e-6, 3.5, 7.0)
LARGE = (20.0, -20.0, 88.7, -87.3, 200.0, -200.0, 16777217.0, 3e38, -3e38, INF, -INF, NAN)
SPECIAL = (*SMALL, *LARGE)
UNARY = """
abs ceil cos erf exp expm1 floor log log1p logistic negative round rsqrt sign sin sqrt square tanh
""".split()
COMPARED = "equal not_equal less less_equal greater greater_equal".split()
BINARY = ["add", "divide", "maximum", "minimum", "multiply", "pow", "subtract", *COMPARED]
PAIRS = len(SPECIAL) ** 2
SMOOTH = "erf exp expm1 log log1p logistic tanh".split()
DENSE = 1 << 16
SUMS = ("sum", "prod", "cumulative_sum", "matmul")


def special_module() -> str:
    """A function for each elementwise op of floats, over special values."""
    lines: list[str] = []
    for op in (*UNARY, *BINARY):
        count = len(SPECIAL) if op in UNARY else PAIRS
        given, made = f"tensor<{count}xf32>", f"tensor<{count}x{'i1' if op in COMPARED else 'f32'}>"
        names = ["%a"] if op in UNARY else ["%a", "%b"]
        types = ", ".join([given] * len(names))
        lines += [
            f"func.func @{op}({', '.join(f'{n}: {given}' for n in names)}) -> {made} {{",
            f"  %y = tops.{op} {', '.join(names)} : ({types}) -> {made}",
            f"  func.return %y : {made}",
            "}",
        ]
    dense = f"tensor<{DENSE}xf32>"
    lines += [
        f"func.func @dense_{op}(%a: {dense}) -> {dense} {{ %y = tops.{op} %a : {dense} "
        f"func.return %y : {dense} }}"
        for op in SMOOTH
    ]
    return "\n".join(lines)


CHAINS = """
func.func @broadcasts(%x: tensor<32x48xf32>, %b: tensor<48xf32>, %c: tensor<32xf32>,
                      %s: tensor<f32>) -> (tensor<32x48xf32>, tensor<32x48xf32>) {
  %0 = tops.broadcast %b, axes = [0] : (tensor<48xf32>) -> tensor<32x48xf32>
  %1 = tops.broadcast %c, axes = [1] : (tensor<32xf32>) -> tensor<32x48xf32>
  %2 = tops.broadcast %s, axes = [0, 1] : (tensor<f32>) -> tensor<32x48xf32>
  %3 = tops.add %x, %0 : tensor<32x48xf32>
  %4 = tops.multiply %3, %1 : tensor<32x48xf32>
  %5 = tops.subtract %4, %2 : tensor<32x48xf32>
  %6 = tops.tanh %5 : tensor<32x48xf32>
  func.return %6, %4 : tensor<32x48xf32>, tensor<32x48xf32>
}
func.func @twice(%x: tensor<5xf32>) -> tensor<5x5xf32> {
  %0 = tops.broadcast %x, axes = [0] : (tensor<5xf32>) -> tensor<5x5xf32>
  %1 = tops.broadcast %x, axes = [1] : (tensor<5xf32>) -> tensor<5x5xf32>
  %2 = tops.multiply %0, %1 : tensor<5x5xf32>
  %3 = tops.square %2 : tensor<5x5xf32>
  func.return %3 : tensor<5x5xf32>
}
func.func @middle(%x: tensor<3x4x5x6xf32>, %y: tensor<3x5xf32>) -> tensor<3x4x5x6xi1> {
  %0 = tops.broadcast %y, axes = [1, 3] : (tensor<3x5xf32>) -> tensor<3x4x5x6xf32>
  %1 = tops.less %x, %0 : (tensor<3x4x5x6xf32>, tensor<3x4x5x6xf32>) -> tensor<3x4x5x6xi1>
  %2 = tops.logical_not %1 : tensor<3x4x5x6xi1>
  func.return %2 : tensor<3x4x5x6xi1>
}
func.func @few_rows(%x: tensor<2x9000xf32>, %y: tensor<9000xi1>) -> tensor<2x9000xf32> {
  %0 = tops.broadcast %y, axes = [0] : (tensor<9000xi1>) -> tensor<2x9000xi1>
  %z = tops.full value = 0.000000e+00 : f32 : tensor<2x9000xf32>
  %1 = tops.where %0, %x, %z
    : (tensor<2x9000xi1>, tensor<2x9000xf32>, tensor<2x9000xf32>) -> tensor<2x9000xf32>
  %2 = tops.exp %1 : tensor<2x9000xf32>
  func.return %2 : tensor<2x9000xf32>
}
func.func @through_views(%x: tensor<4x6xf32>) -> tensor<6x4xf32> {
  %0 = tops.reshape %x : (tensor<4x6xf32>) -> tensor<24xf32>
  %1 = tops.exp %0 : tensor<24xf32>
  %2 = tops.reshape %1 : (tensor<24xf32>) -> tensor<6x4xf32>
  %3 = tops.add %2, %2 : tensor<6x4xf32>
  %4 = tops.reshape %3 : (tensor<6x4xf32>) -> tensor<2x12xf32>
  %5 = tops.permute_dims %4, axes = [1, 0] : (tensor<2x12xf32>) -> tensor<12x2xf32>
  %6 = tops.reshape %5 : (tensor<12x2xf32>) -> tensor<6x4xf32>
  func.return %6 : tensor<6x4xf32>
}
func.func @same_result(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %0 = tops.exp %x : tensor<3xf32>
  func.return %0, %x, %0 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}
func.func @tiny(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = tops.multiply %x, %x : tensor<2xf32>
  func.return %0 : tensor<2xf32>
}
func.func @found(%x: tensor<4xf32>, %i: tensor<2xi32>) -> tensor<2xf32> {
  %0 = tops.take %x, %i, axis = 0 : i64 : (tensor<4xf32>, tensor<2xi32>) -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}
"""


def library(
    files: dict[str, str], folder: Path, options: Sequence[str] = ()
) -> type[native.Program]:
    """The class of a program, built without a cache."""
    built = native.build(files, folder, options, only=native.LIBRARY)
    return native.open_library(built / "libprogram.so")


@pytest.fixture(scope="module")
def ops(tmp_path_factory: pytest.TempPathFactory) -> list[native.Program]:
    """The program that holds all samples, with one thread and with three."""
    cls = library(emit(module_of(SAMPLES)), tmp_path_factory.mktemp("ops"))
    return [cls(threads=n) for n in (1, 3)]


@pytest.fixture(scope="module")
def special(tmp_path_factory: pytest.TempPathFactory) -> list[native.Program]:
    """The program that holds `special_module` and `CHAINS`."""
    module = parse(special_module() + CHAINS)
    cls = library(emit(module, f"tops-fuse,{PLACE}"), tmp_path_factory.mktemp("special"))
    return [cls(threads=n) for n in (1, 3)]


def check(got: Any, want: NDArray[Any], what: object, terms: int = 1) -> None:
    """Integers and booleans equal; floats nearly, measured by the largest; sums by their terms."""
    array = np.asarray(got)
    assert (array.dtype, array.shape) == (want.dtype, want.shape), what
    if want.dtype.kind != "f":
        assert np.array_equal(array, want), what
        return
    scale = float(np.max(np.abs(want[np.isfinite(want)]), initial=1.0))
    atol = 1e-6 * scale * terms**0.5
    np.testing.assert_allclose(array, want, rtol=2e-6, atol=atol, err_msg=str(what))


def inputs_of(sample: Sample, rng: np.random.Generator) -> tuple[list[Any], NDArray[Any]]:
    """Inputs of a sample and the output to expect."""
    probe = Probe(sample.row, sample.case)
    inputs = probe.sample(rng)
    if sample.literal is None:
        return inputs, probe.f(inputs)
    given = zip(sample.literal.inputs, inputs, strict=True)
    inputs = [np.asarray(value, array.dtype) for value, array in given]
    return inputs, np.asarray(sample.literal.output, probe.f(inputs).dtype)


@pytest.mark.parametrize("op", sorted(TABLE))
def test_op(ops: Sequence[native.Program], op: str) -> None:
    found = [s for s in SAMPLES if s.row.op == op]
    assert found
    rng = np.random.default_rng(0)
    for sample in found:
        for net in ops:
            inputs, want = inputs_of(sample, rng)
            terms = max((np.size(x) for x in inputs), default=1) if op in SUMS else 1
            check(net[sample.name](*inputs), want, f"{sample.name}: {sample.case}", terms)


@pytest.mark.parametrize("cblas", ["ON", "OFF"])
def test_products(tmp_path: Path, cblas: str) -> None:
    """By a CBLAS, in blocks and whole, and by the program's own loops."""
    found = [s for s in SAMPLES if s.row.op == "matmul"]
    for native_code in ("ON", "OFF"):
        folder = tmp_path / native_code
        options = [f"-DCATGRAD_CBLAS={cblas}", f"-DCATGRAD_NATIVE={native_code}"]
        net = library(emit(module_of(found)), folder, options)(threads=2)
        cache = (folder / "build" / "CMakeCache.txt").read_text()
        assert ("CATGRAD_CBLAS_WORKS:INTERNAL=1" in cache) == (cblas == "ON")
        rng = np.random.default_rng(2)
        for sample in found:
            inputs, want = inputs_of(sample, rng)
            terms = max(np.size(x) for x in inputs)
            check(net[sample.name](*inputs), want, f"{sample.name}: {sample.case}", terms)


def overlapping(x: cg.Array, y: cg.Array, w: cg.Array, v: cg.Array) -> tuple[cg.Array, ...]:
    """Products of windows whose rows overlap where they lie, or do not."""
    left = [cg.patches(x, (3,), stride=(n,)) @ w for n in (1, 2, 3)]
    turned = cg.permute_dims(cg.patches(x, (3,)), (1, 0))
    return (
        *left,
        turned @ v,
        cg.permute_dims(v, (1, 0)) @ cg.patches(x, (3,)),
        cg.patches(y, (3,)) @ w,
    )


def test_products_of_windows() -> None:
    shapes = (40,), (2, 40), (3, 5), (38, 5)
    parts = {"f": cg.arrow(overlapping).on(*(cg.f32[shape] for shape in shapes))}
    rng = np.random.default_rng(3)
    given = [rng.uniform(-1, 1, shape).astype(np.float32) for shape in shapes]
    found: Any = cg.compile(parts, target="ggml", name="windows").load().f(*given)
    wanted: Any = cg.compile(parts, target="numpy", name="windows").load().f(*given)
    windows = np.lib.stride_tricks.sliding_window_view(given[0], 3)
    np.testing.assert_allclose(found[0], windows @ given[2], rtol=0, atol=1e-6)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5)


@pytest.mark.parametrize("op", [*UNARY, *BINARY])
def test_special_values(special: Sequence[native.Program], op: str) -> None:
    values = np.array(SPECIAL, np.float32)
    inputs = [values] if op in UNARY else [a.ravel() for a in np.meshgrid(values, values)]
    want = Interpreter(parse(special_module())).run(op, *inputs)[0]
    got = np.asarray(special[0][op](*inputs))
    if want.dtype == bool:
        assert np.array_equal(got, want)
        return
    smallest = float(np.finfo(np.float32).tiny)
    want = np.where(np.abs(want) < smallest, np.zeros_like(want), want)  # denormals are flushed
    assert np.array_equal(np.isnan(got), np.isnan(want))
    assert np.array_equal(got[np.isinf(want)], want[np.isinf(want)])
    np.testing.assert_allclose(got, want, rtol=4e-7, atol=smallest)


@pytest.mark.parametrize("op", SMOOTH)
def test_relative_errors(special: Sequence[native.Program], op: str) -> None:
    """Of values of every magnitude, those near zero as well: a few units in the last place."""
    x = np.geomspace(1e-30, 80, DENSE // 2, dtype=np.float32)
    other = {"log": x, "log1p": -np.minimum(x, 0.99)}.get(op, -x)
    values = np.concatenate([x, other])
    module = parse(special_module().replace("f32", "f64"))
    want = Interpreter(module).run(f"dense_{op}", values.astype(np.float64))[0]
    got = np.asarray(special[0][f"dense_{op}"](values), np.float64)
    smallest = float(np.finfo(np.float32).tiny)
    np.testing.assert_allclose(got, want, rtol=4e-7, atol=smallest)


@pytest.mark.parametrize("name", ["broadcasts", "twice", "middle", "few_rows", "through_views"])
def test_fused_loops(special: Sequence[native.Program], name: str) -> None:
    rng = np.random.default_rng(1)
    interpreter = Interpreter(parse(CHAINS))
    for net in special:
        specs = net.FUNCTIONS[name]["inputs"]
        inputs = [rng.uniform(-1, 1, s["shape"]) for s in specs]
        typed = [
            (x > 0) if s["dtype"] == "bool" else x.astype(s["dtype"])
            for x, s in zip(inputs, specs, strict=True)
        ]
        got: Any = net[name](*typed)
        outputs: list[Any] = list(got) if name == "broadcasts" else [got]
        for a, b in zip(outputs, interpreter.run(name, *typed), strict=True):
            check(a, b, name)


def test_results_have_their_own_storage(special: Sequence[native.Program]) -> None:
    x = np.array([1, 2, 3], np.float32)
    first, same, second = special[0]["same_result"](x)
    assert np.array_equal(same, x)
    assert np.array_equal(first, second)
    first[:] = 0
    assert second[0] > 2


def test_denormals_are_flushed_inside_only(special: Sequence[native.Program]) -> None:
    net = special[1]
    assert net["tiny"](np.array([1e-20, 1e-19], np.float32)).tolist() == [0, 0]
    tiny = np.array([1e-20], np.float32)
    assert 0 < (tiny * tiny)[0] < np.finfo(np.float32).tiny


def test_run_time_indices_are_checked(special: Sequence[native.Program]) -> None:
    x = np.arange(4, dtype=np.float32)
    assert special[1]["found"](x, [3, 0]).tolist() == [3, 0]
    for wrong in (4, -1, 2**31 - 1):
        message = f"found: got index {wrong} at position 1, expected 0 <= index < 4"
        with pytest.raises(ValueError, match=message):
            special[1]["found"](x, [0, wrong])
    assert special[1]["found"](x, [3, 0]).tolist() == [3, 0]


def test_every_op_has_a_spelling() -> None:
    assert {f"tops.{op}" for op in TABLE} | {"tops.fused"} == set(SPELLING)


def test_unsupported_dtypes_are_named_all_at_once() -> None:
    module = parse("""
    func.func @f(%x: tensor<2xf64> {tops.name = "x"}, %i: tensor<2xi64>) -> tensor<2xf64> {
      %0 = tops.exp %x : tensor<2xf64>
      %1 = tops.take %0, %i, axis = 0 : i64 : (tensor<2xf64>, tensor<2xi64>) -> tensor<2xf64>
      func.return %1 : tensor<2xf64>
    }""")
    with pytest.raises(PassFailedException) as caught:
        emit(module, PLACE)
    text = str(caught.value)
    for part in ("f64 (x in @f)", "f64 (tops.exp in @f)", "i64 (tops.take in @f)", "takes f32"):
        assert part in text
    assert "\n" not in text


def test_unplaced_values_are_an_error() -> None:
    module = parse(
        "func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> { func.return %x : tensor<2xf32> }"
    )
    with pytest.raises(PassFailedException, match="lower-to-ggml"):
        emit(module, "dce")


def test_unknown_kernels_option() -> None:
    with pytest.raises(
        PassFailedException, match="kernels is fused, native, got 'fusd'; did you mean 'fused'"
    ):
        GgmlTarget(kernels="fusd")
