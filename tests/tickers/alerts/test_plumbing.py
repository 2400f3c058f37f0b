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
