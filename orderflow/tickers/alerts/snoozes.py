"""When a snooze ends: at its time by the wall clock, or once it has lasted as long as it was meant to.

The wall clock may be ahead for a while, or be set back. A snooze that it ended alone goes on when it turns out to have
been ahead; how long one lasts is known only to the process that it began in.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.runtime.clock import Clock
from orderflow.tickers.alerts.alert import Alert


class Snoozes:
    """The snoozes of alerts. Not thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends: dict[str, float] = {}
        """When a snooze has lasted long enough, by the monotonic clock and the machine's sleep."""

    def begin(self, alert_id: str, until: int) -> None:
        """An alert is snoozed now, until a time in ns since 1970 UTC."""
        self._ends[alert_id] = self._passed() + (until - self._clock.now()) / 1e9

    def forget(self, alert_id: str) -> None:
        """The alert is deleted."""
        self._ends.pop(alert_id, None)

    def now(self, alert: Alert) -> Alert:
        """The alert with the present `snoozed` and `woken`; itself if they have not changed."""
        until = alert.woken if alert.snoozed is None else alert.snoozed
        if until is None:
            return alert
        if self._passed() >= self._ends.get(alert.id, float("inf")):
            return replace(alert, snoozed=None, woken=None)
        asleep = until > self._clock.now()
        if asleep == (alert.snoozed is not None):
            return alert
        return replace(alert, snoozed=until if asleep else None, woken=None if asleep else until)

    def _passed(self) -> float:
        return self._clock.monotonic() + self._clock.asleep()
