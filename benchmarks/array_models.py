"""The workloads over a namespace like NumPy's: JAX (jit), and autograd, which has a tape."""

# JAX and autograd are no dependencies of this project: the type checker sees them as Any.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false

from __future__ import annotations

import importlib
import math
from typing import Any

from numpy.typing import NDArray

from benchmarks.models import BETA1, BETA2, EPS, Gpt, Workload, decays, initial_state

Tree = dict[str, Any]


def jax_convolution(x: Any, weight: Any, padding: int) -> Any:
    """Images (batch, channels, height, width) with windows (height, width, inputs, outputs)."""
    lax: Any = importlib.import_module("jax.lax")
    order, sides = ("NCHW", "HWIO", "NCHW"), [(padding, padding)] * 2
    return lax.conv_general_dilated(x, weight, (1, 1), sides, dimension_numbers=order)


def sliced_convolution(x: Any, weight: Any, padding: int) -> Any:
    """The same as one product of shifted slices with the windows."""
    np: Any = importlib.import_module("autograd.numpy")
    kh, kw, _, outputs = weight.shape
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), "constant")
    h, w = x.shape[2] - kh + 1, x.shape[3] - kw + 1
    slices = [x[:, :, i : i + h, j : j + w] for i in range(kh) for j in range(kw)]
    rows = np.transpose(np.concatenate(slices, axis=1), (0, 2, 3, 1))
    return np.transpose(np.dot(rows, np.reshape(weight, (-1, outputs))), (0, 3, 1, 2))


