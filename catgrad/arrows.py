"""
Arrows: composable functions of symbolic arrays, and their derivatives.

    f >> g    first f, then g            f @ g    side by side
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, overload

from catgrad.dialects import cat
from catgrad.dialects.tops.base import FLOAT, Tensor
from catgrad.dialects.tops.value import Array
from catgrad.tracing import (
    Callee,
    Function,
    Initializer,
    Stored,
    Traced,
    TraceError,
    current,
    hint,
    tensor,
)


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

    def __call__(self, *arrays: Array) -> Any:
        """Apply to symbolic arrays, inside a trace; one result is the array itself, several a tuple."""
        self.check_count(arrays)
        return self.function(*arrays)

    def check_count(self, given: Sequence[object]) -> None:
        """Raise unless the number of inputs is right."""
        if self.inputs is not None and len(given) != self.inputs:
            raise TraceError(f"{self.name} takes {self.inputs} inputs, got {len(given)}")

    def names(self, count: int) -> list[str]:
        """Names for `count` inputs."""
        if len(self.input_names) == count:
            return list(self.input_names)
        return [f"x{i}" for i in range(count)]

    def __rshift__(self, other: Arrow) -> Arrow:
        """`f >> g` is x -> g(f(x)); several results of f are the inputs of g."""

        def composed(*arrays: Array) -> Any:
            return other(*_tuple(self(*arrays)))

        return Arrow(composed, self.inputs, f"{self.name} >> {other.name}", self.input_names)

    def __matmul__(self, other: Arrow) -> Arrow:
        """`f @ g` is (x, y) -> (f(x), g(y))."""
        if self.inputs is None or other.inputs is None:
            unknown = self if self.inputs is None else other
            raise TraceError(
                f"{unknown.name} @ ...: number of inputs unknown; wrap it as arrow(f, inputs=n)"
            )
        split = self.inputs

        def composed(*arrays: Array) -> Any:
            return (*_tuple(self(*arrays[:split])), *_tuple(other(*arrays[split:])))

        return Arrow(composed, split + other.inputs, f"({self.name} @ {other.name})")

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
    ):
        super().__init__(function, inputs, name, names)
        self.custom = reverse

    def __call__(self, *arrays: Array) -> Any:
        tracer = current(self.name)
        callee = self.trace(_types(self.name, arrays))
        return _untuple(tracer.call(callee, arrays, None, self.name), callee.single)

    def trace(self, types: Sequence[Tensor]) -> Callee:
        if self.custom is None:
            return super().trace(types)
        self.check_count(types)
        tracer, names = current(self.name), self.names(len(types))
        return tracer.trace_custom(self, self.function, self.name, types, names, self.custom.trace)


class Layer(FunctionArrow):
    """A function with parameters of its own, under a label: given, or its kind and a number."""

    def __init__(self, function: Function, kind: str, label: str | None = None):
        count, names = _signature(function)
        super().__init__(function, count, kind, names)
        self.label = label

    def __call__(self, *arrays: Array) -> Any:
        tracer = current(self.name)
        label = tracer.layer_name(self, self.name, self.label)
        with tracer.scope(label):
            callee = self.labelled(label, _types(self.name, arrays))
        return _untuple(tracer.call(callee, arrays, label, label), callee.single)

    def labelled(self, label: str, types: Sequence[Tensor]) -> Callee:
        """Trace; a type error names the layer by its label."""
        self.check_count(types)
        return current(label).trace(
            self.function, self.name, types, self.names(len(types)), label=label
        )


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)  # pyright: ignore[reportUnknownArgumentType]


def _untuple(values: Sequence[Array], single: bool) -> Any:
    return values[0] if single else tuple(values)


def _types(name: str, arrays: Sequence[object]) -> list[Tensor]:
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
    reverse: Arrow | None = None,
) -> Arrow: ...


@overload
def arrow(
    *, inputs: int | None = None, name: str | None = None, reverse: Arrow | None = None
) -> Callable[[Function], Arrow]: ...


def arrow(
    function: Function | None = None,
    /,
    *,
    inputs: int | None = None,
    name: str | None = None,
    reverse: Arrow | None = None,
) -> Arrow | Callable[[Function], Arrow]:
    """
    Make an arrow of a Python function on symbolic arrays; also a decorator.

    `inputs` is needed for functions with `*args`. `reverse` is a custom derivative `(A, B') -> A'`,
    additive in B' and without parameters.
    """
    if function is None:
        return lambda f: arrow(f, inputs=inputs, name=name, reverse=reverse)
    if isinstance(function, Arrow) and inputs is None and reverse is None:
        return function
    count, names = (None, ()) if isinstance(function, Arrow) else _signature(function)
    count = count if inputs is None else inputs
    label = name or getattr(function, "__name__", "arrow")
    label = label if label.isidentifier() else "arrow"
    return FunctionArrow(function, count, label, names if len(names) == count else (), reverse)


def layer(kind: str, *, name: str | None = None) -> Callable[[Function], Layer]:
    """Decorator: a function that makes parameters with `param`, as a layer `kind1`, `kind2`, ... or `name`."""
    return lambda function: Layer(function, kind, name)


def param(shape: Sequence[int], *, init: Initializer, name: str, dtype: str = "f32") -> Array:
    """
    A parameter of the layer being traced, named `scope.name`, made by `init(seed, shape, dtype)`.

    The same name is the same parameter; its type must agree.
    """
    tracer = current("param")
    full_name = ".".join([*tracer.scopes, name])
    return tracer.read(Stored(full_name, tensor(shape, dtype), "parameter", init))


def scope(name: str) -> AbstractContextManager[None]:
    """Context manager: names of parameters and layers made inside start with `name.`."""
    return current("scope").scope(name)


def identity(inputs: int = 1) -> Arrow:
    """x -> x."""
    return Arrow(lambda *xs: xs[0] if len(xs) == 1 else xs, inputs, "identity")


def copy(count: int = 2) -> Arrow:
    """x -> (x, x, ...)."""
    return Arrow(lambda x: (x,) * count, 1, "copy")


def discard() -> Arrow:
    """x -> ()."""
    return Arrow(lambda _: (), 1, "discard")


def _derivative(
    kind: type[cat.ReverseOp | cat.ForwardOp],
    callee: Callee,
    primals: Sequence[Array],
    seconds: Sequence[Array],
) -> tuple[list[Array], dict[str, Array], list[Array]]:
    """Emit a derivative: the values, the cotangents of stored tensors, and those of the inputs."""
    tracer = current("a derivative")
    operands, site = tracer.pass_on(callee, primals)
    frame = tracer.frame
    given = [a.value for a in seconds]
    if kind is cat.ForwardOp:
        still = [
            frame.ops.builder.insert(cat.ZeroOp(v.type)).y for v in operands[: len(callee.stored)]
        ]
        given = [*still, *given]
    op = kind(callee.symbol, operands, given, callee.outputs, None, site)
    frame.ops.builder.insert(op)
    values = [frame.ops.array(v) for v in op.values]
    rest = [frame.ops.array(v) for v in op.derivatives]
    if kind is cat.ForwardOp:
        return values, {}, rest
    for name, array in zip(callee.stored, rest, strict=False):
        array.value.name_hint = hint(f"d_{tracer.local(name)}")
    count = len(callee.stored)
    return values, dict(zip(callee.stored, rest[:count], strict=True)), rest[count:]


def _check_second(what: str, expected: Sequence[Tensor], given: Sequence[Array]) -> None:
    if [a.type for a in given] != list(expected):
        raise TraceError(
            f"{what} takes {', '.join(map(str, expected))} after the inputs, got {', '.join(map(repr, given)) or 'nothing'}"
        )


def reverse(f: Arrow) -> Arrow:
    """The reverse derivative R[f] : (A, B') -> A'."""

    def reversed_(*arrays: Array) -> Any:
        count = f.inputs if f.inputs is not None else len(arrays) - 1
        callee = f.trace(_types(f.name, arrays[:count]))
        _check_second(f"reverse({f.name})", callee.outputs, arrays[count:])
        return _untuple(
            _derivative(cat.ReverseOp, callee, arrays[:count], arrays[count:])[2], count == 1
        )

    return arrow(reversed_, name=f"{f.name}_reverse")


def forward(f: Arrow) -> Arrow:
    """The forward derivative D[f] : (A, A') -> B'."""

    def forwarded(*arrays: Array) -> Any:
        count = len(arrays) // 2
        types = _types(f.name, arrays[:count])
        callee = f.trace(types)
        _check_second(f"forward({f.name})", types, arrays[count:])
        return _untuple(
            _derivative(cat.ForwardOp, callee, arrays[:count], arrays[count:])[2], callee.single
        )

    count = None if f.inputs is None else 2 * f.inputs
    names = f.names(f.inputs or 0)
    return FunctionArrow(
        forwarded, count, f"{f.name}_forward", [*names, *(f"d_{n}" for n in names)]
    )


def value_and_cotangents(
    f: Arrow, arrays: Sequence[Array], what: str
) -> tuple[list[Array], dict[str, Array], list[Array]]:
    """f's value and the cotangents of its stored tensors and inputs, of one floating scalar at seed 1."""
    callee = f.trace(_types(f.name, arrays))
    if len(callee.outputs) != 1 or callee.outputs[0] not in [tensor((), d) for d in FLOAT]:
        got = ", ".join(map(str, callee.outputs))
        raise TraceError(
            f"{what} of {f.name} needs one floating scalar, got {got}; use reverse for other arrows"
        )
    (out,) = callee.outputs
    seed = current(what).frame.ops.full((), 1, "f32" if out == tensor((), "f32") else "f64")
    return _derivative(cat.ReverseOp, callee, arrays, [seed])


def _gradient(f: Arrow, wrt: int | Sequence[int] | None, with_value: bool) -> Arrow:
    what = "value_and_grad" if with_value else "grad"

    def gradient(*arrays: Array) -> Any:
        chosen = (
            list(range(len(arrays)))
            if wrt is None
            else [wrt]
            if isinstance(wrt, int)
            else list(wrt)
        )
        if any(not 0 <= i < len(arrays) for i in chosen):
            raise TraceError(f"{what}({f.name}): wrt={wrt} must lie in [0, {len(arrays)})")
        values, _, cotangents = value_and_cotangents(f, arrays, what)
        picked = _untuple([cotangents[i] for i in chosen], len(chosen) == 1)
        return (values[0], *_tuple(picked)) if with_value else picked

    return FunctionArrow(gradient, f.inputs, f"{f.name}_{what}", f.input_names)


def grad(f: Arrow, wrt: int | Sequence[int] | None = None) -> Arrow:
    """The gradient A -> A' of an arrow with one floating scalar result, for all inputs or those in `wrt`."""
    return _gradient(f, wrt, with_value=False)


def value_and_grad(f: Arrow, wrt: int | Sequence[int] | None = None) -> Arrow:
    """Like `grad`, with the value in front."""
    return _gradient(f, wrt, with_value=True)
