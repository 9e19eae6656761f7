# The command line of a NumPy program: train, predict, info.
# pyright: reportPrivateUsage=false

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count, islice
from typing import Any, NoReturn

import numpy as np

from catgrad.targets.support.numpy_runtime import (
    Array,
    Program,
    _batch_size,
    _checked_input,
    _common_rows,
    _did_you_mean,
    _philox4x32,
    _replacing,
)

# The command line -------------------------------------------------------------------------------


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"got {text}, expected a whole number greater than 0")
    return int(text)


def _rate(text: str) -> float:
    with suppress(ValueError), np.errstate(over="ignore"):
        if np.isfinite(np.float32(text)) and float(text) >= 0:
            return float(text)
    raise argparse.ArgumentTypeError(f"got {text}, expected a number of at least 0")


def _option(metavar: str | tuple[str, ...], text: str, **settings: Any) -> dict[str, Any]:
    return {"metavar": metavar, "help": text, **settings}


_COMMANDS = {
    "train": {
        "X": _option("X.npy", "the samples"),
        "Y": _option("Y.npy", "their targets"),
        "--test": _option(("X.npy", "Y.npy"), "report the metrics on these samples", nargs=2),
        "--epochs": _option("N", "train for N passes over the samples (default 1)", type=_positive),
        "--steps": _option("N", "train for N steps", type=_positive),
        "--seed": _option("S", "of initial values and order of samples (default 0)", type=int),
        "--learning-rate": _option("R", "where each step is given its rate", type=_rate),
        "--save": _option("P", "write a checkpoint after training"),
        "--resume": _option("P", "continue from this checkpoint, with its seed"),
        "--threads": _option("N", "number of threads of NumPy's BLAS", type=_positive),
    },
    "predict": {
        "X": _option("X.npy", "the samples"),
        "-o": _option("Y.npy", "write the predictions to this file", required=True),
        "--load": _option("P", "a checkpoint that train has saved", required=True),
    },
    "info": {},
}


