"""What README and docs show runs as it is written, in another folder, and prints what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from catgrad.universe import CATGRAD_UNIVERSE
from tests.documents import OUTPUT, blocks
from tests.reference_pages import pages
from tests.write_outputs import PAGES, ROOT, RUN, name_of, run

MADE = {"README.md": ["iris.py", "iris.npz", "digits.py", "digits.gguf", "predicted.npy"]}
"""Files that are there afterwards."""

LIMITS = {
    "tutorials/own-op.md": {"gauss.py": 30},
    "tutorials/write-a-pass.md": {"scale.py": 30},
    "tutorials/write-a-dialect.md": {"rows.py": 40},
    "tutorials/write-a-target.md": {"listing.py": 30},
}
"""How long a file of a tutorial may be."""


@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_pages_run(page: Path, tmp_path: Path) -> None:
    done = run(page, tmp_path)
    assert done.returncode == 0, done.stderr
    assert all((tmp_path / name).is_file() for name in MADE.get(page.name, []))


def test_what_runs_is_what_there_is() -> None:
    """No fence is overlooked, because of a space in its first line, say; every output is shown."""
    names = {name_of(page) for page in RUN}
    assert names > {*LIMITS, "README.md", "index.md", "mathematics.md"}
    for page in PAGES:
        fences = re.findall(r"^ *```.*$", page.read_text(), re.MULTILINE)
        plain = re.findall(r"^```\n(?:.*?\n)??```$", page.read_text(), re.DOTALL | re.MULTILINE)
        found = list(blocks(page))
        assert len([f for f in fences if f.strip() != "```"]) == len(found), (page, plain)
        assert all(b.kind in ("python", "sh", "mlir", "text", "toml", "py") for b in found)
        assert all(b.text.strip() not in ("", "...") for b in found if b.title == OUTPUT)


@pytest.mark.parametrize("page", LIMITS)
def test_files_of_tutorials_are_short_and_tidy(page: str, tmp_path: Path) -> None:
    files = {b.title: b.text for b in blocks(ROOT / "docs" / page) if b.is_file}
    for name, limit in LIMITS[page].items():
        assert len(files[name].splitlines()) <= limit
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    for words in (["check", "--ignore", "INP001,I001"], ["format", "--check"]):
        command = ["ruff", *words, "--config", str(ROOT / "pyproject.toml"), str(tmp_path)]
        done = subprocess.run(
            [sys.executable, "-m", *command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


WRONG = {
    '```sh\necho a\n```\n\n```text title="output"\nb\n```\n': (
        "page.md:5: the output is another one:\n- b\n+ a\n"
    ),
    "```sh\necho a; echo b >&2; false\n```\n": "page.md:1: exit code 1\na\nb\n\n",
    "```mlir\nbuiltin.modul\n```\n": "page.md:1: error: <stdin>:1:1: ",
    "```python\nassert 1 + 1 == 3\n```\n": "Traceback (most recent call last):",
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[3:6])
def test_wrong_pages_are_found(text: str, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(text)
    done = run(tmp_path / "page.md", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(WRONG[text])


def test_outputs_are_written(tmp_path: Path) -> None:
    """What is right stays as it is, with what `...` leaves out."""
    text = '```sh\necho one; echo two\n```\n\n```text title="output"\n{}\n```\n'
    page = tmp_path / "page.md"
    for before, after in (("three", "one\ntwo"), ("one\n...", "one\n...")):
        page.write_text(text.format(before))
        for link in ("examples", ".venv"):
            (tmp_path / link).unlink(missing_ok=True)
        assert run(page, tmp_path, "--write").returncode == 0
        assert page.read_text() == text.format(after)


def test_outputs_are_written_where_they_stand(tmp_path: Path) -> None:
    """Of two outputs with one text, the second is the one to write."""
    pair = '```sh\necho {}\n```\n\n```text title="output"\none\n```\n\n'
    page = tmp_path / "page.md"
    page.write_text(pair.format("one") + pair.format("two"))
    assert run(page, tmp_path, "--write").returncode == 0
    assert page.read_text() == pair.format("one") + pair.format("two").replace("\none\n", "\ntwo\n")


def test_what_sets_up_the_repository_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(
        "```sh\ncmake --version >found\n```\n```sh\nmake demo\necho a >>found\n```\n"
    )
    done = run(tmp_path / "page.md", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "found").read_text().endswith("\na\n")


def test_the_reference_has_everything() -> None:
    found = pages()
    ops = [op.name for make in CATGRAD_UNIVERSE.all_dialects.values() for op in make().operations]
    names = {*ops, *CATGRAD_UNIVERSE.all_passes, *CATGRAD_UNIVERSE.all_targets}
    headings = re.findall(r"^## (.*)$", "\n".join(found.values()), re.MULTILINE)
    assert sorted(headings) == sorted(names)
    assert "| `target` | str | `'numpy'` |" in found["reference/passes.md"]
    assert "    return (cotangents[0] * outputs[0],)" in found["reference/tops-unary.md"]


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    """No network is asked: no fonts, no scripts from elsewhere."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "reference" / "tops-unary" / "index.html").read_text()
    assert 'id="topsexp"' in html
    assert not re.findall(r'<(?:script|link)[^>]*(?:src|href)="https?:[^"]*\.(?:js|css)', html)
    assert "C99Target" in (tmp_path / "tutorials" / "write-a-target" / "index.html").read_text()
