"""
Tracing: runs Python functions on symbolic arrays and records `cat` IR.

One `Tracer` builds one module. Each function called while tracing becomes a private arrow; equal
private arrows are emitted once. Parameters met on the way become explicit arguments.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    DictionaryAttr,
    IntegerAttr,
    LocationAttr,
    ModuleOp,
    StringAttr,
    UnitAttr,
    i64,
)
from xdsl.ir import Attribute, Block, Region, SSAValue

from catgrad._user_lines import user_line
from catgrad.dialects import cat
from catgrad.dialects._names import VERSION, fresh_name, hint
from catgrad.dialects._structure import structure_of
from catgrad.dialects.tops.base import Tensor
from catgrad.dialects.tops.value import Array, Scalar
from catgrad.frames import (
    Callee,
    Derivative,
    Frame,
    Function,
    Stored,
    TraceError,
    TracingOps,
    as_tuple,
    run,
)


class Tracer:
    """Builds one module of `cat` arrows."""

    def __init__(self, name: str):
        stated = {"tops.program": StringAttr(name), "tops.version": IntegerAttr(VERSION, i64)}
        self.module = ModuleOp([], stated)
        self.table: dict[str, cat.ArrowOp | None] = {}
        """Arrows by name; None while a public one is still to come."""
        self.known: dict[Hashable, str] = {}
        """Text of a private arrow without its name -> its symbol."""
        self.customs: dict[tuple[object, bool, tuple[Tensor, ...]], Callee] = {}
        self.stored: dict[str, Stored] = {}
        self.frames: list[Frame] = []
        self.training = False
        self.scopes: list[str] = []
        self.layers: dict[tuple[str, object], str] = {}
        """Labels of unnamed layers by scope and object (not its id: a new one may get the same)."""
        self.named: set[tuple[str, str]] = set()
        """Scopes and labels of layers that were given a name."""
        self.counts: dict[tuple[str, str], int] = {}
        self.homes: dict[object, dict[str, None]] = {}
        """Layers applied so far in a public arrow, and under which names."""

    @property
    def frame(self) -> Frame:
        """The innermost arrow under construction."""
        return self.frames[-1]

    def open(self, types: Sequence[Tensor], names: Sequence[str]) -> Frame:
        """Start an arrow on inputs of the given types."""
        block = Block(arg_types=types)
        for arg, name in zip(block.args, names, strict=True):
            arg.name_hint = hint(name)
        frame = Frame(block, TracingOps(block), list(block.args))
        self.frames.append(frame)
        return frame

    def read(self, stored: Stored) -> Array:
        """A stored tensor, as an argument of the current frame."""
        known = self.stored.setdefault(stored.name, stored)
        if known.type != stored.type or known.role != stored.role:
            raise TraceError(
                f"{stored.role} {stored.name!r} is {stored.type} here "
                f"and {known.type} ({known.role}) elsewhere"
            )
        return self.argument(stored.name)

    def argument(self, name: str) -> Array:
        """A stored tensor as the frame sees it: updated, or an argument made on first use."""
        frame = self.frame
        if name in frame.updates:
            return frame.updates[name]
        if name not in frame.stored:
            arg = frame.block.insert_arg(self.stored[name].type, len(frame.stored))
            arg.name_hint = hint(self.local(name))
            frame.stored[name] = arg
        return frame.ops.array(frame.stored[name])

    def local(self, name: str) -> str:
        """The name of a stored tensor as seen from the current scope."""
        scope = ".".join(self.scopes)
        return name.removeprefix(f"{scope}.") if scope and len(self.frames) > 1 else name

    @contextmanager
    def scope(self, name: str) -> Generator[None]:
        """Names made inside start with `name.`."""
        self.scopes.append(name)
        try:
            yield
        finally:
            self.scopes.pop()

    def layer_name(self, layer: object, kind: str, name: str | None) -> str:
        """The name of a layer in the current scope: given, or kind1, kind2, ... by first use."""
        scope = ".".join(self.scopes)
        if name is not None:
            if any(s == scope and label == name for (s, _), label in self.layers.items()):
                raise TraceError(f"layer {name!r} has the name of an unnamed layer; rename it")
            self.named.add((scope, name))
            return name
        while (scope, layer) not in self.layers:
            count = self.counts[scope, kind] = self.counts.get((scope, kind), 0) + 1
            if (scope, f"{kind}{count}") not in self.named:
                self.layers[scope, layer] = f"{kind}{count}"
        return self.layers[scope, layer]

    def trace(
        self,
        function: Function,
        name: str,
        types: Sequence[Tensor],
        names: Sequence[str],
        label: str | None = None,
        shared: bool = True,
    ) -> Callee:
        """Trace a function on input types to a private arrow, or (`shared`) find the equal one."""
        frame = self.open(types, names)
        try:
            returned = run(function, [frame.ops.array(v) for v in frame.inputs], label or name)
        finally:
            self.frames.pop()
        results = as_tuple(returned, name)
        returns = [*results, *frame.updates.values()]
        frame.ops.check(f"{name} returns", returns)
        frame.block.add_op(cat.ReturnOp([r.value for r in returns]))
        outputs = [r.type for r in results]
        signature = ([a.type for a in frame.block.args], [r.type for r in returns])
        arrow = cat.ArrowOp("", signature, Region(frame.block), private=True)
        symbol = self.add_private(arrow, name, shared)
        indexed = {frame.inputs.index(v): r for v, r in frame.ranges.items() if v in frame.inputs}
        single = not isinstance(returned, tuple | list)
        updates = list(frame.updates)
        return Callee(symbol, list(frame.stored), outputs, updates, indexed, frame.sites, single)

    def trace_custom(
        self,
        key: tuple[object, bool],
        function: Function,
        name: str,
        types: Sequence[Tensor],
        names: Sequence[str],
        derivative: Derivative,
    ) -> Callee:
        """
        Trace a function with a derivative of its own, once per key and types.

        The key is whose function it is, and whether its derivative is a surrogate.
        The function is known before its derivative is traced, which may call it. Random ops of the
        derivative draw at the sites of the function: what has one place has one number.
        """
        memo = (key, self.training, tuple(types))
        if memo not in self.customs:
            callee = self.customs[memo] = self.trace(function, name, types, names, shared=False)
            back = derivative([*types, *callee.outputs])
            if back.outputs != list(types):
                got, expected = (", ".join(map(str, t)) for t in (back.outputs, types))
                raise TraceError(f"{name}: its derivative gives ({got}), expected ({expected})")
            if callee.stored or back.stored:
                raise TraceError(
                    f"{name}: an arrow with a derivative of its own takes no parameters; "
                    "pass them as inputs"
                )
            arrow = self.table[callee.symbol]
            assert arrow is not None
            arrow.reverse = cat.flat_symbol(back.symbol)
            arrow.surrogate = UnitAttr() if key[1] else None
            sites = max(callee.sites, back.sites)
            self.customs[memo] = replace(callee, sites=sites)
        return self.customs[memo]

    def add_private(self, arrow: cat.ArrowOp, name: str, shared: bool) -> str:
        """Add a private arrow unless an equal one is there; its symbol."""
        key = structure_of(arrow) if shared else None
        if key in self.known:
            return self.known[key]
        symbol = fresh_name(name, self.table)
        arrow.sym_name = StringAttr(symbol)
        self.add(arrow)
        if key is not None:
            self.known[key] = symbol
        return symbol

    def add(self, arrow: cat.ArrowOp) -> None:
        """Append an arrow to the module."""
        self.table[arrow.symbol] = arrow
        self.module.body.block.add_op(arrow)

    def pass_on(
        self, callee: Callee, arguments: Sequence[Array]
    ) -> tuple[list[SSAValue], IntegerAttr | None]:
        """The operands of a call: stored tensors, then the arguments; and its random site."""
        frame = self.frame
        frame.ops.check(callee.symbol, arguments)
        for index, bounds in callee.ranges.items():
            self.bound(arguments[index], *bounds)
        site = IntegerAttr(frame.sites, i64) if callee.sites and frame.sites else None
        frame.sites += callee.sites
        stored = [self.argument(n).value for n in callee.stored]
        return [*stored, *(a.value for a in arguments)], site

    def call(
        self, callee: Callee, arguments: Sequence[Array], scope: str | None, result: str
    ) -> list[Array]:
        """Emit a call."""
        operands, site = self.pass_on(callee, arguments)
        op = cat.CallOp(
            callee.symbol,
            operands,
            self.result_types(callee),
            StringAttr(hint(scope) or "") if scope else None,
            site,
        )
        self.frame.ops.builder.insert(op)
        return self.results(callee, op.results, result)

    def result_types(self, callee: Callee) -> list[Tensor]:
        """The types of the outputs and of the updated tensors."""
        return [*callee.outputs, *(self.stored[name].type for name in callee.updates)]

    def results(self, callee: Callee, values: Sequence[SSAValue], name: str) -> list[Array]:
        """The outputs among the results of a call; the updates are seen from now on."""
        count = len(callee.outputs)
        for value in values[:count]:
            value.name_hint = hint(name)
        for key, value in zip(callee.updates, values[count:], strict=True):
            value.name_hint = hint(f"new_{self.local(key)}")
            self.frame.updates[key] = self.frame.ops.array(value)
        return [self.frame.ops.array(v) for v in values[:count]]

    def update(self, old: Array, new: Array) -> None:
        """Let later reads of the state `old` give `new`."""
        frame = self.frame
        held = {name: self.argument(name) for name in frame.stored}
        name = next((n for n, array in held.items() if array.value is old.value), None)
        if name is None or self.stored[name].role != "state":
            raise TraceError(f"update: {old!r} is no state; accepts what cg.state returned")
        if not self.training:
            raise TraceError(
                f"update of {name!r} with training off, where states are only read; "
                "ask cg.is_training() first"
            )
        if new.type != old.type:
            raise TraceError(f"update of {name!r}: got {new!r}, expected {old!r}")
        frame.updates[name] = new

    def bound(self, array: Array, low: int, high: int) -> None:
        """Note that an input holds indices in [low, high); the tightest bounds win."""
        frame = self.frame
        if array.value in frame.inputs:
            old = frame.ranges.get(array.value, (low, high))
            frame.ranges[array.value] = max(low, old[0]), min(high, old[1])

    def next_site(self) -> int:
        """A number for a random op, unique within its arrow."""
        self.frame.sites += 1
        return self.frame.sites - 1

    def public(self, name: str, traced: Traced) -> None:
        """Trace a public arrow."""
        self.layers, self.counts, self.named, self.homes = {}, {}, set(), {}
        self.training = traced.training
        frame = self.open(traced.types, traced.names)
        try:
            returned = run(traced.function, [frame.ops.array(v) for v in frame.inputs], name)
        finally:
            self.frames.pop()
        outputs = as_tuple(returned, name) if returned is not None or not frame.updates else []
        frame.ops.check(f"{name} returns", [*outputs, *frame.updates.values()])
        results = [r.value for r in outputs]
        attrs: list[dict[str, Attribute]] = [
            {cat.ROLE: StringAttr(traced.role)} if traced.role else {} for _ in results
        ]
        for key, value in frame.updates.items():
            results.append(value.value)
            if not isinstance(value.value.owner, Block):
                value.value.name_hint = hint(f"new_{key}")
            attrs.append(
                {cat.UPDATES: StringAttr(key), cat.ROLE: StringAttr(self.stored[key].role)}
            )
        frame.block.add_op(cat.ReturnOp(results))
        arrow = cat.ArrowOp(
            name,
            (frame.block.arg_types, [v.type for v in results]),
            Region(frame.block),
            arg_attrs=self.argument_attributes(frame, traced),
            res_attrs=ArrayAttr([DictionaryAttr(a) for a in attrs]) if any(attrs) else None,
        )
        self.add(arrow)

    def argument_attributes(self, frame: Frame, traced: Traced) -> ArrayAttr[DictionaryAttr]:
        """Names and roles of stored tensors; names, batch axes and index ranges of inputs."""
        attrs: list[dict[str, Attribute]] = [
            {cat.NAME: StringAttr(n), cat.ROLE: StringAttr(self.stored[n].role)}
            for n in frame.stored
        ]
        for name, value in zip(traced.names, frame.inputs, strict=True):
            entry: dict[str, Attribute] = {cat.NAME: StringAttr(name)}
            if traced.batched and frame.ops.array(value).ndim:
                entry["tops.batch"] = IntegerAttr(0, i64)
            if value in frame.ranges:
                entry["tops.range"] = DenseArrayBase.from_list(i64, list(frame.ranges[value]))
            attrs.append(entry)
        return ArrayAttr([DictionaryAttr(a) for a in attrs])


@dataclass(frozen=True)
class Traced:
    """A function with the types of its inputs: what `compile` takes."""

    function: Function
    types: tuple[Tensor, ...]
    names: tuple[str, ...]
    role: str | None = None
    batched: bool = False
    """Whether axis 0 of every input that has axes is the batch."""
    training: bool = False
    """The mode: with training off, layers only read their states and dropout does nothing."""
    made: LocationAttr | None = field(default_factory=user_line, compare=False)
    """The line that asked for it."""


_CURRENT: ContextVar[Tracer | None] = ContextVar("catgrad_tracer", default=None)


def current(what: str = "this function") -> Tracer:
    """The tracer at work; TraceError outside of tracing."""
    tracer = _CURRENT.get()
    if tracer is None or not tracer.frames:
        raise TraceError(
            f"{what} works on symbolic arrays: "
            "call it inside a function given to cg.arrow or cg.compile"
        )
    return tracer


def trace_module(parts: dict[str, Traced], name: str, init: Traced) -> Tracer:
    """Trace all parts into one module, last @init: by default `init`, if anything is stored."""
    tracer = Tracer(name)
    token = _CURRENT.set(tracer)
    try:
        tracer.table.update(dict.fromkeys([*parts, "init"]))
        for part, traced in parts.items():
            if part != "init":
                tracer.public(part, traced)
        if "init" in parts or tracer.stored:
            tracer.public("init", parts.get("init", init))
    finally:
        _CURRENT.reset(token)
    return tracer


def full(shape: Sequence[int], value: Scalar, dtype: str) -> Array:
    """A tensor of one repeated scalar, at the current insertion point."""
    return current("full").frame.ops.full(shape, value, dtype)
