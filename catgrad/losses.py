"""Losses (one floating scalar) and metrics (one value per row)."""

from __future__ import annotations

from catgrad.array_api import (
    arange,
    argmax,
    astype,
    equal,
    exp,
    expand_dims,
    log,
    mean,
    square,
    sum,
    where,
)
from catgrad.array_api import max as _max
from catgrad.arrows import arrow
from catgrad.dialects.tops.value import Array
from catgrad.frames import TraceError
from catgrad.tracing import current


@arrow
def mse(y: Array, t: Array) -> Array:
    """The mean over the batch (axis 0) of half the squared error, summed over all other axes."""
    if y.shape != t.shape or not y.shape:
        raise TraceError(
            f"mse takes predictions and targets of one shape (batch, ...), got {y!r} and {t!r}"
        )
    return sum(square(y - t)) * (0.5 / y.shape[0])


@arrow
def _log_softmax_reverse(x: Array, g: Array) -> Array:
    return g - exp(log_softmax(x)) * sum(g, axis=-1, keepdims=True)


@arrow(reverse=_log_softmax_reverse)
def log_softmax(x: Array) -> Array:
    """log(softmax(x)) along the last axis; right for logits of any size."""
    shifted = x - _max(x, axis=-1, keepdims=True)
    return shifted - log(sum(exp(shifted), axis=-1, keepdims=True))


@arrow
def cross_entropy(logits: Array, labels: Array) -> Array:
    """The mean of -log softmax(logits) at the labels: (batch, classes) and integers (batch,)."""
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or labels.dtype not in ("i32", "i64"):
        raise TraceError(
            "cross_entropy takes logits of shape (batch, classes) and integer labels of shape "
            f"(batch,), got {logits!r} and {labels!r}"
        )
    classes = logits.shape[1]
    current("cross_entropy").bound(labels, 0, classes)
    here = equal(expand_dims(labels, 1), arange(classes, labels.dtype))
    picked = where(here, log_softmax(logits), 0.0)
    return -mean(sum(picked, axis=1))


@arrow
def accuracy(logits: Array, labels: Array) -> Array:
    """1 for each row whose largest logit is at the label, else 0; a metric (batch,)."""
    best = argmax(logits, axis=-1)
    if labels.ndim == logits.ndim:
        return astype(equal(best, argmax(labels, axis=-1)), logits.dtype)
    return astype(equal(astype(best, labels.dtype), labels), logits.dtype)
