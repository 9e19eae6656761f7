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
from fnmatch import fnmatchcase
from functools import partial
from typing import TypeAlias, cast

from xdsl.dialects.builtin import TensorType

from catgrad.arrows import Arrow, Repeated, arrow, as_arrow
from catgrad.derivatives import reverse, value_and_cotangents
from catgrad.dialects.tops.base import Tensor, dtype_of, tensor
from catgrad.dialects.tops.value import Array
from catgrad.frames import Initializer, Stored, TraceError, as_tuple
from catgrad.initializers import zero
from catgrad.storage import STEP
from catgrad.tracing import Traced, Tracer, current


@dataclass(frozen=True)
class Lens:
    """get : A -> B and put : A x B' -> A': ordinary arrows. Every arrow f is the lens (f, R[f])."""

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


Update: TypeAlias = "Callable[[Mapping[str, Array]], dict[str, Array]]"
"""Gradients of the parameters -> new values of parameters and states, all by name."""


@dataclass(frozen=True)
class Optimizer:
    """
    A lens on (state, parameters), parameter by parameter: its get hands out the parameter.

    `slots` names the states and gives their first values; `clock` computes the values shared by all
    parameters from the number of updates, which then is a state.
    """

    name: str
    slots: Mapping[str, Initializer]
    put: Arrow
    """
    The update rule of one parameter, a pure function:
    (*inputs, *shared, parameter, *states, gradient) -> (parameter, *states).

    `inputs` are f32 scalars, one for each name in `inputs`; `shared` are the results of `clock`,
    scalars of f32, or of f64 if a gradient is one. The parameter, its gradient and the states, in
    the order of `slots`, have one type; so have the results, their new values. A rule without
    states returns the parameter alone.
    """
    clock: Callable[[Array], Sequence[Array]] | None = None
    around: Callable[[Update], Update] = lambda update: update
    """What is done with all gradients first and all new values last, such as clipping."""
    exempt: tuple[Sequence[str], Arrow] | None = None
    """Name patterns of parameters that follow another update rule."""
    inputs: tuple[str, ...] = ()
    """Names of the f32 scalars that a training step takes after its samples."""

    def rule(self, name: str) -> Arrow:
        """The update rule of a parameter."""
        if self.exempt is not None and any(fnmatchcase(name, p) for p in self.exempt[0]):
            return self.exempt[1]
        return self.put

    def update(
        self, tracer: Tracer, inputs: Sequence[Array], gradients: Mapping[str, Array]
    ) -> dict[str, Array]:
        """New values of all parameters and states, given the gradients of the parameters."""
        return self.around(partial(self._update, tracer, inputs))(gradients)

    def _update(
        self, tracer: Tracer, inputs: Sequence[Array], gradients: Mapping[str, Array]
    ) -> dict[str, Array]:
        new: dict[str, Array] = {}
        shared, rules = list(inputs), Repeated()
        if self.clock is not None:
            count = tracer.read(Stored(f"{self.name}.step", tensor((), "i32"), "state", zero))
            new[f"{self.name}.step"] = after = count + 1
            double = any(g.dtype == "f64" for g in gradients.values())
            shared += self.clock(after.astype("f64" if double else "f32"))
        for name, gradient in gradients.items():
            stored = tracer.stored[name]
            states = {
                f"{name}.{slot}": tracer.read(Stored(f"{name}.{slot}", stored.type, "state", init))
                for slot, init in self.slots.items()
            }
            arrays = [*shared, tracer.argument(name), *states.values(), gradient]
            results = rules.apply(self.rule(name), arrays)
            new.update(zip([name, *states], as_tuple(results, self.name), strict=True))
        return new


