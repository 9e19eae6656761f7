"""A circuit of `and` and `xor` learns to add, over Z/2: `python examples/circuit.py`."""

from typing import Any

import numpy as np

import catgrad as cg
from catgrad import optimizers
from catgrad.initializers import zero
from running import Batches, main, shuffled

BITS = 3
NUMBERS = np.arange(4**BITS)  # a and b, side by side
X = (NUMBERS[:, None] >> np.arange(2 * BITS) & 1).astype(bool)
T = ((NUMBERS % 2**BITS + NUMBERS // 2**BITS)[:, None] >> np.arange(BITS + 1) & 1).astype(bool)


def model(x: cg.Array) -> cg.Array:
    """A tree of multiplexers, where each bit of x halves the choice: any function is one table."""
    choice = cg.param((1, *T.shape), init=zero, name="table", dtype="i1")
    choice = cg.broadcast_to(choice, (len(x), *T.shape))
    for i in reversed(range(2 * BITS)):
        low, high = cg.split(choice, 2, axis=1)
        bit = cg.broadcast_to(cg.expand_dims(x[:, i : i + 1], 2), low.shape)
        choice = low ^ (bit & (low ^ high))
    return cg.reshape(choice, (len(x), BITS + 1))


parts = cg.training(
    cg.arrow(model),
    inputs=cg.i1[16, 2 * BITS],
    targets=cg.i1[16, BITS + 1],
    loss=cg.arrow(cg.logical_xor),
    rate=cg.identity(),
    optimizer=optimizers.xor(),
)


def batches() -> Batches:
    """16 of the 64 sums at a time."""
    return shuffled(X, T, size=16)


def figures(net: Any) -> dict[str, Any]:
    """The share of wrong bits of all sums."""
    return {"wrong bits": np.mean(net.predict(X) != T)}


if __name__ == "__main__":
    main(parts, batches, figures, steps=8)
