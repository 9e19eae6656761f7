"""
Records with PyTorch how the GPT of examples/chargpt.py learns: first losses, last validation loss.

Run by hand, in an environment that has PyTorch: `python tests/references/record_chargpt.py`. The
tests read the file it leaves, `chargpt.npz`, and take initial state and batches from this module.

Weights are stored as catgrad stores them, (inputs, outputs). A loss is that before the update.
"""

# Tensors are Any here, so that what is made of them is unknown to the type checker.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import importlib
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
DATA = HERE.parent.parent / "examples" / "data"
BATCH, TIME, WIDTH, HEADS, LAYERS, CHARACTERS = 12, 64, 128, 4, 4, 103
STEPS, WARM, FIRST, RATE, LAST, DECAY = 2000, 100, 50, 3e-3, 3e-4, 0.1

Arrays = dict[str, NDArray[Any]]


def initial_state() -> Arrays:
    """Embeddings normal with deviation 0.02, Glorot uniform weights, biases and shifts 0."""
    rng = np.random.default_rng(0)

    def glorot(inputs: int, outputs: int) -> NDArray[np.float32]:
        limit = math.sqrt(6 / (inputs + outputs))
        return rng.uniform(-limit, limit, (inputs, outputs)).astype(np.float32)

    state: Arrays = {
        "wte.weight": rng.normal(0, 0.02, (CHARACTERS, WIDTH)).astype(np.float32),
        "wpe.weight": rng.normal(0, 0.02, (TIME, WIDTH)).astype(np.float32),
        "head.weight": glorot(WIDTH, CHARACTERS),
    }
    products = {"attn.qkv": (1, 3), "attn.proj": (1, 1), "fc": (1, 4), "proj": (4, 1)}
    norms = ["ln", *(f"h.{i}.{ln}" for i in range(LAYERS) for ln in ("ln1", "ln2"))]
    for name in norms:
        state[f"{name}.scale"] = np.ones(WIDTH, np.float32)
        state[f"{name}.shift"] = np.zeros(WIDTH, np.float32)
    for i in range(LAYERS):
        for name, (a, b) in products.items():
            state[f"h.{i}.{name}.weight"] = glorot(a * WIDTH, b * WIDTH)
            state[f"h.{i}.{name}.bias"] = np.zeros(b * WIDTH, np.float32)
    return state


def starts(characters: int) -> NDArray[np.int64]:
    """Where the rows of each step's batch begin, in a text of so many characters."""
    return np.random.default_rng(1).integers(0, characters - TIME, (STEPS, BATCH))


def every_window(characters: int) -> NDArray[np.int64]:
    """Where the rows begin that cover a text, in full batches."""
    rows = (characters - 1) // TIME // BATCH * BATCH
    return (np.arange(rows) * TIME).reshape(-1, BATCH)


def rate(step: int) -> float:
    """The learning rate of a step, from 0: a linear warm-up, then half a cosine wave."""
    if step < WARM:
        return RATE * (step + 1) / WARM
    wave = math.cos(math.pi * (step - WARM) / (STEPS - WARM))
    return LAST + (RATE - LAST) * (1 + wave) / 2


def forward(F: Any, p: dict[str, Any], x: Any) -> Any:
    """The logits (batch, time, characters)."""

    def norm(name: str, h: Any) -> Any:
        return F.layer_norm(h, (WIDTH,), p[f"{name}.scale"], p[f"{name}.shift"])

    def dense(name: str, h: Any) -> Any:
        return h @ p[f"{name}.weight"] + p[f"{name}.bias"]

    h = p["wte.weight"][x] + p["wpe.weight"]
    for i in range(LAYERS):
        qkv = dense(f"h.{i}.attn.qkv", norm(f"h.{i}.ln1", h))
        q, k, v = qkv.view(len(x), TIME, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        h = h + dense(f"h.{i}.attn.proj", mixed.transpose(1, 2).reshape(len(x), TIME, WIDTH))
        hidden = F.gelu(dense(f"h.{i}.fc", norm(f"h.{i}.ln2", h)), approximate="tanh")
        h = h + dense(f"h.{i}.proj", hidden)
    return norm("ln", h) @ p["head.weight"]


def train(torch: Any, dtype: Any, steps: int) -> tuple[list[float], float]:
    """The losses of `steps` steps, and the loss on the validation text after them."""
    F: Any = torch.nn.functional
    text = (DATA / "topics.txt").read_text(encoding="utf-8")
    alphabet = sorted(set(text))
    numbers = torch.tensor([alphabet.index(c) for c in text])
    split = len(numbers) * 9 // 10
    p = {k: torch.tensor(a, dtype=dtype, requires_grad=True) for k, a in initial_state().items()}
    groups = [
        {"params": [v for k, v in p.items() if k.endswith("weight")], "weight_decay": DECAY},
        {"params": [v for k, v in p.items() if not k.endswith("weight")], "weight_decay": 0.0},
    ]
    adam = torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-8)

    def loss(part: Any, begin: Any) -> Any:
        rows = part[torch.tensor(begin)[:, None] + torch.arange(TIME + 1)]
        logits = forward(F, p, rows[:, :-1])
        return F.cross_entropy(logits.reshape(-1, CHARACTERS), rows[:, 1:].reshape(-1))

    curve: list[float] = []
    for step, begin in enumerate(starts(split)[:steps]):
        for group in adam.param_groups:
            group["lr"] = rate(step)
        value = loss(numbers[:split], begin)
        adam.zero_grad()
        value.backward()
        adam.step()
        curve.append(value.item())
    with torch.no_grad():
        rest = numbers[split:]
        last = [loss(rest, begin).item() for begin in every_window(len(rest))]
    return curve, sum(last) / len(last)


def main() -> None:
    """Write the first losses, in both precisions, and the last losses, in single precision."""
    torch: Any = importlib.import_module("torch")
    torch.set_num_threads(1)
    curve, validation = train(torch, torch.float32, STEPS)
    print(f"training {np.mean(curve[-100:]):.4f}, validation {validation:.4f}", file=sys.stderr)
    record: Arrays = {
        "losses": np.array(curve[:FIRST]),
        "losses64": np.array(train(torch, torch.float64, FIRST)[0]),
        "training": np.array(np.mean(curve[-100:])),
        "validation": np.array(validation),
    }
    np.savez_compressed(HERE / "chargpt.npz", **record)  # pyright: ignore[reportArgumentType]


if __name__ == "__main__":
    main()
