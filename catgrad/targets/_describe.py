"""What a program tells about itself: the tables that both targets print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xdsl.dialects import func
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    IntegerAttr,
    ModuleOp,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.exceptions import PassFailedException

from catgrad.dialects.cat import NAME, ROLE, UPDATES
from catgrad.dialects.cat import text_of as text
from catgrad.dialects.tops.base import FLOAT, NUMPY_NAMES, dtype_of, integers, tensor, tensor_of
from catgrad.dialects.tops.fused import REGIONS, SlotAttr, slots_of
from catgrad.targets._rows import rows_independent


@dataclass(frozen=True)
class Stored:
    """A stored tensor: its role, type and slot."""

    role: str
    shape: list[int]
    dtype: str
    slot: SlotAttr

    def table(self) -> dict[str, Any]:
        """The entry in PARAMETERS or STATE."""
        return {"shape": self.shape, "dtype": self.dtype}


def program_name(module: ModuleOp) -> str:
    """The program's name, from the module."""
    name = text(module.attributes.get("tops.program"))
    return "program" if name is None else name


def functions_in(module: ModuleOp, target: str) -> list[func.FuncOp]:
    """The functions of a placed module; PassFailedException if it is not placed."""
    functions = [op for op in module.body.block.ops if isinstance(op, func.FuncOp)]
    others = [op.name for op in module.body.block.ops if not isinstance(op, func.FuncOp)]
    if others or any(f"tops.{region}" not in module.attributes for region in REGIONS):
        what = f"got '{others[0]}'" if others else "values have no slots yet"
        raise PassFailedException(
            f"target '{target}' prints placed tops functions, {what}; run lower-to-{target} first"
        )
    if found := dict.fromkeys(what for function in functions for what in _unusable(function)):
        raise PassFailedException(f"target '{target}' cannot print {'; '.join(found)}")
    return functions


def _unusable(function: func.FuncOp) -> Iterator[str]:
    """What no program can have: names that no checkpoint can hold, another kind of @init."""
    signature, name = Signature(function), function.sym_name.data
    for stored in dict.fromkeys(n for _, n in [*signature.stored, *signature.updates]):
        if "\0" in stored or any("\ud800" <= c <= "\udfff" for c in stored):
            yield f"the name {stored!a} (checkpoints hold UTF-8 text without null characters)"
    types = [tensor_of(value) for value, _ in signature.inputs]
    if name == "init" and types != [tensor((), "i32")]:
        got = ", ".join(map(str, types))
        yield f"@init of ({got}) (it makes the first values from one tensor<i32>, the seed)"


def memory(module: ModuleOp) -> dict[str, int]:
    """Bytes of each region."""
    sizes = {region: module.attributes[f"tops.{region}"] for region in REGIONS}
    return {
        region: size.value.data for region, size in sizes.items() if isinstance(size, IntegerAttr)
    }


def attributes(attrs: ArrayAttr[DictionaryAttr] | None, count: int) -> list[dict[str, Attribute]]:
    """The attribute dictionaries of arguments or results."""
    return [dict(a.data) for a in attrs] if attrs is not None else [{} for _ in range(count)]


def shape_and_dtype(value: SSAValue) -> tuple[list[int], str]:
    """Shape and NumPy dtype name of a value."""
    type_ = tensor_of(value)
    return list(type_.get_shape()), NUMPY_NAMES[dtype_of(type_)]


