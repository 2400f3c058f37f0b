"""How long the trades of live feeds are kept: deletes the old ones of exactly the series that feeds have written.

The names of those series are stored beside the ticks, so they stay bounded when a feed is turned off, and ticks that
others sent are never touched. Whole days (UTC) go at a time, so that no bar is left with a part of its ticks; while the
server runs, what memory still holds stays until memory gives it up. A clock that is set ahead for some hours while the
server runs deletes nothing.
"""

from __future__ import annotations

import json
import time
from typing import Any, Protocol

from orderflow.errors import StorageFailed
from orderflow.market.frames import DAY
from orderflow.market.tick_log import TickLog
from orderflow.market.ticks import is_simulated
from orderflow.runtime.clock import Clock, SettledTime
from orderflow.runtime.workers import Handle, Workers

SIMULATED_DAYS = 7
"""Most days for which simulated trades are kept."""
SWEEP_SECONDS = 600.0
"""Seconds between two looks for old trades."""
START_SECONDS = 1.0
"""Seconds that the deletion may take before the ticks are loaded; the rest is done while the server runs."""
PAUSE = 0.05
"""Seconds between two pieces of work, so that others may write."""
META = "feed_series"
"""Where the names of the series are stored beside the ticks."""


class Retiring(Protocol):
    """The part of the market that is used."""

    def retire(self, symbol: str, before: int) -> int | None: ...


class Retention:
    """Deletes old trades before the ticks are loaded (`sweep_at_start`) and while the server runs (`start`).

    days: for which trades of real venues are kept.
    """

    def __init__(self, market: Retiring, log: TickLog, workers: Workers, clock: Clock, days: int) -> None:
        self._market = market
        self._log = log
        self._workers = workers
        self._time = SettledTime(clock)
        self._job: Handle | None = None
        self.days = days
        self.removed = 0

    def days_of(self, series: str) -> int:
        """Days for which the trades of a series are kept."""
        return min(SIMULATED_DAYS, self.days) if is_simulated(series) else self.days

    def watch(self, series: str) -> None:
        """Keep a series bounded from now on, over restarts too. Raises StorageFailed if that cannot be stored."""
        self._log.update_meta(META, lambda old: _packed({*_names(old), series}))

    def watched(self) -> list[str]:
        """The series that are kept bounded, by name."""
        return _names(self._log.get_meta(META))

    def start(self) -> None:
        """Look for old trades again and again. Does nothing while it runs."""
        if self._job is None:
            self._job = self._workers.every(SWEEP_SECONDS, "old trades of feeds", self.sweep)

    def stop(self) -> None:
        """Stop looking."""
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def sweep_at_start(self) -> None:
        """Delete old trades for a second at most, before any is loaded into memory."""
        until = time.monotonic() + START_SECONDS
        for series in self.watched():
            while time.monotonic() < until and self._piece(series):
                pass

    def sweep(self) -> None:
        """Delete all old trades, in pieces with pauses."""
        for series in self.watched():
            while self._workers.run(self._piece, series):
                if self._workers.wait(PAUSE):
                    return

    def status(self) -> dict[str, Any]:
        """What is kept, ready for JSON. days, simulated_days: how long. removed: trades deleted since the start."""
        return {"days": self.days, "simulated_days": min(SIMULATED_DAYS, self.days), "removed": self.removed}

    def _piece(self, series: str) -> bool:
        before = (self._time.now() // DAY - self.days_of(series)) * DAY
        try:
            removed = self._market.retire(series, before)
        except StorageFailed:  # the log says so itself, and the next look tries again
            return False
        self.removed += removed or 0
        return removed is not None


def _names(stored: bytes | None) -> list[str]:
    return [str(name) for name in json.loads(stored)] if stored else []


def _packed(names: set[str]) -> bytes:
    return json.dumps(sorted(names)).encode()
