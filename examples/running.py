"""What the examples share: compile, train on batches, print what has been learnt."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import catgrad as cg

Batches = Iterator[tuple[NDArray[Any], ...]]


def shuffled(*arrays: NDArray[Any], size: int) -> Batches:
    """Batches of rows for ever; each epoch visits the rows in another order."""
    rng = np.random.default_rng(0)
    while True:
        order = rng.permutation(len(arrays[0]))
        for start in range(0, len(order) - size + 1, size):
            yield tuple(array[order[start : start + size]] for array in arrays)


def main(
    parts: Mapping[str, cg.Traced],
    batches: Callable[[], Batches],
    figures: Callable[[Any], Mapping[str, Any]],
    steps: int,
    start: Callable[[Any], None] = lambda net: None,
    end: Callable[[Any], Mapping[str, Any]] = lambda net: {},
) -> None:
    """The command line of an example: `--target numpy|ggml`, `--steps N`, `--seed S`."""
    name = Path(sys.argv[0]).stem
    parser = argparse.ArgumentParser(prog=f"{name}.py")
    parser.add_argument("--target", default="numpy", help="numpy or ggml")
    parser.add_argument("--steps", type=int, default=steps, help=f"by default {steps}")
    parser.add_argument("--seed", type=int, default=0, help="of the first values, by default 0")
    given = parser.parse_args()
    net = cg.compile(parts, target=given.target, name=name).load(seed=given.seed)
    start(net)
    say(f"{name} on {given.target}, before training", figures(net))
    begin, losses = time.perf_counter(), list[Any]()
    for done, batch in enumerate(islice(batches(), given.steps), 1):
        losses.append(np.mean(net.step(*batch)))
        if done % max(1, given.steps // 5) == 0:
            print(f"  step {done}  mean loss {np.mean(losses):.4g}")
            losses.clear()
    seconds = time.perf_counter() - begin
    say(f"after {given.steps} steps in {seconds:.2f} s", {**figures(net), **end(net)})


def say(when: str, figures: Mapping[str, Any]) -> None:
    """Print figures, numbers with four digits."""
    print(f"{when}:")
    for what, value in figures.items():
        print(f"  {what}\n{value}" if isinstance(value, str) else f"  {what} {value:.4g}")
