"""The files that lit collects, and their RUN lines."""

from __future__ import annotations

from pathlib import Path

LIT = Path(__file__).parent / "lit"


def marker_of(path: Path) -> str:
    """What a comment of a file starts with."""
    return "#" if path.suffix == ".py" else "//"


def comments(text: str, marker: str) -> list[str]:
    """The comment of each line that has one."""
    return [line.split(marker, 1)[1].strip() for line in text.splitlines() if marker in line]


def run_lines(text: str, marker: str) -> list[str]:
    """The RUN commands, with continued lines joined."""
    runs: list[str] = []
    for comment in comments(text, marker):
        if not comment.startswith("RUN:"):
            continue
        command = comment.removeprefix("RUN:").strip()
        if runs and runs[-1].endswith("\\"):
            runs[-1] = runs[-1].removesuffix("\\") + command
        else:
            runs.append(command)
    return runs


def lit_files() -> list[Path]:
    """All files that lit collects."""
    paths = [path for suffix in ("mlir", "py") for path in LIT.rglob(f"*.{suffix}")]
    return sorted(p for p in paths if p.name != "lit.cfg.py" and "Inputs" not in p.parts)
