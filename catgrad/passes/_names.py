"""Fresh names."""

from __future__ import annotations

from collections.abc import Container


def fresh_name(base: str, taken: Container[str]) -> str:
    """`base`, or the first of `base.1`, `base.2`, ... that is not taken."""
    name, count = base, 0
    while name in taken:
        count += 1
        name = f"{base}.{count}"
    return name
