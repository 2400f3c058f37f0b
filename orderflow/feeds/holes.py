"""The gaps that live feeds could not fill, kept in the records for as long as the trades around them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from orderflow.errors import StorageFailed
from orderflow.feeds.live import FeedStatus
from orderflow.market.frames import DAY
from orderflow.runtime.clock import Clock, SettledTime
from orderflow.runtime.workers import Handle, Workers
from orderflow.storage.records.hole_store import StoredHole

SECONDS = 2.0
"""Seconds between two looks at the feeds."""
MOST = 100
"""Newest holes that are shown."""
LONGEST_REASON = 300

log = logging.getLogger(__name__)


class Store(Protocol):
    """Where holes are kept. See `orderflow.storage.records.hole_store.HoleStore`."""

    def add(self, holes: Iterable[StoredHole]) -> int: ...

    def newest(self, limit: int) -> tuple[StoredHole, ...]: ...

    def forget(self, series: str, before: int) -> int: ...


class Holes:
    """The newest holes of all feeds, those of earlier starts too.

    status: of the feeds. days_of: for how many days the trades of a series are kept.
    """

    def __init__(
        self,
        status: Callable[[], Sequence[FeedStatus]],
        days_of: Callable[[str], int],
        store: Store,
        workers: Workers,
        clock: Clock,
    ) -> None:
        self._status = status
        self._days_of = days_of
        self._store = store
        self._workers = workers
        self._time = SettledTime(clock)
        self._job: Handle | None = None
        self._known: set[StoredHole] = set()
        self._shown: tuple[StoredHole, ...] = ()

    def all(self) -> tuple[StoredHole, ...]:
        """The newest MOST holes, the newest first. Does not wait."""
        return self._shown

    def start(self) -> None:
        """Read those that are kept, and keep new ones from now on. Does nothing while it runs."""
        if self._job is None:
            self._read()
            self._job = self._workers.every(SECONDS, "holes of feeds", self.look)

    def stop(self) -> None:
        """Keep what has come since the last look, and end."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
            self.look()

    def look(self) -> None:
        """Keep the holes that are new. Records that cannot be written are tried again at the next look."""
        new = [hole for hole in self._found() if hole not in self._known]
        if not new:
            return
        try:
            self._store.add(new)
            for series in {hole.series for hole in new}:
                self._store.forget(series, self._time.now() - self._days_of(series) * DAY)
        except StorageFailed as error:
            log.debug("holes of feeds are not kept: %s", error)
            return
        self._known.update(new)
        self._read()

    def _found(self) -> Iterable[StoredHole]:
        for status in self._status():
            for row in status.series:
                for hole in row.last_holes:
                    yield StoredHole(row.series, hole.after, hole.until, hole.missing, hole.reason[:LONGEST_REASON])

    def _read(self) -> None:
        try:
            kept = self._store.newest(MOST)
        except StorageFailed:  # the records say so themselves
            return
        now = self._time.now()
        self._shown = tuple(hole for hole in kept if hole.ended >= now - self._days_of(hole.series) * DAY)
