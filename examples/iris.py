"""150 flowers, full batch: `catgrad compile examples/iris.py --target numpy -o iris.py`."""

from itertools import repeat
from typing import Any

import numpy as np

import catgrad as cg
import datasets
from catgrad import losses, nn, optimizers
from running import Batches, main

model = nn.dense(20) >> nn.sigmoid >> nn.dense(3)
parts = cg.training(
    model,
    inputs=cg.f32[150, 4],
    targets=cg.f32[150, 3],
    loss=losses.mse,
    optimizer=optimizers.sgd(0.3),
)


def batches() -> Batches:
    """All flowers at every step."""
    data = datasets.iris()
    return repeat((data.x, data.y))


def figures(net: Any) -> dict[str, Any]:
    """How many flowers get their species."""
    data = datasets.iris()
    return {"accuracy": np.mean(net.predict(data.x).argmax(axis=1) == data.labels)}


if __name__ == "__main__":
    main(parts, batches, figures, steps=1000)
