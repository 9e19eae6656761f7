"""Where the pages of the documentation run; as a command it writes the outputs that they show."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.documents import blocks

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUN = [page for page in PAGES if any(block.runs for block in blocks(page))]

PREPARATION = {
    "README.md": """
import numpy as np
import catgrad as cg

rng = np.random.default_rng(0)
x = rng.normal(size=(150, 4)).astype(np.float32)
y = rng.normal(size=(150, 3)).astype(np.float32)
energy = cg.arrow(lambda x: cg.sum(cg.sin(x)))
for prefix, rows in (("", 64), ("T", 40)):
    np.save(f"{prefix}X.npy", rng.uniform(size=(rows, 64)).astype(np.float32))
    np.save(f"{prefix}Y.npy", rng.integers(0, 10, rows).astype(np.int32))
"""
}
"""What a page takes for granted."""


def name_of(page: Path) -> str:
    """`README.md`, or the path below docs."""
    return str(page.relative_to(ROOT / "docs" if page.is_relative_to(ROOT / "docs") else ROOT))


def run(page: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a page in a fresh interpreter and a folder that holds only the examples and the tools."""
    (folder / "examples").symlink_to(ROOT / "examples")
    (folder / ".venv").symlink_to(sys.prefix)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = (sys.executable, str(ROOT / "tests" / "documents.py"))
    return subprocess.run(
        [*script, *words, str(page), PREPARATION.get(page.name, "")],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    for page in RUN:
        with TemporaryDirectory() as folder:
            done = run(page, Path(folder), "--write")
            if done.returncode:
                sys.exit(f"{name_of(page)}: {done.stderr}")
