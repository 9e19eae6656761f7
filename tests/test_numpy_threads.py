"""The threads of NumPy programs: two halves at once, one BLAS for all programs of a process."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import catgrad as cg
from catgrad.targets._numpy_function import LOCALS
from catgrad.targets._python_names import RESERVED
from catgrad.targets.numpy_python import CORE, THREADS
from catgrad.targets.support import numpy_threads

Run = Callable[[], None]


def large(name: str = "f") -> cg.Program:
    """A program with one function that runs in halves."""
    return cg.compile({name: cg.arrow(cg.sin).on(cg.f32[2048, 256])}, target="numpy", name="large")


@pytest.fixture
def threads() -> Iterator[numpy_threads.Threads]:
    """Two threads, in a process whose BLAS has three."""
    found = numpy_threads.Threads(2)
    if found.count < 2:
        pytest.skip("this NumPy's BLAS does not tell how many threads it has")
    before = found.blas.get()
    found.blas.set(3)
    yield found
    assert found.blas.get() == 3
    found.blas.set(before)


def meet(meeting: threading.Barrier) -> None:
    """Wait for the other half."""
    meeting.wait()


def nothing() -> None:
    """Do nothing."""


def test_halves_of_arrays() -> None:
    x: NDArray[np.int64] = np.arange(15).reshape(5, 3)
    work = np.zeros(128, np.uint8)
    pieces: list[NDArray[Any]] = []

    def section(half: numpy_threads.Half) -> Run:
        np.testing.assert_array_equal(half(x), x[:2] if half.first else x[2:])
        np.testing.assert_array_equal(half(x, 1), x[:, :1] if half.first else x[:, 1:])
        pieces.append(half.scratch(8, np.float32, (5, 3)))
        assert pieces[-1].shape == (2 if half.first else 3, 3)
        assert half.broadcast(pieces[-1][:, 0], (1,), (5, 4)).shape == (len(pieces[-1]), 4)
        return nothing

    numpy_threads.halves(section, work)
    assert not np.shares_memory(pieces[0], pieces[1])
    assert [p.__array_interface__["data"][0] - work.ctypes.data for p in pieces] == [8, 72]


def test_two_threads_run_at_once_and_an_error_of_either_arrives(
    threads: numpy_threads.Threads,
) -> None:
    meeting = threading.Barrier(2, timeout=30)
    threads.in_halves(lambda: meet(meeting), lambda: meet(meeting))

    def fails() -> None:
        raise ZeroDivisionError

    done: list[str] = []
    with pytest.raises(ZeroDivisionError):
        threads.in_halves(lambda: done.append("first"), fails)
    with pytest.raises(ZeroDivisionError):
        threads.in_halves(fails, lambda: done.append("second"))
    threads.in_halves(lambda: done.append("a"), lambda: done.append("b"))
    assert done[:2] == ["first", "second"]
    assert sorted(done[2:]) == ["a", "b"]


def test_a_busy_helper_is_not_waited_for(threads: numpy_threads.Threads) -> None:
    """Of two programs in two threads, one runs its halves one after the other."""
    started, leave = threading.Event(), threading.Event()

    def stay() -> None:
        started.set()
        assert leave.wait(30)

    other = threading.Thread(target=threads.in_halves, args=(stay, stay))
    other.start()
    assert started.wait(30)
    done: list[int] = []
    numpy_threads.Threads(2).in_halves(lambda: done.append(1), lambda: done.append(2))
    leave.set()
    other.join(30)
    assert done == [1, 2]


def test_one_thread_makes_no_other() -> None:
    before = threading.active_count()
    ids: list[int] = []
    threads = numpy_threads.Threads(1)
    threads.in_halves(
        lambda: ids.append(threading.get_ident()), lambda: ids.append(threading.get_ident())
    )
    assert ids == [threading.get_ident()] * 2
    assert threading.active_count() == before


def test_blas_has_one_thread_meanwhile_and_then_as_many_as_before(
    threads: numpy_threads.Threads,
) -> None:
    blas = threads.blas

    def inside() -> tuple[NDArray[Any], ...]:
        assert blas.get() == 1
        return ()

    def failing() -> tuple[NDArray[Any], ...]:
        raise ZeroDivisionError

    threads.around(lambda: (threads.around(inside)(), inside())[1])()
    with pytest.raises(ZeroDivisionError):
        threads.around(failing)()
    assert blas.get() == 3
    assert numpy_threads.Threads(3).around(inside) is inside


@pytest.mark.usefixtures("threads")
def test_programs_of_a_process_share_one_blas() -> None:
    """Each limits its threads, the first lets go first: the number is as before the two."""
    modules = [ModuleType("printed") for _ in range(2)]
    for module in modules:
        exec(compile(large().source, "printed.py", "exec"), vars(module))
    first, second = (module.Threads(2) for module in modules)
    entered, leave = threading.Event(), threading.Event()
    seen: list[int] = []

    def wait() -> tuple[NDArray[Any], ...]:
        entered.set()
        assert leave.wait(30)
        return ()

    def let_go() -> tuple[NDArray[Any], ...]:
        leave.set()
        other.join(30)
        seen.append(first.blas.get())
        return ()

    other = threading.Thread(target=first.around(wait))
    other.start()
    assert entered.wait(30)
    assert modules[1].Threads(None).count == 3
    second.around(let_go)()
    assert seen == [1]
    assert first.blas.get() == 3


# -- after a fork ------------------------------------------------------------------------------
def succeeds_in_a_child(check: Callable[[], bool]) -> bool:
    """Whether a check holds in a forked process, which ends after it."""
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(30)
            os._exit(0 if check() else 1)
        finally:
            os._exit(2)
    return os.waitpid(child, 0)[1] == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_has_a_helper_of_its_own(threads: numpy_threads.Threads) -> None:
    threads.in_halves(nothing, nothing)

    def runs_at_once() -> bool:
        meeting = threading.Barrier(2, timeout=20)
        threads.in_halves(lambda: meet(meeting), lambda: meet(meeting))
        return threads.blas is numpy_threads.Threads(2).blas

    assert succeeds_in_a_child(runs_at_once)
    assert succeeds_in_a_child(lambda: succeeds_in_a_child(runs_at_once))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_process_forked_meanwhile_is_not_limited(threads: numpy_threads.Threads) -> None:
    """Forked while another thread is inside of a program, which the child does not have."""
    entered, leave = threading.Event(), threading.Event()

    def stay() -> tuple[NDArray[Any], ...]:
        with threads.blas.lock:
            entered.set()
            assert leave.wait(30)
        return ()

    def is_limited_only_inside() -> bool:
        inside: list[int] = []
        threads.around(lambda: (inside.append(threads.blas.get()), ())[1])()
        return inside == [1] and threads.blas.get() == 3

    other = threading.Thread(target=threads.around(stay))
    other.start()
    assert entered.wait(30)
    try:
        assert succeeds_in_a_child(is_limited_only_inside)
    finally:
        leave.set()
        other.join(30)


# -- interrupts --------------------------------------------------------------------------------
@pytest.fixture
def interrupts() -> Iterator[list[int]]:
    """The signals that have interrupted the main thread so far."""
    taken: list[int] = []

    def handle(number: int, _: object) -> None:
        taken.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, handle)
    yield taken
    signal.signal(signal.SIGINT, before)


def interrupt(taken: list[int]) -> None:
    """Interrupt the main thread where it waits; a signal just before it does so is not noticed."""
    count = len(taken)
    time.sleep(0.02)
    for _ in range(500):
        if len(taken) > count:
            return
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        time.sleep(0.02)
    pytest.fail("500 signals have not interrupted the main thread")


def test_interrupts_wait_for_the_helper(
    threads: numpy_threads.Threads, interrupts: list[int]
) -> None:
    written: list[int] = []

    def second() -> None:
        for number in range(5):
            interrupt(interrupts)
            written.append(number)

    with pytest.raises(KeyboardInterrupt):
        threads.in_halves(nothing, second)
    assert written == [0, 1, 2, 3, 4]
    threads.in_halves(nothing, lambda: written.append(5))
    assert written[5:] == [5]


def test_an_error_of_an_interrupted_call_is_not_raised_later(
    threads: numpy_threads.Threads,
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    def fails() -> None:
        raise ZeroDivisionError

    done: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        threads.in_halves(interrupted, fails)
    threads.in_halves(lambda: done.append(1), lambda: done.append(2))
    assert sorted(done) == [1, 2]


# -- names -------------------------------------------------------------------------------------
NAMES = sorted({"in_halves", "halves", "section", "threads", "Threads", "ones", "np", *LOCALS})


@pytest.mark.parametrize("name", NAMES)
def test_a_function_named_like_a_name_of_the_program(name: str) -> None:
    x = np.ones((2048, 256), np.float32)
    np.testing.assert_array_equal(large(name).load()[name](x), np.sin(x))
    assert {"in_halves", "halves"} <= RESERVED


def test_a_program_named_like_a_class_of_the_runtime() -> None:
    parts = {"f": cg.arrow(cg.sin).on(cg.f32[2048, 256])}
    for name in ("threads", "half"):
        program = cg.compile(parts, target="numpy", name=name)
        assert program.load().f(np.ones((2048, 256), np.float32)).shape == (2048, 256)


def test_only_large_programs_hold_threads() -> None:
    for rows, held in ((2, False), (2048, True)):
        parts = {"f": cg.arrow(cg.sin).on(cg.f32[rows, 256])}
        source = cg.compile(parts, target="numpy", name="f").source
        assert ("class Threads" in source) == held
    assert CORE.name != THREADS.name
