"""
The table docs/coverage.md: which op works where. `python -m tests.coverage_table` writes it.

It is derived from the ops, the rows of their tests and what the printers print. Only what GGML's
own backward pass knows is data: the cases of `ggml_compute_backward` in ggml/src/ggml.c, GGML
0.15.3, of 101 ops and 22 unary ops.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, ModuleOp
from xdsl.ir import SSAValue
from xdsl.utils.exceptions import PassFailedException

from catgrad.dialects.cat import ArrowOp
from catgrad.dialects.tops import FAMILIES, OPS, ops_at
from catgrad.dialects.tops.base import TopsOp, dtype_of, tensor_of
from catgrad.targets._ggml_spelling import SPELLING
from tests.ggml_programs import NATIVE, emit, narrowed
from tests.op_cases import ROWS
from tests.op_cases.model import Case, Row
from tests.rule_checks import arrow, close, op_arrow

PATH = Path(__file__).parents[1] / "docs" / "coverage.md"

BACKWARD = frozenset(
    """
    DUP ADD ADD1 ACC SUB MUL DIV SQR SQRT LOG SIN COS SUM SUM_ROWS MEAN REPEAT REPEAT_BACK RMS_NORM
    MUL_MAT SCALE SET CPY CONT RESHAPE VIEW PERMUTE TRANSPOSE GET_ROWS DIAG_MASK_INF DIAG_MASK_ZERO
    SOFT_MAX ROPE IM2COL POOL_2D WIN_PART WIN_UNPART UNARY CROSS_ENTROPY_LOSS GLU NONE
    """.split()
)
"""Ops of GGML with a case in its backward pass."""

BACKWARD_UNARY = frozenset("ABS SGN NEG STEP RELU SILU EXP EXPM1 SOFTPLUS".split())
"""Unary ops of GGML with one."""

FUNCTIONS = {"CAST": "CPY", "PAD_EXT": "PAD", "REPEAT_4D": "REPEAT", "SCALE_BIAS": "SCALE"}
"""What an op is called whose function is called otherwise."""

VIEWS = frozenset({"ggml_permute", "ggml_view_4d", "ggml_reshape_4d"})

HEAD = f"""# Which op works where

Written by `make docs`; a test compares. In short:

- **rule**: the reverse rule holds on floats, on the ring Z/2^n (i32, i64), on the ring Z/2 (i1);
  *zero* is a declared zero. **order 2**: the second derivative is checked as well.
- **numpy**: all element types of the op. **ggml**: `kernels=fused`, of those f32, i32, i1.
- **ggml native**: `kernels=native`, the functions of GGML that make the op, on f32; *host* is
  computed outside of the graph. Behind it the other element types that a case of the tests shows;
  i32 otherwise only in scalars.
- **GGML's backward**: whether GGML's own backward pass (0.15.3: {len(BACKWARD)} of 101 ops,
  {len(BACKWARD_UNARY)} of 22 unary ops) knows all of these functions; it aborts at the others.

