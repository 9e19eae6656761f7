"""Layers, activations and losses equal PyTorch's, recorded by `references/record_layers.py`."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.tracing import Traced

RECORDED: dict[str, NDArray[Any]] = dict(
    np.load(Path(__file__).parent / "references" / "layers.npz")
)

ACTIVATIONS: dict[str, cg.Arrow] = {
    "relu": nn.relu,
    "sigmoid": nn.sigmoid,
    "tanh": nn.tanh,
    "silu": nn.silu,
    "gelu": nn.gelu,
    "gelu_erf": nn.gelu_erf,
    "softplus": nn.softplus,
    "leaky_relu": nn.leaky_relu(0.1),
    "elu": nn.elu(0.7),
    "softmax": nn.softmax,
    "log_softmax": nn.log_softmax,
    "rotary_embedding": nn.rotary_embedding,
    "max_pool2d": nn.max_pool2d(2),
    "max_pool2d_padded": nn.max_pool2d(3, 2, 1),
    "avg_pool2d": nn.avg_pool2d((2, 2)),
    "avg_pool2d_padded": nn.avg_pool2d((3, 2), stride=(2, 1), padding=(1, 0)),
    "global_avg_pool": nn.global_avg_pool,
}
LAYERS: dict[str, cg.Arrow] = {
    "dense": nn.dense(4, name="dense"),
    "dense_no_bias": nn.dense(4, name="dense_no_bias", bias=None),
    "embedding": nn.embedding(7, 4, name="embedding"),
    "layer_norm": nn.layer_norm(name="layer_norm"),
    "rms_norm": nn.rms_norm(name="rms_norm"),
    "group_norm": nn.group_norm(2, name="group_norm"),
    "attention": nn.multi_head_attention(2, name="attention"),
    "attention_causal": nn.multi_head_attention(2, causal=True, name="attention_causal"),
    "transformer_block": nn.transformer_block(2, causal=True, name="transformer_block"),
    "rnn": nn.rnn(4, name="rnn"),
    "gru": nn.gru(4, name="gru"),
    "lstm": nn.lstm(4, name="lstm"),
    "conv2d": nn.conv2d(4, (3, 2), name="conv2d"),
    "conv2d_no_bias": nn.conv2d(3, 2, dilation=(2, 1), bias=None, name="conv2d_no_bias"),
    "conv2d_stride": nn.conv2d(4, (3, 3), stride=2, padding=1, name="conv2d_stride"),
    "conv2d_same": nn.conv2d(3, (3, 4), padding="same", name="conv2d_same"),
    "conv2d_groups": nn.conv2d(6, 3, groups=2, padding=(2, 1), stride=(1, 2), name="conv2d_groups"),
    "conv2d_depthwise": nn.conv2d(6, 3, groups=3, padding="same", name="conv2d_depthwise"),
    "conv2d_same_stride": nn.conv2d(4, 3, stride=2, padding="same", name="conv2d_same_stride"),
}


@cg.layer("tied", name="tied")
def tied(x: cg.Array) -> cg.Array:
    """To 4 numbers and back by the transpose of the same matrix."""
    code = nn.dense(4, name="code")
    return nn.tied(code)(nn.tanh(code(x)))


LAYERS["tied"] = tied
LOSSES: dict[str, cg.Arrow] = {
    "mse": losses.mse,
    "mae": losses.mae,
    "huber": losses.huber(0.7),
    "cross_entropy": losses.cross_entropy,
    "cross_entropy_large": losses.cross_entropy,
    "cross_entropy_smooth": losses.cross_entropy_with(label_smoothing=0.1),
    "cross_entropy_ignore": losses.cross_entropy_with(ignore_index=-100),
    "binary_cross_entropy": losses.binary_cross_entropy,
    "binary_cross_entropy_large": losses.binary_cross_entropy,
    "kl_divergence": losses.kl_divergence,
}
ALL = {**ACTIVATIONS, **LAYERS, **LOSSES}
SETTINGS = [("numpy", "f64", 1e-9), ("numpy", "f32", 1e-4), ("ggml", "f32", 1e-4)]


def inputs_of(name: str, dtype: str) -> list[NDArray[Any]]:
    """The recorded inputs, floats in `dtype`, indices in i32."""
    found: list[NDArray[Any]] = []
    while (key := f"{name}/x{len(found)}") in RECORDED:
        kind = (
            "int32"
            if RECORDED[key].dtype.kind == "i"
            else {"f64": "float64", "f32": "float32"}[dtype]
        )
        found.append(RECORDED[key].astype(kind))
    return found


def type_of(array: NDArray[Any]) -> Any:
    """The catgrad type of an array."""
    return {"float64": cg.f64, "float32": cg.f32, "int32": cg.i32}[array.dtype.name][array.shape]


def weighed(f: cg.Arrow) -> Callable[..., cg.Array]:
    """sum(f(x) * g): its gradient is the reverse derivative at g."""

    def total(*arrays: cg.Array) -> cg.Array:
        return cg.sum(f(*arrays[:-1]) * arrays[-1])

    return total


@cg.arrow
def product(y: cg.Array, t: cg.Array) -> cg.Array:
    """sum(y * t), as a loss."""
    return cg.sum(y * t)


def parts_of(name: str, dtype: str) -> dict[str, Traced]:
    """The value, the gradient of the floating inputs, and a step that subtracts the parameters'."""
    f, xs = ALL[name], inputs_of(name, dtype)
    floats = [i for i, x in enumerate(xs) if x.dtype.kind == "f" and f"{name}/d_x{i}" in RECORDED]
    g = type_of(RECORDED[f"{name}/g"].astype(np.float32 if dtype == "f32" else np.float64))
    total = cg.arrow(weighed(f), inputs=len(xs) + 1, name="total")
    types = [type_of(x) for x in xs]
    parts = {name: f.on(*types)}
    if floats:
        parts[f"{name}_dx"] = cg.grad(total, wrt=floats).on(*types, g)
    if name in LAYERS:
        trained = cg.training(
            f, inputs=types[0], targets=g, loss=product, optimizer=optimizers.sgd(1.0)
        )
        parts[f"{name}_step"] = trained["step"]
    return parts


