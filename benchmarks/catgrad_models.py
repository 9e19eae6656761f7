"""
The workloads in catgrad.

As a command, `python -m benchmarks.catgrad_models WHAT WORKLOAD FOLDER` compiles and builds one
into a folder and prints what `facts` returns; the compiler's memory and time stay in that process.
WHAT is a system, or `plain-trainer` or `clipped-trainer`: a program for GGML with a command line,
the latter with clipping by the global norm.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xdsl.dialects.builtin import IntegerAttr, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute
from xdsl.parser import Parser

import catgrad as cg
from benchmarks.models import BETA1, BETA2, EPS, WORKLOADS, Gpt, Optimizer, Workload
from catgrad import losses, native, nn, optimizers
from catgrad.compiler import Program, context
from catgrad.dialects.tops.base import tensor_of
from catgrad.dialects.tops.matmul import MatmulOp
from catgrad.initializers import normal
from catgrad.tracing import Traced


def gpt_model(gpt: Gpt) -> cg.Arrow:
    """Tokens (batch, time) to logits (batch, time, vocabulary)."""
    tokens = nn.embedding(gpt.vocabulary, gpt.width, name="wte", weight=normal(0.02))
    places = nn.embedding(gpt.positions, gpt.width, name="wpe", weight=normal(0.02))
    head = nn.tied(tokens) if gpt.tied else nn.dense(gpt.vocabulary, bias=None, name="head")

    @cg.arrow
    def model(x: cg.Array) -> cg.Array:
        h = tokens(x) + places(cg.arange(gpt.time))
        for i in range(gpt.layers):
            h = nn.transformer_block(gpt.heads, causal=True, name=f"h.{i}")(h)
        return head(nn.layer_norm(name="ln")(h))

    return model


def model_of(workload: Workload) -> cg.Arrow:
    """The model of a workload: from a batch's inputs to predictions or logits."""
    if workload.gpt:
        return gpt_model(workload.gpt)
    if workload.name == "iris":
        return nn.dense(20) >> nn.sigmoid >> nn.dense(3)
    if workload.name == "mlp":
        return nn.dense(512) >> nn.relu >> nn.dense(256) >> nn.relu >> nn.dense(10)
    first = nn.conv2d(6, 5, padding="same") >> nn.relu >> nn.max_pool2d(2)
    both = first >> nn.conv2d(16, 5) >> nn.relu >> nn.max_pool2d(2) >> nn.flatten
    return both >> nn.dense(120) >> nn.relu >> nn.dense(84) >> nn.relu >> nn.dense(10)


def optimizer_of(chosen: Optimizer) -> optimizers.Optimizer:
    """The optimiser of a workload."""
    if chosen.name == "sgd":
        return optimizers.sgd(chosen.rate)
    if chosen.name == "momentum":
        return optimizers.momentum(chosen.rate, BETA1)
    if chosen.name == "adam":
        return optimizers.adam(chosen.rate, BETA1, BETA2, EPS)
    plain = ["*.bias", "*.scale", "*.shift"]
    return optimizers.adamw(chosen.rate, BETA1, BETA2, EPS, chosen.weight_decay, no_decay=plain)


def parts_of(workload: Workload, clipped: bool = False) -> Mapping[str, Traced]:
    """The training step of a workload, with `init`, `predict` and `loss`."""
    optimizer = optimizer_of(workload.optimizer)
    return cg.training(
        model_of(workload),
        inputs=(cg.i32 if workload.gpt else cg.f32)[workload.inputs],
        targets=(cg.i32 if workload.classes else cg.f32)[workload.targets],
        loss=losses.cross_entropy if workload.classes else losses.mse,
        optimizer=optimizers.clip_by_global_norm(1.0, optimizer) if clipped else optimizer,
    )


def number(attribute: Attribute) -> int:
    """The value of an integer attribute."""
    assert isinstance(attribute, IntegerAttr)
    return attribute.value.data


def product_flops(module: ModuleOp) -> int:
    """The additions and multiplications in the matrix products of a training step."""
    total = 0
    step = next(f for f in module.ops if isinstance(f, FuncOp) and f.sym_name.data == "step")
    for op in step.walk():
        if isinstance(op, MatmulOp):
            a, y = tensor_of(op.operands[0]), tensor_of(op.results[0])
            inner = math.prod(a.get_shape()) // math.prod(y.get_shape()[:-1])
            total += 2 * math.prod(y.get_shape()) * inner
    return total


def facts(program: Program) -> dict[str, int]:
    """What the placed IR says: sizes in bytes, the work of one step."""
    module = Parser(context(), program.ir("placed")).parse_module()
    step = next(f for f in module.ops if isinstance(f, FuncOp) and f.sym_name.data == "step")
    return {
        "persistent": number(module.attributes["tops.persistent"]),
        "arena": number(step.attributes["tops.scratch"]),
        "bound": number(step.attributes["tops.bound"]),
        "flops": product_flops(module),
    }


def build(what: str, workload: Workload, folder: Path) -> dict[str, Any]:
    """Compile, and for GGML build, into a folder: facts, seconds, size and path of the result."""
    target = "numpy" if what == "catgrad-numpy" else "ggml"
    start = time.perf_counter()
    parts = parts_of(workload, clipped=what == "clipped-trainer")
    program = cg.compile(parts, target=target, name=workload.name)
    compiled = time.perf_counter()
    if target == "numpy":
        path = folder / f"{workload.name}.py"
        program.write(path)
    elif what == "catgrad-ggml":
        made = native.build(program.files, folder, only=native.LIBRARY)
        path = next(made.glob(f"lib{workload.name}.*"))
    else:
        path = native.build(program.files, folder) / workload.name
    end = time.perf_counter()
    return {
        "catgrad_s": compiled - start,
        "built_s": end - start,
        "artefact": str(path),
        "source_bytes": len(program.source.encode()),
        "artefact_bytes": path.stat().st_size,
        **facts(program),
    }


if __name__ == "__main__":
    print(json.dumps(build(sys.argv[1], WORKLOADS[sys.argv[2]], Path(sys.argv[3]))))
