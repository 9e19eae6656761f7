"""Rows of the ops that create, move, fold and index."""

from __future__ import annotations

from tests.op_cases.model import ONE, RING, Case, Literal, Row


def axis(n: int) -> dict[str, object]:
    """The property `axis`."""
    return {"axis": n}


def axes(*ns: int) -> dict[str, object]:
    """The property `axes`."""
    return {"axes": ns}


def flags(a: bool, b: bool) -> dict[str, object]:
    """The transpose flags of a matrix product."""
    return {"transpose_a": a, "transpose_b": b}


def slide(
    kernel: tuple[int, ...],
    stride: tuple[int, ...] = (),
    low: tuple[int, ...] = (),
    high: tuple[int, ...] = (),
    dilation: tuple[int, ...] = (),
) -> dict[str, object]:
    """The properties of sliding windows: steps of 1 and no padding by default."""
    ones, zeros = (1,) * len(kernel), (0,) * len(kernel)
    return {
        "kernel": kernel,
        "stride": stride or ones,
        "padding_low": low or zeros,
        "padding_high": high or zeros,
        "dilation": dilation or ones,
    }


SLIDE = slide((2, 2), (2, 1), low=(1, 0), high=(1, 1), dilation=(1, 2))
PATCHES = {
    t: (
        Case((f"2x3x4x{t}",), props=SLIDE),
        Case((f"2x2x3x2x2x{t}",), f"2x3x4x{t}", SLIDE),
    )
    for t in ("f64", *RING)
}
SUM = Case(("2x3xf64",), props=axes(1))
MAX = Case(("2x3xf64",), props=axes(1))
MAX_I32 = Case(("2x3xi32",), props=axes(0))
PROD = Case(("2x3xf64",), props=axes(1))
PRODS = tuple(Case((f"2x3x2x{t}",), props=axes(0, 1)) for t in RING)
CUMULATIVE = tuple(
    Case(("2x3xf64",), props={"axis": n, "reverse": back}) for n in (0, 1) for back in (False, True)
)
CUMULATIVE_I1 = Case(("4xi1",), props=axis(0))
ARGMIN = Case(("2x3xf64",), props=axis(1), zero=(0,))
ARGMAX = Case(("2x3xf64",), props=axis(1), zero=(0,))
TAKE = Case(("3x2xf64", "2xi32"), props=axis(0), ranges={1: (0, 3)}, zero=(1,))
SCATTER = Case(("2x2xf64", "2xi32"), "3x2xf64", axis(0), ranges={1: (0, 3)}, zero=(1,))
SLICE = Case(("8xf64",), props={"start": (1,), "stop": (6,), "step": (2,)})
SLICES = tuple(
    Case((f"3x4x{t}",), props={"start": (1, 0), "stop": (3, 4), "step": (1, 3)}) for t in RING
)
SLICE_NONE = Case(("4xf64",), props={"start": (2,), "stop": (2,), "step": (2,)})
PAD = Case(("2xf64",), props={"low": (2,), "high": (1,), "interior": (1,)})
PADS = tuple(
    Case((f"2x2x{t}",), props={"low": (1, 0), "high": (0, 2), "interior": (0, 1)}) for t in RING
)
PAD_SCALAR = Case(("f64",), props={"low": (), "high": (), "interior": ()})
KEY = Case(("i32", "i32"), "4xi32", {"site": 0}, zero=(0, 1))
UNIFORM = Case(("i32", "i32"), "4xf32", {"site": 0}, zero=(0, 1))

CREATION = (
    Row("full", (), (Literal(Case((), "2xf32", {"value": 1.5}), (), [1.5, 1.5]),)),
    Row("constant", (), (Literal(Case((), "3xi32", {"value": [1, -2, 3]}), (), [1, -2, 3]),)),
    Row(
        "arange",
        (),
        (
            Literal(Case((), "4xi32"), (), [0, 1, 2, 3]),
            Literal(Case((), "3xf64"), (), [0.0, 1.0, 2.0]),
        ),
    ),
)

