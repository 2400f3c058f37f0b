"""Time frames of klines: the sixteen intervals that Binance has, counted by open times.

Unlike `orderflow.market.frames` they know no session: all begin in UTC, weeks on Monday, months on their first day. An
open time has a number (`index`), so that also months can be counted, and the next open time is the next number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Ints
from orderflow.errors import BadInput

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_MONDAY = 4 * DAY  # the first Monday after the first of January 1970


@dataclass(frozen=True, slots=True)
class Timeframe:
    """name: as Binance writes it. ms: its length; of a month the longest. offset: of the first open time, ms."""

    name: str
    ms: int
    offset: int = 0

    @property
    def monthly(self) -> bool:
        return self.name == "1M"

    def index(self, ms: int) -> int:
        """The number of the kline that contains a time (ms UTC)."""
        return int(self.indices(np.array([ms], np.int64))[0]) if self.monthly else (ms - self.offset) // self.ms

    def indices(self, ms: Ints) -> Ints:
        """int64[n]: the numbers of the klines that contain these times."""
        if self.monthly:
            return ms.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
        return (ms - self.offset) // self.ms

    def open(self, index: int) -> int:
        """The open time (ms UTC) of a kline; it ends where the next one opens."""
        return int(self.opens(np.array([index], np.int64))[0]) if self.monthly else index * self.ms + self.offset

    def opens(self, index: Ints) -> Ints:
        """int64[n]: the open times of klines."""
        if self.monthly:
            return index.astype("datetime64[M]").astype("datetime64[ms]").astype(np.int64)
        return index * self.ms + self.offset

    def floor(self, ms: int) -> int:
        """The open time of the kline that contains a time."""
        return self.open(self.index(ms))


TIMEFRAMES = {
    frame.name: frame
    for frame in (
        Timeframe("1s", SECOND),
        *(Timeframe(f"{n}m", n * MINUTE) for n in (1, 3, 5, 15, 30)),
        *(Timeframe(f"{n}h", n * HOUR) for n in (1, 2, 4, 6, 8, 12)),
        *(Timeframe(f"{n}d", n * DAY) for n in (1, 3)),
        Timeframe("1w", 7 * DAY, _MONDAY),
        Timeframe("1M", 31 * DAY),
    )
}
"""By name, shortest first. A name is case-sensitive: 1m is a minute, 1M a month."""


def timeframe(name: str) -> Timeframe:
    """The time frame of a name. Raises BadInput, listing all."""
    found = TIMEFRAMES.get(name)
    if found is None:
        raise BadInput(f"there is no time frame {name[:20]!r}; the time frames are {', '.join(TIMEFRAMES)}")
    return found
