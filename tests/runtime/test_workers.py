"""Workers with and without gevent: the last test runs this module again in a patched interpreter."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from orderflow.errors import BadInput, Conflict
from orderflow.runtime.shares import CLIENT
from orderflow.runtime.workers import Workers, plain_lock, plain_rlock
from tests.worker_threads import PATCHED, not_patched, run_under_gevent


def real_thread() -> int:
    return threading.get_native_id()


def test_run_gives_the_result_and_uses_another_thread(workers: Workers) -> None:
    assert workers.run(divmod, 17, 5) == (3, 2)
    assert workers.run(real_thread) != real_thread()


@pytest.mark.parametrize("lane", ["run", "run_writer"])
def test_an_error_comes_back_as_it_is(workers: Workers, lane: str) -> None:
    def bad() -> None:
        raise BadInput("row 3")

    with pytest.raises(BadInput, match="row 3"):
        getattr(workers, lane)(bad)


def test_run_io_leaves_the_hub_only(workers: Workers) -> None:
    assert (workers.run_io(real_thread) == real_thread()) is not PATCHED
    assert workers.run(lambda: workers.run_io(real_thread) == real_thread())


def test_nested_calls_run_inline(workers: Workers) -> None:
    """More nested calls than the pool has threads do not deadlock."""

    def deep(left: int) -> int:
        return 0 if left == 0 else 1 + workers.run(deep, left - 1)

    assert workers.run(deep, 10) == 10
    assert workers.run_writer(workers.run_writer, workers.run, deep, 10) == 10


def test_the_pool_may_wait_for_the_writer(workers: Workers) -> None:
    done = workers.event()

    def job(number: int) -> None:
        assert workers.run_writer(lambda: number) == number

    handles = [workers.spawn(f"n{n}", workers.run, job, n) for n in range(20)]
    assert all(handle.join(60.0) for handle in handles)
    assert not workers.errors()
    assert not done.is_set()


def test_the_writer_is_one_thread_and_keeps_the_order(workers: Workers) -> None:
    seen: list[int] = []
    threads: set[int] = set()

    def note(number: int) -> None:
        seen.append(number)
        threads.add(real_thread())

    for number in range(50):
        workers.post_writer("count", partial(note, number))
    workers.run_writer(lambda: None)
    assert seen == list(range(50))
    assert len(threads) == 1


def test_waiting_callers_do_not_stop_each_other(workers: Workers) -> None:
    """Three calls run on three threads at once, also under gevent."""
    begun, go = [workers.event() for _ in range(3)], workers.event()

    def call(number: int) -> None:
        begun[number].set()
        go.wait(60.0)

    handles = [workers.spawn("slow", workers.run, call, number) for number in range(3)]
    assert all(each.wait(30.0) for each in begun)
    go.set()
    assert all(handle.join(60.0) for handle in handles)


def test_posted_error_is_logged(workers: Workers, caplog: pytest.LogCaptureFixture) -> None:
    def bad() -> None:
        raise OSError("no space left")

    with caplog.at_level(logging.ERROR, "orderflow.runtime.workers"):
        for _ in range(4):
            workers.post_writer("sweep", bad)
        assert workers.run_writer(lambda: 5) == 5
    assert workers.errors() == {"sweep: OSError": 4}
    assert len(caplog.records) == 1


def test_a_periodic_job_survives_its_errors(workers: Workers, caplog: pytest.LogCaptureFixture) -> None:
    turns: list[int] = []
    enough = workers.event()

    def turn() -> None:
        turns.append(1)
        if len(turns) >= 6:
            enough.set()
        raise KeyError("x") if len(turns) % 2 else ValueError("y")

    with caplog.at_level(logging.ERROR, "orderflow.runtime.workers"):
        handle = workers.every(0.01, "flaky", turn)
        assert enough.wait(60.0)
        handle.cancel()
        assert handle.join(60.0)
    count = len(turns)
    assert workers.errors() == {"flaky: KeyError": (count + 1) // 2, "flaky: ValueError": count // 2}
    assert len(caplog.records) == 2
    assert not handle.alive()


def test_missed_turns_are_left_out(workers: Workers) -> None:
    times: list[float] = []
    late, enough = 0.0, workers.event()

    def turn() -> None:
        nonlocal late
        times.append(time.monotonic())
        if len(times) == 1:
            workers.event().wait(0.2)
            late = time.monotonic()
        elif len(times) == 4:
            enough.set()

    begin = time.monotonic()
    handle = workers.every(0.05, "late", turn)
    assert enough.wait(60.0)
    handle.cancel()
    assert handle.join(60.0)
    assert times[0] - begin > 0.04
    assert times[3] - late > 0.08  # the next turn at once, and two periods for two more: four turns were missed


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf")])
def test_invalid_period_is_refused(workers: Workers, seconds: float) -> None:
    with pytest.raises(ValueError, match="is not a period"):
        workers.every(seconds, "x", lambda: None)


def test_stop_wakes_waiters_and_refuses_new_work() -> None:
    workers = Workers()
    ended: list[str] = []
    started = workers.event()

    def patient() -> None:
        started.set()
        assert workers.wait(60)
        ended.append("patient")

    handle = workers.spawn("patient", patient)
    workers.every(60, "rare", lambda: None)
    assert started.wait(60.0)
    begin = time.monotonic()
    assert workers.stop(40.0) == []
    assert time.monotonic() - begin < 30  # both would wait for a minute
    assert ended == ["patient"]
    assert not handle.alive()
    assert workers.stop(5.0) == []
    for call in (workers.run, workers.run_writer):
        with pytest.raises(Conflict):
            call(int)
    with pytest.raises(Conflict):
        workers.spawn("late", int)


def test_a_job_that_asks_for_work_at_the_end_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    made = Workers()
    made.spawn("late", lambda: made.wait(60.0) and made.run(int))
    assert made.stop(10.0) == []
    assert (made.errors(), caplog.text) == ({}, "")


def test_stop_finishes_the_writers_queue() -> None:
    workers = Workers()
    seen: list[int] = []
    pause = workers.event()

    def note(number: int) -> None:
        pause.wait(0.005)
        seen.append(number)

    for number in range(20):
        workers.post_writer("slow", partial(note, number))
    assert workers.stop(60.0) == []
    assert seen == list(range(20))


def test_stop_returns_the_names_of_unfinished_jobs() -> None:
    workers = Workers(threads=1)
    release = workers.event()
    workers.spawn("stubborn", workers.run, release.wait)
    workers.run_writer(lambda: None)
    begin = time.monotonic()
    left = workers.stop(0.4)
    assert 0.1 < time.monotonic() - begin < 30
    assert "pool" in left
    release.set()


def test_a_job_may_stop_the_workers() -> None:
    workers = Workers()
    answers: list[list[str]] = []
    handle = workers.spawn("quit", lambda: answers.append(workers.stop(30.0)))
    assert handle.join(60.0)
    assert answers == [[]]


def test_events_work_between_threads(workers: Workers) -> None:
    there, back = workers.event(), workers.event()

    def answer() -> None:
        if there.wait(60.0):
            back.set()

    workers.post_writer("answer", answer)
    assert not back.wait(0.01)
    there.set()
    assert back.wait(60.0)
    assert back.is_set()
    back.clear()
    assert not back.wait(0)
    assert workers.errors() == {}


def test_event_wakes_all_waiters(workers: Workers) -> None:
    flag = workers.event()
    woken: list[bool] = []
    handles = [workers.spawn("w", lambda: woken.append(flag.wait(60.0))) for _ in range(20)]
    workers.post_writer("set", flag.set)
    assert all(handle.join(60.0) for handle in handles)
    assert woken == [True] * 20


@pytest.mark.parametrize("new_lock", [plain_lock, plain_rlock])
def test_plain_lock_excludes_greenlets_and_threads(
    workers: Workers, new_lock: Callable[[], AbstractContextManager[bool]]
) -> None:
    """The load under which gevent's own locks deadlock."""
    lock = new_lock()
    count = [0]

    def work() -> None:
        for _ in range(5000):
            with lock:
                value = count[0]
                count[0] = value + 1

    handles = [workers.spawn("t", workers.run, work) for _ in range(3)] + [workers.spawn("g", work) for _ in range(3)]
    assert all(handle.join(60.0) for handle in handles)
    assert count == [30000]


