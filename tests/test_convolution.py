"""What convolution and pooling accept, and where they are more than what PyTorch does."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import catgrad as cg
from catgrad import initializers, nn
from catgrad.frames import TraceError

WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "channels": (lambda: nn.conv2d(0, 3), "nn.conv2d takes a whole number of channels > 0, got 0"),
    "groups": (lambda: nn.conv2d(4, 3, groups=3), "4 channels are no multiple of 3 groups"),
    "kernel": (
        lambda: nn.conv2d(4, (3, 0)),
        "nn.conv2d: kernel takes a whole number >= 1 or a pair of them, got (3, 0)",
    ),
    "three numbers": (lambda: nn.conv2d(4, (1, 2, 3)), "got (1, 2, 3)"),  # pyright: ignore[reportArgumentType]
    "stride": (lambda: nn.conv2d(4, 3, stride=0), "nn.conv2d: stride takes a whole number >= 1"),
    "padding": (
        lambda: nn.conv2d(4, 3, padding=-1),
        "nn.conv2d: padding takes a whole number >= 0",
    ),
    "padding's name": (
        lambda: nn.conv2d(4, 3, padding="full"),  # pyright: ignore[reportArgumentType]
        "nn.conv2d: padding takes 'valid', 'same', a whole number >= 0 or a pair of them, "
        "got 'full'",
    ),
    "pool": (lambda: nn.max_pool2d(2.0), "nn.max_pool2d: kernel takes a whole number >= 1"),  # pyright: ignore[reportArgumentType]
    "pool's padding": (
        lambda: nn.avg_pool2d(3, padding=2),
        "nn.avg_pool2d: padding 2 is more than half of the kernel 3",
    ),
}
UNFIT: dict[str, tuple[cg.Arrow, Any, str]] = {
    "rank": (nn.conv2d(4, 3), cg.f32[2, 8, 8], "floats of shape (batch, channels, height, width)"),
    "more axes": (nn.max_pool2d(2), cg.f32[1, 2, 3, 4, 5], "(batch, channels, height, width)"),
    "dtype": (nn.avg_pool2d(2), cg.i32[1, 2, 4, 4], "got Array(i32[1, 2, 4, 4]); accepts floats"),
    "groups": (nn.conv2d(4, 3, groups=2), cg.f32[1, 3, 4, 4], "a multiple of 2 groups"),
    "large kernel": (
        nn.conv2d(4, 5, padding=(0, 1)),
        cg.f32[1, 3, 4, 4],
        "a window of 5 (kernel 5, dilation 1) is larger than the padded axis of 4",
    ),
    "large pool": (nn.max_pool2d(5), cg.f32[1, 3, 4, 4], "larger than the padded axis of 4"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_the_layers_take(name: str) -> None:
    make, message = WRONG[name]
    with pytest.raises(TraceError, match=re.escape(message)):
        make()


@pytest.mark.parametrize("name", UNFIT)
def test_what_the_layers_accept(name: str) -> None:
    f, type_, message = UNFIT[name]
    with pytest.raises(TraceError, match=re.escape(message)):
        cg.compile({"f": f.on(type_)}, target="numpy", name="f")


def run(f: cg.Arrow, *arrays: Any) -> Any:
    """An arrow on arrays of f64."""
    types = [cg.f64[a.shape] for a in arrays]
    return cg.compile({"f": f.on(*types)}, target="numpy", name="f").load()["f"](*arrays)


@pytest.mark.parametrize("stride", [2, 1])
def test_ties_share_the_derivative(stride: int) -> None:
    def total(x: cg.Array) -> cg.Array:
        return cg.sum(nn.max_pool2d(2, stride)(x))

    x = np.zeros((1, 1, 2, 2))
    x[0, 0, 0, :] = 1
    assert run(cg.grad(cg.arrow(total)), x).ravel().tolist() == [0.5, 0.5, 0, 0]


def test_padding_is_below_every_number() -> None:
    x = np.full((1, 1, 3, 3), -5.0)
    assert run(nn.max_pool2d(2, padding=1), x).ravel().tolist() == [-5.0] * 4
    assert run(nn.avg_pool2d(2, padding=1), x).ravel().tolist() == [-1.25, -2.5, -2.5, -5.0]


def test_windows_that_do_not_fit_are_left_out() -> None:
    x = np.arange(15.0).reshape(1, 1, 3, 5)
    assert run(nn.max_pool2d(2), x).ravel().tolist() == [6, 8]
    assert run(nn.max_pool2d(2, 1), x).shape == (1, 1, 2, 4)


def test_same_padding_keeps_the_size() -> None:
    for kernel, stride, dilation, size in [(3, 1, 1, 8), (4, 2, 1, 4), (1, 3, 1, 3), (2, 1, 3, 8)]:
        f = nn.conv2d(2, kernel, padding="same", stride=stride, dilation=dilation)
        net = cg.compile({"f": f.on(cg.f32[1, 3, 8, 8])}, target="numpy", name="f").load()
        assert net["f"](np.zeros((1, 3, 8, 8), np.float32)).shape == (1, 2, size, size)
        weight = net.parameters["conv2d1.weight"]
        assert weight.shape == (kernel, kernel, 3, 2)


@pytest.mark.parametrize("init, limit", [(initializers.he_uniform, 6 / 50), (None, 6 / 50)])
def test_an_output_sees_a_whole_window(init: Any, limit: float) -> None:
    options = {} if init is None else {"weight": init}
    f = nn.conv2d(64, 5, **options)
    net = cg.compile({"f": f.on(cg.f32[1, 2, 8, 8])}, target="numpy", name="f").load()
    largest = np.abs(net.parameters["conv2d1.weight"]).max()
    assert 0.99 * math.sqrt(limit) < largest <= math.sqrt(limit)
    assert not net.parameters["conv2d1.bias"].any()


@pytest.mark.parametrize("target", ["numpy", "ggml"])
def test_rows_are_independent(target: str) -> None:
    model = nn.conv2d(4, 3, groups=2, padding="same") >> nn.max_pool2d(3, 2, 1) >> nn.flatten
    program = cg.compile({"f": model.on(cg.f32[4, 2, 6, 6])}, target=target, name="f")
    net: Any = program.load()
    x = np.random.default_rng(0).normal(size=(4, 2, 6, 6)).astype(np.float32)
    y = net["f"](x)
    x[1:] = 0
    np.testing.assert_array_equal(net["f"](x)[0], y[0])
