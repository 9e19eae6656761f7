"""Derivatives of arrows, which are arrows: reverse, forward, and gradients of scalars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from catgrad.arrows import Arrow, FunctionArrow, as_arrow, as_result, results_of, types_of
from catgrad.dialects import cat
from catgrad.dialects._names import hint
from catgrad.dialects.tops.base import FLOAT, Tensor, tensor
from catgrad.dialects.tops.value import Array
from catgrad.frames import Callee, Function, TraceError, as_tuple
from catgrad.tracing import current

Seed: TypeAlias = "Callable[[list[Array]], Sequence[Array]]"
"""The cotangents of an arrow's outputs as a function of its outputs."""


def _derivative(
    kind: type[cat.ReverseOp | cat.ForwardOp],
    callee: Callee,
    primals: Sequence[Array],
    seconds: Sequence[Array] | Seed,
) -> tuple[list[Array], dict[str, Array], list[Array]]:
    """
    Emit a derivative: the values, the cotangents of stored tensors, and those of the inputs.

    A seed that is a function gets the values, from a call that `cse` merges with the derivative's.
    """
    tracer = current("a derivative")
    operands, site = tracer.pass_on(callee, primals)
    frame = tracer.frame
    if callable(seconds):
        call = cat.CallOp(callee.symbol, operands, tracer.result_types(callee), None, site)
        frame.ops.builder.insert(call)
        seconds = seconds([frame.ops.array(v) for v in call.results[: len(callee.outputs)]])
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
        callee = f.trace(types_of(f.name, arrays[:count]))
        _check_second(f"reverse({f.name})", callee.outputs, arrays[count:])
        return as_result(
            _derivative(cat.ReverseOp, callee, arrays[:count], arrays[count:])[2], count == 1
        )

    name, names = f"{f.name}_reverse", f.names(f.inputs or 0)
    return _Reverse(reversed_, None, name if name.isidentifier() else "arrow_reverse", names)


def forward(f: Arrow | Function) -> Arrow:
    """The forward derivative D[f] : (A, A') -> B'."""
    f = as_arrow(f, "forward")

    def forwarded(*arrays: Array) -> Any:
        count = len(arrays) // 2
        types = types_of(f.name, arrays[:count])
        callee = f.trace(types)
        _check_second(f"forward({f.name})", types, arrays[count:])
        return as_result(
            _derivative(cat.ForwardOp, callee, arrays[:count], arrays[count:])[2], callee.single
        )

    count = None if f.inputs is None else 2 * f.inputs
    names = f.names(f.inputs or 0)
    return FunctionArrow(
        forwarded, count, f"{f.name}_forward", [*names, *(f"d_{n}" for n in names)]
    )


def value_and_cotangents(
    f: Arrow, arrays: Sequence[Array], what: str, rate: Arrow | None = None
) -> tuple[list[Array], dict[str, Array], list[Array]]:
    """
    f's value, the cotangents of its stored tensors, and those of its inputs, at seed rate(value).

    Without a rate the seed is 1, and f must have one result, a floating scalar.
    """
    callee = f.trace(types_of(f.name, arrays))
    if rate is not None:
        return _derivative(cat.ReverseOp, callee, arrays, _seed(rate, callee.outputs, what))
    if len(callee.outputs) != 1 or callee.outputs[0] not in [tensor((), d) for d in FLOAT]:
        got = ", ".join(map(str, callee.outputs))
        raise TraceError(
            f"{what} of {f.name} needs one floating scalar, got {got}; use reverse for other "
            "arrows, in training a rate"
        )
    (out,) = callee.outputs
    seed = current(what).frame.ops.full((), 1, "f32" if out == tensor((), "f32") else "f64")
    return _derivative(cat.ReverseOp, callee, arrays, [seed])


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
        picked = as_result([cotangents[i] for i in chosen], len(chosen) == 1)
        return (values[0], *results_of(picked)) if with_value else picked

    return FunctionArrow(gradient, f.inputs, f"{f.name}_{what}", f.input_names)


def grad(f: Arrow | Function, wrt: int | Sequence[int] | None = None) -> Arrow:
    """The gradient A -> A' of an arrow to one floating scalar, for all inputs or those in `wrt`."""
    return _gradient(f, wrt, "grad", with_value=False)


def value_and_grad(f: Arrow | Function, wrt: int | Sequence[int] | None = None) -> Arrow:
    """Like `grad`, with the value in front."""
    return _gradient(f, wrt, "value_and_grad", with_value=True)
