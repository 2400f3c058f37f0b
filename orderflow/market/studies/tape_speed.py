"""Speed of tape: how many trades came just now, against what is usual in this session."""

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
    """For m moments, int64[m] each: `count` trades in the window that ends then; `trades` in `windows` whole windows of
    the session before it."""

    count: Ints
    trades: Ints
    windows: Ints

    @property
    def ratio(self) -> Floats:
        """float64[m]: count / (trades / windows), 1.0 being the session's average; NaN while there is no average."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.trades > 0, self.count * self.windows / self.trades, np.nan)


def tape_speed(time: Ints, at: Ints, session: Ints, *, seconds: int = SECONDS.default) -> Speed:
    """Trades of the last `seconds` at each moment, and of the session's windows to compare with.

    The last seconds are (at - seconds, at]. The session's windows are [start + k·seconds, start + (k + 1)·seconds),
    from the one that holds its first trade to the last that is over at `at`; those without trades count too. Before
    the first trade nothing is known of the session, so no window counts (a file that begins at noon is not slow).

    time: int64[n] ns, ascending, every trade (of size 0 too). at: int64[m] ns. session: int64[m], start of each
    moment's session.
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
