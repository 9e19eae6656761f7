"""
What every `tops` op shares: types, generic syntax, shape inference, NumPy meaning, reverse rule.

An op states its meaning as *text* (trait `Numpy`), used alike by the interpreter, the oracle of the
tests and the NumPy printer, and its derivative as the method `reverse`.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from xdsl.dialects.builtin import (
    BoolAttr,
    DenseArrayBase,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    TensorType,
    UnitAttr,
    f32,
    f64,
    i1,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import BaseAttr, IRDLOperation, traits_def
from xdsl.parser import Parser
from xdsl.pattern_rewriter import RewritePattern
from xdsl.printer import Printer
from xdsl.traits import HasCanonicalizationPatternsTrait, OpTrait, Pure
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects._blame import filled, values_of

if TYPE_CHECKING:
    from catgrad.dialects.tops.value import Array, Ops

Tensor: TypeAlias = TensorType[Attribute]
Props: TypeAlias = Mapping[str, Any]
Arrays: TypeAlias = "Sequence[Array]"
Given: TypeAlias = "Sequence[Array | None]"
"""Input cotangents; None is a declared zero."""
Emitter: TypeAlias = "Ops"

DTYPES: dict[str, Attribute] = {"f32": f32, "f64": f64, "i32": i32, "i64": i64, "i1": i1}
NAMES = {element: name for name, element in DTYPES.items()}
NUMPY_NAMES = {"f32": "float32", "f64": "float64", "i32": "int32", "i64": "int64", "i1": "bool"}
SIZES = {"f32": 4, "f64": 8, "i32": 4, "i64": 8, "i1": 1}

FLOAT = ("f32", "f64")
INTEGER = ("i32", "i64")
NUMBER = (*FLOAT, *INTEGER)
BOOL = ("i1",)
ANY = (*NUMBER, *BOOL)

AnyTensor = BaseAttr(TensorType)


def tensor(shape: Sequence[int], dtype: str | Attribute) -> Tensor:
    """The type of a tensor of `shape`, its element type given by name ("f32") or attribute."""
    return _tensor(tuple(shape), DTYPES[dtype] if isinstance(dtype, str) else dtype)


@lru_cache(1 << 12)  # types are immutable
def _tensor(shape: tuple[int, ...], element: Attribute) -> Tensor:
    return TensorType(element, shape)


def tensor_of(value: SSAValue) -> Tensor:
    """The tensor type of a value; a `VerifyException` for anything else."""
    if not isinstance(type_ := value.type, TensorType):
        raise VerifyException(f"expected a tensor, got {type_}")
    return type_  # pyright: ignore[reportUnknownVariableType]


def shape_of(value: SSAValue) -> tuple[int, ...]:
    """The static shape of a tensor value."""
    return tuple(tensor_of(value).get_shape())


def dtype_of(type_: Tensor) -> str:
    """The short name of the element type: f32, f64, i32, i64 or i1."""
    if (name := NAMES.get(type_.element_type)) is None:
        raise VerifyException(f"element type {type_.element_type} is not one of {', '.join(ANY)}")
    return name


def nbytes(type_: Tensor) -> int:
    """Bytes of the dense tensor."""
    return math.prod(type_.get_shape()) * SIZES[dtype_of(type_)]


def encode(value: object) -> Attribute:
    """Python value -> attribute: tuples of int, int, bool (True is a unit); attributes pass."""
    match value:
        case Attribute():
            return value
        case True:
            return UnitAttr()
        case int():
            return IntegerAttr(value, i64)
        case tuple() | list():
            return DenseArrayBase.from_list(i64, list(cast("Sequence[int]", value)))
        case _:
            raise TypeError(f"no attribute for {value!r}")


def integers(attribute: Attribute | None) -> tuple[int, ...] | None:
    """The numbers of a dense array of integers; None for any other attribute."""
    if not isinstance(attribute, DenseArrayBase):
        return None
    return tuple(cast("DenseArrayBase[IntegerType]", attribute).get_values())


def decode(attribute: Attribute) -> Any:
    """Attribute -> Python value; what has no Python form stays an attribute."""
    match attribute:
        case UnitAttr():
            return True
        case IntegerAttr(type=IntegerType(width=width)) if width.data == 1:
            return bool(attribute.value.data)
        case IntegerAttr() | FloatAttr():
            return attribute.value.data
        case DenseArrayBase():
            return integers(attribute)
        case _:
            return attribute


def scalar_attribute(value: float, dtype: str) -> Attribute:
    """The attribute of one scalar of `dtype`; rounds to the dtype, rejects what does not fit."""
    if dtype == "i1":
        return BoolAttr.from_bool(bool(value))
    if dtype in INTEGER:
        if value != int(value):
            raise VerifyException(f"{value!r} is no {dtype}: give a whole number or use astype")
        bits = 8 * SIZES[dtype]
        if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
            raise VerifyException(f"{value!r} does not fit {dtype}")
        return IntegerAttr(int(value), cast(IntegerType, DTYPES[dtype]))
    try:
        return FloatAttr(float(value), f32 if dtype == "f32" else f64)
    except OverflowError as error:
        raise VerifyException(f"{value!r} does not fit {dtype}") from error


@dataclass(frozen=True)
class Numpy(OpTrait):
    """
    The NumPy meaning of an op, as text: statements that fill `{out}` from `{0}`, `{1}`, ...;
    the one after the last operand is 0.

    `view` is an expression instead, for ops that only look at their operand. Other fields come from
    `TopsOp.fields`. `domain` lists the element types of the first operand (or result), `rule` those
    on which the reverse rule holds; `boolean` is the meaning on i1 where it differs (the ring Z/2).
    """

    text: str = ""
    domain: tuple[str, ...] = FLOAT
    rule: tuple[str, ...] = FLOAT
    view: str = ""
    boolean: str = ""

    def statement(self, op: Operation, names: Sequence[str], out: str, **fields: object) -> str:
        """The statements that compute `op` from `names` into `out`; `fields` override the op's."""
        dtype = dtype_of(tensor_of(op.operands[0] if op.operands else op.results[0]))
        text = self.boolean if self.boolean and dtype == "i1" else self.text
        if self.view:
            text = f"np.copyto({{out}}, {self.view})"
        known = {"out": out, "operands": ", ".join(names), **self.fields(op), **fields}
        return filled(text, op, *names, 0, **known)

    def expression(self, op: Operation, names: Sequence[str]) -> str:
        """The view, as an expression (only where `view` is set)."""
        return filled(self.view, op, *names, **self.fields(op))

    @staticmethod
    def fields(op: Operation) -> dict[str, Any]:
        """The fields of any op: a `tops` op may have more."""
        return op.fields() if isinstance(op, TopsOp) else fields_of(op)


