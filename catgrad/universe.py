"""
The one registry of dialects, passes and targets: derived from file names, importing nothing.

A file without a leading underscore in `dialects`, `passes` or `targets` is an entry: `cat.py` holds
the dialect `Cat`, `tops_fuse.py` the pass `TopsFusePass` named `tops-fuse`, `numpy_python.py` the
target named `numpy`, the first word of its file.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

from xdsl.context import Context
from xdsl.ir import Dialect
from xdsl.passes import ModulePass
from xdsl.transforms import get_all_passes
from xdsl.universe import XDSL_UNIVERSE, Universe
from xdsl.utils.target import Target

from catgrad.pipelines import LOWER_TO, PIPELINES, PassFactories, named_pipeline
from catgrad.targets._outside import outside

ROOT = Path(__file__).parent


def modules_in(folder: str) -> list[str]:
    """The modules and packages of a folder, by file name, in alphabetical order."""
    found = (ROOT / folder).iterdir()
    return sorted(
        path.stem
        for path in found
        if path.name[0] not in "_." and (path.suffix == ".py" or (path / "__init__.py").is_file())
    )


def camel_case(words: str) -> str:
    """`tops_fuse` -> `TopsFuse`."""
    return "".join(word.capitalize() for word in words.split("_"))


def _member(folder: str, module: str, name: str) -> object:
    path = f"catgrad.{folder}.{module}"
    try:
        return getattr(importlib.import_module(path), name)
    except AttributeError as error:
        raise ImportError(f"{path} must define {name}") from error


def _dialect(module: str) -> Callable[[], Dialect]:
    def factory() -> Dialect:
        found = _member("dialects", module, camel_case(module))
        assert isinstance(found, Dialect)
        return found

    return factory


def _pass(module: str) -> Callable[[], type[ModulePass]]:
    def factory() -> type[ModulePass]:
        found = _member("passes", module, f"{camel_case(module)}Pass")
        assert isinstance(found, type)
        assert issubclass(found, ModulePass)
        return found

    return factory


def _target(module: str) -> Callable[[], type[Target]]:
    def factory() -> type[Target]:
        loaded = importlib.import_module(f"catgrad.targets.{module}")
        for found in vars(loaded).values():
            if isinstance(found, type) and issubclass(found, Target):
                if getattr(found, "name", None) == target_name(module):
                    return found
        raise ImportError(f"{loaded.__name__} must define the target '{target_name(module)}'")

    return factory


def target_name(module: str) -> str:
    """`numpy_python` -> `numpy`."""
    return module.partition("_")[0]


def _passes() -> dict[str, Callable[[], type[ModulePass]]]:
    return {module.replace("_", "-"): _pass(module) for module in modules_in("passes")}


def lower_to(target: str) -> Callable[[], type[ModulePass]]:
    """The pass `lower-to-TARGET`, as an entry of a `Universe` that has the target."""
    return named_pipeline(f"{LOWER_TO}{target}", available_passes)


def available_passes() -> PassFactories:
    """What a pipeline may consist of: passes of xDSL, of this package and from outside."""
    found = outside()
    others = {t: None for t in found.all_targets if t not in XDSL_UNIVERSE.all_targets}
    lowered = {f"{LOWER_TO}{target}": lower_to(target) for target in others}
    return {**get_all_passes(), **lowered, **found.all_passes, **CATGRAD_UNIVERSE.all_passes}


CATGRAD_UNIVERSE = Universe(
    all_dialects={module: _dialect(module) for module in modules_in("dialects")},
    all_passes={**_passes(), **{n: lower_to(n.removeprefix(LOWER_TO)) for n in PIPELINES}},
    all_targets={
        target_name(module): _target(module)
        for module in modules_in("targets")
        if module != "support"
    },
)


def known_context() -> Context:
    """A context that knows every dialect: of xDSL, of this package, from outside."""
    ctx = Context()
    known = outside().all_dialects | CATGRAD_UNIVERSE.all_dialects
    for name, factory in known.items():
        ctx.register_dialect(name, factory)
    return ctx
