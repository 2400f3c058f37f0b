"""Fired alerts that nobody has acknowledged yet, for the notices at the top of every page."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from orderflow.errors import StorageFailed
from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import plain_lock
from orderflow.storage.records.notice_store import NoticeStore
from orderflow.tickers.alerts.alert import AlertEvent
from orderflow.tickers.alerts.service import Alerts

MOST = 200
"""Newest events that may have a notice; older ones count as acknowledged."""
RECENT_NS = 60 * 10**9
"""A browser sounds for events that were found so long ago at the most."""


class Notices:
    """The events without acknowledgement, the newest first. It may be asked from everywhere."""

    def __init__(self, alerts: Alerts, store: NoticeStore, clock: Clock) -> None:
        self._alerts = alerts
        self._store = store
        self._clock = clock
        self._lock = plain_lock()
        self._open: tuple[AlertEvent, ...] = ()

    def start(self) -> None:
        """Read what was not acknowledged, and hear of new events."""
        self._alerts.listen(self.add)
        try:
            events = [event for _, event in self._alerts.events(limit=MOST)]
            known = self._store.acknowledged([event.id for event in events])
        except StorageFailed:  # it is said elsewhere that the records cannot be read
            return
        with self._lock:
            mine = {event.id for event in self._open}
            old = tuple(event for event in events if event.id not in known and event.id not in mine)
            self._open = (*self._open, *old)[:MOST]

    def open(self) -> tuple[AlertEvent, ...]:
        """The events without acknowledgement, the newest first."""
        return self._open

    def total(self) -> int:
        """Their number."""
        return len(self._open)

    def recent(self) -> list[AlertEvent]:
        """Those that were found just now, the newest first."""
        since = self._clock.now() - RECENT_NS
        return [event for event in self._open if event.found >= since]

    def add(self, events: Sequence[AlertEvent]) -> None:
        """Take in new events, the oldest first."""
        with self._lock:
            self._open = (*reversed(events), *self._open)[:MOST]

    def acknowledge(self, events: Collection[str] | None) -> None:
        """Acknowledge events by their ids; None: all. For a thread of the pool. Raises StorageFailed."""
        ids = [event.id for event in self._open if events is None or event.id in events]
        self._store.acknowledge(ids, self._clock.now())
        with self._lock:
            self._open = tuple(event for event in self._open if event.id not in ids)
