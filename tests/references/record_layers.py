"""
Record what PyTorch computes for layers, activations, losses and optimisers, in float64.

Run by hand, with PyTorch installed: `python tests/references/record_layers.py`. It writes
`layers.npz`: for each case the inputs, the parameters, the output, the cotangent of the output and
all gradients. The tests read only that file.
"""

# Tensors are Any here, so the parameters of lambdas are unknown to the type checker.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

# PyTorch is no dependency of this project, so the type checker need not know it.
torch: Any = importlib.import_module("torch")
F: Any = importlib.import_module("torch.nn.functional")
Tensor: TypeAlias = Any

OUT = Path(__file__).parent / "layers.npz"
RNG = np.random.default_rng(0)
FOUND: dict[str, NDArray[Any]] = {}

Params = dict[str, tuple[int, ...]]


def tensor(*shape: int, scale: float = 1.0) -> Tensor:
    return torch.tensor(RNG.normal(size=shape) * scale, requires_grad=True)


def case(name: str, function: Callable[..., Tensor], inputs: list[Tensor], params: Params) -> None:
    """Run a function of inputs and parameters, and its gradients at a random cotangent."""
    values = {key: tensor(*shape, scale=0.5) for key, shape in params.items()}
    out = function(*inputs, **{k.replace(".", "_"): v for k, v in values.items()})
    g = torch.tensor(RNG.normal(size=tuple(out.shape)))
    out.backward(g)
    FOUND[f"{name}/out"], FOUND[f"{name}/g"] = out.detach().numpy(), g.numpy()
    for i, x in enumerate(inputs):
        FOUND[f"{name}/x{i}"] = x.detach().numpy()
        if x.requires_grad:
            FOUND[f"{name}/d_x{i}"] = x.grad.numpy()
    for key, value in values.items():
        FOUND[f"{name}/p/{key}"] = value.detach().numpy()
        FOUND[f"{name}/d_p/{key}"] = value.grad.numpy()


