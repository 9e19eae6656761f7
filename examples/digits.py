"""Handwritten digits: `catgrad compile examples/digits.py --target ggml -o digits/`."""

import catgrad as cg
from catgrad import losses, nn, optimizers

model = nn.dense(64) >> nn.relu >> nn.dense(10)
parts = cg.training(
    model,
    inputs=cg.f32[32, 64],
    targets=cg.i32[32],
    loss=losses.cross_entropy,
    optimizer=optimizers.adam(1e-3),
    metrics={"accuracy": losses.accuracy},
)