@dataclass(frozen=True)
class Signature:
    """The arguments and results of a function, sorted by what they are."""

    function: func.FuncOp

    @property
    def arguments(self) -> list[tuple[SSAValue, dict[str, Attribute]]]:
        """Arguments with their attributes."""
        block = self.function.body.block
        return list(
            zip(block.args, attributes(self.function.arg_attrs, len(block.args)), strict=True)
        )

    @property
    def results(self) -> list[tuple[SSAValue, dict[str, Attribute]]]:
        """Returned values with their attributes."""
        last = self.function.body.block.last_op
        assert isinstance(last, func.ReturnOp)
        return list(
            zip(last.operands, attributes(self.function.res_attrs, len(last.operands)), strict=True)
        )

    @property
    def stored(self) -> list[tuple[SSAValue, str]]:
        """Arguments that are stored tensors, with their names."""
        return [(v, text(a.get(NAME)) or "") for v, a in self.arguments if ROLE in a]

    @property
    def inputs(self) -> list[tuple[SSAValue, dict[str, Attribute]]]:
        """The other arguments."""
        return [(v, a) for v, a in self.arguments if ROLE not in a]

    @property
    def outputs(self) -> list[tuple[SSAValue, str | None]]:
        """Results that the caller gets, with their roles."""
        return [(v, text(a.get(ROLE))) for v, a in self.results if UPDATES not in a]

    @property
    def updates(self) -> list[tuple[SSAValue, str]]:
        """Results that are stored, with their names."""
        return [(v, name) for v, a in self.results if (name := text(a.get(UPDATES))) is not None]

    def table(self, method: str) -> dict[str, Any]:
        """The entry in FUNCTIONS."""
        inputs: list[dict[str, Any]] = []
        for index, (value, attrs) in enumerate(self.inputs):
            shape, dtype = shape_and_dtype(value)
            batch, bounds = attrs.get("tops.batch"), integers(attrs.get("tops.range"))
            name = text(attrs.get(NAME))
            entry = {
                "name": f"x{index}" if name is None else name,
                "shape": shape,
                "dtype": dtype,
                "batch": batch.value.data if isinstance(batch, IntegerAttr) else None,
                "range": list(bounds) if bounds is not None else None,
            }
            inputs.append(entry)
        outputs = [
            {"shape": shape, "dtype": dtype, "role": role}
            for (shape, dtype), role in ((shape_and_dtype(v), r) for v, r in self.outputs)
        ]
        batched = any(entry["batch"] == 0 for entry in inputs)
        return {
            "method": method,
            "inputs": inputs,
            "outputs": outputs,
            "stored": [name for _, name in self.stored],
            "updates": [name for _, name in self.updates],
            "rows": batched
            and bool(outputs)
            and not self.updates
            and rows_independent(self.function),
        }


def stored_tensors(functions: list[func.FuncOp]) -> dict[str, Stored]:
    """All stored tensors by name, in order of first appearance."""
    found: dict[str, Stored] = {}
    for function in functions:
        signature = Signature(function)
        slots = {v: a.get("tops.slot") for v, a in signature.arguments}
        for op in function.body.block.ops:
            if placed := slots_of(op):
                slots.update(zip(op.results, placed, strict=True))
        roles = {text(a.get(UPDATES)): text(a.get(ROLE)) for _, a in signature.results}
        roles |= {text(a.get(NAME)): text(a.get(ROLE)) for _, a in signature.arguments if ROLE in a}
        for value, name in [*signature.stored, *signature.updates]:
            slot = slots.get(value)
            if name not in found and isinstance(slot, SlotAttr):
                found[name] = Stored(roles.get(name) or "state", *shape_and_dtype(value), slot)
    return found


def has_command_line(functions: list[func.FuncOp]) -> bool:
    """
    Whether the program trains: it has init, predict, and a step that returns its loss.

    The step takes two arrays of samples, and perhaps a floating scalar called learning_rate.
    """
    table = {f.sym_name.data: Signature(f) for f in functions}
    if not {"init", "predict", "step"} <= set(table):
        return False
    losses = [role for _, role in table["step"].outputs]
    more = [(text(a.get(NAME)), tensor_of(v)) for v, a in table["step"].inputs[2:]]
    rates = [[("learning_rate", tensor((), dtype))] for dtype in FLOAT]
    samples = len(table["step"].inputs) >= 2 and len(table["predict"].inputs) == 1
    return losses == ["loss"] and samples and more in [[], *rates]
