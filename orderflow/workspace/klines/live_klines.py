"""The klines that a server has: those it keeps of a venue, those in the records, and those of the ticks it holds."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from orderflow.errors import BadInput, NotFound
from orderflow.market.kline_columns import KlineColumns
from orderflow.market.ticks import is_simulated
from orderflow.market.timeframes import TIMEFRAMES, Timeframe, timeframe
from orderflow.runtime.clock import Clock
from orderflow.storage.records.series import Series, SeriesKey
from orderflow.workspace.klines.engine_klines import EngineKlines
from orderflow.workspace.klines.kept_series import Backfill, KeptSeries
from orderflow.workspace.klines.recent import TOLD, RecentKlines
from orderflow.workspace.klines.stored_series import StoredSeries, stored_backfill
from orderflow.workspace.klines.venue_klines import VenueKlines
from orderflow.workspace.store import KLINES, PUBLIC, Klines

MOST = 5_000
"""Klines of a page."""
FIRST, LAST = 0, 2**53
MS = 10**6


@dataclass(frozen=True, slots=True)
class Page:
    """klines ascend. cursor: of the next page, None on the last. source: where they come from, in words."""

    klines: KlineColumns
    cursor: str | None
    backfill: Backfill
    source: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """Klines that there are. first, last: ms, None without any. rows: None where they are not counted."""

    symbol: str
    timeframes: Sequence[str]
    source: str
    simulated: bool
    first: int | None
    last: int | None
    state: str


class Source(Protocol):
    """Klines of one symbol and time frame. Reads in the calling thread."""

    name: str
    simulated: bool

    def read(self, start: int, end: int, limit: int, *, newest: bool) -> KlineColumns:
        """The oldest or newest klines with start <= open time < end (ms)."""

    def backfill(self) -> Backfill:
        """How far the history is filled."""

    def recent(self) -> RecentKlines:
        """The newest klines as they are now, for a stream: the same object at every call."""


class _Kept:
    simulated = False

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


class _Stored:
    simulated = False

    def __init__(self, series: Series, store: Klines, clock: Clock) -> None:
        self._series, self._store, self._clock = series, store, clock
        self._stored: StoredSeries | None = None
        self.name = series.source

    def read(self, start: int, end: int, limit: int, *, newest: bool) -> KlineColumns:
        return self._store.read(self._series.id, start=start, end=end, limit=limit, newest=newest)

    def backfill(self) -> Backfill:
        return stored_backfill(self._store, self._store.get(self._series.id), self._clock.now())

    def recent(self) -> RecentKlines:
        if self._stored is None:
            self._stored = StoredSeries(self._store, self._series)
        self._stored.refresh()
        return self._stored.recent


class _Engine:
    def __init__(self, symbol: str, frame: Timeframe, engine: EngineKlines, clock: Clock) -> None:
        self._symbol, self._frame, self._engine, self._clock = symbol, frame, engine, clock
        self._recent: RecentKlines | None = None
        self._version: object = None
        self._epoch = ""
        self.simulated = is_simulated(symbol)
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


class LiveKlines:
    """All klines, for readers in any thread. Raises StorageFailed."""

    def __init__(self, venue: VenueKlines, engine: EngineKlines, store: Klines, clock: Clock) -> None:
        self.venue = venue
        self._engine, self._store, self._clock = engine, store, clock

    def source(self, symbol: str, frame: str) -> Source:
        """Where the klines of a symbol come from. Raises BadInput for an unknown time frame, NotFound."""
        found = timeframe(frame)
        kept = self.venue.kept(symbol, frame)
        if kept is not None:
            return _Kept(kept, self._store)
        if self._engine.has(symbol):
            return _Engine(symbol, found, self._engine, self._clock)
        series = self._store.find(SeriesKey(PUBLIC, KLINES, symbol, frame))
        if series is not None:
            return _Stored(series, self._store, self._clock)
        if self._engine.has(self.ticks_of(symbol)):
            return _Engine(self.ticks_of(symbol), found, self._engine, self._clock)
        raise NotFound(self._unknown(symbol, frame))

    def page(
        self,
        symbol: str,
        frame: str,
        *,
        start: int | None = None,
        end: int | None = None,
        limit: int = 500,
        cursor: str | None = None,
    ) -> Page:
        """A page of klines with start <= open time < end (ms): the newest ones, and older ones on the next page; with
        `start` the oldest, and later ones on the next page.

        Raises BadInput, also for a cursor of another series, NotFound.
        """
        source = self.source(symbol, frame)
        newest = start is None
        low, high = FIRST if start is None else start, LAST if end is None else end
        if start is not None and end is not None and start >= end:
            raise BadInput("start must be before end")
        if cursor is not None:
            at = read_cursor(cursor, symbol, frame, newest=newest)
            low, high = (low, min(high, at)) if newest else (max(low, at), high)
        found = source.read(low, high, limit + 1, newest=newest)
        more = len(found) > limit
        shown = found.take(slice(-limit, None) if newest else slice(0, limit))
        following = None
        if more:
            time = int(shown.time[0]) if newest else int(found.time[-1])
            following = make_cursor(symbol, frame, time, newest=newest)
        return Page(shown, following, source.backfill(), source.name, source.simulated)

    def offers(self) -> list[Offer]:
        """All klines that there are: the venue's, then those of ticks."""
        stored = {(s.key.name, s.key.timeframe): s for s in self._store.list(PUBLIC, KLINES)}
        wanted = [(pair, frame.name) for pair, frame in self.venue.wanted]
        offers = []
        for pair, frame in [*wanted, *(key for key in stored if key not in wanted)]:
            series = stored.get((pair, frame))
            first, last = (None, None) if series is None else (series.first, series.last)
            state = self.venue.backfill(pair, frame).state
            offers.append(Offer(pair, [frame], self.venue.venue.facts.name, False, first, last, state))
        for info in self._engine.symbols():
            simulated = is_simulated(info.symbol)
            words = f"ticks of {info.symbol}" + (", SIMULATED" if simulated else "")
            offers.append(
                Offer(info.symbol, [*TIMEFRAMES], words, simulated, info.first // MS, info.last // MS, "done")
            )
        return offers

    def ticks_of(self, symbol: str) -> str:
        """The series of ticks that a pair of the venue has."""
        return f"{self.venue.venue.facts.name}:{symbol}"

    def _unknown(self, symbol: str, frame: str) -> str:
        kept = [name for pair, each in self.venue.wanted if pair == symbol for name in [each.name]]
        if kept:
            return f"klines of {symbol} are kept in {', '.join(kept)}, not in {frame}: add {symbol}:{frame} to KLINES"
        return f"there are no klines of {symbol[:60]!r}; GET /data/klines lists those that there are"


def make_cursor(symbol: str, frame: str, time: int, *, newest: bool) -> str:
    """The cursor of a page that ends before, or begins at, an open time (ms)."""
    return f"{_tag(symbol, frame)}{'b' if newest else 'a'}{time}"


def read_cursor(cursor: str, symbol: str, frame: str, *, newest: bool) -> int:
    """The open time (ms) of a cursor. Raises BadInput if it is none, or of another series or order."""
    match = re.fullmatch(r"([0-9a-f]{8})([ab])([0-9]{1,15})", cursor)
    if match is None:
        raise BadInput("cursor must be the next_cursor of a page")
    if match[1] != _tag(symbol, frame):
        raise BadInput(f"cursor is of another series than {symbol[:60]} {frame}")
    if (match[2] == "b") != newest:
        raise BadInput("cursor is of a page that was asked for " + ("with start" if newest else "without start"))
    return int(match[3])


def _tag(symbol: str, frame: str) -> str:
    return hashlib.blake2s(f"{symbol}\n{frame}".encode(), digest_size=4).hexdigest()
