"""Fired alerts that nobody has acknowledged yet, for the notices at the top of every page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from orderflow.errors import StorageFailed
from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import plain_lock
from orderflow.storage.records.notice_store import NoticeStore
from orderflow.tickers.alerts.alert import AlertEvent
from orderflow.tickers.alerts.service import Alerts

MOST = 200
"""Newest events of an owner that may have a notice; older ones count as acknowledged."""
MOST_READ = 5_000
"""Newest events among which those are looked for at the start."""
RECENT_NS = 60 * 10**9
"""A browser sounds for events that were found so long ago at the most."""


class Notices:
    """The events without acknowledgement, the newest first. It may be asked from everywhere.

    owner: whose; None: all, for the operator.
    """

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
            events = [event for _, event in self._alerts.events(limit=MOST_READ)]
            known = self._store.acknowledged([event.id for event in events])
        except StorageFailed:  # it is said elsewhere that the records cannot be read
            return
        with self._lock:
            mine = {event.id for event in self._open}
            old = tuple(event for event in events if event.id not in known and event.id not in mine)
            self._open = _newest((*self._open, *old))

    def open(self, owner: str | None = None) -> tuple[AlertEvent, ...]:
        """The events without acknowledgement, the newest first."""
        return tuple(event for event in self._open if owner in (None, event.owner))

    def recent(self, owner: str | None = None) -> list[AlertEvent]:
        """Those that were found just now, the newest first."""
        since = self._clock.now() - RECENT_NS
        return [event for event in self.open(owner) if event.found >= since]

    def add(self, events: Sequence[AlertEvent]) -> None:
        """Take in new events, the oldest first."""
        with self._lock:
            self._open = _newest((*reversed(events), *self._open))

    def forget(self, owner: str) -> None:
        """Forget the events of a user, whose account ends."""
        with self._lock:
            self._open = tuple(event for event in self._open if event.owner != owner)

    def acknowledge(self, events: Collection[str] | None, owner: str | None = None) -> None:
        """Acknowledge events by their ids; None: all. For a thread of the pool. Raises StorageFailed."""
        ids = {event.id for event in self.open(owner) if events is None or event.id in events}
        self._store.acknowledge(ids, self._clock.now())
        with self._lock:
            self._open = tuple(event for event in self._open if event.id not in ids)


def _newest(events: Sequence[AlertEvent]) -> tuple[AlertEvent, ...]:
    """The newest events of each owner. events: the newest first."""
    counts = Counter[str]()
    kept = []
    for event in events:
        counts[event.owner] += 1
        if counts[event.owner] <= MOST:
            kept.append(event)
    return tuple(kept)
