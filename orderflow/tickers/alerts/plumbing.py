"""Alerts on the plumbing: a symbol without new ticks, a target that cannot be reached. They fire when it begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orderflow.runtime.clock import Clock
from orderflow.tickers.alerts.alert import Alert, AlertEvent, Frequency, Kind, State, Watch, event_id
from orderflow.tickers.alerts.description import condition_text, message_of
from orderflow.tickers.alerts.evaluation import Evaluation

Failing = Callable[[], Sequence[tuple[str, str, str]]]
"""What cannot be delivered at present: (owner, name, why) of each target. owner: as of alerts."""


class Plumbing:
    """Looks at feeds and deliveries, by the monotonic clock; events have the time of the wall clock. failing: see
    `Failing`."""

    def __init__(self, clock: Clock, failing: Failing) -> None:
        self._clock = clock
        self._failing = failing
        self._begun = clock.monotonic()
        self._heard: dict[str, float] = {}
        self._bad: set[tuple[str, str]] = set()
        self._since: dict[str, float] = {}
        """From when on the alerts on feeds are looked at."""

    def heard(self, symbol: str) -> None:
        """Ticks of the symbol have arrived."""
        self._heard[symbol] = self._clock.monotonic()

    def events(self, evaluation: Evaluation) -> list[AlertEvent]:
        """The events of what has become bad since the last call."""
        alerts = [
            alert
            for alert in evaluation.alerts.values()
            if alert.state is State.ACTIVE and alert.snoozed is None
            if alert.source.kind in (Kind.FEED, Kind.DELIVERY)
        ]
        present = self._clock.monotonic()
        self._since = {alert.id: self._since.get(alert.id, present) for alert in alerts}
        if not alerts:
            return []
        failing = self._failing() if any(alert.source.kind is Kind.DELIVERY for alert in alerts) else ()
        pairs = [(alert, watch) for alert in alerts for watch in evaluation.watches[alert.id]]
        found = [self._look(alert, watch, failing, evaluation) for alert, watch in pairs]
        return [event for event in found if event is not None]

    def _look(
        self, alert: Alert, watch: Watch, failing: Sequence[tuple[str, str, str]], evaluation: Evaluation
    ) -> AlertEvent | None:
        value = self._badness(alert, watch, failing)
        key = alert.id, watch.symbol
        if value is None:
            self._bad.discard(key)
            return None
        if key in self._bad or watch.done or evaluation.tally.stopped(alert.id):
            return None
        now = self._clock.now()
        if alert.frequency is Frequency.ONCE:
            watch.done = True
        elif watch.last is not None and abs(now - watch.last) < alert.cooldown:  # the clock may jump
            return None
        self._bad.add(key)
        watch.last = now
        evaluation.tally.note(alert.id)
        what = f"once {alert.arming}" if alert.frequency is Frequency.ONCE else f"since {now}"
        ticker = alert.name_of(watch.symbol)
        return AlertEvent(
            event_id(alert, watch.symbol, 0, what),
            alert.id,
            watch.symbol,
            0,
            ticker,
            value[:64],
            now,
            now,
            0.0,
            None,
            0,
            condition_text(alert),
            message_of(alert, ticker, value, now),
            owner=alert.owner,
        )

    def _badness(self, alert: Alert, watch: Watch, failing: Sequence[tuple[str, str, str]]) -> str | None:
        """What is bad, None if it is well."""
        if alert.source.kind is Kind.DELIVERY:
            mine = [f"{name}: {why}" for owner, name, why in failing if owner == alert.owner]
            return "; ".join(mine) or None
        heard = self._heard.get(watch.symbol, self._begun)
        silent = self._clock.monotonic() - max(heard, self._since[alert.id])
        return f"silent for {silent:.0f} s" if silent >= alert.source.seconds else None
