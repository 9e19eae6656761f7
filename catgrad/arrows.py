"""
Arrows: composable functions of symbolic arrays, and their derivatives.

    f >> g    first f, then g            f @ g    side by side
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, overload

from catgrad._user_lines import user_line
from catgrad.dialects import cat
from catgrad.dialects._names import hint
from catgrad.dialects.tops.base import FLOAT, Tensor, tensor
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
                result = part(*_tuple(result))
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
            return (*_tuple(self(*arrays[:split])), *_tuple(beside(*arrays[split:])))

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
        callee = self.trace(_types(label, arrays))
        return _untuple(tracer.call(callee, arrays, label, label), callee.single)

    def trace(self, types: Sequence[Tensor]) -> Callee:
        self.check_count(types)
        tracer, names = current(self.name), self.names(len(types))
        label = tracer.layer_name(self, self.name, self.label)
        with tracer.scope(label):
            return tracer.trace(self.function, self.name, types, names, label=label)


def _tuple(value: object) -> tuple[Any, ...]:
    return tuple(elements(value))


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
    reverse: Arrow | Function | None = None,
) -> Arrow: ...


@overload
def arrow(
    *, inputs: int | None = None, name: str | None = None, reverse: Arrow | Function | None = None
) -> Callable[[Function], Arrow]: ...


def arrow(
    function: Function | None = None,
    /,
    *,
    inputs: int | None = None,
    name: str | None = None,
    reverse: Arrow | Function | None = None,
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
    if reverse is not None:
        reverse = as_arrow(reverse, "arrow: reverse")
    count, names = (None, ()) if isinstance(function, Arrow) else _signature(function)
    count = count if inputs is None else inputs
    label = name or getattr(function, "__name__", "arrow")
    label = label if label.isidentifier() else "arrow"
    return FunctionArrow(function, count, label, names if len(names) == count else (), reverse)


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
        return _untuple(arrays, len(arrays) == 1)

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
    frame.ops.check(callee.symbol, seconds)
    given = [a.value for a in seconds]
    still = callee.updates if kind is cat.ReverseOp else callee.stored
    zeros = [frame.ops.builder.insert(cat.ZeroOp(tracer.stored[n].type)).y for n in still]
    given = [*given, *zeros] if kind is cat.ReverseOp else [*zeros, *given]
    op = kind(callee.symbol, operands, given, tracer.result_types(callee), None, site)
    frame.ops.builder.insert(op)
    values = tracer.results(callee, op.values, callee.symbol)
    rest = [frame.ops.array(v) for v in op.derivatives]
    if kind is cat.ForwardOp:
        return values, {}, rest[: len(callee.outputs)]
    for name, array in zip(callee.stored, rest, strict=False):
        array.value.name_hint = hint(f"d_{tracer.local(name)}")
    count = len(callee.stored)
    return values, dict(zip(callee.stored, rest[:count], strict=True)), rest[count:]


def _check_second(what: str, expected: Sequence[Tensor], given: Sequence[Array]) -> None:
    if [a.type for a in given] != list(expected):
        types = ", ".join(map(str, expected))
        got = ", ".join(map(repr, given)) or "nothing"
        raise TraceError(f"{what} takes {types} after the inputs, got {got}")


class _Reverse(FunctionArrow):
    """R[f]: names its inputs as f does, then dy."""

    def names(self, count: int) -> list[str]:
        more = count - len(self.input_names)
        return [*self.input_names, *(["dy"] if more == 1 else [f"dy{i}" for i in range(more)])]


def reverse(f: Arrow | Function) -> Arrow:
    """The reverse derivative R[f] : (A, B') -> A'."""
    f = as_arrow(f, "reverse")

    def reversed_(*arrays: Array) -> Any:
        count = f.inputs if f.inputs is not None else len(arrays) - 1
        callee = f.trace(_types(f.name, arrays[:count]))
        _check_second(f"reverse({f.name})", callee.outputs, arrays[count:])
        return _untuple(
            _derivative(cat.ReverseOp, callee, arrays[:count], arrays[count:])[2], count == 1
        )

    name, names = f"{f.name}_reverse", f.names(f.inputs or 0)
    return _Reverse(reversed_, None, name if name.isidentifier() else "arrow_reverse", names)


def forward(f: Arrow | Function) -> Arrow:
    """The forward derivative D[f] : (A, A') -> B'."""
    f = as_arrow(f, "forward")

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
    """
    f's value, the cotangents of its stored tensors, and those of its inputs, at seed 1.

    f must have one result, a floating scalar.
    """
    callee = f.trace(_types(f.name, arrays))
    if len(callee.outputs) != 1 or callee.outputs[0] not in [tensor((), d) for d in FLOAT]:
        got = ", ".join(map(str, callee.outputs))
        raise TraceError(
            f"{what} of {f.name} needs one floating scalar, got {got}; use reverse for other arrows"
        )
    (out,) = callee.outputs
    seed = current(what).frame.ops.full((), 1, "f32" if out == tensor((), "f32") else "f64")
    return _derivative(cat.ReverseOp, callee, arrays, [seed])


def _gradient(
    f: Arrow | Function, wrt: int | Sequence[int] | None, what: str, with_value: bool
) -> Arrow:
    f = as_arrow(f, what)

    def gradient(*arrays: Array) -> Any:
        everything = range(len(arrays))
        chosen = [wrt] if isinstance(wrt, int) else list(everything if wrt is None else wrt)
        if not chosen or any(i not in everything for i in chosen):
            raise TraceError(
                f"{what}({f.name}): wrt={wrt!r} must be positions of inputs, in [0, {len(arrays)})"
            )
        values, _, cotangents = value_and_cotangents(f, arrays, what)
        picked = _untuple([cotangents[i] for i in chosen], len(chosen) == 1)
        return (values[0], *_tuple(picked)) if with_value else picked

    return FunctionArrow(gradient, f.inputs, f"{f.name}_{what}", f.input_names)


def grad(f: Arrow | Function, wrt: int | Sequence[int] | None = None) -> Arrow:
    """The gradient A -> A' of an arrow to one floating scalar, for all inputs or those in `wrt`."""
    return _gradient(f, wrt, "grad", with_value=False)


def value_and_grad(f: Arrow | Function, wrt: int | Sequence[int] | None = None) -> Arrow:
    """Like `grad`, with the value in front."""
    return _gradient(f, wrt, "value_and_grad", with_value=True)
