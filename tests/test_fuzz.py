"""A few programs and mutants with fixed seeds; `make fuzz` runs as many as there is time for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.__main__ import lowered, main
from tests.fuzz.executions import Mismatch
from tests.fuzz.mutants import EXPECTED, findings
from tests.fuzz.report import Report


def test_programs() -> None:
    assert main(["programs", "--count", "20", "--targets", "numpy"]) == 0


def test_mutants(tmp_path: Path) -> None:
    found = [verdict for _, verdict, _, _ in findings(range(60), tmp_path)]
    assert set(found) == set(EXPECTED)


def test_a_wrong_result_is_seen() -> None:
    pair = lowered(Report(), 3)
    assert pair is not None
    prepared, _ = pair
    for name, wanted in prepared.wanted.items():
        likes = prepared.likes[name]
        wanted.check(likes, likes, name)
        wrong = [~a if a.dtype == bool else a + 1 for a in likes]
        with pytest.raises(Mismatch, match=f"{name}: result 0 is"):
            wanted.check(wrong, likes, name)
