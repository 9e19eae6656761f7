"""Programs as text for the tests: parse them, differentiate them, run them in every way."""

from __future__ import annotations

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func
from xdsl.parser import Parser

from catgrad.dialects import cat
from catgrad.dialects.cat import Cat
from catgrad.dialects.tops import Tops
from catgrad.interpreter import Interpreter, NumPyArray
from catgrad.passes.cat_differentiate import CatDifferentiatePass
from catgrad.passes.cat_make_monoidal import CatMakeMonoidalPass

T = "tensor<3xf64>"
X = np.array([0.5, -1.25, 2.0])
Y = np.array([1.5, 0.75, -0.5])
G = np.array([1.0, -2.0, 0.25])


def context() -> Context:
    """A context with the dialects of the language."""
    ctx = Context()
    for dialect in (Builtin, Func, Cat, Tops):
        ctx.load_dialect(dialect)
    return ctx


def parse(text: str) -> ModuleOp:
    """A verified module."""
    module = Parser(context(), text).parse_module()
    module.verify()
    return module


def differentiate(module: ModuleOp) -> ModuleOp:
    """A copy of the module after `cat-differentiate`, verified."""
    copy = module.clone()
    CatDifferentiatePass().apply(context(), copy)
    copy.verify()
    return copy


def run(module: ModuleOp, name: str, *inputs: object) -> list[NumPyArray]:
    """What @name gives; by evaluation and by rewriting alike, in Cartesian and in monoidal form."""
    expected = Interpreter(module).run(name, *inputs)
    monoidal = module.clone()
    CatMakeMonoidalPass().apply(context(), monoidal)
    monoidal.verify()
    for other in (differentiate(module), monoidal, differentiate(monoidal)):
        for a, b in zip(Interpreter(other).run(name, *inputs), expected, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
    return expected


def arrows(module: ModuleOp) -> dict[str, cat.ArrowOp]:
    """The arrows by name."""
    return {arrow.symbol: arrow for arrow in cat.arrows_of(module)}


def calls(module: ModuleOp, name: str) -> list[str]:
    """The arrows that @name calls, in order."""
    return [op.target for op in arrows(module)[name].block.ops if isinstance(op, cat.CallOp)]
