"""What slot assignment and its checker both need to know of a function."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import PassFailedException

from catgrad.dialects.cat import NAME, ROLE, UPDATES, text_of
from catgrad.dialects.tops.base import FLOAT, NAMES, TopsOp, dtype_of, tensor_of
from catgrad.dialects.tops.fused import ALIGNMENT, FusedOp
from catgrad.targets._placement import PlacedTarget, checks_indices


def aligned(size: int) -> int:
    """The next multiple of the alignment."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def functions_of(module: ModuleOp, what: str, foreign: bool = False) -> list[func.FuncOp]:
    """
    The functions of a `tops` module; PassFailedException if anything else is in it.

    With `foreign`, ops of other dialects on tensors are allowed.
    """
    functions: list[func.FuncOp] = []
    for op in module.body.block.ops:
        if not isinstance(op, func.FuncOp) or not op.body.blocks:
            raise PassFailedException(
                f"{what}: expects only func.func with a body, got '{op.name}'; "
                "run cat-to-tops first"
            )
        for inner in op.body.block.ops:
            if isinstance(inner, TopsOp | FusedOp | func.ReturnOp):
                continue
            if not (foreign and is_on_tensors(inner)):
                raise PassFailedException(
                    f"{what}: expects tops ops in @{op.sym_name.data}, got '{inner.name}'"
                )
        functions.append(op)
    return functions


def is_on_tensors(op: Operation) -> bool:
    """Whether all operands and results are tensors of element types that `tops` knows."""
    values = [*op.operands, *op.results]
    typed = all(isinstance(v.type, TensorType) for v in values)
    return typed and all(tensor_of(v).element_type in NAMES for v in values)


class Placed:
    """A function seen as reads and writes of storage."""

    def __init__(self, function: func.FuncOp, target: PlacedTarget):
        self.function, self.target = function, target
        self.block = function.body.block
        arg_attrs = list(function.arg_attrs or [])
        self.stored: dict[SSAValue, str] = {}
        """Arguments that are stored tensors -> their names."""
        for arg, attrs in zip(self.block.args, arg_attrs, strict=False):
            name = text_of(attrs.data.get(NAME))
            if ROLE in attrs.data and name is not None:
                self.stored[arg] = name
        res_attrs = [a.data for a in function.res_attrs or []]
        names = [a.get(UPDATES) for a in res_attrs] or [None] * len(self.terminator.operands)
        self.updates = [text_of(n) for n in names]
        """Per result, the stored tensor it updates."""
        roles = [a.get(ROLE) for a in res_attrs] or [None] * len(self.terminator.operands)
        self.roles = [
            text_of(r) if n is None else None for r, n in zip(roles, self.updates, strict=True)
        ]
        """Per result, loss or metric."""

    @property
    def terminator(self) -> func.ReturnOp:
        """The return."""
        last = self.block.last_op
        assert isinstance(last, func.ReturnOp)
        return last

    def order(self) -> dict[Operation, int]:
        """The position of each op."""
        return {op: i for i, op in enumerate(self.block.ops)}

    def base(self, value: SSAValue) -> SSAValue:
        """The value whose storage a view looks at."""
        while isinstance(value.owner, Operation) and self.target.is_view(value.owner):
            value = value.owner.operands[0]
        return value

    def readers(self, value: SSAValue) -> Iterator[Operation]:
        """The ops that read a value's storage, through views too; the return is one of them."""
        for use in value.uses:
            op = use.operation
            if self.target.is_view(op):
                yield from self.readers(op.results[0])
            else:
                yield op

    def last_use(self, value: SSAValue, order: dict[Operation, int], end: int) -> int:
        """The position of the last read; `end` for a result, -1 for what is never read."""
        return max(
            (end if op is self.terminator else order[op] for op in self.readers(value)), default=-1
        )

    def checks(self) -> Iterator[Operation]:
        """The ops whose results are checked at run time: the floating loss, run-time indices."""
        for value, role in zip(self.terminator.operands, self.roles, strict=True):
            if role == "loss" and dtype_of(tensor_of(value)) in FLOAT:
                owner = self.base(value).owner
                if isinstance(owner, Operation):
                    yield owner
        yield from filter(checks_indices, self.block.ops)


def last_check(placed: Placed) -> int:
    """The position of the last op that is checked, -1 if none is."""
    order = placed.order()
    return max((order[op] for op in placed.checks()), default=-1)
