"""The klines that a server has: those it keeps of a venue, those in the records, and those of the ticks it holds."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from orderflow.errors import BadInput, NotFound
from orderflow.market.kline_columns import KlineColumns
from orderflow.market.timeframes import TIMEFRAMES, Timeframe, timeframe
from orderflow.runtime.clock import Clock
from orderflow.storage.records.series import SeriesKey
from orderflow.workspace.klines.engine_klines import EngineKlines
from orderflow.workspace.klines.kept_series import Backfill
from orderflow.workspace.klines.sources import (
    FIRST,
    LAST,
    MS,
    DerivedSource,
    EngineSource,
    KeptSource,
    Source,
    StoredSource,
)
from orderflow.workspace.klines.stored_series import StoredBackfills
from orderflow.workspace.klines.venue_klines import VenueKlines
from orderflow.workspace.store import KLINES, PUBLIC, Klines


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


class LiveKlines:
    """All klines, for readers in any thread. Raises StorageFailed."""

    def __init__(self, venue: VenueKlines, engine: EngineKlines, store: Klines, clock: Clock) -> None:
        self.venue = venue
        self._engine, self._store, self._clock = engine, store, clock
        self._backfills = StoredBackfills(store, clock)

    def source(self, symbol: str, frame: str) -> Source:
        """Where the klines of a symbol come from. Raises BadInput for an unknown time frame, NotFound."""
        wanted = timeframe(frame)
        found = self._kept(symbol, wanted)
        if found is not None:
            return found
        if self._engine.has(symbol):
            return EngineSource(symbol, wanted, self._engine, self._clock)
        for part in parts_of(wanted):
            if (found := self._kept(symbol, part)) is not None:
                return DerivedSource(found, part, wanted)
        if self._engine.has(ticks := self.ticks_of(symbol)):
            return EngineSource(ticks, wanted, self._engine, self._clock)
        raise NotFound(self._unknown(symbol, frame))

    def _kept(self, symbol: str, frame: Timeframe) -> Source | None:
        """Klines of the venue, kept here or stored by others."""
        kept = self.venue.kept(symbol, frame.name)
        if kept is not None:
            return KeptSource(kept, self._store)
        if self._engine.has(symbol):
            return None
        series = self._store.find(SeriesKey(PUBLIC, KLINES, symbol, frame.name))
        return None if series is None else StoredSource(series, self._store, self._backfills)

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
        limit = min(limit, source.most)
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
            offers.append(Offer(pair, frames_from(frame), self.venue.venue.facts.name, False, first, last, state))
        for info in self._engine.symbols():
            simulated = self._engine.is_made(info.symbol)
            words = f"ticks of {info.symbol}" + (", SIMULATED" if simulated else "")
            offers.append(
                Offer(info.symbol, [*TIMEFRAMES], words, simulated, info.first // MS, info.last // MS, "done")
            )
        return offers

    def ticks_of(self, symbol: str) -> str:
        """The series of ticks that a pair of the venue has."""
        return f"{self.venue.venue.facts.name}:{symbol}"

    def _unknown(self, symbol: str, frame: str) -> str:
        kept = [each.name for pair, each in self.venue.wanted if pair == symbol]
        if frame in kept:
            return f"klines of {symbol} in {frame} are being opened: ask again in a moment"
        if kept:
            return f"klines of {symbol} are kept in {', '.join(kept)}, not in {frame}: add {symbol}:{frame} to KLINES"
        return f"there are no klines of {symbol[:60]!r}; GET /data/klines lists those that there are"


def parts_of(frame: Timeframe) -> list[Timeframe]:
    """The shorter time frames of which whole numbers make up one, the longest first."""
    whole = [part for part in TIMEFRAMES.values() if part.ms < frame.ms and not frame.ms % part.ms]
    if frame.monthly or frame.name == "1w":
        whole = [part for part in whole if part.ms <= TIMEFRAMES["1d"].ms]
    return whole[::-1]


def frames_from(frame: str) -> list[str]:
    """A time frame, and those that are made of it."""
    return [frame, *(each.name for each in TIMEFRAMES.values() if TIMEFRAMES[frame] in parts_of(each))]


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
