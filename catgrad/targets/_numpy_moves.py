"""How a NumPy program moves and folds elements: views made once, then whole arrays at a time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.ir import Operation, SSAValue

from catgrad.dialects.tops.base import TopsOp, dtype_of, integers, shape_of, tensor_of
from catgrad.dialects.tops.matmul import MatmulOp
from catgrad.dialects.tops.movement import BroadcastOp, ReshapeOp, blocks
from catgrad.dialects.tops.reduction import MaxOp, MinOp, ProdOp, Reduction, SumOp
from catgrad.dialects.tops.windows import PatchesOp, UnpatchesOp, Windows, is_unpadded
from catgrad.targets._layouts import MOVERS, Layout, joined_steps, layout_of, row_major
from catgrad.targets._numpy_spelling import SOME

FEW, EACH, RUN, LONG = 16, 4, 64, 1024
"""
Terms of a fold that are worth a call each, if it has so many times as many results; elements in a
row with which NumPy folds fast. Measured: the largest of 10 in each of 128 rows takes 7 us in one
call, 3 us in nine.
"""

LARGE = 1 << 20
"""Multiplications that make a product worth blocks."""

UFUNCS: dict[type[Operation], str] = {
    SumOp: "add",
    ProdOp: "multiply",
    MaxOp: "maximum",
    MinOp: "minimum",
}


@dataclass
class Moves:
    """
    Views by their wished names, made once, and the statements of every call.

    Several names, with commas between, are for an expression that gives several views.
    """

    views: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    statements: list[str] = field(default_factory=list[str])


def is_placed_view(op: Operation) -> bool:
    """Whether an op of a placed function has no storage of its own."""
    return isinstance(op, (*MOVERS, BroadcastOp)) and "tops.slots" not in op.attributes


def moves_of(op: TopsOp, operands: Sequence[str], out: str, work: str = "") -> Moves | None:
    """
    The views and statements of an op; None where its meaning says it as well.

    A name in braces stands for a view, by its number; `work` is an expression for its workspace.
    """
    match op:
        case Reduction() if folds_few(op):
            return few(op, operands[0], out)
        case SumOp() if work:
            return in_long_rows(op, operands[0], out, work)
        case PatchesOp():
            fill = [f"{out}.fill(0)"] if not is_unpadded(op) else []
            return meetings(op, operands[0], out, "np.copyto({here}, {there})", fill)
        case MatmulOp() if is_large(op):
            return product(op, operands, out)
        case UnpatchesOp():
            xor = dtype_of(op.out_type) == "i1"
            add = f"np.{'logical_xor' if xor else 'add'}({{there}}, {{here}}, out={{there}})"
            return meetings(op, out, operands[0], add, [f"{out}.fill(0)"])
        case _:
            return None


def is_large(op: Operation) -> bool:
    """Whether an op is a product of large matrices."""
    if not isinstance(op, MatmulOp) or dtype_of(op.out_type) != "f32":
        return False
    (*batch, m, n), inner = shape_of(op.y), shape_of(op.a)[-2 if op.transpose_a is not None else -1]
    return not batch and m * n * inner >= LARGE


def product(op: MatmulOp, operands: Sequence[str], out: str) -> Moves:
    """One call for many blocks, or for all."""
    (a, b), flips = operands, op.fields()
    names = ", ".join(f"{name}_blocks" for name in (a, b, out))
    views = f"in_blocks({a}{flips['flip_a']}, {b}{flips['flip_b']}, {out})"
    return Moves([(names, views)], ["np.matmul({0}, {1}, out={2})"])


def only_multiplied(matrix: SSAValue) -> bool:
    """Whether a matrix is an operand of products only, whole or as parts of its rows."""
    columns = shape_of(matrix)[-1:]
    return all(
        isinstance(use.operation, MatmulOp)
        or (
            isinstance(part := use.operation, ReshapeOp)
            and shape_of(part.y)[2:] == columns
            and only_multiplied(part.y)
        )
        for use in matrix.uses
    )


def lies_turned(op: ReshapeOp) -> bool:
    """
    Whether a matrix that only products read is stored transposed: then copies have longer runs.

    So are the windows of one channel, where neighbours lie in a row longer than the kernel's.
    """
    if len(shape_of(op.y)) != 2 or not only_multiplied(op.y):
        return False
    steps = joined_steps(layout_of(op.x, is_placed_view), shape_of(op.y))
    if steps is None:
        return False
    rows, columns = (axes[-1] for axes in steps)
    return rows[1] == 1 and rows[0] >= 3 * columns[0]


def in_operand_shape(op: ReshapeOp, layout: Layout, out: str) -> tuple[str, Layout]:
    """The result in the shape of the operand: a view, and its layout."""
    shape = shape_of(op.x)
    if not lies_turned(op):
        return f"{out}.reshape({shape})", Layout(layout.base, shape, row_major(shape))
    runs = blocks(shape, shape_of(op.y)) or []
    cut = next(old.stop for old, new in runs if new.start == 0)
    first, last = shape[:cut], shape[cut:]
    order = (*range(len(last), len(last) + cut), *range(len(last)))
    strides = (*row_major(first), *(n * math.prod(first) for n in row_major(last)))
    view = f"{out}.T.reshape({(*last, *first)}).transpose({order})"
    return view, Layout(layout.base, shape, strides)


def row_count(op: Operation) -> int:
    """
    By how many a sum over leading axes joins rows that are too short for NumPy; 1 if it does not.

    It then sums long rows first, and what is left of them at last.
    """
    if not isinstance(op, SumOp) or dtype_of(op.out_type) == "i1":
        return 1
    shape, axes = shape_of(op.x), integers(op.axes) or ()
    run, terms = math.prod(shape_of(op.y)), math.prod(shape[: len(axes)])
    if axes != tuple(range(len(axes))) or not 0 < run < RUN or terms * run < RUN * RUN:
        return 1
    return max(n for n in range(1, LONG // run + 1) if terms % n == 0)


def in_long_rows(op: SumOp, x: str, out: str, work: str) -> Moves:
    """The sum of long rows into the workspace, and of its parts."""
    run, count, kind = math.prod(shape_of(op.y)), row_count(op), op.fields()["dtype"]
    views = [
        (f"{x}_rows", f"{x}.reshape({(-1, count * run)})"),
        (f"{out}_row", work),
        (f"{out}_parts", f"{{1}}.reshape({(count, run)})"),
        (f"{out}_whole", f"{out}.reshape({run})"),
    ]
    return Moves(views, [f"np.sum({{{i}}}, axis=0, dtype={kind}, out={{{i + 1}}})" for i in (0, 2)])


def low(op: Windows) -> tuple[int, ...]:
    """The padding in front."""
    return op.props()["padding_low"]


def meetings(op: Windows, image: str, windows: str, text: str, fill: list[str]) -> Moves:
    """A loop over the pairs of views that meet."""
    p = op.props()
    call = f"window_meetings({image}, {windows}, {p['stride']}, {low(op)}, {p['dilation']})"
    line = text.format(here="here", there="there")
    name = image if isinstance(op, UnpatchesOp) else windows
    return Moves([(f"{name}_meetings", call)], [*fill, "for there, here in {0}:", f"    {line}"])


def folds_few(op: Reduction) -> bool:
    """Whether a fold has few terms, for each of many elements that do not lie in long rows."""
    shape, axes = shape_of(op.x), integers(op.axes)
    if not axes:
        return False
    terms, count = math.prod(shape[a] for a in axes), math.prod(shape_of(op.y))
    if type(op) not in UFUNCS or dtype_of(tensor_of(op.x)) == "i1":
        return False
    run = math.prod(shape[max(axes) + 1 :])
    return (
        1 < terms <= FEW
        and terms * count >= SOME
        and count >= EACH * terms
        and (run < RUN or max(axes) == len(shape) - 1)
    )


def few(op: Reduction, x: str, out: str) -> Moves:
    """One call for each term: slices of the operand."""
    shape, axes = shape_of(op.x), integers(op.axes) or ()
    made = Moves()
    for place in itertools.product(*(range(shape[a]) for a in axes)):
        at = dict(zip(axes, place, strict=True))
        index = ", ".join(str(at.get(a, ":")) for a in range(max(axes) + 1))
        made.views.append((f"{x}_{'_'.join(map(str, place))}", f"{x}[{index}]"))
    ufunc = UFUNCS[type(op)]
    made.statements = [f"np.{ufunc}({{0}}, {{1}}, out={out})"] + [
        f"np.{ufunc}({out}, {{{i}}}, out={out})" for i in range(2, len(made.views))
    ]
    return made


def window_view_text(op: PatchesOp, x: str) -> str:
    """The view of all windows of an image without padding."""
    p = op.props()
    return f"window_view({x}, {shape_of(op.y)}, {p['stride']}, {p['dilation']})"
