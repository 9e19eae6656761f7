"""
Checks of one op's reverse rule, shared by the tests of the rules and the tests of these checks.

Over the reals a rule is compared with central differences of the op. Over the rings Z/2^n, Z/2
among them, it is compared with the formal derivative of the op as a polynomial over the integers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import numpy as np
from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, IntegerType, ModuleOp, TensorType
from xdsl.ir import Attribute, Block, Region
from xdsl.rewriter import InsertPoint

from catgrad.dialects import cat
from catgrad.dialects.tops import Array, ops_at
from catgrad.dialects.tops.base import FLOAT, NUMPY_NAMES, SIZES, TopsOp, dtype_of, scalar_attribute
from catgrad.interpreter import Interpreter, NumPyArray, compute
from catgrad.passes.cat_differentiate import CatDifferentiatePass
from tests.op_cases.model import Case, IntArray, Literal, Numbers, Row, type_of

INVERSE_OF_3 = np.uint64(0xAAAAAAAAAAAAAAAB)
RUNS = {"real": 2, "integer": 2, "boolean": 8}
KINDS = {"f32": "real", "f64": "real", "i32": "integer", "i64": "integer", "i1": "boolean"}


class Mismatch(AssertionError):
    """A rule that is not the derivative."""


def dtype(text: str) -> str:
    """`2x3xf64` -> f64."""
    return text.rsplit("x", 1)[-1]


def inputs_of(case: Case) -> list[int]:
    """The operands that are inputs, not constants."""
    return [i for i in range(len(case.types)) if i not in case.full]


def arrow(name: str, inputs: Sequence[Attribute]) -> tuple[Block, Builder]:
    """The body of an arrow to be built."""
    block = Block(arg_types=inputs)
    return block, Builder(InsertPoint.at_end(block))


def close(name: str, block: Block, builder: Builder, values: Sequence[Array]) -> cat.ArrowOp:
    """The arrow of a body that returns `values`."""
    results = [v.value for v in values]
    builder.insert(cat.ReturnOp(results))
    return cat.ArrowOp(name, (block.arg_types, [v.type for v in results]), Region(block))


def op_arrow(op: str, case: Case) -> cat.ArrowOp:
    """The arrow @f that holds one op."""
    types = [type_of(text) for text in case.types]
    block, builder = arrow("f", [types[i] for i in inputs_of(case)])
    ops, given = ops_at(builder), iter(block.args)
    operands = [
        ops.full(type_.get_shape(), case.full[i], dtype(case.types[i]))
        if i in case.full
        else ops.array(next(given))
        for i, type_ in enumerate(types)
    ]
    result = type_of(case.result) if case.result else None
    props = dict(case.props)
    value = props.get("value")
    if isinstance(value, list):
        type_ = cast("TensorType[IntegerType]", result)
        props["value"] = DenseIntOrFPElementsAttr.from_list(type_, cast("list[int]", value))
    elif isinstance(value, float):
        props["value"] = scalar_attribute(value, dtype(case.result))
    return close("f", block, builder, [ops.emit(op, *operands, type=result, **props)])


def derivative_arrow(name: str, of: cat.ArrowOp) -> cat.ArrowOp:
    """The arrow (a, b') -> R[of](a, b')."""
    block, builder = arrow(name, [*of.inputs, *of.outputs])
    ops, count = ops_at(builder), len(of.inputs)
    reverse = cat.ReverseOp(of.symbol, block.args[:count], block.args[count:], of.outputs)
    builder.insert(reverse)
    return close(name, block, builder, [ops.array(v) for v in reverse.derivatives])


class Probe:
    """One instance of an op with its derivatives: @f, @r = R[f] and @rr = R[r], ready to run."""

    def __init__(self, row: Row, case: Case, *, compiled: bool = False):
        self.row, self.case = row, case
        f = op_arrow(row.op, case)
        self.arrows = [f]
        for name in ("r", "rr"):
            self.arrows.append(derivative_arrow(name, self.arrows[-1]))
        self.module = ModuleOp([*self.arrows])
        self.op = cast(TopsOp, f.result.values[0].owner)
        if compiled:
            CatDifferentiatePass().apply(Context(), self.module)
            self.module.verify()
        self.interpreter = Interpreter(self.module)
        self.inputs = inputs_of(case)

    def f(self, x: Sequence[NumPyArray]) -> NumPyArray:
        """The op itself."""
        return self.interpreter.run("f", *x)[0]

    def r(self, x: Sequence[NumPyArray], g: NumPyArray) -> list[NumPyArray]:
        """The cotangents of the inputs; their types are those of the inputs."""
        found = self.interpreter.run("r", *x, g)
        for array, like in zip(found, x, strict=True):
            if array.dtype != like.dtype or array.shape != like.shape:
                raise Mismatch(f"{array.dtype}{array.shape} for {like.dtype}{like.shape}")
        return found

    def rr(
        self, x: Sequence[NumPyArray], g: NumPyArray, h: Sequence[NumPyArray]
    ) -> list[NumPyArray]:
        """The cotangents of the inputs and of g in (x, g) -> R[f](x, g), seeded with h."""
        return self.interpreter.run("rr", *x, g, *h)

    def sample(self, rng: np.random.Generator) -> list[NumPyArray]:
        """Random inputs; all numbers of one range are apart from each other and from its middle."""
        texts = [self.case.types[i] for i in self.inputs]
        shapes = [tuple(type_of(text).get_shape()) for text in texts]
        sizes = [int(np.prod(shape)) for shape in shapes]
        count = 2 * ((sum(sizes) + 1) // 2)
        cells = (rng.permutation(count) + rng.uniform(0.3, 0.7, count)) / max(count, 1)
        parts = np.split(cells, np.cumsum(sizes))
        result: list[NumPyArray] = []
        for i, text, shape, part in zip(self.inputs, texts, shapes, parts, strict=False):
            name = dtype(text)
            low, high = self.case.ranges.get(i, (-2.0, 2.0))
            if name in FLOAT:
                array = (low + (high - low) * part).reshape(shape)
            elif i in self.case.ranges:
                array = rng.integers(int(low), int(high), shape)
            else:
                array = whole(name, shape, rng)
            result.append(array.astype(NUMPY_NAMES[name]))
        return result

    def seed(self, rng: np.random.Generator) -> NumPyArray:
        """A random cotangent of the output."""
        type_ = self.op.out_type
        text = dtype_of(type_)
        shape = tuple(type_.get_shape())
        array = rng.normal(size=shape) if text in FLOAT else whole(text, shape, rng)
        return np.asarray(array).astype(NUMPY_NAMES[text])


def whole(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> IntArray:
    """Random elements of a ring; of i64 small ones, as the checks compute in 62 bits."""
    low, high = {"i1": (0, 2), "i32": (-(2**31), 2**31), "i64": (-(2**20), 2**20)}[name]
    return rng.integers(low, high, shape)


def differences(phi: Callable[[float], NumPyArray], h: float) -> NumPyArray:
    """12 h phi'(0): exact for polynomials up to degree 4, else up to an error O(h^5)."""
    return phi(-2 * h) - 8 * phi(-h) + 8 * phi(h) - phi(2 * h)


