"""
The lit files test something: every RUN reaches filecheck, every CHECK line is one.

A misspelt CHECK line passes silently, so these conventions are tests, and the linter is tested too.
"""

import re
from pathlib import Path

import pytest

from tests.lit_files import LIT, comments, lit_files, marker_of, run_lines

CODE = Path(__file__).parent.parent / "catgrad"

# What may stand before a colon in a comment without being a CHECK line.
KEYWORDS = {"RUN", "COM", "REQUIRES", "UNSUPPORTED", "XFAIL", "ALLOW_RETRIES", "DEFINE", "REDEFINE"}
SUFFIX = r"(?:-(?:NEXT|SAME|DAG|NOT|EMPTY|LABEL|COUNT-\d+))?(?:\{LITERAL\})?"
CHUNK = "// -----"


def check_prefixes(runs: list[str]) -> set[str]:
    """The prefixes that the RUN commands look for."""
    found: set[str] = set()
    for run in runs:
        for part in re.split(r"\|", run):
            if re.search(r"\bfilecheck\b", part):
                named = re.findall(r"--?check-prefix(?:es)?[= ](\S+)", part)
                found |= {name for names in named or ["CHECK"] for name in names.split(",")}
    return found


def faults(text: str, marker: str) -> list[str]:
    """What is wrong with a lit file."""
    runs = run_lines(text, marker)
    prefixes = check_prefixes(runs)
    found = [f"does not reach filecheck: {r}" for r in runs if not re.search(r"\|\s*filecheck", r)]
    if not runs:
        found.append("no RUN line")
    names = "|".join(sorted(map(re.escape, prefixes), reverse=True)) or "CHECK"
    valid = re.compile(rf"(?P<prefix>{names}){SUFFIX}:")
    meant = re.compile(rf"(?i:{names}|check)(?![a-z])")
    used: set[str] = set()
    for comment in comments(text, marker):
        if match := valid.match(comment):
            used.add(match["prefix"])
        elif (word := re.match(r"([A-Z][A-Z0-9_-]+)\s*:", comment)) and word[1] not in KEYWORDS:
            found.append(f"no RUN line declares this prefix: {comment}")
        elif meant.match(comment):
            found.append(f"not a CHECK line, but looks like one: {comment}")
    return found + [f"declared but never used: {name}" for name in sorted(prefixes - used)]


def chunks_without_check(text: str) -> list[int]:
    """The chunks of an `_invalid` file, from 1, that expect nothing."""
    chunks = text.split(CHUNK)
    return [i for i, chunk in enumerate(chunks, start=1) if not re.search(r"// CHECK\S*:", chunk)]


def modules(folder: str) -> list[Path]:
    """Python files below a folder of the package, relative to it."""
    paths = (CODE / folder).rglob("*.py")
    return sorted(path.relative_to(CODE / folder) for path in paths if path.stem != "__init__")


def pass_files() -> list[str]:
    """The passes, by the names of their modules or packages: whatever has no leading underscore."""
    return sorted(path.stem for path in (CODE / "passes").iterdir() if path.name[0] not in "_.")


def dialect_files() -> list[Path]:
    """Files that define ops."""
    marker = "@irdl_op_definition"
    return [p for p in modules("dialects") if marker in (CODE / "dialects" / p).read_text()]


@pytest.mark.parametrize("path", lit_files(), ids=lambda path: str(path.relative_to(LIT)))
def test_every_line_tests_something(path: Path) -> None:
    assert faults(path.read_text(), marker_of(path)) == []


def test_there_are_lit_files() -> None:
    assert lit_files()


@pytest.mark.parametrize("name", pass_files())
def test_every_pass_has_a_lit_file(name: str) -> None:
    assert (LIT / "passes" / f"{name}.mlir").is_file()


def test_there_are_passes_and_dialects() -> None:
    assert pass_files()
    assert dialect_files()


@pytest.mark.parametrize("module", dialect_files(), ids=str)
def test_every_dialect_file_has_a_round_trip(module: Path) -> None:
    runs = run_lines((LIT / "dialects" / module.with_suffix(".mlir")).read_text(), "//")
    assert any(len(re.findall(r"\bcatgrad-opt\b", run)) >= 2 for run in runs)


@pytest.mark.parametrize("module", dialect_files(), ids=str)
def test_every_dialect_file_has_its_errors_pinned(module: Path) -> None:
    text = (LIT / "dialects" / module.with_name(f"{module.stem}_invalid.mlir")).read_text()
    assert chunks_without_check(text) == []


RUN = "// RUN: catgrad-opt %s | filecheck %s\n"


@pytest.mark.parametrize(
    "text",
    [
        RUN + "// CHECK: a\n// CHECK-NEXT: b\n// CHECK-COUNT-2: c\n// CHECK{LITERAL}: [[\n",
        RUN + "%0 = tops.arange // CHECK-SAME: a\n// Checked elsewhere.\n",
        "// RUN: catgrad-opt %s | \\\n// RUN: filecheck %s --check-prefix=IN\n// IN-LABEL: a\n",
        "// RUN: catgrad-opt %s | filecheck %s --check-prefixes A,B\n// A: a\n// B-NOT: b\n",
    ],
)
def test_the_linter_accepts(text: str) -> None:
    assert faults(text, "//") == []


@pytest.mark.parametrize(
    "text, fault",
    [
        ("// CHECK: a\n", "no RUN line"),
        ("// RUN: catgrad-opt %s\n" + RUN + "// CHECK: a\n", "does not reach"),
        ("// RUN: catgrad-opt %s > filecheck\n// CHECK: a\n", "does not reach"),
        (RUN + "// CHECK: a\n// CHECK-NEXT b\n", "looks like one"),
        (RUN + "// CHECK: a\n// CHECK NEXT: b\n", "looks like one"),
        (RUN + "// CHECK: a\n// check: b\n", "looks like one"),
        (RUN + "// CHECK: a\n// CHECK-NXT: b\n", "declares"),
        (RUN + "// CHECK: a\n// CHECK : b\n", "declares"),
        (RUN + "// CHECK: a\n// CHEKC-NEXT: b\n", "declares"),
        (RUN + "// CHECK: a\n// NUMPY: b\n", "declares"),
        (RUN, "never used: CHECK"),
        ("// RUN: catgrad-opt %s | filecheck %s --check-prefixes=A,B\n// A: a\n", "never used: B"),
    ],
)
def test_the_linter_catches(text: str, fault: str) -> None:
    assert any(fault in found for found in faults(text, "//"))


def test_a_chunk_without_a_check_is_caught() -> None:
    assert chunks_without_check("// CHECK: a\n// -----\nfoo\n// -----\n// CHECK: b\n") == [2]
