"""Names of the IR as Python identifiers."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterable
from pathlib import Path

SUPPORT = Path(__file__).parent / "support"


def _helpers() -> list[str]:
    """The functions of the runtime that compiled functions may call."""
    nodes = [n for path in SUPPORT.glob("numpy_*.py") for n in ast.parse(path.read_text()).body]
    return [n.name for n in nodes if isinstance(n, ast.FunctionDef) and n.name[0] != "_"]


RESERVED = frozenset(
    [
        *keyword.kwlist,
        *keyword.softkwlist,
        *dir(builtins),
        *("np", "persistent", "scratch", "constant", "here", "there", "in_halves"),
        *_helpers(),
    ]
)


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
