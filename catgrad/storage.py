"""What outlives a call: parameters, states, and the random key of a training program."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TypeAlias

from catgrad.dialects.tops.base import tensor
from catgrad.dialects.tops.value import Array
from catgrad.frames import Dtype, Initializer, Role, Stored, TraceError, check_name
from catgrad.initializers import zero
from catgrad.tracing import current

SEED, STEP = "random.seed", "random.step"


Shape: TypeAlias = "int | Sequence[int]"


def param(shape: Shape, *, init: Initializer, name: str, dtype: str | Dtype = "f32") -> Array:
    """
    A parameter of the layer being traced, named `scope.name`, made by `init(seed, shape, dtype)`.

    The same name is the same parameter; its type must agree.
    """
    return _stored("parameter", "param", shape, init, name, dtype)


def parameter_of(layer: object, name: str) -> Array:
    """The parameter `name` of a layer that was applied before, in this or another arrow."""
    tracer = current("parameter_of")
    homes = tracer.homes.get(layer, {})
    if len(homes) != 1:
        where = f"was applied as {', '.join(homes)}" if homes else "was not applied before"
        raise TraceError(f"tied to a layer that {where}; accepts one that was applied in one scope")
    full_name = f"{next(iter(homes))}.{name}"
    if full_name not in tracer.stored:
        raise TraceError(f"tied to layer {next(iter(homes))!r}, which has no parameter {name!r}")
    return tracer.read(tracer.stored[full_name])


def state(shape: Shape, *, init: Initializer, name: str, dtype: str | Dtype = "f32") -> Array:
    """
    A state of the layer being traced, such as running statistics: kept between steps, not learnt.

    Named `scope.name`, made by `init(seed, shape, dtype)`; `update` gives it a new value.
    """
    return _stored("state", "state", shape, init, name, dtype)


def _stored(
    role: Role, what: str, shape: Shape, init: Initializer, name: str, dtype: str | Dtype
) -> Array:
    tracer = current(what)
    if not callable(init):
        raise TraceError(f"{what}: init is a function (seed, shape, dtype) -> array, got {init!r}")
    type_ = Dtype(str(dtype))[(shape,) if isinstance(shape, int) else tuple(shape)]
    full_name = ".".join([*tracer.scopes, check_name(name, what)])
    return tracer.read(Stored(full_name, type_, role, init))


def update(old: Array, new: Array) -> None:
    """Give a state a new value: later reads in the same program see it, and the next step."""
    current("update").update(old, new)


def is_training() -> bool:
    """Whether the arrow being traced is a training step; states can only be updated there."""
    return current("is_training").training


def random_key() -> tuple[Array, Array]:
    """The states `random.seed` and `random.step` (i32 scalars) that training owns: +1 per step."""
    tracer = current("random_key")
    scalar = tensor((), "i32")
    seed = tracer.read(Stored(SEED, scalar, "state", lambda seed, shape, dtype: seed))
    return seed, tracer.read(Stored(STEP, scalar, "state", zero))


def scope(name: str) -> AbstractContextManager[None]:
    """Context manager: names of parameters and layers made inside start with `name.`."""
    return current("scope").scope(check_name(name, "scope"))
