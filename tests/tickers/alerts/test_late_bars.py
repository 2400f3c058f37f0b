"""Alerts on bars with random late ticks: each bar is looked at once, when it closes, with all that has come by then.

The oracle cuts all ticks anew at every look. A bar of time closes with the first tick of a later one that is not late;
one of activity is known by its start, and those before the newest that was looked at are not looked at again. An alert
on them begins with the bar that forms when it is made, whatever late ticks do to that bar later, and whatever other
alerts have looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.tickers.alerts.firing import RUNAWAY
from tests.oracle import oracle
from tests.oracle.activity import activity
from tests.tickers.alerts.harness import START
from tests.tickers.alerts.test_bar_alerts import FRAMES, QUARTER, SECOND, Bar, BarAlerted, Wanted, alerts, values_of

Found = tuple[str, int, Decimal]


@dataclass
class Looks:
    """What an alert has seen. newest: time of the series when it was made. evaluated: start of the newest bar of
    activity that it has looked at, or that had closed when it was made. known: starts of the bars of time that have
    closed."""

    wanted: Wanted
    newest: int
    evaluated: int = -1
    found: list[Found] = field(default_factory=list)
    known: set[int] = field(default_factory=set)


class LateAlerted(BarAlerted):
    """Looks, and stores how far, after each batch: what is seen of a bar depends on what has come until the look."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[Looks] = []

    def want(self, wanted: Wanted) -> None:
        super().want(wanted)
        closed = [start for start, _ in self.bars(wanted.frame)][:-1]
        newest = max((tick.time for tick in self.given), default=-1)
        looks = Looks(wanted, newest)
        if ":" in wanted.frame and closed:
            looks.evaluated = closed[-1]
        self.looks.append(looks)

    def look(self) -> None:
        self.evaluate()
        self.store.fail = ""
        self.flush()
        for number, looks in enumerate(self.looks):
            for end, value in self._now(looks):
                if len(looks.found) <= RUNAWAY and not (looks.wanted.frequency == "once" and looks.found):
                    looks.found.append((f"a{number}", end, value))

    def bars(self, frame: str) -> list[tuple[int, Bar]]:
        """(start or key, bar) of all bars, the forming one too; `closed` is the number of the bar's first tick."""
        ticks = sorted(self.given, key=lambda tick: tick.time)
        kind, _, n = frame.partition(":")
        if not n:
            length = oracle.FRAMES[frame] * SECOND
            found: dict[int, list[oracle.Tick]] = {}
            for tick in ticks:
                found.setdefault(tick.time // length * length, []).append(tick)
            return [(start, Bar(start + length, inside, 0)) for start, inside in found.items()]
        size = QUARTER * int(n) if kind == "range" else Decimal(n)
        cut = [[piece.tick for piece in bar] for bar in activity(kind, size, ticks)]
        index = np.arange(len(cut))
        keys = np.maximum.accumulate(np.array([bar[0].time for bar in cut], np.int64) - index) + index
        return [(key, Bar(bar[-1].time, bar, 0)) for key, bar in zip(keys.tolist(), cut, strict=True)]

    def on_time(self) -> list[oracle.Tick]:
        """The ticks that are not late, in order of arrival."""
        newest, found = -1, []
        for tick in self.given:
            if tick.time >= newest:
                newest = tick.time
                found.append(tick)
        return found

    def _now(self, looks: Looks) -> Iterator[tuple[int, Decimal]]:
        wanted = looks.wanted
        bars = self.bars(wanted.frame)
        if wanted.look == "close" and ":" not in wanted.frame:
            bars = self._closes(wanted.frame)
        values = values_of(wanted.look, [bar for _, bar in bars])
        for i in self._closing(looks, [start for start, _ in bars]):
            bar, value = bars[i][1], values[i]
            before = values[i - 1] if i else None
            if (
                bar.end > looks.newest
                and {
                    "": bool(value),
                    "greater": value > wanted.value,
                    "crossing_up": before is not None and before <= wanted.value < value,
                }[wanted.operator]
            ):
                yield bar.end, bar.ticks[-1].price if wanted.operator == "" else Decimal(value)

    def _closes(self, frame: str) -> list[tuple[int, Bar]]:
        """The bars of those ticks that are not late."""
        length, found = oracle.FRAMES[frame] * SECOND, dict[int, list[oracle.Tick]]()
        for tick in self.on_time():
            found.setdefault(tick.time // length * length, []).append(tick)
        return [(start, Bar(start + length, inside, 0)) for start, inside in found.items()]

    def _closing(self, looks: Looks, starts: list[int]) -> list[int]:
        """Indices of the bars that are looked at now."""
        if ":" in looks.wanted.frame:
            after = looks.evaluated
            looks.evaluated = max([after, *starts[-2:-1]])
            return [i for i, start in enumerate(starts[:-1]) if start > after]
        length = oracle.FRAMES[looks.wanted.frame] * SECOND
        opened = [tick.time // length * length for tick in self.on_time()]
        closed = {start for start in opened if start < opened[-1]}
        fresh = closed - looks.known if looks.known or looks.newest < 0 else closed
        looks.known |= closed
        return [i for i, start in enumerate(starts) if start in fresh]


TICKS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 1, 2, 4, 7, 45, -1, -1, -4, -20, -70]),
        st.integers(397, 403),
        st.sampled_from([1, 1, 2, 5]),
        st.sampled_from([1, -1]),
    ),
    min_size=4,
    max_size=14,
)
OF_TIME = alerts().map(lambda wanted: replace(wanted, frame="5s" if ":" in wanted.frame else wanted.frame))
ALERT = st.one_of(alerts(), OF_TIME)
STEPS = st.one_of(TICKS, TICKS, ALERT, st.sampled_from(["restart", "killed before", "killed after", "unreadable"]))


