"""A series of the records that this process does not fill: another one does, or none does any more."""

from __future__ import annotations

from orderflow.market.timeframes import TIMEFRAMES
from orderflow.storage.records.series import Series
from orderflow.workspace.klines.kept_series import Backfill
from orderflow.workspace.klines.recent import RecentKlines
from orderflow.workspace.store import Klines

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


def stored_backfill(store: Klines, series: Series, now: int) -> Backfill:
    """How far a series is filled, from what is stored. now: ns."""
    if series.first is None or series.last is None:
        return Backfill()
    frame = TIMEFRAMES[series.key.timeframe]
    spans = store.spans(series.id, frame.ms)
    after = [frame.open(frame.index(last) + 1) for _, last in spans]
    missing = [(end, first) for end, (first, _) in zip(after, spans[1:], strict=False)]
    state = ("running" if missing else "done") if series.updated > now - LIVELY_NS else "idle"
    return Backfill(state, series.first, series.last, missing)
