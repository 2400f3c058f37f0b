"""Alerts on the plumbing fire when it becomes bad, once until it is well again."""

from __future__ import annotations

from dataclasses import replace

from orderflow.market.market import Market
from orderflow.tickers.alerts.alert import Alert, Frequency, Kind, Source, Watch
from orderflow.tickers.alerts.evaluation import Evaluation
from orderflow.tickers.alerts.plumbing import Plumbing
from orderflow.tickers.alerts.store import MemoryStore


class Clock:
    """A clock that is set."""

    seconds = 1_000.0

    def now(self) -> int:
        return round(self.seconds * 1e9)

    def monotonic(self) -> float:
        return self.seconds

    def asleep(self) -> float:
        return 0.0


def watched(clock: Clock, source: Source) -> tuple[Evaluation, Alert]:
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
