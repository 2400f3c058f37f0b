"""Where the klines of one symbol and time frame come from: a venue, the records, ticks, or shorter klines."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from orderflow.market.kline_columns import KlineColumns
from orderflow.market.timeframes import Timeframe
from orderflow.runtime.clock import Clock
from orderflow.storage.records.series import Series
from orderflow.workspace.klines.engine_klines import EngineKlines
from orderflow.workspace.klines.grouped import grouped
from orderflow.workspace.klines.kept_series import Backfill, KeptSeries
from orderflow.workspace.klines.recent import TOLD, RecentKlines
from orderflow.workspace.klines.stored_series import StoredBackfills, StoredSeries
from orderflow.workspace.store import Klines

MOST = 5_000
"""Klines of a page."""
MOST_PARTS = 100_000
"""Shorter klines that are read for a page."""
FIRST, LAST = 0, 2**53
MS = 10**6


class Source(Protocol):
    """Klines of one symbol and time frame. Reads in the calling thread."""

    name: str
    simulated: bool
    most: int
    """Klines of one `read` at most."""

    def read(self, start: int, end: int, limit: int, *, newest: bool) -> KlineColumns:
        """The oldest or newest klines with start <= open time < end (ms)."""

    def backfill(self) -> Backfill:
        """How far the history is filled."""

    def recent(self) -> RecentKlines:
        """The newest klines as they are now, for a stream: the same object at every call."""


class KeptSource:
    """A series that this process keeps."""

    simulated = False
    most = MOST

    def __init__(self, kept: KeptSeries, store: Klines) -> None:
        self._kept, self._store = kept, store
        self.name = kept.series.source

    def read(self, start: int, end: int, limit: int, *, newest: bool) -> KlineColumns:
        recent = self._kept.recent
        held, complete = recent.columns, recent.complete
        found = held.take((held.time >= start) & (held.time < end))
        whole = complete or (len(held) > 0 and start >= int(held.time[0]))
        if whole or (newest and len(found) >= limit):
            return found.take(slice(max(0, len(found) - limit), None) if newest else slice(0, limit))
        return self._store.read(self._kept.series.id, start=start, end=end, limit=limit, newest=newest)

    def backfill(self) -> Backfill:
        return self._kept.backfill

    def recent(self) -> RecentKlines:
        return self._kept.recent


class StoredSource:
    """A series that only the records have."""

    simulated = False
    most = MOST

    def __init__(self, series: Series, store: Klines, backfills: StoredBackfills) -> None:
        self._series, self._store, self._backfills = series, store, backfills
        self._stored: StoredSeries | None = None
        self.name = series.source

    def read(self, start: int, end: int, limit: int, *, newest: bool) -> KlineColumns:
        return self._store.read(self._series.id, start=start, end=end, limit=limit, newest=newest)

    def backfill(self) -> Backfill:
        return self._backfills.of(self._store.get(self._series.id))

    def recent(self) -> RecentKlines:
        if self._stored is None:
            self._stored = StoredSeries(self._store, self._series)
        self._stored.refresh()
        return self._stored.recent


class EngineSource:
    """Klines of ticks."""

    most = MOST

    def __init__(self, symbol: str, frame: Timeframe, engine: EngineKlines, clock: Clock) -> None:
        self._symbol, self._frame, self._engine, self._clock = symbol, frame, engine, clock
        self._recent: RecentKlines | None = None
        self._version: object = None
        self._epoch = ""
        self.simulated = engine.is_made(symbol)
        self.name = f"ticks of {symbol}" + (", SIMULATED" if self.simulated else "")

    def read(self, start: int, end: int, limit: int, *, newest: bool) -> KlineColumns:
        read = self._engine.newest if newest else self._engine.oldest
        return read(self._symbol, self._frame, start, end, limit, self._clock.now() // MS)

    def backfill(self) -> Backfill:
        first, last = self._engine.bounds(self._symbol)
        return Backfill("done", self._frame.floor(first), self._frame.floor(last))

    def recent(self) -> RecentKlines:
        (epoch, revision), second = self._engine.version(self._symbol), self._clock.now() // 10**9
        version = epoch, revision, second
        if self._recent is None or epoch != self._epoch:  # after a reset nothing of before counts
            number = 1 if self._recent is None else self._recent.version + 1
            newest = self.read(FIRST, LAST, TOLD, newest=True)
            self._recent, self._epoch = RecentKlines(newest, complete=False, version=number), epoch
        elif version != self._version:
            self._recent.merge(self.read(FIRST, LAST, TOLD, newest=True))
        self._version = version
        return self._recent


class DerivedSource:
    """Klines put together from shorter ones of a venue. One that began before those are held is left out."""

    simulated = False

    def __init__(self, parts: Source, part: Timeframe, frame: Timeframe) -> None:
        self._parts, self._part, self._frame = parts, part, frame
        self._recent: RecentKlines | None = None
        self._version = 0
        self.most = max(1, min(MOST, MOST_PARTS * part.ms // frame.ms - 1))
        self.name = f"{parts.name}, from {part.name}"

    def read(self, start: int, end: int, limit: int, *, newest: bool) -> KlineColumns:
        frame, known = self._frame, self._parts.recent().columns
        backfill = self._parts.backfill()
        if not len(known) or backfill.begin is None:
            return KlineColumns.empty()
        first = frame.index(max(start, backfill.begin) - 1) + 1
        last = frame.index(min(end - 1, int(known.time[-1])))
        if newest:
            first = max(first, last - limit + 1)
        else:
            last = min(last, first + limit - 1)
        if last < first:
            return KlineColumns.empty()
        count = (last - first + 1) * frame.ms // self._part.ms
        found = self._parts.read(frame.open(first), frame.open(last + 1), count, newest=newest)
        made = grouped(found, frame, self._part, int(known.time[-1]))
        return made if backfill.state == "done" else _open_where_missing(made, frame, backfill)

    def backfill(self) -> Backfill:
        return self._parts.backfill()

    def recent(self) -> RecentKlines:
        version = self._parts.recent().version
        if self._recent is None:
            self._recent = RecentKlines(self.read(FIRST, LAST, TOLD, newest=True), complete=False)
        elif version != self._version:
            self._recent.merge(self.read(FIRST, LAST, TOLD, newest=True))
        self._version = version
        return self._recent


def _open_where_missing(klines: KlineColumns, frame: Timeframe, backfill: Backfill) -> KlineColumns:
    """Klines of which a part may still be filled, as not closed."""
    ends = frame.opens(frame.indices(klines.time) + 1)
    closed = klines.closed.copy()
    for begin, end in backfill.missing:
        closed &= (ends <= begin) | (klines.time >= end)
    return replace(klines, closed=closed)
