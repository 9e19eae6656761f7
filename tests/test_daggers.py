"""Linear ops and their daggers: <A x, y> = <x, A' y>, and the dagger of the dagger is the op."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from catgrad.interpreter import NumPyArray
from tests.op_cases import ROWS, Case, Row
from tests.rule_checks import Probe, dtype

CLOSE = 1e-12


def combined(probe: Probe, a: Sequence[NumPyArray], b: Sequence[NumPyArray]) -> list[NumPyArray]:
    """2 a - b, but for operands that do not move, such as indices."""
    fixed = [i in probe.case.zero for i in probe.inputs]
    return [x if still else 2 * x - y for x, y, still in zip(a, b, fixed, strict=True)]


def samples(probe: Probe) -> tuple[list[NumPyArray], list[NumPyArray], NumPyArray]:
    """Two inputs that agree in what does not move, and a cotangent."""
    rng = np.random.default_rng(0)
    a, b, g = probe.sample(rng), probe.sample(rng), probe.seed(rng)
    fixed = [i in probe.case.zero for i in probe.inputs]
    return a, [x if still else y for x, y, still in zip(a, b, fixed, strict=True)], g


def is_linear(row: Row, case: Case) -> bool:
    """Whether f(2 a - b) = 2 f(a) - f(b)."""
    if {dtype(case.types[i]) for i in range(len(case.types)) if i not in case.zero} != {"f64"}:
        return False
    if case.full or dtype(case.result or "f64") != "f64":
        return False
    probe = Probe(row, case)
    a, b, _ = samples(probe)
    return np.allclose(
        probe.f(combined(probe, a, b)), 2 * probe.f(a) - probe.f(b), rtol=CLOSE, atol=CLOSE
    )


LINEAR = [(row, case) for row in ROWS.values() for case in row.cases if is_linear(row, case)]
PAIRED = """
add subtract negative copy broadcast sum reshape permute_dims slice pad concat take scatter_add
patches unpatches cumulative_sum where
"""


def test_the_linear_ops_are_among_them() -> None:
    assert set(PAIRED.split()) <= {row.op for row, _ in LINEAR}


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
@pytest.mark.parametrize("row, case", LINEAR, ids=[f"{r.op}({c})" for r, c in LINEAR])
def test_the_reverse_is_the_dagger(row: Row, case: Case, compiled: bool) -> None:
    probe = Probe(row, case, compiled=compiled)
    x, h, g = samples(probe)
    moving = [i not in case.zero for i in probe.inputs]
    dagger = probe.r(x, g)
    pairs = [(a, b) for a, b, moves in zip(x, dagger, moving, strict=True) if moves]
    assert np.isclose(
        np.sum(probe.f(x) * g), sum(np.sum(a * b) for a, b in pairs), rtol=CLOSE, atol=CLOSE
    )
    h = [v if moves else np.zeros_like(v) for v, moves in zip(h, moving, strict=True)]
    *rest, twice = probe.rr(x, g, h)
    at = [v if moves else a for v, a, moves in zip(h, x, moving, strict=True)]
    np.testing.assert_allclose(twice, probe.f(at), rtol=CLOSE, atol=CLOSE)
    assert not any(np.any(a) for a in rest), "a linear op's derivative does not depend on its input"
