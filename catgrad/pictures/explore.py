"""`catgrad explore`: a page that steps through a pipeline, in one file."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from catgrad._errors import CompileError
from catgrad.dialects import cat
from catgrad.pictures.commands import find_function, placing_of, write
from catgrad.pictures.dot_text import escape
from catgrad.pictures.lives import drawn_lives, functions_in
from catgrad.pictures.memory_map import memory_map
from catgrad.pictures.stepping import Stepping
from catgrad.pictures.subject import find_arrow, read_module
from catgrad.pipelines import PIPELINES, flatten, parse_passes
from catgrad.targets._placement import find_target
from catgrad.universe import available_passes

PAGE = Path(__file__).parent / "page"


def explore(arguments: Namespace) -> None:
    """Write the page; CompileError for what cannot be compiled, or written."""
    path = Path(arguments.output)
    if path.suffix != ".html":
        raise CompileError(f"cannot write {path}: a page ends in .html; name it so")
    target = arguments.target
    ctx, module = read_module(Path(arguments.file), target, arguments.kernels)
    placing = placing_of(target, arguments.kernels)
    name = arguments.arrow
    if cat.arrows_of(module):
        name = find_arrow(module, name, arguments.file).symbol
    elif name is not None:
        name = find_function(module, name, arguments.file).sym_name.data
    stepping = Stepping(name)
    stepping.run(
        ctx, module, flatten(parse_passes(PIPELINES[f"lower-to-{placing}"], available_passes()))
    )
    functions = [f.sym_name.data for f in functions_in(module)]
    function = find_function(module, name if name in functions else None, arguments.file)
    scene = memory_map(drawn_lives(module, function, find_target(placing)))
    title = f"{Path(arguments.file).stem}, {placing}"
    write(path, page(title, stepping, scene.svg().decode()).encode())


def page(title: str, stepping: Stepping, memory: str) -> str:
    """The page: markup, style, script, the IR as data, the pictures."""
    bodies = [list(body) for body in stepping.bodies]
    data = {"lines": list(stepping.lines), "bodies": bodies, "steps": stepping.steps}
    pictures = [f'<div class="picture" hidden>{svg}</div>' for svg in stepping.pictures()]
    parts = {
        "TITLE": escape(title),
        "STYLE": (PAGE / "page.css").read_text(),
        "SCRIPT": (PAGE / "page.js").read_text(),
        "DATA": as_data(data),
        "DIAGRAMS": "\n".join(pictures),
        "MEMORY": memory,
    }
    text = (PAGE / "page.html").read_text()
    before, *rest = text.split("{{")
    found = [before]
    for piece in rest:
        key, _, after = piece.partition("}}")
        found += [parts[key], after]
    return "".join(found)


def as_data(value: object) -> str:
    """JSON that can stand inside of a script element: it closes nothing and opens nothing."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
