"""
Shrinking IR that fails: delta debugging on functions, results, ops, arguments and attributes.

A candidate is a module from which some things were taken away. It is kept if the user's command,
given a file with it, exits with status 0. Candidates need not verify: the command decides.
"""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.traits import IsTerminator

from catgrad._errors import UsageError
from catgrad.dialects import cat

Edit: TypeAlias = Callable[[ModuleOp, Sequence[int]], None]
"""Takes the things with the given numbers away."""


class Reduction:
    """Runs the command on candidates, the larger steps first."""

    def __init__(self, command: str, render: Callable[[ModuleOp], str]):
        self.command, self.render = command, render
        self.tried: dict[str, bool] = {}

    def run(self, module: ModuleOp) -> ModuleOp:
        """The smallest module found; UsageError if the module itself is not interesting."""
        if not self.interesting(module):
            raise UsageError(
                f"--reduce: '{self.command}' does not exit with 0 on the whole input: nothing to "
                "shrink; it gets the file as its last argument, or where it says {}"
            )
        before = ""
        while before != (before := self.render(module)):
            for count, edit in STEPS:
                module = self.minimise(module, count, edit)
        return module

    def interesting(self, module: ModuleOp) -> bool:
        """Whether the command exits with 0 on a file with the module."""
        text = f"{self.render(module)}\n"
        if text not in self.tried:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "reduced.mlir"
                path.write_text(text)
                name = shlex.quote(str(path))
                whole = "{}" in self.command
                command = self.command.replace("{}", name) if whole else f"{self.command} {name}"
                done = subprocess.run(command, shell=True, capture_output=True, check=False)
            self.tried[text] = done.returncode == 0
        return self.tried[text]

    def minimise(self, module: ModuleOp, count: Callable[[ModuleOp], int], edit: Edit) -> ModuleOp:
        """Take away runs of things, half of all first, single ones last."""
        size = max(count(module) // 2, 1)
        while True:
            start = 0
            while start < (total := count(module)):
                candidate = module.clone()
                edit(candidate, range(start, min(start + size, total)))
                if self.render(candidate) != self.render(module) and self.interesting(candidate):
                    module = candidate
                    start += size - (total - count(module))
                else:
                    start += size
            if size == 1:
                return module
            size //= 2


def functions(module: ModuleOp) -> list[Operation]:
    """What stands at top level."""
    return list(module.body.block.ops)


def drop_functions(module: ModuleOp, numbers: Sequence[int]) -> None:
    """Erase functions."""
    for i, op in enumerate(functions(module)):
        if i in numbers:
            op.detach()
            op.erase(safe_erase=False)


def inner_ops(module: ModuleOp) -> list[Operation]:
    """The ops of all functions but terminators, the last ones first: users before definitions."""
    found = [op for top in functions(module) for op in top.walk() if op is not top]
    return [op for op in reversed(found) if not op.has_trait(IsTerminator)]


def drop_ops(module: ModuleOp, numbers: Sequence[int]) -> None:
    """Erase ops; in place of a result stands an earlier value of its type, or a new argument."""
    for i, op in enumerate(inner_ops(module)):
        if i not in numbers:
            continue
        for result in op.results:
            value = None
            if result.uses:
                value = next(earlier(op, result), None) or new_argument(op, result, module)
            if value is not None:
                result.replace_all_uses_with(value)
        if not any(result.uses for result in op.results):
            op.detach()
            op.erase()


def earlier(op: Operation, result: SSAValue) -> Iterator[SSAValue]:
    """Values of a result's type that are defined before the op: operands first."""
    block = op.parent_block()
    before: list[SSAValue] = list(op.operands)
    if block is not None:
        before += block.args
        for other in block.ops:
            if other is op:
                break
            before += other.results
    yield from (value for value in before if value.type == result.type)


def new_argument(op: Operation, result: SSAValue, module: ModuleOp) -> SSAValue | None:
    """One more argument of the op's function, unless that is called."""
    top = op.parent_op()
    if not isinstance(top, cat.ArrowOp | func.FuncOp) or is_called(top, module):
        return None
    block = top.body.blocks[0]
    if op.parent_block() is not block:
        return None
    value = block.insert_arg(result.type, len(block.args))
    if top.arg_attrs is not None:
        top.arg_attrs = ArrayAttr([*top.arg_attrs, DictionaryAttr({})])
    _retype(top)
    return value


def is_called(function: Operation, module: ModuleOp) -> bool:
    """Whether some op names the function: its signature must stay."""
    name = getattr(function, "sym_name", None)
    symbols = [a for op in module.walk() for a in op.properties.values() if op is not function]
    return any(getattr(a, "root_reference", None) == name for a in symbols)


def signatures(module: ModuleOp, results: bool) -> list[tuple[Operation, int]]:
    """The results or arguments of the functions whose signature may change."""
    found: list[tuple[Operation, int]] = []
    for op in functions(module):
        if isinstance(op, cat.ArrowOp | func.FuncOp) and op.body.blocks:
            if not is_called(op, module):
                block = op.body.blocks[0]
                last = block.last_op
                count = len(last.operands) if results and last is not None else len(block.args)
                found += [(op, i) for i in range(count)]
    return found


def drop_results(module: ModuleOp, numbers: Sequence[int]) -> None:
    """Return less."""
    chosen = [pair for i, pair in enumerate(signatures(module, True)) if i in numbers]
    for op in {id(op): op for op, _ in chosen}.values():
        gone = {i for other, i in chosen if other is op}
        last = op.regions[0].blocks[0].last_op
        assert isinstance(op, cat.ArrowOp | func.FuncOp)
        assert last is not None
        last.operands = [v for i, v in enumerate(last.operands) if i not in gone]
        if op.res_attrs is not None:
            op.res_attrs = ArrayAttr(a for i, a in enumerate(op.res_attrs) if i not in gone)
        _retype(op)


def drop_arguments(module: ModuleOp, numbers: Sequence[int]) -> None:
    """Take away arguments that nothing uses."""
    chosen = [pair for i, pair in enumerate(signatures(module, False)) if i in numbers]
    for op, i in reversed(chosen):
        assert isinstance(op, cat.ArrowOp | func.FuncOp)
        block = op.body.blocks[0]
        if not block.args[i].uses:
            block.erase_arg(block.args[i])
            if op.arg_attrs is not None:
                op.arg_attrs = ArrayAttr(a for k, a in enumerate(op.arg_attrs) if k != i)
            _retype(op)


def _retype(op: cat.ArrowOp | func.FuncOp) -> None:
    """Let the signature say what the body has."""
    block = op.body.blocks[0]
    outputs = block.last_op.operand_types if block.last_op is not None else ()
    op.function_type = type(op.function_type).from_lists(block.arg_types, outputs)


def attributes(module: ModuleOp) -> list[tuple[Operation, str]]:
    """The attributes that no op needs."""
    return [(op, key) for op in module.walk() for key in op.attributes]


def drop_attributes(module: ModuleOp, numbers: Sequence[int]) -> None:
    """Take attributes away."""
    for i, (op, key) in enumerate(attributes(module)):
        if i in numbers:
            del op.attributes[key]


STEPS: list[tuple[Callable[[ModuleOp], int], Edit]] = [
    (lambda module: len(functions(module)), drop_functions),
    (lambda module: len(signatures(module, True)), drop_results),
    (lambda module: len(inner_ops(module)), drop_ops),
    (lambda module: len(signatures(module, False)), drop_arguments),
    (lambda module: len(attributes(module)), drop_attributes),
]
"""How many things there are to take away, and how."""
