"""
Runs `cat` and `tops` IR with NumPy: the meaning of the language and the oracle of the tests.

Derivatives are evaluated on a tape by applying the ops' rules, not through `cat-differentiate`. All
that runs, the rules included, is recorded on every open tape, so derivatives nest to any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from xdsl.builder import Builder
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint
from xdsl.utils.exceptions import InterpretationError

from catgrad.dialects import cat
from catgrad.dialects._blame import blaming, code_of_meaning
from catgrad.dialects._checks import suggestion
from catgrad.dialects.tops import ops_at
from catgrad.dialects.tops._rules import cotangents_of
from catgrad.dialects.tops.arithmetic import AddOp
from catgrad.dialects.tops.base import (
    NUMPY_NAMES,
    Numpy,
    ReverseRule,
    Tensor,
    dtype_of,
    tensor,
    tensor_of,
)
from catgrad.dialects.tops.fused import FusedOp, YieldOp
from catgrad.dialects.tops.indexing import Indexing
from catgrad.dialects.tops.random import Random
from catgrad.targets.support import numpy_runtime, numpy_special, numpy_windows

NumPyArray: TypeAlias = NDArray[Any]

_GLOBALS: dict[str, Any] = {
    "np": np,
    **{
        name: function
        for runtime in (numpy_runtime, numpy_special, numpy_windows)
        for name, function in vars(runtime).items()
        if isinstance(function, FunctionType) and function.__module__ == runtime.__name__
    },
}
"""What the text of a NumPy meaning may name: NumPy, and the functions of the runtime."""
_SHORT = {name: short for short, name in NUMPY_NAMES.items()}
_CODE: dict[str, CodeType] = {}


class Cell:
    """One value on its way through the program: an array with an identity."""

    __slots__ = ("array",)

    def __init__(self, array: NumPyArray):
        self.array = array


Rule: TypeAlias = "tuple[Block, list[SSAValue | None]]"


@dataclass
class Step:
    """What a tape records: an op, a call of a custom derivative (the arrow), an identity (None)."""

    op: Operation | None
    inputs: list[Cell]
    outputs: list[Cell]
    site: int = 0
    """What a call had added to the sites of random ops."""

    def reached(self, known: set[int]) -> list[int]:
        """
        The outputs that known cells flow into.

        Through a `tops` op floats flow into floats, a ring into itself; of any other op and of a
        custom derivative the rule says what flows.
        """
        if self.op is None:
            pairs = zip(self.inputs, self.outputs, strict=True)
            return [id(b) for a, b in pairs if id(a) in known]
        dtypes = {c.array.dtype for c in self.inputs if id(c) in known}
        kinds = {dtype.kind for dtype in dtypes}
        if self.op.dialect_name() != "tops":
            return [id(c) for c in self.outputs if dtypes]
        types = ((c, c.array.dtype) for c in self.outputs)
        return [id(c) for c, t in types if t in dtypes or (t.kind == "f" and "f" in kinds)]


@dataclass(eq=False)
class Tape:
    """The steps since the tape was opened."""

    steps: list[Step] = field(default_factory=list[Step])


def dtype_and_shape(type_: Attribute) -> tuple[str, tuple[int, ...]]:
    """NumPy dtype name and shape of a tensor type."""
    assert isinstance(type_, TensorType)
    tensor_type = cast(Tensor, type_)
    return NUMPY_NAMES[dtype_of(tensor_type)], tuple(tensor_type.get_shape())


def compute(op: Operation, inputs: Sequence[NumPyArray], site: int = 0) -> NumPyArray:
    """Evaluate one op by its NumPy meaning into a fresh array; `site` is added to a random op's."""
    meaning = op.get_trait(Numpy)
    assert meaning is not None, f"{op.name} lacks a NumPy meaning"
    if isinstance(op, Indexing):
        _check_indices(op, inputs[1])
    moved = {"site": op.site.value.data + site} if isinstance(op, Random) else {}
    result = tensor_of(op.results[0])
    out = np.empty(tuple(result.get_shape()), NUMPY_NAMES[dtype_of(result)])
    names = [f"x{i}" for i in range(len(inputs))]
    text = meaning.statement(op, names, "out", **moved)
    if (code := _CODE.get(text)) is None:
        code = _CODE[text] = compile(text, op.name, "exec")
    what = f"the NumPy meaning of '{op.name}', {text!r},"
    with np.errstate(all="ignore"), blaming(what, op, code_of_meaning(op)):
        exec(code, _GLOBALS, {"out": out, **dict(zip(names, inputs, strict=True))})
    return out


