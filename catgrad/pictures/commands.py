"""`catgrad draw`: what the options mean, and where the picture goes."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp

from catgrad._errors import CompileError
from catgrad._files import write_files
from catgrad.dialects._checks import suggestion
from catgrad.pictures.dot_text import dot_text
from catgrad.pictures.graphviz import render
from catgrad.pictures.lives import drawn_lives, functions_in, number
from catgrad.pictures.memory_map import memory_map
from catgrad.pictures.subject import STAGES, find_arrow, known, read_module, subject_of
from catgrad.pipelines import LOWER_TO, apply_pass, flatten, parse_passes
from catgrad.targets._placement import find_target
from catgrad.universe import available_passes

LEVELS = {"cat": ("stage", "depth"), "placed": ("target", "kernels")}
"""What is drawn, and the options that only it has."""

FORMS = (".svg", ".png")


def draw(arguments: Namespace) -> None:
    """Draw a diagram or a memory map to a file; CompileError for what cannot be drawn."""
    check_options(arguments)
    path = Path(arguments.output)
    if path.suffix not in FORMS:
        raise CompileError(
            f"cannot draw {path}: a picture ends in {' or '.join(FORMS)}; name it so"
        )
    form = "png" if path.suffix == ".png" else "svg"
    target = arguments.target or "numpy"
    ctx, module = read_module(Path(arguments.file), target, arguments.kernels)
    if arguments.level == "cat":
        arrow = find_arrow(module, arguments.arrow, arguments.file)
        subject = subject_of(ctx, module, arrow, arguments.stage)
        write(path, render(dot_text(subject.diagram(arguments.depth)), form))
        return
    placing = placing_of(target, arguments.kernels)
    place(ctx, module, placing)
    function = find_function(module, arguments.arrow, arguments.file)
    scene = memory_map(drawn_lives(module, function, find_target(placing)))
    write(path, scene.svg() if form == "svg" else scene.png())


def check_options(arguments: Namespace) -> None:
    """Raise CompileError for options that do not fit the level, or have no such value."""
    level, stage, depth = arguments.level, arguments.stage, arguments.depth
    if level not in LEVELS:
        raise CompileError(
            f"no level {level!r} to draw; levels are {', '.join(LEVELS)}{suggestion(level, LEVELS)}"
        )
    for other, names in LEVELS.items():
        for name in names:
            if other != level and getattr(arguments, name) is not None:
                raise CompileError(
                    f"--{name} is for --level {other}; leave it out of --level {level}"
                )
    if stage is not None and stage not in STAGES:
        raise CompileError(
            f"no stage {stage!r}; stages are {', '.join(STAGES)}{suggestion(stage, STAGES)}"
        )
    if depth is not None and depth < 0:
        raise CompileError(
            f"--depth is the number of levels that are opened, 0 or more, got {depth}"
        )


def placing_of(target: str, kernels: str | None) -> str:
    """A target with its variant, as passes call it."""
    return target if kernels in (None, "fused") else f"{target}-{kernels}"


def place(ctx: Context, module: ModuleOp, placing: str) -> None:
    """Lower a module for a target, unless it says already where its values live."""
    if "tops.scratch" in module.attributes:
        return
    for pass_ in flatten(parse_passes(f"{LOWER_TO}{placing}", available_passes())):
        apply_pass(pass_, ctx, module)


def find_function(module: ModuleOp, name: str | None, file: str) -> func.FuncOp:
    """The function of a name; without one `step`, else that which needs most scratch memory."""
    functions = {f.sym_name.data: f for f in functions_in(module)}
    if not functions:
        raise CompileError(
            f"{file} has no public function; expected arrows that are not private, "
            "or functions of tensor ops"
        )
    if name is None:
        largest = max(functions, key=lambda f: number(functions[f], "tops.scratch"))
        name = "step" if "step" in functions else largest
    if (found := functions.get(name.removeprefix("@"))) is None:
        raise CompileError(
            f"{file} has no function @{name.removeprefix('@')}{known(name, list(functions))}"
        )
    return found


def write(path: Path, data: bytes) -> None:
    """Write the file, or leave it as it was; CompileError if that fails."""
    try:
        write_files({path: data})
    except OSError as error:
        where = error.filename or path
        raise CompileError(
            f"cannot write {where}: {error.strerror}; check the path and its rights"
        ) from error
