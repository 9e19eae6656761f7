"""Crash reproducers: input and passes in one file, in MLIR's form (`mlir_reproducer`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from xdsl.passes import ModulePass

from catgrad._errors import UsageError
from catgrad._files import write_files

ANCHOR = "builtin.module"


def pipeline_text(passes: Sequence[ModulePass]) -> str:
    """The passes as `--pass-pipeline` reads them."""
    return f"{ANCHOR}({','.join(str(pass_.spec()) for pass_ in passes)})"


def passes_of(text: str) -> str:
    """`builtin.module(cse,dce)` -> `cse,dce`; UsageError for another form."""
    name, bracket, rest = text.strip().partition("(")
    if not bracket or not rest.endswith(")") or name.strip() not in (ANCHOR, "any"):
        raise UsageError(
            f"cannot read the pass pipeline '{text}': expected {ANCHOR}(PASS,PASS,...); passes of "
            "this compiler apply to whole modules"
        )
    # Spaces around commas, which xDSL's grammar does not know; not those in strings.
    parts = re.findall(r'"[^"]*"|\s*,\s*|.', rest.removesuffix(")").strip(), re.DOTALL)
    return "".join("," if part.strip() == "," else part for part in parts)


def write(path: Path, data: bytes, passes: Sequence[ModulePass], each: bool) -> None:
    """Write the reproducer: the input as it was, then how to compile it."""
    text = pipeline_text(passes).replace("\\", "\\\\").replace('"', '\\"')
    tail = (
        f'{{-#\n  external_resources: {{\n    mlir_reproducer: {{\n      pipeline: "{text}",\n'
        f"      verify_each: {str(each).lower()}\n    }}\n  }}\n#-}}\n"
    )
    try:
        write_files({path: data.rstrip() + b"\n\n" + tail.encode()})
    except OSError as error:
        raise UsageError(f"cannot write {error.filename}: {error.strerror}") from error


def pipeline_in(resources: dict[str, str], name: str) -> str:
    """The passes that a reproducer asks for."""
    if "pipeline" not in resources:
        raise UsageError(
            f"{name} is no reproducer: it has no mlir_reproducer with a pipeline; "
            "--crash-reproducer writes one"
        )
    return passes_of(resources["pipeline"])
