"""Handwritten digits as images: `catgrad compile examples/lenet.py --target ggml -o lenet/`."""

from typing import Any

import numpy as np

import catgrad as cg
import datasets
from catgrad import losses, nn, optimizers
from running import Batches, main, shuffled

window = nn.conv2d(16, 3, padding="same") >> nn.relu >> nn.max_pool2d(2)
features = window >> nn.conv2d(32, 3, padding="same") >> nn.relu >> nn.max_pool2d(2)
model = features >> nn.flatten >> nn.dense(64) >> nn.relu >> nn.dense(10)
parts = cg.training(
    model,
    inputs=cg.f32[32, 1, 8, 8],
    targets=cg.i32[32],
    loss=losses.cross_entropy,
    optimizer=optimizers.adam(1e-3),
    metrics={"accuracy": losses.accuracy},
)


def batches() -> Batches:
    """1437 images of one channel."""
    data = datasets.digits()
    return shuffled(data.train_x.reshape(-1, 1, 8, 8), data.train_y, size=32)


def figures(net: Any) -> dict[str, Any]:
    """How many of 360 other images are recognised."""
    data = datasets.digits()
    images = data.test_x.reshape(-1, 1, 8, 8)
    return {"test accuracy": np.mean(net.accuracy(images, data.test_y))}


if __name__ == "__main__":
    main(parts, batches, figures, steps=10 * 44)
