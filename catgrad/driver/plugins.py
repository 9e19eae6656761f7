"""Files of --load: dialects, passes, targets, rules and decompositions from outside the package."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

from xdsl.ir import Attribute, Dialect, Operation, OpTrait
from xdsl.irdl import IRDLOperation
from xdsl.passes import ModulePass
from xdsl.universe import Universe
from xdsl.utils.exceptions import PassFailedException
from xdsl.utils.target import Target

from catgrad._attached import ATTACHED, attaching
from catgrad._errors import UsageError, guarded
from catgrad._scripts import located, run_script
from catgrad.dialects._blame import shown_path
from catgrad.dialects.tops.base import TopsOp
from catgrad.pipelines import LOWER_TO
from catgrad.targets._outside import LOADED, installed, merge
from catgrad.targets._placement import PlacedTarget, check_decompositions
from catgrad.universe import CATGRAD_UNIVERSE, lower_to

Found = TypeVar("Found")


def constant(value: Found) -> Callable[[], Found]:
    """A function that returns `value`."""
    return lambda: value


def run_plugin(path: str) -> ModuleType:
    """Run a Python file; UsageError with the file's line if that fails."""
    try:
        return run_script(Path(path), "dialects, passes, targets or rules")
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise UsageError(str(located(error, Path(path)) or error)) from error


def load(*paths: str | Path) -> Universe:
    """
    Run Python files; what they define is known from then on, to `catgrad.compile` too.

    UsageError, and nothing is known, for a file that fails, or defines a name that is taken: by
    xDSL, by this or another installed package, or by another of the files; and for a decomposition
    for an unknown target.
    """
    found, before = Universe(), len(ATTACHED)
    known = (installed(), CATGRAD_UNIVERSE)
    with attaching(keep=True):
        for path in paths:
            new = universe_of(run_plugin(str(path)))
            refuse_taken(path, new, *known, found)
            merge(found, new)
        merge(LOADED, found)
        try:
            check_decompositions(op for op, _ in ATTACHED[before:])
        except PassFailedException as error:
            raise UsageError(str(error)) from error
    return found


KINDS = {"dialect": "all_dialects", "target": "all_targets", "pass": "all_passes"}
"""What a file may define, and the table of a universe that holds it."""

BASES = {"dialect": Dialect, "target": Target, "pass": ModulePass}


def refuse_taken(path: str | Path, new: Universe, *known: Universe) -> None:
    """UsageError for a name of a file that something known has."""
    advice = "rename this one, or use that one by its name"
    for kind, table in KINDS.items():
        for name in getattr(new, table):
            if any(name in getattr(universe, table) for universe in known):
                raise UsageError(f"{path}: there is a {kind} '{name}' already; {advice}")


def universe_of(module: ModuleType) -> Universe:
    """
    What a file defines: every `Dialect`, every class of passes and targets, and whatever its
    `Universe` names, if it has one (what an `xdsl.universe` entry point refers to).

    A target that says where values live has the pass `lower-to-NAME` with it. Rules and
    decompositions are attached by the file itself, see `catgrad.rules`. UsageError for what is no
    whole dialect, pass or target, for a name that is none or that two things have.
    """
    found, values = Universe(), list(vars(module).values())
    for kind, table in KINDS.items():
        names: dict[str, Callable[[], object]] = getattr(found, table)
        for universe in (value for value in values if isinstance(value, Universe)):
            names.update(_of_universe(module, kind, getattr(universe, table)))
        own: dict[str, object] = {}
        for value in values:
            if _kind_of(value, module) != kind:
                continue
            name = _check(module, kind, value)
            if own.setdefault(name, value) is not value:
                raise _fault(module, f"there are two {kind}s '{name}'; rename one")
            names.setdefault(name, constant(value))
    for name in found.all_targets:
        found.all_passes.setdefault(f"{LOWER_TO}{name}", lower_to(name))
    return found


def _fault(module: ModuleType, message: str) -> UsageError:
    return UsageError(f"{shown_path(str(module.__file__))}: {message}")


def _of_universe(module: ModuleType, kind: str, table: object) -> dict[str, Callable[[], object]]:
    """What a table of the file's `Universe` holds; what it gives is checked on request."""
    if not isinstance(table, dict):
        raise _fault(module, f"{KINDS[kind]} of its Universe is {table!r}, expected a dict")
    found: dict[str, Callable[[], object]] = {}
    for name, factory in cast("dict[object, object]", table).items():
        known = _check_name(module, f"a {kind} of its Universe", name)
        found[known] = partial(_made, module, kind, known, factory)
    return found


def _made(module: ModuleType, kind: str, name: str, factory: object) -> object:
    """What a function of a `Universe` gives."""
    with guarded(f"{kind} '{name}'", module):
        given = factory() if callable(factory) else factory
    base = BASES[kind]
    if isinstance(given, base) if kind == "dialect" else _is_derived(given, base):
        return given
    what = "a function that gives " + ("a Dialect" if kind == "dialect" else f"a {base.__name__}")
    raise _fault(module, f"its Universe has {given!r} as {kind} '{name}', expected {what}")