def training(
    model: Arrow,
    *,
    inputs: Tensor,
    targets: Tensor,
    loss: Arrow,
    optimizer: Optimizer,
    metrics: Mapping[str, Arrow] | None = None,
    rate: Arrow | None = None,
) -> dict[str, Traced]:
    """
    The arrows of a trainer: init, predict, loss, step and the metrics.

    step is the put of `(optimiser @ id @ id) >> (model @ id) >> loss` at seed `rate(loss)`,
    unfolded into one arrow: it updates parameters and states and returns the loss before that. It
    takes a batch of inputs, one of targets, and what the optimiser wants to be given, such as the
    learning rate.

    Without a `rate` the seed is 1 and the loss a floating scalar. Over other rings a loss is no
    number to make small: over Z/2 it is y xor t, and the rate is `cg.identity()` (Wilson, Zanasi,
    arXiv 2101.10488). TraceError for what does not fit.
    """
    model, loss = as_arrow(model, "training: model"), as_arrow(loss, "training: loss")
    rate = None if rate is None else as_arrow(rate, "training: rate")
    objective = arrow(_measured(model, loss), inputs=2, name="objective")
    _check_given(inputs, targets, optimizer)
    types, names = (inputs, targets), ("x", "y")
    step = _step(objective, optimizer, rate)
    wanted = types + (tensor((), "f32"),) * len(optimizer.inputs), names + optimizer.inputs
    parts = {
        "step": Traced(step, *wanted, "loss", batched=True, training=True),
        "loss": Traced(objective.function, types, names, "loss", batched=True),
        "predict": Traced(model, (inputs,), ("x",), batched=True),
    }
    for name, metric in (metrics or {}).items():
        if name in (*parts, "init"):
            raise TraceError(f"metric {name!r} has the name of another arrow; rename it")
        parts[name] = Traced(_measured(model, metric), types, names, "metric", batched=True)
    return {**parts, "init": INIT}


def _step(objective: Arrow, optimizer: Optimizer, rate: Arrow | None) -> Callable[..., Array]:
    """The function of a training step."""

    def step(x: Array, t: Array, *given: Array) -> Array:
        loss, cotangents = value_and_cotangents(objective, [x, t], "training", rate)
        loss.value.name_hint = "loss"
        tracer = current("training")
        parameters = {
            key: cotangent
            for key, cotangent in cotangents.items()
            if isinstance(key, str) and tracer.stored[key].role == "parameter"
        }
        if not parameters:
            raise TraceError("training: the model has no parameters")
        if STEP in tracer.frame.stored:
            tracer.frame.updates[STEP] = tracer.argument(STEP) + 1
        tracer.frame.updates.update(optimizer.update(tracer, given, parameters))
        return loss

    return step


def _check_given(inputs: object, targets: object, optimizer: object) -> None:
    """Inputs and targets are tensor types, of one batch size; the optimiser is one."""
    if not isinstance(optimizer, Optimizer):
        raise TraceError(f"training: optimizer takes one as optimizers.sgd(0.1), got {optimizer!r}")
    for what, given in (("inputs", inputs), ("targets", targets)):
        if not isinstance(given, TensorType):
            raise TraceError(f"training: {what} takes a type such as cg.f32[32, 4], got {given!r}")
        if not given.get_shape():
            raise TraceError(f"training: {what} {given} has no axis 0, the batch")
    sizes = [cast(Tensor, given).get_shape()[0] for given in (inputs, targets)]
    if sizes[0] != sizes[1]:
        raise TraceError(
            f"training: axis 0 is the batch, got {sizes[0]} inputs {inputs} "
            f"and {sizes[1]} targets {targets}"
        )


def _initialise(seed: Array) -> None:
    """The first values of all that is stored in the program."""
    tracer = current("init")
    for stored in list(tracer.stored.values()):
        shape = tuple(stored.type.get_shape())
        tracer.frame.updates[stored.name] = value = stored.init(seed, shape, dtype_of(stored.type))
        if as_tuple(value, f"the initialiser of {stored.name!r}")[0].type != stored.type:
            raise TraceError(
                f"initialiser of {stored.name!r} gives {value!r}, expected {stored.type}"
            )


INIT = Traced(_initialise, (tensor((), "i32"),), ("seed",))
"""The arrow @init, from the initialisers of the stored tensors."""


def _measured(model: Arrow, metric: Arrow) -> Callable[[Array, Array], Array]:
    measure = as_arrow(metric, "training: metric")
    return lambda x, t: measure(model(x), t)
