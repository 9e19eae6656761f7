"""
Record batch normalisation in PyTorch, float64: three training steps, then inference.

Run by hand, with PyTorch installed: `python tests/references/record_batch_norm.py`. It writes
`batch_norm.npz`, which is all that the tests read.
"""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# PyTorch is no dependency of this project, so the type checker need not know it.
torch: Any = importlib.import_module("torch")

OUT = Path(__file__).parent / "batch_norm.npz"
STEPS, RATE = 3, 0.5


def main() -> None:
    """Minimise sum(norm(x) * g) by plain gradient descent."""
    rng = np.random.default_rng(0)
    norm = torch.nn.BatchNorm2d(3, dtype=torch.float64)
    found: dict[str, NDArray[Any]] = {
        "x": rng.normal(2.0, 3.0, (STEPS, 4, 3, 2, 2)),
        "g": rng.normal(size=(STEPS, 4, 3, 2, 2)),
    }
    optimizer = torch.optim.SGD(norm.parameters(), RATE)
    losses: list[float] = []
    for x, g in zip(found["x"], found["g"], strict=True):
        optimizer.zero_grad()
        loss = (norm(torch.tensor(x)) * torch.tensor(g)).sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    norm.eval()
    found["losses"] = np.array(losses)
    found["predicted"] = norm(torch.tensor(found["x"][0])).detach().numpy()
    names = {"scale": "weight", "shift": "bias", "mean": "running_mean", "variance": "running_var"}
    for ours, theirs in names.items():
        found[ours] = getattr(norm, theirs).detach().numpy()
    np.savez_compressed(OUT, allow_pickle=False, **found)


if __name__ == "__main__":
    main()
