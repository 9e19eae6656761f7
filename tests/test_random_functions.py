"""Random functions of arrays, compiled whole: values as NumPy's, gradients as differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import catgrad as cg
from tests.numpy_code import results_of

COUNT = 40
Shape = tuple[int, ...]
Rng = np.random.Generator
Arrays = list[NDArray[Any]]

UNARY = (
    "xp.tanh({0})",
    "-{0}",
    "xp.exp(-{0} * {0})",
    "xp.abs({0})",
    "xp.sin({0})",
    "xp.exp({0} - xp.max({0}, axis=-1, keepdims=True))",
)
BINARY = (
    "{0} + {1}",
    "{0} - {1}",
    "{0} * {1}",
    "xp.maximum({0}, {1})",
    "xp.where({0} < {1}, {0} + 0 * {1}, {1} + 0 * {0})",
)
FOLDS = ("xp.max({0}, {1})", "xp.min({0}, {1})", "xp.mean({0}, {1})", "xp.sum({0}, {1}) * 0.1")
PAIRS = ("xp.expand_dims({0}, 0) - xp.expand_dims({1}, 1)", "xp.expand_dims({0}, 1) + {1}")
PRODUCT = "xp.tanh(xp.matmul({0}, {1}) * 0.3)"


def flat(rng: Rng) -> list[Shape]:
    """Two matrices and a vector that fits their rows, often their columns as well."""
    n = int(rng.choice([8, 9, 16, 24]))
    m = n if rng.uniform() < 0.7 else int(rng.choice([4, 16, 40]))
    return [(n, m), (n, m), (n,)]


def batch(rng: Rng) -> list[Shape]:
    """A batch of sequences, what is added to each, and to each of their elements."""
    b, t, c = (int(rng.choice(sizes)) for sizes in ([1, 2, 4], [8, 16], [4, 8, 16]))
    return [(b, t, c), (t, c), (c,)]


def is_vector(shape: Shape) -> bool:
    """Whether there is one axis."""
    return len(shape) == 1


class Random:
    """A function of three arrays, as text; it returns its last value and up to two others."""

    def __init__(self, seed: int, inputs: Callable[[Rng], list[Shape]]):
        self.rng = np.random.default_rng(seed)
        self.inputs = inputs(self.rng)
        self.values: dict[str, NDArray[Any]] = {
            name: np.ones(shape) for name, shape in zip("xyz", self.inputs, strict=True)
        }
        self.most = 32 * max(value.size for value in self.values.values())
        self.lines: list[str] = []
        length = int(self.rng.integers(5, 20))
        while len(self.lines) < length:
            self.add()
        made = list(self.values)[3:]
        self.returned = list(dict.fromkeys([made[-1], *map(str, self.rng.choice(made, 2))]))
        self.weights = self.rng.uniform(-1, 1, len(self.returned))
        body = "".join(f"    {line}\n" for line in self.lines)
        self.text = f"def f(xp, x, y, z):\n{body}    return {', '.join(self.returned)},\n"
        space: dict[str, Any] = {}
        exec(self.text, space)
        self.call: Callable[..., tuple[Any, ...]] = space["f"]

    def pick(self, fits: Callable[[Shape], bool] = bool) -> str | None:
        """A value, rather a late one; no scalar."""
        found = [name for name, value in self.values.items() if fits(value.shape)]
        return found[int(len(found) * self.rng.uniform() ** 0.6)] if found else None

    def emit(self, text: str, *operands: str | None) -> None:
        """Add an op, if it has its operands and its result is not too large."""
        if None in operands:
            return
        text = text.format(*operands)
        try:
            value = np.asarray(eval(text, {"xp": np}, dict(self.values)))
        except ValueError:  # of shapes that do not fit
            return
        if value.ndim <= 4 and value.size <= self.most:
            name = f"v{len(self.lines)}"
            self.lines.append(f"{name} = {text}")
            self.values[name] = value

    def add(self) -> None:
        """Try to add one op."""
        rng, a = self.rng, self.pick()
        assert a is not None
        shape = self.values[a].shape
        axis = int(rng.integers(len(shape)))
        match int(rng.integers(15)):
            case 0 | 1 | 2 | 3:
                self.emit(str(rng.choice(BINARY)), a, self.pick())
            case 4 | 5:
                self.emit(str(rng.choice(UNARY)), a)
            case 6 | 7:
                how = f"axis={axis}, keepdims={bool(rng.integers(2))}"
                self.emit(str(rng.choice(FOLDS)), a, how)
            case 8:
                self.emit("xp.expand_dims({0}, {1})", a, str(axis))
            case 9:
                order = tuple(map(int, rng.permutation(len(shape))))
                self.emit("xp.permute_dims({0}, {1})", a, str(order))
            case 10:
                self.emit(PRODUCT, a, self.pick(lambda s: len(s) > 1 and s[-2] == shape[-1]))
            case 11:
                self.emit("{0}[1:]", a if shape[0] > 1 else None)
            case _:
                vectors = self.pick(is_vector), self.pick(is_vector)
                self.emit(str(rng.choice((*PAIRS, *BINARY[:2]))), *vectors)

    def loss(self, xp: Any, *given: Any) -> Any:
        """A number that depends on all that is returned."""
        pairs = zip(self.weights, self.call(xp, *given), strict=True)
        first, *rest = [xp.sum(xp.sin(value)) * float(weight) for weight, value in pairs]
        return sum(rest, first)

    def slope(self, at: Arrays, along: Arrays) -> float:
        """The derivative of the loss in a direction: a central difference in float64."""
        step = 1e-6
        up, down = (
            self.loss(np, *(x + sign * step * d for x, d in zip(at, along, strict=True)))
            for sign in (1, -1)
        )
        return float(up - down) / (2 * step)

    def parts(self) -> dict[str, Any]:
        """The function and the gradient of the loss, for catgrad."""
        types = [cg.f32[shape] for shape in self.inputs]

        def f(x: cg.Array, y: cg.Array, z: cg.Array) -> tuple[cg.Array, ...]:
            return self.call(cg, x, y, z)

        def loss(x: cg.Array, y: cg.Array, z: cg.Array) -> cg.Array:
            return self.loss(cg, x, y, z)

        return {"f": cg.arrow(f).on(*types), "grad": cg.arrow(cg.grad(loss)).on(*types)}


def near(found: NDArray[Any], right: NDArray[Any]) -> bool:
    """Equal up to the rounding of float32."""
    return np.allclose(found, right, rtol=1e-4, atol=1e-4 * max(1.0, np.abs(right).max(initial=0)))


def check(function: Random, f: Callable[..., Any], grad: Callable[..., Any]) -> None:
    """Compare a compiled function and its gradient on random numbers."""
    rng = np.random.default_rng(0)
    given = [rng.uniform(-1, 1, shape).astype(np.float32) for shape in function.inputs]
    exact: Arrays = [x.astype(np.float64) for x in given]
    pairs = zip(results_of(f(*given)), function.call(np, *exact), strict=True)
    assert all(near(found, np.asarray(right)) for found, right in pairs), function.text
    along: Arrays = [rng.uniform(-1, 1, shape) for shape in function.inputs]
    found = [g * d for g, d in zip(results_of(grad(*given)), along, strict=True)]
    size = max(1.0, float(sum(np.abs(terms).sum() for terms in found)))
    off = float(sum(terms.sum() for terms in found)) - function.slope(exact, along)
    assert abs(off) < 1e-4 * size, function.text


@pytest.mark.parametrize("inputs", [flat, batch])
@pytest.mark.parametrize("target", ["numpy", "ggml", "ggml native"])
def test_functions_and_their_gradients(target: str, inputs: Callable[[Rng], list[Shape]]) -> None:
    made = [Random(seed, inputs) for seed in range(COUNT)]
    parts = {f"{k}{i}": part for i, r in enumerate(made) for k, part in r.parts().items()}
    name, _, kernels = target.partition(" ")
    net = cg.compile(parts, target=name, name="functions", kernels=kernels or None).load()
    for i, function in enumerate(made):
        check(function, getattr(net, f"f{i}"), getattr(net, f"grad{i}"))