def fields_of(op: Operation) -> dict[str, Any]:
    """What the text of an op's NumPy meaning may name besides operands and `out`."""
    result = tensor_of(op.results[0])
    numpy_name = NUMPY_NAMES[dtype_of(result)]
    props = {key: decode(value) for key, value in op.properties.items()}
    return {"shape": tuple(result.get_shape()), "dtype": f"np.{numpy_name}", **props}


@dataclass(frozen=True)
class ReverseRule(OpTrait, abc.ABC):
    """The query key of differentiation; attach a subclass to ops of any dialect."""

    @abc.abstractmethod
    def reverse(
        self,
        op: Operation,
        inputs: Sequence[SSAValue],
        outputs: Sequence[SSAValue],
        cotangents: Sequence[SSAValue | None],
        ops: Ops,
    ) -> Sequence[SSAValue | None]:
        """The input cotangents; None is a declared zero."""

    def holds(self, op: Operation) -> bool:
        """Whether there is a rule for this op on its types."""
        return True


@dataclass(frozen=True)
class _TopsRule(ReverseRule):
    """Forwards to the op's own method `reverse`, on `Array`s."""

    def reverse(
        self,
        op: Operation,
        inputs: Sequence[SSAValue],
        outputs: Sequence[SSAValue],
        cotangents: Sequence[SSAValue | None],
        ops: Ops,
    ) -> Sequence[SSAValue | None]:
        assert isinstance(op, TopsOp)
        x, y, g = ([ops.array(v) for v in vs if v] for vs in (inputs, outputs, cotangents))
        return values_of(op.reverse(x, y, g, ops), ops)

    def holds(self, op: Operation) -> bool:
        return isinstance(op, TopsOp) and op.has_rule()


@dataclass(frozen=True)
class _Algebra(HasCanonicalizationPatternsTrait):
    """The op's patterns, from `algebra.py` (imported late: the patterns name the op classes)."""

    def verify(self, op: Operation) -> None:
        return

    def get_patterns(self, op: type[Operation]) -> tuple[RewritePattern, ...]:
        from catgrad.dialects.tops.algebra import rewriting_of

        return rewriting_of(op)


