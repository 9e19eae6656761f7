"""Wall time as a tree."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from xdsl.dialects.builtin import ModuleOp

from catgrad.driver.instruments import count_ops


@dataclass
class Phase:
    """What took how long; `ops` is the number of ops before and after."""

    name: str
    seconds: float = 0.0
    ops: tuple[int, int] | None = None
    parts: list[Phase] = field(default_factory=list["Phase"])


class Clock:
    """Measures phases, which may have parts."""

    def __init__(self) -> None:
        self.open = [Phase("total")]

    @contextmanager
    def phase(self, name: str, module: ModuleOp | None = None) -> Generator[None]:
        """Measure what happens inside; counting the ops of `module` is not measured."""
        phase = Phase(name)
        self.open[-1].parts.append(phase)
        self.open.append(phase)
        before = count_ops(module).total() if module is not None else 0
        start = time.perf_counter()
        try:
            yield
        finally:
            phase.seconds = time.perf_counter() - start
            if phase.parts:  # what lies between them is printing and checking on request
                phase.seconds = sum(part.seconds for part in phase.parts)
            if module is not None:
                phase.ops = before, count_ops(module).total()
            self.open.pop()

    def report(self) -> str:
        """The tree, one phase a line; the total is what was measured."""
        root = self.open[0]
        root.seconds = sum(part.seconds for part in root.parts)
        lines = ["   seconds   share  phase, ops before -> after"]

        def visit(phase: Phase, depth: int) -> None:
            share = 100 * phase.seconds / root.seconds if root.seconds else 0.0
            ops = f", {phase.ops[0]} -> {phase.ops[1]}" if phase.ops is not None else ""
            lines.append(f"{phase.seconds:10.4f} {share:5.1f} %  {'  ' * depth}{phase.name}{ops}")
            for part in phase.parts:
                visit(part, depth + 1)

        visit(root, 0)
        return "\n".join(lines)
