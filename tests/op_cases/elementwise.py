"""Rows of the elementwise ops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from catgrad.dialects.tops.base import DTYPES
from tests.op_cases.model import (
    BIG,
    BITS,
    ONE,
    PAIR,
    RING,
    Case,
    IntArray,
    Literal,
    Row,
)

INF, NAN = float("inf"), float("nan")
WHERE = {t: Case(("4xi1", f"4x{t}", f"4x{t}"), zero=(0,)) for t in DTYPES}
POWER = Case(("4xf64", "4xf64"), ranges={0: (0.5, 2)})


def unary(
    op: str,
    values: Mapping[float, float],
    low: float = -2.0,
    high: float = 2.0,
    *,
    cases: Sequence[Case] = (),
    literals: Sequence[Literal] = (),
    smooth: bool = True,
) -> Row:
    """The row of an elementwise function of one real variable."""
    case = Case((f"{len(values)}xf64",))
    table = Literal(case, (list(values),), list(values.values()))
    return Row(op, (Case(("4xf64",), ranges={0: (low, high)}), *cases), (table, *literals), smooth)


def compare(op: str, values: list[bool]) -> Row:
    """The row of a comparison: its values at (1, 2), (2, 2) and (2, 1)."""
    dtypes = ["f32", "f64", "i32", "i64"]
    cases = tuple(Case((f"3x{t}", f"3x{t}"), zero=(0, 1)) for t in dtypes)
    literals = tuple(Literal(case, ([1, 2, 2], [2, 2, 1]), values) for case in cases)
    return Row(op, cases, literals, smooth=False)


def complement(x: IntArray) -> IntArray:
    """1 + x."""
    return 1 + x


def logical(
    op: str, values: list[bool], polynomial: Callable[[IntArray, IntArray], IntArray]
) -> Row:
    """The row of a boolean op of two operands: its values at 00, 01, 10 and 11."""
    table = Literal(PAIR["i1"], ([0, 0, 1, 1], [0, 1, 0, 1]), values)
    return Row(op, (PAIR["i1"],), (table,), polynomial=polynomial)


UNARY = (
    unary(
        "negative",
        {2.0: -2.0, -0.5: 0.5},
        cases=[ONE[t] for t in RING],
        literals=[
            Literal(ONE["i32"], ([1, 0, -5, BIG],), [-1, 0, 5, -BIG]),
            Literal(ONE["i1"], ([0, 1, 1, 0],), [0, 1, 1, 0], [1, 0, 1, 0], ([1, 0, 1, 0],)),
        ],
    ),
    unary(
        "abs",
        {2.0: 2.0, -0.5: 0.5, 0.0: 0.0},
        literals=[
            Literal(ONE["i32"], ([3, -3, 0, -BIG],), [3, 3, 0, BIG]),
            Literal(ONE["f64"], ([3, -3, 0, 0],), [3, 3, 0, 0], [2, 2, 2, -1], ([2, -2, 0, 0],)),
        ],
        smooth=False,
    ),
    Row(
        "sign",
        (Case(("4xf64",), zero=(0,)),),
        (
            Literal(ONE["f64"], ([2.5, -0.1, 0, 7],), [1, -1, 0, 1]),
            Literal(ONE["i32"], ([2, -3, 0, 7],), [1, -1, 0, 1]),
        ),
        smooth=False,
    ),
    *(
        Row(
            op,
            (Case(("4xf64",), zero=(0,)),),
            (Literal(Case(("6xf64",)), ([2.5, -0.5, -2.5, 1.5, 3, 0.4],), values),),
            smooth=False,
        )
        for op, values in (
            ("floor", [2, -1, -3, 1, 3, 0]),
            ("ceil", [3, 0, -2, 2, 3, 1]),
            ("round", [2, 0, -2, 2, 3, 0]),
        )
    ),
    unary("exp", {0.0: 1.0, 1.0: 2.718281828459045, -1.0: 0.36787944117144233}),
    unary("expm1", {0.0: 0.0, 1.0: 1.718281828459045, 1e-10: 1.00000000005e-10}),
    unary("log", {1.0: 0.0, 2.0: 0.6931471805599453, 0.5: -0.6931471805599453}, 0.5, 3.0),
    unary("log1p", {0.0: 0.0, 1.0: 0.6931471805599453, 1e-10: 9.9999999995e-11}, -0.5, 2.0),
    unary("sqrt", {4.0: 2.0, 2.0: 1.4142135623730951, 0.0: 0.0}, 0.5, 3.0),
    unary("rsqrt", {4.0: 0.5, 2.0: 0.7071067811865476, 0.25: 2.0}, 0.5, 3.0),
    unary(
        "square",
        {3.0: 9.0, -1.5: 2.25},
        cases=[ONE[t] for t in RING],
        literals=[
            Literal(ONE["i32"], ([3, -4, 0, 65536],), [9, 16, 0, 0]),
            Literal(ONE["i1"], ([0, 1, 1, 0],), [0, 1, 1, 0], [1, 1, 1, 1], ([0, 0, 0, 0],)),
        ],
    ),
    unary("sin", {0.0: 0.0, 1.0: 0.8414709848078965, -0.5: -0.479425538604203}),
    unary("cos", {0.0: 1.0, 1.0: 0.5403023058681398, -0.5: 0.8775825618903728}),
    unary("tanh", {0.0: 0.0, 1.0: 0.7615941559557649, -0.5: -0.46211715726000973}),
    unary("logistic", {0.0: 0.5, 1.0: 0.7310585786300049, -2.0: 0.11920292202211755}),
    unary(
        "erf",
        {
            0.0: 0.0,
            0.25: 0.2763263901682369,
            -1.0: -0.8427007929497149,
            1e-10: 1.1283791670955126e-10,
        }
        | {3.0: 0.9999779095030014, 5.0: 0.9999999999984626, 9.0: 1.0, INF: 1.0, -INF: -1.0},
    ),
)

BINARY = (
    Row(
        "add",
        tuple(PAIR[t] for t in ("f64", *RING)),
        (
            Literal(PAIR["f64"], ([1, 2, 3, 4], [0.5, -2, 0, 1]), [1.5, 0, 3, 5]),
            Literal(PAIR["i32"], ([1, 2, 3, BIG], [4, -2, 0, 1]), [5, 0, 3, -BIG - 1]),
            Literal(PAIR["i1"], BITS, [0, 1, 1, 0]),
        ),
    ),
    Row(
        "subtract",
        tuple(PAIR[t] for t in ("f64", *RING)),
        (
            Literal(PAIR["f64"], ([1, 2, 3, 4], [0.5, -2, 0, 1]), [0.5, 4, 3, 3]),
            Literal(PAIR["i32"], ([1, 2, 3, -BIG], [4, -2, 0, 2]), [-3, 4, 3, BIG]),
            Literal(PAIR["i1"], BITS, [0, 1, 1, 0]),
        ),
    ),
    Row(
        "multiply",
        tuple(PAIR[t] for t in ("f64", *RING)),
        (
            Literal(PAIR["f64"], ([1, 2, 3, 4], [0.5, -2, 0, 1]), [0.5, -4, 0, 4]),
            Literal(PAIR["i32"], ([1, 2, 3, 65536], [4, -2, 0, 65536]), [4, -4, 0, 0]),
            Literal(PAIR["i1"], BITS, [0, 0, 0, 1]),
        ),
    ),
    Row(
        "divide",
        (Case(("4xf64", "4xf64"), ranges={1: (0.5, 2)}),),
        (Literal(PAIR["f64"], ([1, 2, 3, -4], [2, -2, 4, 0.5]), [0.5, -1, 0.75, -8]),),
    ),
    Row(
        "pow",
        (
            POWER,
            *(Case(PAIR["f64"].types, full={1: n}, ranges=POWER.ranges) for n in (0.5, -1)),
            *(Case(PAIR[t].types, full={1: n}) for t in ("f64", "i32") for n in (0, 1, 2, 3)),
            Case(PAIR["i64"].types, full={1: 4}),
        ),
        (
            Literal(PAIR["f64"], ([2, 3, 4, 0], [3, 2, 0.5, 0]), [8, 9, 2, 1]),
            Literal(PAIR["i32"], ([2, 3, -2, 0], [3, 2, 3, 0]), [8, 9, -8, 1]),
            Literal(
                PAIR["f64"],
                ([0, 0, 0, -2], [-1, 1, 2, 0]),
                [INF, 0, 0, 1],
                [1, 1, 1, 1],
                ([-INF, 1, 0, 0], [0, 0, 0, NAN]),
            ),
            Literal(
                Case(("2xf64", "2xf64")),
                ([0, 0], [0, 2]),
                [1, 0],
                [1, 1],
                ([0, 0], [0, 0]),
                ([0, 2], [0, 0]),
            ),
            *(
                Literal(Case(("2xf64", "2xf64"), full={1: n}), ([0, 2],), y, [1, 1], (dx,))
                for n, y, dx in ((0, [1, 1], [0, 0]), (1, [0, 2], [1, 1]), (2, [0, 4], [0, 4]))
            ),
        ),
    ),
    *(
        Row(
            op,
            (PAIR["f64"],),
            (
                Literal(PAIR["i32"], ([1, 5, -1, 4], [2, 2, 0, 4]), integers),
                Literal(
                    PAIR["f64"], ([1, 2, 3, 4], [1, 5, 0, 4]), y, [1, 2, 4, 3], (list(da), list(db))
                ),
            ),
            smooth=False,
        )
        for op, integers, y, da, db in (
            ("maximum", [2, 5, 0, 4], [1, 5, 3, 4], (0.5, 0, 4, 1.5), (0.5, 2, 0, 1.5)),
            ("minimum", [1, 2, -1, 4], [1, 2, 0, 4], (0.5, 2, 0, 1.5), (0.5, 0, 4, 1.5)),
        )
    ),
    compare("equal", [False, True, False]),
    compare("not_equal", [True, False, True]),
    compare("less", [True, False, False]),
    compare("less_equal", [True, True, False]),
    compare("greater", [False, False, True]),
    compare("greater_equal", [False, True, True]),
    logical("logical_and", [False, False, False, True], lambda a, b: a * b),
    logical("logical_or", [False, True, True, True], lambda a, b: a + b + a * b),
    logical("logical_xor", [False, True, True, False], lambda a, b: a + b),
    Row(
        "logical_not",
        (ONE["i1"],),
        (Literal(ONE["i1"], ([0, 1, 0, 1],), [1, 0, 1, 0]),),
        polynomial=complement,
    ),
    Row(
        "where",
        tuple(WHERE[t] for t in ("f64", *RING)),
        (
            Literal(WHERE["f64"], ([0, 1, 0, 1], [1, 2, 3, 4], [5, 6, 7, 8]), [5, 2, 7, 4]),
            Literal(WHERE["i1"], ([0, 1, 0, 1], [0, 0, 1, 1], [1, 1, 0, 0]), [1, 0, 0, 1]),
        ),
    ),
    Row(
        "astype",
        (
            *(Case((f"4x{a}",), f"4x{b}") for a, b in (("f64", "f32"), ("f64", "f64"))),
            *(
                Case((f"4x{a}",), f"4x{b}", zero=(0,))
                for a, b in (("f64", "i32"), ("f64", "i1"), ("i32", "f32"), ("i1", "f64"))
            ),
            *(Case((f"4x{a}",), f"4x{b}", zero=(0,)) for a, b in (("i32", "i64"), ("i1", "i1"))),
        ),
        (
            Literal(Case(("3xf64",), "3xi32"), ([1.9, -1.9, 0.2],), [1, -1, 0]),
            Literal(Case(("3xf64",), "3xi1"), ([0.1, -3.0, 0.0],), [1, 1, 0]),
            Literal(Case(("3xi32",), "3xi1"), ([2, -1, 0],), [1, 1, 0]),
            Literal(Case(("2xi1",), "2xf32"), ([1, 0],), [1.0, 0.0]),
            Literal(Case(("2xf64",), "2xf32"), ([0.1, 1],), [0.10000000149011612, 1.0]),
        ),
        step=1.0,
    ),
)
