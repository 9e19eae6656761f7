# Two threads, for the NumPy programs with functions that run in halves.

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from catgrad.targets.support.numpy_runtime import BLAS_SETTERS

Array = NDArray[Any]


class Half:
    """One half of a section: it cuts its part out of arrays, and has memory of its own."""

    def __init__(self, first: bool, work: Array) -> None:
        self.first, self.work = first, work

    def __call__(self, array: Array, axis: int = 0) -> Array:
        """This half of an array, cut along an axis."""
        middle = array.shape[axis] // 2
        part = slice(middle) if self.first else slice(middle, None)
        return array[(slice(None),) * axis + (part,)]

    def _shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        middle = shape[0] // 2
        return (middle if self.first else shape[0] - middle, *shape[1:])

    def scratch(self, start: int, dtype: DTypeLike, shape: Sequence[int]) -> Array:
        """Memory for this half of an array of that shape."""
        return self.whole_scratch(start, dtype, self._shape(shape))

    def whole_scratch(self, start: int, dtype: DTypeLike, shape: Sequence[int]) -> Array:
        """Memory for all of an array, which this half works on alone."""
        return np.ndarray(shape, dtype, self.work, start)

    def broadcast(self, array: Array, axes: Sequence[int], shape: Sequence[int]) -> Array:
        """This half of an array of that shape, from one that lacks some axes."""
        return np.broadcast_to(np.expand_dims(array, tuple(axes)), self._shape(shape))


Run = Callable[[], None]


def halves(section: Callable[[Half], Run], work: Array) -> tuple[Run, Run]:
    """What the two halves of a section do, each with half of the memory."""
    middle = len(work) // 2
    return section(Half(True, work[:middle])), section(Half(False, work[middle:]))


def _nothing() -> None:
    pass


class _Helper:
    """A thread that runs one half while its caller runs the other."""

    def __init__(self) -> None:
        self.busy, self.go, self.done = threading.Lock(), threading.Lock(), threading.Lock()
        self.go.acquire()
        self.done.acquire()
        self.tasks = self.finished = 0
        self.task: Run = _nothing
        self.error: BaseException | None = None

    def _serve(self) -> None:
        with np.errstate(all="ignore"):
            while True:
                self.go.acquire()
                number = self.tasks
                try:
                    self.task()
                except BaseException as error:  # raised again by the one who waits
                    self.error = error
                self.finished = number
                with suppress(RuntimeError):  # nobody took note of the last time
                    self.done.release()

    def _wait(self) -> None:
        """Until the helper is done, which writes into arrays: it is interrupted afterwards."""
        interrupt: BaseException | None = None
        while self.finished != self.tasks:
            try:
                self.done.acquire()
            except BaseException as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt

    def run(self, first: Run, second: Run) -> None:
        """Run both; one after the other if the helper works for another thread."""
        if not self.busy.acquire(blocking=False):
            first()
            second()
            return
        try:
            if self.tasks == 0:
                threading.Thread(target=self._serve, name="catgrad", daemon=True).start()
            self.task, self.error = second, None
            self.tasks += 1
            self.go.release()  # not below: who waits for a helper that was not told waits for ever
            try:
                first()
            finally:
                self._wait()
            error = self.error
        finally:
            self.busy.release()
        if error is not None:
            raise error


class Blas:
    """
    The threads of a process: how many NumPy's BLAS has, of which there is one, and our helper.

    All programs share it: it lies in a module of NumPy, where each finds it.
    """

    def __init__(self, parent: "Blas | None" = None) -> None:
        self.pid, self.lock, self.helper = os.getpid(), threading.Lock(), _Helper()
        self.users = self.count = 0
        blas = ctypes.CDLL(sys.modules["numpy.linalg._umath_linalg"].__file__)
        setters = [name for name in BLAS_SETTERS if hasattr(blas, name)]
        getters = [name.replace("set", "get").replace("Set_Num", "Get_Max") for name in setters]
        self.known = bool(setters) and hasattr(blas, getters[0])
        if self.known:
            self.set, self.get = getattr(blas, setters[0]), getattr(blas, getters[0])
        if parent and parent.users:  # who asked for one thread there is not here
            self.set(parent.count)

    def forked(self) -> bool:
        """Whether this is a child of the process whose threads these were."""
        return self.pid != os.getpid()

    def usual(self) -> int:
        """How many threads BLAS has while nobody asks for one."""
        with self.lock:
            return self.count if self.users else self.get()

    def one(self) -> None:
        """One thread, until whoever asked for that has let go of it."""
        with self.lock:
            if self.users == 0:
                self.count = self.get()
                self.set(1)
            self.users += 1

    def as_before(self) -> None:
        """Let go of it."""
        with self.lock:
            self.users -= 1
            if self.users == 0:
                self.set(self.count)


def _shared(parent: Blas | None = None) -> Blas:
    """The threads of this process; `parent`, those of the process it was forked from."""
    place, name = vars(sys.modules["numpy.linalg._umath_linalg"]), f"_catgrad_{os.getpid()}"
    return place.get(name) or place.setdefault(name, Blas(parent))


class Threads:
    """
    Runs the two halves of each section, at once if there may be two threads.

    With exactly two, products are not shared out further: BLAS has one thread meanwhile.
    """

    def __init__(self, threads: int | None) -> None:
        self._blas = _shared()
        self.count = (threads or self._blas.usual()) if self._blas.known else 1

    @property
    def blas(self) -> Blas:
        """The threads of this process, also where it was forked since."""
        if self._blas.forked():
            self._blas = _shared(self._blas)
        return self._blas

    def in_halves(self, first: Run, second: Run) -> None:
        """Run the two halves of a section."""
        if self.count < 2:
            first()
            second()
        else:
            self.blas.helper.run(first, second)

    def around(self, function: Callable[..., tuple[Array, ...]]) -> Callable[..., Any]:
        """The function, with as many threads of BLAS as befits it."""
        if self.count != 2:
            return function

        def alone(*given: Array) -> tuple[Array, ...]:
            blas = self.blas
            blas.one()
            try:
                return function(*given)
            finally:
                blas.as_before()

        return alone
