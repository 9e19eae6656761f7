"""Programs for the tests of the ggml target: every op in one artefact, and what is built of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from typing import cast

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Attribute, SSAValue

from catgrad.compiler import run_pipeline, split_files
from catgrad.dialects.cat import ArrowOp
from catgrad.dialects.tops import ops_at
from catgrad.dialects.tops.base import Tensor, dtype_of, tensor, tensor_of
from catgrad.targets._placement import find_target
from tests.op_cases import ROWS
from tests.op_cases.model import Case, Literal, Row
from tests.op_cases.others import slide
from tests.rule_checks import arrow, close, op_arrow

PLACE = 'tops-assign-slots{target="ggml"},tops-verify-slots{target="ggml"}'
NATIVE = f"""cat-to-tops,tops-decompose{{target="ggml-native"}},cse,dce,{
    PLACE.replace('"ggml"', '"ggml-native"')
}"""
LOWER = f"cat-to-tops,tops-fuse,{PLACE}"
NARROW = {"f64": "f32", "i64": "i32"}


def narrow(text: str) -> str:
    """`2x3xf64` -> `2x3xf32`: the dtypes that the target has."""
    shape, x, dtype = text.rpartition("x")
    return f"{shape}{x}{NARROW.get(dtype, dtype)}"


def narrowed(case: Case) -> Case:
    """A case in the dtypes that the target has."""
    types = tuple(map(narrow, case.types))
    return replace(case, types=types, result=narrow(case.result) if case.result else "")


def axes(*ns: int) -> dict[str, object]:
    """The property `axes`."""
    return {"axes": ns}


def axis(n: int) -> dict[str, object]:
    """The property `axis`."""
    return {"axis": n}


def flags(a: bool, b: bool) -> dict[str, object]:
    """The transpose flags of a matrix product."""
    return {"transpose_a": a, "transpose_b": b}


def bounds(start: Sequence[int], stop: Sequence[int], step: Sequence[int]) -> dict[str, object]:
    """The properties of a slice."""
    return {"start": tuple(start), "stop": tuple(stop), "step": tuple(step)}


def padding(low: Sequence[int], high: Sequence[int], interior: Sequence[int]) -> dict[str, object]:
    """The properties of a pad."""
    return {"low": tuple(low), "high": tuple(high), "interior": tuple(interior)}


LARGE: dict[str, tuple[Case, ...]] = {
    "add": tuple(Case((f"3x37x{t}", f"3x37x{t}")) for t in ("f32", "i32", "i1")),
    "exp": (Case(("5000xf32",), ranges={0: (-80, 80)}),),
    "copy": (Case(("7x3xf32",), full={0: 0.25}),),
    "broadcast": (
        Case(("64xf32",), "32x64xf32", axes(0)),
        Case(("32xf32",), "32x64xf32", axes(1)),
        Case(("2x5xi32",), "3x2x4x5xi32", axes(0, 2)),
        Case(("f32",), "9000xf32", axes(0)),
        Case(("2x3xf32",), "2x3x4xf32", axes(2)),
        Case(("0xf32",), "3x0xf32", axes(0)),
        Case(("4xf32",), "2x4xf32", axes(0), full={0: -1.5}),
    ),
    "permute_dims": (
        Case(("33x65xf32",), props=axes(1, 0)),
        Case(("3x4x5x6xf32",), props=axes(3, 1, 0, 2)),
        Case(("2x3x4x5xi1",), props=axes(0, 2, 1, 3)),
        Case(("1x5x1xf32",), props=axes(2, 1, 0)),
        Case(("2x3xf32",), props=axes(1, 0), full={0: 0.5}),
    ),
    "slice": (
        Case(("40x50xf32",), props=bounds((3, 5), (33, 50), (3, 2))),
        Case(("3x4x5xi32",), props=bounds((0, 1, 0), (3, 3, 5), (1, 1, 1))),
        Case(("6x7xf32",), props=bounds((2, 0), (3, 7), (1, 1))),
        Case(("6x7xf32",), props=bounds((2, 0), (6, 7), (2, 1)), full={0: 0.5}),
    ),
    "pad": (
        Case(("13x17xf32",), props=padding((1, 2), (3, 0), (2, 1))),
        Case(("3x4xf32",), props=padding((0, 0), (0, 0), (0, 0))),
        Case(("0x4xi32",), props=padding((1, 0), (1, 1), (2, 0))),
        Case(("2x2xf32",), props=padding((1, 1), (0, 0), (0, 0)), full={0: 3.0}),
    ),
    "concat": (
        Case(("16x20xf32", "16x1xf32", "16x9xf32"), props=axis(1)),
        Case(("2x3x4xi1", "2x1x4xi1"), props=axis(1)),
        Case(("3xf32", "0xf32", "2xf32"), props=axis(0), full={0: 1.0}),
    ),
    "sum": (
        Case(("100000xf32",), props=axes(0), ranges={0: (0, 1)}),
        Case(("33x65xf32",), props=axes(1)),
        Case(("33x65xf32",), props=axes(0)),
        Case(("4x5x6x7xf32",), props=axes(1, 3)),
        Case(("4x5x6x7xf32",), props=axes(0, 2)),
        Case(("4x5x6x7xi32",), props=axes(0, 2, 3)),
        Case(("40x5x6xf32",), props=axes(1)),
        Case(("4x5x6x7xf32",), props=axes(0, 1, 2, 3)),
        Case(("0x3xf32",), props=axes(0)),
        Case(("3x0xf32",), props=axes(1)),
        Case(("3x4xf32",), props=axes()),
        Case(("9x31xi1",), props=axes(1)),
        Case(("2x3xf32",), props=axes(1), full={0: 0.5}),
    ),
    "max": (
        Case(("33x65xf32",), props=axes(1)),
        Case(("4x5x6x7xf32",), props=axes(0, 2)),
        Case(("9x40xi32",), props=axes(0)),
        Case(("1x1xf32",), props=axes(0, 1)),
    ),
    "min": (
        Case(("33x65xf32",), props=axes(1)),
        Case(("4x5x6x7xf32",), props=axes(0, 2)),
        Case(("9x40xi32",), props=axes(0)),
    ),
    "prod": (
        Case(("33x65xf32",), props=axes(1), ranges={0: (0.9, 1.1)}),
        Case(("4x5x6x7xf32",), props=axes(0, 2), ranges={0: (0.9, 1.1)}),
        Case(("9x40xi32",), props=axes(0)),
        Case(("9x31xi1",), props=axes(1)),
        Case(("3x0xf32",), props=axes(1)),
    ),
    **{
        op: (
            Case(("33x65xf32",), props=axis(1)),
            Case(("5x6x7xf32",), props=axis(1)),
            Case(("5x6xi32",), props=axis(0)),
        )
        for op in ("argmax", "argmin")
    },
    "cumulative_sum": (
        Case(("33x65xf32",), props=axis(1)),
        Case(("5x6x7xf32",), props={"axis": 1, "reverse": True}),
        Case(("5x6xi32",), props={"axis": 0, "reverse": True}),
        Case(("9x31xi1",), props=axis(0)),
        Case(("3x0xf32",), props=axis(1)),
        Case(("2x3xf32",), props=axis(1), full={0: 0.5}),
    ),
    "matmul": (
        *(
            Case(
                (("17x33", "33x17")[a] + "xf32", ("33x40", "40x33")[b] + "xf32"), props=flags(a, b)
            )
            for a in (False, True)
            for b in (False, True)
        ),
        Case(("3x2x5x7xf32", "3x2x7x4xf32")),
        Case(("100x300xf32", "300x5xf32")),
        *(
            Case(
                (("100x600", "600x100")[a] + "xf32", ("600x70", "70x600")[b] + "xf32"),
                props=flags(a, b),
            )
            for a in (False, True)
            for b in (False, True)
        ),
        Case(("600x20xf32", "20x530xf32")),
        Case(("9x5xf32", "5x1024xf32")),
        Case(("9x1024xf32", "7x1024xf32"), props=flags(False, True)),
        Case(("3x16500xf32", "3x5xf32"), props=flags(True, False)),
        Case(("3x5x70xf32", "3x6x70xf32"), props=flags(False, True)),
        Case(("2x0xf32", "0x3xf32")),
        Case(("1x1xf32", "1x1xf32")),
        Case(("4x17x9xi32", "4x9x18xi32")),
        Case(("17x9xi1", "18x9xi1"), props=flags(False, True)),
        Case(("9x17xi1", "9x18xi1"), props=flags(True, False)),
        Case(("2x3xf32", "3x2xf32"), full={0: 2.0}),
    ),
    "take": (
        Case(("50x7xf32", "40xi32"), props=axis(0), ranges={1: (0, 50)}),
        Case(("5x6x7xf32", "2x3xi32"), props=axis(1), ranges={1: (0, 6)}),
        Case(("5x6xi1", "4xi32"), props=axis(1), ranges={1: (0, 6)}),
        Case(("5xf32", "i32"), props=axis(0), ranges={1: (0, 5)}),
    ),
    "scatter_add": (
        Case(("40x7xf32", "40xi32"), "9x7xf32", axis(0), ranges={1: (0, 9)}),
        Case(("5x2x3x7xf32", "2x3xi32"), "5x6x7xf32", axis(1), ranges={1: (0, 6)}),
        Case(("30x1xi1", "30xi32"), "4x1xi1", axis(0), ranges={1: (0, 4)}),
        Case(("0x2xf32", "0xi32"), "3x2xf32", axis(0), ranges={1: (0, 3)}),
        Case(("40x7xf32", "40xi32", "9x7xf32"), "9x7xf32", axis(0), ranges={1: (0, 9)}),
    ),
    "patches": (
        Case(("4x3x9x11xf32",), props=slide((3, 3), (1, 1), (1, 1), (1, 1))),
        Case(("2x17x13xf32",), props=slide((5, 2), (2, 3), (2, 0), (1, 4), (1, 3))),
        Case(("40x50xi32",), props=slide((7,), (2,), (9,), (0,), (2,))),
        Case(("2x4x5x6xi1",), props=slide((2, 2, 2), (1, 2, 1), (0, 0, 1), (1, 0, 0))),
        Case(("2x0xf32",), props=slide((2,), (1,), (1,), (2,))),
        Case(("3x4xf32",), props=slide((2, 2), (1, 1), (0, 0), (0, 0)), full={0: 2.0}),
    ),
    "unpatches": (
        Case(("4x3x9x11x3x3xf32",), "4x3x9x11xf32", slide((3, 3), (1, 1), (1, 1), (1, 1))),
        Case(("2x8x5x5x2xf32",), "2x17x13xf32", slide((5, 2), (2, 3), (2, 0), (1, 4), (1, 3))),
        Case(("40x24x7xi32",), "40x50xi32", slide((7,), (2,), (9,), (0,), (2,))),
        Case(
            ("2x4x2x6x2x2x2xi1",),
            "2x4x5x6xi1",
            slide((2, 2, 2), (1, 2, 1), (0, 0, 1), (1, 0, 0)),
        ),
        Case(("0x2x2xf32",), "0x3xf32", slide((2,))),
        Case(("3x4x2xf32",), "3x8xf32", slide((2,), (2,)), full={0: 2.0}),
    ),
    "random_bits": (Case(("i32", "i32"), "33x5xi32", {"site": 3}),),
    "random_uniform": (
        Case(("i32", "i32"), "33x5xf32", {"site": 3}),
        Case(("i32", "i32"), "8xf32", {"site": 2147483647}, full={0: 7, 1: -1}),
    ),
    "reshape": (Case(("6x4xf32",), "3x8xf32", full={0: 0.5}),),
    "arange": (Case((), "300xf32"), Case((), "0xi32")),
}
"""Cases beyond the rows of `op_cases`: more than one thread, many axes, nothing, literals."""


@dataclass(frozen=True)
class Sample:
    """A function of the artefact with one op; the inputs and output of a literal row."""

    name: str
    row: Row
    case: Case
    literal: Literal | None = None


def samples() -> Iterator[Sample]:
    """All ops with all their cases."""
    for op, row in ROWS.items():
        cases = {str(c): c for c in (*map(narrowed, row.cases), *LARGE.get(op, ()))}
        for index, case in enumerate(cases.values()):
            yield Sample(f"{op}_{index}", row, case)
        for index, literal in enumerate(row.literals):
            yield Sample(f"{op}_literal_{index}", row, narrowed(literal.case), literal)


def module_of(parts: Sequence[Sample]) -> ModuleOp:
    """A module with a function for each sample."""
    arrows: list[ArrowOp] = []
    for part in parts:
        arrow = op_arrow(part.row.op, part.case)
        arrow.properties["sym_name"] = StringAttr(part.name)
        arrows.append(arrow)
    return ModuleOp(arrows)


def floating(name: str, inner: ArrowOp) -> ArrowOp:
    """The same arrow with f32 numbers instead of booleans as arguments and results."""
    block, builder = arrow(name, [without_booleans(v.type) for v in inner.body.block.args])
    ops = ops_at(builder)
    env: dict[SSAValue, SSAValue] = {}
    for old, new in zip(inner.body.block.args, block.args, strict=True):
        env[old] = ops.array(new).astype(dtype_of(tensor_of(old))).value
    for op in inner.body.block.ops:
        if op is not inner.result:
            builder.insert(op.clone(env))
    found = [ops.array(env[v]) for v in inner.result.values]
    results = [v.astype("f32") if v.dtype == "i1" else v for v in found]
    return close(name, block, builder, results)


def without_booleans(type_: Attribute) -> Attribute:
    """f32 for i1."""
    found = cast("Tensor", type_)
    return tensor(found.get_shape(), "f32") if dtype_of(found) == "i1" else type_


def emit(module: ModuleOp, passes: str = LOWER, target: str = "ggml") -> dict[str, str]:
    """The files of a module that `passes` lower."""
    stream = StringIO()
    run_pipeline(module, passes)
    find_target(target).emit(None, module, stream)  # pyright: ignore[reportArgumentType]
    return split_files(stream.getvalue(), "")
