"""
The earlier catgrad, 0.2.2, which compiles to Python on NumPy.

It knows plain gradient descent on the squared error; its `step` returns no loss.
"""

# It is no dependency of this project: the type checker sees it as Any.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false

from __future__ import annotations

import importlib
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.models import Workload, initial_state

RATE = 0.3


def make_importable() -> None:
    """
    Let `import catgrad` find the installed one, not the one in this repository.

    It imports PyTorch for its other backend, which is not used: an empty module will do.
    """
    here = Path(__file__).parents[1]
    sys.path[:] = [path for path in sys.path if Path(path).resolve() != here]
    torch = ModuleType("torch")
    vars(torch)["Tensor"] = object
    sys.modules.setdefault("torch", torch)


class Earlier:
    """Its modules, and dense stacks in its combinators."""

    def __init__(self) -> None:
        make_importable()
        names = ("signature", "compile", "layers", "combinators", "bidirectional.operation")
        modules: list[Any] = [importlib.import_module(f"catgrad.{name}") for name in names]
        self.signature, self.compile, self.layers, self.combinators, self.ops = modules
        parameter: Any = importlib.import_module("catgrad.special.parameter")
        self.parameter = parameter.parameter

    def type(self, *shape: int) -> Any:
        """The type of a float32 tensor."""
        return self.signature.NdArrayType(shape, self.signature.Dtype.float32)

    def dense(self, batch: int, inputs: int, outputs: int) -> Any:
        """x W + b; its own layer has a bias for each row of the batch."""
        b, i, o = self.type(batch), self.type(inputs), self.type(outputs)
        obj, op, ops = self.signature.obj, self.signature.op, self.ops
        spread = op(ops.NCopy(o, b)) >> op(ops.Permute(o + b, [1, 0]))
        bias = (self.parameter(obj(o)) >> spread) @ self.combinators.identity(obj(b + o))
        return self.layers.linear(b, i, o) >> bias >> self.layers.add(obj(b + o))

    def stack(self, batch: int, *widths: int) -> Any:
        """Dense layers with sigmoids between."""
        model = self.dense(batch, *widths[:2])
        for inputs, outputs in pairwise(widths[1:]):
            between = self.ops.sigmoid(self.signature.obj(self.type(batch, inputs)))
            model = model >> between >> self.dense(batch, inputs, outputs)
        return model

    def compiled(self, model: Any, rate: float) -> tuple[Any, Any]:
        """The class of its program, and its text as a syntax tree."""
        made, _, tree = self.compile.compile_model(model, self.ops.sgd(rate), self.ops.mse)
        return made, tree


class System:
    """`step(*prepare(x, y))` is one training step; `facts` is what was measured before it."""

    def __init__(self, name: str, workload: Workload):
        earlier = Earlier()
        self.facts: dict[str, Any] = {}
        made, _ = earlier.compiled(earlier.stack(150, 4, 20, 3), RATE / 150)
        backend: Any = importlib.import_module("catgrad.target.python.array_backend.numpy")
        self.program = made(backend.Numpy)
        self.parameters: list[NDArray[Any]] = list(initial_state(workload).values())
        self.loss = float("nan")

    def prepare(self, x: NDArray[Any], y: NDArray[Any]) -> tuple[Any, Any]:
        """The batch; the loss is computed here, not timed, since `step` does not return it."""
        (found,) = self.program.predict(*self.parameters, x)
        self.loss = float(np.sum((found - y) ** 2) * np.float32(0.5 / len(y)))
        return x, y

    def step(self, x: Any, y: Any) -> float:
        """Update the parameters; the loss before that."""
        self.parameters = self.program.step(*self.parameters, x, y)
        return self.loss
