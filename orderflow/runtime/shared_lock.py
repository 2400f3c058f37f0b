"""A reentrant lock shared by threads and greenlets, for state that both hold for longer than a few statements.

`threading.RLock` does not work under gevent: the patched one loses wake-ups between threads and greenlets, and the
plain one is owned by a thread, so it admits two greenlets of one thread together and blocks the hub while a thread
holds it.

`orderflow.runtime.workers` provides the identity of the caller and the way to wait.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Waiter(Protocol):
    """Blocks one thread or greenlet until it is woken."""

    def wake(self) -> object: ...

    def wait(self, timeout: float | None) -> bool:
        """Whether it was woken within `timeout` seconds."""


class SharedRLock:
    """A reentrant lock, used as a context manager. It may be held while waiting for something else.

    guard: a plain lock, held for a few statements at a time. me: returns the caller's identity, the current greenlet
    (every thread has one). new_waiter: returns a way for the caller to wait. The longest waiter is woken first, and
    acquires the lock unless another caller was quicker.
    """

    def __init__(
        self, guard: AbstractContextManager[Any], me: Callable[[], object], new_waiter: Callable[[], Waiter]
    ) -> None:
        self._guard = guard
        self._me = me
        self._new_waiter = new_waiter
        self._owner: object = None
        self._depth = 0
        self._waiting: deque[Waiter] = deque()

    def __enter__(self) -> None:
        self.acquire()

    def acquire(self, seconds: float | None = None) -> bool:
        """Wait for the lock; False if it could not be had within `seconds` (None: wait for ever)."""
        until: float | None = None
        me = self._me()
        while True:
            with self._guard:
                if self._owner is None or self._owner is me:
                    self._owner = me
                    self._depth += 1
                    return True
                waiter = self._new_waiter()
                self._waiting.append(waiter)
            try:
                if seconds is not None:
                    until = time.monotonic() + seconds if until is None else until
                    seconds = max(0.0, until - time.monotonic())
                woken = waiter.wait(seconds)
            except BaseException:  # killed while waiting
                self._leave(waiter)
                raise
            if not woken:
                self._leave(waiter)
                return False

    def __exit__(self, *error: object) -> None:
        self.release()

    def _leave(self, waiter: Waiter) -> None:
        """Wait no more; a wake-up that was meant for it is passed to the next."""
        with self._guard:
            given = waiter not in self._waiting
            if not given:
                self._waiting.remove(waiter)
        if given:
            self._wake_next()

    def release(self) -> None:
        """Give the lock back."""
        with self._guard:
            self._depth -= 1
            if self._depth:
                return
            self._owner = None
        self._wake_next()

    def _wake_next(self) -> None:
        if not self._waiting:  # a caller from now on finds the lock free
            return
        with self._guard:
            waiter = self._waiting.popleft() if self._waiting else None
        if waiter is not None:
            waiter.wake()
