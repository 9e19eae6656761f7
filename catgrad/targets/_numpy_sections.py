"""Prints what one half of a section of a NumPy program does, and the views that it needs."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.ir import SSAValue

from catgrad.dialects.tops.movement import BroadcastOp
from catgrad.targets._describe import shape_and_dtype
from catgrad.targets._numpy_halves import Section, Statement, lines_of
from catgrad.targets._python_names import Names


@dataclass
class Values:
    """What a function knows of its values."""

    names: dict[SSAValue, str] = field(default_factory=dict[SSAValue, str])
    """Names and literals."""
    literals: set[SSAValue] = field(default_factory=set[SSAValue])
    inner: dict[SSAValue, tuple[int, int]] = field(default_factory=dict[SSAValue, tuple[int, int]])
    """Values in the workspace: offsets, whole and in halves."""
    repeats: dict[SSAValue, BroadcastOp] = field(default_factory=dict[SSAValue, BroadcastOp])
    """Broadcasts of these."""


def print_section(
    section: Section, name: str, values: Values, names: Names, work: str
) -> list[str]:
    """The factory of what one half of a section does."""
    printer = HalfPrinter(values, Names(names.taken))
    body: list[str] = []
    alone: tuple[list[str], list[str]] = ([], [])
    for step, half in [*section.steps, (None, None)]:
        if half is None:  # what each half did alone before can stand together
            for lines, who in zip(alone, ("first", "not first"), strict=True):
                body += [f"if {who}:", *lines] if lines else []
                lines.clear()
        for statement in step.statements if step else ():
            if half is None:
                body += printer.text(statement)
            else:
                alone[half].extend(f"    {line}" for line in printer.whole(statement))
    if any(half is not None for _, half in section.steps):
        printer.views.append("first = half.first")
    return [
        f"def {name}(half):",
        *(f"    {line}" for line in printer.views),
        "",
        "    def run():",
        *(f"        {line}" for line in body),
        "",
        "    return run",
        "",
        f"{name} = halves({name}, {work})",
    ]


class HalfPrinter:
    """Prints what one half of a section does, and the views that it needs."""

    def __init__(self, values: Values, names: Names):
        self.values, self.names = values, names
        self.known: dict[tuple[str, int | None], str] = {}
        self.views: list[str] = []

    def text(self, statement: Statement) -> list[str]:
        """The lines of a statement on halves."""
        assert statement.cut is not None
        pairs = zip(statement.operands, statement.cut, strict=False)
        names = [self.half(v, axis) for v, axis in pairs]
        return lines_of(statement.write(names, self.half(statement.out, 0)), self.names, self.views)

    def whole(self, statement: Statement) -> list[str]:
        """The lines of a statement that one half does alone."""
        names = [self.half(v, None) for v in statement.operands]
        out = self.half(statement.out, None)
        return lines_of(statement.write(names, out), self.names, self.views)

    def half(self, value: SSAValue, axis: int | None) -> str:
        """The name of a half of a value, cut along an axis; None: of the whole value."""
        key = self.values.names[value], axis
        if key not in self.known:
            self.known[key] = self.make(value, axis)
        return self.known[key]

    def make(self, value: SSAValue, axis: int | None) -> str:
        """The same, where it is needed first: prints the view."""
        name = self.values.names[value]
        inner, repeat = self.values.inner.get(value), self.values.repeats.get(value)
        if value in self.values.literals or (axis is None and inner is None and repeat is None):
            return name
        if axis is not None:
            name = self.names.fresh(f"{name}_half")
        shape, dtype = shape_and_dtype(value)
        dims = f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"
        if repeat is not None:
            source = self.half(repeat.x, axis)
            made = repeat.meaning.expression(repeat, [source])
            if axis == 0:
                made = f"half.broadcast({source}, {repeat.props()['axes']}, {dims})"
        elif inner is not None and axis == 0:
            made = f"half.scratch({inner[1]}, np.{dtype}, {dims})"
        elif inner is not None:
            made = f"half.whole_scratch({inner[0]}, np.{dtype}, {dims})"
        else:
            source = self.values.names[value]
            made = f"half({source})" if axis == 0 else f"half({source}, {axis})"
        self.views.append(f"{name} = {made}")
        return name