MOVEMENT = (
    Row(
        "copy",
        tuple(ONE[t] for t in ("f64", *RING)),
        (Literal(ONE["f64"], ([1, 2, 3, 4],), [1, 2, 3, 4]),),
    ),
    Row(
        "broadcast",
        (
            Case(("3xf64",), "2x3xf64", axes(0)),
            Case(("2xf64",), "2x3x2xf64", axes(1, 2)),
            *(Case((f"2x{t}",), f"2x3x{t}", axes(1)) for t in RING),
        ),
        (
            Literal(Case(("2xf64",), "2x2xf64", axes(0)), ([1, 2],), [[1, 2], [1, 2]]),
            Literal(Case(("2xi1",), "2x2xi1", axes(1)), ([0, 1],), [[0, 0], [1, 1]]),
        ),
    ),
    Row(
        "reshape",
        (Case(("2x3xf64",), "3x2xf64"), *(Case((f"4x{t}",), f"2x2x{t}") for t in RING)),
        (Literal(Case(("2x2xf64",), "4xf64"), ([[1, 2], [3, 4]],), [1, 2, 3, 4]),),
    ),
    Row(
        "permute_dims",
        (
            Case(("2x3x4xf64",), props=axes(2, 0, 1)),
            Case(("2x2x2xf64",), props=axes(1, 2, 0)),
            *(Case((f"2x3x{t}",), props=axes(1, 0)) for t in RING),
        ),
        (
            Literal(
                Case(("2x3xf64",), props=axes(1, 0)),
                ([[1, 2, 3], [4, 5, 6]],),
                [[1, 4], [2, 5], [3, 6]],
            ),
            Literal(
                Case(("1x2x3xi32",), props=axes(2, 0, 1)),
                ([[[1, 2, 3], [4, 5, 6]]],),
                [[[1, 4]], [[2, 5]], [[3, 6]]],
            ),
        ),
    ),
    Row(
        "slice",
        (SLICE, *SLICES, SLICE_NONE),
        (
            Literal(SLICE, ([0, 1, 2, 3, 4, 5, 6, 7],), [1, 3, 5]),
            Literal(SLICE_NONE, ([1, 2, 3, 4],), [], [], ([0, 0, 0, 0],)),
        ),
    ),
    Row(
        "pad",
        (PAD, *PADS, PAD_SCALAR),
        (
            Literal(PAD, ([1, 2],), [0, 0, 1, 0, 2, 0]),
            Literal(PADS[0], ([[1, 0], [1, 1]],), [[0] * 5, [1, 0, 0, 0, 0], [1, 0, 1, 0, 0]]),
        ),
    ),
    Row(
        "concat",
        (
            Case(("2x1xf64", "2x3xf64"), props=axis(1)),
            Case(("2x2xf64", "2x2xf64"), props=axis(0)),
            Case(("1xf64", "2xf64", "1xf64"), props=axis(0)),
            *(Case((f"1x2x{t}", f"2x2x{t}"), props=axis(0)) for t in RING),
        ),
        (
            Literal(Case(("1xf64", "2xf64"), props=axis(0)), ([1], [2, 3]), [1, 2, 3]),
            Literal(Case(("1x1xi32", "1x2xi32"), props=axis(1)), ([[1]], [[2, 3]]), [[1, 2, 3]]),
        ),
    ),
)

