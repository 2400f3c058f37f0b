"""Bounds how many files are read and stored at a time, in threads of their own: the worker threads stay free.

A client is an address (`shares.CLIENT`), from which several users may come.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from orderflow.errors import Busy
from orderflow.runtime.memory import give_back
from orderflow.runtime.shares import CLIENT
from orderflow.runtime.workers import Workers, plain_lock

T = TypeVar("T")
AT_ONCE, AT_ONCE_OF_A_CLIENT = 3, 2
MOST_WAITING = 16
MOST_OF_A_CLIENT, MOST_OF_A_USER = 12, 4
"""Files of a client, and of a user, that are read or wait for it."""


class Slots:
    """Runs at most AT_ONCE functions at a time; the others wait in order.

    A client uses AT_ONCE_OF_A_CLIENT lanes, so that one alone leaves a lane to the others. apart: all that a user runs
    is in one lane, so that one user leaves a lane to those of the same address.
    """

    def __init__(self, workers: Workers, *, apart: bool = False) -> None:
        self._workers = workers
        self._apart = apart
        self._lock = plain_lock()
        self._lanes = [workers.lock() for _ in range(AT_ONCE)]
        self._waiting = [0] * AT_ONCE
        self._users: Counter[str] = Counter()
        self._clients: Counter[tuple[str, int]] = Counter()
        """By client and lane."""
        self._places: dict[str, int] = {}

    def run(self, user: str, fn: Callable[[], T]) -> T:
        """Run `fn` in a thread of its own, and return its result or raise its error. Raises Busy if too many wait."""
        with self._lane(user):
            return self._in_thread(fn)

    @contextmanager
    def _lane(self, user: str) -> Iterator[None]:
        client = CLIENT.get()
        with self._lock:
            lanes = self._lanes_of(client)
            mine = sum(self._clients[client, lane] for lane in lanes)
            if sum(self._waiting) >= MOST_WAITING or mine >= MOST_OF_A_CLIENT or self._users[user] >= MOST_OF_A_USER:
                raise Busy("the server is reading as many uploads as it can; try again", retry_after=5)
            place = min(lanes, key=lambda lane: self._waiting[lane])
            if self._apart:
                place = self._places.setdefault(user, place)
            self._waiting[place] += 1
            self._users[user] += 1
            self._clients[client, place] += 1
        try:
            with self._lanes[place]:
                yield
        finally:
            with self._lock:
                self._waiting[place] -= 1
                self._users[user] -= 1
                self._clients -= Counter([(client, place)])
                if not self._users[user]:
                    del self._users[user]
                    self._places.pop(user, None)

    def _lanes_of(self, client: str) -> list[int]:
        """The lanes that a client may use: those that it uses, and others up to AT_ONCE_OF_A_CLIENT."""
        used = [lane for lane in range(AT_ONCE) if self._clients[client, lane]]
        free = sorted(set(range(AT_ONCE)) - set(used), key=lambda lane: self._waiting[lane])
        return used + free[: max(0, AT_ONCE_OF_A_CLIENT - len(used))]

    def _in_thread(self, fn: Callable[[], T]) -> T:
        done = self._workers.event()
        results: list[T] = []
        errors: list[BaseException] = []

        def work() -> None:
            try:
                results.append(fn())
            except BaseException as error:  # the caller gets it, whatever it is
                _forget_locals(error)
                errors.append(error)
            give_back()  # a file that was sent before has no body whose end would do it
            done.set()

        self._workers.spawn_thread("upload", work)
        done.wait()
        if errors:
            raise errors.pop()
        return results[0]


def _forget_locals(error: BaseException | None) -> None:
    """Let go of what the functions that an error has left still hold, such as a whole table: a cycle may keep it."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