class Models:
    """The models over the namespace `np`, with its convolution."""

    def __init__(self, workload: Workload, np: Any, convolution: Any):
        self.workload, self.np, self.convolution = workload, np, convolution

    def dense(self, p: Tree, name: str, x: Any) -> Any:
        """x W + b."""
        return self.np.matmul(x, p[f"{name}.weight"]) + p[f"{name}.bias"]

    def norm(self, p: Tree, name: str, x: Any) -> Any:
        """Layer normalisation over the last axis."""
        np = self.np
        centred = x - np.mean(x, -1, keepdims=True)
        variance = np.mean(centred * centred, -1, keepdims=True)
        return centred / np.sqrt(variance + 1e-5) * p[f"{name}.scale"] + p[f"{name}.shift"]

    def log_softmax(self, x: Any) -> Any:
        """Over the last axis."""
        np = self.np
        x = x - np.max(x, -1, keepdims=True)
        return x - np.log(np.sum(np.exp(x), -1, keepdims=True))

    def attention(self, gpt: Gpt, p: Tree, name: str, x: Any) -> Any:
        """Causal self-attention."""
        np, size = self.np, gpt.width // gpt.heads
        qkv = np.reshape(self.dense(p, f"{name}.qkv", x), (*x.shape[:2], 3, gpt.heads, size))
        qkv = np.transpose(qkv, (2, 0, 3, 1, 4))
        scores = np.matmul(qkv[0], np.swapaxes(qkv[1], -1, -2)) * (1 / math.sqrt(size))
        row, column = np.arange(gpt.time)[:, None], np.arange(gpt.time)[None, :]
        shares = np.exp(self.log_softmax(np.where(row >= column, scores, -math.inf)))
        mixed = np.transpose(np.matmul(shares, qkv[2]), (0, 2, 1, 3))
        return self.dense(p, f"{name}.proj", np.reshape(mixed, x.shape))

    def gpt_logits(self, gpt: Gpt, p: Tree, x: Any) -> Any:
        """Logits (batch, time, vocabulary)."""
        np = self.np
        h = p["wte.weight"][x] + p["wpe.weight"][: gpt.time]
        for i in range(gpt.layers):
            h = h + self.attention(gpt, p, f"h.{i}.attn", self.norm(p, f"h.{i}.ln1", h))
            a = self.dense(p, f"h.{i}.fc", self.norm(p, f"h.{i}.ln2", h))
            gelu = 0.5 * a * (1 + np.tanh(0.7978845608 * (a + 0.044715 * a * a * a)))
            h = h + self.dense(p, f"h.{i}.proj", gelu)
        head = np.transpose(p["wte.weight"]) if gpt.tied else p["head.weight"]
        return np.matmul(self.norm(p, "ln", h), head)

    def features(self, p: Tree, x: Any) -> Any:
        """The convolutions of LeNet, flat."""
        np = self.np
        for layer, padding in (("conv2d1", 2), ("conv2d2", 0)):
            bias = np.reshape(p[f"{layer}.bias"], (1, -1, 1, 1))
            y = np.maximum(self.convolution(x, p[f"{layer}.weight"], padding) + bias, 0)
            b, c, h, w = y.shape
            x = np.max(np.reshape(y, (b, c, h // 2, 2, w // 2, 2)), (3, 5))
        return np.reshape(x, (len(x), -1))

    def predictions(self, p: Tree, x: Any) -> Any:
        """What the model makes of a batch's inputs."""
        np, workload = self.np, self.workload
        if workload.gpt:
            return self.gpt_logits(workload.gpt, p, x)
        if workload.name == "iris":
            return self.dense(p, "dense2", 1 / (1 + np.exp(-self.dense(p, "dense1", x))))
        if workload.name == "lenet":
            x = self.features(p, x)
        for name in ("dense1", "dense2"):
            x = np.maximum(self.dense(p, name, x), 0)
        return self.dense(p, "dense3", x)

    def loss(self, p: Tree, x: Any, y: Any) -> Any:
        """Cross-entropy, or half the squared error, averaged over the batch."""
        np, found = self.np, self.predictions(p, x)
        if not self.workload.classes:
            return np.sum((found - y) ** 2) * (0.5 / len(y))
        scores = np.reshape(self.log_softmax(found), (-1, self.workload.classes))
        return -np.mean(scores[np.arange(len(scores)), np.reshape(y, -1)])

    def update(self, p: Tree, m: Tree, v: Tree, g: Tree, count: Any) -> tuple[Tree, Tree, Tree]:
        """New parameters, and means (or velocities) and variances if the optimiser has them."""
        np, chosen = self.np, self.workload.optimizer
        if chosen.name == "sgd":
            return {n: p[n] - chosen.rate * g[n] for n in p}, m, v
        if chosen.name == "momentum":
            m = {n: BETA1 * m[n] + g[n] for n in p}
            return {n: p[n] - chosen.rate * m[n] for n in p}, m, v
        m = {n: BETA1 * m[n] + (1 - BETA1) * g[n] for n in p}
        v = {n: BETA2 * v[n] + (1 - BETA2) * g[n] * g[n] for n in p}
        boost, scale = 1 / (1 - BETA1**count), np.sqrt(1 - BETA2**count)

        def moved(n: str) -> Any:
            kept = p[n] * (1 - chosen.rate * chosen.weight_decay) if decays(n) else p[n]
            return kept - chosen.rate * boost * m[n] / (np.sqrt(v[n]) / scale + EPS)

        return {n: moved(n) for n in p}, m, v


class System:
    """`step(*prepare(x, y))` is one training step; `facts` is what was measured before it."""

    def __init__(self, name: str, workload: Workload):
        self.facts: dict[str, Any] = {}
        self.np: Any = importlib.import_module(f"{name}.numpy")
        first = {n: self.np.array(a) for n, a in initial_state(workload).items()}
        kept = {"sgd": 0, "momentum": 1}.get(workload.optimizer.name, 2)
        zeros = [{n: self.np.zeros_like(a) for n, a in first.items()} for _ in range(kept)]
        self.state: Any = (first, *zeros, *({} for _ in range(2 - kept)))
        self.count = 0
        convolution = jax_convolution if name == "jax" else sliced_convolution
        models = Models(workload, self.np, convolution)
        library: Any = importlib.import_module(name)
        gradient = library.value_and_grad(models.loss)

        def whole(p: Tree, m: Tree, v: Tree, count: Any, x: Any, y: Any) -> Any:
            loss, g = gradient(p, x, y)
            return loss, models.update(p, m, v, g, count)

        self.whole: Any = library.jit(whole, donate_argnums=(0, 1, 2)) if name == "jax" else whole
        self.wait: Any = library.block_until_ready if name == "jax" else lambda x: x

    def prepare(self, x: NDArray[Any], y: NDArray[Any]) -> tuple[Any, Any]:
        """The batch as this system takes it."""
        return self.np.array(x), self.np.array(y)

    def step(self, x: Any, y: Any) -> float:
        """Update the parameters; the loss before that."""
        self.count += 1
        loss, self.state = self.whole(*self.state, self.np.float32(self.count), x, y)
        self.wait(self.state)
        return float(loss)
