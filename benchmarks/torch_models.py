"""The workloads in PyTorch, eager or through torch.compile, with its own fused optimisers."""

# PyTorch is no dependency of this project, so the type checker need not know it: tensors are Any.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.models import BETA1, BETA2, EPS, Gpt, Workload, decays, initial_state

torch: Any = importlib.import_module("torch")
F: Any = torch.nn.functional
Tensors = dict[str, Any]


def dense(p: Tensors, name: str, x: Any) -> Any:
    """x W + b."""
    return x @ p[f"{name}.weight"] + p[f"{name}.bias"]


def gpt_logits(gpt: Gpt, p: Tensors, x: Any) -> Any:
    """Logits (batch, time, vocabulary)."""
    batch, time, width = gpt.batch, gpt.time, gpt.width

    def norm(name: str, h: Any) -> Any:
        return F.layer_norm(h, (width,), p[f"{name}.scale"], p[f"{name}.shift"])

    h = F.embedding(x, p["wte.weight"]) + p["wpe.weight"][:time]
    for i in range(gpt.layers):
        qkv = dense(p, f"h.{i}.attn.qkv", norm(f"h.{i}.ln1", h))
        parts = qkv.view(batch, time, 3, gpt.heads, width // gpt.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(*parts, is_causal=True)
        h = h + dense(p, f"h.{i}.attn.proj", mixed.transpose(1, 2).reshape(batch, time, width))
        hidden = F.gelu(dense(p, f"h.{i}.fc", norm(f"h.{i}.ln2", h)), approximate="tanh")
        h = h + dense(p, f"h.{i}.proj", hidden)
    return norm("ln", h) @ (p["wte.weight"].T if gpt.tied else p["head.weight"])


def predictions(workload: Workload, p: Tensors, x: Any) -> Any:
    """What the model makes of a batch's inputs."""
    if workload.gpt:
        return gpt_logits(workload.gpt, p, x)
    if workload.name == "iris":
        return dense(p, "dense2", torch.sigmoid(dense(p, "dense1", x)))
    if workload.name == "lenet":
        for layer, padding in (("conv2d1", 2), ("conv2d2", 0)):
            x = F.conv2d(x, p[f"{layer}.weight"], p[f"{layer}.bias"], padding=padding)
            x = F.max_pool2d(F.relu(x), 2)
        x = x.flatten(1)
    return dense(p, "dense3", F.relu(dense(p, "dense2", F.relu(dense(p, "dense1", x)))))


def loss_of(workload: Workload, p: Tensors, x: Any, y: Any) -> Any:
    """Cross-entropy, or half the squared error, averaged over the batch."""
    found = predictions(workload, p, x)
    if not workload.classes:
        return (found - y).square().sum() * (0.5 / len(y))
    return F.cross_entropy(found.reshape(-1, workload.classes), y.reshape(-1))


def optimizer_of(workload: Workload, p: Tensors) -> Any:
    """The optimiser, in PyTorch's fastest form."""
    chosen, betas = workload.optimizer, (BETA1, BETA2)
    if chosen.name in ("sgd", "momentum"):
        decay = BETA1 if chosen.name == "momentum" else 0.0
        return torch.optim.SGD(p.values(), chosen.rate, momentum=decay, fused=True)
    if chosen.name == "adam":
        return torch.optim.Adam(p.values(), chosen.rate, betas, EPS, fused=True)
    groups = [
        {"params": [v for n, v in p.items() if decays(n)], "weight_decay": chosen.weight_decay},
        {"params": [v for n, v in p.items() if not decays(n)], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, chosen.rate, betas, EPS, fused=True)


def tensor(array: NDArray[Any]) -> Any:
    """A tensor of its own; windows (height, width, inputs, outputs) in PyTorch's order."""
    return torch.tensor(array.transpose(3, 2, 0, 1).copy() if array.ndim == 4 else array)


class System:
    """`step(*prepare(x, y))` is one training step; `facts` is what was measured before it."""

    def __init__(self, name: str, workload: Workload):
        self.facts: dict[str, Any] = {}
        self.workload = workload
        self.p = {n: tensor(a).requires_grad_() for n, a in initial_state(workload).items()}
        self.optimizer = optimizer_of(workload, self.p)
        self.loss = torch.compile(loss_of) if name == "torch-compile" else loss_of

    def prepare(self, x: NDArray[Any], y: NDArray[Any]) -> tuple[Any, Any]:
        """The batch as this system takes it; it wants labels of 64 bits."""
        labels = y.astype(np.int64) if self.workload.classes else y
        return torch.from_numpy(x), torch.from_numpy(labels)

    def step(self, x: Any, y: Any) -> float:
        """Update the parameters; the loss before that."""
        loss = self.loss(self.workload, self.p, x, y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()
