"""Aggregation of many ticks that are not in order: every minute that they touch is computed once, for all of them.

Computing a minute anew for each few late ticks that it gets would read its other ticks again and again. Everything here
works on copies, so that the bars can be read meanwhile; `Aggregation.put` takes the result over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.bars.base_bars import BaseBars
from orderflow.market.bars.series import LevelSums, Series, joined_sums, level_sums
from orderflow.market.bars.traded import TradedMinutes
from orderflow.market.bars.updates import BarUpdate, BarUpdater
from orderflow.market.buffer import Columns, TickBuffer
from orderflow.market.frames import MINUTE

CHUNK = 32_768
"""Ticks aggregated at a time. Larger chunks spend a third of their time on page faults for new memory."""
SORTED = 1 << 20
"""Most ticks that are put in order at a time, unless one minute has more: they take about 150 B each."""
LOOSE = 1_000_000
"""Sums by level that are kept before they are joined with those before."""


class CatchUp:
    """The bars of the ticks before index `until`, made from those of the ticks before `since`.

    buffer: of the ticks, to which others may append meanwhile. minutes, traded: are copied; they have the new ticks
    after `run`. series: the bars to which the new volumes are to be added. rows: minute rows to keep. sums: the new
    volumes by (minute, level), None without any. new: what became of ticks that were counted before. late: start (ns
    UTC) of the first minute that changed by a late tick, None if none did. first_level: of the first tick, in order of
    time, of the first chunk.
    """

    def __init__(
        self,
        buffer: TickBuffer,
        updater: BarUpdater,
        minutes: BaseBars,
        traded: TradedMinutes,
        series: Mapping[str, Series],
        *,
        since: int,
        until: int,
        rows: int,
    ) -> None:
        self._buffer = buffer
        self._updater = updater
        self._rows = rows
        self.minutes = minutes.copy()
        self.traded = traded.copy()
        self.series = {name: one for name, one in series.items() if one.frame.base == MINUTE}
        self.since, self.until = since, until
        self.new = BarUpdate(Columns.empty(), np.empty(0, np.int64), since, until, updater.uses_tick_rule, flags=[])
        self.sums: LevelSums | None = None
        self.late: int | None = None
        self.first_level = 0

    def run(self) -> None:
        """Make the bars. Raises StorageFailed if ticks must be read back and the log cannot be read."""
        late = np.union1d(self._extend(), np.array(sorted(self._updater.unfinished), np.int64))
        if self._updater.deferred is not None:
            self._updater.deferred.update(late.tolist())
        elif len(late):
            self.put_in_order(late)
        if len(late):
            self.late = int(late[0])
        if self.series:
            self.sums = joined_sums(list(self._sums()))

    def put_in_order(self, starts: Ints) -> None:
        """Recompute minutes. starts: int64[k], ns UTC, ascending."""
        held = starts[starts >= self.minutes.horizon]
        self._updater.recompute(self.minutes, spans(held, self.traded), self.new, self.traded)

    def set_flags(self) -> None:
        """Set the sides that have changed of ticks that were counted before, once the bars are taken over."""
        self._updater.unfinished.clear()
        for index, flags in self.new.flags or ():
            self._buffer.set_flags(index, flags)

    def _extend(self) -> Ints:
        """Add the ticks that are in order. Returns the starts of the minutes of the others, ns UTC, ascending."""
        late: list[Ints] = []
        for begin in range(self.since, self.until, CHUNK):
            new = self._updater.take(begin, min(self.until, begin + CHUNK))
            if begin == self.since:
                self.first_level = int(new.ticks.level[0])
            self.traded.add(new.ticks.time)
            late.append(self._updater.extend(self.minutes, new))
            if len(self.minutes) > 2 * self._rows:
                self.minutes.drop_before(int(self.minutes.column("start")[-self._rows]))
        self.new.uses_tick_rule = self._updater.uses_tick_rule
        return np.unique(np.concatenate(late))

    def _sums(self) -> Iterator[LevelSums]:
        """The new volumes, and those that moved, in a few parts."""
        parts: list[LevelSums] = []
        joined = loose = 0
        for part in self._parts():
            parts.append(part)
            loose += len(part.level)
            if loose > LOOSE + joined:
                parts = [joined_sums(parts)]
                joined, loose = len(parts[0].level), 0
        yield from parts

    def _parts(self) -> Iterator[LevelSums]:
        for begin in range(self.since, self.until, CHUNK):
            ticks = self._buffer.slice(begin, min(self.until, begin + CHUNK))
            yield level_sums(ticks.time // MINUTE * MINUTE, ticks.level, ticks.size, ticks.side)
        if self.new.corrections:
            yield self.new.sums(MINUTE)


def spans(starts: Ints, traded: TradedMinutes) -> Iterator[tuple[int, int]]:
    """(start, end), ns UTC, of minutes to put in order together, ascending.

    starts: int64[k], of the minutes, ns UTC, ascending. Minutes are together if none of `traded` is between them, up to
    SORTED ticks.
    """
    if not len(starts):
        return
    place, ticks = traded.start.searchsorted(starts).tolist(), traded.ticks_in(starts).tolist()
    minutes = starts.tolist()
    first, count = 0, ticks[0]
    for at in range(1, len(minutes)):
        count += ticks[at]
        if count > SORTED or place[at] != place[at - 1] + 1:
            yield minutes[first], minutes[at - 1] + MINUTE
            first, count = at, ticks[at]
    yield minutes[first], minutes[-1] + MINUTE
