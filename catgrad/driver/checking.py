"""Checks of a whole module: xDSL's verifier, and what it cannot see."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import DiagnosticException, VerifyException

from catgrad._errors import guarded
from catgrad.dialects._places import culprit, faults


def check(module: ModuleOp) -> None:
    """
    Verify every op and, where the functions are ours, symbols, signatures and order.

    The error knows the op that it is about.
    """
    try:
        with guarded("the verifier"):
            module.verify()
            if _is_checked(module):
                from catgrad.dialects._checks import check_module

                check_module(module)
    except VerifyException as error:
        known = [fault for fault in faults(module) if str(fault) in str(error)]
        if culprit(error) is None and known:
            setattr(error, "op", culprit(known[0]))
        raise


def _is_checked(module: ModuleOp) -> bool:
    """Whether it holds arrows or functions of straight-line code, which `check_module` is about."""
    names = {op.name for op in module.body.block.ops}
    if "cat.arrow" in names:
        return True
    if names != {"func.func"}:
        return False
    return all(len(region.blocks) <= 1 for op in module.walk() for region in op.regions)


def all_errors(error: DiagnosticException) -> list[DiagnosticException]:
    """The faults of every op of the module that an error of the verifier is about, or itself."""
    op = culprit(error)
    top = op.get_toplevel_object() if op is not None else None
    found = faults(top) if isinstance(top, ModuleOp) else []
    said = {str(fault) for fault in found}
    return [*found] if any(text in str(error) for text in said) else [error]
