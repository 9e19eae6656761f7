"""
Derivatives of arrows: arrows again, so that they nest to any order.

    reverse  R[f] : (A, B') -> A'        grad  A -> A', of f to one floating scalar
    forward  D[f] : (A, A') -> B'        hessian_vector = forward of grad : (A, A') -> A'

A' are the inputs, or what `wrt` chooses of the inputs and of the parameters: positions of inputs,
names of parameters or patterns of names such as `"dense1.*"`, one or several. A pattern stands for
the parameters that match, in order of first use. Of one choice, results are the array itself, of
several a tuple in the order of `wrt`. States are no choice: new states are passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from xdsl.ir import SSAValue

from catgrad.arrows import Arrow, FunctionArrow, as_arrow, as_results, types_of, untuple
from catgrad.dialects import cat
from catgrad.dialects._checks import suggestion
from catgrad.dialects._names import hint
from catgrad.dialects.tops.base import FLOAT, Tensor, tensor
from catgrad.dialects.tops.value import Array
from catgrad.frames import Callee, Function, TraceError, as_tuple
from catgrad.tracing import current

Key: TypeAlias = "int | str"
"""An input by its position, or a stored tensor by its name."""
Wrt: TypeAlias = "Key | Sequence[Key] | None"
"""What a derivative is with respect to; None for all inputs."""

Seed: TypeAlias = "Callable[[list[Array]], Sequence[Array]]"
"""The cotangents of an arrow's outputs as a function of its outputs."""

MANY = 8
"""Of more names, an error shows the first."""


# Emitting ----------------------------------------------------------------------------------------


def _pullback(
    callee: Callee, primals: Sequence[Array], cotangents: Sequence[Array] | Seed
) -> tuple[list[Array], dict[Key, Array]]:
    """
    Emit R[f]: the values, and the cotangents of stored tensors and inputs.

    A seed that is a function gets the values, from a call that `cse` merges with the derivative's.
    """
    tracer = current("a derivative")
    operands, site = tracer.pass_on(callee, primals)
    ops = tracer.frame.ops
    if callable(cotangents):
        call = cat.CallOp(callee.symbol, operands, tracer.result_types(callee), None, site)
        ops.builder.insert(call)
        cotangents = cotangents([ops.array(v) for v in call.results[: len(callee.outputs)]])
    ops.check(callee.symbol, cotangents)
    given = [
        *(c.value for c in cotangents),
        *(_zero(tracer.stored[n].type) for n in callee.updates),
    ]
    op = cat.ReverseOp(callee.symbol, operands, given, tracer.result_types(callee), None, site)
    ops.builder.insert(op)
    keys: list[Key] = [*callee.stored, *range(len(primals))]
    for key, value in zip(keys, op.derivatives, strict=True):
        if isinstance(key, str):
            value.name_hint = hint(f"d_{tracer.local(key)}")
    values = tracer.results(callee, op.values, callee.symbol)
    return values, {k: ops.array(v) for k, v in zip(keys, op.derivatives, strict=True)}


def _pushforward(
    callee: Callee, primals: Sequence[Array], tangents: Mapping[Key, Array]
) -> list[Array]:
    """Emit D[f]: the tangents of the outputs; what has no tangent does not move."""
    tracer = current("a derivative")
    operands, site = tracer.pass_on(callee, primals)
    ops = tracer.frame.ops
    ops.check(callee.symbol, list(tangents.values()))
    types: dict[Key, Tensor] = {n: tracer.stored[n].type for n in callee.stored}
    types.update(enumerate(p.type for p in primals))
    given = [tangents[k].value if k in tangents else _zero(t) for k, t in types.items()]
    op = cat.ForwardOp(callee.symbol, operands, given, tracer.result_types(callee), None, site)
    ops.builder.insert(op)
    tracer.results(callee, op.values, callee.symbol)
    return [ops.array(v) for v in op.derivatives[: len(callee.outputs)]]


def _zero(type_: Tensor) -> SSAValue:
    return current("a derivative").frame.ops.builder.insert(cat.ZeroOp(type_)).y


def value_and_cotangents(
    f: Arrow, arrays: Sequence[Array], what: str, rate: Arrow | None = None
) -> tuple[Array, dict[Key, Array]]:
    """
    f's value, and the cotangents of its stored tensors and inputs, at seed rate(value).

    Without a rate the seed is 1, and f must have one result, a floating scalar.
    """
    callee = f.trace(types_of(f.name, arrays))
    if rate is not None:
        values, cotangents = _pullback(callee, arrays, _seed(rate, callee.outputs, what))
        return values[0], cotangents
    if len(callee.outputs) != 1 or callee.outputs[0] not in [tensor((), d) for d in FLOAT]:
        got = ", ".join(map(str, callee.outputs))
        raise TraceError(
            f"{what} of {f.name} needs one floating scalar, got {got}; use reverse for other "
            "arrows, in training a rate"
        )
    (out,) = callee.outputs
    seed = current(what).frame.ops.full((), 1, "f32" if out == tensor((), "f32") else "f64")
    values, cotangents = _pullback(callee, arrays, [seed])
    return values[0], cotangents


