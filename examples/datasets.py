"""The data sets in `data/`, as the examples want them: see `data/README.md`."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"
DIGITS_FOR_TRAINING = 1437


class Iris(NamedTuple):
    """150 flowers: measurements with mean 0 and deviation 1, one-hot species, species."""

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    labels: NDArray[np.int32]


class Digits(NamedTuple):
    """1437 and 360 images of 64 pixels in 0..1, and their digits."""

    train_x: NDArray[np.float32]
    train_y: NDArray[np.int32]
    test_x: NDArray[np.float32]
    test_y: NDArray[np.int32]


class Topics(NamedTuple):
    """A text as numbers: `alphabet[i]` is character i; the last tenth is for validation."""

    alphabet: str
    train: NDArray[np.int32]
    validation: NDArray[np.int32]


def iris() -> Iris:
    """Fisher's flowers, standardised column by column."""
    with np.load(DATA / "iris.npz") as file:
        raw: NDArray[np.float64] = file["measurements"].astype(np.float64)
        labels: NDArray[np.int32] = file["labels"].astype(np.int32)
    x = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    return Iris(x.astype(np.float32), np.eye(3, dtype=np.float32)[labels], labels)


def digits() -> Digits:
    """The handwritten digits, split as in `digits_split.npy`."""
    order: NDArray[Any] = np.load(DATA / "digits_split.npy")
    with np.load(DATA / "digits.npz") as file:
        x: NDArray[np.float32] = file["images"][order].astype(np.float32) / np.float32(16)
        y: NDArray[np.int32] = file["labels"][order].astype(np.int32)
    n = DIGITS_FOR_TRAINING
    return Digits(x[:n], y[:n], x[n:], y[n:])


def topics() -> Topics:
    """Python's help texts."""
    text = (DATA / "topics.txt").read_text(encoding="utf-8")
    alphabet = "".join(sorted(set(text)))
    numbers = np.array([alphabet.index(c) for c in text], np.int32)
    split = len(numbers) * 9 // 10
    return Topics(alphabet, numbers[:split], numbers[split:])
