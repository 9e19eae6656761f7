"""What a trained classifier sees in digits: learns its input. `python examples/dream.py`."""

from itertools import islice, repeat
from typing import Any

import numpy as np

import catgrad as cg
import digits
from catgrad import losses, nn, optimizers
from catgrad.initializers import zero
from running import Batches, main


@cg.layer("image")
def image(x: cg.Array) -> cg.Array:
    """A picture in 0..1, as a parameter; x is what it starts from."""
    return nn.sigmoid(x + cg.param(x.shape, init=zero, name="pixels"))


parts = cg.training(
    image >> digits.model,
    inputs=cg.f32[10, 64],
    targets=cg.i32[10],
    loss=losses.cross_entropy,
    optimizer=optimizers.frozen("dense*", optimizers.adam(0.1)),
)
NOISE = np.random.default_rng(0).normal(-1, 0.1, (10, 64)).astype(np.float32)
LABELS = np.arange(10, dtype=np.int32)


def start(net: Any, steps: int = 30 * 44) -> None:
    """Train the classifier, and take over what it has learnt."""
    classifier = cg.compile(digits.parts).load()
    for x, t in islice(digits.batches(), steps):
        classifier.step(x, t)
    net.set_state(classifier.parameters)


def batches() -> Batches:
    """The same noise and the same ten wishes at every step."""
    return repeat((NOISE, LABELS))


def figures(net: Any) -> dict[str, Any]:
    """The least probability of a wish, and the pictures of 0 to 9."""
    scores = np.exp(net.predict(NOISE))
    share = scores[LABELS, LABELS] / scores.sum(axis=1)
    pixels = 1 / (1 + np.exp(-NOISE - net.parameters["image1.pixels"]))
    shades = np.array(list(" .:-=+*#%@"))[(pixels * 9.99).astype(int)].reshape(2, 5, 8, 8)
    rows = shades.transpose(0, 2, 1, 3).reshape(16, 5, 8)
    picture = "\n".join("    " + "  ".join(map("".join, row)) for row in rows)
    return {"least probability": share.min(), "pictures": picture}


if __name__ == "__main__":
    main(parts, batches, figures, steps=200, start=start)
