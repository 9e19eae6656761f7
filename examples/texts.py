"""What the writing examples share: batches of text, the loss on other text, a text of their own."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

import datasets
from running import Batches


def windows(
    text: NDArray[np.int32], starts: NDArray[np.int64], time: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The pieces of a text that begin at `starts`, and the next character of each of theirs."""
    rows = text[starts[:, None] + np.arange(time + 1)]
    return rows[:, :-1], rows[:, 1:]


def batches(batch: int, time: int) -> Batches:
    """Pieces of the training text, for ever."""
    text, rng = datasets.topics().train, np.random.default_rng(0)
    while True:
        yield windows(text, rng.integers(0, len(text) - time, batch), time)


def validation(net: Any, batch: int, time: int) -> float:
    """The mean loss over the validation text, cut into full batches."""
    text = datasets.topics().validation
    starts = np.arange((len(text) - 1) // time // batch * batch).reshape(-1, batch) * time
    return float(np.mean([net.loss(*windows(text, s, time)) for s in starts]))


def written(net: Any, time: int, count: int) -> str:
    """`count` characters, each drawn as likely as the model finds it after those before."""
    alphabet, rng = datasets.topics().alphabet, np.random.default_rng(0)
    text = [alphabet.index(c) for c in "The "]
    while len(text) < count:
        seen = text[-time:]
        x = np.array([seen + [0] * (time - len(seen))], np.int32)
        logits = net.predict(x)[0, len(seen) - 1].astype(np.float64)
        likely = np.exp(logits - logits.max())
        text.append(int(rng.choice(len(alphabet), p=likely / likely.sum())))
    return "".join(alphabet[i] for i in text)
