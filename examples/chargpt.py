"""A character-level GPT on Python's help texts: `python examples/chargpt.py` trains and writes."""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

import catgrad as cg
import datasets
from catgrad import losses, nn, optimizers
from catgrad.dialects.tops.value import Array
from catgrad.initializers import normal

BATCH, TIME, WIDTH, HEADS, LAYERS, CHARACTERS = 12, 64, 128, 4, 4, 103
STEPS, WARM = 2000, 100


@cg.arrow
def model(x: Array) -> Array:
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


def validation(net: Any, text: NDArray[np.int32]) -> float:
    """The mean loss over a text, cut into full batches."""
    starts = np.arange((len(text) - 1) // TIME // BATCH * BATCH).reshape(-1, BATCH) * TIME
    return float(np.mean([net.loss(*datasets.windows(text, s, TIME)) for s in starts]))


def write(net: Any, alphabet: str, begin: str, count: int) -> str:
    """`begin` and `count` characters that the model finds likely."""
    rng, text = np.random.default_rng(0), [alphabet.index(c) for c in begin]
    for _ in range(count):
        seen = text[-TIME:]
        x = np.array([seen + [0] * (TIME - len(seen))], np.int32)
        logits = net.predict(x)[0, len(seen) - 1].astype(np.float64)
        likely = np.exp(logits - logits.max())
        text.append(int(rng.choice(CHARACTERS, p=likely / likely.sum())))
    return "".join(alphabet[i] for i in text)


def main(target: str = "ggml", steps: int = STEPS) -> None:
    """Train, and write 500 characters."""
    text, rng = datasets.topics(), np.random.default_rng(0)
    net = cg.compile(parts, target=target, name="chargpt").load(seed=0)
    for step in range(1, steps + 1):
        starts = rng.integers(0, len(text.train) - TIME, BATCH)
        loss = net.step(*datasets.windows(text.train, starts, TIME))
        if step % 200 == 0 or step == steps:
            print(f"step {step}  loss {loss:.4f}", file=sys.stderr)
    print(f"validation loss {validation(net, text.validation):.4f}", file=sys.stderr)
    print(write(net, text.alphabet, "The ", 500))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "ggml")
