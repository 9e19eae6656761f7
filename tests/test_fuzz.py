"""200 programs with fixed seeds; `make fuzz` runs as many as there is time for."""

from __future__ import annotations

import pytest

from tests.fuzz.__main__ import lowered, main
from tests.fuzz.executions import Mismatch
from tests.fuzz.report import Report


def test_programs() -> None:
    assert main(["programs", "--count", "200", "--quick"]) == 0


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
