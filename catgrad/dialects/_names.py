"""Fresh names, and names as hints."""

from __future__ import annotations

import re
from collections.abc import Container

VERSION = 1
"""
The version of the IR, which a module states as `tops.version`.

It grows with every change that an older reader would misunderstand.
"""


def hint(name: str) -> str:
    """The name as an SSA hint: other characters become `_`, trailing `_3` are cut as in xDSL."""
    text = re.sub(r"[^A-Za-z0-9_.$-]", "_", name)
    text = text if text and not text[0].isdigit() else f"_{text}"
    return re.sub(r"(_[0-9]+)+$", "", text) or "v"


def fresh_name(base: str, taken: Container[str]) -> str:
    """`base`, or the first of `base.1`, `base.2`, ... that is not taken."""
    name, count = base, 0
    while name in taken:
        count += 1
        name = f"{base}.{count}"
    return name
