"""Group commit: one write for many waiting callers.

A commit costs the same for one tick as for a thousand, so the writer takes all waiting items, writes them in one
transaction and wakes each caller. Items that arrive meanwhile form the next group. The queue is bounded: `put` raises
Busy when it is full, and nothing is dropped.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from orderflow.errors import Busy, Conflict, StorageFailed
from orderflow.runtime.workers import Event, Workers, plain_lock

T = TypeVar("T")

_TIDY_SECONDS = 0.01


@dataclass(slots=True)
class _Waiting(Generic[T]):
    item: T
    weight: int
    then: Callable[[], None]
    done: Event
    error: Exception | None = None


class CommitQueue(Generic[T]):
    """A queue of items to be written in groups.

    write: stores items, all or none (raises StorageFailed then). tidy: one step of housekeeping, True while there is
    more to do; it runs while the queue is empty, and else for twice the time of the last write. most: the sum of
    weights that may wait. `write`, `tidy` and `then` run on the writer thread.
    """

    def __init__(self, workers: Workers, write: Callable[[list[T]], None], tidy: Callable[[], bool], most: int) -> None:
        self._workers = workers
        self._write = write
        self._step = tidy
        self._most = most
        self._lock = plain_lock()
        self._queue: list[_Waiting[T]] = []
        self._weight = 0
        self._busy = False
        self._closed = False

    @property
    def weight(self) -> int:
        """The sum of weights that wait or are being written."""
        return self._weight

    def put(self, item: T, weight: int, then: Callable[[], None]) -> None:
        """Write the item, call `then` in write order, and return after that.

        Raises Busy when the queue is full (an empty queue takes an item of any weight), StorageFailed when the item was
        not written, and what `then` raises.
        """
        waiting = _Waiting(item, weight, then, self._workers.event())
        with self._lock:
            if self._closed:
                raise StorageFailed("the tick log is closed")
            if self._weight and self._weight + weight > self._most:
                raise Busy(f"{self._weight:,} ticks wait for the disk already; try again in a second", retry_after=1)
            self._queue.append(waiting)
            self._weight += weight
            first, self._busy = not self._busy, True
        if first:
            try:
                self._workers.post_writer("tick log", self._drain)
            except Conflict:
                self._give_up()
        waiting.done.wait()
        if waiting.error is not None:
            raise waiting.error

    def tidy(self) -> None:
        """Start the housekeeping without waiting for the next write."""
        with contextlib.suppress(Conflict):  # the workers are stopping; the next start does it
            self._workers.post_writer("tidying the tick log", lambda: self._clean(time.monotonic() + _TIDY_SECONDS))

    def close(self) -> None:
        """Refuse new items; waiting items are still written."""
        with self._lock:
            self._closed = True

    def _give_up(self) -> None:
        """Fail all waiting items, because the writer is gone."""
        self.close()
        with self._lock:
            group, self._queue, self._weight = self._queue, [], 0
        for waiting in group:
            waiting.error = StorageFailed("the tick log is closed")
            waiting.done.set()

    def _drain(self) -> None:
        while True:
            with self._lock:
                group, self._queue = self._queue, []
                if not group:
                    self._busy = False
                    return
            begin = time.monotonic()
            self._commit(group)
            passed = time.monotonic() - begin
            self._clean(time.monotonic() + max(_TIDY_SECONDS, 2 * passed))

    def _commit(self, group: list[_Waiting[T]]) -> None:
        failed: Exception | None = None
        try:
            self._write([waiting.item for waiting in group])
        except Exception as error:  # any failure goes to the callers, and the queue goes on
            self._workers.note("writing the tick log", error)
            failed = error
        for waiting in group:
            if failed is not None:
                waiting.error = StorageFailed(str(failed))
                waiting.error.__cause__ = failed
            else:
                try:
                    waiting.then()
                except Exception as error:  # raised by this caller's `then`; it concerns no other caller
                    waiting.error = error
            with self._lock:
                self._weight -= waiting.weight
            waiting.done.set()

    def _clean(self, until: float) -> None:
        try:
            while self._step():
                if self._queue and time.monotonic() > until:
                    return
        except Exception as error:  # the ticks are safe; the log only loads more slowly
            self._workers.note("tidying the tick log", error)
