"""
Whether passes keep the meaning: public functions are run before and after each pass.

Floats may differ by `TOLERANCE` of the largest magnitude in their result, integers and bools not at
all; nan and inf must stand in the same places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import InterpretationError

from catgrad._errors import PassFailure
from catgrad.dialects import cat
from catgrad.dialects._places import place_of
from catgrad.dialects.tops.base import integers
from catgrad.driver.instruments import Instrument, say
from catgrad.interpreter import Cell, Interpreter, NumPyArray, dtype_and_shape

TOLERANCE = {"float32": 1e-4, "float64": 1e-9}
"""What floats may differ by, relative to the largest magnitude."""
SHOWN = 6
"""How many numbers of an input an error shows."""


class Recorder(Interpreter):
    """Remembers what every op of the module computed; not those that rules make on the way."""

    def __init__(self, module: ModuleOp):
        super().__init__(module)
        self.module = module
        self.values: list[tuple[Operation, list[Cell], list[Cell]]] = []

    def op(self, op: Operation, inputs: list[Cell]) -> list[Cell]:
        outputs = super().op(op, inputs)
        if op.get_toplevel_object() is self.module:
            self.values.append((op, inputs, outputs))
        return outputs


@dataclass
class Meaning:
    """What a module computes on given inputs; `skipped` says why a function was not run."""

    module: ModuleOp
    inputs: dict[str, list[NumPyArray]]
    results: dict[str, list[NumPyArray]]
    skipped: dict[str, str]


def public_functions(module: ModuleOp) -> dict[str, cat.ArrowOp | func.FuncOp]:
    """The functions that a user can call."""
    return {
        op.sym_name.data: op
        for op in module.body.block.ops
        if isinstance(op, cat.ArrowOp | func.FuncOp)
        and (op.sym_visibility is None or op.sym_visibility.data == "public")
    }


def sample(function: cat.ArrowOp | func.FuncOp, seed: int) -> list[NumPyArray]:
    """Random arguments: normal floats, integers in the range that the argument states, or 0, 1."""
    rng = np.random.default_rng(seed)
    types = function.function_type.inputs.data
    found: list[NumPyArray] = []
    for type_, attributes in zip(types, _attributes(function.arg_attrs, len(types)), strict=True):
        dtype, shape = dtype_and_shape(type_)
        if dtype.startswith("float"):
            found.append(np.asarray(rng.normal(size=shape)).astype(dtype))
            continue
        batch = attributes.data.get("tops.range")
        low, high = (integers(batch) if batch is not None else None) or (0, 2)
        found.append(np.asarray(rng.integers(low, high, shape)).astype(dtype))
    return found


def _attributes(
    attributes: ArrayAttr[DictionaryAttr] | None, count: int
) -> Sequence[DictionaryAttr]:
    return [DictionaryAttr({})] * count if attributes is None else attributes.data


def meaning_of(module: ModuleOp, seed: int) -> Meaning:
    """Run every public function of a module; what cannot be run is noted."""
    found = Meaning(module, {}, {}, {})
    for name, function in public_functions(module).items():
        try:
            inputs = sample(function, seed)
            found.results[name] = Interpreter(module).run(name, *inputs)
            found.inputs[name] = inputs
        except (InterpretationError, AssertionError) as error:
            found.skipped[name] = str(error) or "its types are no static tensors"
    return found


def difference(a: NumPyArray, b: NumPyArray) -> tuple[int, ...] | None:
    """Where two results first differ by more than is allowed; None if they agree."""
    if a.dtype.name not in TOLERANCE:
        wrong = a != b
    else:
        finite = np.isfinite(a) & np.isfinite(b)
        largest = max((float(np.max(np.abs(x[finite]), initial=0.0)) for x in (a, b)), default=0.0)
        with np.errstate(invalid="ignore", over="ignore"):
            apart = np.abs(a - b) > TOLERANCE[a.dtype.name] * largest
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        wrong = np.where(finite, apart, ~same)
    places = np.argwhere(wrong)
    return tuple(int(i) for i in places[0]) if len(places) else None


class SemanticsCheck(Instrument):
    """Fails after the first pass that changed what a public function computes."""

    def __init__(self, seed: int):
        self.seed = seed
        self.old = Meaning(ModuleOp([]), {}, {}, {})

    def start(self, module: ModuleOp) -> None:
        self.old = meaning_of(module.clone(), self.seed)
        for name, reason in self.old.skipped.items():
            say(f"note: @{name} is not checked: {reason}")

    def after(self, pass_: ModulePass, module: ModuleOp) -> None:
        functions = public_functions(module)
        for name, results in self.old.results.items():
            if name not in functions:
                raise PassFailure(f"pass '{pass_.name}' removed the public function @{name}")
            self.compare(pass_.name, module, name, results)
        self.old = Meaning(module.clone(), self.old.inputs, self.old.results, self.old.skipped)

    def compare(
        self, pass_: str, module: ModuleOp, name: str, results: Sequence[NumPyArray]
    ) -> None:
        """Run one function and compare."""
        inputs = self.old.inputs[name]
        recorder = Recorder(module)
        try:
            found = recorder.run(name, *inputs)
        except InterpretationError as error:
            raise PassFailure(f"pass '{pass_}': @{name} ran before it, now: {error}") from error
        old, new = (_types(arrays) for arrays in (results, found))
        if old != new:
            raise PassFailure(f"pass '{pass_}' changed the results of @{name} from {old} to {new}")
        for i, (a, b) in enumerate(zip(results, found, strict=True)):
            if (at := difference(a, b)) is not None:
                allowed = TOLERANCE.get(a.dtype.name, 0)
                raise PassFailure(
                    f"pass '{pass_}' changed the meaning of @{name}: result {i} at {list(at)} was "
                    f"{a[at]}, is {b[at]} (allowed: {allowed:g} of the largest magnitude)"
                    f"{self.first_op(name, recorder)}{shown(inputs)}\n  seed: {self.seed}"
                )

    def first_op(self, name: str, new: Recorder) -> str:
        """The first op with a result that was not known before the pass, from inputs that were."""
        old = Recorder(self.old.module)
        old.run(name, *self.old.inputs[name])
        known = [*self.old.inputs[name], *(c.array for _, _, out in old.values for c in out)]
        for op, inputs, outputs in new.values:
            if all(_is_known(c.array, known) for c in inputs):
                if any(not _is_known(c.array, known) for c in outputs):
                    place = place_of(op)
                    at = f", from {place}" if place is not None else ""
                    return f"\n  first op with a new value: {str(op).strip()[:200]}{at}"
        return ""


def _types(arrays: Sequence[NumPyArray]) -> str:
    return ", ".join(f"{a.dtype}{list(a.shape)}" for a in arrays) or "none"


def _is_known(array: NumPyArray, known: Sequence[NumPyArray]) -> bool:
    return any(
        k.shape == array.shape and k.dtype == array.dtype and difference(k, array) is None
        for k in known
    )


def shown(inputs: Sequence[NumPyArray]) -> str:
    """The inputs of a failing run, long ones cut."""
    lines: list[str] = []
    for i, array in enumerate(inputs):
        numbers = ", ".join(str(n) for n in array.ravel()[:SHOWN])
        rest = ", ..." if array.size > SHOWN else ""
        lines.append(f"\n  input {i}: {array.dtype.name}{list(array.shape)} [{numbers}{rest}]")
    return "".join(lines)
