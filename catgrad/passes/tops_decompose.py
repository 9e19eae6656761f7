"""tops-decompose: rewrites what a target lacks into what it has."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint
from xdsl.utils.exceptions import PassFailedException, VerifyException

from catgrad.dialects.tops import TABLE
from catgrad.dialects.tops._decomposition import Missing, decomposition_of, lowered
from catgrad.dialects.tops.base import (
    Tensor,
    TopsOp,
    dtype_of,
    integers,
    scalar_attribute,
    tensor_of,
)
from catgrad.dialects.tops.creation import ConstantOp, FullOp
from catgrad.dialects.tops.elementwise import AstypeOp, WhereOp
from catgrad.dialects.tops.fused import FusedOp
from catgrad.dialects.tops.value import Array, Ops
from catgrad.passes._decompositions import BOOLEAN, SUMS, Range, parity
from catgrad.passes._placing import functions_of
from catgrad.passes._rearrangements import RULES
from catgrad.targets._placement import PlacedTarget, check_decompositions, find_target


class Decomposed(Ops):
    """
    Emits ops that the target has; others by their rule, whose ops are treated alike.

    The rules are the decompositions that the op carries, then those of `_rearrangements`. A boolean
    that the target lacks is an f32 array of 0 and 1.
    """

    def __init__(
        self, builder: Builder, name: str, target: PlacedTarget, ranges: dict[SSAValue, Range]
    ):
        super().__init__(builder, TABLE)
        self.name, self.target = name, target
        self.open: list[object] = []
        """The ops that are being decomposed."""
        self.ranges = ranges
        """Integer arrays -> the least and the largest number they hold, where that is known."""

    def emit(
        self, mnemonic: str, *operands: Array, type: Tensor | None = None, **props: object
    ) -> Array:
        op: TopsOp | None = None
        try:
            op = self.table[mnemonic](*(a.value for a in operands), type=type, **props)
        except VerifyException:  # it takes i1, and gets an f32 array of 0 and 1
            pass
        if op is not None and self.target.has(op):
            return self.node(op)
        if op is not None and (own := self.own(op, operands)) is not None:
            op.erase()
            return own[0]
        empty = op.out_type if op is not None and prod(op.out_type.get_shape()) == 0 else None
        if op is not None:
            op.erase()
        if empty is not None:
            return self.full(empty.get_shape(), 0, dtype_of(lowered(empty)))
        if (rule := RULES.get(mnemonic)) is None:
            raise Missing("")
        with self.inside((mnemonic, [a.type for a in operands], props), ""):
            return rule(self, operands, type, props)

    def insert(self, op: Operation) -> Array:
        if self.target.has(op):
            return self.node(op)
        made = self.instead(op, [self.array(v) for v in op.operands])
        op.erase()
        return made[0]

    def node(self, op: Operation) -> Array:
        """Insert an op that the target has."""
        return super().insert(op)

    def stand_in(self, type_: Tensor) -> Array:
        """An array for what cannot be decomposed."""
        for given in (type_, lowered(type_)):
            zero = FullOp(type=given, value=scalar_attribute(0, dtype_of(given)))
            if self.target.has(zero) or given is not type_:
                break
        return self.node(zero)

    def own(self, op: Operation, inputs: Sequence[Array]) -> list[Array] | None:
        """What the decomposition that an op carries makes of it, if it carries one."""
        if (rule := decomposition_of(op, self.name)) is None:
            return None
        key = (op.name, list(op.operand_types), op.properties)
        with self.inside(key, "whose decomposition needs itself"):
            return rule.results(op, inputs, self)

    @contextmanager
    def inside(self, key: object, otherwise: str) -> Generator[None]:
        """Decompose an op: not within its own decomposition."""
        if key in self.open:
            raise Missing(otherwise)
        self.open.append(key)
        try:
            yield
        finally:
            self.open.pop()

    def instead(self, op: Operation, inputs: Sequence[Array]) -> list[Array]:
        """The results of an op, made of others on the new operands; Missing if that cannot be."""
        if (own := self.own(op, inputs)) is not None:
            return own
        if isinstance(op, FusedOp):
            raise Missing("which is no single op: decompose before fusing")
        if not isinstance(op, TopsOp) or self.table.get(op.mnemonic) is not type(op):
            raise Missing("which has no decomposition: write one with catgrad.rules.decomposition")
        return [written(self, op, inputs)]


class _Function:
    """Decomposes one function, from its first op to its last."""

    def __init__(self, function: func.FuncOp, name: str, target: PlacedTarget):
        self.function, self.name, self.target = function, name, target
        self.block = function.body.block
        self.ranges: dict[SSAValue, Range] = {}
        for arg, attrs in zip(self.block.args, function.arg_attrs or (), strict=False):
            if (found := integers(attrs.data.get("tops.range"))) is not None:
                self.ranges[arg] = (found[0], found[1] - 1)
        self.new: dict[SSAValue, SSAValue] = {}
        """The results of replaced ops -> what they are now."""
        self.missing: list[str] = []

    def run(self) -> list[str]:
        """Rewrite the body; returns what could not be."""
        replaced: list[Operation] = []
        for op in list(self.block.ops):
            old, given = list(op.operands), [self.new.get(v, v) for v in op.operands]
            op.operands = given
            if isinstance(op, func.ReturnOp):
                self.check_results(old, given)
            elif [v.type for v in old] != [v.type for v in given] or not self.target.has(op):
                op.operands = old
                replaced.append(op)
                self.replace(op, given)
        for op in reversed(replaced):
            op.detach()
            op.erase()
        return self.missing

    def check_results(self, old: Sequence[SSAValue], new: Sequence[SSAValue]) -> None:
        """A result keeps its type."""
        for index, (a, b) in enumerate(zip(old, new, strict=True)):
            if a.type != b.type:
                self.miss(f"{dtype_of(tensor_of(a))} as result {index}")

    def miss(self, what: str) -> None:
        """Note something that the target cannot do."""
        self.missing.append(f"{what} (@{self.function.sym_name.data})")

    def replace(self, op: Operation, given: Sequence[SSAValue]) -> None:
        """Write an op with others, in front of it."""
        ops = Decomposed(Builder(InsertPoint.before(op)), self.name, self.target, self.ranges)
        try:
            made = ops.instead(op, [ops.array(v) for v in given])
        except Missing as error:
            kinds = dict.fromkeys(dtype_of(tensor_of(v)) for v in (*op.operands, *op.results))
            because = f", {error}" if str(error) else ""
            self.miss(f"{op.name} on {' and '.join(kinds)}{because}")
            for result in op.results:  # to find what else is missing
                self.new[result] = ops.stand_in(tensor_of(result)).value
            return
        for old, new in zip(op.results, made, strict=True):
            if new.value.name_hint is None:
                new.value.name_hint = old.name_hint
            self.new[old] = new.value


def written(ops: Decomposed, op: TopsOp, given: Sequence[Array]) -> Array:
    """What an op is on the new operands."""
    if any(a.dtype == "i1" for a in given):
        raise Missing("")
    name, type_ = op.mnemonic, lowered(op.out_type)
    to = dtype_of(op.out_type)
    props: dict[str, Any] = op.props()
    if prod(type_.get_shape()) == 0 and type_ != op.out_type:
        return ops.full(type_.get_shape(), 0, dtype_of(type_))
    if isinstance(op, FullOp) and to == "i1":
        return ops.full(type_.get_shape(), float(op.scalar), "f32")
    if isinstance(op, ConstantOp) and to == "i1":
        element: Any = type_
        value = DenseIntOrFPElementsAttr.from_list(element, [float(v) for v in op.values()])
        return ops.emit(name, type=type_, value=value)
    from_ = dtype_of(tensor_of(op.operands[0])) if op.operands else to
    if isinstance(op, AstypeOp) and to == "i1" and from_ != "i1":
        return ops.emit("not_equal", given[0], given[0].full_like(0))
    if from_ != "i1" or isinstance(op, WhereOp):
        return ops.emit(name, *given, type=type_, **props)
    if isinstance(op, AstypeOp):
        made = given[0].astype(dtype_of(type_))
        ops.ranges[made.value] = (0, 1)
        return made
    if name in BOOLEAN:
        return BOOLEAN[name](*given)
    made = ops.emit(name, *given, type=type_, **props)
    return parity(made) if name in SUMS else made


@dataclass(frozen=True)
class TopsDecomposePass(ModulePass):
    """
    Writes the ops that a target lacks with ops that it has; by name, all that it cannot.

    ```
    %m = tops.less %a, %b : i1            %0 = tops.subtract %b, %a
    %y = tops.rsqrt %x             =>     %m = tops.fused (%0) { full 0; greater; astype }
                                          %1 = tops.full value = 1.0
                                          %2 = tops.sqrt %x
                                          %y = tops.divide %1, %2
    ```
    `target` names the target, whose own table says what it has: `ggml-native` is `ggml` with
    `kernels=native`. Where that has no i1, booleans become f32 arrays of 0 and 1. Runs on tensor
    ops that are not fused, of any dialect: what an op carries from `catgrad.rules.decomposition`
    comes before the rules of this package.
    """

    name = "tops-decompose"

    target: str = "numpy"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        target = find_target(self.target)
        check_decompositions({type(inner) for inner in op.walk()})
        found = [
            what
            for f in functions_of(op, self.name, foreign=True)
            for what in _Function(f, self.target, target).run()
        ]
        if found:
            raise PassFailedException(
                f"tops-decompose: target '{self.target}' has no ops for "
                + "; ".join(dict.fromkeys(found))
            )