def _seed(rate: Arrow, outputs: Sequence[Tensor], what: str) -> Seed:
    """The cotangents rate(values), of the types of the values."""

    def seed(values: list[Array]) -> list[Array]:
        seeds = as_tuple(rate(*values), rate.name)
        if [a.type for a in seeds] != list(outputs):
            got = ", ".join(map(repr, seeds)) or "nothing"
            expected = ", ".join(map(str, outputs))
            raise TraceError(f"{what}: rate(loss) is {got}, expected the loss's type {expected}")
        return seeds

    return seed


# Choosing ----------------------------------------------------------------------------------------


def _listed(wrt: Key | Sequence[Key]) -> list[Key]:
    return [wrt] if isinstance(wrt, str) or not isinstance(wrt, Sequence) else list(wrt)


def _check_positions(what: str, wrt: Wrt, count: int) -> None:
    """Something is chosen, and each position is that of an input, once."""
    wanted = list(range(count)) if wrt is None else _listed(wrt)
    positions = [key for key in wanted if not isinstance(key, str)]
    known = all(type(i) is int and 0 <= i < count for i in positions)
    if not wanted or not known or len(set(positions)) < len(positions):
        raise TraceError(
            f"{what}: wrt={wrt!r} must be positions of inputs, each once, in [0, {count}), "
            "or names of parameters"
        )


def _choose(what: str, wrt: Wrt, known: Iterable[Key]) -> list[Key]:
    """The inputs and parameters that `wrt` means, of the known inputs and stored tensors."""
    stored = [key for key in known if isinstance(key, str)]
    if wrt is None:
        return [key for key in known if not isinstance(key, str)]
    found: list[Key] = []
    for key in _listed(wrt):
        found += _matching(what, key, stored) if isinstance(key, str) else [key]
    return list(dict.fromkeys(found))


def _matching(what: str, pattern: str, stored: Sequence[str]) -> list[str]:
    """The parameter of that name, or else those whose names match the pattern."""
    tracer = current(what)
    parameters = [name for name in stored if tracer.stored[name].role == "parameter"]
    found = [n for n in parameters if n == pattern]
    found = found or [n for n in parameters if fnmatchcase(n, pattern)]
    if found:
        return found
    if any(fnmatchcase(name, pattern) for name in stored):
        raise TraceError(
            f"{what}: {pattern!r} is a state; derivatives are with respect to inputs and parameters"
        )
    shown = [*parameters[:MANY], *(["..."] if len(parameters) > MANY else [])]
    known = f"parameters are {', '.join(shown)}" if parameters else "it has no parameters"
    raise TraceError(
        f"{what}: no parameter matches {pattern!r}; {known}{suggestion(pattern, parameters)}"
    )


def _check_second(what: str, expected: Sequence[Tensor], given: Sequence[Array]) -> None:
    if [a.type for a in given] != list(expected):
        types = ", ".join(map(str, expected))
        got = ", ".join(map(repr, given)) or "nothing"
        raise TraceError(f"{what} takes {types} after the inputs, got {got}")


# The derivatives ---------------------------------------------------------------------------------


class _Derivative(FunctionArrow):
    """Names its inputs as f does, then `last`, numbered if there are several."""

    def __init__(
        self, function: Function, inputs: int | None, name: str, names: Sequence[str], last: str
    ):
        super().__init__(function, inputs, name if name.isidentifier() else "derivative", names)
        self.last = last

    def names(self, count: int) -> list[str]:
        more = count - len(self.input_names)
        if more == 1:
            return [*self.input_names, self.last]
        return [*self.input_names, *(f"{self.last}{i}" for i in range(more))]


