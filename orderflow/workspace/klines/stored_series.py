"""A series of the records that this process does not fill: another one does, or none does any more."""

from __future__ import annotations

from dataclasses import dataclass

from orderflow.market.timeframes import TIMEFRAMES
from orderflow.runtime.clock import Clock
from orderflow.storage.records.series import Series
from orderflow.workspace.klines.kept_series import Backfill
from orderflow.workspace.klines.recent import RecentKlines
from orderflow.workspace.store import Klines

RARELY = 20.0
"""Gaps are looked for again after so many times the time that it took."""
LIVELY_NS = 60 * 10**9
"""How long ago a series was written that another process fills."""


class StoredSeries:
    """Reads in the calling thread. Raises StorageFailed."""

    def __init__(self, store: Klines, series: Series) -> None:
        self._store, self._id = store, series.id
        self.series = series
        self.recent = RecentKlines(self._store.read(series.id, limit=5, newest=True), complete=False)

    def refresh(self) -> None:
        """Look whether it was written to. Raises NotFound if it was deleted."""
        found = self._store.get(self._id)
        if found.updated != self.series.updated:
            self.series = found
            self.recent.merge(self._store.read(self._id, limit=5, newest=True))


class StoredBackfills:
    """How far series are filled, from what is stored. Reads in the calling thread. Raises StorageFailed.

    Gaps take long to find in a long series. They are looked for again when the series has been written to, but not
    before RARELY times the time has passed that the last look took.
    """

    def __init__(self, store: Klines, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._looks: dict[int, _Look] = {}

    def of(self, series: Series) -> Backfill:
        """How far a series is filled."""
        if series.first is None or series.last is None:
            return Backfill()
        look, begun = self._looks.get(series.id), self._clock.monotonic()
        if look is None or not look.holds(series, begun):
            missing = self._missing(series)
            ended = self._clock.monotonic()
            look = _Look(series.generation, series.updated, ended + RARELY * (ended - begun), missing)
            self._looks[series.id] = look
        filling = abs(self._clock.now() - series.updated) < LIVELY_NS  # the clock may have been ahead
        state = ("running" if look.missing else "done") if filling else "idle"
        return Backfill(state, series.first, series.last, look.missing)

    def _missing(self, series: Series) -> list[tuple[int, int]]:
        frame = TIMEFRAMES[series.key.timeframe]
        spans = self._store.spans(series.id, frame.ms)
        after = [frame.open(frame.index(last) + 1) for _, last in spans]
        return [(end, first) for end, (first, _) in zip(after, spans[1:], strict=False)]


@dataclass(frozen=True, slots=True)
class _Look:
    """updated: of the series, then. until: it is not looked again before, monotonic seconds. missing: in ms."""

    generation: int
    updated: int
    until: float
    missing: list[tuple[int, int]]

    def holds(self, series: Series, now: float) -> bool:
        return self.generation == series.generation and (self.updated == series.updated or now < self.until)
