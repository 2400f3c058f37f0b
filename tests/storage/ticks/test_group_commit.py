"""The commit queue alone: sharing, order, limits, errors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from orderflow.errors import Busy, StorageFailed
from orderflow.runtime.workers import Event, Handle, Workers
from orderflow.storage.ticks.group_commit import CommitQueue


class Disk:
    """Writes into a list while `open` is set; fails for "bad"."""

    def __init__(self, workers: Workers) -> None:
        self.open = workers.event()
        self.open.set()
        self.busy = workers.event()
        self.groups: list[list[str]] = []
        self.threads: set[int] = set()
        self.steps = 0

    def write(self, items: list[str]) -> None:
        self.threads.add(threading.get_native_id())
        self.busy.set()
        self.open.wait()
        if "bad" in items:
            raise StorageFailed("no space left")
        if "odd" in items:
            raise ZeroDivisionError("odd")
        self.groups.append(items)

    def tidy(self) -> bool:
        self.steps += 1
        if self.steps % 10 == 9:
            raise StorageFailed("no space to tidy")
        return self.steps % 3 != 0


def make(workers: Workers, most: int = 100) -> tuple[CommitQueue[str], Disk]:
    disk = Disk(workers)
    return CommitQueue(workers, disk.write, disk.tidy, most), disk


def start(workers: Workers, queue: CommitQueue[str], item: str, told: list[str]) -> tuple[Handle, list[Exception]]:
    errors: list[Exception] = []

    def call() -> None:
        try:
            queue.put(item, 1, partial(told.append, item))
        except Exception as error:
            errors.append(error)

    return workers.spawn(item, call), errors


def waiting(queue: CommitQueue[str], pause: Event, weight: int) -> None:
    while queue.weight < weight:
        pause.wait(0.001)


def test_calls_during_a_write_share_the_next_one(workers: Workers) -> None:
    queue, disk = make(workers)
    told: list[str] = []
    disk.open.clear()
    calls = [start(workers, queue, "first", told)]
    assert disk.busy.wait(60.0)
    for number in range(20):
        calls.append(start(workers, queue, str(number), told))
        waiting(queue, workers.event(), number + 2)
    assert told == []
    disk.open.set()
    assert all(handle.join(60.0) for handle, _ in calls)
    assert disk.groups == [["first"], [str(number) for number in range(20)]]
    assert told == ["first", *map(str, range(20))]
    assert len(disk.threads) == 1
    assert queue.weight == 0


def test_failed_write_fails_only_its_own_calls(workers: Workers) -> None:
    queue, disk = make(workers)
    told: list[str] = []
    disk.open.clear()
    before = start(workers, queue, "before", told)
    assert disk.busy.wait(60.0)
    within = []
    for number, item in enumerate(("a", "bad", "c")):
        within.append(start(workers, queue, item, told))
        waiting(queue, workers.event(), number + 2)
    disk.open.set()
    assert all(handle.join(60.0) for handle, _ in (before, *within))
    queue.put("after", 1, partial(told.append, "after"))
    assert told == ["before", "after"]
    assert before[1] == []
    assert [str(errors[0]) for _, errors in within] == ["no space left"] * 3
    assert len({id(errors[0]) for _, errors in within}) == 3
    assert queue.weight == 0


@pytest.mark.parametrize(("item", "text"), [("bad", "no space left"), ("odd", "odd")])
def test_any_error_of_a_write_is_a_storage_failure(workers: Workers, item: str, text: str) -> None:
    queue, _ = make(workers)
    with pytest.raises(StorageFailed, match=text):
        queue.put(item, 1, pytest.fail)
    assert list(workers.errors().values()) == [1]


def test_errors_of_then_affect_only_their_call(workers: Workers) -> None:
    queue, disk = make(workers)
    told: list[str] = []

    def bad() -> None:
        raise ValueError("mine")

    disk.open.clear()
    first = start(workers, queue, "first", told)
    assert disk.busy.wait(60.0)
    caught: list[Exception] = []

    def call() -> None:
        with pytest.raises(ValueError, match="mine") as error:
            queue.put("second", 1, bad)
        caught.append(error.value)

    second = workers.spawn("second", call)
    waiting(queue, workers.event(), 2)
    third = start(workers, queue, "third", told)
    waiting(queue, workers.event(), 3)
    disk.open.set()
    assert all(handle.join(60.0) for handle in (first[0], second, third[0]))
    assert told == ["first", "third"]
    assert len(caught) == 1


def test_full_queue_raises_busy_with_retry_after_and_drops_nothing(workers: Workers) -> None:
    queue, disk = make(workers, most=3)
    told: list[str] = []
    disk.open.clear()
    calls = [start(workers, queue, "0", told)]
    assert disk.busy.wait(60.0)
    for number in (1, 2):
        calls.append(start(workers, queue, str(number), told))
        waiting(queue, workers.event(), number + 1)
    with pytest.raises(Busy) as error:
        queue.put("too much", 1, pytest.fail)
    assert error.value.retry_after == 1
    disk.open.set()
    assert all(handle.join(60.0) for handle, _ in calls)
    assert told == ["0", "1", "2"]
    queue.put("again", 1, partial(told.append, "again"))
    assert told[-1] == "again"


def test_an_item_too_heavy_for_any_queue_is_taken_by_an_empty_one(workers: Workers) -> None:
    queue, disk = make(workers, most=3)
    queue.put("heavy", 1000, lambda: None)
    assert disk.groups == [["heavy"]]


def test_close_writes_the_queue_and_refuses_new_calls(workers: Workers) -> None:
    queue, disk = make(workers)
    told: list[str] = []
    disk.open.clear()
    calls = [start(workers, queue, "0", told)]
    assert disk.busy.wait(60.0)
    calls.append(start(workers, queue, "1", told))
    waiting(queue, workers.event(), 2)
    queue.close()
    with pytest.raises(StorageFailed, match="closed"):
        queue.put("2", 1, pytest.fail)
    disk.open.set()
    assert all(handle.join(60.0) for handle, _ in calls)
    assert told == ["0", "1"]


def test_calls_do_not_hang_without_a_writer() -> None:
    workers = Workers()
    queue, _ = make(workers)
    workers.stop()
    put: Callable[[], None] = partial(queue.put, "late", 1, pytest.fail)
    for _ in range(2):
        with pytest.raises(StorageFailed, match="closed"):
            put()


def test_errors_of_tidying_are_logged_and_affect_no_call(workers: Workers) -> None:
    queue, disk = make(workers)
    for number in range(30):
        queue.put(str(number), 1, lambda: None)
    workers.run_writer(bool)
    assert len(disk.groups) == 30
    assert workers.errors().keys() == {"tidying the tick log: StorageFailed"}
    queue.tidy()
    workers.run_writer(bool)
