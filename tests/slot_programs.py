"""Placed programs: making, checking and running them, for the tests of slots."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from xdsl.dialects import func
from xdsl.dialects.builtin import IntegerAttr, ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import PassFailedException

from catgrad.interpreter import Interpreter, NumPyArray, dtype_and_shape
from catgrad.passes.tops_assign_slots import TopsAssignSlotsPass
from catgrad.passes.tops_fuse import TopsFusePass
from catgrad.passes.tops_verify_slots import TopsVerifySlotsPass
from catgrad.targets._describe import Signature, text
from catgrad.targets._placement import find_target, target_files
from tests.programs import context, parse
from tests.slot_machine import Machine

Memory = dict[str, NumPyArray]
TARGETS = sorted(target_files())

STEP = """
func.func @read(%b: tensor<8xf64> {tops.name = "b", tops.role = "parameter"}) -> tensor<8xf64> {
  %y = tops.exp %b : tensor<8xf64>
  func.return %y : tensor<8xf64>
}
func.func @step(%a: tensor<8xf64> {tops.name = "a", tops.role = "parameter"}, %x: tensor<8xf64>)
    -> (tensor<f64> {tops.role = "loss"}, tensor<8xf64>, tensor<8xf64> {tops.updates = "a"}) {
  %k = tops.constant value = dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf64>
    : tensor<8xf64>
  %l = tops.constant value = dense<[8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]> : tensor<8xf64>
    : tensor<8xf64>
  %p = tops.reshape %a : (tensor<8xf64>) -> tensor<2x4xf64>
  %q = tops.reshape %x : (tensor<8xf64>) -> tensor<4x2xf64>
  %m = tops.matmul %p, %q : (tensor<2x4xf64>, tensor<4x2xf64>) -> tensor<2x2xf64>
  %r = tops.reshape %m : (tensor<2x2xf64>) -> tensor<4xf64>
  %loss = tops.sum %r, axes = [0] : (tensor<4xf64>) -> tensor<f64>
  %s = tops.multiply %x, %k : tensor<8xf64>
  %t = tops.subtract %s, %l : tensor<8xf64>
  %w = tops.subtract %a, %x : tensor<8xf64>
  %u = tops.multiply %w, %t : tensor<8xf64>
  %c = tops.cos %u : tensor<8xf64>
  func.return %loss, %c, %u : tensor<f64>, tensor<8xf64>, tensor<8xf64>
}
"""
"""A loss, two constants, views, an update in place that is an output's operand."""


def place(source: str, target: str, fuse: bool = True) -> ModuleOp:
    """The module with slots."""
    module = parse(source)
    if fuse:
        TopsFusePass().apply(context(), module)
    TopsAssignSlotsPass(target=target).apply(context(), module)
    module.verify()
    return module


def verify(module: ModuleOp, target: str) -> None:
    """Run the checker."""
    TopsVerifySlotsPass(target=target).apply(context(), module)


def accepts(placed: ModuleOp, target: str) -> bool:
    """Whether the checker finds no fault."""
    try:
        verify(placed, target)
    except PassFailedException:
        return False
    return True


def number(op: Operation, key: str) -> int:
    """An integer attribute."""
    attribute = op.attributes[key]
    assert isinstance(attribute, IntegerAttr)
    return attribute.value.data


def functions(module: ModuleOp) -> dict[str, func.FuncOp]:
    """The functions by name."""
    return {op.sym_name.data: op for op in module.body.block.ops if isinstance(op, func.FuncOp)}


def inputs_of(function: func.FuncOp, seed: int) -> dict[SSAValue, NumPyArray]:
    """Random inputs for the arguments that are not stored."""
    rng = np.random.default_rng(seed)
    found: dict[SSAValue, NumPyArray] = {}
    for value, _ in Signature(function).inputs:
        dtype, shape = dtype_and_shape(value.type)
        found[value] = np.asarray(rng.uniform(-2, 2, shape)).astype(dtype)
    return found


def expected(module: ModuleOp, name: str, memory: Memory, seed: int) -> list[NumPyArray]:
    """What a function of the module without slots returns; `memory` is updated."""
    function = functions(module)[name]
    inputs = inputs_of(function, seed)
    stored = dict(Signature(function).stored)
    given = [
        inputs[arg] if arg in inputs else memory[stored[arg]] for arg in function.body.block.args
    ]
    results = Interpreter(module).run(name, *given)
    signature = Signature(function)
    for result, (_, attrs) in zip(results, signature.results, strict=True):
        if "tops.updates" in attrs:
            memory[text(attrs["tops.updates"]) or ""] = result
    return results


CALLS = (("init", 0), ("step", 1), ("read", 2), ("step", 3))


def same(got: list[NumPyArray], wanted: list[NumPyArray]) -> bool:
    """Equal up to rounding."""
    return all(
        np.allclose(a, b, rtol=1e-12, atol=1e-12 * max(1.0, float(np.max(np.abs(b), initial=0))))
        for a, b in zip(got, wanted, strict=True)
    )


def garbage(module: ModuleOp) -> Memory:
    """Random stored tensors."""
    rng = np.random.default_rng(6)
    memory: Memory = {}
    for function in functions(module).values():
        for value, name in Signature(function).stored:
            dtype, shape = dtype_and_shape(value.type)
            memory.setdefault(name, np.asarray(rng.uniform(-2, 2, shape)).astype(dtype))
    return memory


@lru_cache(maxsize=4)
def history(source: str) -> tuple[Memory, list[tuple[str, int, list[NumPyArray], Memory]]]:
    """Stored tensors to begin with; then calls, with their results and the stored tensors after."""
    module = parse(source)
    first = garbage(module)
    memory, calls = dict(first), list[tuple[str, int, list[NumPyArray], Memory]]()
    for name, seed in CALLS:
        if name in functions(module):
            calls.append((name, seed, expected(module, name, memory, seed), dict(memory)))
    return first, calls


def works(source: str, placed: ModuleOp, target: str) -> bool:
    """Whether the placed functions, run one after the other on bytes, do what they should."""
    machine = Machine(placed, find_target(target))
    stored = [pair for f in functions(placed).values() for pair in Signature(f).stored]
    first, calls = history(source)
    for value, name in stored:
        machine.write(value, first[name])
    for name, seed, wanted, memory in calls:
        with np.errstate(all="ignore"):
            got = machine.run(name, inputs_of(functions(placed)[name], seed))
        now = [machine.read(value) for value, _ in stored]
        if not same(got, wanted) or not same(now, [memory[name] for _, name in stored]):
            return False
    return True


def broken(source: str, placed: ModuleOp, target: str) -> bool:
    """Whether an assignment does not work: a wrong value, or no slot where one is needed."""
    try:
        return not works(source, placed, target)
    except KeyError:
        return True
