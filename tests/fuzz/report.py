"""What the fuzzer counts and what it keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from tests.fuzz.programs import Program

FOLDER = Path("build/fuzz")
Result = TypeVar("Result")


class Report:
    """Counts what was run; keeps what failed, in a file each."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []

    def failed(self, what: str) -> None:
        """One more finding."""
        self.failures.append(what)
        print(what, flush=True)

    def guard(
        self, of: Program, passes: Sequence[str], target: str, work: Callable[[], Result]
    ) -> Result | None:
        """The result of `work`; None if it raises, whatever it raises: that is a finding."""
        try:
            return work()
        except Exception as error:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path = FOLDER / f"program_{of.seed}.mlir"
            path.write_text(str(of.module))
            again = f"python -m tests.fuzz differs --passes '{','.join(passes)}' --target {target}"
            self.failed(
                f"seed {of.seed}: {type(error).__name__}: {str(error)[:2000]}\n"
                f'  again:  {again} {path}\n  shrink: catgrad-opt --reduce "{again}" {path}'
            )
            return None
