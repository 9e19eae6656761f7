"""`nn.tied`: one parameter in two places (its gradients are also among the recorded layers)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import catgrad as cg
from catgrad import losses, nn, optimizers
from catgrad.arrows import Layer
from tests.api_tools import A, compiled, message, numeric_gradient

EMBED = nn.embedding(7, 4, dtype="f64")
MODEL = EMBED >> nn.tanh >> nn.tied(EMBED)
TOKENS, NEXT = np.array([[0, 3, 3], [6, 1, 0]]), np.array([[3, 3, 6], [1, 0, 5]])


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def test_a_language_model() -> None:
    """The parameter exists once; its gradient is the sum of those of both uses."""
    parts = cg.training(
        MODEL,
        inputs=cg.i32[2, 3],
        targets=cg.i32[2, 3],
        loss=losses.cross_entropy,
        optimizer=optimizers.sgd(1.0),
    )
    net = cg.compile(parts, name="language").load(seed=1)
    assert list(net.parameters) == ["embedding1.weight"]
    table = net.parameters["embedding1.weight"]
    h = np.tanh(table[TOKENS])
    np.testing.assert_allclose(net.predict(TOKENS), h @ table.T, rtol=1e-13)
    d = (softmax(h @ table.T) - np.eye(7)[NEXT]) / TOKENS.size
    expected = np.einsum("btv,btf->vf", d, h)
    np.add.at(expected, TOKENS, d @ table * (1 - h * h))

    def loss(value: Any) -> Any:
        net.set_state({"embedding1.weight": value})
        return net.loss(TOKENS, NEXT)

    np.testing.assert_allclose(numeric_gradient(loss, table), expected, rtol=1e-6, atol=1e-9)
    net.set_state({"embedding1.weight": table})
    net.step(TOKENS, NEXT)
    got = table - net.parameters["embedding1.weight"]
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-14)


def test_from_another_scope() -> None:
    """The layer keeps its name, wherever the tied product is."""
    embed = nn.embedding(7, 4, name="tokens")

    @cg.layer("head", name="head")
    def head(x: A) -> A:
        return nn.tied(embed)(nn.dense(4)(x))

    net = compiled(embed >> head, cg.i32[3]).load()
    assert list(net.parameters) == ["tokens.weight", "head.dense1.weight", "head.dense1.bias"]


def twice(layer: Layer) -> cg.Arrow:
    """A layer in two scopes, where it has two parameters."""

    def apply(x: A) -> A:
        for scope in ("a", "b"):
            with cg.scope(scope):
                layer(x)
        return nn.tied(layer)(x)

    return cg.arrow(apply)


DENSE = nn.dense(3)


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (
            nn.tied(DENSE) >> DENSE,
            "tied to a layer that was not applied before; "
            "accepts one that was applied in one scope",
        ),
        (
            twice(DENSE),
            "tied to a layer that was applied as a.dense1, b.dense1; "
            "accepts one that was applied in one scope",
        ),
        (
            (norm := nn.layer_norm()) >> nn.tied(norm),
            "tied to layer 'layer_norm1', which has no parameter 'weight'",
        ),
        (
            DENSE >> nn.dense(4) >> nn.tied(DENSE),
            "got Array(f32[2, 4]); the matrix it is tied to is Array(f32[5, 3])",
        ),
    ],
)
def test_wrong_ties(model: cg.Arrow, text: str) -> None:
    assert message(lambda: compiled(model, cg.f32[2, 5])).endswith(text)
