"""A program compiled by hand, in the style of the generated ones, to test their runtime."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from catgrad.targets._python_module import imports, without_imports
from catgrad.targets.numpy_python import COMMAND_LINE, CORE

RUNTIME = [path.read_text() for path in (CORE, COMMAND_LINE)]

# A linear regression y = x w + b on whole numbers 0..9, in the style of the generated code.
PROGRAM = """

def _init(persistent, scratch, constant):
    weight = persistent[0:12].view(np.float32)
    bias = persistent[64:68].view(np.float32).reshape(())
    count = persistent[128:132].view(np.int32).reshape(())
    flags = persistent[192:194].view(np.bool_)

    def init(seed):
        weight[...] = (seed + 1) * np.array([0.125, -0.25, 0.5], np.float32)
        bias[...] = 0
        count[...] = 0
        flags[...] = False
        return ()

    return init


def _predict(persistent, scratch, constant):
    weight = persistent[0:12].view(np.float32)
    bias = persistent[64:68].view(np.float32).reshape(())
    predictions = scratch[0:16].view(np.float32)

    def predict(x):
        assert x.dtype == np.float32 and x.shape == (4, 3)
        np.matmul(x, weight, out=predictions)
        np.add(predictions, bias, out=predictions)
        return (predictions,)

    return predict


def _distance(persistent, scratch, constant):
    predict = _predict(persistent, scratch, constant)
    distances = scratch[64:80].view(np.float32)

    def distance(x, y):
        np.subtract(predict(x)[0], y, out=distances)
        np.absolute(distances, out=distances)
        return (distances,)

    return distance


def _step(persistent, scratch, constant):
    predict = _predict(persistent, scratch, constant)
    weight = persistent[0:12].view(np.float32)
    bias = persistent[64:68].view(np.float32).reshape(())
    count = persistent[128:132].view(np.int32).reshape(())
    errors = scratch[64:80].view(np.float32)
    loss = scratch[128:132].view(np.float32).reshape(())

    def step(x, y):
        assert y.dtype == np.int32 and y.shape == (4,)
        np.subtract(predict(x)[0], y, out=errors)
        np.mean(np.square(errors), out=loss)
        if not np.isfinite(loss):
            raise _NonFinite(loss)
        weight[...] -= np.float32(0.05) * (x.T @ errors)
        bias[...] -= np.float32(0.05) * errors.sum()
        count[...] += 1
        return (loss,)

    return step


def _raise_flags(persistent, scratch, constant):
    flags = persistent[192:194].view(np.bool_)

    def raise_flags():
        flags[...] = True
        return ()

    return raise_flags


def _spread(persistent, scratch, constant):
    low = scratch[0:4].view(np.float32).reshape(())
    high = scratch[64:68].view(np.float32).reshape(())

    def spread(values):
        np.min(values, out=low)
        np.max(values, out=high)
        return low, high

    return spread


def _shift(persistent, scratch, constant):
    shifted = scratch[0:48].view(np.float32).reshape(4, 3)

    def shift(x, by):
        np.add(x, by, out=shifted)
        return (shifted,)

    return shift


def _scaled(persistent, scratch, constant):
    factor = constant[0:8].view(np.float64).reshape(())
    factor[...] = 1e300
    result = scratch[0:8].view(np.float64).reshape(())

    def energy(position):
        np.multiply(position, factor, out=result)
        if not np.isfinite(result):
            raise _NonFinite(result)
        return (result,)

    return energy


def _input(name, shape, dtype, batch=None, range=None):
    return {"name": name, "shape": shape, "dtype": dtype, "batch": batch, "range": range}


def _output(shape, dtype, role=None):
    return {"shape": shape, "dtype": dtype, "role": role}


def _function(method, inputs, outputs, rows=False):
    return {"method": method, "inputs": inputs, "outputs": outputs, "stored": [], "updates": [],
            "rows": rows}


_X = _input("x", [4, 3], "float32", 0)
_Y = _input("y", [4], "int32", 0, [0, 10])


class Lines(Program):
    NAME = "lines"
    PARAMETERS = {
        "dense1.weight": {"shape": [3], "dtype": "float32"},
        "dense1.bias": {"shape": [], "dtype": "float32"},
    }
    STATE = {
        "count": {"shape": [], "dtype": "int32"},
        "flags": {"shape": [2], "dtype": "bool"},
    }
    MEMORY = {"persistent": 194, "scratch": 132, "constant": 8}
    FUNCTIONS = {
        "init": _function("init", [_input("seed", [], "int32")], []),
        "predict": _function("predict", [_X], [_output([4], "float32")], True),
        "step": _function("step", [_X, _Y], [_output([], "float32", "loss")]),
        "distance": _function("distance", [_X, _Y], [_output([4], "float32", "metric")], True),
        "raise": _function("raise_", [], []),
        "spread": _function(
            "spread", [_input("values", [3], "float32")],
            [_output([], "float32"), _output([], "float32")]),
        "shift": _function(
            "shift", [_X, _input("by", [3], "float32")], [_output([4, 3], "float32")], True),
        "energy": _function(
            "energy", [_input("position", [], "float64")], [_output([], "float64", "loss")]),
    }

    def _build(self, persistent, scratch, constant):
        self.regions = persistent, scratch, constant
        self._functions = {
            "init": _init(*self.regions),
            "predict": _predict(*self.regions),
            "step": _step(*self.regions),
            "distance": _distance(*self.regions),
            "raise": _raise_flags(*self.regions),
            "spread": _spread(*self.regions),
            "shift": _shift(*self.regions),
            "energy": _scaled(*self.regions),
        }
        self._stored = {
            "dense1.weight": persistent[0:12].view(np.float32),
            "dense1.bias": persistent[64:68].view(np.float32).reshape(()),
            "count": persistent[128:132].view(np.int32).reshape(()),
            "flags": persistent[192:194].view(np.bool_),
        }

    def init(self, seed):
        return self._call("init", seed)

    def predict(self, x):
        return self._call("predict", x)

    def step(self, x, y):
        return self._call("step", x, y)

    def distance(self, x, y):
        return self._call("distance", x, y)

    def raise_(self):
        return self._call("raise")

    def spread(self, values):
        return self._call("spread", values)

    def shift(self, x, by):
        return self._call("shift", x, by)

    def energy(self, position):
        return self._call("energy", position)


if __name__ == "__main__":
    sys.exit(main(Lines))
"""

SOURCE = "\n".join([imports(*RUNTIME), *map(without_imports, RUNTIME), PROGRAM])


def load() -> Any:
    """The program as a module."""
    module = ModuleType("lines")
    exec(compile(SOURCE, "lines.py", "exec"), module.__dict__)
    return module


lines = load()


def samples(number: int) -> tuple[NDArray[Any], NDArray[Any]]:
    x = np.arange(3 * number, dtype=np.float32).reshape(number, 3) % 7 / 8
    return x, (np.arange(number, dtype=np.int32) * 3) % 10


def stored(net: Any) -> dict[str, list[Any]]:
    return {name: np.asarray(a).tolist() for name, a in (net.parameters | net.state).items()}


def refused(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    """`call` fails with exactly this message."""
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message