OTHERS = (
    Row(
        "patches",
        (
            *(PATCHES["f64"][0], Case(("2x4xf64",), props=slide((2,), dilation=(3,)))),
            Case(("5x2xf64",), props=slide((3, 1), (2, 1), low=(0, 1), high=(4, 0))),
            *(PATCHES[t][0] for t in RING),
        ),
        (
            Literal(
                Case(("2x3xf64",), props=slide((2, 2))),
                ([[1, 2, 3], [4, 5, 6]],),
                [[[[1, 2], [4, 5]], [[2, 3], [5, 6]]]],
            ),
            Literal(
                Case(("4xf64",), props=slide((3,), (2,), low=(1,), high=(2,), dilation=(2,))),
                ([1, 2, 3, 4],),
                [[0, 2, 4], [2, 4, 0]],
                [[1, 2, 3], [4, 5, 6]],
                ([0, 6, 0, 8],),
            ),
            Literal(
                Case(("2x3xi1",), props=slide((2,), (2,), high=(1,))),
                ([[1, 0, 1], [0, 1, 1]],),
                [[[1, 0], [1, 0]], [[0, 1], [1, 0]]],
            ),
        ),
    ),
    Row(
        "unpatches",
        (
            *(
                PATCHES["f64"][1],
                Case(("2x1x2xf64",), "2x4xf64", slide((2,), dilation=(3,))),
            ),
            *(PATCHES[t][1] for t in RING),
        ),
        (
            Literal(
                Case(("2x2xf64",), "3xf64", slide((2,))),
                ([[1, 2], [3, 4]],),
                [1, 5, 4],
                [1, 2, 3],
                ([[1, 2], [2, 3]],),
            ),
            Literal(
                Case(("2x2xi32",), "4xi32", slide((2,), (3,), low=(1,))),
                ([[1, 2], [3, 4]],),
                [2, 0, 3, 4],
            ),
            Literal(Case(("2x2xi1",), "3xi1", slide((2,))), ([[1, 1], [1, 1]],), [1, 0, 1]),
        ),
    ),
    Row(
        "take",
        (
            TAKE,
            Case(("2x3xf64", "2x2xi64"), props=axis(1), ranges={1: (0, 3)}, zero=(1,)),
            *(
                Case((f"3x2x{t}", "4xi32"), props=axis(0), ranges={1: (0, 3)}, zero=(1,))
                for t in RING
            ),
        ),
        (Literal(TAKE, ([[1, 2], [3, 4], [5, 6]], [2, 0]), [[5, 6], [1, 2]]),),
    ),
    Row(
        "scatter_add",
        (
            SCATTER,
            Case(("2x2x2xf64", "2x2xi64"), "2x3xf64", axis(1), ranges={1: (0, 3)}, zero=(1,)),
            Case(
                ("4x2xf64", "4xi32", "3x2xf64"),
                "3x2xf64",
                axis(0),
                ranges={1: (0, 3)},
                zero=(1,),
            ),
            *(
                Case((f"4x2x{t}", "4xi32"), f"3x2x{t}", axis(0), ranges={1: (0, 3)}, zero=(1,))
                for t in RING
            ),
        ),
        (
            Literal(SCATTER, ([[1, 2], [3, 4]], [2, 0]), [[3, 4], [0, 0], [1, 2]]),
            Literal(SCATTER, ([[1, 2], [3, 4]], [1, 1]), [[0, 0], [4, 6], [0, 0]]),
            Literal(
                Case(("2xi32", "2xi32", "3xi32"), "3xi32", axis(0)),
                ([1, 2], [2, 2], [5, 6, 7]),
                [5, 6, 10],
            ),
            Literal(Case(("3xi1", "3xi32"), "2xi1", axis(0)), ([1, 1, 1], [0, 0, 1]), [0, 1]),
        ),
    ),
    Row(
        "sum",
        (
            SUM,
            Case(("2x3x2xf64",), props=axes(0, 2)),
            *(Case((f"2x3x{t}",), props=axes(0)) for t in RING),
        ),
        (
            Literal(SUM, ([[1, 2, 3], [4, 5, 6]],), [6, 15]),
            Literal(Case(("2x3xi1",), props=axes(1)), ([[1, 1, 1], [1, 1, 0]],), [1, 0]),
        ),
    ),
    Row(
        "max",
        (MAX, Case(("2x3x2xf64",), props=axes(0, 2))),
        (
            Literal(MAX_I32, ([[1, 5, 3], [4, 2, 6]],), [4, 5, 6]),
            Literal(MAX, ([[1, 3, 3], [7, 5, 6]],), [3, 7], [1, 2], ([[0, 0.5, 0.5], [2, 0, 0]],)),
        ),
        smooth=False,
    ),
    Row(
        "min",
        (MAX, Case(("2x3x2xf64",), props=axes(0, 2))),
        (
            Literal(MAX_I32, ([[1, 5, 3], [4, 2, 6]],), [1, 2, 3]),
            Literal(MAX, ([[4, 3, 3], [7, 5, 6]],), [3, 5], [1, 2], ([[0, 0.5, 0.5], [0, 2, 0]],)),
        ),
        smooth=False,
    ),
    Row(
        "prod",
        (PROD, Case(("2x3x4xf64",), props=axes(0, 2)), Case(("2x1xf64",), props=axes(1)), *PRODS),
        (
            Literal(
                PROD,
                ([[1, 2, 3], [4, 0, 6]],),
                [6, 0],
                [1, 2],
                ([[6, 3, 2], [0, 48, 0]],),
                ([[5, 4, 3], [12, 20, 8]], [11, 24]),
            ),
            Literal(PROD, ([[0, 2, 0], [0, 0, 0]],), [0, 0], [1, 1], ([[0, 0, 0], [0, 0, 0]],)),
            Literal(Case(("2x3xi32",), props=axes(1)), ([[1, -2, 3], [4, 0, 6]],), [-6, 0]),
            Literal(
                Case(("2x2xi1",), props=axes(1)),
                ([[1, 1], [1, 0]],),
                [1, 0],
                [1, 1],
                ([[1, 1], [0, 1]],),
            ),
        ),
    ),
    Row(
        "argmin",
        (ARGMIN, Case(("2x3xi32",), props=axis(0), zero=(0,))),
        (Literal(ARGMIN, ([[4, 3, 3], [7, 5, 6]],), [1, 1]),),
        smooth=False,
    ),
    Row(
        "cumulative_sum",
        (*CUMULATIVE, *(Case((f"2x3x2x{t}",), props=axis(1)) for t in RING)),
        (
            Literal(
                CUMULATIVE[2],
                ([[1, 2, 3], [4, 5, 6]],),
                [[1, 3, 6], [4, 9, 15]],
                [[1, 0, 0], [1, 2, 3]],
                ([[1, 0, 0], [6, 5, 3]],),
            ),
            Literal(CUMULATIVE[1], ([[1, 2, 3], [4, 5, 6]],), [[5, 7, 9], [4, 5, 6]]),
            Literal(CUMULATIVE_I1, ([1, 0, 1, 1],), [1, 1, 0, 1]),
        ),
    ),
    Row(
        "argmax",
        (ARGMAX, Case(("2x3xi32",), props=axis(0), zero=(0,))),
        (Literal(ARGMAX, ([[1, 3, 3], [7, 5, 6]],), [1, 0]),),
        smooth=False,
    ),
    Row(
        "matmul",
        (
            *(
                Case(("2x2xf64", "2x2xf64"), props=flags(a, b))
                for a in (False, True)
                for b in (False, True)
            ),
            Case(("3x2xf64", "3x4xf64"), props=flags(True, False)),
            Case(("2x2x3xf64", "2x4x3xf64"), props=flags(False, True)),
            *(Case((f"2x3x{t}", f"3x2x{t}")) for t in RING),
        ),
        (
            Literal(
                Case(("2x2xf64", "2x2xf64")),
                ([[1, 2], [3, 4]], [[5, 6], [7, 8]]),
                [[19, 22], [43, 50]],
            ),
            Literal(
                Case(("2x2xf64", "2x2xf64"), props=flags(True, False)),
                ([[1, 2], [3, 4]], [[5, 6], [7, 8]]),
                [[26, 30], [38, 44]],
            ),
            Literal(
                Case(("2x2xi32", "2x2xi32"), props=flags(False, True)),
                ([[1, 2], [3, 4]], [[5, 6], [7, 8]]),
                [[17, 23], [39, 53]],
            ),
            Literal(
                Case(("2x2xi1", "2x2xi1")), ([[1, 1], [1, 0]], [[1, 0], [1, 1]]), [[0, 1], [1, 0]]
            ),
        ),
    ),
    # The words of seed, step and site 0 are the known answer published with Philox 4x32-10.
    Row(
        "random_bits",
        (KEY,),
        (
            Literal(KEY, (0, 0), [1713891541, -513161843, -1135104948, -1694442536]),
            Literal(
                Case(("i32", "i32"), "2x3xi32", {"site": 7}),
                (-3, 5),
                [[-1495297695, -514545651, -340932333], [95152859, -1008271785, 1583836269]],
            ),
        ),
        smooth=False,
    ),
    Row(
        "random_uniform",
        (UNIFORM,),
        (
            Literal(
                UNIFORM,
                (0, 0),
                [0.39904648065567017, 0.8805201649665833, 0.7357128262519836, 0.6054818034172058],
            ),
        ),
        smooth=False,
    ),
)
