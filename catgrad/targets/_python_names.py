"""Names of the IR as Python identifiers."""

from __future__ import annotations

import builtins
import keyword
import re

RESERVED = frozenset(
    [
        *keyword.kwlist,
        *keyword.softkwlist,
        *dir(builtins),
        "np",
        "persistent",
        "scratch",
        "constant",
        "add_windows",
        "check_indices",
        "random_words",
        "take_windows",
        "error_function",
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

    def __init__(self, taken: frozenset[str] | set[str] = RESERVED):
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