class TopsOp(IRDLOperation, abc.ABC):
    """
    A pure tensor op: any operands, typed properties, one result unless it says otherwise.

    Syntax of all ops: `%r = tops.NAME %a, %b, key = value, flag {attributes} : TYPE`, where TYPE is
    the one type of all operands and results, or else `(operand types) -> result type`.
    """

    traits = traits_def(Pure(), _TopsRule(), _Algebra())

    def __init__(self, *operands: SSAValue, type: Tensor | None = None, **attributes: object):
        props = {key: value for key, value in attributes.items() if value is not False}
        result = self.infer([tensor_of(v) for v in operands], props, type)
        encoded = {key: encode(value) for key, value in props.items()}
        # Not IRDLOperation's constructor: it wants variadic operands (concat) as one list.
        Operation.__init__(self, operands=operands, result_types=[result], properties=encoded)

    @classmethod
    @abc.abstractmethod
    def infer(cls, types: Sequence[Tensor], props: Props, result: Tensor | None) -> Tensor:
        """
        The result type; `result` is the type asked for, where it is free.

        VerifyException for operands and properties that do not fit.
        """

    def reverse(self, inputs: Arrays, outputs: Arrays, cotangents: Arrays, ops: Emitter) -> Given:
        """The input cotangents; None is a declared zero."""
        raise VerifyException(f"'{self.name}' has no reverse rule")

    @property
    def mnemonic(self) -> str:
        """The name without `tops.`."""
        return self.name.partition(".")[2]

    @property
    def meaning(self) -> Numpy:
        """The op's `Numpy` trait."""
        trait = self.get_trait(Numpy)
        if trait is None:
            raise VerifyException(f"'{self.name}' has no NumPy meaning: give it the trait Numpy")
        return trait

    @property
    def out_type(self) -> Tensor:
        """The type of the (only) result."""
        return tensor_of(self.results[0])

    def has_rule(self) -> bool:
        """Whether `reverse` is defined and holds on this op's types."""
        own = type(self).reverse is not TopsOp.reverse
        typed = self.operands[0] if self.operands else self.results[0]
        return own and dtype_of(tensor_of(typed)) in self.meaning.rule

    def props(self) -> dict[str, Any]:
        """The properties as Python values."""
        return {key: decode(value) for key, value in self.properties.items()}

    def fields(self) -> dict[str, Any]:
        """What the text of the NumPy meaning may name besides operands and `out`."""
        return fields_of(self)

    def verify_(self) -> None:
        types = [tensor_of(v) for v in self.operands]
        for type_ in [*types, self.out_type]:
            dtype_of(type_)
            if not type_.has_static_shape():
                raise VerifyException(f"'{self.name}' needs static shapes, got {type_}")
        expected = self.infer(types, self.props(), self.out_type)
        if expected != self.out_type:
            raise VerifyException(f"'{self.name}' gives {expected}, its type says {self.out_type}")
        self.check_domain(types[0] if types else self.out_type)

    @classmethod
    def check_domain(cls, type_: Tensor) -> None:
        """Raise if the op is not defined on the element type."""
        trait = next((t for t in cls.traits.traits if isinstance(t, Numpy)), None)
        if trait is not None and dtype_of(type_) not in trait.domain:
            raise VerifyException(f"'{cls.name}' takes {' '.join(trait.domain)}, got {type_}")

    def print(self, printer: Printer) -> None:
        for index, operand in enumerate(self.operands):
            printer.print_string(", " if index else " ")
            printer.print_ssa_value(operand)
        for index, (key, value) in enumerate(sorted(self.properties.items()), len(self.operands)):
            printer.print_string(", " if index else " ")
            printer.print_string(key)
            if isinstance(value, UnitAttr):
                continue
            printer.print_string(" = ")
            if (numbers := integers(value)) is not None:
                printer.print_string(str(list(numbers)))
            else:
                printer.print_attribute(value)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        types = {*self.operand_types, *self.result_types}
        if len(types) == 1 and self.results:
            printer.print_attribute(next(iter(types)))
        else:
            printer.print_function_type(self.operand_types, self.result_types)

    @classmethod
    def parse(cls, parser: Parser) -> TopsOp:
        operands, props = _parse_parts(parser)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        position = parser.pos
        type_ = parser.parse_type()
        if hasattr(type_, "inputs") and hasattr(type_, "outputs"):
            function = cast(Any, type_)
            inputs, outputs = list(function.inputs), list(function.outputs)
        else:
            inputs, outputs = [type_] * len(operands), [type_]
        values = parser.resolve_operands(operands, inputs, position)
        return cls.create(
            operands=values, result_types=outputs, properties=props, attributes=attributes
        )


def _parse_parts(parser: Parser) -> tuple[list[Any], dict[str, Attribute]]:
    """`%a, %b, key = value, flag`: operands first, then properties."""
    operands: list[Any] = []
    props: dict[str, Attribute] = {}
    while True:
        operand = None if props else parser.parse_optional_unresolved_operand()
        if operand is not None:
            operands.append(operand)
        else:
            key = parser.parse_optional_identifier()
            if key is None and not operands and not props:
                return operands, props
            if key is None:
                parser.raise_error("expected an operand or a property after ','")
            props[key] = _parse_property(parser)
        if parser.parse_optional_punctuation(",") is None:
            return operands, props


def _parse_property(parser: Parser) -> Attribute:
    if parser.parse_optional_punctuation("=") is None:
        return UnitAttr()
    if parser.parse_optional_punctuation("[") is None:
        return parser.parse_attribute()
    numbers: list[int] = []
    if parser.parse_optional_punctuation("]") is None:
        numbers.append(parser.parse_integer())
        while parser.parse_optional_punctuation(",") is not None:
            numbers.append(parser.parse_integer())
        parser.parse_punctuation("]")
    return encode(tuple(numbers))
