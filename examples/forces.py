"""Energies of clusters and forces, which are -dE/dx: `python examples/forces.py`."""

from typing import Any

import numpy as np

import catgrad as cg
from catgrad import losses, nn, optimizers
from morse import clusters
from running import Batches, main, shuffled

I, J = np.triu_indices(4, 1)  # the pairs of 4 atoms
X, T = clusters(1200)
pair_energy = nn.dense(32) >> nn.tanh >> nn.dense(32) >> nn.tanh >> nn.dense(1)


def energy(x: cg.Array) -> cg.Array:
    """(batch, 4, 3) -> (batch,): the sum over pairs of a network of smooth features of r."""
    i, j = cg.constant(I, dtype="i32"), cg.constant(J, dtype="i32")
    r = cg.sqrt(cg.sum(cg.square(cg.take(x, i, axis=1) - cg.take(x, j, axis=1)), axis=2))
    centres = cg.constant(np.linspace(0.5, 2.5, 12))
    return cg.sum(pair_energy(cg.exp(-20 * cg.square(cg.expand_dims(r, 2) - centres))), axis=(1, 2))


def total(x: cg.Array) -> cg.Array:
    """The energy of all clusters, whose gradient has each cluster's own in its row."""
    return cg.sum(energy(x))


def model(x: cg.Array) -> cg.Array:
    """Energy and forces in one row: (batch, 13)."""
    forces = -cg.grad(total)(x)
    return cg.concat([cg.expand_dims(energy(x), 1), cg.reshape(forces, (x.shape[0], 12))], axis=1)


parts = cg.training(
    cg.arrow(model),
    inputs=cg.f32[32, 4, 3],
    targets=cg.f32[32, 13],
    loss=losses.mse,
    optimizer=optimizers.adam(2e-3),
)


def batches() -> Batches:
    """1000 clusters."""
    return shuffled(X[:1000], T[:1000], size=32)


def figures(net: Any) -> dict[str, Any]:
    """The errors on 200 other clusters, as shares of how much energies and forces vary."""
    error, t = net.predict(X[1000:]) - T[1000:], T[1000:]
    columns = {"energy": np.s_[:, :1], "force": np.s_[:, 1:]}
    return {f"{k} error": error[at].std() / t[at].std() for k, at in columns.items()}


if __name__ == "__main__":
    main(parts, batches, figures, steps=3000)
