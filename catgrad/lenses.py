"""
Lenses and learners: the training step as a composition of lenses.

After Cruttwell, Gavranovic, Ghani, Wilson, Zanasi: Categorical foundations of gradient-based
learning (arXiv 2103.01931).

        A ---> [ get ] ---> B                 (f >> g).put(a, c') = f.put(a, g.put(f.get(a), c'))
        A'<--- [ put ] <--- B'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from catgrad.array_api import full
from catgrad.arrows import Arrow, arrow, reverse, value_and_cotangents
from catgrad.dialects.tops.base import Tensor, dtype_of
from catgrad.dialects.tops.value import Array
from catgrad.tracing import Initializer, Stored, Traced, TraceError, Tracer, current, tensor


@dataclass(frozen=True)
class Lens:
    """get : A -> B and put : A x B' -> A', two ordinary arrows. Every arrow f is the lens (f, R[f])."""

    get: Arrow
    put: Arrow

    @staticmethod
    def of(f: Arrow) -> Lens:
        """The lens (f, R[f])."""
        return Lens(f, reverse(f))

    def __rshift__(self, other: Lens) -> Lens:
        """First self, then other; put runs backwards."""
        first, then = self, other

        def put(*arrays: Array) -> object:
            a, c = arrays[:-1], arrays[-1]
            return first.put(*a, then.put(first.get(*a), c))

        count = None if first.get.inputs is None else first.get.inputs + 1
        return Lens(
            first.get >> then.get, Arrow(put, count, f"put({first.get.name} >> {then.get.name})")
        )


@dataclass(frozen=True)
class Optimizer:
    """
    A lens on (state, parameters), parameter by parameter.

    `get` hands out the parameter. `put` is the update rule: (shared values, parameter, states,
    gradient) -> (parameter, states). `slots` names the states and gives their first values; `clock`
    computes the values shared by all parameters from the number of steps, which is a state if there is one.
    """

    name: str
    slots: Mapping[str, Initializer]
    put: Arrow
    clock: Callable[[Array], Sequence[Array]] | None = None

    def update(self, tracer: Tracer, gradients: Mapping[str, Array]) -> dict[str, Array]:
        """New values of all parameters and states, given the gradients of the parameters."""
        new: dict[str, Array] = {}
        shared: Sequence[Array] = ()
        if self.clock is not None:
            count = tracer.read(Stored(f"{self.name}.step", tensor((), "i32"), "state", _zero))
            new[f"{self.name}.step"] = after = count + 1
            shared = self.clock(after)
        for name, gradient in gradients.items():
            stored = tracer.stored[name]
            states = {
                f"{name}.{slot}": tracer.read(Stored(f"{name}.{slot}", stored.type, "state", init))
                for slot, init in self.slots.items()
            }
            results = self.put(*shared, tracer.argument(name), *states.values(), gradient)
            values = results if isinstance(results, tuple) else (results,)
            new.update(zip([name, *states], values, strict=True))
        return new


def _zero(seed: Array, shape: tuple[int, ...], dtype: str) -> Array:
    return full(shape, 0, dtype)


def training(
    model: Arrow,
    *,
    inputs: Tensor,
    targets: Tensor,
    loss: Arrow,
    optimizer: Optimizer,
    metrics: Mapping[str, Arrow] | None = None,
) -> dict[str, Traced]:
    """
    The arrows of a trainer: init, predict, loss, step and the metrics.

    step is the put of `(optimiser @ id @ id) >> (model @ id) >> loss` at seed 1, unfolded into one
    arrow: it updates parameters and states and returns the loss before the update.
    """
    objective = arrow(lambda x, t: loss(model(x), t), inputs=2, name="objective")

    def step(x: Array, t: Array) -> Array:
        values, gradients, _ = value_and_cotangents(objective, [x, t], "training")
        values[0].value.name_hint = "loss"
        tracer = current("training")
        parameters = {n: g for n, g in gradients.items() if tracer.stored[n].role == "parameter"}
        if not parameters:
            raise TraceError("training: the model has no parameters")
        tracer.frame.updates.update(optimizer.update(tracer, parameters))
        return values[0]

    def init(seed: Array) -> None:
        tracer = current("init")
        for stored in list(tracer.stored.values()):
            shape = tuple(stored.type.get_shape())
            tracer.frame.updates[stored.name] = value = stored.init(
                seed, shape, dtype_of(stored.type)
            )
            if value.type != stored.type:
                raise TraceError(
                    f"initialiser of {stored.name!r} gives {value!r}, expected {stored.type}"
                )

    types, names = (inputs, targets), ("x", "y")
    if inputs.get_shape()[:1] != targets.get_shape()[:1]:
        raise TraceError(f"inputs {inputs} and targets {targets} need one batch size at axis 0")
    parts = {
        "step": Traced(step, types, names, "loss", batched=True),
        "loss": Traced(objective.function, types, names, "loss", batched=True),
        "predict": Traced(model, (inputs,), ("x",), batched=True),
    }
    for name, metric in (metrics or {}).items():
        if name in (*parts, "init"):
            raise TraceError(f"metric {name!r} has the name of another arrow; rename it")
        parts[name] = Traced(_measured(model, metric), types, names, "metric", batched=True)
    parts["init"] = Traced(init, (tensor((), "i32"),), ("seed",))
    return parts


def _measured(model: Arrow, metric: Arrow) -> Callable[[Array, Array], Array]:
    return lambda x, t: metric(model(x), t)
