"""
Mechanical mutants of a reverse rule: each differs from its source by one small mistake.

Scaled, negated, dropped and exchanged cotangents; a dropped term of a sum or product; a changed
constant, operator, comparison, op or flag; exchanged operands; an input taken for the output.
"""

from __future__ import annotations

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any, cast

SWAPPED_OPS = {
    "sin": "cos",
    "cos": "sin",
    "sign": "abs",
    "square": "tanh",
    "log": "exp",
    "take": "scatter_add",
    "scatter_add": "take",
    "pad": "slice",
    "patches": "unpatches",
    "unpatches": "patches",
}
OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Gt: ast.LtE,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.FloorDiv: ast.Mult,
    ast.NotIn: ast.In,
    ast.IsNot: ast.Is,
}
LISTS = ("inputs", "outputs", "cotangents")
INPUT_NAMES = ("x", "a", "b")
OUTPUT_NAMES = ("y",)


@dataclass(frozen=True)
class Mutant:
    """A rule with one mistake; the label is the line that has it."""

    label: str
    function: Callable[..., Any]


def parse(function: Callable[..., Any]) -> ast.FunctionDef:
    """The syntax tree of a function."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    tree.decorator_list = []
    if ast.get_docstring(tree) is not None:
        del tree.body[0]
    return tree


def compiled(tree: ast.FunctionDef, like: Callable[..., Any]) -> Callable[..., Any]:
    """The function of a syntax tree, in the module of `like`."""
    names = dict(cast(FunctionType, like).__globals__)
    module = ast.fix_missing_locations(ast.Module([tree], []))
    exec(compile(module, f"<mutant of {like.__name__}>", "exec"), names)
    return names[tree.name]


def mutants(function: Callable[..., Any], arity: int) -> Iterator[Mutant]:
    """All mutants of the rule of an op with `arity` operands, each once."""
    tree = parse(function)
    original = ast.unparse(tree)
    seen = {original}
    for index, (node, parent) in enumerate(nodes(tree)):
        for new in replacements(node, parent, arity):
            mutated = copy.deepcopy(tree)
            target = list(nodes(mutated))[index][0]
            Exchange(target, new).visit(mutated)
            text = ast.unparse(ast.fix_missing_locations(mutated))
            if text not in seen:
                seen.add(text)
                yield Mutant(changed_line(original, text), compiled(mutated, function))


def names_called(function: Callable[..., Any]) -> set[str]:
    """The plain names that a function calls."""
    called = (node.func for node in ast.walk(parse(function)) if isinstance(node, ast.Call))
    return {name.id for name in called if isinstance(name, ast.Name)}


def changed_line(old: str, new: str) -> str:
    """The first line of `new` that differs."""
    pairs = zip(old.splitlines(), new.splitlines(), strict=False)
    return next(b.strip() for a, b in pairs if a != b)


def nodes(tree: ast.AST, parent: ast.AST | None = None) -> Iterator[tuple[ast.AST, ast.AST | None]]:
    """Every node of the tree with its parent, in the order of the source."""
    yield tree, parent
    for child in ast.iter_child_nodes(tree):
        yield from nodes(child, tree)


class Exchange(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST):
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else super().visit(node)


def replacements(node: ast.AST, parent: ast.AST | None, arity: int) -> Iterator[ast.AST]:
    """What one node may wrongly be."""
    match node:
        case ast.Return():
            yield from returns(node)
        case ast.BinOp():
            yield from binary(node)
        case ast.UnaryOp():
            yield node.operand
        case ast.Constant():
            yield from constants(node, parent)
        case ast.Compare(ops=[op]):
            new = ast.Compare(node.left, [cast(ast.cmpop, OPERATORS[type(op)]())], node.comparators)
            yield new
        case ast.IfExp():
            yield ast.IfExp(node.test, node.orelse, node.body)
        case ast.Call():
            yield from calls(node)
        case ast.Assign(targets=[ast.Tuple(elts=[first, second])]):
            yield ast.Assign([ast.Tuple([second, first], ast.Store())], node.value)
        case ast.Subscript() | ast.Name(ctx=ast.Load()):
            yield from values(node, arity)
        case _:
            pass


def expression(text: str) -> ast.expr:
    """The syntax tree of an expression."""
    return ast.parse(text, mode="eval").body


def returns(node: ast.Return) -> Iterator[ast.AST]:
    """Cotangents scaled, negated, dropped, invented, exchanged."""
    if not isinstance(node.value, ast.Tuple):
        assert node.value is not None
        if isinstance(node.value, ast.Name):
            yield ast.Return(expression(f"{node.value.id}[::-1]"))
        else:
            yield from (ast.Return(new) for new in cotangents(node.value))
        return
    elements = node.value.elts
    for i, element in enumerate(elements):
        for new in cotangents(element):
            yield ast.Return(ast.Tuple([*elements[:i], new, *elements[i + 1 :]], ast.Load()))
    if len(elements) > 1:
        yield ast.Return(ast.Tuple(elements[::-1], ast.Load()))


def cotangents(node: ast.expr) -> Iterator[ast.expr]:
    """What one returned cotangent may wrongly be."""
    match node:
        case ast.IfExp():
            yield from (ast.IfExp(node.test, new, node.orelse) for new in cotangents(node.body))
            yield from (ast.IfExp(node.test, node.body, new) for new in cotangents(node.orelse))
        case ast.Constant(value=None):
            yield expression("cotangents[0]")
        case _:
            yield ast.BinOp(node, ast.Mult(), ast.Constant(2))
            yield ast.UnaryOp(ast.USub(), node)
            yield ast.Constant(None)


def binary(node: ast.BinOp) -> Iterator[ast.AST]:
    """A term dropped, the operator changed, the operands exchanged."""
    yield node.left
    yield node.right
    yield ast.BinOp(node.left, cast(ast.operator, OPERATORS[type(node.op)]()), node.right)
    if isinstance(node.op, ast.Sub | ast.Div | ast.Pow):
        yield ast.BinOp(node.right, node.op, node.left)


def constants(node: ast.Constant, parent: ast.AST | None) -> Iterator[ast.AST]:
    """Numbers are changed, flags flipped, ops replaced; the positions in `inputs[0]` are not."""
    if isinstance(parent, ast.Subscript):
        if not (isinstance(parent.value, ast.Name) and parent.value.id in LISTS) and isinstance(
            node.value, int
        ):
            yield ast.Constant(1 - node.value)
    elif isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
    elif isinstance(node.value, str):
        yield ast.Constant(SWAPPED_OPS.get(node.value, "negative"))


def calls(node: ast.Call) -> Iterator[ast.AST]:
    """Neighbouring arguments exchanged; flags of matmul flipped; appended cotangents mutated."""
    args = node.args
    for i in range(len(args) - 1):
        order = [*args[:i], args[i + 1], args[i], *args[i + 2 :]]
        yield ast.Call(node.func, order, node.keywords)
    for i in range(len(node.keywords) - 1):
        first, second = node.keywords[i : i + 2]
        exchanged = [ast.keyword(first.arg, second.value), ast.keyword(second.arg, first.value)]
        keywords = [*node.keywords[:i], *exchanged, *node.keywords[i + 2 :]]
        yield ast.Call(node.func, args, keywords)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "matmul":
        method = ast.Attribute(args[0], "matmul", ast.Load())
        yield ast.Call(method, [node.func.value, *args[1:]], node.keywords)
        for i in (1, 2):
            flipped = [*args[:i], ast.UnaryOp(ast.Not(), args[i]), *args[i + 1 :]]
            yield ast.Call(node.func, flipped, node.keywords)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "append":
        for new in cotangents(args[0]):
            yield ast.Call(node.func, [new], node.keywords)


def values(node: ast.Subscript | ast.Name, arity: int) -> Iterator[ast.AST]:
    """An input taken for another one or for the output, the output for an input."""
    if isinstance(node, ast.Name):
        if node.id in OUTPUT_NAMES:
            yield expression("inputs[0]")
        elif node.id in INPUT_NAMES:
            yield expression("outputs[0]")
            if node.id != "x":
                yield ast.Name({"a": "b", "b": "a"}[node.id], ast.Load())
        return
    match node.value, node.slice:
        case ast.Name(id="inputs"), ast.Constant(value=int(position)):
            yield expression("outputs[0]")
            if arity > 1:
                yield expression(f"inputs[{1 - position}]")
        case ast.Name(id="outputs"), _:
            yield expression("inputs[0]")
        case _:
            pass
