# What every NumPy program of catgrad shares: checks of the inputs, checkpoints, the command line.
# The compiled functions, and the class that holds them, follow after this part.

import ctypes
import difflib
import hashlib
import json
import operator
import os
import secrets
import sys
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import accumulate
from typing import Any, BinaryIO, ClassVar, TypedDict

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class _Tensor(TypedDict):
    shape: list[int]
    dtype: str


class _Input(_Tensor):
    name: str
    batch: int | None  # the axis that runs over samples
    range: list[int] | None  # allowed values [low, high) of an index


class _Output(_Tensor):
    role: str | None  # "loss", "metric" or nothing special


class _Function(TypedDict):
    method: str
    inputs: list[_Input]
    outputs: list[_Output]
    stored: list[str]  # parameters and states it reads
    updates: list[str]  # parameters and states it writes
    rows: bool  # row i of every output depends on row i of the inputs only


class _NonFinite(Exception):
    """Raised by a compiled function, with its loss, before it updates anything."""


class _BadIndex(Exception):
    """Raised by a compiled function that computed an index out of range, before it updates."""


def check_indices(indices: Array, size: int) -> None:
    """Refuses indices outside of [0, size)."""
    flat = indices.ravel()
    for position in np.flatnonzero((flat < 0) | (flat >= size))[:1].tolist():
        text = f"at position {position}, expected 0 <= index < {size}"
        raise _BadIndex(f"got index {flat[position]} {text}")


# Random numbers ---------------------------------------------------------------------------------

_WORD = 0xFFFFFFFF


def _philox4x32(
    key0: int, counter0: Array, counter1: int, counter2: int, counter3: int, key1: int = 0
) -> Array:
    """
    Philox4x32-10 (Salmon et al., Random123): four rows of words, a column for each `counter0`.

    A word is held in 64 bits, where the product of two words is exact.
    """
    words: list[Any] = [counter0.astype(np.uint64) & _WORD, counter1, counter2, counter3]
    words[1:] = [int(word) & _WORD for word in words[1:]]
    key0, key1 = int(key0) & _WORD, int(key1) & _WORD
    for _ in range(10):
        left, right = 0xD2511F53 * words[0], 0xCD9E8D57 * words[2]
        words[0], words[2] = (right >> 32) ^ words[1] ^ key0, (left >> 32) ^ words[3] ^ key1
        words[1], words[3] = right & _WORD, left & _WORD
        key0, key1 = (key0 + 0x9E3779B9) & _WORD, (key1 + 0xBB67AE85) & _WORD
    return np.array(words, dtype=np.uint32)


