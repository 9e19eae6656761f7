"""Optimisers, which are lenses (see `catgrad.lenses.Optimizer`), and schedules for their rates."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from catgrad._arguments import check_count
from catgrad.array_api import (
    astype,
    cos,
    equal,
    expm1,
    logical_xor,
    minimum,
    sign,
    sqrt,
    square,
    sum,
    where,
)
from catgrad.array_api import maximum as _maximum
from catgrad.arrows import FunctionArrow
from catgrad.dialects.tops.base import tensor
from catgrad.dialects.tops.value import Array
from catgrad.frames import Initializer, Stored, TraceError
from catgrad.initializers import zero
from catgrad.lenses import Optimizer, Update
from catgrad.tracing import current

Schedule: TypeAlias = "Callable[[Array], Array]"
"""The learning rate as a function of the number of steps done (a floating scalar)."""


@dataclass(frozen=True)
class Given:
    """A learning rate that each step is given: see `given`."""

    name: str = "learning_rate"


Rate: TypeAlias = "float | Schedule | Given"
Rule: TypeAlias = "Callable[..., tuple[Array, ...]]"
"""(rate, shared values, parameter, states, gradient) -> (parameter, states)."""


# Schedules ---------------------------------------------------------------------------------------


def given() -> Given:
    """
    A learning rate that is an input of the step: `net.step(x, y, learning_rate)`, an f32 scalar.

    On the command line it is `train --learning-rate R`, the same for all steps of that run.
    """
    return Given()


def constant(rate: float) -> Schedule:
    """The same rate at every step."""
    return lambda done: done.full_like(rate)


def linear_warmup(rate: float, steps: int, then: Schedule | None = None) -> Schedule:
    """
    From rate / steps at the first step to `rate` at step `steps`; `then` goes on from there.

    `then` counts its steps from the end of the warm-up; without it the rate stays.
    """
    after = then if then is not None else constant(rate)

    def schedule(done: Array) -> Array:
        warm = (done + 1) * (rate / steps)
        return where(done < steps, warm, after(_maximum(done - steps, 0)))

    return schedule


def cosine(rate: float, steps: int, end: float = 0.0) -> Schedule:
    """Half a cosine wave from `rate` to `end` in `steps` steps (Loshchilov, Hutter 2016)."""

    def schedule(done: Array) -> Array:
        angle = minimum(done, steps) * (math.pi / steps)
        return (cos(angle) + 1) * (0.5 * (rate - end)) + end

    return schedule


# Building blocks ---------------------------------------------------------------------------------


def _optimizer(
    name: str,
    rate: Rate,
    slots: Mapping[str, Initializer],
    rule: Rule,
    clock: Callable[[Array], Sequence[Array]] | None = None,
) -> Optimizer:
    """An optimiser whose rule gets the rate: a number, or this step's, given or by schedule."""
    schedule = rate if callable(rate) else None
    fixed = schedule is None and not isinstance(rate, Given)
    extra = 2 if clock is not None else 0

    def put(*arrays: Array) -> tuple[Array, ...]:
        values = list(arrays)
        dtype = arrays[-1].dtype
        size: Any = rate if fixed else astype(values.pop(0), dtype)
        shared = [astype(v, dtype) for v in values[:extra]]
        parameter, *states, gradient = values[extra:]
        return rule(size, shared, parameter, states, gradient)

    def ticks(steps: Array) -> Sequence[Array]:
        rates = [schedule(steps - 1)] if schedule is not None else []
        return [*rates, *(clock(steps) if clock is not None else ())]

    names = [*([] if fixed else ["rate"]), *["first", "second"][:extra], "p", *slots, "g"]
    arrow = FunctionArrow(put, len(names), name, names)
    timed = schedule is not None or clock is not None
    inputs = (rate.name,) if isinstance(rate, Given) else ()
    return Optimizer(name, slots, arrow, ticks if timed else None, inputs=inputs)


def clip_by_global_norm(limit: float, optimizer: Optimizer) -> Optimizer:
    """Scale all gradients together so that their common 2-norm is at most `limit`."""

    def clip(gradients: Mapping[str, Array]) -> Mapping[str, Array]:
        total: Array | None = None
        for gradient in gradients.values():
            part = sum(square(gradient))
            total = part if total is None else total + astype(part, total.dtype)
        if total is None:
            return gradients
        norm = sqrt(total)
        factor = where(norm > limit, limit / norm, 1.0)
        return {name: g * astype(factor, g.dtype) for name, g in gradients.items()}

    return _before(optimizer, clip)


