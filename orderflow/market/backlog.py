"""Symbols whose new ticks take long to aggregate: that is done in the background, one symbol after the other."""

from __future__ import annotations

from collections.abc import Callable

from orderflow.errors import Conflict
from orderflow.market.symbol import SymbolState
from orderflow.market.tape import Lock
from orderflow.market.windows.counting import Background


class Backlog:
    """The queue of these symbols.

    background: runs the work. lock: of the queue. find: the state of a symbol, None after a reset. done: called with
    the symbol whenever it has caught up, and whether anybody asked for its bars in vain.
    """

    def __init__(
        self,
        background: Background,
        lock: Lock,
        find: Callable[[str], SymbolState | None],
        done: Callable[[SymbolState, bool], object],
    ) -> None:
        self._background = background
        self._lock = lock
        self._find = find
        self._done = done
        self._waiting: list[str] = []
        self._running = False

    def add(self, symbol: str) -> None:
        """Have the symbol's ticks aggregated, unless it waits already."""
        with self._lock:
            if symbol in self._waiting:
                return
            self._waiting.append(symbol)
            start, self._running = not self._running, True
        if start:
            try:
                self._background(self._step)
            except Conflict:  # the server is stopping; what is in the log is aggregated at the next start
                self._running = False

    def _step(self) -> bool:
        with self._lock:
            if not self._waiting:
                self._running = False
                return False
            state = self._find(self._waiting.pop(0))
        try:
            if state is not None:
                self._done(state, state.tape.catch_up())
        except BaseException:
            with self._lock:
                self._running = False  # the next symbol that is added starts it again
            raise
        return True