def reverse(f: Arrow | Function, wrt: Wrt = None) -> Arrow:
    """
    The reverse derivative R[f] : (A, B') -> A', for all inputs or what `wrt` chooses.

    `wrt`: positions of inputs, names of parameters, patterns such as `"dense1.*"`. Each A' has the
    type of what it belongs to. TraceError for a choice that f does not have, or for wrong B'.
    """
    f = as_arrow(f, "reverse")
    what = f"reverse({f.name})"

    def reversed_(*arrays: Array) -> Any:
        count = f.inputs if f.inputs is not None else len(arrays) - 1
        _check_positions(what, wrt, count)
        callee = f.trace(types_of(f.name, arrays[:count]))
        _check_second(what, callee.outputs, arrays[count:])
        chosen = _choose(what, wrt, [*callee.stored, *range(count)])
        _, cotangents = _pullback(callee, arrays[:count], arrays[count:])
        return untuple([cotangents[key] for key in chosen], len(chosen) == 1)

    return _Derivative(reversed_, None, f"{f.name}_reverse", f.names(f.inputs or 0), "dy")


def _forward(f: Arrow, wrt: Wrt, what: str, name: str, prefix: str) -> Arrow:
    """D[f] in the directions `wrt`; `prefix` begins the names of the directions."""
    moving = list(range(f.inputs or 0)) if wrt is None else _listed(wrt)
    named = any(isinstance(key, str) for key in moving)

    def count_inputs(given: int) -> int:
        if f.inputs is not None:
            return f.inputs
        if named:
            raise TraceError(f"{what}: number of inputs unknown; wrap it as arrow(f, inputs=n)")
        return given // 2 if wrt is None else given - len(moving)

    def forwarded(*arrays: Array) -> Any:
        count = count_inputs(len(arrays))
        _check_positions(what, wrt, count)
        types = types_of(f.name, arrays)[:count]
        callee = f.trace(types)
        chosen = _choose(what, wrt, [*callee.stored, *range(count)])
        stored = current(what).stored
        expected = [stored[k].type if isinstance(k, str) else types[k] for k in chosen]
        _check_second(what, expected, arrays[count:])
        tangents = dict(zip(chosen, arrays[count:], strict=True))
        return untuple(_pushforward(callee, arrays[:count], tangents), callee.single)

    total = None if f.inputs is None else f.inputs + len(moving)
    names = f.names(f.inputs or 0)
    if named:
        return _Derivative(forwarded, None, name, names, prefix.rstrip("_"))
    known = [i for i in moving if isinstance(i, int) and 0 <= i < len(names)]
    directions = [f"{prefix}{names[i]}" for i in known]
    return FunctionArrow(forwarded, total, name, [*names, *directions])


def forward(f: Arrow | Function, wrt: Wrt = None) -> Arrow:
    """
    The forward derivative D[f] : (A, A') -> B', in all inputs or in what `wrt` chooses.

    `wrt`: positions of inputs, names of parameters, patterns such as `"dense1.*"`. Each A' has the
    type of what it belongs to; what is not chosen does not move. TraceError for a choice that f
    does not have, or for wrong A'.
    """
    f = as_arrow(f, "forward")
    return _forward(f, wrt, f"forward({f.name})", f"{f.name}_forward", "d_")


def hessian_vector(f: Arrow | Function, wrt: Wrt = None) -> Arrow:
    """
    (A, V) -> H V, where H is the second derivative of an arrow from A to one floating scalar.

    V has the types of all inputs or of what `wrt` chooses (as for `grad`), and so has H V. H itself
    is never computed: H V is the forward derivative of the gradient, D[grad f](a, v).
    """
    f = as_arrow(f, "hessian_vector")
    what, name = f"hessian_vector({f.name})", f"{f.name}_hessian_vector"
    return _forward(grad(f, wrt), wrt, what, name, "v_")


def _gradient(f: Arrow | Function, wrt: Wrt, what: str, with_value: bool) -> Arrow:
    f = as_arrow(f, what)

    def gradient(*arrays: Array) -> Any:
        _check_positions(f"{what}({f.name})", wrt, len(arrays))
        value, cotangents = value_and_cotangents(f, arrays, what)
        chosen = _choose(f"{what}({f.name})", wrt, cotangents)
        picked = untuple([cotangents[key] for key in chosen], len(chosen) == 1)
        return (value, *as_results(picked)) if with_value else picked

    return FunctionArrow(gradient, f.inputs, f"{f.name}_{what}", f.input_names)


def grad(f: Arrow | Function, wrt: Wrt = None) -> Arrow:
    """
    The gradient A -> A' of an arrow to one floating scalar, for all inputs or what `wrt` chooses.

    `wrt`: positions of inputs, names of parameters, patterns such as `"dense1.*"`. Each A' has the
    type of what it belongs to. TraceError for a choice that f does not have.
    """
    return _gradient(f, wrt, "grad", with_value=False)


def value_and_grad(f: Arrow | Function, wrt: Wrt = None) -> Arrow:
    """Like `grad`, with the value in front."""
    return _gradient(f, wrt, "value_and_grad", with_value=True)
