"""Clusters of atoms, their energies and forces by a formula: data for `forces.py`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
CORNERS = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 8**0.5


def energies_and_forces(x: Floats) -> tuple[Floats, Floats]:
    """
    E and -dE/dx of clusters (batch, atoms, 3), where E = sum over pairs of (1 - e)^2 - 1.

    e = exp(-2 (r - 1)): the potential of Morse (Physical Review 34, 1929), least at distance 1.
    """
    i, j = np.triu_indices(x.shape[1], 1)
    d = x[:, i] - x[:, j]
    r = np.sqrt(np.sum(d**2, axis=2))
    e = np.exp(-2 * (r - 1))
    pull = -4 * (e * (1 - e) / r)[:, :, None] * d
    forces = np.zeros_like(x)
    for pair, (a, b) in enumerate(zip(i, j, strict=True)):
        forces[:, a] += pull[:, pair]
        forces[:, b] -= pull[:, pair]
    return np.sum((1 - e) ** 2 - 1, axis=1), forces


def clusters(count: int) -> tuple[Floats, Floats]:
    """Shaken tetrahedra (count, 4, 3), and energy and forces of each in one row (count, 13)."""
    x = CORNERS + 0.12 * np.random.default_rng(0).normal(size=(count, 4, 3))
    energies, forces = energies_and_forces(x)
    t = np.concatenate([energies[:, None], forces.reshape(count, 12)], axis=1)
    return x.astype(np.float32), t.astype(np.float32)
