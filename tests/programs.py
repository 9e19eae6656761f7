"""Programs as text for the tests: parse them, differentiate them, run them."""

from __future__ import annotations

from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func
from xdsl.parser import Parser

from catgrad.dialects.cat import Cat
from catgrad.dialects.tops import Tops
from catgrad.passes.cat_differentiate import CatDifferentiatePass


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
