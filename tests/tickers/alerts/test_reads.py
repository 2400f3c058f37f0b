"""Alerts are read while they are evaluated and stored, and calls that change them come in between two symbols."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

import pytest

from orderflow.errors import NotFound, StorageFailed
from orderflow.market.market import Market
from orderflow.runtime.bus import Bus
from orderflow.runtime.workers import Event, Workers
from orderflow.tickers.alerts import service
from orderflow.tickers.alerts.alert import Kind, State
from orderflow.tickers.alerts.service import Alerts
from orderflow.tickers.alerts.store import Changes, MemoryStore
from tests.clocks import ManualClock
from tests.tickers.alerts.harness import SYMBOL, Caller, FaultyStore, Tick, batch_of

LIMIT = 20.0
"""Seconds for what does not wait."""
NOW = 1_790_000_000 * 10**9
ABOVE = {"ticker": SYMBOL, "operator": "crossing_up", "price": "100"}


class HeldStore(MemoryStore):
    """A store that does not answer while it is held. saved: what it was given, in order."""

    def __init__(self, workers: Workers) -> None:
        super().__init__()
        self.asked = workers.event()
        self.held: Event | None = None
        self.saved: list[Changes] = []

    def save(self, changes: Changes) -> list[str]:
        self.saved.append(changes)
        self.asked.set()
        if self.held is not None:
            self.held.wait(60.0)
        return super().save(changes)


def traded(*symbols: str, bus: Bus | None = None) -> Market:
    market = Market(on_change=(bus or Bus()).publish)
    market.ingest([batch_of([Tick(0, 396)], symbol) for symbol in symbols])
    return market


def answered(workers: Workers, call: Callable[[], object]) -> bool:
    """Whether a call ends without waiting for what is held."""
    return workers.spawn_thread("reader", call).join(LIMIT)


def test_what_is_stored_is_read_while_a_store_does_not_answer(workers: Workers) -> None:
    store = HeldStore(workers)
    alerts = Alerts(traded(SYMBOL), store, workers, Bus(), ManualClock(NOW))
    made = alerts.create(ABOVE)
    store.asked.clear()
    store.held = held = workers.event()
    creating = workers.spawn_thread("call", lambda: alerts.create({**ABOVE, "price": 101}))
    try:
        assert store.asked.wait(LIMIT)
        found: list[object] = []
        assert answered(workers, lambda: found.append([each.id for each in alerts.alerts()]))
        assert answered(workers, lambda: found.append(alerts.get(made.id)))
        assert answered(workers, lambda: found.append(alerts.owners()))
        assert found == [[made.id], made, {""}]  # not the one that is not stored yet
    finally:
        held.set()
    assert creating.join(LIMIT)
    assert len(alerts.alerts()) == 2


def test_a_call_comes_in_between_two_symbols(workers: Workers) -> None:
    bus, store = Bus(), HeldStore(workers)
    market = traded("A", "B", "C", bus=bus)
    alerts = Alerts(market, store, workers, bus, ManualClock(NOW))
    alerts._receiver = bus.receive()
    for symbol in ("A", "B"):
        alerts.create({**ABOVE, "ticker": symbol})
    alerts._round()
    market.ingest([batch_of([Tick(10**9, 404)], symbol) for symbol in ("A", "B")])
    store.saved.clear()
    store.asked.clear()
    store.held = held = workers.event()
    evaluating = workers.spawn_thread("round", alerts._round)
    try:
        assert store.asked.wait(LIMIT)  # the event of A is being stored
        calling = workers.spawn_thread("call", lambda: alerts.create({**ABOVE, "ticker": "C"}))
        while not alerts._lock._waiting:
            assert calling.alive()
            time.sleep(0.001)
    finally:
        held.set()
    assert evaluating.join(LIMIT)
    assert calling.join(LIMIT)
    assert [each.events[0].symbol if each.events else "call" for each in store.saved] == ["A", "call", "B"]


def alone(market: Market, store: MemoryStore, clock: ManualClock, field: str = "") -> Alerts:
    """Alerts with one caller. field: expires or snooze, of an alert for which it is an hour from now."""
    alerts = Alerts(market, store, cast(Workers, Caller()), Bus(), clock)
    if field:
        alerts.change(
            alerts.create(ABOVE).id, {field: datetime.fromtimestamp(clock.now() / 1e9 + 3_600, UTC).isoformat()}
        )
    return alerts


def test_what_the_clock_ends_is_read_so_without_a_write(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, store = ManualClock(NOW), MemoryStore()
    alerts = alone(traded(SYMBOL), store, clock, "expires")
    (made,) = alerts.alerts()
    with monkeypatch.context() as patched:
        patched.setattr(store, "save", lambda changes: pytest.fail("a read has written"))
        clock.advance(3_600)
        assert [each.state for each in alerts.alerts()] == [State.EXPIRED]
        assert alerts.get(made.id).state is State.EXPIRED
        assert alerts.alerts("active") == []
    again = alerts.change(made.id, {"state": "active"})  # it knows what was read
    assert (again.state, again.expires, again.arming) == (State.ACTIVE, None, 2)


def test_what_was_snoozed_is_read_awake_and_fires(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, store, market = ManualClock(NOW), MemoryStore(), traded(SYMBOL)
    alerts = alone(market, store, clock, "snooze")
    assert alerts.alerts()[0].snoozed is not None
    clock.advance(3_600)
    with monkeypatch.context() as patched:
        patched.setattr(store, "save", lambda changes: pytest.fail("a read has written"))
        assert alerts.alerts()[0].snoozed is None
    alerts._receiver = Bus().receive()
    alerts._round()
    market.ingest([batch_of([Tick(10**9, 404)])])
    alerts._all = True
    alerts._round()
    assert [each.state for each in alerts.alerts()] == [State.FIRED]


@pytest.mark.parametrize(("fail", "kept"), [("before", 1), ("after", 2)])
def test_after_a_store_that_failed_what_it_holds_is_read(fail: str, kept: int) -> None:
    store = FaultyStore()
    alerts = alone(traded(SYMBOL), store, ManualClock(NOW))
    alerts.create(ABOVE)
    store.fail = fail
    with pytest.raises(StorageFailed):
        alerts.create(ABOVE)
    assert len(alerts.alerts()) == kept


def test_reading_knows_owners_and_the_order() -> None:
    alerts = alone(traded(SYMBOL), MemoryStore(), ManualClock(NOW))
    made = [alerts.create({**ABOVE, "price": str(100 + n)}, owner) for n, owner in enumerate(("", "ann", ""))]
    assert alerts.alerts() == made
    assert alerts.alerts(owner="ann") == [made[1]]
    with pytest.raises(NotFound):
        alerts.get(made[0].id, "ann")
    changed = alerts.change(made[0].id, {"note": "n"})
    alerts.delete(made[1].id)
    assert alerts.alerts() == [changed, made[2]]


def test_old_events_are_deleted_while_alerts_run(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PRUNE_SECONDS", 0.01)
    store, pruned = MemoryStore(), workers.event()
    monkeypatch.setattr(store, "prune", lambda: pruned.set() or 3)
    alerts = Alerts(traded(SYMBOL), store, workers, Bus(), ManualClock(NOW))
    alerts.start()
    try:
        assert pruned.wait(LIMIT)
    finally:
        alerts.stop()


def by_ticks(workers: Workers) -> tuple[Market, Alerts, HeldStore]:
    """Alerts on the bars of two activity frames of A, and on the price of B; what fires them has come."""
    bus, store = Bus(), HeldStore(workers)
    market = traded("A", "B", bus=bus)
    alerts = Alerts(market, store, workers, bus, ManualClock(NOW))
    alerts._receiver = bus.receive()
    for frame in ("ticks:2", "ticks:3"):
        body = {"study": "cvd", "column": "close", "operator": "greater", "value": "-1"}
        alerts.create({**body, "ticker": "A", "interval": frame, "frequency": "once_per_bar_close"})
    alerts.create({**ABOVE, "ticker": "B"})
    alerts._round()
    market.ingest([batch_of([Tick(at * 10**9, 404) for at in range(1, 9)], symbol) for symbol in ("A", "B")])
    store.saved.clear()
    return market, alerts, store


def fired(alerts: Alerts, store: HeldStore) -> list[str]:
    """What alerts have fired since the last time: symbols, and frames of those on bars of ticks."""
    frames = {alert.id: alert.frame.name if alert.source.kind is Kind.STUDY else "" for alert in alerts.alerts()}
    events = [event for changes in store.saved for event in changes.events]
    store.saved.clear()
    return list(dict.fromkeys(f"{event.symbol} {frames[event.alert_id]}".strip() for event in events))


def test_bars_of_ticks_hold_up_no_alerts_of_others(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 alerts on frames of their own, in a session of a million ticks, took a minute of every round."""
    market, alerts, store = by_ticks(workers)
    monkeypatch.setattr(service, "FRAMES_SECONDS", -1.0)  # time for one frame a round
    for wanted in (["B", "A ticks:2"], ["A ticks:3"]):
        alerts._wake.clear()
        alerts._round()
        assert fired(alerts, store) == wanted
    assert not alerts._wake.is_set()  # all is done
    market.ingest([batch_of([Tick(at * 10**9, 404) for at in range(9, 20)], "A")])
    alerts._round()
    assert (fired(alerts, store), alerts._wake.is_set()) == (["A ticks:2"], True)


