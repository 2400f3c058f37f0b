"""At most so many at once, and so many that wait; any further one is refused."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from orderflow.errors import Busy
from orderflow.runtime.workers import Event, Workers, plain_lock


class Slots:
    """For greenlets and threads. most: at once. waiting: how many may wait for one, first come first served."""

    def __init__(self, workers: Workers, most: int, waiting: int) -> None:
        self._workers = workers
        self._lock = plain_lock()
        self._free = most
        self._most_waiting = waiting
        self._waiting: deque[Event] = deque()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a slot. Raises Busy if too many wait."""
        turn = self._enter()
        if turn is not None:
            turn.wait()
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> Event | None:
        """None: a slot was free. Else what is set when one is handed over."""
        with self._lock:
            if self._free:
                self._free -= 1
                return None
            if len(self._waiting) >= self._most_waiting:
                raise Busy("too many people log in at this moment; try again", retry_after=2)
            turn = self._workers.event()
            self._waiting.append(turn)
            return turn

    def _leave(self) -> None:
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            turn = self._waiting.popleft()
        turn.set()
