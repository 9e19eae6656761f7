"""
Every pass changes some of the tall graphs, and keeps their meaning: no property holds for want of
anything to do.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields, replace
from functools import cache

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from catgrad.dialects._checks import check_module
from catgrad.dialects.tops.unary import LogisticOp, TanhOp
from catgrad.driver.semantics import difference
from catgrad.interpreter import Interpreter, NumPyArray
from catgrad.pipelines import PIPELINES, parse_passes, parse_specs
from catgrad.universe import CATGRAD_UNIVERSE, available_passes
from tests.fuzz.executions import AT_ONCE
from tests.programs import context
from tests.tall_graphs import COLUMNS, ROWS, module_of

SEEDS = range(12)
OURS = [name for name in CATGRAD_UNIVERSE.all_passes if name not in PIPELINES]
UNCHANGING = {
    "tops-pack-updates": "these graphs update nothing; see tests/test_pack_updates.py",
    "tops-verify-slots": "it checks, and writes nothing",
}
"""The passes that may find nothing to do: the reason for each."""


def names_in(passes: str) -> list[str]:
    """The passes that a text lists."""
    return [spec.name for spec in parse_specs(passes, "passes")]


PLACED = {name for passes in PIPELINES.values() for name in names_in(passes)}
ROUTES = {**PIPELINES, **{name: name for name in OURS if name not in PLACED}}
"""Where passes stand: in a pipeline, or else at the front."""

Results = dict[str, list[NumPyArray]]


def passes_of(route: str) -> list[ModulePass]:
    """The passes of a route, with options that let them act on small tensors as well."""
    given = {key.replace("-", "_"): value for key, value in AT_ONCE.items()}
    passes = parse_passes(ROUTES[route], available_passes())
    options = [{f.name: given[f.name] for f in fields(p) if f.name in given} for p in passes]
    return [replace(p, **some) for p, some in zip(passes, options, strict=True)]


def results(module: ModuleOp) -> Results:
    """What the interpreter says of both functions."""
    rng = np.random.default_rng(0)
    x, w, table = (rng.normal(size=(n, COLUMNS)).astype(np.float32) for n in (ROWS, COLUMNS, ROWS))
    index = rng.integers(0, ROWS, ROWS).astype(np.int32)
    return {name: Interpreter(module).run(name, x, w, table, index) for name in ("value", "slope")}


def apply(pass_: ModulePass, module: ModuleOp, expected: Results) -> bool:
    """Whether a pass changes a module, whose meaning it keeps."""
    before = module.clone()
    pass_.apply(context(), module)
    module.verify()
    check_module(module)
    for name, found in results(module).items():
        for i, (a, b) in enumerate(zip(found, expected[name], strict=True)):
            assert a.dtype == b.dtype
            assert difference(a, b) is None, f"result {i} of @{name} after {pass_.name}"
    return not before.is_structurally_equivalent(module)


@cache
def walk(route: str, seed: int) -> Counter[str]:
    """How often each pass of a route changes the graph of a seed; all of them keep its meaning."""
    module = module_of(seed)
    expected = results(module)
    assert all(np.all(np.isfinite(a)) for arrays in expected.values() for a in arrays)
    return Counter(p.name for p in passes_of(route) if apply(p, module, expected))


@pytest.mark.parametrize("name", OURS)
def test_every_pass_changes_graphs_and_keeps_their_meaning(name: str) -> None:
    routes = [route for route, passes in ROUTES.items() if name in names_in(passes)]
    changed = sum((walk(route, seed) for route in routes for seed in SEEDS), Counter[str]())
    assert (changed[name] == 0) == (name in UNCHANGING), changed


def test_the_exceptions_are_passes() -> None:
    assert set(UNCHANGING) <= set(OURS)


@dataclass(frozen=True)
class WrongPass(ModulePass):
    """Takes one function for another, or does nothing."""

    name = "test-wrong"
    acts: bool = True

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in list(op.walk()) if self.acts else ():
            if isinstance(inner, TanhOp):
                Rewriter.replace_op(inner, LogisticOp(inner.x))


def test_the_check_sees_a_changed_meaning() -> None:
    seed = next(s for s in SEEDS if any(isinstance(op, TanhOp) for op in module_of(s).walk()))
    module = module_of(seed)
    expected = results(module)
    assert not apply(WrongPass(acts=False), module, expected)
    with pytest.raises(AssertionError, match="after test-wrong"):
        apply(WrongPass(), module, expected)
