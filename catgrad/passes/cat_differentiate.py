"""cat-differentiate: replaces `cat.reverse` and `cat.forward` by calls of generated halves."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint
from xdsl.utils.exceptions import PassFailedException

from catgrad.dialects import cat
from catgrad.dialects._checks import check_module, symbol_table
from catgrad.dialects._names import fresh_name
from catgrad.dialects._places import place_of
from catgrad.passes._flow import Flow
from catgrad.passes._halves import Halves, HalvesMaker, Mask, call_forward, call_reverse
from catgrad.passes._rewriting import replace_op
from catgrad.passes.cat_make_monoidal import make_monoidal


@dataclass
class Differentiator:
    """The state of one run: the symbol table, the halves made so far, the ops without a rule."""

    module: ModuleOp
    table: dict[str, cat.ArrowOp]
    memo: dict[tuple[str, Mask, Mask], Halves] = field(
        default_factory=dict[tuple[str, Mask, Mask], Halves]
    )
    transposes: dict[str, str] = field(default_factory=dict[str, str])
    done: set[str] = field(default_factory=set[str])
    missing: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def __post_init__(self) -> None:
        self.flow = Flow(self.rewritten)

    def rewritten(self, name: str) -> cat.ArrowOp:
        """An arrow without derivatives."""
        self.rewrite(name)
        return self.table[name]

    def run(self) -> None:
        """Rewrite every arrow; fail with all ops that lack a rule."""
        for name in list(self.table):
            self.rewrite(name)
        if self.missing:
            found = sorted(self.missing.items())
            ops = "; ".join(f"{what} in {', '.join(where)}" for what, where in found)
            raise PassFailedException(
                f"cat-differentiate: no reverse rule for {ops}. Give the op a rule, give an arrow "
                "around it a custom derivative (reverse = @g), or take it off the path"
            )

    def rewrite(self, name: str) -> None:
        """Replace the derivatives in one arrow, its callees first."""
        if name in self.done:
            return
        self.done.add(name)
        arrow = self.table[name]
        for op in (arrow, *arrow.block.ops):
            for callee in cat.references(op):
                self.rewrite(callee)
        found = [op for op in arrow.block.ops if isinstance(op, cat.ReverseOp | cat.ForwardOp)]
        for op in found:
            if isinstance(op, cat.ReverseOp):
                self.replace_reverse(op)
            else:
                self.replace_forward(op)
        if found:
            _drop_zeros(arrow.block)
        if found and arrow.monoidal is not None:
            make_monoidal(arrow)

    def add(self, arrow: cat.ArrowOp, after: str) -> None:
        """Insert a generated arrow behind another one."""
        self.table[arrow.symbol] = arrow
        block = self.table[after].parent_block()
        assert block is not None
        block.insert_ops_after([arrow], self.table[after])

    def replace_reverse(self, op: cat.ReverseOp) -> None:
        """y, m = f.forward(a); a' = f.reverse(m, b')."""
        wanted = tuple(is_used(v) for v in op.derivatives)
        nonzero = tuple(not is_zero(v) for v in op.tangents)
        builder = Builder(InsertPoint.before(op))
        if not any(wanted) or not any(nonzero):
            call = cat.CallOp(op.target, op.primals, [v.type for v in op.values], op.scope, op.site)
            builder.insert(call)
            replace_op(
                op, [*call.results, *(builder.insert(cat.ZeroOp(v.type)).y for v in op.primals)]
            )
            return
        halves = self.halves(op.target, wanted, nonzero)
        values, residual = call_forward(
            builder, halves, op, op.primals, [v.type for v in op.values]
        )
        seeds = [v for v, keep in zip(op.tangents, nonzero, strict=True) if keep]
        given = call_reverse(builder, halves, op, residual, seeds, [v.type for v in op.primals])
        replace_op(op, [*values, *given])

    def replace_forward(self, op: cat.ForwardOp) -> None:
        """D[f](a, a') is the B' component of R[h]((a, 0), a'), with h(a, b') = R[f](a, b')."""
        builder = Builder(InsertPoint.before(op))
        transpose = self.transpose(op.target)
        types = [v.type for v in op.primals], [v.type for v in op.values]
        call = cat.CallOp(op.target, op.primals, types[1], op.scope, op.site)
        builder.insert(call)
        used = tuple(is_used(v) for v in op.derivatives)
        moving = tuple(not is_zero(v) for v in op.tangents)
        if not any(used) or not any(moving):
            replace_op(op, [*call.results, *(builder.insert(cat.ZeroOp(t)).y for t in types[1])])
            return
        halves = self.halves(transpose, (False,) * len(types[0]) + used, moving)
        zeros = [builder.insert(cat.ZeroOp(t)).y for t in types[1]]
        _, residual = call_forward(builder, halves, op, [*op.primals, *zeros], types[0])
        seeds = [v for v, keep in zip(op.tangents, moving, strict=True) if keep]
        given = call_reverse(builder, halves, op, residual, seeds, [*types[0], *types[1]])
        replace_op(op, [*call.results, *given[len(types[0]) :]])

    def transpose(self, name: str) -> str:
        """The arrow h(a, b') = R[f](a, b'), whose b' is an argument."""
        if name not in self.transposes:
            f = self.table[name]
            symbol = fresh_name(f"{name}.transpose", self.table)
            arrow = cat.ArrowOp(symbol, ([*f.inputs, *f.outputs], list(f.inputs)), private=True)
            builder = Builder(InsertPoint.at_end(arrow.block))
            args, count = list(arrow.block.args), len(f.inputs)
            reverse = cat.ReverseOp(name, args[:count], args[count:], f.outputs)
            builder.insert(reverse)
            builder.insert(cat.ReturnOp(reverse.derivatives))
            self.transposes[name] = symbol
            self.add(arrow, name)
            self.rewrite(symbol)
        return self.transposes[name]

    def halves(self, name: str, wanted: Mask, nonzero: Mask) -> Halves:
        """The halves of an arrow for some wanted inputs and nonzero outputs, made once."""
        key = (name, wanted, nonzero)
        if key not in self.memo:
            self.rewrite(name)
            custom = self.table[name].custom
            maker = HalvesMaker(self, self.table[name], wanted, nonzero)
            self.memo[key] = maker.generate() if custom is None else maker.custom(custom)
        return self.memo[key]

    def missing_rule(self, op: Operation, arrow: str) -> None:
        """Remember an op without a rule, to report all at once."""
        types = ", ".join(str(t) for t in op.operand_types)
        where = self.missing.setdefault(f"'{op.name}' ({types})", [])
        place = place_of(op)
        at = f"@{arrow}" if place is None else f"@{arrow} ({place})"
        if at not in where:
            where.append(at)


def is_zero(value: SSAValue) -> bool:
    """Whether a cotangent is a literal `cat.zero`, seen through copies."""
    return isinstance(cat.source(value).owner, cat.ZeroOp)


def is_used(value: SSAValue) -> bool:
    """Whether anything but `cat.discard` uses a value, seen through copies."""
    return any(
        any(is_used(r) for r in use.operation.results)
        if isinstance(use.operation, cat.CopyOp)
        else not isinstance(use.operation, cat.DiscardOp)
        for use in value.uses
    )


def _drop_zeros(block: Block) -> None:
    """Erase zeros that nothing uses, or only `cat.discard`."""
    for zero in [op for op in block.ops if isinstance(op, cat.ZeroOp)]:
        users = [use.operation for use in zero.y.uses]
        if all(isinstance(user, cat.DiscardOp) for user in users):
            for op in (*users, zero):
                op.detach()
                op.erase()


@dataclass(frozen=True)
class CatDifferentiatePass(ModulePass):
    """
    Replaces each derivative of `@f` by calls of generated halves, for any order.

    ```
    %y, %dx = cat.reverse @f(%x)(%dy)  =>  %y, %m = cat.call @f.forward(%x)
                                           %dx = cat.call @f.reverse(%m, %dy)
    ```
    Halves are made once per (arrow, wanted inputs, nonzero outputs), callees before callers.
    Ops without a rule are an error that lists all of them.
    """

    name = "cat-differentiate"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        check_module(op)
        Differentiator(op, symbol_table(op)).run()
