"""How each op is written in C++: a table, whose keys are what the target can do."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation

from catgrad.dialects.tops.base import TopsOp
from catgrad.dialects.tops.elementwise import AstypeOp
from catgrad.dialects.tops.fused import FusedOp
from catgrad.targets._ggml_loops import LOCALS
from catgrad.targets._ggml_values import dtype

SPELLING: dict[str, str] = {
    # elementwise: an expression
    "tops.negative": "-{0}",
    "tops.abs": "catgrad::abs({0})",
    "tops.sign": "catgrad::sign({0})",
    "tops.floor": "catgrad::floor({0})",
    "tops.ceil": "catgrad::ceil({0})",
    "tops.round": "catgrad::round({0})",
    "tops.exp": "catgrad::exp({0})",
    "tops.expm1": "catgrad::expm1({0})",
    "tops.log": "catgrad::log({0})",
    "tops.log1p": "catgrad::log1p({0})",
    "tops.sqrt": "catgrad::sqrt({0})",
    "tops.rsqrt": "catgrad::rsqrt({0})",
    "tops.square": "{0} * {0}",
    "tops.sin": "catgrad::sin({0})",
    "tops.cos": "catgrad::cos({0})",
    "tops.tanh": "catgrad::tanh({0})",
    "tops.logistic": "catgrad::logistic({0})",
    "tops.erf": "catgrad::erf({0})",
    "tops.add": "{0} + {1}",
    "tops.subtract": "{0} - {1}",
    "tops.multiply": "{0} * {1}",
    "tops.divide": "{0} / {1}",
    "tops.pow": "catgrad::pow({0}, {1})",
    "tops.maximum": "catgrad::maximum({0}, {1})",
    "tops.minimum": "catgrad::minimum({0}, {1})",
    "tops.equal": "{0} == {1}",
    "tops.not_equal": "{0} != {1}",
    "tops.less": "{0} < {1}",
    "tops.less_equal": "{0} <= {1}",
    "tops.greater": "{0} > {1}",
    "tops.greater_equal": "{0} >= {1}",
    "tops.logical_and": "{0} & {1}",
    "tops.logical_or": "{0} | {1}",
    "tops.logical_xor": "{0} != {1}",
    "tops.logical_not": "!{0}",
    "tops.where": "{0} ? {1} : {2}",
    "tops.astype": "static_cast<{to}>({0})",
    # movement: the element that is moved
    "tops.copy": "{0}",
    "tops.broadcast": "{0}",
    "tops.reshape": "{0}",
    "tops.permute_dims": "{0}",
    "tops.slice": "{0}",
    "tops.pad": "{0}",
    "tops.concat": "{0}",
    # creation
    "tops.full": "{0}",
    "tops.constant": "{0}",
    "tops.arange": "static_cast<{to}>({0})",
    # reductions: how two elements are combined
    "tops.sum": "Add",
    "tops.prod": "Multiply",
    "tops.max": "Max",
    "tops.min": "Min",
    # the rest: one call
    "tops.argmax": "catgrad::position<catgrad::Max>({slices}, {0}, {out}, share);",
    "tops.argmin": "catgrad::position<catgrad::Min>({slices}, {0}, {out}, share);",
    "tops.cumulative_sum": "catgrad::cumulative_sum({slices}, {backward}, {0}, {out}, share);",
    "tops.matmul": "catgrad::matmul({product}, {0}, {1}, {out}, share);",
    "tops.take": "catgrad::take({slices}, {0}, {1}, {out}, share);",
    "tops.scatter_add": "catgrad::scatter_add({slices}, {operands}, {out}, share);",
    "tops.patches": "catgrad::patches({windows}, {0}, {out}, share);",
    "tops.unpatches": "catgrad::unpatches({windows}, {0}, {out}, share);",
    "tops.random_bits": "catgrad::random(*{0}, *{1}, {site}, {out}, {count}, share);",
    "tops.random_uniform": "catgrad::random(*{0}, *{1}, {site}, {out}, {count}, share);",
    "tops.fused": "",
}
"""How each op is written in C++; the keys are what the target can do."""

BOOLEAN: dict[str, str] = {
    "tops.negative": "{0}",
    "tops.square": "{0}",
    "tops.add": "{0} != {1}",
    "tops.subtract": "{0} != {1}",
    "tops.multiply": "{0} & {1}",
}
"""The spelling on i1 where it differs: the ring Z/2."""

CASTS: dict[tuple[str, str], str] = {
    ("f32", "i32"): "catgrad::to_i32({0})",
    ("f32", "i1"): "{0} != 0.0f",
    ("i32", "i1"): "{0} != 0",
}
"""Conversions that are more than a static_cast."""

COSTLY = frozenset("tops." + n for n in "exp expm1 log log1p sin cos tanh logistic erf pow".split())


def spell(op: TopsOp, operands: Sequence[str]) -> str:
    """The expression of an elementwise op."""
    typed = dtype(op.operands[0] if op.operands else op.results[0])
    text = BOOLEAN.get(op.name, SPELLING[op.name]) if typed == "i1" else SPELLING[op.name]
    to = dtype(op.results[0])
    if isinstance(op, AstypeOp):
        text = CASTS.get((typed, to), "{0}" if typed == to else text)
    return text.format(*operands, to=LOCALS[to])


def work_of(op: Operation) -> int:
    """Roughly how many elementary operations one element of the result takes."""
    if isinstance(op, FusedOp):
        return sum(work_of(inner) for inner in op.body.block.ops)
    return 8 if op.name in COSTLY else 1
