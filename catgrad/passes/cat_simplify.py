"""cat-simplify: the laws of copy, discard, add and zero."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter
from xdsl.traits import Pure

from catgrad.dialects import cat
from catgrad.dialects.tops.movement import Movement
from catgrad.dialects.tops.reduction import CumulativeSumOp, SumOp
from catgrad.dialects.tops.unary import NegativeOp
from catgrad.passes._rewriting import replace_op


def _zero(value: SSAValue) -> bool:
    return isinstance(value.owner, cat.ZeroOp)


def _insert_zero(op: Operation) -> SSAValue:
    zero = cat.ZeroOp(op.results[0].type)
    block = op.parent_block()
    assert block is not None
    block.insert_ops_before([zero], op)
    return zero.y


def _simplify_add(op: cat.AddOp) -> None:
    """(a + b) + c = a + b + c;  a + 0 = a;  the sum of one is that one."""
    terms: list[SSAValue] = []
    merged: list[Operation] = []
    for term in op.operands:
        inner = term.owner
        if isinstance(inner, cat.AddOp) and term.uses.get_length() == 1:
            terms += inner.operands
            merged.append(inner)
        elif isinstance(inner, cat.ZeroOp):
            merged.append(inner)
        else:
            terms.append(term)
    if not merged and len(terms) > 1:
        return
    if len(terms) > 1:
        new = cat.AddOp(terms)
        Rewriter.replace_op(op, new)
        new.y.name_hint = op.y.name_hint
    else:
        replace_op(op, terms or [_insert_zero(op)])
    for inner in merged:
        _drop_if_dead(inner)


def _drop_if_dead(op: Operation) -> None:
    if op.parent is not None and not any(r.uses for r in op.results):
        op.detach()
        op.erase()


def _wires(op: cat.CopyOp) -> tuple[list[SSAValue], list[Operation]]:
    """The wires that leave a copy and the copies behind it, and the ops that vanish for it."""
    wires: list[SSAValue] = []
    dropped: list[Operation] = []
    for result in op.results:
        (user,) = (use.operation for use in result.uses)
        if isinstance(user, cat.CopyOp):
            wires += user.results
            dropped.append(user)
        elif isinstance(user, cat.DiscardOp) and len(op.results) > 1:
            dropped.append(user)
        else:
            wires.append(result)
    # If every wire is discarded, one discard stays.
    return (wires, dropped) if wires else ([op.results[0]], dropped[1:])


def _simplify_copy(op: cat.CopyOp) -> None:
    """
    The comonoid laws, in monoidal form.

    copy ; (copy @ id) = copy of 3;  copy ; (discard @ id) = id;  a copy of zero is zeros
    """
    if isinstance(zero := op.x.owner, cat.ZeroOp):
        replace_op(op, [_insert_zero(op) for _ in op.results])
        _drop_if_dead(zero)
        return
    wires, dropped = _wires(op)
    if not dropped and len(wires) > 1:
        return
    if len(wires) == 1:
        wires[0].replace_all_uses_with(op.x)
    else:
        new = cat.CopyOp(op.x, len(wires))
        block = op.parent_block()
        assert block is not None
        block.insert_ops_before([new], op)
        for old, result in zip(wires, new.results, strict=True):
            result.name_hint = old.name_hint
            old.replace_all_uses_with(result)
    for dead in (*dropped, op):
        dead.detach()
        dead.drop_all_references()
    for dead in (*dropped, op):
        dead.erase(safe_erase=False)


def _simplify_discard(op: cat.DiscardOp) -> None:
    """f ; discard = discard on the inputs of f, if nothing else of f is used (naturality)."""
    source = op.x.owner
    if not isinstance(source, Operation) or not source.has_trait(Pure):
        return
    uses = [use.operation for r in source.results for use in r.uses]
    if not all(isinstance(user, cat.DiscardOp) for user in uses):
        return
    block = source.parent_block()
    assert block is not None
    for operand in list(source.operands):
        block.insert_ops_before([cat.DiscardOp(operand)], source)
    for dead in (*uses, source):
        dead.detach()
        dead.erase()


def _simplify_cartesian(arrow: cat.ArrowOp) -> None:
    """Cartesian form: a copy is its operand, a discard nothing, sums are flat and without zeros."""
    for op in list(arrow.block.ops):
        match op:
            case cat.CopyOp():
                replace_op(op, [op.x] * len(op.results))
            case cat.DiscardOp():
                op.detach()
                op.erase()
            case cat.AddOp():
                _simplify_add(op)
            case Movement() | SumOp() | CumulativeSumOp() | NegativeOp() if _zero(op.operands[0]):
                replace_op(op, [_insert_zero(op)])
            case _:
                pass
    for op in reversed(list(arrow.block.ops)):
        if isinstance(op, cat.ZeroOp):
            _drop_if_dead(op)


def _simplify_monoidal(arrow: cat.ArrowOp) -> None:
    """Monoidal form: the comonoid laws on copies, discards move up, the monoid laws on sums."""
    for op in reversed(list(arrow.block.ops)):
        if isinstance(op, cat.DiscardOp) and op.parent is not None:
            _simplify_discard(op)
    for op in list(arrow.block.ops):
        if isinstance(op, cat.CopyOp) and op.parent is not None:
            _simplify_copy(op)
    for op in list(arrow.block.ops):
        if isinstance(op, cat.AddOp) and op.parent is not None:
            _simplify_add(op)


@dataclass(frozen=True)
class CatSimplifyPass(ModulePass):
    """
    The comonoid, monoid and dagger laws.

    ```
    %a, %b = cat.copy %x, 2        (Cartesian form)
    %z = cat.zero                  =>   %c = cat.add %x, %x
    %c = cat.add %a, %b, %z
    ```
    A linear op (movement, sums, negative) of a zero is a zero.
    """

    name = "cat-simplify"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for arrow in cat.arrows_of(op):
            if arrow.monoidal is None:
                _simplify_cartesian(arrow)
            else:
                before: list[Operation] = []
                while before != (before := list(arrow.block.ops)):
                    _simplify_monoidal(arrow)
