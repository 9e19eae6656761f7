"""1,000 mutants of the lit inputs with fixed seeds; `make fuzz` runs more of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from catgrad.universe import CATGRAD_UNIVERSE
from tests.fuzz import mutants
from tests.fuzz.mutants import EXPECTED, findings, verdict
from tests.opt_command import SQUARE


def test_mutants(tmp_path: Path) -> None:
    found = Counter(verdict for _, verdict, _, _ in findings(range(1000), tmp_path))
    assert set(found) == set(EXPECTED), found


def test_what_is_none(tmp_path: Path) -> None:
    (tmp_path / "in.mlir").write_text("builtin.module {\n}\n")
    assert verdict(tmp_path / "in.mlir", ["-p", "cse"]) == "result"
    assert verdict(tmp_path / "in.mlir", ["-p", "csee"]) == "diagnostic"


@dataclass(frozen=True)
class LoopPass(ModulePass):
    """Fails inside, has no end, or leaves no function."""

    name = "test-loop"
    how: str = "end"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        while self.how == "end":
            pass
        if self.how == "inside":
            raise KeyError("lost")
        for inner in list(op.body.block.ops):
            inner.detach()


FINDINGS = {
    "end": "no end in 1 seconds",
    "inside": "error: internal error in pass 'test-loop': KeyError: 'lost'",
    "meaning": "error: pass 'test-loop' removed the public function @square",
}


@pytest.mark.parametrize("how", FINDINGS)
def test_what_is_a_finding(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATGRAD_UNIVERSE.all_passes, "test-loop", lambda: LoopPass)
    monkeypatch.setattr(mutants, "SECONDS", 1)
    monkeypatch.setitem(globals(), "__name__", "catgrad.test")  # as if it stood in the package
    monkeypatch.setattr(LoopPass, "__module__", "catgrad.test")
    (tmp_path / "in.mlir").write_text(SQUARE)
    found = verdict(tmp_path / "in.mlir", ["-p", f"test-loop{{how={how}}}", "--check-semantics"])
    assert found.startswith(FINDINGS[how])
