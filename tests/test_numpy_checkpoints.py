"""State and checkpoints of generated NumPy programs."""

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.numpy_program import lines, refused, samples, stored


@pytest.fixture
def net() -> Any:
    return lines.Lines(seed=0)


def test_init_starts_over(net: Any) -> None:
    x, y = samples(4)
    net.step(x, y)
    net.init(5)
    assert (net.seed, net.steps) == (5, 0)
    assert stored(net) == stored(lines.Lines(seed=5)) != stored(lines.Lines(seed=4))


def test_set_state(net: Any) -> None:
    net.parameters["dense1.weight"][...] = 7  # a copy
    assert net.parameters["dense1.weight"].tolist() == [0.125, -0.25, 0.5]
    net.set_state({"dense1.weight": [1, 2, 3], "count": np.int64(8), "flags": [0, 1]})
    assert stored(net) == {
        "dense1.weight": [1, 2, 3],
        "dense1.bias": 0,
        "count": 8,
        "flags": [False, True],
    }


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        (
            "dense1.wieght",
            [1, 2, 3],
            ValueError,
            "there is no parameter or state dense1.wieght; did you mean dense1.weight?",
        ),
        ("dense1.weight", [1, 2], ValueError, "dense1.weight: got shape (2,), expected (3,)"),
        (
            "count",
            1.0,
            TypeError,
            "count: got dtype float64, expected int32; convert it with .astype if that is meant",
        ),
        (
            "count",
            2**31,
            ValueError,
            "count: got 2147483648, expected -2147483648 <= value < 2147483648",
        ),
        ("flags", [0, 2], ValueError, "flags: got 2 at index [1], expected 0 <= value < 2"),
    ],
)
def test_set_state_all_or_nothing(
    net: Any, name: str, value: Any, error: type[Exception], message: str
) -> None:
    before = stored(net)
    changed = {"dense1.bias": 4.0, name: value}
    refused(lambda: net.set_state(changed), error, f"set_state: {message}")
    assert stored(net) == before


def test_save_and_load(net: Any, tmp_path: Path) -> None:
    x, y = samples(4)
    net.init(3)
    net.step(x, y)
    net.raise_()
    net.save(tmp_path / "a.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
    other = lines.Lines()
    other.load(str(tmp_path / "a.npz"))
    assert stored(other) == stored(net)
    assert (other.seed, other.steps) == (3, 1)
    assert other.step(x, y) == net.step(x, y)


def test_checkpoint_format(net: Any, tmp_path: Path) -> None:
    net.save(tmp_path / "a.npz")
    types = (
        '{"count":[[],"int32"],"dense1.bias":[[],"float32"],'
        '"dense1.weight":[[3],"float32"],"flags":[[2],"bool"]}'
    )
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        values = {key: archive[key].tolist() for key in archive.files}
    assert values == {
        "parameter:dense1.weight": [0.125, -0.25, 0.5],
        "parameter:dense1.bias": 0,
        "state:count": 0,
        "state:flags": [False, False],
        "meta:format": 1,
        "meta:program": hashlib.sha256(types.encode()).hexdigest(),
        "meta:seed": 0,
        "meta:step": 0,
    }


def test_save_replaces_only_a_complete_file(
    net: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.npz"
    net.save(path)
    old = path.read_bytes()
    net.step(*samples(4))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        refused(lambda: net.save(path), OSError, f"[Errno 28] No space left on device: '{path}'")
    assert path.read_bytes() == old
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
    net.save(path)
    assert path.read_bytes() != old


def test_save_follows_links_and_spares_devices(net: Any, tmp_path: Path) -> None:
    (tmp_path / "latest.npz").symlink_to(tmp_path / "a.npz")
    net.save(tmp_path / "latest.npz")
    assert (tmp_path / "latest.npz").is_symlink()
    assert (tmp_path / "a.npz").is_file()
    refused(lambda: net.save(tmp_path), ValueError, f"{tmp_path}: is not a regular file")
    refused(lambda: net.save(os.devnull), ValueError, f"{os.devnull}: is not a regular file")
    missing = tmp_path / "no" / "a.npz"
    refused(
        lambda: net.save(missing),
        FileNotFoundError,
        f"[Errno 2] No such file or directory: '{missing}'",
    )


UNREADABLE = "is not a checkpoint (.npz), or is truncated or damaged"


def checkpoint(path: Path, **changes: Any) -> None:
    """Rewrites a checkpoint with other values; None removes a key."""
    with np.load(path) as archive:
        values: dict[str, Any] = {key: archive[key] for key in archive.files}
    np.savez(path, **{k: v for k, v in (values | changes).items() if v is not None})


def test_damaged_checkpoints(net: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    net.save(path)
    whole = path.read_bytes()
    other = lines.Lines(seed=9)
    before = stored(other)
    for size in (0, 3, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        refused(lambda: other.load(path), ValueError, f"{path}: {UNREADABLE}")
    at = whole.index(np.array([0.125, -0.25, 0.5], np.float32).tobytes())
    path.write_bytes(whole[:at] + b"?" + whole[at + 1 :])
    refused(lambda: other.load(path), ValueError, f"{path}: {UNREADABLE}")
    for foreign in (np.zeros(3), np.array([{"pickled": 1}])):
        with path.open("wb") as file:
            np.save(file, foreign, allow_pickle=True)
        refused(lambda: other.load(path), ValueError, f"{path}: {UNREADABLE}")
    assert stored(other) == before
    assert other.seed == 9


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"meta:program": None}, "is not a checkpoint of catgrad: it has no meta:program"),
        ({"meta:step": "x"}, "is not a checkpoint of catgrad: its meta data is malformed"),
        ({"meta:step": -1}, "is not a checkpoint of catgrad: its meta data is malformed"),
        ({"meta:format": 2}, "has format 2, this program reads 1"),
        ({"meta:program": "0" * 64}, "is a checkpoint of another program than lines"),
        (
            {"state:count": None},
            "is not a checkpoint of lines: state:count: got nothing, expected int32 ()",
        ),
        (
            {"state:flags": np.zeros(3, bool)},
            "is not a checkpoint of lines: state:flags: got bool (3,), expected bool (2,)",
        ),
        ({"state:flags": np.array([{}, {}])}, UNREADABLE),
    ],
)
def test_foreign_checkpoints(
    net: Any, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = tmp_path / "a.npz"
    net.save(path)
    checkpoint(path, **changes)
    other = lines.Lines(seed=9)
    before = stored(other)
    refused(lambda: other.load(path), ValueError, f"{path}: {message}")
    assert stored(other) == before
    assert other.seed == 9


def test_load_of_no_file(net: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    refused(
        lambda: net.load(path), FileNotFoundError, f"[Errno 2] No such file or directory: '{path}'"
    )
