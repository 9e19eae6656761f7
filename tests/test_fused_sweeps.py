"""Shapes and orders at which sweeps over rows have gone wrong: both targets equal NumPy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.ir import Operation

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.dialects.tops.fused import FusedOp
from catgrad.initializers import uniform
from catgrad.passes import tops_fuse
from tests.numpy_code import results_of
from tests.programs import context, parse

TARGETS = ["numpy", "ggml"]
Function = Callable[..., Any]


def cosine(x: cg.Array) -> cg.Array:
    """A row's value along both axes of a square."""
    s = cg.sqrt(cg.sum(x * x, axis=1))
    return (x @ x.T) / (cg.expand_dims(s, 1) * cg.expand_dims(s, 0))


def transposed(x: cg.Array) -> cg.Array:
    """A reduction of a view: its rows are columns of x."""
    return cg.exp(x.T - cg.max(x.T, axis=1, keepdims=True))


def columns(x: cg.Array) -> cg.Array:
    """A sum of columns looks like a sum of rows where both are as long."""
    return cg.sum(cg.exp(x), axis=0)


def by_column(x: cg.Array, g: cg.Array) -> cg.Array:
    """One value for each row, from one for each column, of equal types."""
    return cg.exp(cg.max(x * cg.exp(g), axis=1))


def pairs(r: cg.Array) -> cg.Array:
    """All pairs of a vector and what is computed twice for it: rows against columns."""
    return cg.max(cg.expand_dims(r + r, 0) - cg.expand_dims(r, 1), axis=1) + r


def read_again(x: cg.Array, b: cg.Array) -> tuple[cg.Array, cg.Array]:
    """What a loop stores, it must not put over what it reads in a later line."""
    m = cg.expand_dims(cg.max(x, axis=1), 1)
    p = x - m
    q = (x * m) * p
    return p @ b, cg.sum(q, axis=1)


def pads(x: cg.Array) -> cg.Array:
    """The gradient of slices of slices."""
    top, rest = x[:2], x[2:]
    return cg.sum(top[:, :3]) * cg.sum(cg.square(top[:, 3:])) * cg.sum(cg.sin(rest))


def straggler(x: cg.Array, w: cg.Array) -> tuple[cg.Array, cg.Array]:
    """A sum that moves behind a sweep takes its broadcast along."""
    p = cg.exp(x)
    return cg.tanh(p), cg.broadcast_to(cg.sum(p, axis=0), x.shape) @ w


def long_rows(x: cg.Array) -> cg.Array:
    """Rows that wait, and are too long for a stack."""
    parts = [cg.sin(x * (k + 1.0)) for k in range(6)]
    top = cg.max(parts[0], axis=1, keepdims=True)
    total = parts[0]
    for part in parts[1:]:
        total = total + part * top
    return cg.sum(total, axis=1)


FUNCTIONS: dict[str, tuple[Function, tuple[Any, ...]]] = {
    "cosine": (cosine, (cg.f32[16, 3],)),
    "transposed": (transposed, (cg.f32[24, 16],)),
    "columns": (columns, (cg.f32[16, 16],)),
    "by_column": (by_column, (cg.f32[16, 16], cg.f32[16])),
    "pairs": (pairs, (cg.f32[16],)),
    "read_again": (read_again, (cg.f32[16, 16], cg.f32[16, 4])),
    "pads": (cg.grad(pads), (cg.f32[4, 5],)),
    "straggler": (straggler, (cg.f32[8, 9], cg.f32[9, 2])),
    "long_rows": (long_rows, (cg.f32[8, 9000],)),
}


@cache
def loaded(target: str) -> Any:
    """All functions in one program."""
    parts = {name: cg.arrow(f).on(*types) for name, (f, types) in FUNCTIONS.items()}
    return cg.compile(parts, target=target, name="sweeps").load(threads=2)


def inputs(name: str) -> list[NDArray[np.float32]]:
    """Numbers in (0.1, 1)."""
    rng = np.random.default_rng(0)
    shapes = [tuple(t.get_shape()) for t in FUNCTIONS[name][1]]
    return [rng.uniform(0.1, 1, shape).astype(np.float32) for shape in shapes]