def check_real(probe: Probe, rng: np.random.Generator) -> None:
    """<g, f'(x) d> = <R[f](x, g), d> along a random direction d."""
    x, g, h = probe.sample(rng), probe.seed(rng), probe.row.step
    moved = [i not in probe.case.zero for i in probe.inputs]
    d = [rng.normal(size=a.shape) if move else None for a, move in zip(x, moved, strict=True)]

    def phi(t: float) -> NumPyArray:
        at = [a if v is None else a + t * v for a, v in zip(x, d, strict=True)]
        return compute(probe.op, operands(probe, at)).astype(np.float64)

    expected = float(np.sum(g * differences(phi, h)) / (12 * h))
    found = probe.r(x, g)
    total = sum(float(np.sum(r * v)) for r, v in zip(found, d, strict=True) if v is not None)
    if not np.isclose(total, expected, rtol=probe.row.rtol, atol=0):
        raise Mismatch(f"{probe.row.op}: {total} is not {expected}")


def check_second_order(probe: Probe, rng: np.random.Generator) -> None:
    """The same of (x, g) -> R[f](x, g), along random directions of x and of g."""
    x, g, step = probe.sample(rng), probe.seed(rng), probe.row.step
    fixed = [i in probe.case.zero for i in probe.inputs]
    dx = [None if z else rng.normal(size=a.shape) for a, z in zip(x, fixed, strict=True)]
    dg = rng.normal(size=g.shape).astype(g.dtype)
    h = [np.zeros_like(a) if z else rng.normal(size=a.shape) for a, z in zip(x, fixed, strict=True)]

    def phi(t: float) -> NumPyArray:
        at = [a if v is None else a + t * v for a, v in zip(x, dx, strict=True)]
        pairs = zip(probe.r(at, (g + t * dg).astype(g.dtype)), h, strict=True)
        return np.asarray(sum(float(np.sum(r * v)) for r, v in pairs))

    expected = float(differences(phi, step) / (12 * step))
    *rx, rg = probe.rr(x, g, h)
    total = sum(float(np.sum(r * v)) for r, v in zip(rx, dx, strict=True) if v is not None)
    total += float(np.sum(rg * dg))
    if not np.isclose(total, expected, rtol=probe.row.rtol, atol=0):
        raise Mismatch(f"{probe.row.op} at order 2: {total} is not {expected}")


