"""At most so many at once, and so many that wait; any further one is refused.

Clients (`shares.CLIENT`) get their turns one after the other, and where too many wait, the last one of the client that
waits most makes room: so one client that logs in again and again keeps nobody else out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from orderflow.errors import Busy
from orderflow.runtime.shares import CLIENT
from orderflow.runtime.workers import Event, Workers, plain_lock


@dataclass(slots=True, eq=False)
class _Turn:
    """come: set when a slot is handed over, or when it is refused."""

    come: Event
    refused: bool = False


class Slots:
    """For greenlets and threads. most: at once. waiting: how many may wait for one, first come first served for each
    client."""

    def __init__(self, workers: Workers, most: int, waiting: int) -> None:
        self._workers = workers
        self._lock = plain_lock()
        self._free = most
        self._most_waiting = waiting
        self._waiting: dict[str, deque[_Turn]] = {}
        """By client. The first one is the next."""

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a slot. Raises Busy if too many wait."""
        client = CLIENT.get()
        turn = self._enter(client)
        if turn is not None:
            self._wait(client, turn)
        try:
            yield
        finally:
            self._leave()

    def _enter(self, client: str) -> _Turn | None:
        """None: a slot was free. Else what is set when one is handed over."""
        with self._lock:
            if self._free:
                self._free -= 1
                return None
            if self.waiting >= self._most_waiting:
                self._make_room(client)
            turn = _Turn(self._workers.event())
            self._waiting.setdefault(client, deque()).append(turn)
            return turn

    def _wait(self, client: str, turn: _Turn) -> None:
        try:
            turn.come.wait()
        except BaseException:  # ended from outside
            with self._lock:
                queue = self._waiting.get(client, deque())
                here = turn in queue
                if here:
                    queue.remove(turn)
                if here and not queue:
                    del self._waiting[client]
            if not (here or turn.refused):
                self._leave()
            raise
        if turn.refused:
            raise _busy()

    def _make_room(self, client: str) -> None:
        """Refuse the last one of the client that waits most. Raises Busy if `client` waits as much."""
        most = max(self._waiting, key=lambda each: len(self._waiting[each]), default=client)
        queue = self._waiting.get(most, deque())
        if len(queue) <= len(self._waiting.get(client, ())) + 1:
            raise _busy()
        turn = queue.pop()
        turn.refused = True
        turn.come.set()

    def _leave(self) -> None:
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            client, queue = next(iter(self._waiting.items()))
            del self._waiting[client]
            turn = queue.popleft()
            if queue:
                self._waiting[client] = queue  # behind the others
        turn.come.set()


def _busy() -> Busy:
    return Busy("too many people log in at this moment; try again", retry_after=2)
