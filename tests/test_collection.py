"""The collector of cycles rests while a program is compiled, and is as it was afterwards."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

import catgrad as cg
from catgrad._collection import collection_paused
from catgrad._errors import CompileError


@pytest.mark.parametrize("change", [gc.enable, gc.disable])
def test_it_is_as_it_was(change: Callable[[], None]) -> None:
    seen: list[bool] = []

    @cg.arrow
    def double(x: cg.Array) -> cg.Array:
        seen.append(gc.isenabled())
        return x + x

    try:
        change()
        before = gc.isenabled()
        cg.compile({"double": double.on(cg.f32[2])})
        assert gc.isenabled() is before
        with pytest.raises(CompileError, match="no target"):
            cg.compile({"double": double.on(cg.f32[2])}, target="none")
        assert gc.isenabled() is before
    finally:
        gc.enable()
    assert seen
    assert not any(seen)


def test_inside_each_other() -> None:
    with collection_paused():
        with collection_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
