"""The named pipelines: passes that apply a list of passes, and how such a list is read and run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, TypeAlias, TypeVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import ArgSpec, ArgSpecConvertible, parse_pipeline
from xdsl.utils.exceptions import (
    ArgSpecParseError,
    DiagnosticException,
    PassFailedException,
)

from catgrad._errors import PassFailure, UsageError, failure, guarded, suggest

PassFactories: TypeAlias = Mapping[str, Callable[[], type[ModulePass]]]
Built = TypeVar("Built", bound=ArgSpecConvertible)

_TOPS = "canonicalize,cse,cat-differentiate,cat-inline,cat-simplify,cat-to-tops,canonicalize"
TOPS = f"{_TOPS},cse,dce"
"""From traced arrows to tensor ops."""

_FUSE = (
    "tops-pad-windows,tops-join-pads,tops-accumulate,"
    "tops-sink-permutes,tops-sink-reshapes,cse,tops-rematerialize,tops-fuse"
)


def lowering(target: str, passes: str = "") -> str:
    """From traced arrows to slots: `passes` run once only ops are left that the target has."""
    steps = (
        *([_TOPS] if passes else [_TOPS, "tops-join-pads"]),
        *(f'tops-decompose{{target="{target}"}}', "cse,dce", *([passes] if passes else [])),
        *(f'tops-{what}{{target="{target}"}}' for what in ("schedule", "assign-slots")),
        f'tops-verify-slots{{target="{target}"}}',
    )
    return ",".join(steps)


LOWER_TO = "lower-to-"

PIPELINES: dict[str, str] = {
    "lower-to-numpy": lowering("numpy", f"{_FUSE},tops-split-products,tops-pack-updates"),
    "lower-to-ggml": lowering("ggml", _FUSE),
    "lower-to-ggml-native": lowering("ggml-native"),
}
"""Name and passes, as one would write them after `-p`."""


def text_of(pipeline: str) -> str:
    """
    The passes of a named pipeline: of `PIPELINES`, or `lower-to-TARGET` of a target from outside.

    PassFailedException if there is no such target.
    """
    if pipeline in PIPELINES:
        return PIPELINES[pipeline]
    from catgrad.targets._placement import find_target  # loads the dialects

    target = pipeline.removeprefix(LOWER_TO)
    return lowering(target, find_target(target).passes)


def parse_specs(text: str, what: str) -> tuple[ArgSpec, ...]:
    """Names and options of a list such as `cse,tops-assign-slots{target="numpy"}`."""
    try:
        return tuple(parse_pipeline(text))
    except (ArgSpecParseError, ValueError) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise UsageError(f"cannot read the {what} '{text}': {reason}") from error


def parse_passes(text: str, available: PassFactories) -> tuple[ModulePass, ...]:
    """The passes of a pipeline text. Raises UsageError for whatever is wrong with it."""
    specs = parse_specs(text, "passes")
    for spec in specs:
        if spec.name not in available:
            raise UsageError(f"unknown pass '{spec.name}'{suggest(spec.name, available)}")
    return tuple(with_options("pass", available[spec.name](), spec) for spec in specs)


def with_options(kind: str, class_: type[Built], spec: ArgSpec) -> Built:
    """Build a pass or a target from its options: their names are checked, then their types."""
    known = [field.name.replace("_", "-") for field in fields(class_) if field.name != "name"]
    for option in spec.parameters:
        if option.replace("_", "-") not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            close = suggest(option, known)
            raise UsageError(f"{kind} '{spec.name}' has no option '{option}'; {takes}{close}")
    try:
        return class_.from_spec(spec)
    except (ValueError, TypeError, NameError, PassFailedException) as error:
        raise UsageError(f"{kind} '{spec.name}': {error}") from error


def apply_pass(pass_: ModulePass, ctx: Context, module: ModuleOp) -> None:
    """Apply a pass; an error names it."""
    try:
        with guarded(f"pass '{pass_.name}'", type(pass_)):
            pass_.apply(ctx, module)
    except PassFailure:
        raise
    except DiagnosticException as error:
        reason = str(error).removeprefix(f"{pass_.name}: ")
        raise failure(f"pass '{pass_.name}' failed: {reason}", error) from error
    except RecursionError as error:
        raise PassFailure(f"pass '{pass_.name}' failed: the IR is nested too deeply") from error


@dataclass(frozen=True)
class Factory:
    """Where a pipeline finds its passes, without importing any before they are asked for."""

    passes: Callable[[], PassFactories]


@dataclass(frozen=True)
class NamedPipeline(ModulePass):
    """A pass that applies a list of passes; see `text_of`."""

    available: ClassVar[Factory]

    @classmethod
    def passes(cls) -> tuple[ModulePass, ...]:
        """The passes it stands for."""
        return parse_passes(text_of(cls.name), cls.available.passes())

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for pass_ in self.passes():
            apply_pass(pass_, ctx, op)


def named_pipeline(
    name: str, available: Callable[[], PassFactories]
) -> Callable[[], type[NamedPipeline]]:
    """The factory of the pass for a named pipeline; its passes come from `available`."""

    def factory() -> type[NamedPipeline]:
        class_name = "".join(word.capitalize() for word in name.split("-")) + "Pass"
        members = {"name": name, "available": Factory(available)}
        return dataclass(frozen=True)(type(class_name, (NamedPipeline,), members))

    return factory


def flatten(passes: Iterable[ModulePass]) -> list[ModulePass]:
    """The passes with every named pipeline replaced by the passes it stands for."""
    found: list[ModulePass] = []
    for pass_ in passes:
        found += flatten(pass_.passes()) if isinstance(pass_, NamedPipeline) else [pass_]
    return found
