"""
The five workloads: shapes, first values, batches and optimisers, for every system alike.

Only NumPy is imported here: the peers live in another environment than catgrad. The same
mathematics is written down for catgrad in `catgrad_models.py`, for PyTorch in `torch_models.py`,
for JAX and autograd in `array_models.py`.

Weights are stored as catgrad stores them: (inputs, outputs), (height, width, inputs, outputs).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Arrays: TypeAlias = "dict[str, NDArray[Any]]"
Shapes: TypeAlias = "dict[str, tuple[int, ...]]"

SEED = 0
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8
"""Of Adam and AdamW (Kingma and Ba 2015); the decay of momentum is BETA1 as well."""


@dataclass(frozen=True)
class Optimizer:
    """`name` is "sgd", "momentum", "adam" or "adamw"; only weights decay, as in GPT-2."""

    name: str
    rate: float
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Gpt:
    """A pre-norm transformer with learnt positions, four times the width inside, tanh GELU."""

    batch: int
    time: int
    width: int
    heads: int
    layers: int
    vocabulary: int
    positions: int
    tied: bool
    """Whether the output projection is the embedding, transposed."""


@dataclass(frozen=True)
class Workload:
    """What is trained: parameters by name, one batch's shapes, the optimiser."""

    name: str
    title: str
    shapes: Shapes
    inputs: tuple[int, ...]
    targets: tuple[int, ...]
    classes: int
    """The number of classes of the labels; 0 for targets that are numbers."""
    optimizer: Optimizer
    gpt: Gpt | None = None
    quick: bool = False
    """Whether it belongs to the short run."""
    large: bool = False
    """Whether the memory of a program of its own is measured."""


def _dense(prefix: str, inputs: int, outputs: int) -> Shapes:
    return {f"{prefix}.weight": (inputs, outputs), f"{prefix}.bias": (outputs,)}


def _layers(*widths: int) -> Shapes:
    """Dense layers one after the other: dense1, dense2, ..."""
    found: Shapes = {}
    for i, (inputs, outputs) in enumerate(pairwise(widths), 1):
        found |= _dense(f"dense{i}", inputs, outputs)
    return found


def _norm(prefix: str, width: int) -> Shapes:
    return {f"{prefix}.scale": (width,), f"{prefix}.shift": (width,)}


def _gpt(
    name: str, title: str, gpt: Gpt, optimizer: Optimizer, quick: bool = False, large: bool = False
) -> Workload:
    w = gpt.width
    shapes: Shapes = {"wte.weight": (gpt.vocabulary, w), "wpe.weight": (gpt.positions, w)}
    for i in range(gpt.layers):
        shapes |= _norm(f"h.{i}.ln1", w) | _dense(f"h.{i}.attn.qkv", w, 3 * w)
        shapes |= _dense(f"h.{i}.attn.proj", w, w) | _norm(f"h.{i}.ln2", w)
        shapes |= _dense(f"h.{i}.fc", w, 4 * w) | _dense(f"h.{i}.proj", 4 * w, w)
    shapes |= _norm("ln", w)
    if not gpt.tied:
        shapes["head.weight"] = (w, gpt.vocabulary)
    rows = (gpt.batch, gpt.time)
    return Workload(name, title, shapes, rows, rows, gpt.vocabulary, optimizer, gpt, quick, large)


CONVOLUTIONS: Shapes = {
    "conv2d1.weight": (5, 5, 1, 6),
    "conv2d1.bias": (6,),
    "conv2d2.weight": (5, 5, 6, 16),
    "conv2d2.bias": (16,),
}
"""LeNet-5's (LeCun et al. 1998), with ReLU and maximum pooling: 28x28 -> 14x14 -> 5x5."""

ALL = [
    Workload(
        "iris",
        "150x4-20-3, full batch, sigmoid, squared error, SGD",
        _layers(4, 20, 3),
        (150, 4),
        (150, 3),
        0,
        Optimizer("sgd", 0.3),
        quick=True,
    ),
    Workload(
        "mlp",
        "784-512-256-10, batch 128, ReLU, cross-entropy, Adam",
        _layers(784, 512, 256, 10),
        (128, 784),
        (128,),
        10,
        Optimizer("adam", 1e-3),
        quick=True,
    ),
    Workload(
        "lenet",
        "28x28, two 5x5 convolutions with pooling, 400-120-84-10, batch 64, momentum",
        CONVOLUTIONS | _layers(400, 120, 84, 10),
        (64, 1, 28, 28),
        (64,),
        10,
        Optimizer("momentum", 0.01),
    ),
    _gpt(
        "chargpt",
        "4 layers, 4 heads, width 128, 12x64 characters, AdamW",
        Gpt(12, 64, 128, 4, 4, 103, positions=64, tied=False),
        Optimizer("adamw", 1e-3, 0.1),
        quick=True,
    ),
    _gpt(
        "gpt2",
        "GPT-2 124M: 12 layers, 12 heads, width 768, 4x64 tokens of 50257, tied head, AdamW",
        Gpt(4, 64, 768, 12, 12, 50257, positions=1024, tied=True),
        Optimizer("adamw", 1e-4, 0.1),
        large=True,
    ),
]
WORKLOADS = {workload.name: workload for workload in ALL}


def decays(name: str) -> bool:
    """Whether weight decay acts on the parameter of that name."""
    return name.endswith(".weight")


def initial_state(workload: Workload) -> Arrays:
    """
    The first values (float32), by name.

    Embeddings are normal with deviation 0.02, matrices Glorot uniform, convolutions He uniform,
    scales 1, biases and shifts 0.
    """
    rng = np.random.default_rng(SEED)

    def first(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        if name in ("wte.weight", "wpe.weight"):
            return rng.standard_normal(shape, np.float32) * np.float32(0.02)
        if len(shape) == 1:
            return np.full(shape, name.endswith(".scale"), np.float32)
        seen = math.prod(shape[:-1])
        limit = math.sqrt(6 / (seen if len(shape) == 4 else seen + shape[-1]))
        return (rng.random(shape, np.float32) * 2 - 1) * np.float32(limit)

    return {name: first(name, shape) for name, shape in workload.shapes.items()}


def batch(workload: Workload, step: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """
    Inputs and targets of a step: a function of the step alone.

    Numbers are float32 in [0.1, 1), tokens and labels int32, all uniform: arithmetic meets neither
    zeros nor denormal numbers, which some processors treat at another speed.
    """
    rng = np.random.default_rng([SEED, step])

    def numbers(shape: tuple[int, ...]) -> NDArray[Any]:
        return rng.random(shape, np.float32) * np.float32(0.9) + np.float32(0.1)

    def labels(shape: tuple[int, ...], count: int) -> NDArray[Any]:
        return rng.integers(0, count, shape, np.int32)

    gpt = workload.gpt
    x = labels(workload.inputs, gpt.vocabulary) if gpt else numbers(workload.inputs)
    classes = workload.classes
    return x, labels(workload.targets, classes) if classes else numbers(workload.targets)