def expected(name: str) -> list[NDArray[np.float64]]:
    """The same in float64 NumPy."""
    x, *rest = (a.astype(np.float64) for a in inputs(name))
    match name:
        case "cosine":
            s = np.sqrt((x * x).sum(1))
            return [(x @ x.T) / np.outer(s, s)]
        case "transposed":
            return [np.exp(x.T - x.T.max(1, keepdims=True))]
        case "columns":
            return [np.exp(x).sum(0)]
        case "by_column":
            return [np.exp((x * np.exp(rest[0])).max(1))]
        case "pairs":
            return [(2 * x - x[:, None]).max(1) + x]
        case "read_again":
            m = x.max(1, keepdims=True)
            return [(x - m) @ rest[0], (x * m * (x - m)).sum(1)]
        case "pads":
            a, b, c = x[:2, :3].sum(), np.square(x[:2, 3:]).sum(), np.sin(x[2:]).sum()
            top = np.concatenate([np.full((2, 3), b * c), 2 * x[:2, 3:] * a * c], axis=1)
            return [np.concatenate([top, np.cos(x[2:]) * a * b])]
        case "straggler":
            p = np.exp(x)
            return [np.tanh(p), np.broadcast_to(p.sum(0), x.shape) @ rest[0]]
        case _:
            parts = [np.sin(x * (k + 1.0)) for k in range(6)]
            top = parts[0].max(1, keepdims=True)
            return [(parts[0] + sum(part * top for part in parts[1:])).sum(1)]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_sweep(name: str, target: str) -> None:
    found = getattr(loaded(target), name)(*inputs(name))
    for ours, right in zip(results_of(found), expected(name), strict=True):
        np.testing.assert_allclose(ours, right, rtol=2e-5, atol=2e-5 * np.abs(right).max())


def flipped(x: cg.Array) -> cg.Array:
    """A state becomes its own transpose."""
    w = cg.state((3, 3), init=uniform(), name="w")
    if cg.is_training():
        cg.update(w, w.T)
    return x @ w


@pytest.mark.parametrize("target", TARGETS)
def test_a_square_net_with_a_state_that_turns(target: str) -> None:
    """As many rows as columns everywhere; one step of descent, checked by hand."""
    parts = cg.training(
        cg.arrow(flipped) >> nn.dense(3, name="d"),
        inputs=cg.f32[3, 3],
        targets=cg.f32[3, 3],
        loss=losses.mse,
        optimizer=optimizers.sgd(0.5),
    )
    net = cg.compile(parts, target=target, name="square").load(seed=3)
    rng = np.random.default_rng(1)
    x, t = rng.normal(size=(2, 3, 3)).astype(np.float32)
    w, d, b = net.state["w"], net.parameters["d.weight"], net.parameters["d.bias"]
    slope = (x @ w @ d + b - t) / 3
    net.step(x, t)
    np.testing.assert_array_equal(net.state["w"], w.T)
    np.testing.assert_allclose(net.parameters["d.bias"], b - 0.5 * slope.sum(0), rtol=1e-5)
    step = 0.5 * (x @ w).T @ slope
    np.testing.assert_allclose(net.parameters["d.weight"], d - step, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("target", TARGETS)
def test_as_many_samples_as_units(target: str) -> None:
    """The gradients of biases are sums of columns."""
    model = nn.dense(32) >> nn.tanh >> nn.dense(32)
    parts = cg.training(
        model,
        inputs=cg.f32[32, 32],
        targets=cg.f32[32, 32],
        loss=losses.mse,
        optimizer=optimizers.sgd(1.0),
    )
    net = cg.compile(parts, target=target, name="wide").load(seed=0)
    x, t = np.random.default_rng(0).normal(size=(2, 32, 32)).astype(np.float32)
    p = net.parameters
    h = np.tanh(x @ p["dense1.weight"] + p["dense1.bias"])
    slope = (h @ p["dense2.weight"] + p["dense2.bias"] - t) / len(t)
    back = (slope @ p["dense2.weight"].T) * (1 - h * h)
    net.step(x, t)
    for name, by in (("dense2.bias", slope), ("dense1.bias", back)):
        np.testing.assert_allclose(net.parameters[name], p[name] - by.sum(0), atol=1e-6)


def shared(count: int) -> str:
    """A value with many users in a group which it cannot join: a product before them reads it."""
    t = "tensor<16x16xf64>"
    lines = [f"%v = tops.exp %x : {t}", f"%s0 = tops.matmul %v, %x : ({t}, {t}) -> {t}"]
    for i in range(count):
        lines += [f"%u{i} = tops.multiply %v, %x : {t}", f"%s{i + 1} = tops.add %s{i}, %u{i} : {t}"]
    body = "\n".join(lines)
    return f"func.func @f(%x: {t}) -> {t} {{ {body}\n func.return %s{count} : {t} }}"


def test_a_value_with_many_users_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each op at most once whether it joins, and not once for each of its users."""
    asked: list[str] = []
    joins: Callable[[object, Operation, object], bool] = vars(tops_fuse)["_Grouping"].joins

    def counted(grouping: object, op: Operation, group: object) -> bool:
        asked.append(str(op.results[0].name_hint))
        return joins(grouping, op, group)

    monkeypatch.setattr("catgrad.passes.tops_fuse._Grouping.joins", counted)
    module = parse(shared(20))
    tops_fuse.TopsFusePass().apply(context(), module)
    assert sum(isinstance(op, FusedOp) for op in module.walk()) == 1
    assert Counter(asked).most_common(1)[0][1] == 1, asked
    assert "v" in asked
