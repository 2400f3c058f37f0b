"""Alerts on the plumbing fire when it becomes bad, once until it is well again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from orderflow.market.market import Market
from orderflow.runtime.bus import Bus
from orderflow.runtime.workers import Workers
from orderflow.tickers.alerts.alert import Alert, Frequency, Kind, Source, State, Watch
from orderflow.tickers.alerts.evaluation import Evaluation
from orderflow.tickers.alerts.firing import RUNAWAY, Tally
from orderflow.tickers.alerts.plumbing import Plumbing
from orderflow.tickers.alerts.service import Alerts
from orderflow.tickers.alerts.store import MemoryStore
from tests.clocks import ManualClock
from tests.tickers.alerts.harness import SYMBOL, Caller, Tick, batch_of


class Clock:
    """A clock that is set."""

    seconds = 1_000.0

    def now(self) -> int:
        return round(self.seconds * 1e9)

    def monotonic(self) -> float:
        return self.seconds

    def asleep(self) -> float:
        return 0.0


def watched(clock: Clock | ManualClock, source: Source) -> tuple[Evaluation, Alert]:
    evaluation = Evaluation(Market(), MemoryStore(), clock)
    alert = Alert("a", "X", ("X",), "", (), clock.now(), source, Frequency.EVERY)
    evaluation.put(alert, [Watch(alert, "X")])
    return evaluation, alert


def test_a_feed_is_stale_until_ticks_come() -> None:
    clock = Clock()
    evaluation, _ = watched(clock, Source(Kind.FEED, seconds=30))
    plumbing = Plumbing(clock, tuple)
    told = []
    for second, tick in ((1, True), (20, False), (35, False), (60, False), (61, True), (80, False), (95, False)):
        clock.seconds = 1_000.0 + second
        if tick:
            plumbing.heard("X")
        told += [(second, event.value) for event in plumbing.events(evaluation)]
    assert told == [(35, "silent for 34 s"), (95, "silent for 34 s")]


def test_a_delivery_is_failing_until_it_is_not() -> None:
    clock = Clock()
    evaluation, alert = watched(clock, Source(Kind.DELIVERY))
    failing: list[tuple[str, str, str]] = []
    plumbing = Plumbing(clock, lambda: failing)
    assert plumbing.events(evaluation) == []
    failing.append(("", "hook", "refused"))
    (event,) = plumbing.events(evaluation)
    assert (event.value, event.title) == ("hook: refused", "Delivery is failing")
    assert plumbing.events(evaluation) == []
    failing.clear()
    assert plumbing.events(evaluation) == []
    failing.append(("", "hook", "refused"))
    evaluation.put(replace(alert, frequency=Frequency.ONCE), evaluation.watches["a"])
    assert len(plumbing.events(evaluation)) == 1


def test_another_users_targets_are_not_ones_own() -> None:
    clock = Clock()
    evaluation, alert = watched(clock, Source(Kind.DELIVERY))
    evaluation.put(replace(alert, owner="ann"), evaluation.watches["a"])
    failing = [("bob", "hook of bob", "refused")]
    plumbing = Plumbing(clock, lambda: failing)
    assert plumbing.events(evaluation) == []
    failing.append(("ann", "hook of ann", "refused"))
    (event,) = plumbing.events(evaluation)
    assert (event.value, event.owner) == ("hook of ann: refused", "ann")


@pytest.mark.parametrize("hours", [-2, 2, -9_600, 9_600])
def test_a_jump_of_the_clock_neither_silences_nor_fires(hours: int) -> None:
    clock = ManualClock(1_790_000_000 * 10**9)
    evaluation, alert = watched(clock, Source(Kind.FEED, seconds=30))
    evaluation.put(replace(alert, cooldown=10 * 10**9), evaluation.watches["a"])
    plumbing = Plumbing(clock, tuple)
    assert plumbing.events(evaluation) == []
    clock.jump(hours * 3_600)
    clock.advance(20)
    assert plumbing.events(evaluation) == []
    clock.advance(20)
    assert [event.value for event in plumbing.events(evaluation)] == ["silent for 40 s"]
    plumbing.heard("X")
    assert plumbing.events(evaluation) == []
    clock.jump(-hours * 3_600)
    clock.advance(40)
    assert len(plumbing.events(evaluation)) == 1


def test_a_jump_back_makes_no_runaway() -> None:
    clock = ManualClock(1_790_000_000 * 10**9)
    tally = Tally(clock.now)
    for number in range(2 * RUNAWAY):
        clock.advance(60)
        clock.jump(-7_200 if number == RUNAWAY else 0)
        tally.note("a")
        assert not tally.stopped("a")


def test_what_ended_while_the_clock_was_ahead_goes_on() -> None:
    clock = ManualClock(1_790_000_000 * 10**9)
    market = Market()
    market.ingest([batch_of([Tick(0, 400)])])
    alerts = Alerts(market, MemoryStore(), cast(Workers, Caller()), Bus(), clock)
    expires = datetime.fromtimestamp(clock.now() / 1e9 + 3_600, UTC).isoformat()
    alerts.create({"ticker": SYMBOL, "condition": "above", "price": 1_000, "expires": expires})
    states = []
    for jump in (0, 400 * 86_400, -400 * 86_400, 7_200):
        clock.jump(jump)
        states += [alert.state for alert in alerts.alerts()]
    assert states == [State.ACTIVE, State.EXPIRED, State.ACTIVE, State.EXPIRED]


def snoozed_for(seconds: float) -> tuple[ManualClock, Market, Alerts, MemoryStore]:
    """An alert above 5 that is snoozed; the first price is 4."""
    clock, market, store = ManualClock(1_790_000_000 * 10**9), Market(), MemoryStore()
    market.ingest([batch_of([Tick(0, 400)])])
    alerts = Alerts(market, store, cast(Workers, Caller()), Bus(), clock)
    made = alerts.create({"ticker": SYMBOL, "condition": "above", "price": 5})
    alerts.change(made.id, {"snooze": datetime.fromtimestamp(clock.now() / 1e9 + seconds, UTC).isoformat()})
    return clock, market, alerts, store


def asleep(alerts: Alerts) -> bool:
    return alerts.alerts()[0].snoozed is not None


@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
def test_a_snooze_goes_on_after_a_clock_that_was_ahead(restarted: bool) -> None:
    clock, market, alerts, store = snoozed_for(3_600)
    found = []
    for jump in (0, 400 * 86_400, -400 * 86_400, 7_200):
        clock.jump(jump)
        if restarted:
            alerts = Alerts(market, store, cast(Workers, Caller()), Bus(), clock)
        found.append(asleep(alerts))
    assert found == [True, False, True, False]


def test_a_snooze_lasts_no_longer_when_the_clock_is_set_back() -> None:
    clock, _, alerts, _ = snoozed_for(3_600)
    clock.jump(-400 * 86_400)
    clock.advance(3_000)
    assert asleep(alerts)
    clock.suspend(601)
    assert not asleep(alerts)
    clock.jump(-86_400)
    assert not asleep(alerts)  # it lasted as long as it was meant to


@pytest.mark.parametrize("source", [Source(Kind.FEED, seconds=30), Source(Kind.DELIVERY)], ids=["feed", "delivery"])
def test_plumbing_that_is_snoozed_is_silent(source: Source) -> None:
    clock = ManualClock(1_790_000_000 * 10**9)
    evaluation, alert = watched(clock, source)
    plumbing = Plumbing(clock, lambda: [("", "mail", "it is refused")])
    evaluation.put(replace(alert, snoozed=clock.now() + 10**12), evaluation.watches["a"])
    for seconds in (0, 60):
        clock.advance(seconds)
        assert plumbing.events(evaluation) == []
    evaluation.put(replace(alert, snoozed=None), evaluation.watches["a"])
    plumbing.events(evaluation)
    clock.advance(30)
    plumbing.events(evaluation)
    assert evaluation.watches["a"][0].last is not None
