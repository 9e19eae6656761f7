"""
Records with PyTorch how LeNet learns (examples/lenet.py): the first losses, the last accuracies.

Run by hand, in an environment that has PyTorch: `python tests/references/record_lenet.py`. The
tests read the file it leaves, `lenet.npz`, and take initial states and batches from this module.

Weights are stored as catgrad stores them: (height, width, inputs, outputs) and (inputs, outputs).
Adam: 1e-3, (0.9, 0.999), 1e-8. A loss is that before the update.
"""

# Tensors are Any here, so that what is made of them is unknown to the type checker.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
DATA = HERE.parent.parent / "examples" / "data"
SEEDS, EPOCHS, STEPS, BATCH, TRAIN = 5, 10, 100, 32, 1437
SHAPES = {
    "conv2d1": (3, 3, 1, 16),
    "conv2d2": (3, 3, 16, 32),
    "dense1": (128, 64),
    "dense2": (64, 10),
}

Arrays = dict[str, NDArray[Any]]


def initial_state(seed: int) -> Arrays:
    """Uniform on +-sqrt(6 / inputs) for the convolutions, Glorot uniform else; zero biases."""
    rng = np.random.default_rng(seed)
    state: Arrays = {}
    for layer, shape in SHAPES.items():
        seen = int(np.prod(shape[:-1]))
        limit = np.sqrt(6 / (seen if len(shape) == 4 else seen + shape[-1]))
        state[f"{layer}.weight"] = rng.uniform(-limit, limit, shape).astype(np.float32)
        state[f"{layer}.bias"] = np.zeros(shape[-1], np.float32)
    return state


def batches(seed: int) -> NDArray[np.int64]:
    """The rows of each step: a fresh permutation for every epoch, the remainder dropped."""
    rng = np.random.default_rng(100 + seed)
    full = TRAIN // BATCH
    rows = [rng.permutation(TRAIN)[: full * BATCH].reshape(full, BATCH) for _ in range(EPOCHS)]
    return np.concatenate(rows)


def forward(F: Any, p: dict[str, Any], x: Any) -> Any:
    """The logits of images (n, 1, 8, 8)."""
    for layer in ("conv2d1", "conv2d2"):
        weight = p[f"{layer}.weight"].permute(3, 2, 0, 1)
        x = F.max_pool2d(F.relu(F.conv2d(x, weight, p[f"{layer}.bias"], padding="same")), 2)
    hidden = F.relu(x.flatten(1) @ p["dense1.weight"] + p["dense1.bias"])
    return hidden @ p["dense2.weight"] + p["dense2.bias"]


def train(torch: Any, seed: int, dtype: Any, steps: int) -> tuple[list[float], float]:
    """The losses of `steps` steps, and the accuracy on the test images after them."""
    F: Any = torch.nn.functional
    with np.load(DATA / "digits.npz") as digits:
        order = np.load(DATA / "digits_split.npy")
        images = (digits["images"][order] / 16).reshape(-1, 1, 8, 8)
        x = torch.tensor(images, dtype=dtype)
        y = torch.tensor(digits["labels"][order], dtype=torch.int64)
    p = {
        name: torch.tensor(a, dtype=dtype, requires_grad=True)
        for name, a in initial_state(seed).items()
    }
    adam = torch.optim.Adam(p.values(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    curve: list[float] = []
    for rows in torch.tensor(batches(seed)[:steps]):
        loss = F.cross_entropy(forward(F, p, x[rows]), y[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
        curve.append(loss.item())
    right = forward(F, p, x[TRAIN:]).argmax(1) == y[TRAIN:]
    return curve, right.double().mean().item()


def main() -> None:
    """Write the first losses of seed 0, in both precisions, and the accuracy of every seed."""
    torch: Any = importlib.import_module("torch")
    torch.set_num_threads(1)
    record: Arrays = {
        "losses": np.array(train(torch, 0, torch.float32, STEPS)[0]),
        "losses64": np.array(train(torch, 0, torch.float64, STEPS)[0]),
        "accuracies": np.array(
            [train(torch, s, torch.float32, len(batches(s)))[1] for s in range(SEEDS)]
        ),
    }
    print(record["accuracies"])
    np.savez_compressed(HERE / "lenet.npz", **record)  # pyright: ignore[reportArgumentType]


if __name__ == "__main__":
    main()
