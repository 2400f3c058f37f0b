"""A symbol whose late ticks are being put in order: its alerts wait, those of others do not."""

from __future__ import annotations

from typing import cast

import pytest

from orderflow.market.market import Market
from orderflow.runtime.bus import Bus
from orderflow.runtime.workers import Workers
from orderflow.tickers.alerts.service import Alerts
from orderflow.tickers.alerts.store import MemoryStore
from tests.market.beside import Beside, shrink
from tests.tickers.alerts.harness import Caller, StoppedClock, Tick, batch_of

SECOND = 10**9


def test_alerts_of_others_fire_meanwhile_and_its_own_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    beside, bus = Beside(shrink(monkeypatch)), Bus()
    market = Market(beside=beside, on_change=bus.publish)
    for symbol in ("LATE", "OTHER"):
        market.ingest([batch_of([Tick(0, 396)], symbol)])
    alerts = Alerts(market, MemoryStore(), cast(Workers, Caller()), bus, StoppedClock())
    alerts._receiver = bus.receive()
    told: list[str] = []
    alerts.listen(lambda events: told.extend(event.symbol for event in events))
    for symbol in ("LATE", "OTHER"):
        alerts.create({"ticker": symbol, "operator": "crossing_up", "price": "100"})
    alerts._round()
    market.ingest([batch_of([Tick(200 * SECOND - at * SECOND, 404) for at in range(150)], "LATE")])
    market.ingest([batch_of([Tick(SECOND, 404)], "OTHER")])
    alerts._round()
    assert told == ["OTHER"]
    beside.work()
    alerts._round()
    assert told == ["OTHER", "LATE"]
