"""
Random programs of many rows in which every pass finds something to do.

A value of 16 x 8 goes through blocks drawn at random: products, softmax, slices, windows with
padding, heads, a table that is read and multiplied by. With its derivative that makes shared
values, broadcasts, padded pieces, scattered rows, permutations and reshapes between other ops.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random

from xdsl.dialects.builtin import ModuleOp

import catgrad as cg
from catgrad.compiler import trace
from tests.programs import parse

ROWS, COLUMNS = 16, 8
Block = Callable[[cg.Array, cg.Array, cg.Array, cg.Array], cg.Array]
"""(value, weights, table, indices) -> value."""


def layer(h: cg.Array, w: cg.Array, table: cg.Array, index: cg.Array) -> cg.Array:
    """What its derivative keeps is cheap to compute again."""
    return cg.tanh(h @ w) * cg.logistic(h)


def softmax(h: cg.Array, w: cg.Array, table: cg.Array, index: cg.Array) -> cg.Array:
    """Folds of rows, repeated along them."""
    e = cg.exp(h - cg.max(h, axis=1, keepdims=True))
    return e / cg.sum(e, axis=1, keepdims=True)


def halves(h: cg.Array, w: cg.Array, table: cg.Array, index: cg.Array) -> cg.Array:
    """Slices, whose gradients are padded pieces side by side."""
    a, b = h[:, : COLUMNS // 2], h[:, COLUMNS // 2 :]
    return cg.concat([cg.sin(b), a * b], axis=1)


def tied(h: cg.Array, w: cg.Array, table: cg.Array, index: cg.Array) -> cg.Array:
    """A table that is read and multiplied by: its gradient is a product and what is scattered."""
    return cg.tanh(h + cg.take(table, index, axis=0) @ w) + cg.sin(h @ table.T) @ table


def blurred(h: cg.Array, w: cg.Array, table: cg.Array, index: cg.Array) -> cg.Array:
    """Sliding windows with padding."""
    image = cg.reshape(h, (COLUMNS, 4, 4))
    windows = cg.patches(image, (3, 3), padding_low=(1, 1), padding_high=(1, 1))
    return cg.reshape(cg.sum(cg.tanh(windows), axis=(3, 4)), (ROWS, COLUMNS))


def heads(h: cg.Array, w: cg.Array, table: cg.Array, index: cg.Array) -> cg.Array:
    """Ops on another order of axes."""
    apart = cg.permute_dims(cg.reshape(h, (4, 4, 2, 4)), (0, 2, 1, 3))
    scaled = cg.cos(apart) * cg.exp(-cg.square(apart))
    return cg.reshape(cg.permute_dims(scaled, (0, 2, 1, 3)), (ROWS, COLUMNS))


def flat(h: cg.Array, w: cg.Array, table: cg.Array, index: cg.Array) -> cg.Array:
    """Ops on another shape."""
    return cg.reshape(cg.cos(cg.reshape(h, (ROWS * COLUMNS,))), (ROWS, COLUMNS)) + h


def stepped(h: cg.Array, w: cg.Array, table: cg.Array, index: cg.Array) -> cg.Array:
    """A called arrow without a slope: its gradient is a zero, which goes through a reshape."""
    part = cg.arrow(cg.floor)
    return cg.reshape(part(cg.reshape(h, (ROWS * COLUMNS,))), (ROWS, COLUMNS)) * 0.25 + h


BLOCKS: tuple[Block, ...] = (layer, softmax, halves, tied, blurred, heads, flat, stepped)


@cache
def tall_graph(seed: int) -> str:
    """A program of that seed, as text at the level `cat`: @value, and @slope with its gradients."""
    random = Random(seed)
    chosen = [random.choice(BLOCKS) for _ in range(random.randint(2, 4))]

    def value(x: cg.Array, w: cg.Array, table: cg.Array, index: cg.Array) -> cg.Array:
        h = x
        for block in chosen:
            h = block(h, w, table, index)
        return cg.mean(cg.square(h))

    table = cg.f32[ROWS, COLUMNS]
    types = (table, cg.f32[COLUMNS, COLUMNS], table, cg.i32[ROWS])
    slope = cg.value_and_grad(value, wrt=[0, 1, 2])
    parts = {"value": cg.arrow(value).on(*types), "slope": cg.arrow(slope).on(*types)}
    return trace(parts).ir("cat")


def module_of(seed: int) -> ModuleOp:
    """The program of a seed, anew."""
    return parse(tall_graph(seed))