MIDNIGHT = START - START % (86_400 * SECOND) + 86_400 * SECOND
"""A session begins."""
FROM = st.sampled_from([START + 200 * SECOND, MIDNIGHT - 30 * SECOND, MIDNIGHT - SECOND, MIDNIGHT + SECOND])
"""The first tick's time, about: in a session, or so that one begins amid the ticks or late ones are of the last."""


def run(steps: list[Any], now: int = START + 200 * SECOND) -> LateAlerted:
    alerted = LateAlerted()
    for step in steps:
        if isinstance(step, Wanted):
            alerted.want(step)
        elif isinstance(step, list):
            ticks = []
            for forward, price, size, side in step:
                now = max(now, now + forward * SECOND)
                ticks.append(oracle.Tick(now + min(forward, 0) * SECOND, price * QUARTER, Decimal(size), side))
            alerted.send(ticks)
            alerted.look()
        elif step == "restart":
            alerted.restart()
        elif step == "unreadable":
            alerted.unreadable = True
        else:
            alerted.store.fail = str(step).removeprefix("killed ")
    return alerted


@given(st.lists(ALERT, min_size=1, max_size=3), st.lists(STEPS, min_size=3, max_size=9), FROM)
@settings(max_examples=100, deadline=None)
def test_bars_with_late_ticks_fire_once_with_what_had_come(first: list[Wanted], steps: list[Any], now: int) -> None:
    alerted = run([*first, *steps], now)
    assert alerted.found() == sorted(each for looks in alerted.looks for each in looks.found)


AMID = st.tuples(st.sampled_from([frame for frame in FRAMES if ":" in frame]), alerts()).map(
    lambda drawn: replace(drawn[1], frame=drawn[0])
)


@given(TICKS, st.lists(st.tuples(TICKS, AMID), min_size=1, max_size=2), st.lists(TICKS, min_size=2, max_size=4), FROM)
@settings(max_examples=40, deadline=None)
def test_alerts_made_amid_late_ticks_begin_with_the_forming_bar(
    first: Any, amid: list[Any], then: list[Any], now: int
) -> None:
    alerted = run([first, *(step for pair in amid for step in pair), *then], now)
    assert alerted.found() == sorted(each for looks in alerted.looks for each in looks.found)


def traded(alerted: BarAlerted, *trades: tuple[int, int]) -> None:
    """(seconds after the start, signed size) of trades, taken and evaluated together."""
    alerted.send(
        [oracle.Tick(START + at * SECOND, Decimal(100), Decimal(abs(n)), 1 if n > 0 else -1) for at, n in trades]
    )
    alerted.evaluate()


@pytest.mark.parametrize("before", [[], [(0, 1), (1, 1), (2, 1)]], ids=["first bar", "later bar"])
def test_a_forming_bar_that_late_ticks_lengthen_fires_when_it_closes(before: list[tuple[int, int]]) -> None:
    alerted = BarAlerted()
    traded(alerted, *before, (20, 1))
    alerted.want(Wanted("cvd", "ticks:3", "once_per_bar_close", "greater", 0))
    traded(alerted, (15, 1))
    alerted.restart()
    traded(alerted, (21, 1), (22, 1))
    assert [time for _, time, _ in alerted.found()] == [START + 21 * SECOND]


def test_what_an_alert_looks_at_does_not_depend_on_other_alerts() -> None:
    alerted, wanted = BarAlerted(), Wanted("max_delta", "delta:3", "every_time", "greater", 0)
    alerted.want(wanted)
    traded(alerted, (0, 2), (4, 1), (10, 1))
    traded(alerted, (2, -2))  # the bar that has closed forms again
    alerted.want(wanted)
    alerted.restart()
    traded(alerted, (11, 1), (12, 1))
    assert [(name, time) for name, time, _ in alerted.found()] == [
        ("a0", START + 4 * SECOND),
        ("a1", START + 11 * SECOND),
    ]


@pytest.mark.parametrize("other", [False, True], ids=["alone", "beside another"])
def test_an_alert_of_an_empty_series_looks_at_late_bars_of_the_session_before(other: bool) -> None:
    alerted, wanted = LateAlerted(), Wanted("cvd", "ticks:2", "every_time", "greater", 0)
    alerted.want(wanted)

    def traded_at(*seconds: int) -> None:
        alerted.send([oracle.Tick(MIDNIGHT + at * SECOND, Decimal(100), Decimal(1), 1) for at in seconds])
        alerted.look()

    traded_at(1)
    if other:
        alerted.want(wanted)
    traded_at(-5, -4, -3)  # two bars of the session before
    alerted.restart()
    traded_at(2, 3)
    ends = [time - MIDNIGHT for name, time, _ in alerted.found() if name == "a0"]
    assert ends == [-4 * SECOND, -3 * SECOND, 2 * SECOND]
    assert alerted.found() == sorted(each for looks in alerted.looks for each in looks.found)


@pytest.mark.parametrize("other", [False, True], ids=["alone", "beside another"])
def test_a_late_tick_of_the_bar_before_is_not_its_close_for_a_new_alert(other: bool) -> None:
    alerted, wanted = LateAlerted(), Wanted("close", "1min", "once_per_bar_close", "crossing_up", 100)

    def traded_at(second: int, price: int) -> None:
        alerted.send([oracle.Tick(MIDNIGHT + second * SECOND, Decimal(price), Decimal(1), 1)])
        alerted.look()

    if other:
        alerted.want(wanted)
    traded_at(0, 101)
    traded_at(60, 102)  # the bar before closes at 101
    traded_at(30, 99)  # late
    alerted.want(wanted)
    traded_at(120, 103)
    assert alerted.found() == []
