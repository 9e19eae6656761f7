"""What two arrows have in common that may be one."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping

from xdsl.ir import Attribute, Operation, SSAValue

from catgrad.dialects.cat import ArrowOp


def structure_of(arrow: ArrowOp) -> Hashable:
    """All that is printed of an arrow, except for its symbol; locations are not."""
    numbers: dict[SSAValue, int] = {}
    head = {key: value for key, value in arrow.properties.items() if key != "sym_name"}
    return (*entries(head), *entries(arrow.attributes), *body(arrow, numbers))


def body(op: Operation, numbers: dict[SSAValue, int]) -> Iterator[Hashable]:
    """What the regions of an op hold."""
    for block in (block for region in op.regions for block in region.blocks):
        for value in block.args:
            numbers[value] = len(numbers)
            yield value.type, value.name_hint
        for inner in block.ops:
            yield type(inner), tuple(numbers[value] for value in inner.operands)
            yield from entries(inner.properties)
            yield from entries(inner.attributes)
            yield from body(inner, numbers)
            for value in inner.results:
                numbers[value] = len(numbers)
                yield value.type, value.name_hint


def entries(attributes: Mapping[str, Attribute]) -> Iterator[Hashable]:
    """The entries of a dictionary, in the order of their names."""
    yield len(attributes)
    yield from sorted(attributes.items(), key=lambda entry: entry[0])
