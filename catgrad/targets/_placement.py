"""What a target tells the slot assignment: which values need storage, which may share it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from xdsl.dialects import func
from xdsl.ir import Block, BlockArgument, Operation, SSAValue
from xdsl.universe import XDSL_UNIVERSE
from xdsl.utils.exceptions import PassFailedException
from xdsl.utils.target import Target

from catgrad.dialects._blame import place_of_code, said
from catgrad.dialects._checks import suggestion
from catgrad.dialects.cat import ROLE
from catgrad.dialects.tops._decomposition import Decomposition
from catgrad.dialects.tops.base import TopsOp, integers, shape_of
from catgrad.dialects.tops.creation import ArangeOp, ConstantOp, FullOp
from catgrad.dialects.tops.elementwise import Elementwise
from catgrad.dialects.tops.fused import FusedOp
from catgrad.dialects.tops.indexing import Indexing, ScatterAddOp
from catgrad.dialects.tops.movement import (
    BroadcastOp,
    CopyOp,
    PermuteDimsOp,
    ReshapeOp,
    SliceOp,
)
from catgrad.targets._outside import outside


class Placement:
    """The answers of a target whose values live in slots."""

    shares_workspace: ClassVar[bool] = False
    """Whether one workspace serves all ops of a function, and nothing else lies there."""

    call_cost: ClassVar[int] = 0
    """What each op of a region costs, in bytes moved, where regions run op by op."""

    def cost(self, op: Operation) -> int:
        """What an op costs, in bytes moved, where `call_cost` is not 0."""
        return 0

    def has(self, op: Operation) -> bool:
        """Whether the target computes this op, on its types and shapes; else it is decomposed."""
        return isinstance(op, TopsOp | FusedOp)

    def is_view(self, op: Operation) -> bool:
        """Whether the result needs no storage of its own: it looks at the operand's."""
        return isinstance(op, ReshapeOp)

    def takes_scalar(self, op: Operation) -> bool:
        """Whether a `tops.full` operand is printed as a literal, not read from storage."""
        return isinstance(op, Elementwise | FusedOp | CopyOp)

    def may_alias(self, op: Operation, operand: int, result: int) -> bool:
        """Whether the result may overwrite that operand, which dies at the op."""
        value = op.operands[operand]
        return isinstance(op, Elementwise | FusedOp) and same_shape(value, op.results[result])

    def workspace(self, op: Operation) -> int:
        """Bytes of scratch memory that the op needs while it runs."""
        return 0


@dataclass(frozen=True)
class PlacedTarget(Target, Placement):
    """
    A target with these answers.

    `variant` names the option that may follow its name. From outside the package, `passes` is what
    `lower-to-NAME` does between tensor ops and slots, and `suffix` that of a program of one file.
    """

    variant: ClassVar[str] = ""
    passes: ClassVar[str] = ""
    suffix: ClassVar[str] = ".txt"


def same_shape(a: SSAValue, b: SSAValue) -> bool:
    """Whether two tensors have one shape and element size."""
    from catgrad.dialects.tops.base import SIZES, dtype_of, tensor_of

    x, y = tensor_of(a), tensor_of(b)
    return x.get_shape() == y.get_shape() and SIZES[dtype_of(x)] == SIZES[dtype_of(y)]


def known_range(value: SSAValue) -> tuple[int, int] | None:
    """Bounds [low, high) of integers known before a function runs: inputs are checked on entry."""
    while isinstance(value.owner, ReshapeOp | PermuteDimsOp | SliceOp | BroadcastOp | CopyOp):
        value = value.owner.x
    owner = value.owner
    if isinstance(owner, ArangeOp):
        return 0, shape_of(value)[0]
    if isinstance(owner, ConstantOp | FullOp):
        numbers = [owner.scalar] if isinstance(owner, FullOp) else owner.values()
        return (int(min(numbers)), int(max(numbers)) + 1) if numbers else (0, 0)
    function = owner.parent_op() if isinstance(owner, Block) else None
    if not isinstance(value, BlockArgument) or not isinstance(function, func.FuncOp):
        return None
    if function.arg_attrs is None or ROLE in function.arg_attrs.data[value.index].data:
        return None
    limits = integers(function.arg_attrs.data[value.index].data.get("tops.range"))
    return None if limits is None else (limits[0], limits[1])


