"""A recurrent network learns the same text character by character: `python examples/gru.py`."""

from typing import Any

import texts

import catgrad as cg
from catgrad import losses, nn, optimizers
from running import Batches, main

BATCH, TIME, WIDTH, CHARACTERS, STEPS = 32, 32, 192, 103, 1500

model = nn.embedding(CHARACTERS, WIDTH) >> nn.gru(WIDTH) >> nn.dense(CHARACTERS)
rate = optimizers.linear_warmup(4e-3, 50, optimizers.cosine(4e-3, STEPS - 50, end=4e-4))
parts = cg.training(
    model,
    inputs=cg.i32[BATCH, TIME],
    targets=cg.i32[BATCH, TIME],
    loss=losses.cross_entropy,
    optimizer=optimizers.clip_by_global_norm(1.0, optimizers.adam(rate)),
)


def batches() -> Batches:
    """32 pieces of 32 characters."""
    return texts.batches(BATCH, TIME)


def figures(net: Any) -> dict[str, Any]:
    """The loss on the last tenth of the text, in nats per character."""
    return {"validation loss": texts.validation(net, BATCH, TIME)}


def end(net: Any) -> dict[str, Any]:
    """500 characters."""
    return {"it writes": texts.written(net, TIME, 500)}


if __name__ == "__main__":
    main(parts, batches, figures, STEPS, end=end)
