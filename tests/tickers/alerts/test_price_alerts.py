"""Price alerts fire as DEFINITIONS says, exactly once, whatever the batches, late ticks, restarts and backfill."""

from __future__ import annotations

from fractions import Fraction
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.tickers.alerts import alert
from orderflow.tickers.alerts.alert import Alert, Frequency, Watch
from orderflow.tickers.alerts.firing import Firing, Tally, choose
from orderflow.tickers.alerts.operators.registry import OPERATORS
from tests.oracle.alerts import MINUTE, Rule
from tests.tickers.alerts.harness import SYMBOL, Alerted, Tick, rule

SECOND = 10**9
FOREVER = 10**6
PRICES = st.integers(396, 404)
FREQUENCIES = ("once", "once_per_bar", "once_per_bar_close", "every_time")


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    operator = OPERATORS[draw(st.sampled_from(sorted(OPERATORS)))]
    quarters = st.integers(396 * 2, 404 * 2)
    values = tuple(sorted(Fraction(draw(quarters), 8) for _ in operator.values))
    if operator.moved is not None:
        values = (Fraction(draw(st.integers(1, 12)), 8),)
    return Rule(
        "",
        operator.name,
        values,
        draw(st.sampled_from(FREQUENCIES)),
        draw(st.sampled_from([0, 2 * SECOND])),
        draw(st.sampled_from([MINUTE, 5 * SECOND])),
    )


ADVANCE = st.sampled_from([0, 0, 1, 1, 1, 4, 30, 70, -1, -3, -20])
EDITS = st.tuples(
    st.integers(0, 5),
    st.sampled_from(["paused", "active", "active", "asleep", "value", "note", "deleted"]),
    st.integers(-6, 6),
)
STEPS = st.one_of(
    st.lists(st.tuples(ADVANCE, PRICES), min_size=1, max_size=12),
    st.lists(st.tuples(ADVANCE, PRICES), min_size=1, max_size=12),
    rules(),
    rules(),
    EDITS,
    st.sampled_from(
        ["evaluate", "restart", "flush", "reset", "configure", "shorten", "killed before", "killed after", "unreadable"]
    ),
)


def run(steps: list[object]) -> Alerted:
    alerted = Alerted()
    if any(isinstance(step, tuple) for step in steps):  # an edit ends the count, but for events of a restart's memory
        alerted.oracle.runaway = FOREVER
        with patch("orderflow.tickers.alerts.firing.RUNAWAY", FOREVER):
            return _run(alerted, steps)
    return _run(alerted, steps)


def _run(alerted: Alerted, steps: list[object]) -> Alerted:
    now = 0
    for number, step in enumerate(steps):
        if isinstance(step, list):
            ticks = []
            for forward, price in step:
                now = max(now, now + forward * SECOND)
                ticks.append(Tick(now + min(forward, 0) * SECOND, price))
            alerted.ticks(ticks)
        elif isinstance(step, tuple):
            if rules := alerted.oracle.rules:
                alerted.edit(rules[step[0] % len(rules)], *step[1:])
        elif isinstance(step, Rule):
            step.name = f"alert {number}"
            alerted.add(step)
        elif step == "evaluate":
            alerted.evaluate()
        elif step == "restart":
            alerted.restart()
        elif step == "flush":
            alerted.flush()
        elif step == "shorten":
            alerted.shorten()
        elif step == "reset":
            alerted.reset()
        elif step == "configure":
            alerted.configure()
        elif step == "unreadable":
            alerted.unreadable = True
        else:
            alerted.store.fail = str(step).removeprefix("killed ")
    alerted.evaluate()
    return alerted


@given(st.lists(STEPS, min_size=3, max_size=14))
@settings(max_examples=100, deadline=None)
def test_events_are_those_of_the_oracle(steps: list[object]) -> None:
    alerted = run(steps)
    assert alerted.events() == alerted.expected()


def test_a_crossing_waits_for_a_sample_before() -> None:
    alerted = Alerted()
    alerted.add(rule("crossing_up", 100))
    alerted.ticks([Tick(0, 404)])
    alerted.evaluate()
    assert alerted.events() == []
    alerted.ticks([Tick(SECOND, 399), Tick(2 * SECOND, 400), Tick(3 * SECOND, 401)])
    alerted.evaluate()
    assert [event[1:3] for event in alerted.events()] == [(Fraction("100.25"), alerted.oracle.newest[0])]


def test_a_condition_that_is_true_fires_on_the_next_tick() -> None:
    alerted = Alerted()
    alerted.ticks([Tick(0, 404)])
    alerted.add(rule("greater", 100))
    alerted.evaluate()
    assert alerted.events() == []
    alerted.ticks([Tick(SECOND, 404), Tick(SECOND, 404)])
    alerted.evaluate()
    assert len(alerted.events()) == 1


def test_a_cross_in_backfilled_ticks_fires_once_and_says_how_late() -> None:
    alerted = Alerted()
    alerted.ticks([Tick(0, 399)])
    alerted.add(rule("crossing_up", 100))
    alerted.ticks([Tick(600 * SECOND, 398)])
    alerted.evaluate()
    backfill = [Tick(second * SECOND, 399 + second % 4) for second in range(100, 130)]
    alerted.ticks(backfill)
    alerted.evaluate()
    alerted.restart()
    alerted.evaluate()
    (event,) = alerted.events()
    assert event[1] == Fraction("100.25")
    assert event[3] == (600 - 102) * SECOND
    assert alerted.events() == alerted.expected()


