"""R[f] has at most five times the ops of f: for every example, and whatever the depth."""

from __future__ import annotations

import pytest
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.compiler import context, run_pipeline, trace
from catgrad.dialects import cat
from catgrad.pipelines import TOPS
from tests.rule_checks import derivative_arrow
from tests.test_examples import ALL, program


def ratio(text: str) -> tuple[float, int]:
    """#ops(R[f]) / #ops(f) and #ops(f) after all clean-up, f the objective of a trainer."""
    module = Parser(context(), text).parse_module()
    arrows = cat.arrows_of(module)
    (step,) = [a for a in arrows if a.symbol == "step"]
    (reverse,) = [op for op in step.block.ops if isinstance(op, cat.ReverseOp)]
    f = next(a for a in arrows if a.symbol == reverse.target)
    for arrow in arrows:
        if not arrow.private:
            arrow.detach()
    f.sym_visibility = None
    module.body.block.add_op(derivative_arrow("r", f))
    counts = sizes(run_pipeline(module, TOPS))
    return counts["r"] / counts[f.symbol], counts[f.symbol]


def sizes(module: ModuleOp) -> dict[str, int]:
    """The number of ops of each function, its return not counted."""
    functions = [op for op in module.body.block.ops if isinstance(op, func.FuncOp)]
    return {f.sym_name.data: len(list(f.body.block.ops)) - 1 for f in functions}


@pytest.mark.parametrize("name", ALL)
def test_examples(name: str) -> None:
    found, size = ratio(program(name, "numpy").ir("cat"))
    assert size > 5
    assert found <= 5


def stack(kind: str, depth: int) -> str:
    """A trainer of that many layers, as text."""
    model, shape = cg.identity(), {"dense": (4, 8), "block": (2, 4, 8)}[kind]
    for _ in range(depth):
        block = nn.transformer_block(2, causal=True)
        model = model >> (block if kind == "block" else nn.dense(8) >> nn.tanh)
    parts = cg.training(
        model,
        inputs=cg.f32[shape],
        targets=cg.f32[shape],
        loss=losses.mse,
        optimizer=optimizers.sgd(0.1),
    )
    return trace(parts).ir("cat")


@pytest.mark.parametrize("kind, depth", [("dense", 32), ("block", 32)])
def test_depth(kind: str, depth: int) -> None:
    """The same constant for a few layers and for many: the ops of R[f] grow with those of f."""
    (shallow, small), (deep, large) = ratio(stack(kind, 4)), ratio(stack(kind, depth))
    assert large > 0.6 * depth / 4 * small
    assert shallow <= 5
    assert deep <= 5
    assert abs(deep - shallow) < 0.25