def frozen(patterns: str | Sequence[str], optimizer: Optimizer) -> Optimizer:
    """Leave the parameters alone whose names match a pattern, such as `"h.0.*"`."""
    chosen = [patterns] if isinstance(patterns, str) else list(patterns)

    def drop(gradients: Mapping[str, Array]) -> Mapping[str, Array]:
        kept = {n: g for n, g in gradients.items() if not any(fnmatchcase(n, p) for p in chosen)}
        if not kept:
            raise TraceError(f"frozen: every parameter matches {chosen}")
        return kept

    return _before(optimizer, drop)


def _before(
    optimizer: Optimizer, change: Callable[[Mapping[str, Array]], Mapping[str, Array]]
) -> Optimizer:
    def around(update: Update) -> Update:
        inner = optimizer.around(update)
        return lambda gradients: inner(change(gradients))

    return replace(optimizer, around=around)


COUNT = "accumulate.batch"
"""The state that counts the batches since the last update."""


def accumulate(batches: int, optimizer: Optimizer) -> Optimizer:
    """
    Update every `batches` steps, with the mean of the gradients of that many batches.

    For a loss that is a mean over the batch, this is the step on all samples of those batches at
    once, up to rounding (layers such as `batch_norm` see each batch alone). What is inside sees the
    mean: `accumulate(4, clip_by_global_norm(1.0, adam()))` clips the mean gradient, and Adam and
    schedules count updates. The sums and the count are states, so that resuming is exact.
    """
    check_count("accumulate", batches, "batches")

    def around(update: Update) -> Update:
        inner = optimizer.around(update)

        def accumulated(gradients: Mapping[str, Array]) -> dict[str, Array]:
            tracer = current("accumulate")
            done = tracer.read(Stored(COUNT, tensor((), "i32"), "state", zero)) + 1
            last = equal(done, batches)
            totals: dict[str, Array] = {}
            for name, gradient in gradients.items():
                total = Stored(f"{name}.accumulated", gradient.type, "state", zero)
                totals[total.name] = tracer.read(total) + gradient
            means = [total / batches for total in totals.values()]
            updated = inner(dict(zip(gradients, means, strict=True)))
            if COUNT in updated:
                raise TraceError("accumulate: the optimizer accumulates already; use one of both")
            new = {n: where(last, value, tracer.argument(n)) for n, value in updated.items()}
            new |= {name: where(last, 0, total) for name, total in totals.items()}
            return {**new, COUNT: where(last, 0, done)}

        return accumulated

    return replace(optimizer, around=around)


# Optimisers --------------------------------------------------------------------------------------
#
# The order of operations is that of the fewest temporaries where an update runs op by op: the
# square of a gradient comes before the decay of its mean, a rate last.


def sgd(learning_rate: Rate) -> Optimizer:
    """p - learning_rate * g."""

    def rule(rate: Any, _: Any, p: Array, states: Sequence[Array], g: Array) -> tuple[Array, ...]:
        return (p - g * rate,)

    return _optimizer("sgd", learning_rate, {}, rule)


def xor() -> Optimizer:
    """p xor g over Z/2: reverse derivative ascent (Wilson and Zanasi, arXiv 2101.10488)."""

    def rule(_: Any, __: Any, p: Array, states: Sequence[Array], g: Array) -> tuple[Array, ...]:
        return (logical_xor(p, g),)

    return _optimizer("xor", 0.0, {}, rule)


def momentum(learning_rate: Rate, decay: float = 0.9) -> Optimizer:
    """v' = decay * v + g;  p - learning_rate * v' (Polyak 1964)."""

    def rule(rate: Any, _: Any, p: Array, states: Sequence[Array], g: Array) -> tuple[Array, ...]:
        v = states[0] * decay + g
        return p - v * rate, v

    return _optimizer("momentum", learning_rate, {"velocity": zero}, rule)


def nesterov(learning_rate: Rate, decay: float = 0.9) -> Optimizer:
    """v' = decay * v + g;  p - learning_rate * (g + decay * v') (Nesterov 1983)."""

    def rule(rate: Any, _: Any, p: Array, states: Sequence[Array], g: Array) -> tuple[Array, ...]:
        v = states[0] * decay + g
        return p - (g + v * decay) * rate, v

    return _optimizer("nesterov", learning_rate, {"velocity": zero}, rule)


