"""A character-level GPT learns from help texts, and writes one: `python examples/chargpt.py`."""

from typing import Any

import texts

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.initializers import normal
from running import Batches, main

BATCH, TIME, WIDTH, HEADS, LAYERS, CHARACTERS = 12, 64, 128, 4, 4, 103
STEPS, WARM = 2000, 100


@cg.arrow
def model(x: cg.Array) -> cg.Array:
    """The logits of each next character, (batch, time, characters)."""
    tokens = nn.embedding(CHARACTERS, WIDTH, name="wte", weight=normal(0.02))
    places = nn.embedding(TIME, WIDTH, name="wpe", weight=normal(0.02))
    h = tokens(x) + places(cg.arange(TIME))
    for i in range(LAYERS):
        h = nn.transformer_block(HEADS, causal=True, name=f"h.{i}")(h)
    return nn.dense(CHARACTERS, bias=None, name="head")(nn.layer_norm(name="ln")(h))


rate = optimizers.linear_warmup(3e-3, WARM, optimizers.cosine(3e-3, STEPS - WARM, end=3e-4))
parts = cg.training(
    model,
    inputs=cg.i32[BATCH, TIME],
    targets=cg.i32[BATCH, TIME],
    loss=losses.cross_entropy,
    optimizer=optimizers.adamw(rate, weight_decay=0.1, no_decay=["*.bias", "*.scale", "*.shift"]),
)


def batches() -> Batches:
    """12 pieces of 64 characters."""
    return texts.batches(BATCH, TIME)


def figures(net: Any) -> dict[str, Any]:
    """The loss on the last tenth of the text, in nats per character."""
    return {"validation loss": texts.validation(net, BATCH, TIME)}


def end(net: Any) -> dict[str, Any]:
    """500 characters."""
    return {"it writes": texts.written(net, TIME, 500)}


if __name__ == "__main__":
    main(parts, batches, figures, STEPS, end=end)
