"""A reentrant lock between threads and greenlets, for state that both work on for longer than a few statements.

`threading.RLock` is none under gevent: the patched one forgets to wake threads that wait for greenlets, and the plain
one belongs to a thread, so it lets two greenlets of one thread in together and stops all of them while a thread has it.

It knows neither threads nor greenlets itself: `orderflow.runtime.workers` gives it what tells them apart and
lets them wait.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Waiter(Protocol):
    """One party's wait."""

    def wake(self) -> object: ...

    def wait(self, timeout: float | None) -> object: ...


class SharedRLock:
    """What `threading.RLock` is as a context manager. It may be held while waiting for something else.

    guard: a plain lock that is held for a few statements at a time. me: whoever calls, the same object each time (a
    greenlet: every thread has one). new_waiter: how whoever calls can wait. Whoever has waited longest is woken, and
    goes in unless somebody else was quicker.
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
        me = self._me()
        while True:
            with self._guard:
                if self._owner is None or self._owner is me:
                    self._owner = me
                    self._depth += 1
                    return
                waiter = self._new_waiter()
                self._waiting.append(waiter)
            try:
                waiter.wait(None)
            except BaseException:  # killed while waiting: the turn that it may have been given goes to the next
                with self._guard:
                    given = waiter not in self._waiting
                    if not given:
                        self._waiting.remove(waiter)
                if given:
                    self._wake_next()
                raise

    def __exit__(self, *error: object) -> None:
        with self._guard:
            self._depth -= 1
            if self._depth:
                return
            self._owner = None
        self._wake_next()

    def _wake_next(self) -> None:
        if not self._waiting:  # who comes from now on finds it free
            return
        with self._guard:
            waiter = self._waiting.popleft() if self._waiting else None
        if waiter is not None:
            waiter.wake()
