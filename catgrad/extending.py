"""
What dialects, rules, passes and targets from outside the package are written with.

An op is a class with a NumPy meaning and a rule; `Unary` and `Binary` are elementwise. `rule` and
`decomposition` are for ops of any dialect. A pass is an xDSL `ModulePass`. A target is a
`PlacedTarget`: its `emit` gets functions whose values have slots. A file of these is given to a
command with --load, or to `load`; an installed package names its `Universe` as an entry point in
the group `xdsl.universe`.
"""

from __future__ import annotations

from catgrad.dialects.tops.base import (
    AnyTensor,
    Arrays,
    Emitter,
    Given,
    Numpy,
    Props,
    Tensor,
    TopsOp,
    dtype_of,
    integers,
    nbytes,
    shape_of,
    tensor_of,
)
from catgrad.dialects.tops.elementwise import Binary, Elementwise, Unary, ufunc
from catgrad.dialects.tops.fused import SlotAttr, slots_of
from catgrad.dialects.tops.value import Array
from catgrad.driver.plugins import load
from catgrad.rules import apply, decomposition, rule
from catgrad.targets._describe import (
    Signature,
    functions_in,
    has_command_line,
    memory,
    program_name,
    stored_tensors,
)
from catgrad.targets._placement import PlacedTarget, is_scalar_literal, same_shape
from catgrad.targets._python_names import Names, identifier
from catgrad.universe import lower_to

__all__ = [
    "AnyTensor",
    "Array",
    "Arrays",
    "Binary",
    "Elementwise",
    "Emitter",
    "Given",
    "Names",
    "Numpy",
    "PlacedTarget",
    "Props",
    "Signature",
    "SlotAttr",
    "Tensor",
    "TopsOp",
    "Unary",
    "apply",
    "decomposition",
    "dtype_of",
    "functions_in",
    "has_command_line",
    "identifier",
    "integers",
    "is_scalar_literal",
    "load",
    "lower_to",
    "memory",
    "nbytes",
    "program_name",
    "rule",
    "same_shape",
    "shape_of",
    "slots_of",
    "stored_tensors",
    "tensor_of",
    "ufunc",
]