def _check_indices(op: Indexing, indices: NumPyArray) -> None:
    """Every index lies in [0, size of the axis)."""
    size = op.size
    wrong = indices[(indices < 0) | (indices >= size)]
    if wrong.size:
        raise InterpretationError(
            f"'{op.name}': got index {wrong.flat[0]}, expected 0 <= index < {size}"
        )


class Interpreter:
    """Runs the functions of one module."""

    def __init__(self, module: ModuleOp):
        self.functions: dict[str, cat.ArrowOp | func.FuncOp] = {}
        for op in module.body.block.ops:
            if isinstance(op, cat.ArrowOp | func.FuncOp):
                self.functions[op.sym_name.data] = op
        self.tapes: list[Tape] = []
        self.site = 0
        self.adds: dict[Tensor, AddOp] = {}
        self.rules: dict[tuple[Operation, tuple[bool, ...]], Rule] = {}

    def run(self, name: str, *arguments: object) -> list[NumPyArray]:
        """
        Call a function on arrays; they are checked against its signature.

        Raises InterpretationError for an unknown function and for a wrong number, dtype or shape.
        """
        if name not in self.functions:
            raise InterpretationError(
                f"no function @{name}; the module has {', '.join('@' + n for n in self.functions)}"
                + suggestion(name, self.functions)
            )
        function = self.functions[name]
        types = function.function_type.inputs.data
        if len(types) != len(arguments):
            raise InterpretationError(f"@{name} takes {len(types)} inputs, got {len(arguments)}")
        cells = [
            Cell(_check(name, i, t, a))
            for i, (t, a) in enumerate(zip(types, arguments, strict=True))
        ]
        return [np.array(c.array) for c in self.call(function, cells)]

    def call(self, function: cat.ArrowOp | func.FuncOp, inputs: Sequence[Cell]) -> list[Cell]:
        """Evaluate a function's body."""
        block = function.body.block
        return self.block(block, inputs)

    def block(self, block: Block, inputs: Sequence[Cell]) -> list[Cell]:
        """Evaluate a block; the operands of its terminator are the results."""
        env: dict[SSAValue, Cell] = dict(zip(block.args, inputs, strict=True))
        for op in block.ops:
            given = [env[v] for v in op.operands]
            if isinstance(op, cat.ReturnOp | func.ReturnOp | YieldOp):
                return given
            env.update(zip(op.results, self.op(op, given), strict=True))
        raise InterpretationError("a block without a terminator")

    def op(self, op: Operation, inputs: list[Cell]) -> list[Cell]:
        """Evaluate one op."""
        match op:
            case Operation() if op.has_trait(Numpy, value_if_unregistered=False):
                return self.record(
                    op, inputs, [Cell(compute(op, [c.array for c in inputs], self.site))]
                )
            case FusedOp():
                return self.block(op.body.block, inputs)
            case cat.CallOp() | cat.ReverseOp() | cat.ForwardOp():
                return self.at_site(op, inputs)
            case cat.CopyOp():
                return [inputs[0]] * len(op.results)
            case cat.DiscardOp():
                return []
            case cat.AddOp():
                return [self.sum(inputs)]
            case cat.ZeroOp():
                return [self.zero(op.y.type)]
            case _:
                raise InterpretationError(f"the interpreter has no meaning for '{op.name}'")

    def arrow(self, op: cat.CallOp | cat.ReverseOp | cat.ForwardOp) -> cat.ArrowOp:
        """The arrow an op refers to."""
        arrow = self.functions[op.target]
        assert isinstance(arrow, cat.ArrowOp)
        return arrow

    def record(self, op: Operation | None, inputs: list[Cell], outputs: list[Cell]) -> list[Cell]:
        """Note a step on every open tape."""
        for tape in self.tapes:
            tape.steps.append(Step(op, inputs, outputs, self.site))
        return outputs

    def at_site(
        self, op: cat.CallOp | cat.ReverseOp | cat.ForwardOp, inputs: list[Cell]
    ) -> list[Cell]:
        """Evaluate a call or derivative; its `site` is added to those of the random ops inside."""
        before = self.site
        self.site += op.site.value.data if op.site is not None else 0
        arrow = self.arrow(op)
        if isinstance(op, cat.CallOp):
            results = self.call_arrow(arrow, inputs)
        else:
            count = len(op.primals)
            derivative = self.reverse if isinstance(op, cat.ReverseOp) else self.forward
            results = derivative(arrow, inputs[:count], inputs[count:])
        self.site = before
        return results

    def call_arrow(self, arrow: cat.ArrowOp, inputs: list[Cell]) -> list[Cell]:
        """Call an arrow; one with a custom derivative is a single step of the tape."""
        return self.call_custom(arrow, inputs) if arrow.custom else self.call(arrow, inputs)

    def call_custom(self, arrow: cat.ArrowOp, inputs: list[Cell]) -> list[Cell]:
        tapes, self.tapes = self.tapes, []
        outputs = [Cell(c.array) for c in self.call(arrow, inputs)]
        self.tapes = tapes
        return self.record(arrow, inputs, outputs)

    def zero(self, type_: Attribute) -> Cell:
        dtype, shape = dtype_and_shape(type_)
        return Cell(np.zeros(shape, dtype))

    def sum(self, cells: Sequence[Cell]) -> Cell:
        """The sum of the ring: xor on i1."""
        total = cells[0]
        for cell in cells[1:]:
            total = self.add(total, cell)
        return total

    def add(self, a: Cell, b: Cell) -> Cell:
        type_ = tensor(a.array.shape, _SHORT[a.array.dtype.name])
        if type_ not in self.adds:
            self.adds[type_] = AddOp(*Block(arg_types=[type_, type_]).args)
        return self.op(self.adds[type_], [a, b])[0]

    def reverse(self, arrow: cat.ArrowOp, primals: list[Cell], seeds: list[Cell]) -> list[Cell]:
        """The value and the reverse derivative of an arrow."""
        tape, leaves, outputs = self.taped(arrow, primals)
        return [*outputs, *self.backward(tape, leaves, outputs, seeds)]

    def taped(self, arrow: cat.ArrowOp, primals: list[Cell]) -> tuple[Tape, list[Cell], list[Cell]]:
        """Run an arrow on a new tape; the leaves are cells of their own, outer tapes know whose."""
        leaves = [Cell(c.array) for c in primals]
        self.record(None, primals, leaves)
        tape = Tape()
        self.tapes.append(tape)
        outputs = self.call_custom(arrow, leaves) if arrow.custom else self.call(arrow, leaves)
        self.tapes.pop()
        return tape, leaves, outputs

    def backward(
        self, tape: Tape, leaves: Sequence[Cell], outputs: Sequence[Cell], seeds: Sequence[Cell]
    ) -> list[Cell]:
        """Walk a tape backwards from `outputs` to `leaves`; what no leaf reaches needs no rule."""
        reached, steps = {id(c) for c in leaves}, list[Step]()
        for step in tape.steps:
            if found := step.reached(reached):
                reached.update(found)
                steps.append(step)
        cotangents: dict[int, Cell] = {}
        for output, seed in zip(outputs, seeds, strict=True):
            self.accumulate(cotangents, output, seed)
        for step in reversed(steps):
            given = [cotangents.get(id(c)) for c in step.outputs]
            if any(g is not None for g in given):
                for cell, g in zip(step.inputs, self.pull(step, given), strict=True):
                    if g is not None:
                        self.accumulate(cotangents, cell, g)
        return [cotangents.get(id(c)) or Cell(np.zeros_like(c.array)) for c in leaves]

    def accumulate(self, cotangents: dict[int, Cell], cell: Cell, g: Cell) -> None:
        old = cotangents.get(id(cell))
        cotangents[id(cell)] = g if old is None else self.add(old, g)

    def pull(self, step: Step, given: Sequence[Cell | None]) -> Sequence[Cell | None]:
        """Apply one step's rule to the cotangents of its outputs."""
        if step.op is None:
            return given
        if isinstance(step.op, cat.ArrowOp):
            custom = step.op.custom
            assert custom is not None
            seeds = [
                g or Cell(np.zeros_like(c.array)) for g, c in zip(given, step.outputs, strict=True)
            ]
            before, self.site = self.site, step.site
            cotangents = self.call(self.functions[custom], [*step.inputs, *seeds])
            self.site = before
            return cotangents
        block, results = self.rule(step.op, tuple(g is not None for g in given))
        cells = [*step.inputs, *step.outputs, *(g for g in given if g is not None)]
        env: dict[SSAValue, Cell] = dict(zip(block.args, cells, strict=True))
        for op in block.ops:
            env.update(zip(op.results, self.op(op, [env[v] for v in op.operands]), strict=True))
        return [None if v is None else env[v] for v in results]

    def rule(self, op: Operation, nonzero: tuple[bool, ...]) -> Rule:
        """The rule of an op as a block over (inputs, outputs, nonzero cotangents), built once."""
        key = (op, nonzero)
        if key not in self.rules:
            seen = _seen_through_copies(op)
            trait = seen.get_trait(ReverseRule)
            if trait is None or not trait.holds(seen):
                raise InterpretationError(f"no reverse rule for '{op.name}' on {op.operand_types}")
            seeds = [t for t, keep in zip(op.result_types, nonzero, strict=True) if keep]
            block = Block(arg_types=[*op.operand_types, *op.result_types, *seeds])
            n, m = len(op.operands), len(op.results)
            rest = iter(block.args[n + m :])
            given = [next(rest) if keep else None for keep in nonzero]
            ops = ops_at(Builder(InsertPoint.at_end(block)))
            outputs = block.args[n : n + m]
            found = cotangents_of(trait, seen, outputs, given, ops, block.args[:n])
            if seen is not op:
                seen.erase()
            self.rules[key] = block, found
        return self.rules[key]

    def forward(self, arrow: cat.ArrowOp, primals: list[Cell], tangents: list[Cell]) -> list[Cell]:
        """The value and the forward derivative: transpose the reverse derivative in its seed."""
        outer = Tape()
        inner, leaves, outputs = self.taped(arrow, primals)
        seeds = [Cell(np.zeros_like(c.array)) for c in outputs]
        self.tapes.append(outer)
        back = self.backward(inner, leaves, outputs, seeds)
        self.tapes.pop()
        return [*outputs, *self.backward(outer, seeds, back, tangents)]


def _seen_through_copies(op: Operation) -> Operation:
    """The op on the values that its wires carry; a clone if they come from copies."""
    sources = {v: cat.source(v) for v in op.operands}
    return op if all(v is s for v, s in sources.items()) else op.clone(sources)


def _check(name: str, index: int, type_: Attribute, argument: object) -> NumPyArray:
    dtype, shape = dtype_and_shape(type_)
    array = np.asarray(argument)
    if array.shape != shape or not np.can_cast(array.dtype, np.dtype(dtype), "same_kind"):
        raise InterpretationError(
            f"input {index} of @{name}: got {array.dtype.name} of shape {array.shape}, "
            f"expected {dtype} of shape {shape}"
        )
    return array.astype(dtype)
