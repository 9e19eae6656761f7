"""What the tests of the Python API share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.utils.exceptions import DiagnosticException

import catgrad as cg

A = cg.Array
Floats = NDArray[np.float64]


def evaluate(f: cg.Arrow, *arrays: Any, dtype: cg.Dtype = cg.f64) -> Any:
    """The arrow's value on NumPy arrays, computed by the artefact."""
    types = [dtype[np.shape(a)] for a in arrays]
    return cg.compile({"f": f.on(*types)}).load().f(*arrays)


def numeric_gradient(f: Callable[[Floats], Any], x: Floats) -> Floats:
    """Central differences of a scalar function, element by element."""
    found = np.empty_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = 1e-6
        found[i] = (f(x + e) - f(x - e)) / 2e-6
    return found


def numbers(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=shape)


@cg.arrow
def gelu(x: A) -> A:
    return 0.5 * x * (1 + cg.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))


@cg.arrow
def energy(x: A) -> A:
    return cg.sum(gelu(x) * cg.square(x))


def gelu_numpy(x: Floats) -> Floats:
    return 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3)))


def message(call: Callable[[], object], error: type[Exception] = DiagnosticException) -> str:
    """What the error says that the call raises."""
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


def compiled(f: Callable[..., object], *types: Any, **options: Any) -> cg.Program:
    def g(*xs: A) -> object:
        return f(*xs)

    arrow = f if isinstance(f, cg.Arrow) else cg.arrow(g, inputs=len(types), name="f")
    return cg.compile({"part": arrow.on(*types)}, **options)
