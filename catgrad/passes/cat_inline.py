"""cat-inline: expands calls into the public arrows and erases the private ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, StringAttr, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass

from catgrad.dialects import cat
from catgrad.dialects._checks import check_module, symbol_table
from catgrad.dialects._names import hint
from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.random import Random


@dataclass
class _Inliner:
    table: dict[str, cat.ArrowOp]
    keep: set[str]
    """Arrows whose calls must stay."""
    block: Block = field(default_factory=Block)
    inlined: bool = False
    constants: dict[tuple[Attribute, Attribute], SSAValue] = field(
        default_factory=dict[tuple[Attribute, Attribute], SSAValue]
    )
    """By type and value: what many calls copy, such as an optimizer's, is there once."""

    def body(
        self, arrow: cat.ArrowOp, inputs: Sequence[SSAValue], scope: str, site: int
    ) -> list[SSAValue]:
        """Append an arrow's body to the block, calls expanded; its results."""
        env: dict[SSAValue, SSAValue] = dict(zip(arrow.block.args, inputs, strict=True))
        for op in arrow.block.ops:
            if isinstance(op, cat.ReturnOp):
                return [env[v] for v in op.values]
            if isinstance(op, cat.CallOp) and op.target not in self.keep:
                self.inlined = True
                inner = _join(scope, op.scope.data if op.scope is not None else "")
                offset = site + (op.site.value.data if op.site is not None else 0)
                given = [env[v] for v in op.inputs]
                results = self.body(self.table[op.target], given, inner, offset)
                for old, new in zip(op.results, results, strict=True):
                    keeps = new in given or isinstance(new.owner, FullOp)
                    if old.name_hint is not None and not keeps:
                        new.name_hint = hint(_join(scope, old.name_hint))
                env.update(zip(op.results, results, strict=True))
            elif isinstance(op, FullOp) and not op.attributes:
                self.share(op, env, scope, site)
            else:
                self.copy(op, env, scope, site)
        raise AssertionError("an arrow ends in cat.return")

    def share(self, op: FullOp, env: dict[SSAValue, SSAValue], scope: str, site: int) -> None:
        """Take the constant of this type and value, or append the first."""
        key = op.y.type, op.value
        if key not in self.constants:
            self.copy(op, env, scope, site)
            self.constants[key] = env[op.y]
        env[op.y] = self.constants[key]

    def copy(self, op: Operation, env: dict[SSAValue, SSAValue], scope: str, site: int) -> None:
        """Append a copy of one op under the scope and site of the call it came through."""
        clone = (op.clone if op.regions else op.clone_without_regions)(env, clone_name_hints=False)
        self.block.add_op(clone)
        for old, new in zip(op.results, clone.results, strict=True):
            _hint(new, scope, old.name_hint)
            env[old] = new
        if site and isinstance(clone, Random):
            clone.site = IntegerAttr(clone.site.value.data + site, i64)
        if isinstance(clone, cat.CallOp | cat.ReverseOp | cat.ForwardOp):
            inner = _join(scope, clone.scope.data if clone.scope is not None else "")
            clone.scope = StringAttr(inner) if inner else None
            offset = site + (clone.site.value.data if clone.site is not None else 0)
            clone.site = IntegerAttr(offset, i64) if offset else None


def _join(scope: str, inner: str) -> str:
    return f"{scope}.{inner}" if scope and inner else scope or inner


def _hint(value: SSAValue, scope: str, name: str | None) -> None:
    if value.name_hint is None and name is not None:
        value.name_hint = hint(_join(scope, name))


def _reaches_custom(table: dict[str, cat.ArrowOp]) -> set[str]:
    """The arrows that have a custom derivative or call one that has, through calls."""
    callers: dict[str, list[str]] = {}
    for name, arrow in table.items():
        for op in arrow.block.ops:
            if isinstance(op, cat.CallOp):
                callers.setdefault(op.target, []).append(name)
    pending = [name for name, arrow in table.items() if arrow.custom is not None]
    found = set(pending)
    while pending:
        fresh = [c for c in callers.get(pending.pop(), []) if c not in found]
        found.update(fresh)
        pending += fresh
    return found


def _live(table: dict[str, cat.ArrowOp]) -> set[str]:
    """The public arrows and all they still refer to."""
    pending = [name for name, arrow in table.items() if not arrow.private]
    live = set(pending)
    while pending:
        arrow = table[pending.pop()]
        fresh = [r for op in (arrow, *arrow.block.ops) for r in cat.references(op) if r not in live]
        live.update(fresh)
        pending += fresh
    return live


@dataclass(frozen=True)
class CatInlinePass(ModulePass):
    """
    Expands calls into the public arrows in one recursive walk; private arrows vanish.

    ```
    %y = cat.call @square(%x)   =>   %y = tops.multiply %x, %x
    ```
    Hints are prefixed with the call's `scope`, random sites moved by its `site`. Of equal constants
    the first is kept, under its own hint. While a derivative is left, calls that reach an arrow
    with `reverse = @g` stay, or the rule would be lost.
    """

    name = "cat-inline"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        check_module(op)
        table = symbol_table(op)
        derivatives = any(
            isinstance(o, cat.ReverseOp | cat.ForwardOp)
            for a in table.values()
            for o in a.block.ops
        )
        keep = _reaches_custom(table) if derivatives else set[str]()
        for name, arrow in table.items():
            if not arrow.private or name in keep or derivatives:
                _expand(arrow, table, keep)
        if not derivatives:
            for arrow in table.values():
                if arrow.custom is not None:
                    arrow.reverse = arrow.surrogate = None
        live = _live(table)
        for name, arrow in table.items():
            if arrow.private and name not in live:
                arrow.detach()
                arrow.erase()


def _expand(arrow: cat.ArrowOp, table: dict[str, cat.ArrowOp], keep: set[str]) -> None:
    """Rebuild one arrow's body with its calls expanded."""
    if not any(isinstance(o, cat.CallOp) and o.target not in keep for o in arrow.block.ops):
        return
    old = arrow.block
    inliner = _Inliner(table, keep, Block(arg_types=old.arg_types))
    for before, after in zip(old.args, inliner.block.args, strict=True):
        after.name_hint = before.name_hint
    results = inliner.body(arrow, inliner.block.args, "", 0)
    inliner.block.add_op(cat.ReturnOp(results))
    arrow.body.detach_block(old)
    arrow.body.add_block(inliner.block)
    old.erase()
    if inliner.inlined:
        arrow.monoidal = None
