"""Generated NumPy programs from Python: random numbers, calls and their errors."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.numpy_program import lines, refused, samples, stored


@pytest.fixture
def net() -> Any:
    return lines.Lines(seed=0)


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [  # the known answers of Random123
        ([0] * 4, [0] * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ([-1] * 4, [-1] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),  # the same words, signed
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_philox_known_answers(counter: list[int], key: list[int], expected: str) -> None:
    first = np.array(counter[:1] * 2)
    words = lines._philox4x32(key[0], first, *counter[1:], key[1])
    assert words.dtype == np.uint32
    assert words.shape == (4, 2)
    assert " ".join(f"{word:08x}" for word in words[:, 0]) == expected
    assert (words[:, 0] == words[:, 1]).all()


def philox_word(key: int, counter: list[int]) -> int:
    """Word 0 of Philox4x32-10, written down once more from the paper, with Python's integers."""
    keys, (c0, c1, c2, c3) = [key % 2**32, 0], counter
    for _ in range(10):
        high0, low0 = divmod(c0 * 0xD2511F53, 2**32)
        high1, low1 = divmod(c2 * 0xCD9E8D57, 2**32)
        c0, c1, c2, c3 = high1 ^ c1 ^ keys[0], low1, high0 ^ c3 ^ keys[1], low0
        keys = [(keys[0] + 0x9E3779B9) % 2**32, (keys[1] + 0xBB67AE85) % 2**32]
    return c0


@pytest.mark.parametrize(("seed", "epoch", "number"), [(0, 0, 10), (-5, 3, 57), (7, 1, 1)])
def test_sample_order(seed: int, epoch: int, number: int) -> None:
    expected = list(range(number))
    for i in range(number - 1, 0, -1):
        k = (philox_word(seed, [number - 1 - i, epoch, 0, 1]) * (i + 1)) >> 32
        expected[i], expected[k] = expected[k], expected[i]
    assert lines._sample_order(seed, epoch, number).tolist() == expected


def test_batches_start_anywhere() -> None:
    every = lines._batches(3, 0, 10, 4)
    expected = [next(every).tolist() for _ in range(7)]
    assert expected[:2] == lines._sample_order(3, 0, 10)[:8].reshape(2, 4).tolist()
    assert expected[2] == lines._sample_order(3, 1, 10)[:4].tolist()
    for step in range(7):
        assert next(lines._batches(3, step, 10, 4)).tolist() == expected[step]


def test_step_returns_the_loss_before_the_update(net: Any) -> None:
    x, y = samples(4)
    predictions = net.predict(x)
    loss = net.step(x, y)
    assert type(loss) is float
    assert loss == pytest.approx(((predictions - y) ** 2).mean())
    assert net.step(x, y) < loss
    assert net.state["count"] == 2
    assert repr(net) == "<Lines: seed 0, 2 steps done>"


def test_results_are_copies(net: Any) -> None:
    x, _ = samples(4)
    first = net.predict(x)
    kept = first.copy()
    net.predict(x + 1)
    assert (first == kept).all()
    assert not any(np.shares_memory(first, region) for region in net.regions)


def test_number_of_results(net: Any) -> None:
    assert net.raise_() is None
    assert net.state["flags"].tolist() == [True, True]
    low, high = net.spread([3, 1, 2])
    assert (low, high) == (1, 3)
    assert isinstance(net.spread([3, 1, 2]), tuple)


def test_memory_is_one_aligned_arena(net: Any) -> None:
    assert [region.size for region in net.regions] == [194, 132, 8]
    assert all(region.ctypes.data % 64 == 0 for region in net.regions)
    assert len({id(region.base) for region in net.regions}) == 1


@pytest.mark.parametrize(
    ("sizes", "alignment"), [((5, 70, 0), 64), ((1 << 20, 100, 3 << 20), 1 << 21), ((0, 0, 0), 1)]
)
def test_regions_of_memory(sizes: tuple[int, ...], alignment: int) -> None:
    """They are zero, do not overlap, and lie on large pages where there are two of these."""
    regions: list[NDArray[Any]] = lines._regions(*sizes)
    assert [region.size for region in regions] == list(sizes)
    assert regions[0].ctypes.data % alignment == 0
    assert not any(region.any() for region in regions)
    ends = [region.ctypes.data + region.size for region in regions]
    for region, end in zip(regions[1:], ends, strict=False):
        assert region.ctypes.data % 64 == 0 or region.size == 0
        assert region.ctypes.data >= end or region.size == 0


def test_arrows_by_name(net: Any) -> None:
    assert net["raise"]() is None
    assert net["predict"](samples(4)[0]).shape == (4,)
    with pytest.raises(KeyError, match="lines has no predit; did you mean predict"):
        net["predit"]


