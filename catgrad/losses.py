"""Losses (one floating scalar) and metrics (one value per row)."""

from __future__ import annotations

from catgrad.activations import log_softmax
from catgrad.array_api import (
    abs,
    arange,
    argmax,
    astype,
    equal,
    exp,
    expand_dims,
    log1p,
    maximum,
    mean,
    not_equal,
    reshape,
    square,
    sum,
    take,
    where,
    zeros,
)
from catgrad.arrows import Arrow, arrow
from catgrad.dialects.tops.base import FLOAT, INTEGER
from catgrad.dialects.tops.value import Array
from catgrad.frames import TraceError
from catgrad.tracing import current


def _alike(what: str, y: Array, t: Array) -> None:
    if y.shape != t.shape or not y.shape:
        raise TraceError(
            f"{what} takes predictions and targets of one shape (batch, ...), got {y!r} and {t!r}"
        )


@arrow
def mse(y: Array, t: Array) -> Array:
    """The mean over the batch (axis 0) of half the squared error, summed over all other axes."""
    _alike("mse", y, t)
    return sum(square(y - t)) * (0.5 / y.shape[0])


@arrow
def mae(y: Array, t: Array) -> Array:
    """The mean over the batch (axis 0) of the absolute error, summed over all other axes."""
    _alike("mae", y, t)
    return sum(abs(y - t)) * (1.0 / y.shape[0])


def huber(delta: float = 1.0) -> Arrow:
    """
    The mean over the batch (axis 0) of Huber's loss, summed over all other axes (Huber 1964).

    e^2 / 2 for |e| <= delta, delta * (|e| - delta / 2) beyond.
    """
    if not delta > 0:
        raise TraceError(f"huber takes delta > 0, got {delta!r}")

    @arrow(name="huber")
    def apply(y: Array, t: Array) -> Array:
        _alike("huber", y, t)
        size = abs(y - t)
        near = square(y - t) * 0.5
        return sum(where(size <= delta, near, (size - 0.5 * delta) * delta)) * (1.0 / y.shape[0])

    return apply


def _check_labels(logits: Array, labels: Array) -> None:
    if (
        logits.ndim < 2
        or labels.shape != logits.shape[:-1]
        or labels.dtype not in INTEGER
        or logits.dtype not in FLOAT
    ):
        raise TraceError(
            "cross_entropy takes logits of shape (batch, ..., classes) and integer labels of shape "
            f"(batch, ...), got {logits!r} and {labels!r}"
        )


def cross_entropy_with(*, label_smoothing: float = 0.0, ignore_index: int | None = None) -> Arrow:
    """
    Cross-entropy with options; see `cross_entropy`.

    `label_smoothing` moves that share of the target evenly to all classes (Szegedy et al. 2015).
    Labels equal to `ignore_index` do not count, neither in the sum nor in the mean.
    """
    if not 0 <= label_smoothing < 1:
        raise TraceError(f"cross_entropy takes label_smoothing in [0, 1), got {label_smoothing!r}")

    @arrow(name="cross_entropy")
    def apply(logits: Array, labels: Array) -> Array:
        _check_labels(logits, labels)
        counted = not_equal(labels, ignore_index) if ignore_index is not None else None
        classes = logits.shape[-1]
        everything = arange(classes, labels.dtype)
        if counted is None:
            current("cross_entropy").bound(labels, 0, classes)
        else:  # taken, since then a label that is neither a class nor ignored is an error
            labels = take(everything, where(counted, labels, 0))
        labels = reshape(labels, [-1])  # one axis of rows: forward and reverse are a sweep each
        here = equal(expand_dims(labels, 1), everything)
        scores = log_softmax(reshape(logits, [-1, classes]))
        picked = sum(where(here, scores, 0.0), axis=-1)
        if label_smoothing:
            share = sum(scores, axis=-1) * (label_smoothing / classes)
            picked = picked * (1 - label_smoothing) + share
        if counted is None:
            return -mean(picked)
        counted = reshape(counted, [-1])
        return -sum(where(counted, picked, 0.0)) / sum(astype(counted, logits.dtype))

    return apply


cross_entropy = cross_entropy_with()
"""
The mean of -log softmax(logits) at the labels: floats (batch, ..., classes), integers (batch, ...).
"""


@arrow
def binary_cross_entropy(logits: Array, targets: Array) -> Array:
    """
    The mean of the cross-entropy of sigmoid(logits) and targets in [0, 1], over all elements.

    Right for logits of any size.
    """
    _alike("binary_cross_entropy", logits, targets)
    positive = maximum(logits, zeros(logits.shape, logits.dtype))
    return mean(positive - logits * targets + log1p(exp(-abs(logits))))


@arrow
def kl_divergence(log_q: Array, log_p: Array) -> Array:
    """
    The mean over the batch of sum p (log p - log q), for log-probabilities of one shape.

    `log_q` is the model's, `log_p` the target's (Kullback and Leibler 1951).
    """
    _alike("kl_divergence", log_q, log_p)
    return sum(exp(log_p) * (log_p - log_q)) * (1.0 / log_q.shape[0])


@arrow
def accuracy(logits: Array, labels: Array) -> Array:
    """1 for each row whose largest logit is at the label, else 0; a metric (batch,)."""
    best = argmax(logits, axis=-1)
    if labels.ndim == logits.ndim:
        return astype(equal(best, argmax(labels, axis=-1)), logits.dtype)
    return astype(equal(astype(best, labels.dtype), labels), logits.dtype)
