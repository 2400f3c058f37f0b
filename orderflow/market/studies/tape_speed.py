"""Speed of tape: the number of recent trades, relative to the session's average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from orderflow.arrays import Floats, Ints
from orderflow.market.studies.study import Data, Option, Result, Study

SECONDS = Option("seconds", 15, "length of the window", (), 1, 86_400)

SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Speed:
    """Speed at m times, int64[m] each.

    count: trades in the window that ends at the time. trades: in the session's complete windows before it. windows:
    number of these.
    """

    count: Ints
    trades: Ints
    windows: Ints

    @property
    def ratio(self) -> Floats:
        """float64[m]: count / (trades / windows); 1.0 is the session's average. NaN while there is no average."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.trades > 0, self.count * self.windows / self.trades, np.nan)


def tape_speed(time: Ints, at: Ints, session: Ints, *, seconds: int = SECONDS.default) -> Speed:
    """Trades in the last `seconds` at each time, and in the session's windows of the same length.

    The last seconds are (at - seconds, at]. The session's windows are [start + k·seconds, start + (k + 1)·seconds),
    from the one with its first trade to the last that has ended at `at`, including those without trades. Windows before
    the first trade do not count, as the data may begin in the middle of a session.

    time: int64[n], ns UTC, ascending, all trades (also of size 0). at: int64[m], ns UTC. session: int64[m], session
    start of each `at`. Raises ValueError if seconds < 1.
    """
    if seconds < 1:
        raise ValueError("the window lasts a second at least")
    width = seconds * SECOND
    count = np.searchsorted(time, at, side="right") - np.searchsorted(time, at - width, side="right")
    opening = np.searchsorted(time, session, side="left")
    over = (at - session) // width  # windows of the session that have ended
    ended = np.searchsorted(time, session + over * width, side="left")
    begun = (time[np.minimum(opening, len(time) - 1)] - session) // width if len(time) else over
    trades = ended - opening
    return Speed(count, trades, np.where(trades > 0, over - begun, 0))


def _ticks(data: Data, **options: Any) -> Result:
    speed = tape_speed(data.time, data.time, data.session, **options)
    return Result("tick", np.arange(len(data.time)), {"count": speed.count, "ratio": speed.ratio})


STUDY = Study(
    name="tape_speed",
    title="Speed of tape",
    rule="Trades in the last seconds against the average of the session's windows of that length.",
    yields="a count and its ratio to the average",
    run=tape_speed,
    apply=_ticks,
    options=(SECONDS,),
)
