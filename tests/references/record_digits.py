"""
Records with PyTorch what `test accuracy` alone cannot show: the loss curve of the digits example.

Run by hand, in an environment that has PyTorch: `python tests/references/record_digits.py`.
The test suite only reads the file it leaves, `digits_100.npz`.

    x (32 x 64) -- @ w1 + b1 -- relu -- @ w2 + b2 -- cross-entropy (mean) --> loss
                  (64 x 64)            (64 x 10)

Weights are stored (inputs, outputs). Adam: 1e-3, (0.9, 0.999), 1e-8. The loss is that before the
update.
"""

import importlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# PyTorch is no dependency of this project, so the type checker need not know it.
torch: Any = importlib.import_module("torch")

HERE = Path(__file__).parent
DATA = HERE.parent.parent / "examples" / "data"
STEPS, BATCH, TRAIN = 100, 32, 1437
SIZES = (64, 64, 10)

Arrays = dict[str, NDArray[Any]]


def initial_state() -> Arrays:
    """Glorot uniform weights, w1 before w2, and zero biases."""
    rng = np.random.default_rng(0)
    state: Arrays = {}
    for layer, (n, m) in enumerate(pairwise(SIZES), start=1):
        limit = np.sqrt(6 / (n + m))
        state[f"w{layer}"] = rng.uniform(-limit, limit, (n, m)).astype(np.float32)
        state[f"b{layer}"] = np.zeros(m, np.float32)
    return state


def batch_indices() -> NDArray[np.int16]:
    """Consecutive slices of a fresh permutation for every epoch, the remainder dropped."""
    rng = np.random.default_rng(1)
    full = TRAIN // BATCH
    epochs = -(-STEPS // full)
    rows = [rng.permutation(TRAIN)[: full * BATCH].reshape(full, BATCH) for _ in range(epochs)]
    return np.concatenate(rows)[:STEPS].astype(np.int16)


def losses(state: Arrays, x: NDArray[Any], y: NDArray[Any], batches: Any, dtype: Any) -> Any:
    """The losses of all steps, computed in `dtype`."""
    p = {name: torch.tensor(a, dtype=dtype, requires_grad=True) for name, a in state.items()}
    adam = torch.optim.Adam(p.values(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    inputs, labels = torch.tensor(x, dtype=dtype), torch.tensor(y, dtype=torch.int64)
    curve: list[float] = []
    for rows in torch.tensor(batches.astype(np.int64)):
        hidden = torch.relu(inputs[rows] @ p["w1"] + p["b1"])
        loss = torch.nn.functional.cross_entropy(hidden @ p["w2"] + p["b2"], labels[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
        curve.append(loss.item())
    return np.array(curve, np.float64)


def main() -> None:
    """Write the initial state, the batches (rows of the training split) and both curves."""
    torch.set_num_threads(1)
    with np.load(DATA / "digits.npz") as digits:
        train = np.load(DATA / "digits_split.npy")[:TRAIN]
        x, y = digits["images"][train] / 16, digits["labels"][train]
    state, batches = initial_state(), batch_indices()
    record: Arrays = {
        **state,
        "batches": batches,
        "losses": losses(state, x, y, batches, torch.float32),
        "losses64": losses(state, x, y, batches, torch.float64),
    }
    np.savez_compressed(HERE / "digits_100.npz", **record)  # pyright: ignore[reportArgumentType]


if __name__ == "__main__":
    main()
