"""What tops-assign-slots makes works, on both placements, and needs little memory."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue

from catgrad.dialects.tops.base import nbytes, tensor_of
from catgrad.dialects.tops.fused import FusedOp, SlotAttr
from catgrad.passes._placing import aligned
from catgrad.targets._describe import Signature
from catgrad.targets._placement import PlacedTarget, find_target
from catgrad.targets.numpy_python import NumpyTarget
from tests.numpy_code import load_program, results_of
from tests.programs import context, parse
from tests.random_graphs import graphs
from tests.slot_machine import slots_of
from tests.slot_programs import (
    CALLS,
    STEP,
    TARGETS,
    Memory,
    expected,
    functions,
    inputs_of,
    number,
    place,
    same,
    verify,
    works,
)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("fuse", [False, True])
@settings(max_examples=20)
@given(source=graphs())
def test_assigned_slots_work_and_are_accepted(target: str, fuse: bool, source: str) -> None:
    placed = place(source, target, fuse)
    verify(placed, target)
    assert works(source, placed, target)
    assert_apart(placed, find_target(target))
    assert_tight(placed)
    assert str(parse(str(placed))) == str(placed)


def printed(placed: ModuleOp) -> str:
    """The NumPy program."""
    stream = io.StringIO()
    NumpyTarget().emit(context(), placed, stream)
    return stream.getvalue()


@pytest.mark.parametrize("fuse", [False, True])
@settings(max_examples=20)
@given(source=graphs())
def test_the_printed_functions_do_the_same(fuse: bool, source: str) -> None:
    net, plain = load_program(printed(place(source, "numpy", fuse))), parse(source)
    memory: Memory = {}
    for name, seed in CALLS:
        wanted = expected(plain, name, memory, seed)
        inputs = [0] if name == "init" else inputs_of(functions(plain)[name], seed).values()
        got = results_of(net[name](*inputs))
        signature = Signature(functions(plain)[name]).results
        kept = [r for r, (_, a) in zip(wanted, signature, strict=True) if "tops.updates" not in a]
        assert same(got, kept), name
        now = {**net.parameters, **net.state}
        assert same([now[n] for n in memory], list(memory.values())), name


# -- memory -----------------------------------------------------------------------------------
def assert_tight(placed: ModuleOp) -> None:
    """The scratch size is at least the bound, and close to it."""
    most = 0
    for function in functions(placed).values():
        size, bound = number(function, "tops.scratch"), number(function, "tops.bound")
        assert bound <= size <= 1.25 * bound + 64, function.sym_name.data
        most = max(most, size)
    assert number(placed, "tops.scratch") == most


class Lives:
    """From where to where each value of a function is needed, counted by brute force."""

    def __init__(self, ops: list[Operation], target: PlacedTarget):
        self.ops, self.target = ops, target

    def first(self, value: SSAValue) -> int:
        """Where it is written: -1 for arguments."""
        return self.ops.index(value.owner) if isinstance(value.owner, Operation) else -1

    def last(self, value: SSAValue) -> int:
        """Where it is read last, also through views."""
        users = [use.operation for use in value.uses]
        views = [op for op in users if self.target.is_view(op)]
        reads = [self.ops.index(op) for op in users if op not in views]
        deeper = [self.last(op.results[0]) for op in views]
        return max([*reads, *deeper], default=-1)


def assert_apart(placed: ModuleOp, target: PlacedTarget) -> None:
    """Two values share bytes only if one is dead when the other is written; at one op, in place."""
    for function in functions(placed).values():
        lives = Lives(list(function.body.block.ops), target)
        slots: dict[SSAValue, SlotAttr] = {}
        for value, attrs in Signature(function).arguments:
            slot = attrs["tops.slot"]
            assert isinstance(slot, SlotAttr)
            slots[value] = slot
        for op in lives.ops:
            slots.update(zip(op.results, slots_of(op), strict=False))
        for a, x in slots.items():
            for b, y in slots.items():
                if a is not b and x.overlaps(y) and lives.first(a) <= lives.first(b):
                    assert max(lives.last(a), lives.first(a)) <= lives.first(b)
                    assert lives.first(a) < lives.first(b)


def test_a_chain_runs_in_one_slot() -> None:
    """In place: an elementwise chain of any length needs one tensor."""
    t = "tensor<256xf64>"
    body = "".join(f"  %v{i + 1}x = tops.tanh %v{i}x : {t}\n" for i in range(9))
    source = f"func.func @f(%v0x: {t}) -> {t} {{\n{body}  func.return %v9x : {t}\n}}\n"
    assert number(place(source, "numpy", fuse=False), "tops.scratch") == 2048


@pytest.mark.parametrize("target", TARGETS)
def test_the_bound_counts_the_bytes_alive(target: str) -> None:
    """Never more than all values that are alive at one point, counted one by one."""
    placed = place(STEP, target)
    for function in functions(placed).values():
        lives = Lives(list(function.body.block.ops), find_target(target))
        slots = {v: s for op in lives.ops for v, s in zip(op.results, slots_of(op), strict=False)}
        held = [v for v, s in slots.items() if s.region.data == "scratch"]
        held += [v for v, _ in Signature(function).inputs]
        most = 0
        for i, op in enumerate(lives.ops):
            alive = [v for v in held if lives.first(v) <= i <= lives.last(v)]
            work = op.attributes.get("tops.workspace")
            extra = aligned(work.size) if isinstance(work, SlotAttr) else 0
            most = max(most, extra + sum(aligned(nbytes(tensor_of(v))) for v in alive))
        assert 0 < number(function, "tops.bound") <= most


# -- what is kept, exchanged and refused ------------------------------------------------------
def stored(name: str, type_: str = "tensor<4xf64>") -> str:
    """An argument that is a stored tensor."""
    return f'%{name}: {type_} {{tops.name = "{name}", tops.role = "state"}}'


T = "tensor<4xf64>"
LOSS = 'tensor<f64> {tops.role = "loss"}'
UPDATES = {
    "exchange two": ("%b, %a", ""),
    "rotate three": ("%b, %c, %a", ""),
    "one value for two": ("%x, %x", ""),
    "its own value": ("%a", ""),
    "an input, and another's old value": ("%x, %a", ""),
    "computed from both, crosswise": (
        "%s, %d",
        f"%s = tops.add %a, %b : {T}\n%d = tops.subtract %a, %b : {T}",
    ),
    "a constant": ("%k", f"%k = tops.full value = 2.0 : f64 : {T}"),
    "a view of another": (
        "%r, %x",
        f"%m = tops.reshape %b : ({T}) -> tensor<2x2xf64>\n"
        f"%n = tops.permute_dims %m, axes = [1, 0] : tensor<2x2xf64>\n"
        f"%r = tops.reshape %n : (tensor<2x2xf64>) -> {T}",
    ),
    "a view of itself": (
        "%r",
        f"%m = tops.reshape %a : ({T}) -> tensor<2x2xf64>\n"
        f"%n = tops.permute_dims %m, axes = [1, 0] : tensor<2x2xf64>\n"
        f"%r = tops.reshape %n : (tensor<2x2xf64>) -> {T}",
    ),
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", UPDATES)
def test_updates_from_each_other(target: str, name: str) -> None:
    """a' = b, b' = a and the like: every old value is read before it is overwritten."""
    values, body = UPDATES[name]
    count = values.count(",") + 1
    results = ", ".join(f'{T} {{tops.updates = "{n}"}}' for n in "abc"[:count])
    returned = f"{values}, %a : {', '.join([T] * (count + 1))}"
    source = f"""
    func.func @step({stored("a")}, {stored("b")}, {stored("c")}, %x: {T}) -> ({results}, {T}) {{
      {body}
      func.return {returned}
    }}"""
    for fuse in (False, True):
        placed = place(source, target, fuse)
        verify(placed, target)
        assert works(source, placed, target)
    memory = {n: np.full(4, float(i)) for i, n in enumerate("abc")}
    net = load_program(printed(place(source, "numpy")))
    net.set_state(memory)
    for seed in (1, 3):
        wanted = expected(parse(source), "step", memory, seed)
        (x,) = inputs_of(functions(parse(source))["step"], seed).values()
        assert same([net.step(x)], wanted[count:])
        assert same([net.state[n] for n in "abc"], [memory[n] for n in "abc"])


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_non_finite_loss_changes_nothing(bad: float) -> None:
    """Bit for bit, also where the update itself would be finite."""
    source = f"""
    func.func @step({stored("a")}, {stored("b")}, %x: {T})
        -> ({LOSS}, {T} {{tops.updates = "b"}}, {T} {{tops.updates = "a"}}) {{
      %u = tops.add %a, %b : {T}
      %v = tops.tanh %a : {T}
      %loss = tops.sum %x, axes = [0] : ({T}) -> tensor<f64>
      func.return %loss, %u, %v : tensor<f64>, {T}, {T}
    }}"""
    for fuse in (False, True):
        net = load_program(printed(place(source, "numpy", fuse)))
        net.set_state({"a": [1.0, -0.0, float("nan"), 5e-324], "b": [4.0, 3.0, 2.0, 1.0]})
        before = {name: array.tobytes() for name, array in net.state.items()}
        with pytest.raises(FloatingPointError, match=rf"^step 1: loss is {bad}$"):
            net.step([1.0, bad, 2.0, 3.0])
        assert {name: array.tobytes() for name, array in net.state.items()} == before
        assert net.step([1.0, 2.0, 3.0, 4.0]) == 10.0
        assert net.state["b"].tolist()[0] == 5.0


def test_an_index_out_of_range_changes_nothing() -> None:
    """An index computed at run time is checked before the first update as well."""
    source = f"""
    func.func @step({stored("a")}, {stored("i", "tensor<2xi32>")})
        -> (tensor<2xf64>, {T} {{tops.updates = "a"}}) {{
      %v = tops.tanh %a : {T}
      %y = tops.take %a, %i, axis = 0 : i64 : ({T}, tensor<2xi32>) -> tensor<2xf64>
      func.return %y, %v : tensor<2xf64>, {T}
    }}"""
    net = load_program(printed(place(source, "numpy")))
    for bad in (4, -1):
        net.set_state({"a": [1.0, 2.0, 3.0, 4.0], "i": [1, bad]})
        with pytest.raises(ValueError, match=rf"step: got index {bad} at position 1"):
            net.step()
        assert net.state["a"].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_a_row_sweep_reads_before_it_stores() -> None:
    module = parse("""
    func.func @f(%x: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
      %y, %z = tops.fused (%x) : (tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
      ^bb0(%a: tensor<8x8xf32>):
        %s = tops.sum %a, axes = [1] : (tensor<8x8xf32>) -> tensor<8xf32>
        %b = tops.broadcast %s, axes = [1] : (tensor<8xf32>) -> tensor<8x8xf32>
        %d = tops.multiply %a, %b : tensor<8x8xf32>
        %e = tops.subtract %d, %a : tensor<8x8xf32>
        tops.yield %d, %e : tensor<8x8xf32>, tensor<8x8xf32>
      }
      func.return %y, %z : tensor<8x8xf32>, tensor<8x8xf32>
    }
    """)
    (fused,) = [op for op in module.walk() if isinstance(op, FusedOp)]
    assert [fused.read_in_time(0, result) for result in (0, 1)] == [False, True]
