"""Ticks of one symbol that are in the log and no longer in memory."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from orderflow.errors import StorageFailed
from orderflow.market.buffer import Columns, TickBuffer

READ_RETRIES = 500
"""Retries of a log read while the log is ahead of memory, 2 ms apart."""

ReadLog = Callable[[int, int], Columns | None]


class Evicted:
    """Reads evicted ticks back.

    buffer: the ticks in memory. read_log(start, end): the symbol's logged ticks with start <= time < end (ns UTC), None
    without a log. logged: whether there is a log.
    """

    def __init__(self, symbol: str, buffer: TickBuffer, read_log: ReadLog, *, logged: bool) -> None:
        self._symbol = symbol
        self._buffer = buffer
        self._read_log = read_log
        self._logged = logged

    def __call__(self, start: int, end: int, count: int | None = None) -> Columns | None:
        """Evicted ticks with start <= time < end (ns UTC), in arrival order; None without a log.

        The log also contains the ticks in memory and, briefly, a batch that is written but not yet published. Both are
        last in arrival order. count: of the evicted ticks, if it is known. Else they are what precedes the held ones,
        as soon as the log ends with those. Raises StorageFailed if it does not within READ_RETRIES tries.
        """
        if count == 0 and self._logged:
            return Columns.empty()
        for _ in range(READ_RETRIES):
            _, held = self._buffer.between(start, end)
            logged = self._read_log(start, end)
            if logged is None:
                return None
            if (
                count is not None
                and len(logged) >= count
                and np.array_equal(logged.time[count : count + len(held)], held.time)
            ):
                return logged.take(slice(0, count))
            evicted = len(logged) - len(held)
            if evicted >= 0 and np.array_equal(logged.time[evicted:], held.time):
                return logged.take(slice(0, evicted))
            time.sleep(0.002)
        raise StorageFailed(f"the log of {self._symbol} does not end with the ticks in memory")
