"""Which of the samples that meet an alert's condition fire it, by its frequency. Keeps what the watch must remember."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from orderflow.tickers.alerts.alert import Frequency, Watch

RUNAWAY = 15
"""Most events of one alert in RUNAWAY_NS; with one more it is paused."""
RUNAWAY_NS = 180 * 10**9


@dataclass(frozen=True, slots=True)
class Firing:
    """A watch has fired. index: of the sample. bar: start of its bar, None if the frequency knows no bars."""

    watch: Watch
    index: int
    bar: int | None


class Tally:
    """When the alerts fired, by the wall clock, to stop those that fire too often."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._found: dict[str, deque[int]] = {}
        self._stopped: set[str] = set()

    def note(self, alert_id: str, found: int | None = None) -> None:
        """Count one event. found: when it was noticed (ns UTC), by default now."""
        found = self._now() if found is None else found
        times = self._found.setdefault(alert_id, deque(maxlen=RUNAWAY + 1))
        times.append(found)
        if len(times) > RUNAWAY and abs(times[-1] - times[0]) <= RUNAWAY_NS:  # the clock may jump
            self._stopped.add(alert_id)

    def stopped(self, alert_id: str) -> bool:
        """Whether the alert has fired too often."""
        return alert_id in self._stopped

    def forget(self, alert_id: str) -> None:
        """Count anew, for an alert that was resumed or deleted."""
        self._found.pop(alert_id, None)
        self._stopped.discard(alert_id)


def choose(watch: Watch, samples: Iterable[tuple[int, int, int]], tally: Tally) -> list[Firing]:
    """The firings among samples that meet the condition: (index, time in ns, start of the bar in ns), in order."""
    chosen: list[Firing] = []
    for index, time, bar in samples:
        if watch.done or tally.stopped(watch.alert.id):
            break
        if fire(watch, time, bar):
            tally.note(watch.alert.id)
            by_bar = watch.alert.frequency in (Frequency.BAR, Frequency.CLOSE)
            chosen.append(Firing(watch, index, bar if by_bar else None))
    return chosen


def fire(watch: Watch, time: int, bar: int) -> bool:
    """Whether a sample that meets the condition fires the watch, which then remembers it."""
    frequency = watch.alert.frequency
    if frequency is Frequency.ONCE:
        watch.done = True
    elif frequency is Frequency.EVERY:
        if watch.last is not None and abs(time - watch.last) < watch.alert.cooldown:
            return False
    else:
        if watch.has_fired(bar):
            return False
        watch.remember(bar)
    watch.last = time
    return True
