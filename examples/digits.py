"""Handwritten digits: `catgrad compile examples/digits.py --target ggml -o digits/`."""

from typing import Any

import numpy as np

import catgrad as cg
import datasets
from catgrad import losses, nn, optimizers
from running import Batches, main, shuffled

model = nn.dense(64) >> nn.relu >> nn.dense(10)
parts = cg.training(
    model,
    inputs=cg.f32[32, 64],
    targets=cg.i32[32],
    loss=losses.cross_entropy,
    optimizer=optimizers.adam(1e-3),
    metrics={"accuracy": losses.accuracy},
)


def batches() -> Batches:
    """1437 images."""
    data = datasets.digits()
    return shuffled(data.train_x, data.train_y, size=32)


def figures(net: Any) -> dict[str, Any]:
    """How many of 360 other images are recognised."""
    data = datasets.digits()
    return {"test accuracy": np.mean(net.accuracy(data.test_x, data.test_y))}


if __name__ == "__main__":
    main(parts, batches, figures, steps=30 * 44)