def checks_indices(op: Operation) -> bool:
    """Whether an op has indices that are checked when it runs, since nothing is known of them."""
    if not isinstance(op, Indexing):
        return False
    limits = known_range(op.indices)
    return limits is None or limits[0] < 0 or limits[1] > op.size


def adds_in_place(op: Operation, operand: int) -> bool:
    """Whether an op adds to that operand, and may do so where it lies."""
    return isinstance(op, ScatterAddOp) and op.into is not None and operand == 2


def is_scalar_literal(value: SSAValue) -> bool:
    """Whether a value is a `tops.full`, which has no storage."""
    return isinstance(value.owner, FullOp)


def target_files() -> dict[str, str]:
    """Target name -> module, of this package: a target's name is the first word of its file."""
    folder = str(Path(__file__).parent)
    names = [m.name for m in pkgutil.iter_modules([folder]) if not m.name.startswith("_")]
    return {
        name.partition("_")[0]: f"catgrad.targets.{name}" for name in names if name != "support"
    }


def target_names() -> list[str]:
    """All targets that place values, those from outside the package among them."""
    return sorted({*target_files(), *(n for n, get in outside_targets().items() if _works(get))})


def _works(factory: Callable[[], type[PlacedTarget]]) -> bool:
    """Whether there is such a class, and its values live in slots."""
    try:
        return bool(factory())
    except PassFailedException:
        return False


def outside_targets() -> dict[str, Callable[[], type[PlacedTarget]]]:
    """Target name -> what gives its class, of loaded files and installed packages."""
    found = outside().all_targets
    own = (*XDSL_UNIVERSE.all_targets, *target_files())
    return {name: _placed(name, found[name]) for name in found if name not in own}


def _placed(name: str, factory: Callable[[], type[Target]]) -> Callable[[], type[PlacedTarget]]:
    def check() -> type[PlacedTarget]:
        try:
            found = factory()
        except (Exception, SystemExit) as error:
            raise PassFailedException(f"target '{name}' cannot be loaded: {said(error)}") from error
        if not (inspect.isclass(found) and issubclass(found, PlacedTarget)):
            raise PassFailedException(
                f"target '{name}' does not say where values live: derive it from "
                "catgrad.extending.PlacedTarget"
            )
        return found

    return check


def find_target(name: str) -> PlacedTarget:
    """
    The target of that name: `ggml`, or with the value of its option behind a hyphen, `ggml-native`.

    PassFailedException if there is none.
    """
    own = target_files()
    if name in own:
        return _own_target(name)()
    others, first = outside_targets(), name.partition("-")[0]
    if name in others:
        return _built(name, others[name]())
    if first in own:
        return _variant(name, _own_target(first))
    if first in others:
        return _variant(name, others[first]())
    raise PassFailedException(
        f"no target '{name}' to place values for; known: {', '.join(target_names())}"
    )


def _variant(name: str, found: type[PlacedTarget]) -> PlacedTarget:
    """The target with the option that its name has behind the hyphen."""
    first, _, option = name.partition("-")
    if not found.variant:
        raise PassFailedException(f"target '{first}' has no variants, got '{name}'")
    return _built(first, found, **{found.variant: option})


def _built(name: str, found: type[PlacedTarget], **options: str) -> PlacedTarget:
    try:
        return found(**options)
    except TypeError as error:
        where = place_of_code(found)
        raise PassFailedException(f"{where}target '{name}' cannot be made: {error}") from error


def check_decompositions(ops: Iterable[type[Operation]]) -> None:
    """PassFailedException for an op with a decomposition for a target that there is not."""
    traits = ((op, t) for op in ops for t in op.traits.traits if isinstance(t, Decomposition))
    for op, trait in traits:
        try:
            _ = trait.target and find_target(trait.target)
        except PassFailedException as error:
            raise PassFailedException(
                f"{place_of_code(trait.function)}'{op.name}' has a decomposition for target "
                f"'{trait.target}': {error}{suggestion(trait.target, target_names())}"
            ) from error


def _own_target(name: str) -> type[PlacedTarget]:
    module = importlib.import_module(target_files()[name])
    (found,) = [
        c
        for c in vars(module).values()
        if isinstance(c, type) and issubclass(c, PlacedTarget) and getattr(c, "name", "") == name
    ]
    return found
