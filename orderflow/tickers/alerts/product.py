"""Builds the alerts of a process from what it runs on."""

from __future__ import annotations

from collections.abc import Callable

from orderflow.errors import NotFound
from orderflow.market.market import Market
from orderflow.runtime.bus import Bus
from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import Workers
from orderflow.storage.records.records import Records
from orderflow.storage.records.target_store import OPERATOR, TargetStore
from orderflow.tickers.alerts.plumbing import Failing
from orderflow.tickers.alerts.record_store import RecordStore
from orderflow.tickers.alerts.service import Alerts


def build_alerts(
    market: Market,
    records: Records,
    workers: Workers,
    bus: Bus,
    clock: Clock,
    ticker: Callable[[str], str | None],
    failing: Failing,
) -> Alerts:
    """The alerts; nothing runs yet. ticker(name): the symbol of a ticker's name, or of its series; None if there is no
    such ticker. failing: see `Failing`."""

    def series(name: str) -> str:
        if (found := ticker(name)) is not None:
            return found
        if not market.revision(name):
            raise NotFound(f"there is no ticker and no symbol {name[:60]!r}")
        return name

    def target(text: str, owner: str) -> object:
        if not (text.isascii() and text.isdecimal() and len(text) <= 9):
            raise NotFound(f"there is no target {text[:60]!r}")
        found = targets.get(int(text))
        if found.owner != (owner or OPERATOR):
            raise NotFound(f"there is no target {int(text)}")
        return found

    targets = TargetStore(records)
    store = RecordStore(records, lambda alert_id: alerts.targets_of(alert_id))
    alerts = Alerts(market, store, workers, bus, clock, series=series, target=target, failing=failing)
    return alerts
