"""Arrows made of an arrow @f, whose derivatives the laws give: for `catgrad verify-rules`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.builder import Builder
from xdsl.ir import Attribute, Block, SSAValue
from xdsl.rewriter import InsertPoint

from catgrad.dialects import cat
from catgrad.dialects._names import fresh_name
from catgrad.dialects.tops import ops_at
from catgrad.driver.subjects import Subject, close, derivative


class Body:
    """The body of an arrow under construction, which may call @f."""

    def __init__(self, f: cat.ArrowOp, types: Sequence[Attribute]):
        self.f, self.block = f, Block(arg_types=types)
        self.builder = Builder(InsertPoint.at_end(self.block))

    def call(self) -> list[SSAValue]:
        """@f of the last inputs."""
        inputs = self.block.args[len(self.block.args) - len(self.f.inputs) :]
        return list(self.builder.insert(cat.CallOp(self.f.symbol, inputs, self.f.outputs)).results)

    def add(self, a: Sequence[SSAValue], b: Sequence[SSAValue]) -> list[SSAValue]:
        """The sums, one by one."""
        pairs = zip(a, b, strict=True)
        return [self.builder.insert(cat.AddOp(list(pair))).y for pair in pairs]

    def square(self, values: Sequence[SSAValue]) -> list[SSAValue]:
        """Each squared."""
        ops = ops_at(self.builder)
        return [(a * a).value for a in map(ops.array, values)]


def reverse_of(subject: Subject, extra: bool, body: Callable[[Body], list[SSAValue]]) -> str:
    """
    Add the derivative of an arrow made of @f to the subject's module; its name.

    With `extra` the arrow has the inputs of @f twice and uses the second ones.
    """
    table = {arrow.symbol: arrow for arrow in cat.arrows_of(subject.module)}
    f = table[subject.arrow]
    made = Body(f, [*f.inputs, *f.inputs] if extra else f.inputs)
    results = body(made)
    name = fresh_name("composite", table)
    subject.module.body.block.add_op(close(name, made.block, results))
    return derivative(subject, name)


def sums(subject: Subject) -> str:
    """R[f + f]."""
    return reverse_of(subject, False, lambda body: body.add(body.call(), body.call()))


def projects(subject: Subject) -> str:
    """R[(y, x) -> f(x)]."""
    return reverse_of(subject, True, Body.call)


def pairs(subject: Subject) -> str:
    """R[x -> (f(x), f(x))]."""
    return reverse_of(subject, False, lambda body: [*body.call(), *body.call()])


def chains(subject: Subject) -> str:
    """R[x -> f(x) * f(x)]."""
    return reverse_of(subject, False, lambda body: body.square(body.call()))
