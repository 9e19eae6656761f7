"""
What a trace is made of: stored tensors, arrows under construction, traced arrows.

The tracer itself is in `catgrad.tracing`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast

from xdsl.builder import Builder
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint
from xdsl.utils.exceptions import DiagnosticException, VerifyException

from catgrad._user_lines import locate
from catgrad.dialects.tops import TABLE
from catgrad.dialects.tops.base import DTYPES, Tensor, scalar_attribute, tensor
from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.value import Array, Ops, Scalar

Function: TypeAlias = Callable[..., Any]
Initializer: TypeAlias = "Callable[[Array, tuple[int, ...], str], Array]"
"""(seed, shape, dtype) -> the first value of a stored tensor."""
Role: TypeAlias = Literal["parameter", "state"]
Derivative: TypeAlias = "Callable[[Sequence[Tensor]], Callee]"


class TraceError(DiagnosticException):
    """A model that cannot be traced: says which layer, what it got, what it accepts."""


@dataclass(frozen=True)
class Stored:
    """A tensor that outlives a call: a parameter or a state."""

    name: str
    type: Tensor
    role: Role
    init: Initializer


@dataclass
class Frame:
    """One arrow under construction; arguments are stored tensors by first use, then inputs."""

    block: Block
    ops: TracingOps
    inputs: list[SSAValue]
    stored: dict[str, SSAValue] = field(default_factory=dict[str, SSAValue])
    ranges: dict[SSAValue, tuple[int, int]] = field(default_factory=dict[SSAValue, tuple[int, int]])
    updates: dict[str, Array] = field(default_factory=dict[str, Array])
    sites: int = 0


@dataclass(frozen=True)
class Callee:
    """A private arrow: its symbol, the stored tensors it takes first, its types."""

    symbol: str
    stored: list[str]
    outputs: list[Tensor]
    updates: list[str]
    """The stored tensors whose new values follow the outputs."""
    ranges: dict[int, tuple[int, int]]
    sites: int
    single: bool
    """Whether the function returned one array, not a tuple."""


class TracingOps(Ops):
    """Emits at the end of one block; results are hinted with the op's name."""

    def __init__(self, block: Block):
        builder = Builder(InsertPoint.at_end(block), operation_insertion_handler=[locate])
        super().__init__(builder, TABLE, ring=False)
        self.block = block
        self.literals: dict[object, Array] = {}
        """What `full` returned before, by shape, element type and number with its sign."""

    def emit(
        self, mnemonic: str, *operands: Array, type: Tensor | None = None, **props: object
    ) -> Array:
        self.check(mnemonic, operands)
        return super().emit(mnemonic, *operands, type=type, **props)

    def full(self, shape: Sequence[int], value: Scalar, dtype: str) -> Array:
        number = cast(Any, scalar_attribute(value, dtype)).value.data
        key = tuple(shape), dtype, number, math.copysign(1, number)  # -0.0 == 0.0
        if key not in self.literals:
            self.literals[key] = super().full(shape, value, dtype)
        return self.literals[key]

    def insert(self, op: Operation) -> Array:
        name = op.name.partition(".")[2]
        self.check(name, [self.array(v) for v in op.operands])
        result = super().insert(op)
        op.verify_()
        if not isinstance(op, FullOp):
            result.value.name_hint = name
        return result

    def check(self, what: str, arrays: Sequence[object]) -> None:
        """Raise unless all are symbolic arrays of the arrow under construction."""
        for array in arrays:
            if not isinstance(array, Array):
                raise TraceError(
                    f"{what}: got {type(array).__name__}; accepts symbolic arrays "
                    "(cg.constant makes one of numbers)"
                )
            owner = array.value.owner
            if (owner if isinstance(owner, Block) else owner.parent_block()) is not self.block:
                raise TraceError(
                    f"{what}: {array!r} belongs to another arrow; pass it as an input instead"
                )


def run(function: Function, arguments: Sequence[Array], name: str) -> Any:
    """Call a traced function; a type error gets the name of the layer in front."""
    try:
        return function(*arguments)
    except VerifyException as error:
        given = ", ".join(repr(a) for a in arguments)
        raise TraceError(f"{name}({given}): {error}") from error
    except TraceError as error:
        raise TraceError(f"in {name}: {error}") from error


def elements(value: object) -> list[object]:
    """The elements of a tuple or list; anything else is one."""
    return list(cast("Sequence[object]", value)) if isinstance(value, tuple | list) else [value]


def as_tuple(returned: object, name: str) -> list[Array]:
    """The arrays a function returned."""
    arrays: list[Array] = []
    for result in elements(returned):
        if not isinstance(result, Array):
            raise TraceError(f"{name} must return symbolic arrays, got {type(result).__name__}")
        arrays.append(result)
    return arrays


def check_name(name: object, what: str) -> str:
    """The name, which must be a string."""
    if isinstance(name, str):
        return name
    raise TraceError(f"{what}: a name is a string, got {name!r}")


@dataclass(frozen=True)
class Dtype:
    """An element type; indexing gives a tensor type: `f32[150, 4]`, `i32[()]`."""

    name: str

    def __getitem__(self, shape: int | tuple[int, ...]) -> Tensor:
        sizes: tuple[object, ...] = shape if isinstance(shape, tuple) else (shape,)
        if any(type(n) is not int or n < 0 for n in sizes):
            raise TraceError(
                f"{self.name}[...] takes whole numbers >= 0, as in {self.name}[32, 10] or "
                f"{self.name}[()]; got {shape!r}"
            )
        if self.name not in DTYPES:
            raise TraceError(f"dtype {self.name!r} is not one of {', '.join(DTYPES)}")
        return tensor(cast("tuple[int, ...]", sizes), self.name)

    def __str__(self) -> str:
        return self.name
