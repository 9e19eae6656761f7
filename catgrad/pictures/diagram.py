"""What a string diagram consists of: boxes in clusters, wires between their ports, tags on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute

from catgrad.dialects.tops.base import Tensor

TagKind: TypeAlias = Literal["parameter", "state", "gradient", "literal", "label"]
BoxKind: TypeAlias = Literal[
    "arrow", "op", "add", "zero", "discard", "constant", "input", "output", "updates"
]


@dataclass(frozen=True)
class Tag:
    """What is plugged into a port instead of a wire: a stored tensor, a literal, a label."""

    text: str
    kind: TagKind


@dataclass(eq=False)
class Port:
    """An input or a result of a box: what it is called, how it is shaped, what is plugged in."""

    name: str = ""
    shape: str = ""
    tags: list[Tag] = field(default_factory=list[Tag])


@dataclass(eq=False)
class Cluster:
    """An opened arrow: a frame with a title around its boxes."""

    title: str
    note: str = ""
    scope: str = ""
    parent: Cluster | None = None
    up: bool = False

    @property
    def path(self) -> list[Cluster]:
        """The clusters around it, the outermost first, itself last."""
        return [*(self.parent.path if self.parent is not None else ()), self]


@dataclass(eq=False)
class Box:
    """
    An op, a call or an end of a wire.

    An `up` box belongs to a reverse half, or follows one: it is read upwards. `updates` stands for
    several calls, one for each input: the tags of its operands.
    """

    kind: BoxKind
    title: str
    cluster: Cluster
    up: bool = False
    note: str = ""
    scope: str = ""
    ins: list[Port] = field(default_factory=list[Port])
    outs: list[Port] = field(default_factory=list[Port])


@dataclass(frozen=True)
class Wire:
    """A result of a box."""

    box: Box
    index: int

    @property
    def port(self) -> Port:
        """The port where it starts."""
        return self.box.outs[self.index]


Source: TypeAlias = Tag | Wire
"""Where an operand comes from."""


@dataclass(frozen=True)
class Edge:
    """A wire from a result of a box to an input of another."""

    wire: Wire
    target: Box
    index: int

    @property
    def turns(self) -> bool:
        """Whether it crosses from a forward half to a reverse half."""
        return self.target.up and not self.wire.box.up


@dataclass(eq=False)
class Diagram:
    """All of it. The root cluster has no frame."""

    root: Cluster
    boxes: list[Box] = field(default_factory=list[Box])
    edges: list[Edge] = field(default_factory=list[Edge])

    def uses(self) -> dict[Wire, list[Edge]]:
        """The edges of each wire, in order."""
        found: dict[Wire, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.wire, []).append(edge)
        return found

    def clusters(self) -> Iterator[Cluster]:
        """Every cluster that holds a box, or a cluster with one; parents first."""
        found = dict.fromkeys(c for box in self.boxes for c in box.cluster.path)
        yield from found


def shape_text(type_: Attribute) -> str:
    """`32 x 10` of a tensor of f32, `i32 32` of others, `f32` of a scalar."""
    if not isinstance(type_, TensorType):
        return str(type_)
    tensor = cast(Tensor, type_)
    element = str(tensor.get_element_type())
    shape = "\N{MULTIPLICATION SIGN}".join(map(str, tensor.get_shape()))
    return " ".join(word for word in ("" if element == "f32" and shape else element, shape) if word)