def random_words(seed: Array, step: Array, site: int, count: int) -> Array:
    """`count` random int32: word i mod 4 of key (seed, 0) and counter (i div 4, site, step, 0)."""
    blocks = np.arange(-(-count // 4))
    words = _philox4x32(int(seed), blocks, site, int(step), 0)
    return words.T.ravel()[:count].view(np.int32)


# Checks -----------------------------------------------------------------------------------------

_ACCEPTED_KINDS = {"f": "fiub", "i": "iub", "u": "iub", "b": "iub"}


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    matches = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {matches[0]}?" if matches else ""


def _checked(where: str, value: Any, tensor: _Tensor, any_rows: bool = False) -> Array:
    """`value` as an array that can be converted to `tensor` without losing its meaning."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{where}: got something that is not an array: {error}") from None
    expected, shape = np.dtype(tensor["dtype"]), tuple(tensor["shape"])
    if array.dtype.kind not in _ACCEPTED_KINDS[expected.kind]:
        advice = "; convert it with .astype if that is meant" if array.dtype.kind == "f" else ""
        raise TypeError(f"{where}: got dtype {array.dtype}, expected {expected}{advice}")
    fixed = 1 if any_rows else 0
    if array.ndim != len(shape) or array.shape[fixed:] != shape[fixed:]:
        text = f"({', '.join(['rows', *map(str, shape[1:])])})" if any_rows else shape
        raise ValueError(f"{where}: got shape {array.shape}, expected {text}")
    return array


def _check_values(where: str, array: Array, dtype: str, limits: Sequence[int] | None) -> None:
    """Integers must lie in `limits`, or at least in what `dtype` can hold."""
    expected = np.dtype(dtype)
    if limits is None:
        if expected.kind == "f" or np.can_cast(array.dtype, expected):
            return
        if expected.kind == "b":
            limits = 0, 2
        else:
            limits = np.iinfo(expected).min, np.iinfo(expected).max + 1
    low, high = limits
    rows = np.atleast_1d(array)
    for start in range(0, len(rows), 4096):  # a memory-mapped file is not read into memory at once
        part = rows[start : start + 4096]
        if part.size and not low <= int(part.min()) <= int(part.max()) < high:
            row, *rest = np.argwhere((part < low) | (part >= high))[0].tolist()
            at = f" at index {[start + row, *rest]}" if array.ndim else ""
            got = part[row, *rest]
            raise ValueError(f"{where}: got {got}{at}, expected {low} <= value < {high}")


def _checked_input(where: str, value: Any, spec: _Input, any_rows: bool) -> Array:
    array = _checked(where, value, spec, any_rows and spec["batch"] == 0)
    _check_values(where, array, spec["dtype"], spec["range"])
    return array


def _batch_size(function: _Function) -> int:
    return next(spec["shape"][0] for spec in function["inputs"] if spec["batch"] == 0)


def _common_rows(where: str, arrays: Sequence[Array], specs: Sequence[_Input]) -> int:
    """The number of rows of all inputs that have a batch axis."""
    rows = [len(a) for a, spec in zip(arrays, specs, strict=True) if spec["batch"] == 0]
    if len(set(rows)) > 1:
        text = " and ".join(map(str, rows))
        raise ValueError(f"{where}: got {text} rows, expected the same number in each")
    return rows[0]


# Memory and files -------------------------------------------------------------------------------


_LARGE_PAGE = 1 << 21
"""NumPy asks for large pages where an array has two of them: sweeps look up fewer addresses."""


def _regions(*sizes: int) -> list[Array]:
    """One zeroed allocation, cut into regions that start at multiples of 64 bytes."""
    starts = list(accumulate((-(-size // 64) * 64 for size in sizes), initial=0))
    alignment = 64 if starts[-1] < 2 * _LARGE_PAGE else _LARGE_PAGE
    arena = np.zeros(starts[-1] + alignment, np.uint8)
    arena = arena[-arena.ctypes.data % alignment :]
    return [arena[start : start + size] for start, size in zip(starts, sizes, strict=False)]


BLAS_SETTERS = (
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
    "MKL_Set_Num_Threads",
)


def _set_blas_threads(threads: int) -> None:
    """Tells the BLAS under NumPy, of which a process has one, how many threads to use."""
    if threads < 1:
        raise ValueError(f"threads: got {threads}, expected a number greater than 0")
    blas = ctypes.CDLL(sys.modules["numpy.linalg._umath_linalg"].__file__)
    setters = [getattr(blas, name) for name in BLAS_SETTERS if hasattr(blas, name)]
    if not setters:
        advice = f"set OMP_NUM_THREADS={threads} in the environment instead"
        raise ValueError(f"threads: cannot set those of this NumPy's BLAS from Python; {advice}")
    setters[0](ctypes.c_int(threads))


@contextmanager
def _replacing(path: str) -> Generator[BinaryIO]:
    """A new file that takes the place of `path` when the block ends well, else disappears."""
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        raise ValueError(f"{path}: is not a regular file")
    temporary = os.path.join(os.path.dirname(target), f".{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), path) from error
    finally:
        with suppress(OSError):
            os.unlink(temporary)


def _read_checkpoint(path: str, keys: Iterable[str]) -> dict[str, Array]:
    """Those of `keys` that the file has."""
    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                # Files by their own names: asked for the key "a.npy", NumPy would give that of "a".
                files = {f"{key}.npy": key for key in keys}
                found = set(archive.zip.namelist()) & set(files)
                return {files[name]: archive[name] for name in found}
        except Exception as error:  # a damaged file can make the reader fail in many ways
            text = f"{path}: is not a checkpoint (.npz), or is truncated or damaged"
            raise ValueError(text) from error


# The program ------------------------------------------------------------------------------------


class Program:
    """
    A compiled program: public methods run its functions on parameters and states it holds.

    `threads` is the number of threads of NumPy's BLAS, for the whole process; large programs run
    in two halves, at once if it is 2 or more. None: as many as NumPy's BLAS has.
    """

    NAME: ClassVar[str]
    PARAMETERS: ClassVar[Mapping[str, _Tensor]]
    STATE: ClassVar[Mapping[str, _Tensor]]
    MEMORY: ClassVar[Mapping[str, int]]
    FUNCTIONS: ClassVar[Mapping[str, _Function]]

    _functions: Mapping[str, Callable[..., tuple[Array, ...]]]
    _stored: Mapping[str, Array]

    def __init__(self, seed: int = 0, threads: int | None = None) -> None:
        if threads is not None:
            _set_blas_threads(threads)
        self._threads = threads
        memory = self.MEMORY
        self._build(*_regions(memory["persistent"], memory["scratch"], memory["constant"]))
        self.seed, self.steps = operator.index(seed), 0
        if "init" in self.FUNCTIONS:
            self._call("init", seed)

    def _build(self, persistent: Array, scratch: Array, constant: Array) -> None:
        """Sets `_functions` and `_stored`, whose arrays are views into the three regions."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: seed {self.seed}, {self.steps} steps done>"

    def __getitem__(self, name: str) -> Callable[..., Any]:
        """The method that runs the arrow called `name`."""
        if name not in self.FUNCTIONS:
            raise KeyError(f"{self.NAME} has no {name}{_did_you_mean(name, self.FUNCTIONS)}")
        return getattr(self, self.FUNCTIONS[name]["method"])

    def _call(self, name: str, *values: Any) -> Any:
        """Checks the inputs, runs one function, and returns copies of its results."""
        function = self.FUNCTIONS[name]
        specs, any_rows = function["inputs"], function["rows"]
        if len(values) != len(specs):
            names = ", ".join(spec["name"] for spec in specs) or "none"
            raise TypeError(f"{name}: got {len(values)} inputs, expected {len(specs)} ({names})")
        arrays = [
            _checked_input(f"{name}: input {spec['name']}", value, spec, any_rows)
            for value, spec in zip(values, specs, strict=True)
        ]
        results = (self._run_rows if any_rows else self._run)(name, arrays)
        if name == "init":
            self.seed, self.steps = int(arrays[0]), 0
        elif name == "step":
            self.steps += 1
        for i, output in enumerate(function["outputs"]):
            if output["role"] == "loss" and results[i].ndim == 0 and results[i].dtype.kind == "f":
                results[i] = float(results[i])
        return results[0] if len(results) == 1 else tuple(results) or None

    def _run(self, name: str, arrays: Sequence[Array]) -> list[Any]:
        specs = self.FUNCTIONS[name]["inputs"]
        try:
            with np.errstate(all="ignore"):
                pairs = zip(arrays, specs, strict=True)
                typed = [array.astype(spec["dtype"], copy=False) for array, spec in pairs]
                return [result.copy() for result in self._functions[name](*typed)]
        except _NonFinite as error:
            where = f"step {self.steps + 1}" if name == "step" else name
            raise FloatingPointError(f"{where}: loss is {float(error.args[0])}") from None
        except _BadIndex as error:
            raise ValueError(f"{name}: {error}") from None

    def _run_rows(self, name: str, arrays: Sequence[Array]) -> list[Any]:
        """Runs a function on any number of rows: in batches, the last one filled up and cut."""
        function = self.FUNCTIONS[name]
        rows, batch = _common_rows(name, arrays, function["inputs"]), _batch_size(function)
        if rows == batch:
            return self._run(name, arrays)
        results = [np.empty((rows, *o["shape"][1:]), o["dtype"]) for o in function["outputs"]]
        for start in range(0, rows, batch):
            taken = np.minimum(np.arange(start, start + batch), rows - 1)
            parts = [
                array[taken] if spec["batch"] == 0 else array
                for array, spec in zip(arrays, function["inputs"], strict=True)
            ]
            for result, part in zip(results, self._run(name, parts), strict=True):
                result[start : start + batch] = part[: rows - start]
        return results

    @property
    def parameters(self) -> dict[str, Array]:
        """Copies of the parameters."""
        return {name: self._stored[name].copy() for name in self.PARAMETERS}

    @property
    def state(self) -> dict[str, Array]:
        """Copies of the states: those of the optimiser and those of the model."""
        return {name: self._stored[name].copy() for name in self.STATE}

    def set_state(self, values: Mapping[str, Any]) -> None:
        """Sets the parameters and states that `values` names; all of them, or none on an error."""
        tensors = {**self.PARAMETERS, **self.STATE}
        arrays: dict[str, Array] = {}
        for name, value in values.items():
            if name not in tensors:
                advice = _did_you_mean(name, tensors)
                raise ValueError(f"set_state: there is no parameter or state {name}{advice}")
            array = _checked(f"set_state: {name}", value, tensors[name])
            _check_values(f"set_state: {name}", array, tensors[name]["dtype"], None)
            arrays[name] = array.astype(tensors[name]["dtype"], copy=False)
        for name, array in arrays.items():
            self._stored[name][...] = array

    def _tensors_by_key(self) -> dict[str, tuple[str, _Tensor]]:
        """Checkpoint key -> name and type of each stored tensor."""
        parameters = {f"parameter:{name}": (name, t) for name, t in self.PARAMETERS.items()}
        return parameters | {f"state:{name}": (name, t) for name, t in self.STATE.items()}

    def _meta(self) -> dict[str, Any]:
        tensors = {**self.PARAMETERS, **self.STATE}
        types = {name: [list(t["shape"]), t["dtype"]] for name, t in tensors.items()}
        text = json.dumps(types, sort_keys=True, separators=(",", ":"))
        program = hashlib.sha256(text.encode()).hexdigest()
        meta = {"format": 1, "program": program, "seed": self.seed, "step": self.steps}
        return {f"meta:{name}": value for name, value in meta.items()}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes parameters, states, seed and step number; an error leaves an old file as it is."""
        arrays = {key: self._stored[name] for key, (name, _) in self._tensors_by_key().items()}
        with _replacing(os.fspath(path)) as file:
            np.savez(file, **arrays, **self._meta())

    def load(self, path: str | os.PathLike[str]) -> None:
        """Reads what `save` wrote; nothing is changed unless all of it fits this program."""
        path, tensors, meta = os.fspath(path), self._tensors_by_key(), self._meta()
        found = _read_checkpoint(path, [*meta, *tensors])
        if missing := [key for key in meta if key not in found]:
            raise ValueError(f"{path}: is not a checkpoint of catgrad: it has no {missing[0]}")
        kinds = {key: np.asarray(value).dtype.kind for key, value in meta.items()}
        malformed = any(found[key].shape or found[key].dtype.kind != kinds[key] for key in meta)
        if malformed or found["meta:step"] < 0:
            raise ValueError(f"{path}: is not a checkpoint of catgrad: its meta data is malformed")
        if found["meta:format"] != meta["meta:format"]:
            raise ValueError(f"{path}: has format {found['meta:format']}, this program reads 1")
        for key, (_, tensor) in tensors.items():
            expected = f"{tensor['dtype']} {tuple(tensor['shape'])}"
            got = f"{found[key].dtype} {found[key].shape}" if key in found else "nothing"
            if got != expected:
                text = f"{key}: got {got}, expected {expected}"
                raise ValueError(f"{path}: is not a checkpoint of {self.NAME}: {text}")
        if found["meta:program"] != meta["meta:program"]:
            raise ValueError(f"{path}: is a checkpoint of another program than {self.NAME}")
        for key, (name, _) in tensors.items():
            self._stored[name][...] = found[key]
        self.seed, self.steps = int(found["meta:seed"]), int(found["meta:step"])
