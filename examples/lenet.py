"""Handwritten digits as images: `catgrad compile examples/lenet.py --target ggml -o lenet/`."""

import catgrad as cg
from catgrad import losses, nn, optimizers

features = (
    nn.conv2d(16, 3, padding="same")
    >> nn.relu
    >> nn.max_pool2d(2)
    >> nn.conv2d(32, 3, padding="same")
    >> nn.relu
    >> nn.max_pool2d(2)
)
model = features >> nn.flatten >> nn.dense(64) >> nn.relu >> nn.dense(10)
parts = cg.training(
    model,
    inputs=cg.f32[32, 1, 8, 8],
    targets=cg.i32[32],
    loss=losses.cross_entropy,
    optimizer=optimizers.adam(1e-3),
    metrics={"accuracy": losses.accuracy},
)