def _is_derived(value: object, base: type) -> bool:
    return isinstance(value, type) and issubclass(value, base)


def _kind_of(value: object, module: ModuleType) -> str:
    """What a value of a file is, if the file defines it and nothing is derived from it."""
    if isinstance(value, Dialect):
        return "" if _is_known(value) else "dialect"
    if not isinstance(value, type) or value.__module__ != module.__name__:
        return ""
    unfinished = inspect.isabstract(value) or value.__subclasses__()
    if unfinished and not hasattr(value, "name"):
        return ""
    if issubclass(value, ModulePass):
        return "pass"
    return "target" if issubclass(value, Target) else ""


def _check(module: ModuleType, kind: str, value: Any) -> str:
    """The name of a dialect, pass or target; UsageError if it is no whole one."""
    if kind == "dialect":
        name = _check_name(module, f"Dialect {value.name!r}", value.name)
        _check_ops(module, name, value)
        return name
    name = _check_name(module, value.__name__, getattr(value, "name", None))
    if inspect.isabstract(value):
        lacks = ", ".join(sorted(value.__abstractmethods__))
        raise _fault(module, f"{kind} '{name}' ({value.__name__}) lacks {lacks}")
    for text in ("passes", "suffix", "variant"):
        if not isinstance(given := getattr(value, text, ""), str):
            raise _fault(module, f"{text} of {kind} '{name}' is a string, got {given!r}")
    for method, _ in inspect.getmembers(PlacedTarget if kind == "target" else ModulePass, callable):
        if not callable(given := getattr(value, method, len)):
            raise _fault(module, f"{method} of {kind} '{name}' is a method, got {given!r}")
    return name


def _check_ops(module: ModuleType, name: str, dialect: Dialect) -> None:
    """UsageError for what is no op of a dialect, and for two of one name."""
    try:
        ops: list[object] = list(dialect.operations)
        members: list[object] = list(dialect.attributes)
    except TypeError as error:
        raise _fault(module, f"Dialect '{name}' takes lists of ops and attributes") from error
    for attribute in members:
        if not _is_derived(attribute, Attribute):
            raise _fault(module, f"Dialect '{name}' has {attribute!r} among its attributes")
    seen = set[str]()
    for op in ops:
        if not (isinstance(op, type) and issubclass(op, Operation)):
            raise _fault(module, f"Dialect '{name}' has {op!r} among its ops, expected op classes")
        _check_op_name(module, name, op)
        if op.name in seen:
            raise _fault(module, f"there are two ops '{op.name}'; rename one")
        seen.add(op.name)
        known: Any = op
        if issubclass(op, IRDLOperation) and known.get_irdl_definition() is None:
            raise _fault(module, f"op '{op.name}' lacks the decorator irdl_op_definition")
        _check_infer(module, op)
        traits: Any = op.traits.traits
        if wrong := [t for t in traits if not isinstance(t, OpTrait)]:
            raise _fault(module, f"op '{op.name}' has {wrong[0]!r} among its traits")


def _check_infer(module: ModuleType, op: type[Operation]) -> None:
    if not issubclass(op, TopsOp):
        return
    try:
        inspect.signature(op.infer).bind([], {}, None)
    except TypeError as error:
        says = "infer is a class method of types, props and result"
        raise _fault(module, f"op '{op.name}': {says}: {error}") from error


def _check_op_name(module: ModuleType, name: str, op: type[Operation]) -> None:
    if not isinstance(getattr(op, "name", None), str):
        wanted = f'a name, as in name = "{name}.mine"'
        raise _fault(module, f"{op.__name__} in Dialect '{name}' needs {wanted}")
    if not op.name.startswith(f"{name}."):
        wanted = f"'{name}.{op.name.rpartition('.')[2]}'"
        raise _fault(module, f"op '{op.name}' is in Dialect '{name}'; call it {wanted}")


def _check_name(module: ModuleType, what: str, name: object) -> str:
    """The name by which commands know something; UsageError for what is no such name."""
    if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_-]+", name):
        return name
    got = "it has none" if name is None else f"got {name!r}"
    taken = 'a name of letters, digits, - and _, as in name = "mine"'
    raise _fault(module, f"{what} needs {taken}; {got}")


def _is_known(dialect: Dialect) -> bool:
    """Whether a dialect was imported from xDSL or from this package, not defined by the file."""
    try:
        members: list[object] = [*dialect.operations, *dialect.attributes]
    except TypeError:
        return False
    homes = [str(getattr(member, "__module__", "")) for member in members]
    return any(home.partition(".")[0] in ("xdsl", "catgrad") for home in homes)
