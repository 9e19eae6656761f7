"""Random arrows over all `tops` ops, with their derivatives: the programs of the fuzzer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Attribute, Operation
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects import cat
from catgrad.dialects.tops import TABLE, Array, ops_at
from catgrad.dialects.tops.base import Tensor, tensor
from catgrad.interpreter import dtype_and_shape
from tests.fuzz.pool import CHOICES, Made, Pool, joined
from tests.fuzz.steps import Step
from tests.rule_checks import arrow, close, derivative_arrow

POSITIVE = {"log", "log1p", "sqrt", "rsqrt"}
UNARY = {
    *("negative", "abs", "sign", "floor", "ceil", "round", "exp", "expm1", "log", "log1p"),
    *("sqrt", "rsqrt", "square", "sin", "cos", "tanh", "logistic", "erf", "copy", "logical_not"),
}
FAVOURED = (*("softmax", "normalise", "pads", "matmul", "add") * 2, *("shuffle", "multiply") * 4)
KEEPING = {"negative", "copy", "abs", "sign", "floor", "ceil", "round", "square"}
"""Ops of one operand that keep an exact value exact."""


class Writer(Pool):
    """Adds random ops to one body."""

    def step(self) -> None:
        """A few ops that belong together, or nothing where the operands drawn do not fit."""
        kind = self.random.choice((*TABLE, *FAVOURED))
        kind = "elementwise" if kind in UNARY else kind
        known: dict[str, Callable[[], Made | None]] = {
            "elementwise": self.unary,
            "softmax": self.softmax,
            "normalise": self.normalise,
            "shuffle": self.shuffle,
            "pads": self.pads,
        }
        try:
            made = known[kind]() if kind in known else getattr(Step(self), kind, self.binary)()
        except VerifyException:
            return
        if made is not None and 0 < made.array.size <= 600:
            self.values.append(made)

    def unary(self) -> Made | None:
        """An elementwise op of one operand."""
        op = self.random.choice(sorted(UNARY))
        x = self.pick(exact=op in CHOICES)
        if x.array.dtype == "f32":
            x = self.small(self.positive(x) if op in POSITIVE else x)
        array = x.array.unary(op)
        bound = {"exp": 55.0, "expm1": 55.0, "square": x.bound**2}.get(op, max(x.bound, 1.5) + 1)
        if op not in KEEPING:
            return Made(array, bound, None)
        return joined(array, bound, [x], x.scale if op == "square" else 0)

    def binary(self) -> Made | None:
        """An elementwise op of two operands."""
        names = "add subtract multiply divide pow maximum minimum equal not_equal less less_equal"
        names += " greater greater_equal logical_and logical_or logical_xor"
        op = self.random.choice(names.split())
        x = self.pick("i1") if op.startswith("logical") else self.pick(exact=op in CHOICES)
        y = self.partner(x, op in CHOICES)
        x, y = self.small(x), self.small(y)
        if op in ("divide", "pow"):
            return self.power(op, x, y)
        array = x.array.binary(op, y.array)
        product = op == "multiply"
        bound = x.bound * y.bound if product else x.bound + y.bound
        return joined(array, bound, [x, y], min(x.scale or 0, y.scale or 0) if product else 0)

    def power(self, op: str, x: Made, y: Made) -> Made:
        """A quotient, or a power with a constant exponent or a positive base."""
        if op == "divide":
            y = self.positive(y)
            return Made(x.array / y.array, 2 * x.bound, None)
        if x.array.dtype == "f32" and self.random.random() < 0.5:
            x = self.small(self.positive(x))
            y = self.small(y, 2.0)
            return Made(x.array**y.array, 16.0, None)
        exponent = self.random.choice((0, 1, 2, 3))
        return Made(x.array**exponent, max(x.bound, 1.0) ** 3, None)

    def softmax(self) -> Made:
        """exp(x - max(x)) / sum over the last axis, perhaps with reshapes in between."""
        x = self.small(self.pick("f32", exact=True, rank=2))
        axes = (x.array.ndim - 1,)
        e = self.reshaped(x.array - self.spread(x.array.max(axes), x.array, axes), "exp")
        return Made(e / self.spread(e.sum(axes), e, axes), 1.0, None)

    def normalise(self) -> Made:
        """(x - mean) / sqrt(variance + 1/2) over the last axis."""
        x = self.small(self.pick("f32", rank=2))
        axes, size = (x.array.ndim - 1,), x.array.shape[-1]
        d = x.array - self.spread(x.array.sum(axes) * (1 / size), x.array, axes)
        v = (d * d).sum(axes) * (1 / size) + 0.5
        return Made(d * self.spread(v.unary("rsqrt"), d, axes), 2 * x.bound, None)

    def reshaped(self, x: Array, op: str) -> Array:
        """An op on the value in another shape."""
        shape = self.shape_of(x.size)
        return x.reshape(shape).unary(op).reshape(x.shape)

    def shuffle(self) -> Made:
        """Views of views: slices, permutations, reshapes, one after the other."""
        x = self.pick(rank=1)
        step = Step(self)
        for _ in range(self.random.randint(1, 4)):
            x = self.random.choice((step.reshape, step.permute_dims, step.slice))(x)
        return x

    def pads(self) -> Made:
        """Slices of one value, padded to one size and added up: what gradients of slices are."""
        x = self.pick("f32", "i32", rank=1)
        step, total, terms = Step(self), x.array, 1
        for _ in range(self.random.randint(2, 4)):
            total, terms = total + step.windowed(x.array), terms + 1
        return joined(total, terms * x.bound, [x])


@dataclass(frozen=True)
class Program:
    """A module of arrows @value, @slope = R[value], perhaps more; inputs for each public one."""

    seed: int
    module: ModuleOp
    inputs: dict[str, list[NDArray[Any]]]


def sizes(random: Random) -> tuple[int, int, int, int]:
    """
    How many blocks, rows, columns and columns of the next layer there are.

    Tests written by hand avoid sizes that are alike and sizes that are 1: here they are frequent.
    """
    blocks, rows = 2, random.choice((3, 8, 9))
    columns, others = random.randint(1, 5), random.randint(1, 4)
    match random.random():
        case x if x < 0.25:  # all squares
            blocks = rows = columns = others = random.choice((2, 3, 4))
        case x if x < 0.4:  # the batch is as long as a row is wide
            rows = columns = random.choice((2, 3, 4, 5))
        case x if x < 0.5:
            columns = others = random.choice((3, 4))
        case x if x < 0.6:
            rows = 1
        case x if x < 0.65:
            blocks = 1
        case _:
            pass
    return blocks, rows, columns, others


def input_types(random: Random) -> list[Tensor]:
    """Types that go together: a batch of rows, weights, a bias, integers, booleans."""
    blocks, rows, columns, others = sizes(random)
    shapes = [(rows, columns), (columns, others), (columns,), (blocks, rows, columns), (), (rows,)]
    chosen = [shapes[0], *random.sample(shapes[1:], random.randint(1, 3))]
    types = [tensor(shape, "f32") for shape in chosen]
    if random.random() < 0.5:
        types.append(tensor(random.choice(chosen), random.choice(("i32", "i1"))))
    return types


def arrow_of(
    random: Random, name: str, types: Sequence[Tensor], inner: cat.ArrowOp | None
) -> cat.ArrowOp:
    """A random arrow, which may call another one of the same inputs."""
    block, builder = arrow(name, types)
    writer = Writer(random, ops_at(builder))
    for value in block.args:
        writer.values.append(Made(writer.ops.array(value), 2.0, 2))
    if inner is not None:
        call = cat.CallOp(inner.symbol, block.args, inner.outputs)
        builder.insert(call)
        writer.values += [Made(writer.ops.array(v), 64.0, None) for v in call.results]
    enough = len(writer.values) + random.randint(3, 12)
    for _ in range(60):
        if len(writer.values) < enough:
            writer.step()
    late = writer.values[-random.randint(1, 3) :]
    return close(name, block, builder, [writer.small(m, 64.0).array for m in late])


def numbers(random: Random, type_: Attribute) -> NDArray[Any]:
    """Multiples of 1/4 in [-2, 2], as an array of a type."""
    dtype, shape = dtype_and_shape(type_)
    quarters = np.random.default_rng(random.randrange(2**32)).integers(-8, 9, shape)
    return np.asarray(quarters > 0 if dtype == "bool" else quarters / 4).astype(dtype)


def program(seed: int) -> Program:
    """The program of a seed; its arrows carry the seed in their names."""
    random = Random(seed)
    types = input_types(random)
    arrows: list[cat.ArrowOp] = []
    inner = None
    if random.random() < 0.4:
        inner = arrow_of(random, f"part{seed}", types, None)
        inner.properties["sym_visibility"] = StringAttr("private")
        arrows.append(inner)
    arrows.append(arrow_of(random, f"value{seed}", types, inner))
    arrows.append(derivative_arrow(f"slope{seed}", arrows[-1]))
    if random.random() < 0.2:
        arrows.append(derivative_arrow(f"second{seed}", arrows[-1]))
    module = ModuleOp(list[Operation](arrows))
    return Program(seed, module, inputs_of(module, random))


def inputs_of(module: ModuleOp, random: Random) -> dict[str, list[NDArray[Any]]]:
    """Inputs for each public arrow."""
    return {
        a.symbol: [numbers(random, t) for t in a.inputs]
        for a in cat.arrows_of(module)
        if not a.private
    }
