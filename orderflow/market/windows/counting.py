"""Passes over the log that are too long for a request: made in the background, one at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from orderflow.errors import OrderflowError
from orderflow.market.bars.checkpoints import Checkpoints, Kept
from orderflow.market.symbol import SymbolState
from orderflow.market.tape import Lock, Tape
from orderflow.market.windows.reach import AT_ONCE, extend, missing, newest_minute, session_passes

Background = Callable[[Callable[[], bool]], Any]
"""Calls a function again and again beside the callers until it returns False. Each call takes about 50 ms."""


K = TypeVar("K", bound=Kept)


@dataclass(frozen=True, slots=True)
class Work(Generic[K]):
    """How checkpoints of one kind are made: `reach.missing` and `reach.extend`, or the same of another kind."""

    missing: Callable[[Tape, K, int], int]
    extend: Callable[[SymbolState, K, int], bool]


CHECKPOINTS: Work[Checkpoints] = Work(missing, extend)
MAX_WAITING = 16
"""Most passes that wait; further ones are refused, and asked for again by the next request."""


class Counting:
    """The queue of passes.

    background: runs them; None: each is made at once, by the caller. lock: of the queue. done: called with the symbol
    after each.
    """

    def __init__(self, background: Background | None, lock: Lock, done: Callable[[SymbolState], object]) -> None:
        self._background = background
        self._lock = lock
        self._done = done
        self._waiting: deque[tuple[SymbolState, Any, int, Work[Any]]] = deque()
        self._running = False

    def at_once(self) -> Counting:
        """The same for a caller that waits."""
        return Counting(None, self._lock, self._done)

    def prepare(self, state: SymbolState) -> None:
        """Have the totals of a long newest session made in the background, before a window needs them."""
        newest = newest_minute(state.tape)
        if self._background is not None and len(state.tape.traded):
            found = session_passes(state, int(state.tape.session.start_of(np.array([newest]))[0]))
            if missing(state.tape, found, newest) > AT_ONCE:
                self.complete(state, found, newest, CHECKPOINTS)

    def complete(self, state: SymbolState, found: K, until: int, work: Work[K]) -> bool:
        """Have checkpoints made up to `until` (ns UTC). True if they are there, False if they will be."""
        if self._background is None:
            while work.extend(state, found, until):
                pass
            return True
        with self._lock:
            if all(found is not waiting for _, waiting, *_ in self._waiting) and len(self._waiting) < MAX_WAITING:
                self._waiting.append((state, found, until, work))
            start, self._running = not self._running, True
        if start:
            self._background(self._step)
        return False

    def _step(self) -> bool:
        with self._lock:
            if not self._waiting:
                self._running = False
                return False
            state, found, until, work = self._waiting[0]
        try:
            more = work.extend(state, found, until)
        except Exception as error:  # a request that asks for the pass tells it
            found.error, more = str(error), False
        if not more:
            with self._lock:
                self._waiting.popleft()
            self._done(state)
        return True


def ready(
    state: SymbolState,
    found: K,
    until: int,
    further: int,
    counting: Counting,
    work: Work[K],
) -> bool:
    """Have checkpoints up to `until` (ns UTC), with a short pass made now.

    False if a long one is under way, or the checkpoints were discarded meanwhile. further: up to where a long pass goes
    on. Raises OrderflowError if the pass cannot be made.
    """
    error, found.error = found.error, None
    if error is not None:  # the next request tries again
        raise OrderflowError(error)
    if work.missing(state.tape, found, until) > AT_ONCE and not counting.complete(state, found, further, work):
        return False
    while work.extend(state, found, until):
        pass
    return not found.gone