In `kernels=native`, max, min, argmax and argmin take rows without nan; everything else is right at
infinities and nan too. pow takes whole constant exponents, 0.5, and constant bases > 0; comparisons
of i32 need one side that is known to fit 24 bits (labels, indices, positions); windows have at most
two axes. What is not taken is an error that names it.
"""


def rule(op: type[TopsOp], row: Row) -> str:
    """On what the reverse rule holds."""
    cases = [*row.cases, *(literal.case for literal in row.literals)]
    if not any(case.types for case in cases):
        return "-"
    if all(len(case.zero) + len(case.full) == len(case.types) for case in row.cases):
        return "zero"
    meaning = next(t for t in op.traits.traits if hasattr(t, "rule"))
    held: tuple[str, ...] = meaning.rule  # pyright: ignore
    domain: tuple[str, ...] = meaning.domain  # pyright: ignore
    names = {"f32": "floats", "i32": "Z/2^n", "i1": "Z/2"}
    return ", ".join(n for t, n in names.items() if t in held and t in domain)


def with_constants(op: str, case: Case) -> ArrowOp:
    """The arrow of a case, with constants for booleans, and 0 and 1 as a result."""
    inner = op_arrow(op, case)
    given = [v.type for v in inner.body.block.args if dtype_of(tensor_of(v)) != "i1"]
    block, builder = arrow("f", given)
    ops, rest = ops_at(builder), iter(block.args)
    env: dict[SSAValue, SSAValue] = {}
    for old in inner.body.block.args:
        type_: Any = old.type
        if dtype_of(tensor_of(old)) == "i1":
            bits = [i % 2 for i in range(prod(type_.get_shape()))]
            value = DenseIntOrFPElementsAttr.from_list(type_, bits)
            env[old] = ops.emit("constant", type=type_, value=value).value
        else:
            env[old] = next(rest)
    for found in inner.body.block.ops:
        if found is not inner.result:
            builder.insert(found.clone(env))
    made = [ops.array(env[v]) for v in inner.result.values]
    return close("f", block, builder, [v.astype("f32") if v.dtype == "i1" else v for v in made])


def native(op: str, case: Case) -> set[str] | None:
    """The functions of GGML that a case is printed as, `host` among them; None if refused."""
    try:
        module = ModuleOp([with_constants(op, case)])
        source = emit(module, NATIVE, "ggml-native")["program.cpp"]
    except PassFailedException:
        return None
    graph = source[source.index("void f_graph(") :].partition("\n}")[0]
    found = {f"ggml_{name}" for name in re.findall(r"\b(?:ggml_|g\.(?=im2col))(\w+)\(", graph)}
    return found | ({"host"} if "g.host(" in graph else set())


def known(function: str) -> bool:
    """Whether GGML's backward pass has a case for a function."""
    name = function.removeprefix("ggml_").upper()
    return function in VIEWS or FUNCTIONS.get(name, name) in BACKWARD | BACKWARD_UNARY


def element_types(case: Case) -> set[str]:
    """The element types of operands and result."""
    return {t.rpartition("x")[2] for t in (*case.types, *([case.result] if case.result else []))}


def native_cells(op: str, row: Row) -> tuple[str, str]:
    """The cells `ggml native` and `GGML's backward`."""
    cases = [*map(narrowed, row.cases), *(narrowed(lit.case) for lit in row.literals)]
    taken = [(case, made) for case in cases if (made := native(op, case)) is not None]
    if not taken:
        return "-", "-"
    floats = [made for case, made in taken if "f32" in element_types(case)] or [taken[0][1]]
    made = {f for functions in floats for f in functions}
    others = {t for case, _ in taken for t in element_types(case) - {"f32"}}
    real = sorted(f for f in made - VIEWS if f != "host")
    text = ", ".join([*(f"`{f}`" for f in real), *(["*host*"] if "host" in made else [])])
    more = f"; {', '.join(sorted(others))}" if others else ""
    missing = [f for f in real if not known(f)]
    return (text or "a view") + more, "yes" if not missing and "host" not in made else "no"


def rows() -> Iterator[str]:
    """The lines of the table."""
    yield "| op | rule | order 2 | numpy | ggml | ggml native | GGML's backward |"
    yield "|---|---|---|---|---|---|---|"
    for op in sorted(OPS, key=lambda op: FAMILIES.index(op.__module__.rpartition(".")[2])):
        name = op.name.partition(".")[2]
        row = ROWS[name]
        held = rule(op, row)
        second = "yes" if row.smooth and held not in ("-", "zero") else "-"
        fused = "yes" if op.name in SPELLING else "no"
        cells = [name, held, second, "yes", fused, *native_cells(name, row)]
        yield f"| {' | '.join(cells)} |"


def text() -> str:
    """The whole file."""
    return "\n".join([HEAD, *rows(), ""])


if __name__ == "__main__":
    PATH.write_text(text())