def operands(probe: Probe, inputs: Sequence[NumPyArray]) -> list[NumPyArray]:
    """The inputs, with the constant operands between them."""
    given = iter(inputs)
    found: list[NumPyArray] = []
    for i, text in enumerate(probe.case.types):
        shape, name = type_of(text).get_shape(), NUMPY_NAMES[dtype(text)]
        found.append(
            np.full(shape, probe.case.full[i], name) if i in probe.case.full else next(given)
        )
    return found


def lifted(row: Row, case: Case) -> Callable[[Sequence[IntArray]], IntArray]:
    """The op as a polynomial over the integers (modulo 2^64)."""
    if row.polynomial is not None:
        polynomial = row.polynomial
        return lambda x: polynomial(*x)

    def lift(text: str) -> str:
        return "x".join([*text.split("x")[:-1], "i64"])

    types = [t if i in case.zero else lift(t) for i, t in enumerate(case.types)]
    result = lift(case.result) if case.result else ""
    probe = Probe(row, replace(case, types=tuple(types), result=result))
    return lambda x: compute(probe.op, operands(probe, x))


def check_ring(probe: Probe, rng: np.random.Generator) -> None:
    """Each cotangent is sum_j g_j df_j/dx_i, formally; so too where the numbers wrap around."""
    x, g = probe.sample(rng), probe.seed(rng)
    polynomial = lifted(probe.row, probe.case)
    wide = [
        a if i in probe.case.zero else a.astype(np.int64)
        for i, a in zip(probe.inputs, x, strict=True)
    ]
    for k, (i, found) in enumerate(zip(probe.inputs, probe.r(x, g), strict=True)):
        if i in probe.case.zero:
            continue
        bits = 1 if dtype(probe.case.types[i]) == "i1" else 8 * SIZES[dtype(probe.case.types[i])]
        for at in np.ndindex(found.shape):

            def phi(t: float, k: int = k, at: tuple[int, ...] = at) -> NumPyArray:
                moved = [a.copy() for a in wide]
                moved[k][at] += np.int64(t)
                return polynomial(moved)

            with np.errstate(over="ignore"):
                slope = (np.asarray(differences(phi, 1)) >> 2).astype(np.uint64) * INVERSE_OF_3
                expected = int(np.sum(slope * g.astype(np.int64).astype(np.uint64)))
            if (int(found[at]) - expected) % 2 ** min(bits, 62) != 0:
                raise Mismatch(f"{probe.row.op}: {found[at]} is not {expected} modulo 2^{bits}")


def check_zero(probe: Probe, rng: np.random.Generator) -> None:
    """The cotangents declared zero are zero."""
    x, g = probe.sample(rng), probe.seed(rng)
    for i, found in zip(probe.inputs, probe.r(x, g), strict=True):
        if i in probe.case.zero and np.any(found):
            raise Mismatch(f"{probe.row.op}: the cotangent of operand {i} is not zero")


def active(case: Case) -> set[str]:
    """Over what the op is differentiated: the kinds of the operands not declared zero."""
    return {KINDS[dtype(t)] for i, t in enumerate(case.types) if i not in case.zero}


def check_case(probe: Probe, rng: np.random.Generator) -> None:
    """The rule of one instance, over the field or ring that its operands are from."""
    check_zero(probe, rng)
    for kind in active(probe.case):
        for _ in range(RUNS[kind]):
            (check_real if kind == "real" else check_ring)(probe, rng)


def arrays(case: Case, numbers: Sequence[Numbers]) -> list[NumPyArray]:
    """Literal inputs as arrays."""
    return [
        np.array(n, NUMPY_NAMES[dtype(case.types[i])])
        for i, n in zip(inputs_of(case), numbers, strict=False)
    ]


def check_literal(row: Row, literal: Literal, *, compiled: bool = False) -> None:
    """The cotangents of a literal that states them: kinks, ties, singular points."""
    if literal.seed is None:
        return
    probe = Probe(row, literal.case, compiled=compiled)
    x = arrays(literal.case, literal.inputs)
    g = np.array(literal.seed, probe.f(x).dtype)
    found = probe.r(x, g)
    pairs = [*zip(found, literal.cotangents, strict=False)]
    if literal.second:
        pairs += zip(probe.rr(x, g, [np.ones_like(a) for a in x]), literal.second, strict=False)
    for found, expected in pairs:
        if not np.allclose(found, np.array(expected), rtol=1e-14, atol=0, equal_nan=True):
            raise Mismatch(f"{row.op} at {literal.inputs}: {found} is not {expected}")


def check_row(row: Row) -> None:
    """All first-order checks of an op; what a wrong rule must not pass."""
    rng = np.random.default_rng(0)
    for case in row.cases:
        check_case(Probe(row, case), rng)
    for literal in row.literals:
        check_literal(row, literal)
