"""tops-verify-slots catches broken assignments: each change that makes a value wrong, and more."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.utils.exceptions import PassFailedException

from tests.programs import parse
from tests.random_graphs import graphs
from tests.slot_mutants import mutants
from tests.slot_programs import STEP, TARGETS, accepts, broken, place, verify, works

HARMLESS = {"shift", "swap", "share", "early"}
"""Kinds of changes of which some give another assignment that works."""


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("fuse", [False, True])
def test_each_broken_assignment_is_caught(target: str, fuse: bool) -> None:
    """What the checker accepts works; wrong sizes and regions and missing slots are all caught."""
    placed = place(STEP, target, fuse)
    assert accepts(placed, target)
    seen: set[str] = set()
    for mutant in mutants(placed):
        changed = mutant.of(placed)
        if accepts(changed, target):
            assert mutant.kind in HARMLESS, mutant.what
            assert works(STEP, changed, target), mutant.what
        elif mutant.kind not in seen and broken(STEP, changed, target):
            seen.add(mutant.kind)
    assert seen >= {"shift", "swap", "share", "region", "missing"}


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=30)
@given(source=graphs(), fuse=st.booleans(), choice=st.integers(0, 10**6))
def test_what_the_checker_accepts_works(target: str, source: str, fuse: bool, choice: int) -> None:
    """A random change of a random program."""
    placed = place(source, target, fuse)
    found = mutants(placed)
    for step in range(3):
        mutant = found[(choice + 7919 * step) % len(found)]
        changed = mutant.of(placed)
        assert not accepts(changed, target) or works(source, changed, target), mutant.what


def message(text: str) -> str:
    """What the checker says of a placed module."""
    with pytest.raises(PassFailedException) as error:
        verify(parse(text), "numpy")
    return str(error.value).splitlines()[0].removeprefix("tops-verify-slots: ")


T = "tensor<8xf64>"
SIZES = "tops.persistent = 128 : i64, tops.scratch = 256 : i64, tops.constant = 64 : i64"
STORED = 'tops.name = "a", tops.role = "state", tops.slot = #tops.slot<persistent, 0, 64>'


def function(
    body: str,
    returned: str = "%z",
    *,
    x: str = "scratch, 0",
    results: str = T,
    name: str = "f",
) -> str:
    """A module of @f(a, x), where a is stored at persistent 0; ops say `{region, offset}`."""
    body = re.sub(r"\{(\w+), (\d+)\}", r"{tops.slots = [#tops.slot<\1, \2, 64>]}", body)
    types = ", ".join([T] * (returned.count(",") + 1))
    return f"""
    builtin.module attributes {{{SIZES}}} {{
      func.func @{name}(
          %a: {T} {{{STORED}}},
          %x: {T} {{tops.slot = #tops.slot<{x}, 64>}}) -> ({results}) {{
        {body}
        func.return {returned} : {types}
      }}
    }}"""


UPDATED = f'{T} {{tops.updates = "a"}}'
LOSS = 'tensor<f64> {tops.role = "loss"}'

FAULTS = {
    "a lost operand": (
        function(
            f"%y = tops.exp %a {{scratch, 0}} : {T}\n%z = tops.add %x, %y {{scratch, 64}} : {T}"
        ),
        "@f: 'tops.add' reads %x after its slot #tops.slot<scratch, 0, 64> was overwritten",
    ),
    "a partial overlap": (
        function(f"%z = tops.exp %x {{tops.slots = [#tops.slot<scratch, 0, 64>]}} : {T}")
        .replace("scratch, 0, 64>}) ->", "scratch, 64, 64>}) ->")
        .replace("[#tops.slot<scratch, 0, 64>]", "[#tops.slot<scratch, 0, 128>]"),
        "@f: result 0 of 'tops.exp' overwrites operand 0 while it is read",
    ),
    "in place where it is not allowed": (
        function(f"%z = tops.rsqrt %x {{scratch, 0}} : {T}")
        .replace("rsqrt", "logistic")
        .replace("tops.logistic %x", "tops.pad %x, high = [0], interior = [0], low = [0]"),
        "@f: result 0 of 'tops.pad' overwrites operand 0 while it is read",
    ),
    "no slot": (
        function(f"%z = tops.exp %x : {T}"),
        "@f: 'tops.exp' has 1 results and 0 slots",
    ),
    "a slot too small": (
        function(f"%z = tops.exp %x {{tops.slots = [#tops.slot<scratch, 64, 56>]}} : {T}"),
        f"@f: 'tops.exp' of {T} has a slot of 56 bytes",
    ),
    "beyond the region": (
        function(f"%z = tops.exp %x {{scratch, 256}} : {T}"),
        "@f: 'tops.exp' lies beyond the scratch region of 256 bytes",
    ),
    "a shared result": (
        function(f"%z = tops.exp %x {{scratch, 64}} : {T}", "%z, %z", results=f"{T}, {T}"),
        "@f: result 1 shares storage with another result",
    ),
    "a result from the persistent region": (
        function(f"%z = tops.exp %x {{scratch, 64}} : {T}", "%a"),
        "@f: result 0 is handed out from the persistent region",
    ),
    "a stored tensor overwritten": (
        function(
            f"%y = tops.exp %x {{persistent, 0}} : {T}\n%z = tops.exp %y {{scratch, 64}} : {T}"
        ),
        "@f: 'tops.exp' writes a stored tensor, but is no update",
    ),
    "an update elsewhere": (
        function(f"%z = tops.exp %x {{persistent, 64}} : {T}", results=UPDATED),
        "@f: the update of 'a' is not in its slot",
    ),
    "an update in scratch": (
        function(f"%z = tops.exp %x {{scratch, 64}} : {T}", results=UPDATED),
        "@f: the update of 'a' is not in its slot",
    ),
    "an input in the constant region": (
        function(f"%z = tops.exp %x {{scratch, 64}} : {T}", x="constant, 0"),
        "@f: an input is written to the constant region",
    ),
    "a value in the constant region": (
        function(f"%z = tops.exp %x {{constant, 0}} : {T}"),
        "@f: 'tops.exp' writes to the constant region",
    ),
    "no assignment at all": (
        f"func.func @f(%x: {T}) -> {T} {{ func.return %x : {T} }}",
        "the module has no tops.persistent; run tops-assign-slots first",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_named(name: str) -> None:
    text, expected = FAULTS[name]
    assert message(text) == expected


EARLY = f"""
builtin.module attributes {{{SIZES}}} {{
  func.func @step(
      %a: {T} {{{STORED}}},
      %x: {T} {{tops.slot = #tops.slot<scratch, 0, 64>}}) -> ({LOSS}, {UPDATED}) {{
    UPDATE
    CHECK
    func.return %l, %u : tensor<f64>, {T}
  }}
}}"""
UPDATE = f"%u = tops.add %a, %x {{tops.slots = [#tops.slot<persistent, 0, 64>]}} : {T}"
SUM = (
    "%l = tops.sum %x, axes = [0] {tops.slots = [#tops.slot<scratch, 64, 8>]} "
    f": ({T}) -> tensor<f64>"
)


def test_an_update_before_the_check_is_caught() -> None:
    early = EARLY.replace("UPDATE", UPDATE).replace("CHECK", SUM)
    assert message(early) == "@step: 'tops.add' writes a stored tensor before the last check"
    verify(parse(EARLY.replace("UPDATE", SUM).replace("CHECK", UPDATE)), "numpy")


def both_of(one: str, other: str) -> str:
    """One module of two."""
    inner = other[other.index("func.func") : other.rindex("}")]
    return one[: one.rindex("}")] + inner + "}"


def test_stored_tensors_of_two_functions_are_compared() -> None:
    """One name is one slot, and two names are two, wherever they are used."""
    one = function(f"%z = tops.exp %x {{scratch, 64}} : {T}")
    other = function(f"%z = tops.exp %x {{scratch, 64}} : {T}", name="g")
    inner = other[other.index("func.func") : other.rindex("}")]
    both = one[: one.rindex("}")] + inner + "}"
    moved = both.replace(
        "persistent, 0, 64>},\n          %x", "persistent, 64, 64>},\n          %x", 1
    )
    assert message(moved) == "'a' has different slots in different functions"
    renamed = both.replace('tops.name = "a"', 'tops.name = "b"', 1)
    assert message(renamed) == "'b' and 'a' overlap"


def test_constants_of_two_functions_are_compared() -> None:
    body = (
        "%k = tops.constant value = dense<1.0> : tensor<8xf64> {constant, 0} : tensor<8xf64>\n"
        f"%z = tops.add %x, %k {{scratch, 64}} : {T}"
    )
    assert (
        message(both_of(function(body), function(body, name="g")))
        == "'constant 0' and 'constant 1' overlap"
    )
