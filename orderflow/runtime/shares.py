"""Bounds how much of a thread pool one client may use at a time, so that no client keeps it from the others.

The web sets `CLIENT` for each request. What a client has beyond its share waits in order; others go past it. What
nobody wants any more when its turn comes is left out: see `WANTED`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from orderflow.errors import Busy

CLIENT: ContextVar[str] = ContextVar("client", default="")
"""For whom the present greenlet works: the address of a client; "" for the server itself, which has no bound."""
WANTED: ContextVar[Callable[[], object]] = ContextVar("wanted", default=lambda: True)
"""Says whether anybody still waits for the work of the present greenlet."""


class Event(Protocol):
    """Wakes one greenlet."""

    def set(self) -> object: ...

    def wait(self) -> object: ...


class Shares:
    """For the greenlets of one hub. most: places that one client may have. new_event: makes an event for a greenlet."""

    def __init__(self, most: int, new_event: Callable[[], Event]) -> None:
        self._new_event = new_event
        self._most = most
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[Event]] = {}

    @contextmanager
    def take(self, client: str) -> Iterator[None]:
        """Wait for a place, and have it while the context lasts. Raises Busy if the work is not wanted by then."""
        if self._held[client] < self._most:
            self._held[client] += 1
        else:
            self._wait(client)
        try:
            if not WANTED.get()():
                raise Busy("nobody waits for this any more")
            yield
        finally:
            self._pass_on(client)

    def _wait(self, client: str) -> None:
        given, queue = self._new_event(), self._waiting.setdefault(client, deque())
        queue.append(given)
        try:
            given.wait()
        except BaseException:  # ended from outside
            if given in queue:
                queue.remove(given)
            else:
                self._pass_on(client)
            raise

    def _pass_on(self, client: str) -> None:
        """Give a place to the next that waits, or back."""
        queue = self._waiting.get(client)
        if queue:
            queue.popleft().set()
            return
        self._waiting.pop(client, None)
        self._held[client] -= 1
        if not self._held[client]:
            del self._held[client]
