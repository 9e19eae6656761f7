"""Names of the IR as Python identifiers."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterable
from pathlib import Path

SUPPORT = Path(__file__).parent / "support"


RUNTIME = [n for path in SUPPORT.glob("numpy_*.py") for n in ast.parse(path.read_text()).body]
"""The statements of the runtime."""


def _helpers() -> list[str]:
    """The functions of the runtime that compiled functions may call."""
    return [n.name for n in RUNTIME if isinstance(n, ast.FunctionDef) and n.name[0] != "_"]


def _made(statement: ast.stmt) -> list[str]:
    """The names that a statement of the runtime gives a value."""
    match statement:
        case ast.Import(names) | ast.ImportFrom(names=names):
            return [a.asname or a.name for a in names]
        case ast.Assign(targets):
            return [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
        case ast.FunctionDef(name) | ast.ClassDef(name) | ast.AnnAssign(ast.Name(name)):
            return [name]
        case _:
            return []


RESERVED = frozenset(
    [
        *keyword.kwlist,
        *keyword.softkwlist,
        *dir(builtins),
        *("np", "persistent", "scratch", "constant", "here", "there", "in_halves"),
        *_helpers(),
    ]
)

TAKEN = RESERVED.union(*map(_made, RUNTIME))
"""What the class of a program must not be called."""


def identifier(text: str) -> str:
    """An identifier made of the ASCII letters and digits of `text`; never starts with `_`."""
    name = re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_") or "value"
    if name[0].isdigit():
        name = f"v{name}"
    return name[:60]


class Names:
    """Hands out identifiers, each once."""

    def __init__(self, taken: Iterable[str] = RESERVED):
        self.taken = set(taken)
        self.counts: dict[str, int] = {}

    def fresh(self, text: str) -> str:
        """The identifier of `text`, with a number behind it if it is taken."""
        base = name = identifier(text)
        while name in self.taken:
            self.counts[base] = self.counts.get(base, 1) + 1
            name = f"{base}_{self.counts[base]}"
        self.taken.add(name)
        return name