def test_jobs_can_be_started_from_a_worker_thread(workers: Workers) -> None:
    done = workers.event()
    workers.run(workers.spawn, "inner", done.set)
    assert done.wait(60.0)


def test_a_thread_of_its_own_leaves_the_caller_free(workers: Workers) -> None:
    """Blocking in C stops that thread alone, and it ends when it is cancelled."""
    found: list[int] = []
    ready, lock = workers.event(), plain_lock()
    lock.acquire()

    def block() -> None:
        found.append(real_thread())
        ready.set()
        lock.acquire()
        while not workers.wait(60.0):
            raise AssertionError

    job = workers.spawn_thread("blocked", block)
    assert ready.wait(30.0)
    assert found[0] != real_thread()
    assert job.alive()
    lock.release()
    job.cancel()
    assert job.join(30.0)
    assert not workers.errors()


def test_a_thread_of_its_own_ends_with_the_workers(workers: Workers) -> None:
    job = workers.spawn_thread("waits", workers.wait, 60.0)
    assert workers.stop(30.0) == []
    assert not job.alive()
    with pytest.raises(Conflict):
        workers.spawn_thread("late", workers.wait, 60.0)


@pytest.mark.skipif(not PATCHED, reason="without greenlets there are no clients")
def test_one_client_leaves_threads_to_the_others(workers: Workers) -> None:
    """100 looks at a chart held all threads for two minutes: others waited 30 s."""
    go, found = workers.event(), list[str]()

    def ask() -> None:
        CLIENT.set("1.2.3.4")
        workers.run(go.wait, 30.0)

    crowd = [workers.spawn("one of many", ask) for _ in range(5)]
    workers.wait(0.01)
    other = workers.spawn("another", lambda: found.append(workers.run(str, 1)))
    assert other.join(60.0)
    assert found == ["1"]
    go.set()
    assert all(each.join(60.0) for each in crowd)


@not_patched
def test_this_module_and_the_bus_under_gevent() -> None:
    run_under_gevent(__file__, str(Path(__file__).with_name("test_bus.py")))
