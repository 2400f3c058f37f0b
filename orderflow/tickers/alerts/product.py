"""Builds the alerts of a process from what it runs on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orderflow.errors import NotFound
from orderflow.market.market import Market
from orderflow.runtime.bus import Bus
from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import Workers
from orderflow.storage.records.records import Records
from orderflow.storage.records.target_store import TargetStore
from orderflow.tickers.alerts.record_store import RecordStore
from orderflow.tickers.alerts.service import Alerts


def build_alerts(
    market: Market,
    records: Records,
    workers: Workers,
    bus: Bus,
    clock: Clock,
    ticker: Callable[[str], str | None],
    failing: Callable[[], Mapping[str, tuple[str, str]]],
) -> Alerts:
    """The alerts; nothing runs yet. ticker(name): the symbol of a ticker's name, or of its series; None if there is no
    such ticker. failing: see `Alerts`."""

    def series(name: str) -> str:
        if (found := ticker(name)) is not None:
            return found
        if not market.revision(name):
            raise NotFound(f"there is no ticker and no symbol {name[:60]!r}")
        return name

    def target(text: str) -> object:
        if not text.isdecimal():
            raise NotFound(f"there is no delivery target {text[:60]!r}")
        return targets.get(int(text))

    targets = TargetStore(records)
    store = RecordStore(records, lambda alert_id: alerts.targets_of(alert_id))
    alerts = Alerts(market, store, workers, bus, clock, series=series, target=target, failing=failing)
    return alerts