def adagrad(learning_rate: Rate = 1e-2, eps: float = 1e-10) -> Optimizer:
    """s' = s + g^2;  p - learning_rate * g / (sqrt(s') + eps) (Duchi, Hazan, Singer 2011)."""

    def rule(rate: Any, _: Any, p: Array, states: Sequence[Array], g: Array) -> tuple[Array, ...]:
        total = states[0] + g * g
        return p - g / (sqrt(total) + eps) * rate, total

    return _optimizer("adagrad", learning_rate, {"sum": zero}, rule)


def rmsprop(learning_rate: Rate = 1e-2, decay: float = 0.99, eps: float = 1e-8) -> Optimizer:
    """v' = decay v + (1 - decay) g^2;  p - learning_rate * g / (sqrt(v') + eps) (Hinton 2012)."""

    def rule(rate: Any, _: Any, p: Array, states: Sequence[Array], g: Array) -> tuple[Array, ...]:
        v = g * g * (1 - decay) + states[0] * decay
        return p - g / (sqrt(v) + eps) * rate, v

    return _optimizer("rmsprop", learning_rate, {"variance": zero}, rule)


def _correction(beta: float, steps: Array) -> Array:
    """1 - beta ** steps, without cancellation."""
    return -expm1(steps * math.log(beta)) if beta else steps.full_like(1)


def _adam(
    name: str, rate: Rate, betas: tuple[float, float], eps: float, decay: float = 0.0
) -> Optimizer:
    """
    Adam in the order that its paper calls more efficient (end of its section 2).

    m / c1 / (sqrt(v / c2) + eps)  =  (sqrt(c2) / c1) * m / (sqrt(v) + eps * sqrt(c2)): the scales
    are scalars, and no parameter's variance is divided by one.
    """
    beta1, beta2 = betas

    def clock(steps: Array) -> Sequence[Array]:
        scale = sqrt(_correction(beta2, steps))
        return scale / _correction(beta1, steps), scale * eps

    def rule(
        rate: Any, shared: Sequence[Array], p: Array, states: Sequence[Array], g: Array
    ) -> tuple[Array, ...]:
        boost, floor = shared
        m = states[0] * beta1 + g * (1 - beta1)
        v = g * g * (1 - beta2) + states[1] * beta2
        kept = p - p * (rate * decay) if decay else p
        return kept - m / (sqrt(v) + floor) * (boost * rate), m, v

    return _optimizer(name, rate, {"mean": zero, "variance": zero}, rule, clock)


def adam(
    learning_rate: Rate = 1e-3, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
) -> Optimizer:
    """Adam (Kingma and Ba, arXiv 1412.6980), with bias correction."""
    return _adam("adam", learning_rate, (beta1, beta2), eps)


def adamw(
    learning_rate: Rate = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    no_decay: str | Sequence[str] = (),
) -> Optimizer:
    """
    Adam with decoupled weight decay: first p - learning_rate * weight_decay * p.

    Loshchilov and Hutter, arXiv 1711.05101. Parameters whose names match a pattern of `no_decay`,
    such as `"*.bias"`, are updated without the decay.
    """
    betas = (beta1, beta2)
    patterns = (no_decay,) if isinstance(no_decay, str) else tuple(no_decay)
    plain = _adam("adamw", learning_rate, betas, eps).put
    decaying = _adam("adamw", learning_rate, betas, eps, weight_decay)
    return replace(decaying, exempt=(patterns, plain))


def lion(
    learning_rate: Rate = 1e-4, beta1: float = 0.9, beta2: float = 0.99, weight_decay: float = 0.0
) -> Optimizer:
    """
    p - learning_rate * (sign(beta1 * m + (1 - beta1) * g) + weight_decay * p).

    m' = beta2 * m + (1 - beta2) * g (Chen et al., arXiv 2302.06675).
    """

    def rule(rate: Any, _: Any, p: Array, states: Sequence[Array], g: Array) -> tuple[Array, ...]:
        step = sign(states[0] * beta1 + g * (1 - beta1))
        step = step + p * weight_decay if weight_decay else step
        return p - step * rate, states[0] * beta2 + g * (1 - beta2)

    return _optimizer("lion", learning_rate, {"mean": zero}, rule)