class _Parser(argparse.ArgumentParser):
    """A parser that leaves the reporting of errors to `main`."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message}; see {self.prog} --help")


def _check_spelling(command: str, words: Sequence[str]) -> None:
    """Names a mistyped word, where argparse would first miss others or list all there are."""
    if command not in _COMMANDS:
        raise ValueError(f"there is no command {command}{_did_you_mean(command, _COMMANDS)}")
    known = [*_COMMANDS[command], "--help"]
    for option in (word.split("=")[0] for word in words if word.startswith("--")):
        if option not in known:
            raise ValueError(f"{command} has no option {option}{_did_you_mean(option, known)}")


def _parsed(name: str, words: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(prog=name, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", metavar=" | ".join(_COMMANDS), required=True)
    for command, options in _COMMANDS.items():
        subparser = commands.add_parser(command, allow_abbrev=False)
        for flag, settings in options.items():
            subparser.add_argument(flag, **settings)
    if words and not words[0].startswith("-"):
        _check_spelling(words[0], words[1:])
    given = parser.parse_args(words)
    for one, other in (("epochs", "steps"), ("seed", "resume")):
        if None not in (getattr(given, one, None), getattr(given, other, None)):
            raise ValueError(f"{given.command} takes --{one} or --{other}, not both")
    return given


def _sample_order(seed: int, epoch: int, samples: int) -> Array:
    """The order in which `epoch` visits the samples: a Fisher-Yates shuffle with Philox draws."""
    draws = _philox4x32(seed, np.arange(samples - 1), epoch, 0, 1)[0].astype(np.uint64)
    partners = (draws * np.arange(samples, 1, -1, dtype=np.uint64)) >> 32
    order = list(range(samples))
    for i, k in zip(range(samples - 1, 0, -1), partners.tolist(), strict=True):
        order[i], order[k] = order[k], order[i]
    return np.array(order, dtype=np.intp)


def _batches(seed: int, step: int, samples: int, batch: int) -> Iterator[Array]:
    """The samples of each batch from `step` on, without end; the rest of an epoch is dropped."""
    first_epoch, first = divmod(step, samples // batch)
    for epoch in count(first_epoch):
        order = _sample_order(seed, epoch, samples)
        for start in range(first * batch, samples - batch + 1, batch):
            yield order[start : start + batch]
        first = 0


def _samples(program: type[Program], name: str, paths: Sequence[str]) -> list[Array]:
    """The inputs of a function from .npy files: memory-mapped, and checked to the last row."""
    function = program.FUNCTIONS[name]
    specs, any_rows = function["inputs"], function["rows"] or name == "step"
    specs = specs[:2] if name == "step" else specs  # what follows there is the learning rate
    if len(specs) != len(paths) or any(spec["batch"] != 0 for spec in specs):
        names = ", ".join(spec["name"] for spec in specs)
        advice = f"use the class {program.__name__} from Python"
        raise ValueError(f"{name}({names}) does not take {len(paths)} files of samples; {advice}")
    arrays: list[Array] = []
    for path, spec in zip(paths, specs, strict=True):
        try:
            values = np.lib.format.open_memmap(path, mode="r")
        except OSError:
            raise
        except Exception as error:  # a damaged file can make the reader fail in many ways
            raise ValueError(f"{path}: is not an .npy file, or is truncated") from error
        arrays.append(_checked_input(path, values, spec, any_rows))
    _common_rows(", ".join(paths), arrays, specs)
    return arrays


def _test_samples(program: type[Program], paths: Sequence[str]) -> dict[str, list[Array]]:
    """The inputs of each function of (x, y) that gives a metric for each row."""
    samples: dict[str, list[Array]] = {}
    for name, function in program.FUNCTIONS.items():
        roles = [output["role"] for output in function["outputs"]]
        if function["rows"] and roles == ["metric"] and len(function["inputs"]) == len(paths):
            samples[name] = _samples(program, name, paths)
    if not samples:
        raise ValueError(f"--test: {program.NAME} has no metric to report")
    if any(len(x) == 0 for x, _ in samples.values()):
        raise ValueError(f"{paths[0]}: got 0 samples, expected at least 1")
    return samples


def _learning_rate(program: type[Program], given: float | None) -> list[float]:
    """What a step takes after its samples."""
    wanted = len(program.FUNCTIONS["step"]["inputs"]) > 2
    if wanted and given is None:
        raise ValueError(f"train needs --learning-rate R: each step of {program.NAME} is given it")
    if given is not None and not wanted:
        raise ValueError(f"--learning-rate: {program.NAME} has a rate of its own; leave it out")
    return [] if given is None else [given]


class _Abandoned(Exception):
    """Leaves a `_replacing` block without replacing anything."""


def _check_writable(path: str) -> None:
    with suppress(_Abandoned), _replacing(path):
        raise _Abandoned


def _train_command(program: type[Program], given: argparse.Namespace) -> None:
    if given.save is not None:
        _check_writable(given.save)
    rate = _learning_rate(program, given.learning_rate)
    x, y = _samples(program, "step", [given.X, given.Y])
    batch = _batch_size(program.FUNCTIONS["step"])
    if len(x) < batch:
        raise ValueError(f"{given.X}: got {len(x)} samples, expected at least {batch}, one batch")
    tests = {} if given.test is None else _test_samples(program, given.test)
    net = program(given.seed or 0, given.threads)
    if given.resume is not None:
        net.load(given.resume)
    _run_steps(net, x, y, rate, given)
    if given.save is not None:
        net.save(given.save)
    for name, inputs in tests.items():
        value = np.mean(net[name](*inputs), dtype=np.float64)
        print(f"test {name} {value:.4g}", file=sys.stderr)


def _run_steps(
    net: Program, x: Array, y: Array, rate: Sequence[float], given: argparse.Namespace
) -> None:
    """Trains, and reports the mean loss of each epoch, or of each 100 steps."""
    step = net.FUNCTIONS["step"]
    roles, batch = [output["role"] for output in step["outputs"]], _batch_size(step)
    epochs, per_epoch = given.epochs or 1, len(x) // batch
    steps, interval = (given.steps, 100) if given.steps else (epochs * per_epoch, per_epoch)
    losses: list[Any] = []
    for done, rows in enumerate(islice(_batches(net.seed, net.steps, len(x), batch), steps), 1):
        results = net["step"](x[rows], y[rows], *rate)
        losses.append(np.mean(results if len(roles) == 1 else results[roles.index("loss")]))
        if done % interval == 0 or done == steps:
            epoch = "" if given.steps else f"epoch {done // per_epoch}/{epochs}  "
            print(f"{epoch}step {net.steps}  loss {np.mean(losses):.4g}", file=sys.stderr)
            losses.clear()


def _predict_command(program: type[Program], given: argparse.Namespace) -> None:
    if len(program.FUNCTIONS["predict"]["outputs"]) != 1:
        advice = f"use the class {program.__name__} from Python"
        raise ValueError(f"predict does not have one output to write to {given.o}; {advice}")
    _check_writable(given.o)
    samples = _samples(program, "predict", [given.X])
    net = program()
    net.load(given.load)
    predictions = net["predict"](*samples)
    with _replacing(given.o) as file:
        np.save(file, predictions, allow_pickle=False)


def _info_command(program: type[Program], _given: argparse.Namespace) -> None:
    memory = {f"{region}_bytes": size for region, size in program.MEMORY.items()}
    info = {"name": program.NAME, **memory, "parameters": program.PARAMETERS}
    print(json.dumps(info, indent=2))


def main(program: type[Program], argv: Sequence[str] | None = None) -> int:
    """Runs the command line of a program and returns its exit code."""
    try:
        given = _parsed(program.NAME, sys.argv[1:] if argv is None else argv)
        commands = {"train": _train_command, "predict": _predict_command, "info": _info_command}
        commands[given.command](program, given)
    except KeyboardInterrupt:
        text = "interrupted"
    except OSError as error:
        text = str(error) if error.filename is None else f"{error.filename}: {error.strerror}"
    except (ArithmeticError, MemoryError, TypeError, ValueError) as error:
        text = str(error)
    else:
        return 0
    print(f"{program.NAME}: error: {' '.join(text.split())}", file=sys.stderr)
    return 1
