"""150 flowers, full batch: `catgrad compile examples/iris.py --target numpy -o iris.py`."""

import catgrad as cg
from catgrad import losses, nn, optimizers

model = nn.dense(20) >> nn.sigmoid >> nn.dense(3)
parts = cg.training(
    model,
    inputs=cg.f32[150, 4],
    targets=cg.f32[150, 3],
    loss=losses.mse,
    optimizer=optimizers.sgd(0.3),
)
