"""
Recurrent layers, unrolled over time: (batch, time, features) -> (batch, time, units).

        x W + b      x' W + b      x'' W + b         one product for all times: `input`
           |             |             |
    0 -- cell -- h -- cell -- h' -- cell -- h''      one arrow, called at each time: `hidden`

The equations are those of PyTorch's `nn.RNN`, `nn.GRU` and `nn.LSTM`, with weights (features, gates
* units) and (units, gates * units), the transposes of PyTorch's, gates in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeAlias

from catgrad._arguments import check_count, check_floats
from catgrad.array_api import concat, full, logistic, permute_dims, reshape, split, tanh
from catgrad.arrows import Arrow, Layer, arrow, layer
from catgrad.dialects.tops.value import Array
from catgrad.frames import TraceError
from catgrad.initializers import uniform
from catgrad.storage import param, scope

Cell: TypeAlias = "Callable[..., tuple[Array, ...]]"
"""(x W + b, h W' + b', h, other states) -> (h', other states), all of shape (batch, ...)."""


def rnn(units: int, *, last: bool = False, name: str | None = None) -> Layer:
    """
    h' = tanh(x W + b + h W' + b'), from h = 0 (Elman 1990).

    Floats (batch, time, features) -> (batch, time, units), or with `last` the last h (batch,
    units). Parameters `input.weight` (features, units), `input.bias`, `hidden.weight` (units,
    units), `hidden.bias`, uniform on +-1 / sqrt(units).
    """

    def cell(x: Array, r: Array, h: Array) -> tuple[Array, ...]:
        return (tanh(x + r),)

    return _recurrent("rnn", units, 1, 1, cell, last, name)


def gru(units: int, *, last: bool = False, name: str | None = None) -> Layer:
    """
    Gated recurrent units (Cho et al., arXiv 1406.1078), with the reset behind the product.

    With x W + b in parts xr, xz, xn and h W' + b' in hr, hz, hn: r = sigmoid(xr + hr), z =
    sigmoid(xz + hz), n = tanh(xn + r hn), h' = (1 - z) n + z h, from h = 0. Shapes as in `rnn`,
    three gates wide.
    """

    def cell(x: Array, r: Array, h: Array) -> tuple[Array, ...]:
        (xr, xz, xn), (hr, hz, hn) = _split(3, 1)(x), _split(3, 1)(r)
        z = logistic(xz + hz)
        n = tanh(xn + logistic(xr + hr) * hn)
        return ((1 - z) * n + z * h,)

    return _recurrent("gru", units, 3, 1, cell, last, name)


def lstm(units: int, *, last: bool = False, name: str | None = None) -> Layer:
    """
    Long short-term memory (Hochreiter, Schmidhuber 1997), with a forget gate (Gers et al. 2000).

    With x W + b + h W' + b' in parts i, f, g, o: c' = sigmoid(f) c + sigmoid(i) tanh(g) and h' =
    sigmoid(o) tanh(c'), from h = c = 0. Shapes as in `rnn`, four gates wide.
    """

    def cell(x: Array, r: Array, h: Array, c: Array) -> tuple[Array, ...]:
        i, f, g, o = _split(4, 1)(x + r)
        c = logistic(f) * c + logistic(i) * tanh(g)
        return logistic(o) * tanh(c), c

    return _recurrent("lstm", units, 4, 2, cell, last, name)


def _product(x: Array, name: str, width: int, units: int) -> Array:
    """x W + b for x (rows, n): parameters `name.weight` (n, width) and `name.bias` (width,)."""
    init = uniform(1 / math.sqrt(units))
    with scope(name):
        weight = param((x.shape[1], width), init=init, name="weight", dtype=x.dtype)
        return x @ weight + param((width,), init=init, name="bias", dtype=x.dtype)


@cache
def _split(count: int, axis: int) -> Arrow:
    """
    x -> its `count` equal parts along `axis`, whose reverse is `concat`.

    The rules of the slices would add up as many arrays as long as the whole: quadratic in time.
    """

    def joined(*arrays: Array) -> Array:
        return concat(arrays[1:], axis)

    def parts(x: Array) -> tuple[Array, ...]:
        return tuple(split(x, count, axis))

    return arrow(parts, name="parts", reverse=arrow(joined, inputs=1 + count))


def _recurrent(
    kind: str, units: int, gates: int, states: int, cell: Cell, last: bool, name: str | None
) -> Layer:
    """The layer of a cell with a number of gates and of states, the first of which is h."""
    check_count(f"nn.{kind}", units, "units")
    width = gates * units

    def step(x: Array, *state: Array) -> tuple[Array, ...]:
        return cell(x, _product(state[0], "hidden", width, units), *state)

    one = arrow(step, inputs=1 + states, name=f"{kind}_cell")

    @layer(kind, name=name)
    def apply(x: Array) -> Array:
        check_floats(x, 3, "(batch, time, features)")
        if x.ndim > 3 or not x.shape[1]:
            raise TraceError(f"got {x!r}; accepts floats of shape (batch, time > 0, features)")
        batch, time, features = x.shape
        product = _product(reshape(x, (batch * time, features)), "input", width, units)
        gated = permute_dims(reshape(product, (batch, time, width)), (1, 0, 2))
        state: Sequence[Array] = [full((batch, units), 0, x.dtype)] * states
        seen: list[Array] = []
        for part in _split(time, 0)(gated):
            state = one(reshape(part, (batch, width)), *state)
            seen.append(reshape(state[0], (1, batch, units)))
        return state[0] if last else permute_dims(concat(seen), (1, 0, 2))

    return apply
