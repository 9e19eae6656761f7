"""
Arrows: composable functions of symbolic arrays. Their derivatives are in `catgrad.derivatives`.

    f >> g    first f, then g            f @ g    side by side
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from catgrad._user_lines import user_line
from catgrad.dialects.tops.base import Tensor
from catgrad.dialects.tops.value import Array
from catgrad.frames import Callee, Function, TraceError, check_name, elements
from catgrad.tracing import Traced, current


class Arrow:
    """
    A function from arrays to arrays, shape-polymorphic until traced on types with `on`.

    `inputs` is the number of inputs, None if unknown.
    """

    def __init__(
        self, function: Function, inputs: int | None, name: str, names: Sequence[str] = ()
    ):
        self.function = function
        self.inputs = inputs
        self.name = name
        self.input_names = tuple(names)
        self.made = user_line()
        """The line that made it; None for those of this package."""
        self.parts: tuple[Arrow, ...] = ()
        """The arrows of a composition, in order."""

    def __call__(self, *arrays: Array) -> Any:
        """Apply to symbolic arrays, inside a trace; one result is the array, several a tuple."""
        self.check_count(arrays)
        return self.function(*arrays)

    def check_count(self, given: Sequence[object]) -> None:
        """Raise unless the number of inputs is right."""
        if self.inputs is not None and len(given) != self.inputs:
            inputs = "1 input" if self.inputs == 1 else f"{self.inputs} inputs"
            raise TraceError(f"{self.name} takes {inputs}, got {len(given)}")

    def names(self, count: int) -> list[str]:
        """Names for `count` inputs."""
        if len(self.input_names) == count:
            return list(self.input_names)
        return [f"x{i}" for i in range(count)]

    def __rshift__(self, other: Arrow | Function) -> Arrow:
        """`f >> g` is x -> g(f(x)); several results of f are the inputs of g."""
        then = as_arrow(other, f"{self.name} >> ...")

        parts = (*(self.parts or (self,)), *(then.parts or (then,)))

        def composed(*arrays: Array) -> Any:
            result: Any = arrays
            for part in parts:
                result = part(*as_results(result))
            return result

        arrow = Arrow(composed, self.inputs, f"{self.name} >> {then.name}", self.input_names)
        arrow.parts = parts
        return arrow

    def __matmul__(self, other: Arrow | Function) -> Arrow:
        """`f @ g` is (x, y) -> (f(x), g(y))."""
        beside = as_arrow(other, f"{self.name} @ ...")
        if self.inputs is None or beside.inputs is None:
            unknown = self if self.inputs is None else beside
            raise TraceError(
                f"{unknown.name} @ ...: number of inputs unknown; wrap it as arrow(f, inputs=n)"
            )
        split = self.inputs

        def composed(*arrays: Array) -> Any:
            return (*as_results(self(*arrays[:split])), *as_results(beside(*arrays[split:])))

        return Arrow(composed, split + beside.inputs, f"({self.name} @ {beside.name})")

    def on(self, *types: Tensor) -> Traced:
        """Fix the input types: a part that `compile` takes."""
        self.check_count(types)
        return Traced(self, types, tuple(self.names(len(types))))

    def trace(self, types: Sequence[Tensor]) -> Callee:
        """Trace to a private arrow."""
        self.check_count(types)
        symbol = self.name if self.name.isidentifier() else "composed"
        return current(self.name).trace(self.function, symbol, types, self.names(len(types)))

    def __repr__(self) -> str:
        return f"<arrow {self.name}>"


class FunctionArrow(Arrow):
    """A Python function: applying it emits a call of a private arrow of its own."""

    def __init__(
        self,
        function: Function,
        inputs: int | None,
        name: str,
        names: Sequence[str] = (),
        reverse: Arrow | None = None,
        surrogate: bool = False,
    ):
        super().__init__(function, inputs, name, names)
        self.custom, self.surrogate = reverse, surrogate

    def __call__(self, *arrays: Array) -> Any:
        tracer = current(self.name)
        callee = self.trace(types_of(self.name, arrays))
        return untuple(tracer.call(callee, arrays, None, self.name), callee.single)

    def trace(self, types: Sequence[Tensor]) -> Callee:
        if self.custom is None:
            return super().trace(types)
        self.check_count(types)
        tracer, names = current(self.name), self.names(len(types))
        return tracer.trace_custom(
            (self, self.surrogate), self.function, self.name, types, names, self.custom.trace
        )


@dataclass
class Repeated:
    """Applies arrows, each traced once for the same types of inputs if it stores nothing."""

    callees: dict[object, Callee] = field(default_factory=dict[object, "Callee"])

    def apply(self, arrow: Arrow, arrays: Sequence[Array]) -> Any:
        """What `arrow(*arrays)` returns."""
        if type(arrow) is not FunctionArrow or arrow.custom is not None:
            return arrow(*arrays)
        key = arrow, tuple(types_of(arrow.name, arrays))
        callee = self.callees.get(key) or arrow.trace(key[1])
        if not callee.stored and not callee.updates:
            self.callees[key] = callee
        return untuple(current(arrow.name).call(callee, arrays, None, arrow.name), callee.single)


class Layer(FunctionArrow):
    """A function with parameters of its own, under a label: given, or its kind and a number."""

    def __init__(self, function: Function, kind: str, label: str | None = None):
        count, names = _signature(function)
        super().__init__(function, count, kind, names)
        self.label = label

    def __call__(self, *arrays: Array) -> Any:
        tracer = current(self.name)
        label = tracer.layer_name(self, self.name, self.label)
        callee = self.trace(types_of(label, arrays))
        return untuple(tracer.call(callee, arrays, label, label), callee.single)

    def trace(self, types: Sequence[Tensor]) -> Callee:
        self.check_count(types)
        tracer, names = current(self.name), self.names(len(types))
        label = tracer.layer_name(self, self.name, self.label)
        tracer.homes.setdefault(self, {})[".".join([*tracer.scopes, label])] = None
        with tracer.scope(label):
            return tracer.trace(self.function, self.name, types, names, label=label)


def as_results(value: object) -> tuple[Any, ...]:
    """One result or several, as several."""
    return tuple(elements(value))


def untuple(values: Sequence[Array], single: bool) -> Any:
    """Results as a function returns them: one array, or a tuple."""
    return values[0] if single else tuple(values)


def types_of(name: str, arrays: Sequence[object]) -> list[Tensor]:
    """The types of what an arrow is applied to, which must be symbolic arrays."""
    for array in arrays:
        if not isinstance(array, Array):
            raise TraceError(f"{name} takes symbolic arrays, got {type(array).__name__}")
    return [array.type for array in arrays if isinstance(array, Array)]


def _signature(function: Function) -> tuple[int | None, tuple[str, ...]]:
    """The number and names of the positional parameters; None if there are `*args`."""
    names: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            return None, ()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            if parameter.default is parameter.empty:
                names.append(parameter.name)
    return len(names), tuple(names)


@overload
def arrow(
    function: Function,
    /,
    *,
    inputs: int | None = None,
    name: str | None = None,
    reverse: Arrow | Function | None = None,
    surrogate: bool = False,
) -> Arrow: ...


@overload
def arrow(
    *,
    inputs: int | None = None,
    name: str | None = None,
    reverse: Arrow | Function | None = None,
    surrogate: bool = False,
) -> Callable[[Function], Arrow]: ...


def arrow(
    function: Function | None = None,
    /,
    *,
    inputs: int | None = None,
    name: str | None = None,
    reverse: Arrow | Function | None = None,
    surrogate: bool = False,
) -> Arrow | Callable[[Function], Arrow]:
    """
    Make an arrow of a Python function on symbolic arrays; also a decorator.

    `inputs` is needed for functions with `*args`. `reverse` is a custom derivative `(A, B') -> A'`,
    additive in B' and without parameters. With `surrogate` it need not be the derivative, as in
    straight-through rules (Bengio, Leonard, Courville, arXiv 1308.3432).
    """
    if function is None:
        return lambda f: arrow(f, inputs=inputs, name=name, reverse=reverse, surrogate=surrogate)
    if surrogate and reverse is None:
        raise TraceError("arrow: a surrogate is a custom derivative; give it as reverse=")
    if isinstance(function, Arrow) and inputs is None and reverse is None:
        return function
    if reverse is not None:
        reverse = as_arrow(reverse, "arrow: reverse")
    count, names = (None, ()) if isinstance(function, Arrow) else _signature(function)
    count = count if inputs is None else inputs
    label = name or getattr(function, "__name__", "arrow")
    label = label if label.isidentifier() else "arrow"
    names = names if len(names) == count else ()
    return FunctionArrow(function, count, label, names, reverse, surrogate)


def as_arrow(f: object, what: str) -> Arrow:
    """An arrow as it is, a Python function as an arrow."""
    if isinstance(f, Arrow):
        return f
    if not callable(f):
        raise TraceError(f"{what} takes an arrow or a function of symbolic arrays, got {f!r}")
    return arrow(f)


def layer(kind: str, *, name: str | None = None) -> Callable[[Function], Layer]:
    """
    Decorator: a function that makes parameters with `param`, as a layer.

    The layer is called `name`, or else `kind1`, `kind2`, ...
    """
    if name is not None:
        check_name(name, kind)
    return lambda function: Layer(function, kind, name)


def identity(inputs: int = 1) -> Arrow:
    """x -> x."""

    def same(*arrays: Array) -> Any:
        return untuple(arrays, len(arrays) == 1)

    return Arrow(same, inputs, "identity")


def copy(count: int = 2) -> Arrow:
    """x -> (x, x, ...)."""

    def repeat(x: Array) -> tuple[Array, ...]:
        return (x,) * count

    return Arrow(repeat, 1, "copy")


def discard() -> Arrow:
    """x -> ()."""

    def drop(x: Array) -> tuple[Array, ...]:
        return ()

    return Arrow(drop, 1, "discard")
