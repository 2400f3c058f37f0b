"""The lock between threads and greenlets; the last test runs this module again patched by gevent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from orderflow.runtime.shared_lock import SharedRLock
from orderflow.runtime.workers import Workers
from tests.worker_threads import not_patched, run_under_gevent


@pytest.mark.parametrize("pause", [lambda: None, lambda: time.sleep(0)], ids=["quick", "yields"])
def test_threads_and_greenlets_exclude_each_other(workers: Workers, pause: Callable[[], None]) -> None:
    """Also if a greenlet switches while it holds the lock, and if the lock is taken again inside."""
    lock = workers.lock()
    count = [0]

    def work() -> None:
        for _ in range(1_000):
            with lock, lock:
                value = count[0]
                pause()
                count[0] = value + 1

    handles = [workers.spawn("t", workers.run, work) for _ in range(3)] + [workers.spawn("g", work) for _ in range(3)]
    assert all(handle.join(60.0) for handle in handles)
    assert count == [6_000]


def test_waiting_does_not_block_others(workers: Workers) -> None:
    lock, taken, done = workers.lock(), workers.event(), workers.event()

    def hold() -> None:
        with lock:
            taken.set()
            done.wait(60.0)

    def want() -> None:
        with lock:
            pass

    holder = workers.spawn("holder", workers.run, hold)
    assert taken.wait(60.0)
    waiting = [workers.spawn("greenlet", want), workers.spawn("thread", workers.run, want)]
    time.sleep(0.05)  # this thread, and its hub, go on meanwhile
    assert all(handle.alive() for handle in waiting)
    done.set()
    assert all(handle.join(60.0) for handle in (holder, *waiting))


def test_waiting_ends_in_time(workers: Workers) -> None:
    lock, taken, done = workers.lock(), workers.event(), workers.event()

    def hold() -> None:
        with lock:
            taken.set()
            done.wait(60.0)

    holder = workers.spawn("holder", workers.run, hold)
    assert taken.wait(60.0)
    assert not lock.acquire(0.0)
    assert not lock.acquire(0.01)
    found: list[bool] = []
    other = workers.spawn("other", lambda: found.append(lock.acquire(10.0)))
    done.set()
    assert all(handle.join(60.0) for handle in (holder, other))
    assert found == [True]
    assert not lock._waiting


def test_disk_is_read_under_a_lock_that_the_whole_pool_waits_for(workers: Workers) -> None:
    lock = workers.lock()

    def want() -> None:
        with lock:
            pass

    with lock:
        waiting = [workers.spawn("thread", workers.run, want) for _ in range(6)]
        time.sleep(0.05)
        assert workers.run_io(lambda: "read") == "read"
    assert all(handle.join(60.0) for handle in waiting)


class Fake:
    """A waiter that is killed while waiting, after `before` has happened."""

    def __init__(self, before: Callable[[], object]) -> None:
        self.woken = 0
        self._before = before

    def wake(self) -> None:
        self.woken += 1

    def wait(self, timeout: float | None) -> None:
        self._before()
        raise KeyboardInterrupt


def test_killed_waiter_leaves_no_trace() -> None:
    party = ["holder"]
    lock = SharedRLock(threading.Lock(), lambda: party[0], lambda: Fake(lambda: None))
    lock.__enter__()
    party[0] = "victim"
    with pytest.raises(KeyboardInterrupt):
        lock.__enter__()
    party[0] = "holder"
    lock.__exit__()
    party[0] = "next"
    with lock:
        pass


def test_turn_of_a_killed_waiter_goes_to_the_next() -> None:
    party = ["holder"]
    waiters: list[Fake] = []

    def release() -> None:
        party[0] = "second"
        waiters.append(Fake(lambda: None))
        lock._waiting.append(waiters[-1])
        party[0] = "holder"
        lock.__exit__()

    def new_waiter() -> Fake:
        waiters.append(Fake(release))
        return waiters[-1]

    lock = SharedRLock(threading.Lock(), lambda: party[0], new_waiter)
    lock.__enter__()
    party[0] = "victim"
    with pytest.raises(KeyboardInterrupt):
        lock.__enter__()
    assert [waiter.woken for waiter in waiters] == [1, 1]


@not_patched
def test_this_module_under_gevent() -> None:
    run_under_gevent(__file__)
