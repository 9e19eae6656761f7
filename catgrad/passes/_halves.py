"""The two halves of a derivative: how they are made of an arrow, and how they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from xdsl.builder import Builder
from xdsl.dialects.builtin import UNKNOWN_LOC, LocationAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint
from xdsl.traits import Pure

from catgrad.dialects import cat
from catgrad.dialects._names import fresh_name
from catgrad.dialects.tops import ops_at
from catgrad.dialects.tops._rules import cotangents_of
from catgrad.dialects.tops.base import ReverseRule
from catgrad.passes._flow import Flow
from catgrad.passes.cat_make_monoidal import make_monoidal

Mask = tuple[bool, ...]
"""One flag per input or output."""


@dataclass(frozen=True)
class Halves:
    """
    The two halves of a derivative: forward : A -> B x M, reverse : M x B' -> A'.

    Only the wanted A' are results of reverse, only the nonzero B' are arguments.
    """

    forward: str
    reverse: str
    residual: tuple[Attribute, ...]
    wanted: Mask
    nonzero: Mask


Site = cat.CallOp | cat.ReverseOp | cat.ForwardOp


def call_forward(
    builder: Builder,
    halves: Halves,
    op: Site,
    inputs: Sequence[SSAValue],
    outputs: Sequence[Attribute],
) -> tuple[list[SSAValue], list[SSAValue]]:
    """Call the forward half: the values and the residual."""
    call = cat.CallOp(halves.forward, inputs, [*outputs, *halves.residual], op.scope, op.site)
    builder.insert(call)
    return list(call.results[: len(outputs)]), list(call.results[len(outputs) :])


def call_reverse(
    builder: Builder,
    halves: Halves,
    op: Site,
    residual: Sequence[SSAValue],
    seeds: Sequence[SSAValue],
    inputs: Sequence[Attribute],
) -> list[SSAValue]:
    """Call the reverse half: one cotangent per input, zeros where it was not wanted."""
    types = [t for t, keep in zip(inputs, halves.wanted, strict=True) if keep]
    call = cat.CallOp(halves.reverse, [*residual, *seeds], types, op.scope, op.site)
    builder.insert(call)
    given = iter(call.results)
    return [
        next(given) if keep else builder.insert(cat.ZeroOp(type_)).y
        for type_, keep in zip(inputs, halves.wanted, strict=True)
    ]


class Owner(Protocol):
    """What the maker of halves needs from the run of the pass."""

    table: dict[str, cat.ArrowOp]
    done: set[str]
    flow: Flow

    def halves(self, name: str, wanted: Mask, nonzero: Mask) -> Halves:
        """The halves of another arrow."""
        ...

    def add(self, arrow: cat.ArrowOp, after: str) -> None:
        """Insert a generated arrow behind another one."""
        ...

    def missing_rule(self, op: Operation, arrow: str) -> None:
        """Report an op without a rule."""
        ...


class HalvesMaker:
    """
    Generates the halves of one arrow.

    The reverse half is built in a block of its own over the values of the forward half; what it
    uses of them is the residual:

        a ---[ forward ]--- b
                  | m
        a'---[ reverse ]--- b'
    """

    def __init__(self, owner: Owner, arrow: cat.ArrowOp, wanted: Mask, nonzero: Mask):
        self.owner, self.arrow, self.wanted, self.nonzero = owner, arrow, wanted, nonzero
        self.forward = Block(arg_types=arrow.inputs)
        self.build_forward = Builder(InsertPoint.at_end(self.forward))
        seeds = [t for t, keep in zip(arrow.outputs, nonzero, strict=True) if keep]
        self.reverse = Block(arg_types=seeds)
        self.location: LocationAttr = UNKNOWN_LOC
        """Where the op is from whose rule is being applied, and so what the rule makes."""
        self.build_reverse = Builder(
            InsertPoint.at_end(self.reverse), operation_insertion_handler=[self.locate]
        )
        self.env: dict[SSAValue, SSAValue] = {}
        """Value of the monoidal copy -> value of the forward half (copies seen through)."""
        self.cotangent: dict[SSAValue, SSAValue] = {}
        self.active: set[SSAValue] = set()
        """The values that wanted inputs flow into."""
        self.useful: set[SSAValue] = set()
        """The values that flow into nonzero outputs."""
        self.residuals: dict[Operation, tuple[Halves, list[SSAValue]]] = {}

    def custom(self, reverse: str) -> Halves:
        """The halves of an arrow with `reverse = @g`: the residual is A, g gets B' and gives A'."""
        f = self.arrow
        call = cat.CallOp(f.symbol, self.forward.args, f.outputs)
        self.build_forward.insert(call)
        seeds = iter(self.reverse.args)
        given = [
            next(seeds) if keep else self.build_reverse.insert(cat.ZeroOp(t)).y
            for t, keep in zip(f.outputs, self.nonzero, strict=True)
        ]
        back = cat.CallOp(reverse, [*self.forward.args, *given], f.inputs)
        self.build_reverse.insert(back)
        kept = [v for v, keep in zip(back.results, self.wanted, strict=True) if keep]
        return self.finish(list(call.results), kept)

    def generate(self) -> Halves:
        """Differentiate the body: forward in order, then the rules in reverse order."""
        f = self.arrow.clone()
        if f.monoidal is None:
            make_monoidal(f)
        for old, new, keep in zip(f.block.args, self.forward.args, self.wanted, strict=True):
            new.name_hint = old.name_hint
            self.env[old] = new
            if keep:
                self.active.add(old)
        body = [op for op in f.block.ops if not isinstance(op, cat.ReturnOp)]
        self.find_path(f, body)
        for op in body:
            self.run_forward(op)
        seeds = iter(self.reverse.args)
        for value, keep in zip(f.result.values, self.nonzero, strict=True):
            if keep:
                seed = next(seeds)
                seed.name_hint = _cotangent_hint(value)
                self.cotangent[value] = seed
        for op in reversed(body):
            if any(r in self.cotangent for r in op.results):
                self.run_reverse(op)
        results = [
            self.cotangent[a]
            if a in self.cotangent
            else self.build_reverse.insert(cat.ZeroOp(a.type)).y
            for a, keep in zip(f.block.args, self.wanted, strict=True)
            if keep
        ]
        values = [self.env[v] for v in f.result.values]
        halves = self.finish(values, results)
        f.erase()
        return halves

    def find_path(self, f: cat.ArrowOp, body: Sequence[Operation]) -> None:
        """Find the active values, from the wanted inputs on, and the useful ones."""
        flow = self.owner.flow
        for op in body:
            self.active.update(flow.active(op, self.active))
        pairs = zip(f.result.values, self.nonzero, strict=True)
        self.useful.update(v for v, keep in pairs if keep)
        for op in reversed(body):
            self.useful.update(flow.useful(op, self.useful))

    def on_path(self, value: SSAValue) -> bool:
        """Whether it lies between a wanted input and a nonzero output."""
        return value in self.active and value in self.useful

    def run_forward(self, op: Operation) -> None:
        """Copy one op into the forward half; a call on the path calls a forward half instead."""
        inputs = [self.env[v] for v in op.operands]
        if isinstance(op, cat.CopyOp):
            self.env.update((r, inputs[0]) for r in op.results)
            return
        if isinstance(op, cat.DiscardOp):
            return
        nonzero = tuple(map(self.on_path, op.results))
        wanted = tuple(map(self.on_path, op.operands))
        if isinstance(op, cat.CallOp) and any(nonzero) and any(wanted):
            halves = self.owner.halves(op.target, wanted, nonzero)
            outputs = list(op.result_types)
            values, residual = call_forward(self.build_forward, halves, op, inputs, outputs)
            self.residuals[op] = halves, residual
        else:
            values = self.build_forward.insert(
                op.clone(dict(zip(op.operands, inputs, strict=True)))
            ).results
        for old, new in zip(op.results, values, strict=True):
            new.name_hint = old.name_hint
            self.env[old] = new

    def locate(self, op: Operation) -> None:
        """Say where an op of the reverse half comes from."""
        op.location = self.location

    def run_reverse(self, op: Operation) -> None:
        """Apply the rule of one op: the cotangents of its results give those of its operands."""
        self.location = op.location
        if not any(map(self.on_path, op.results)):
            return
        given = [self.cotangent.get(r) for r in op.results]
        rules: Sequence[SSAValue | None]
        match op:
            case cat.CopyOp():
                rules = [self.add([g for g in given if g is not None])]
            case cat.AddOp():
                rules = [given[0]] * len(op.operands)
            case cat.CallOp():
                rules = self.reverse_call(op, given)
            case _:
                rules = self.reverse_generator(op, given)
        for operand, g in zip(op.operands, rules, strict=True):
            if g is not None and self.on_path(operand):
                self.cotangent[operand] = g
                if g.name_hint is None:
                    g.name_hint = _cotangent_hint(operand)

    def add(self, cotangents: list[SSAValue]) -> SSAValue:
        """The reverse of a copy: the only place where cotangents are summed."""
        if len(cotangents) == 1:
            return cotangents[0]
        return self.build_reverse.insert(cat.AddOp(cotangents)).y

    def reverse_call(
        self, op: cat.CallOp, given: Sequence[SSAValue | None]
    ) -> list[SSAValue | None]:
        halves, residual = self.residuals[op]
        seeds: list[SSAValue] = []
        for g, keep, result in zip(given, halves.nonzero, op.results, strict=True):
            if keep:
                seeds.append(
                    g if g is not None else self.build_reverse.insert(cat.ZeroOp(result.type)).y
                )
        types = list(op.operand_types)
        cotangents = call_reverse(self.build_reverse, halves, op, residual, seeds, types)
        return [g if keep else None for g, keep in zip(cotangents, halves.wanted, strict=True)]

    def reverse_generator(
        self, op: Operation, given: Sequence[SSAValue | None]
    ) -> Sequence[SSAValue | None]:
        outputs = [self.env[v] for v in op.results]
        # Its operands are seen through copies: rules read constants.
        forward = outputs[0].owner
        assert isinstance(forward, Operation)
        rule = forward.get_trait(ReverseRule)
        if rule is None or not rule.holds(forward):
            self.owner.missing_rule(op, self.arrow.symbol)
            # Go on, to find the ops without a rule behind this one too.
            return [self.build_reverse.insert(cat.ZeroOp(v.type)).y for v in op.operands]
        return cotangents_of(rule, forward, outputs, given, ops_at(self.build_reverse))

    def finish(self, values: Sequence[SSAValue], cotangents: Sequence[SSAValue]) -> Halves:
        """Close both blocks: dce the reverse half, hand over the residual, add the two arrows."""
        back = cat.ReturnOp(cotangents)
        self.build_reverse.insert(back)
        _dce(self.reverse)
        residual = self.collect_residual()
        self.build_forward.insert(cat.ReturnOp([*values, *residual]))
        name = self.arrow.symbol
        kept = [v.type for v in residual]
        forward = cat.ArrowOp(
            fresh_name(f"{name}.forward", self.owner.table),
            (self.arrow.inputs, [*self.arrow.outputs, *kept]),
            Region(self.forward),
            private=True,
        )
        self.owner.add(forward, name)
        reverse = cat.ArrowOp(
            fresh_name(f"{name}.reverse", self.owner.table),
            (
                [*kept, *(a.type for a in self.reverse.args[len(kept) :])],
                [v.type for v in cotangents],
            ),
            Region(self.reverse),
            private=True,
        )
        self.owner.add(reverse, forward.symbol)
        self.owner.done.update((forward.symbol, reverse.symbol))
        return Halves(forward.symbol, reverse.symbol, tuple(kept), self.wanted, self.nonzero)

    def collect_residual(self) -> list[SSAValue]:
        """
        The forward values that the reverse half uses become its first arguments.

        Values computed from nothing (`tops.full`, ...) are rebuilt instead.
        """
        local = {*self.reverse.args, *(r for op in self.reverse.ops for r in op.results)}
        free = {v: None for op in self.reverse.ops for v in op.operands if v not in local}
        old_args = list(self.reverse.args)
        block = Block(
            arg_types=[v.type for v in (*(v for v in free if _constant(v) is None), *old_args)]
        )
        env: dict[SSAValue, SSAValue] = {}
        args = iter(block.args)
        residual: list[SSAValue] = []
        for value in free:
            if (constant := _constant(value)) is not None:
                clone = constant.clone()
                block.add_op(clone)
                env[value] = clone.results[0]
            else:
                env[value] = next(args)
                residual.append(value)
            env[value].name_hint = value.name_hint
        for old in old_args:
            env[old] = next(args)
            env[old].name_hint = old.name_hint
        for op in list(self.reverse.ops):
            block.add_op(op.clone(env))
        self.reverse.erase()
        self.reverse = block
        return residual


def _constant(value: SSAValue) -> Operation | None:
    """The op that makes a value from nothing, if there is one: cheaper to repeat than to keep."""
    owner = value.owner
    if not isinstance(owner, Operation) or owner.operands or isinstance(owner, cat.CallOp):
        return None
    return owner if owner.has_trait(Pure) else None


def _dce(block: Block) -> None:
    for op in reversed(list(block.ops)):
        if not isinstance(op, cat.ReturnOp) and not any(r.uses for r in op.results):
            op.detach()
            op.erase()


def _cotangent_hint(value: SSAValue) -> str | None:
    return None if value.name_hint is None else f"d_{value.name_hint}"
