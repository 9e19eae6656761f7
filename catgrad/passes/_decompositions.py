"""
How `tops-decompose` writes an op with others: elementwise ops, comparisons, choices.

Comparisons give f32 arrays of 0 and 1. Two fused regions are what they are all made of, and move no
number through arithmetic that it would not survive:

    step(x)            astype(x > 0): 1 for x > 0, else 0, at nan too
    choose(m, a, b)    where(m != 0, a, b): one of two elements, untouched, inf and nan included

0 < TINY, and x - y is 0 only if x is y: gradual underflow is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from xdsl.ir import Block, Region, SSAValue

from catgrad.dialects.tops._decomposition import Missing
from catgrad.dialects.tops.base import Tensor, TopsOp, scalar_attribute, tensor
from catgrad.dialects.tops.creation import ArangeOp, ConstantOp, FullOp
from catgrad.dialects.tops.elementwise import AstypeOp, WhereOp
from catgrad.dialects.tops.fused import FusedOp, YieldOp
from catgrad.dialects.tops.indexing import TakeOp
from catgrad.dialects.tops.logic import GreaterOp
from catgrad.dialects.tops.movement import Movement
from catgrad.dialects.tops.value import Array

if TYPE_CHECKING:
    from catgrad.passes.tops_decompose import Decomposed

Props: TypeAlias = dict[str, Any]
Unary: TypeAlias = Callable[[Array], Array]
Binary: TypeAlias = Callable[[Array, Array], Array]
Range: TypeAlias = tuple[int, int]
Rule: TypeAlias = "Callable[[Decomposed, Sequence[Array], Tensor | None, Props], Array]"

TINY = 2.0**-149
"""The smallest positive f32."""

EXACT = 2**24
"""Every integer of at most this size is an f32."""


def fused(ops: Decomposed, operands: Sequence[Array], made: Sequence[type[TopsOp]]) -> Array:
    """
    A fused region that the target must have.

    Its ops follow each other; each takes the last result and the operands not yet taken.
    """
    shape = operands[0].shape
    body = Block(arg_types=[a.type for a in operands])
    rest, value = list(body.args), None
    for kind in made:
        if kind is FullOp:
            body.add_op(op := FullOp(type=tensor(shape, "f32"), value=scalar_attribute(0, "f32")))
            value = op.y
            continue
        if kind is AstypeOp:
            source = rest.pop(0) if value is None else value
            to = "i1" if value is None else "f32"
            body.add_op(op := AstypeOp(source, type=tensor(shape, to)))
        elif kind is WhereOp:
            assert value is not None
            body.add_op(op := WhereOp(value, *rest))
        else:
            taken = rest if value is None else [*rest, value]
            body.add_op(op := kind(*taken))
        value = op.results[0]
    assert value is not None
    body.add_op(YieldOp([value]))
    op = FusedOp([a.value for a in operands], Region(body))
    if not ops.target.has(op):
        op.erase()
        raise Missing("")
    return ops.node(op)


def step(x: Array) -> Array:
    """1 where x > 0, else 0."""
    return fused(decomposed(x), [x], (FullOp, GreaterOp, AstypeOp))


def choose(mask: Array, a: Array, b: Array) -> Array:
    """a where the mask is 1, b where it is 0."""
    return fused(decomposed(mask), [mask, a, b], (AstypeOp, WhereOp))


def decomposed(x: Array) -> Decomposed:
    """Where an array puts its ops."""
    ops: Any = x.ops
    return ops


def constant_of(x: Array) -> float | None:
    """The finite number that all elements are, if it is known."""
    owner = x.value.owner
    known = isinstance(owner, FullOp) and math.isfinite(owner.scalar)
    return owner.scalar if isinstance(owner, FullOp) and known else None


# -- integers as floats -----------------------------------------------------------------------
def limits(value: SSAValue, ranges: dict[SSAValue, Range]) -> Range | None:
    """What an integer array holds at least and at most, if it is known."""
    while isinstance(value.owner, Movement | TakeOp):
        value = value.owner.operands[0]
    match value.owner:
        case ArangeOp() as op:
            return 0, max(op.out_type.get_shape()[0] - 1, 0)
        case FullOp() as op:
            return op.scalar, op.scalar
        case ConstantOp() as op:
            return min(op.values(), default=0), max(op.values(), default=0)
        case _:
            return ranges.get(value)


def as_float(x: Array) -> Array:
    """An integer array in f32: converted before it is moved, counted rather than converted."""
    if x.dtype == "f32":
        return x
    owner = x.value.owner
    if isinstance(owner, ArangeOp):
        return x.ops.emit("arange", type=tensor(x.shape, "f32"))
    if isinstance(owner, FullOp):
        return x.full_like(float(owner.scalar), "f32")
    if isinstance(owner, Movement) and owner.name in ("tops.broadcast", "tops.reshape"):
        inner = as_float(x.ops.array(owner.operands[0]))
        return x.ops.emit(owner.mnemonic, inner, type=tensor(x.shape, "f32"), **owner.props())
    return x.astype("f32")


def converted(ops: Decomposed, op: type[TopsOp], a: Array, b: Array) -> list[Array] | Array:
    """
    The operands of a comparison in f32; for scalar integers the result itself.

    An integer of at least 2^24 is rounded to one of at least 2^24: it is enough that one is less.
    """
    if a.dtype == "f32":
        return [a, b]
    try:
        return fused(ops, [a, b], (op, AstypeOp))
    except Missing:
        found = [limits(x.value, ops.ranges) for x in (a, b)]
        if any(f is not None and -EXACT < f[0] and f[1] < EXACT for f in found):
            return [as_float(a), as_float(b)]
        raise Missing("of which neither is known to fit 24 bits") from None


# -- comparisons ------------------------------------------------------------------------------
def greater(a: Array, b: Array) -> Array:
    """a > b: inf - inf and nan are no steps."""
    if constant_of(a) == 0:
        return step(-b)
    return step(a if constant_of(b) == 0 else a - b)


def number(x: Array) -> Array:
    """1 where x is not nan."""
    return step(abs(x) + TINY)


def equal(a: Array, b: Array) -> Array:
    """a == b, where inf == inf and nan != nan."""
    if a.value is b.value:
        return number(a)
    near = step(TINY - abs(a - b))
    if constant_of(a) is not None or constant_of(b) is not None:
        return near
    apart = step(abs(a - b))  # neither near nor apart: inf and inf, or nan
    return (1 - apart) * step(near + step(a * b))


def less_equal(a: Array, b: Array) -> Array:
    """a <= b."""
    if constant_of(b) == 0:
        return step(TINY - a)
    if constant_of(a) is not None or constant_of(b) is not None:
        return step((b - a) + TINY)
    return step(greater(b, a) + equal(a, b))


ORDER: dict[str, Binary] = {
    "greater": greater,
    "less": lambda a, b: greater(b, a),
    "equal": equal,
    "not_equal": lambda a, b: 1 - equal(a, b),
    "less_equal": less_equal,
    "greater_equal": lambda a, b: less_equal(b, a),
}


def comparison(name: str) -> Rule:
    """The rule of a comparison."""

    def rule(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
        found = converted(ops, ops.table[name], *xs)
        return found if isinstance(found, Array) else ORDER[name](*found)

    return rule


# -- booleans: the ring Z/2 -------------------------------------------------------------------
def exclusive(a: Array, b: Array) -> Array:
    """a xor b."""
    return abs(a - b)


def parity(x: Array) -> Array:
    """x mod 2."""
    return x - (x * 0.5).unary("floor") * 2


def conjunction(a: Array, b: Array) -> Array:
    """a and b."""
    return a * b


BOOLEAN_PAIRS: dict[str, Binary] = {
    **dict.fromkeys(("add", "subtract", "logical_xor", "not_equal"), exclusive),
    **dict.fromkeys(("multiply", "logical_and"), conjunction),
    "logical_or": lambda a, b: step(a + b),
    "equal": lambda a, b: 1 - exclusive(a, b),
}
BOOLEAN_UNARY: dict[str, Unary] = {
    "logical_not": lambda x: 1 - x,
    "negative": lambda x: x,
    "square": lambda x: x,
}
BOOLEAN: dict[str, Callable[..., Array]] = {**BOOLEAN_PAIRS, **BOOLEAN_UNARY}
"""Booleans as 0 and 1."""

SUMS = frozenset("sum matmul cumulative_sum scatter_add unpatches".split())
"""Ops that over Z/2 are the parity of what they are on numbers."""


# -- elementwise ------------------------------------------------------------------------------
def swapped(name: str) -> Rule:
    """The operands of a sum or a product the other way round; two constants: one is stored."""

    def rule(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
        floating(xs)
        a, b = xs
        if isinstance(a.value.owner, FullOp) and isinstance(b.value.owner, FullOp):
            return ops.emit(name, ops.emit("copy", a), b)
        return ops.emit(name, b, a) if name in ("add", "multiply") else ops.emit(name, stored(a), b)

    return rule


def floating(xs: Sequence[Array]) -> None:
    """There are no rules on integers."""
    if any(x.dtype != "f32" for x in xs):
        raise Missing("")


def stored(x: Array) -> Array:
    """A constant as an array, from one stored element."""
    assert isinstance(x.value.owner, FullOp)
    one = x.ops.emit("copy", x.ops.full((), x.value.owner.scalar, x.dtype))
    return one.broadcast(range(x.ndim), x.shape)


def divide(a: Array, b: Array) -> Array:
    """a / b, where b is a constant."""
    return a / stored(b)


def sign(x: Array) -> Array:
    """-1, 0, 1 or nan."""
    return choose(number(x), step(x) - step(-x), x)


def expm1(x: Array) -> Array:
    """exp(x) - 1; near 0 from tanh, which is exact there."""
    t = (x * 0.5).unary("tanh")
    return (abs(x) < 1).where(2 * t / (1 - t), x.unary("exp") - 1)


def log1p(x: Array) -> Array:
    """log(1 + x); near 0 the rounding error of 1 + x is made good by x / ((1 + x) - 1)."""
    u = x + 1
    near = (u == 1).where(x, u.unary("log") * (x / (u - 1)))
    return (abs(x) < 1).where(near, u.unary("log"))


def erf(x: Array) -> Array:
    """Near 0 by its series, beyond by Abramowitz and Stegun, 7.1.26 (to 1.5e-7)."""
    z = x.unary("square")
    series = x.full_like(1 / 9360)
    for n in (-1320, 216, -42, 10, -3, 1):
        series = series * z + 1 / n
    t = x.full_like(1) / (abs(x) * 0.3275911 + 1)
    tail = x.full_like(1.061405429)
    for a in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail = tail * t + a
    far = 1 - tail * t * (-z).unary("exp")
    near = abs(x) < 0.5
    return near.where(x * series * 1.1283791670955126, sign(x) * far)


def round_(x: Array) -> Array:
    """To the nearest, of two the even one: from 2^23 on there is no room behind the dot."""
    large = 2.0**23
    size = (abs(x) + large) - large
    return (abs(x) < large).where((x < 0).where(-size, size), x)


def maximum(a: Array, b: Array) -> Array:
    """The larger one; nan wins."""
    if constant_of(b) is not None:
        return choose(less_equal(a, b), b, a)
    mask = greater(a, b)
    return choose(mask if constant_of(a) is not None else step(mask + (1 - number(a))), a, b)


def minimum(a: Array, b: Array) -> Array:
    """The smaller one; nan wins."""
    return -maximum(-a, -b)


def rsqrt(x: Array) -> Array:
    """1 / sqrt(x)."""
    return x.full_like(1) / x.unary("sqrt")


def power(a: Array, b: Array) -> Array:
    """Whole constant exponents by products, others of one sign by exp and log."""
    base, n = constant_of(a), constant_of(b)
    if n is not None and n == int(n) and abs(n) <= 64:
        return whole_power(a, int(n))
    if n == 0.5:
        return a.unary("sqrt")
    if base is not None and base > 0:
        return (b * math.log(base)).unary("exp")
    raise Missing("neither a whole constant exponent nor a constant base > 0")


def whole_power(x: Array, n: int) -> Array:
    """x ** n by squaring."""
    if n < 0:
        return x.full_like(1) / whole_power(x, -n)
    result: Array | None = None
    square = x
    while n:
        if n % 2:
            result = square if result is None else result * square
        n //= 2
        square = square.unary("square") if n else square
    return x.full_like(1) if result is None else result


def simple(function: Callable[..., Array]) -> Rule:
    """The rule of an op on floats without properties."""

    def rule(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
        floating(xs)
        return function(*xs)

    return rule


def where(ops: Decomposed, xs: Sequence[Array], type: Tensor | None, props: Props) -> Array:
    """One of two elements."""
    return choose(*xs)


def boolean(name: str) -> Rule:
    """The rule of a logical op."""
    return lambda ops, xs, type, props: BOOLEAN[name](*xs)


ELEMENTWISE: dict[str, Rule] = {
    **{name: comparison(name) for name in ORDER},
    **{name: boolean(name) for name in BOOLEAN if name.startswith("logical")},
    **{name: swapped(name) for name in ("add", "subtract", "multiply")},
    "divide": simple(divide),
    "sign": simple(sign),
    "expm1": simple(expm1),
    "log1p": simple(log1p),
    "erf": simple(erf),
    "round": simple(round_),
    "rsqrt": simple(rsqrt),
    "maximum": simple(maximum),
    "minimum": simple(minimum),
    "pow": simple(power),
    "where": where,
}
