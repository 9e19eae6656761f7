"""The placed level: fused regions and slots."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import cast

from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, StringAttr, i64
from xdsl.ir import Attribute, Operation, ParametrizedAttribute, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_attr_definition,
    irdl_op_definition,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import AttrParser, Parser
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from catgrad.dialects.tops.base import AnyTensor, shape_of, tensor_of
from catgrad.dialects.tops.creation import FullOp
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.movement import BroadcastOp
from catgrad.dialects.tops.reduction import Reduction

REGIONS = ("persistent", "scratch", "constant")
ALIGNMENT = 64


@irdl_attr_definition
class SlotAttr(ParametrizedAttribute):
    """Where a value lives: `#tops.slot<scratch, 128, 64>` is 64 bytes at offset 128 of scratch."""

    name = "tops.slot"
    region: StringAttr
    offset: IntegerAttr
    bytes: IntegerAttr

    @staticmethod
    def of(region: str, offset: int, size: int) -> SlotAttr:
        """The slot of `size` bytes at `offset` of a region."""
        return SlotAttr(StringAttr(region), IntegerAttr(offset, i64), IntegerAttr(size, i64))

    @property
    def start(self) -> int:
        """The first byte."""
        return self.offset.value.data

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self.bytes.value.data

    def overlaps(self, other: SlotAttr) -> bool:
        """Whether the two share a byte; an empty one has none."""
        first = max(self.start, other.start)
        last = min(self.start + self.size, other.start + other.size)
        return self.region == other.region and first < last

    def verify(self) -> None:
        if self.region.data not in REGIONS:
            raise VerifyException(
                f"slot region '{self.region.data}' is not one of {', '.join(REGIONS)}"
            )
        if self.start < 0 or self.start % ALIGNMENT or self.size < 0:
            raise VerifyException(
                f"slot offset {self.start} must be >= 0 and a multiple of {ALIGNMENT}"
            )

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            region = parser.parse_identifier()
            parser.parse_punctuation(",")
            offset = parser.parse_integer()
            parser.parse_punctuation(",")
            size = parser.parse_integer()
        return StringAttr(region), IntegerAttr(offset, i64), IntegerAttr(size, i64)

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{self.region.data}, {self.start}, {self.size}>")


def slots_of(op: Operation) -> Sequence[Attribute]:
    """What the attribute `tops.slots` says of the results of an op; nothing if it is missing."""
    slots = op.attributes.get("tops.slots")
    return cast("ArrayAttr[Attribute]", slots).data if isinstance(slots, ArrayAttr) else ()


def folds_rows(op: Reduction) -> bool:
    """Whether a reduction folds the last axis, and that alone."""
    return op.props()["axes"] == (len(tensor_of(op.x).get_shape()) - 1,)


def _rank(value: SSAValue) -> int:
    """The number of axes of a tensor value."""
    return tensor_of(value).get_num_dims()


@irdl_op_definition
class YieldOp(IRDLOperation):
    """
    Ends a fused region with its results.

    `tops.yield %a, %b : tensor<2xf32>, tensor<2xf32>`
    """

    name = "tops.yield"
    values = var_operand_def(AnyTensor)
    traits = traits_def(IsTerminator(), Pure())
    assembly_format = "attr-dict ($values^ `:` type($values))?"

    def __init__(self, values: Sequence[SSAValue]):
        super().__init__(operands=[list(values)])


@irdl_op_definition
class FusedOp(IRDLOperation):
    """
    Ops of one iteration space, computed in one sweep.

    The region holds elementwise ops, `full`, broadcasts of arguments, and reductions over the last
    axis of the space. Values have the shape of the space or, if it is swept row by row, that shape
    without the last axis: one value for each row. Broadcasts may repeat it along the row.

    ```
    %y = tops.fused (%x, %bias) : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32> {
    ^bb0(%a: tensor<2x3xf32>, %b: tensor<3xf32>):
      %c = tops.broadcast %b, axes = [0] : (tensor<3xf32>) -> tensor<2x3xf32>
      %d = tops.add %a, %c : tensor<2x3xf32>
      tops.yield %d : tensor<2x3xf32>
    }
    ```
    """

    name = "tops.fused"
    inputs = var_operand_def(AnyTensor)
    outs = var_result_def(AnyTensor)
    body = region_def("single_block")
    traits = traits_def(Pure(), IsolatedFromAbove())

    def __init__(self, inputs: Sequence[SSAValue], body: Region):
        last = body.block.last_op
        assert isinstance(last, YieldOp)
        super().__init__(
            operands=[list(inputs)], result_types=[[v.type for v in last.values]], regions=[body]
        )

    @property
    def values(self) -> list[SSAValue]:
        """The values of the region: its arguments, then the results of its ops, in order."""
        return [*self.body.block.args, *(r for op in self.body.block.ops for r in op.results)]

    def structure(self) -> Hashable:
        """All that counts of the region: not names, nor attributes, which no meaning hangs on."""
        values = self.values
        numbers = {value: number for number, value in enumerate(values)}
        ops = [
            (type(op), *[numbers[v] for v in op.operands], *op.properties.items())
            for op in self.body.block.ops
        ]
        return tuple(value.type for value in values), tuple(ops)

    @property
    def folds(self) -> list[Reduction]:
        """The reductions of rows."""
        return [op for op in self.body.block.ops if isinstance(op, Reduction)]

    @property
    def space(self) -> tuple[int, ...]:
        """The shape that is swept: the largest of what is yielded, folded or computed."""
        swept = [*self.results, *(fold.x for fold in self.folds)]
        swept += [r for op in self.body.block.ops for r in op.results]
        return shape_of(max(swept, key=_rank))

    @property
    def in_rows(self) -> bool:
        """Whether there are values that belong to a whole row."""
        rank = len(self.space)
        return any(_rank(r) < rank for op in self.body.block.ops for r in op.results)

    def levels(self) -> dict[SSAValue, int]:
        """How many reductions, one after the other, stand before each value of the region."""
        levels: dict[SSAValue, int] = dict.fromkeys(self.body.block.args, 0)
        for op in self.body.block.ops:
            level = max((levels[v] for v in op.operands), default=0) + isinstance(op, Reduction)
            levels.update(dict.fromkeys(op.results, level))
        return levels

    def read_in_time(self, operand: int, result: int) -> bool:
        """
        Whether a sweep in loops, level by level, has read an operand when it stores a result.

        A loop stores a value where it computes it, in the order of the region: what reads the
        operand stands there or before. A broadcast operand is read again for later rows.
        """
        if not self.in_rows:
            return True
        levels, value = self.levels(), self.terminator.values[result]
        if not isinstance(value.owner, Elementwise):
            return False
        order = {op: i for i, op in enumerate(self.body.block.ops)}
        last = levels[value], order[value.owner]
        users = [use.operation for use in self.body.block.args[operand].uses]
        return all(
            isinstance(u, Elementwise | Reduction) and (levels[u.results[0]], order[u]) <= last
            for u in users
        )

    @property
    def terminator(self) -> YieldOp:
        """The `tops.yield` of the region."""
        last = self.body.block.last_op
        assert isinstance(last, YieldOp)
        return last

    def verify_(self) -> None:
        block = self.body.block
        if not isinstance(block.last_op, YieldOp) or not self.results:
            raise VerifyException("'tops.fused' must yield at least one value")
        if [a.type for a in block.args] != list(self.operand_types):
            raise VerifyException("'tops.fused': region arguments and operands differ in type")
        if [v.type for v in block.last_op.values] != list(self.result_types):
            raise VerifyException("'tops.fused': yielded values and results differ in type")
        space = self.space
        for op in block.ops:
            if not isinstance(op, YieldOp):
                self.verify_inner(op, space)
        self.verify_yielded(space)

    def verify_yielded(self, space: tuple[int, ...]) -> None:
        """Raise unless every result is a value of the sweep."""
        for result in self.results:
            shape = tuple(tensor_of(result).get_shape())
            if shape != space and not (self.in_rows and shape == space[:-1]):
                raise VerifyException(f"'tops.fused' over {list(space)} yields {result.type}")

    def verify_inner(self, op: Operation, space: tuple[int, ...]) -> None:
        """Raise unless an op has its place in the sweep."""
        if not isinstance(op, Elementwise | BroadcastOp | FullOp | Reduction):
            raise VerifyException(
                "'tops.fused' holds elementwise ops, row reductions, broadcasts and full, "
                f"got '{op.name}'"
            )
        shapes = {space, space[:-1]}
        if tuple(op.out_type.get_shape()) not in shapes:
            raise VerifyException(
                f"'tops.fused' over {list(space)} holds '{op.name}' of {op.out_type}"
            )
        if isinstance(op, Reduction) and not (
            folds_rows(op) and tuple(tensor_of(op.x).get_shape()) == space
        ):
            raise VerifyException(
                f"'tops.fused' over {list(space)}: '{op.name}' must fold the last axis, "
                f"got axes {list(op.props()['axes'])} of {op.x.type}"
            )
        if isinstance(op, BroadcastOp) and isinstance(op.x.owner, Operation):
            along_rows = op.props()["axes"] == (len(space) - 1,)
            if not isinstance(op.x.owner, FullOp) and not along_rows:
                raise VerifyException(
                    f"'tops.fused' over {list(space)}: 'tops.broadcast' takes an argument, or "
                    f"repeats a row's value along the row, got axes {list(op.props()['axes'])}"
                )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        with printer.in_parens():
            printer.print_list(self.inputs, printer.print_ssa_value)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_function_type(self.operand_types, self.result_types)
        printer.print_string(" ")
        printer.print_region(self.body)

    @classmethod
    def parse(cls, parser: Parser) -> FusedOp:
        operands = parser.parse_comma_separated_list(
            parser.Delimiter.PAREN, parser.parse_unresolved_operand
        )
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        position = parser.pos
        function = parser.parse_function_type()
        values = parser.resolve_operands(operands, list(function.inputs), position)
        region = parser.parse_region()
        return cls.create(
            operands=values,
            result_types=list(function.outputs),
            regions=[region],
            attributes=attributes,
        )