def test_nobody_waits_for_all_the_frames_of_somebody_else(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    bus, store = Bus(), HeldStore(workers)
    market = traded("A", bus=bus)
    alerts = Alerts(market, store, workers, bus, ManualClock(NOW))
    alerts._receiver = bus.receive()
    body = {"ticker": "A", "study": "cvd", "column": "close", "operator": "greater", "value": "-1"}
    for frame, owner in (("ticks:2", "bob"), ("ticks:3", "bob"), ("ticks:4", "bob"), ("ticks:5", "ann")):
        alerts.create({**body, "interval": frame, "frequency": "once_per_bar_close"}, owner)
    alerts._round()
    monkeypatch.setattr(service, "FRAMES_SECONDS", -1.0)
    market.ingest([batch_of([Tick(at * 10**9, 404) for at in range(1, 12)], "A")])
    store.saved.clear()
    order = []
    for _ in range(4):
        alerts._round()
        order += fired(alerts, store)
    assert order == ["A ticks:2", "A ticks:5", "A ticks:3", "A ticks:4"]


def test_a_call_evaluates_no_bars_of_others(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    market, alerts, store = by_ticks(workers)
    with monkeypatch.context() as patched:
        patched.setattr(market, "bars", lambda *_, **__: pytest.fail("bars were cut"))
        made = alerts.create({**ABOVE, "ticker": "A"})
        alerts.change(made.id, {"state": "paused"})
        alerts.delete(made.id)
    alerts._round()
    assert fired(alerts, store) == ["B", "A ticks:2", "A ticks:3"]
