"""Second derivatives times vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catgrad.arrows import Arrow, FunctionArrow, as_arrow
from catgrad.derivatives import forward, grad
from catgrad.dialects import cat
from catgrad.dialects.tops.value import Array
from catgrad.frames import Function, TraceError
from catgrad.tracing import current


def hessian_vector(f: Arrow | Function, wrt: int | Sequence[int] | None = None) -> Arrow:
    """
    (A, V) -> H V, where H is the second derivative of an arrow from A to one floating scalar.

    V has the types of the inputs in `wrt`, by default all, and so has H V. H itself is never
    computed: H V is the forward derivative of the gradient, D[grad f](a, v).
    """
    f = as_arrow(f, "hessian_vector")
    picked = (wrt,) if isinstance(wrt, int) else None if wrt is None else tuple(wrt)

    def product(*arrays: Array) -> Any:
        count = _inputs(f, picked, len(arrays))
        chosen = range(count) if picked is None else picked
        if any(i not in range(count) for i in chosen) or len(set(chosen)) < len(chosen):
            raise TraceError(
                f"hessian_vector({f.name}): wrt={wrt!r} must be positions of inputs, each once, "
                f"in [0, {count})"
            )
        inputs, vectors = arrays[:count], arrays[count:]
        expected = [inputs[i].type for i in chosen]
        if not expected or [v.type for v in vectors] != expected:
            types = ", ".join(map(str, expected))
            got = ", ".join(map(repr, vectors)) or "nothing"
            raise TraceError(f"hessian_vector({f.name}) takes {types} after the inputs, got {got}")
        moved = dict(zip(chosen, vectors, strict=True))
        tangents = [moved[i] if i in moved else _zero(x) for i, x in enumerate(inputs)]
        return forward(grad(f, chosen))(*inputs, *tangents)

    total = (
        None if f.inputs is None else f.inputs + len(range(f.inputs) if picked is None else picked)
    )
    names = f.names(f.inputs or 0)
    vector_names = [f"v_{n}" for i, n in enumerate(names) if picked is None or i in picked]
    return FunctionArrow(product, total, f"{f.name}_hessian_vector", [*names, *vector_names])


def _inputs(f: Arrow, picked: Sequence[int] | None, given: int) -> int:
    """The number of inputs of f, where `given` arrays are inputs and vectors."""
    if f.inputs is not None:
        return f.inputs
    return given // 2 if picked is None else given - len(picked)


def _zero(x: Array) -> Array:
    """The tangent of an input that does not move."""
    ops = current("hessian_vector").frame.ops
    return ops.array(ops.builder.insert(cat.ZeroOp(x.type)).y)
