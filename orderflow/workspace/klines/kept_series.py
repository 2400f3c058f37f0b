"""One series of a venue that is kept: requested, stored, and its newest klines held in memory."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from orderflow.errors import BadInput, OrderflowError
from orderflow.feeds.connection import Connection
from orderflow.feeds.kline_columns import kline_columns
from orderflow.feeds.kline_sequence import KlineSequence, KlineVenue
from orderflow.feeds.live import State
from orderflow.feeds.ranges import Range, Ranges
from orderflow.feeds.venues.venue import BadMessage, Kline, kline_name
from orderflow.market.kline_columns import KlineColumns
from orderflow.market.timeframes import DAY, Timeframe
from orderflow.storage.records.series import Series, SeriesKey
from orderflow.workspace.klines.recent import KEPT, RecentKlines
from orderflow.workspace.store import KLINES, PUBLIC, Klines

TOGETHER, TOGETHER_SECONDS = 5_000, 0.3
"""Klines of a history that are stored at once, and for how many seconds they wait at most."""
HOLE_AGE_MS = DAY
"""How old a hole is that a new start does not ask for again."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backfill:
    """How far the history of a series is filled. state: idle, running, done or offline; reason: why it is offline.

    begin, end: open times (ms) of the oldest kline wanted and of the newest one known, None before there is any.
    missing: ranges of open times (ms, end exclusive) that are not held, also those that the venue does not have.
    """

    state: str = "idle"
    begin: int | None = None
    end: int | None = None
    missing: Sequence[Range] = ()
    reason: str = ""


class KeptSeries:
    """Made by `open_series`. All but the properties is for the thread of the connection.

    refused: klines that cannot be kept.
    """

    def __init__(
        self, series: Series, timeframe: Timeframe, sequence: KlineSequence, recent: RecentKlines, store: Klines
    ) -> None:
        self.series = series
        self.timeframe = timeframe
        self.recent = recent
        self.refused = 0
        self._sequence = sequence
        self._store = store
        self._pending: list[KlineColumns] = []
        self._saved = 0.0
        self._backfill = Backfill()

    @property
    def filling(self) -> bool:
        return self._sequence.filling

    @property
    def backfill(self) -> Backfill:
        """How far it is."""
        return self._backfill

    def save(self, now: float | None = None) -> bool:
        """Store what came. Returns whether there was anything. Raises StorageFailed; it is then stored by the next
        call.

        now: monotonic s; with it the pages of a history may wait for each other for a moment.
        """
        if now is not None and not self._pending and self._sequence.filling:
            if self._sequence.waiting < TOGETHER and now - self._saved < TOGETHER_SECONDS:
                return False
            self._saved = now
        if rows := self._sequence.take():
            self._pending.append(self._columns(rows))
        found = bool(self._pending)
        while self._pending:
            self._store_first()
        if self._sequence.holes_changed:
            opens = [(self.timeframe.open(first), self.timeframe.open(end)) for first, end in self._sequence.holes]
            self._store.set_holes(self.series.id, opens)
            self._sequence.holes_changed = False
        return found

    def _store_first(self) -> None:
        klines = self._pending[0]
        try:
            self._store.upsert(self.series.id, klines)
            self.recent.merge(klines)
        except BadInput as error:
            self._refuse(len(klines), error)
        del self._pending[0]

    def look(self, connection: Connection) -> None:
        """Take the state of the connection."""
        state, reason = connection.pair_state(kline_name(self.series.key.name, self.timeframe.name))
        order, open_of = self._sequence, self.timeframe.open
        offline = state in (State.OFFLINE, State.STOPPED)
        word = "offline" if offline else "running" if order.filling or state is not State.LIVE else "done"
        missing = self._backfill.missing
        if not order.waiting and not self._pending:  # else some that came are not stored yet
            missing = [(open_of(first), open_of(end)) for first, end in Ranges([*order.todo, *order.holes])]
        end = open_of(order.newest) if order.newest >= order.begin else None
        self._backfill = Backfill(word, open_of(order.begin), end, missing, reason if offline else "")

    def stop(self, reason: str) -> None:
        """Nothing is requested any more."""
        last = self._backfill
        self._backfill = Backfill("offline" if reason else "idle", last.begin, last.end, last.missing, reason)

    def _columns(self, rows: Sequence[Kline]) -> KlineColumns:
        """Their columns, without those that cannot be kept."""
        try:
            return kline_columns(rows)
        except BadMessage as error:
            if len(rows) > 1:
                return KlineColumns.joined([self._columns([row]) for row in rows])
            self._refuse(1, error)
            return KlineColumns.empty()

    def _refuse(self, count: int, error: OrderflowError) -> None:
        if not self.refused:
            log.warning("a kline of %s is not stored, further ones are only counted: %s", self.series.key, error)
        self.refused += count


def open_series(
    venue: KlineVenue, connection: Connection, store: Klines, pair: str, timeframe: Timeframe, begin: int
) -> KeptSeries:
    """Let a connection keep a series from `begin` (ms) on, going on from what is stored. Raises StorageFailed."""
    series = store.ensure(SeriesKey(PUBLIC, KLINES, pair, timeframe.name), venue.facts.name)
    recent = store.read(series.id, limit=KEPT, newest=True)
    index, first = timeframe.index, timeframe.index(begin)
    held = [(index(a), index(b) + 1) for a, b in store.spans(series.id, timeframe.ms, timeframe.open(first))]
    old = connection.filler.now() // 10**6 - HOLE_AGE_MS
    holes = [(max(index(a), first), index(b)) for a, b in store.holes(series.id) if b < old and index(b) > first]
    sequence = KlineSequence(venue, pair, timeframe, first, held, holes, connection.filler.now)
    connection.add(kline_name(pair, timeframe.name), sequence)
    complete = series.rows <= len(recent)
    return KeptSeries(series, timeframe, sequence, RecentKlines(recent, complete=complete), store)
