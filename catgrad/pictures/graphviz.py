"""Running Graphviz' `dot`."""

from __future__ import annotations

import re
import subprocess
from typing import Literal

from catgrad._errors import CompileError

Form = Literal["svg", "png"]

CLEAN = (
    (r"<\?xml.*?\?>\s*|<!DOCTYPE.*?>\s*|<!--.*?-->\s*", ""),
    (r"<title>[^<]*</title>\n?", ""),
    (r' id="[^"]*"| xml:space="preserve"', ""),
    (r'<a xlink:title="([^"]*)">', r"<g><title>\1</title>"),
    (r"</a>", "</g>"),
    (r' text-anchor="start"| font-family="[^"]*"', ""),
    (r"^<svg ", '<svg font-family="Helvetica,Arial,sans-serif" '),
    (r"(-?\d+\.\d)\d+\b(?=[^<>]*>)", r"\1"),
)
"""What is rewritten in the SVG of `dot`: no version, no ids, titles that say something."""


def render(text: str, form: Form, engine: tuple[str, ...] = ("dot",)) -> bytes:
    """
    Lay out and draw a text of the language of `dot`; an SVG stands alone, without a prolog.

    Raises CompileError if Graphviz is missing or fails.
    """
    try:
        done = subprocess.run(
            [*engine, f"-T{form}"], input=text.encode(), capture_output=True, check=False
        )
    except FileNotFoundError as error:
        raise CompileError(
            f"no program {engine[0]!r}, which draws the picture; "
            "install Graphviz (Debian: apt-get install graphviz)"
        ) from error
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        errors = [line for line in said if line.startswith("Error")]
        why = [*errors, *said, "it said nothing"][0]
        raise CompileError(f"{engine[0]!r} failed with exit code {done.returncode}: {why}")
    return done.stdout if form == "png" else clean(done.stdout.decode()).encode()


def clean(svg: str) -> str:
    """The SVG without what changes from one Graphviz to the next."""
    for pattern, replacement in CLEAN:
        svg = re.sub(pattern, replacement, svg, flags=re.DOTALL)
    return svg