@cache
def program(target: str, dtype: str) -> Any:
    """All cases in one program (the table of an embedding is f32 always)."""
    names = [n for n in ALL if not (n == "embedding" and dtype == "f64")]
    parts = {k: v for n in names for k, v in parts_of(n, dtype).items()}
    net = cg.compile(parts, target=target, name="layers").load()
    stored: dict[str, Any] = {}
    for name in LAYERS:
        prefix = f"{name}/p/"
        for key in RECORDED:
            if key.startswith(prefix) and name in names:
                full = f"{name}.{key.removeprefix(prefix)}"
                stored[full] = RECORDED[key].astype(net.parameters[full].dtype)
    net.set_state(stored)
    return net


def close(got: object, expected: NDArray[Any], tolerance: float) -> None:
    """Equal up to a share of the largest magnitude."""
    largest = np.abs(expected).max() or 1.0
    np.testing.assert_allclose(np.asarray(got), expected, rtol=0, atol=tolerance * largest)


@pytest.mark.parametrize(("target", "dtype", "tolerance"), SETTINGS)
@pytest.mark.parametrize("name", ALL)
def test_equals_pytorch(name: str, target: str, dtype: str, tolerance: float) -> None:
    if name == "embedding" and dtype == "f64":
        dtype, tolerance = "f32", 1e-6
    net, xs = program(target, dtype), inputs_of(name, dtype)
    close(net[name](*xs), RECORDED[f"{name}/out"], tolerance)
    g = RECORDED[f"{name}/g"].astype(np.float32 if dtype == "f32" else np.float64)
    expected = [RECORDED[key] for i in range(len(xs)) if (key := f"{name}/d_x{i}") in RECORDED]
    if expected:
        got = net[f"{name}_dx"](*xs, g)
        for a, b in zip(got if len(expected) > 1 else [got], expected, strict=True):
            close(a, b, tolerance)


@pytest.mark.parametrize(("target", "dtype", "tolerance"), SETTINGS)
@pytest.mark.parametrize("name", LAYERS)
def test_parameter_gradients_equal_pytorch(
    name: str, target: str, dtype: str, tolerance: float
) -> None:
    if name == "embedding" and dtype == "f64":
        dtype, tolerance = "f32", 1e-6
    net, xs = program(target, dtype), inputs_of(name, dtype)
    before = net.parameters
    g = RECORDED[f"{name}/g"].astype(np.float32 if dtype == "f32" else np.float64)
    net[f"{name}_step"](xs[0], g)
    after = net.parameters
    net.set_state(before)
    keys = [key for key in before if key.startswith(f"{name}.")]
    assert len(keys) == sum(k.startswith(f"{name}/p/") for k in RECORDED)
    for key in keys:
        expected = RECORDED[f"{name}/d_p/{key.removeprefix(name + '.')}"]
        if np.abs(expected).max() > 1e-12:  # the bias of the keys has no effect on attention
            close(before[key] - after[key], expected, tolerance)


def test_every_case_is_recorded() -> None:
    recorded = {key.split("/")[0] for key in RECORDED} - {"optimizers"}
    assert recorded == set(ALL)
