"""Gives memory back to the operating system after large bodies and answers, and when the last socket has left.

A new server (228 MB) had 293, 336 and 342 MB after three bodies of 15 MB with bad rows, and 232, 237 and 243 MB with
this and with Arrow's memory from the C library (`orderflow.__main__`).
"""

from __future__ import annotations

import contextlib

from orderflow.errors import Conflict
from orderflow.runtime.memory import give_back
from orderflow.runtime.workers import Workers

DELAY = 0.5
"""Seconds until memory is given back, once for all that ends meanwhile."""


class GiveBack:
    """A function that gives freed memory back in a worker thread, a moment later. For the hub's thread."""

    def __init__(self, workers: Workers, delay: float = DELAY) -> None:
        self._workers = workers
        self._delay = delay
        self._waits = False

    def __call__(self) -> None:
        if self._waits:
            return
        with contextlib.suppress(Conflict):  # the server is stopping
            self._workers.spawn("give memory back", self._later)
            self._waits = True

    def _later(self) -> None:
        ends = self._workers.wait(self._delay)
        self._waits = False
        if not ends:
            self._workers.run(give_back)