def attention(x: Tensor, prefix: str, heads: int, causal: bool, **p: Tensor) -> Tensor:
    b, t, c = x.shape
    qkv = x @ p[f"{prefix}qkv_weight"] + p[f"{prefix}qkv_bias"]
    q, k, v = (part.view(b, t, heads, c // heads).transpose(1, 2) for part in qkv.split(c, dim=2))
    mixed = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    merged = mixed.transpose(1, 2).reshape(b, t, c)
    return merged @ p[f"{prefix}proj_weight"] + p[f"{prefix}proj_bias"]


def rotary(x: Tensor) -> Tensor:
    """By complex multiplication of x[i] + j x[i + d/2]."""
    t, d = x.shape[-2:]
    half = d // 2
    rates = 10000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    turn = torch.polar(torch.ones(t, half, dtype=torch.float64), torch.arange(t)[:, None] * rates)
    turned = torch.complex(x[..., :half].contiguous(), x[..., half:].contiguous()) * turn
    return torch.cat([turned.real, turned.imag], dim=-1)


def block(x: Tensor, **p: Tensor) -> Tensor:
    c = x.shape[-1]
    h = F.layer_norm(x, (c,), p["ln1_scale"], p["ln1_shift"])
    x = x + attention(h, "attn_", 2, True, **p)
    h = F.layer_norm(x, (c,), p["ln2_scale"], p["ln2_shift"])
    h = F.gelu(h @ p["fc_weight"] + p["fc_bias"], approximate="tanh")
    return x + h @ p["proj_weight"] + p["proj_bias"]


def record_activations() -> None:
    functions: dict[str, Callable[[Tensor], Tensor]] = {
        "relu": F.relu,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "silu": F.silu,
        "gelu": lambda x: F.gelu(x, approximate="tanh"),
        "softplus": F.softplus,
        "leaky_relu": lambda x: F.leaky_relu(x, 0.1),
        "elu": lambda x: F.elu(x, 0.7),
        "softmax": lambda x: F.softmax(x, -1),
        "log_softmax": lambda x: F.log_softmax(x, -1),
    }
    for name, function in functions.items():
        case(name, function, [tensor(3, 5, scale=2.0)], {})


def record_layers() -> None:
    dense: Params = {"weight": (5, 4), "bias": (4,)}
    case("dense", lambda x, weight, bias: x @ weight + bias, [tensor(2, 3, 5)], dense)
    case("dense_no_bias", lambda x, weight: x @ weight, [tensor(2, 5)], {"weight": (5, 4)})
    indices = torch.tensor(RNG.integers(0, 7, (2, 3)))
    case("embedding", lambda i, weight: F.embedding(i, weight), [indices], {"weight": (7, 4)})
    norm: Params = {"scale": (6,), "shift": (6,)}
    case(
        "layer_norm",
        lambda x, scale, shift: F.layer_norm(x, (6,), scale, shift),
        [tensor(3, 6)],
        norm,
    )
    case(
        "rms_norm",
        lambda x, scale: F.rms_norm(x, (6,), scale, 1e-6),
        [tensor(3, 6)],
        {"scale": (6,)},
    )
    groups: Params = {"scale": (4,), "shift": (4,)}
    case(
        "group_norm",
        lambda x, scale, shift: F.group_norm(x, 2, scale, shift),
        [tensor(2, 4, 3)],
        groups,
    )
    attn: Params = {
        "qkv.weight": (8, 24),
        "qkv.bias": (24,),
        "proj.weight": (8, 8),
        "proj.bias": (8,),
    }
    for name, causal in (("attention", False), ("attention_causal", True)):
        case(name, lambda x, c=causal, **p: attention(x, "", 2, c, **p), [tensor(2, 5, 8)], attn)
    case("rotary_embedding", rotary, [tensor(2, 5, 6)], {})
    layer: Params = {
        "ln1.scale": (8,),
        "ln1.shift": (8,),
        **{f"attn.{key}": shape for key, shape in attn.items()},
        "ln2.scale": (8,),
        "ln2.shift": (8,),
        "fc.weight": (8, 32),
        "fc.bias": (32,),
        "proj.weight": (32, 8),
        "proj.bias": (8,),
    }
    case("transformer_block", block, [tensor(2, 5, 8)], layer)


def record_losses() -> None:
    def pair() -> list[Tensor]:
        return [tensor(4, 3), torch.tensor(RNG.normal(size=(4, 3)))]

    labels = torch.tensor(RNG.integers(0, 3, 4))
    some = torch.tensor([2, -100, 0, -100])
    case("mse", lambda y, t: ((y - t) ** 2).sum() / 2 / len(y), pair(), {})
    case("mae", lambda y, t: F.l1_loss(y, t, reduction="sum") / len(y), pair(), {})
    case("huber", lambda y, t: F.huber_loss(y, t, reduction="sum", delta=0.7) / len(y), pair(), {})
    case("cross_entropy", F.cross_entropy, [tensor(4, 3), labels], {})
    case("cross_entropy_large", F.cross_entropy, [tensor(4, 3, scale=1e4), labels], {})
    smooth = lambda y, t: F.cross_entropy(y, t, label_smoothing=0.1)  # noqa: E731
    case("cross_entropy_smooth", smooth, [tensor(4, 3), labels], {})
    case("cross_entropy_ignore", F.cross_entropy, [tensor(4, 3), some], {})
    share = torch.tensor(RNG.uniform(size=(4, 3)))
    bce = F.binary_cross_entropy_with_logits
    case("binary_cross_entropy", bce, [tensor(4, 3), share], {})
    case("binary_cross_entropy_large", bce, [tensor(4, 3, scale=1e4), share], {})
    target = F.log_softmax(torch.tensor(RNG.normal(size=(4, 3))), -1)
    kl = lambda q, p: F.kl_div(q, p, reduction="batchmean", log_target=True)  # noqa: E731
    case("kl_divergence", kl, [tensor(4, 3), target], {})


def record_convolutions() -> None:
    """Convolution and pooling, from a stream of random numbers of their own."""
    RNG.bit_generator.state = np.random.default_rng(1).bit_generator.state

    def conv(name: str, kernel: tuple[int, ...], groups: int = 1, **options: Any) -> None:
        def function(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
            return F.conv2d(x, weight.permute(3, 2, 0, 1), bias, groups=groups, **options)

        params: Params = {"weight": kernel, "bias": kernel[-1:]}
        if name == "conv2d_no_bias":
            del params["bias"]
        case(name, function, [tensor(2, kernel[2] * groups, 6, 7)], params)

    conv("conv2d", (3, 2, 3, 4))
    conv("conv2d_no_bias", (2, 2, 2, 3), dilation=(2, 1))
    conv("conv2d_stride", (3, 3, 3, 4), stride=2, padding=1)
    conv("conv2d_same", (3, 4, 2, 3), padding="same")
    conv("conv2d_groups", (3, 3, 2, 6), 2, padding=(2, 1), stride=(1, 2))
    conv("conv2d_depthwise", (3, 3, 1, 6), 3, padding="same")

    def pad_then(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        padded = F.pad(x, (1, 1, 0, 1))  # as TensorFlow does: ceil(size / 2) windows
        return F.conv2d(padded, weight.permute(3, 2, 0, 1), bias, stride=2)

    params: Params = {"weight": (3, 3, 3, 4), "bias": (4,)}
    case("conv2d_same_stride", pad_then, [tensor(2, 3, 6, 7)], params)
    case("max_pool2d", lambda x: F.max_pool2d(x, 2), [tensor(2, 3, 5, 6)], {})
    case("max_pool2d_padded", lambda x: F.max_pool2d(x, 3, 2, 1), [tensor(2, 3, 5, 6)], {})
    case("avg_pool2d", lambda x: F.avg_pool2d(x, 2), [tensor(2, 3, 5, 6)], {})
    overlapping = lambda x: F.avg_pool2d(x, (3, 2), (2, 1), (1, 0))  # noqa: E731
    case("avg_pool2d_padded", overlapping, [tensor(2, 3, 5, 6)], {})
    mean = lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1)  # noqa: E731
    case("global_avg_pool", mean, [tensor(2, 3, 4, 5)], {})


def record_recurrent() -> None:
    """Recurrent layers, and two layers with one matrix."""
    RNG.bit_generator.state = np.random.default_rng(2).bit_generator.state

    def run(x: Tensor, kind: str, **p: Tensor) -> Tensor:
        zeros = torch.zeros(1, x.shape[0], 4, dtype=torch.float64)
        weights = [p["input_weight"].T, p["hidden_weight"].T, p["input_bias"], p["hidden_bias"]]
        start = (zeros, zeros) if kind == "lstm" else zeros
        return getattr(torch, kind)(x, start, weights, True, 1, 0.0, False, False, True)[0]

    for kind, gates in (("rnn_tanh", 1), ("gru", 3), ("lstm", 4)):
        params: Params = {"input.weight": (3, 4 * gates), "input.bias": (4 * gates,)}
        params |= {"hidden.weight": (4, 4 * gates), "hidden.bias": (4 * gates,)}
        case(kind.removesuffix("_tanh"), partial(run, kind=kind), [tensor(2, 3, 3)], params)

    def there_and_back(x: Tensor, code_weight: Tensor, code_bias: Tensor) -> Tensor:
        return torch.tanh(x @ code_weight + code_bias) @ code_weight.T

    case("tied", there_and_back, [tensor(2, 3, 5)], {"code.weight": (5, 4), "code.bias": (4,)})


def objective(p: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """A smooth function of six parameters."""
    return 0.5 * ((a @ p) ** 2).sum() - b @ p + torch.cos(p).sum()


def record_optimizers() -> None:
    a, b = torch.tensor(RNG.normal(size=(6, 6))), torch.tensor(RNG.normal(size=6))
    start = RNG.normal(size=6)
    FOUND["optimizers/a"], FOUND["optimizers/b"], FOUND["optimizers/p"] = (
        a.numpy(),
        b.numpy(),
        start,
    )
    optim = torch.optim
    makers: dict[str, Callable[[list[Tensor]], Any]] = {
        "sgd": lambda p: optim.SGD(p, 0.01),
        "momentum": lambda p: optim.SGD(p, 0.01, momentum=0.9),
        "nesterov": lambda p: optim.SGD(p, 0.01, momentum=0.9, nesterov=True),
        "adagrad": lambda p: optim.Adagrad(p, 0.1),
        "rmsprop": lambda p: optim.RMSprop(p, 0.01),
        "adam": lambda p: optim.Adam(p, 0.01),
        "adamw": lambda p: optim.AdamW(p, 0.01, weight_decay=0.1),
    }
    for name, make in makers.items():
        FOUND[f"optimizers/{name}"] = trajectory(make, start, a, b, None)
    rate = lambda s: (s + 1) / 10 if s < 10 else 0.5 * (1 + np.cos(np.pi * min(s - 10, 80) / 80))  # noqa: E731
    FOUND["optimizers/scheduled"] = trajectory(makers["adamw"], start, a, b, rate)


def trajectory(
    make: Callable[[list[Tensor]], Any],
    start: NDArray[Any],
    a: Tensor,
    b: Tensor,
    rate: Callable[[int], float] | None,
) -> NDArray[Any]:
    """The parameters after 1, 2, 10, 50 and 100 steps."""
    p = torch.nn.Parameter(torch.tensor(start))
    optimizer = make([p])
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate) if rate is not None else None
    steps: list[NDArray[Any]] = []
    for _ in range(100):
        optimizer.zero_grad()
        objective(p, a, b).backward()
        optimizer.step()
        if schedule is not None:
            schedule.step()
        steps.append(p.detach().numpy().copy())
    return np.array(steps)[[0, 1, 9, 49, 99]]


def record_more_activations() -> None:
    """What came later, behind the rest, whose random numbers stay as they were."""
    case("gelu_erf", F.gelu, [tensor(3, 5, scale=2.0)], {})


if __name__ == "__main__":
    record_activations()
    record_layers()
    record_losses()
    record_optimizers()
    record_more_activations()
    record_convolutions()
    record_recurrent()
    np.savez_compressed(OUT, allow_pickle=False, **FOUND)
    print(f"{OUT}: {len(FOUND)} arrays, {OUT.stat().st_size} bytes")