def test_the_bars_that_an_alert_has_fired_in_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert, "MOST_BARS", 4)
    watch, tally = Watch(Alert("a", "X", ("X",), "", (), 0, frequency=Frequency.BAR), "X"), Tally(lambda: 0)
    for bar in (1, 3, 4, 5, 6, 7, 9):
        assert choose(watch, [(0, bar, bar), (1, bar, bar)], tally) == [Firing(watch, 0, bar)]
        assert len(watch.bars) <= 4
    assert choose(watch, [(0, bar, bar) for bar in (1, 2, 5, 9)], tally) == []  # a late tick fires no bar again
    assert [each.bar for each in choose(watch, [(0, 8, 8)], tally)] == [8]


def test_ticks_older_than_the_alert_never_fire_it() -> None:
    alerted = Alerted()
    alerted.ticks([Tick(100 * SECOND, 396)])
    alerted.add(rule("greater", 100))
    alerted.ticks([Tick(99 * SECOND, 404)])
    alerted.evaluate()
    assert alerted.events() == []
    alerted.ticks([Tick(100 * SECOND, 404)])
    alerted.evaluate()
    assert len(alerted.events()) == 1


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_kill_around_the_commit_neither_loses_nor_doubles(place: str) -> None:
    alerted = Alerted()
    alerted.ticks([Tick(0, 399)])
    alerted.add(rule("crossing", 100, frequency="every_time"))
    alerted.ticks([Tick(SECOND * i, 399 + i % 2 * 2) for i in range(1, 8)])
    alerted.store.fail = place
    alerted.evaluate()
    assert len(alerted.events()) == 7
    assert alerted.events() == alerted.expected()


def test_a_runaway_is_paused_visibly() -> None:
    alerted = Alerted()
    alerted.add(rule("greater", 100, frequency="every_time"))
    alerted.ticks([Tick(SECOND * i, 404) for i in range(40)])
    alerted.evaluate()
    assert len(alerted.events()) == 16
    (stored, _), *_ = alerted.store.load().alerts
    assert (stored.state, stored.why) == ("paused", "fired more than 15 times in 3 minutes")


@pytest.mark.parametrize("seen", [False, True])
def test_a_reset_clears_the_sample_before(seen: bool) -> None:
    alerted = Alerted()
    alerted.add(rule("crossing_up", 100))
    alerted.ticks([Tick(0, 397)])
    alerted.reset()
    if seen:
        alerted.evaluate()
    alerted.ticks([Tick(SECOND, 405)])
    alerted.evaluate()
    assert alerted.events() == []
    alerted.ticks([Tick(2 * SECOND, 397), Tick(3 * SECOND, 405)])
    alerted.evaluate()
    assert len(alerted.events()) == 1
    assert alerted.events() == alerted.expected()


def test_a_frame_that_is_followed_later_looks_at_no_bar_before_new_settings() -> None:
    alerted = Alerted()
    alerted.add(rule("greater", 1000))
    alerted.ticks([Tick(0, 396), Tick(61 * SECOND, 397)])
    alerted.configure()
    alerted.ticks([Tick(62 * SECOND, 404)])
    alerted.add(rule("crossing_up", 100, name="b", frequency="once_per_bar_close"))
    alerted.ticks([Tick(121 * SECOND, 404), Tick(150 * SECOND, 397), Tick(181 * SECOND, 404), Tick(241 * SECOND, 397)])
    alerted.evaluate()
    assert [(event[1], event[2] // SECOND % 1000) for event in alerted.events()] == [(Fraction(101), 220)]


@pytest.mark.parametrize("restart", [False, True])
def test_a_late_tick_is_not_compared_with_one_before_new_settings(restart: bool) -> None:
    alerted = Alerted()
    alerted.add(rule("crossing_up", 100))
    alerted.ticks([Tick(0, 396)])
    alerted.configure()
    alerted.ticks([Tick(9 * SECOND, 404)])
    if restart:
        alerted.evaluate()
        alerted.flush()
        alerted.restart()
    alerted.ticks([Tick(8 * SECOND, 404)])
    alerted.evaluate()
    assert alerted.events() == []


@pytest.mark.parametrize("after", [403, 404])
def test_settings_count_from_the_tick_on_that_comes_after_them(after: int) -> None:
    alerted = Alerted()
    alerted.add(rule("crossing", 100))
    alerted.ticks([Tick(SECOND, 399)])
    alerted.evaluate()
    alerted.ticks([Tick(2 * SECOND, 398)])
    alerted.market.configure(SYMBOL, session="UTC 09:00")
    alerted.ticks([Tick(3 * SECOND, after)])
    alerted.evaluate()
    assert alerted.events() == []
    alerted.ticks([Tick(4 * SECOND, 399)])
    alerted.evaluate()
    assert [event[1] for event in alerted.events()] == [Fraction("99.75")]


def test_what_an_alert_was_before_a_reset_is_not_stored_over_what_it_is_after() -> None:
    alerted = Alerted()
    alerted.ticks([Tick(0, 402)])
    moved = rule("moving_down", "0.375", frequency="once_per_bar_close")
    alerted.add(moved)
    alerted.reset()
    alerted.edit(moved, "value", 5)
    alerted.restart()
    alerted.ticks([Tick(SECOND, 398), Tick(70 * SECOND, 398)])
    alerted.evaluate()
    assert alerted.events() == alerted.expected() == []


def test_a_bar_that_an_alert_has_fired_in_moves_nothing_after_an_edit() -> None:
    alerted = Alerted()
    alerted.ticks([Tick(0, 396)])
    moving = rule("moving_up", "0.5", frequency="once_per_bar")
    alerted.add(moving)
    alerted.ticks([Tick(SECOND, 398)])
    alerted.edit(moving, "value", 4)
    alerted.ticks([Tick(2 * SECOND, 403), Tick(60 * SECOND, 402)])
    alerted.evaluate()
    assert {event[1] for event in alerted.events()} == {Fraction("99.5"), Fraction("100.5")}
    assert alerted.events() == alerted.expected()