def test_any_number_of_rows(net: Any) -> None:
    x, y = samples(11)
    expected = x @ net.parameters["dense1.weight"]
    for number in (0, 1, 3, 4, 5, 8, 11):
        assert net.predict(x[:number]) == pytest.approx(expected[:number])
        assert net.distance(x[:number], y[:number]).shape == (number,)
        assert (net.shift(x[:number], [1, 2, 3]) == x[:number] + np.array([1, 2, 3])).all()


def test_accepted_inputs(net: Any) -> None:
    x, y = samples(4)
    expected = net.predict(x)
    for same in (x.astype(np.float64), x.astype(">f4"), x.tolist(), np.asfortranarray(x)):
        assert (net.predict(same) == expected).all()
    assert net.predict(np.ones((4, 3), bool)) == pytest.approx(net.predict(np.ones((4, 3))))
    for labels in (y.astype(np.int64), y.astype(np.uint8), y.tolist(), y > 4):
        assert net.step(x, labels) > 0


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        (np.zeros((3, 4)), [0] * 4, ValueError, "step: input x: got shape (3, 4), expected (4, 3)"),
        (
            np.zeros((4, 3), complex),
            [0] * 4,
            TypeError,
            "step: input x: got dtype complex128, expected float32",
        ),
        (np.zeros((4, 3)), ["a"] * 4, TypeError, "step: input y: got dtype <U1, expected int32"),
        (
            np.zeros((4, 3)),
            [0.0] * 4,
            TypeError,
            "step: input y: got dtype float64, expected int32; "
            "convert it with .astype if that is meant",
        ),
        (
            np.zeros((4, 3)),
            [0, 9, 10, -1],
            ValueError,
            "step: input y: got 10 at index [2], expected 0 <= value < 10",
        ),
        (
            np.zeros((4, 3)),
            np.array([0, 1, 2, 2**63], np.uint64),
            ValueError,
            "step: input y: got 9223372036854775808 at index [3], expected 0 <= value < 10",
        ),
    ],
)
def test_refused_inputs(net: Any, x: Any, y: Any, error: type[Exception], message: str) -> None:
    before = stored(net)
    refused(lambda: net.step(x, y), error, message)
    assert stored(net) == before
    assert net.steps == 0


def test_refused_calls(net: Any) -> None:
    x, y = samples(5)
    refused(
        lambda: net.predict(x[:, :2]),
        ValueError,
        "predict: input x: got shape (5, 2), expected (rows, 3)",
    )
    refused(
        lambda: net.distance(x, y[:4]),
        ValueError,
        "distance: got 5 and 4 rows, expected the same number in each",
    )
    refused(lambda: net._call("step", x), TypeError, "step: got 1 inputs, expected 2 (x, y)")
    refused(lambda: net._call("raise", 1), TypeError, "raise: got 1 inputs, expected 0 (none)")
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'y'"):
        net.step(x)
    with pytest.raises(ValueError, match="predict: input x: got something that is not an array"):
        net.predict([[1, 2], [3]])
    refused(
        lambda: lines.Lines(seed=2**31),
        ValueError,
        "init: input seed: got 2147483648, expected -2147483648 <= value < 2147483648",
    )


def test_labels_out_of_range_far_down(net: Any) -> None:
    x, y = samples(9000)
    y[8500] = -3
    refused(
        lambda: net.distance(x, y),
        ValueError,
        "distance: input y: got -3 at index [8500], expected 0 <= value < 10",
    )


@pytest.mark.filterwarnings("error")
def test_loss_that_is_not_finite_changes_nothing(net: Any) -> None:
    x, y = samples(4)
    net.step(x, y)
    before = stored(net)
    for value in ("nan", "inf"):
        wrong = x.copy()
        wrong[1, 1] = float(value)
        refused(lambda w=wrong: net.step(w, y), FloatingPointError, f"step 2: loss is {value}")
    refused(lambda: net.energy(-1e10), FloatingPointError, "energy: loss is -inf")
    assert stored(net) == before
    assert net.steps == 1
    assert net.energy(2) == 2e300


def test_threads() -> None:
    x, _ = samples(4)
    assert lines.Lines(threads=1).predict(x).shape == (4,)
    refused(
        lambda: lines.Lines(threads=0),
        ValueError,
        "threads: got 0, expected a number greater than 0",
    )


def test_threads_of_another_blas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BLAS_SETTERS", ())
    refused(
        lambda: lines.Lines(threads=3),
        ValueError,
        "threads: cannot set those of this NumPy's BLAS from Python; "
        "set OMP_NUM_THREADS=3 in the environment instead",
    )
