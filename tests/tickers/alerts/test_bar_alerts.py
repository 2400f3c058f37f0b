"""Alerts on studies, marks and closes of bars fire as an oracle says, whatever the pieces, restarts and kills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.market.frames import Frame
from orderflow.market.ticks import NO_ID, SideRule, TickBatch
from orderflow.tickers.alerts import activity_bars, bar_values
from orderflow.tickers.alerts.alert import Alert, Frequency, Kind, Source
from orderflow.tickers.alerts.firing import RUNAWAY
from orderflow.tickers.alerts.rehearsal import rehearse
from orderflow.tickers.alerts.store import Changes
from tests.oracle import oracle, studies
from tests.oracle.activity import activity
from tests.tickers.alerts.harness import START, SYMBOL, Alerted, StoppedClock

SECOND = 10**9
QUARTER = Decimal("0.25")


@dataclass(frozen=True)
class Wanted:
    """An alert of the test. added: ticks that had come when it was made."""

    look: str
    frame: str
    frequency: str
    operator: str = ""
    value: int = 0
    added: int = 0


@dataclass(frozen=True)
class Bar:
    """A bar by the oracle. closed: index of the tick that closed it."""

    end: int
    ticks: list[oracle.Tick]
    closed: int


LOOKS = {
    "close": Source(Kind.PRICE),
    "cvd": Source(Kind.STUDY, "cvd", "close"),
    "max_delta": Source(Kind.STUDY, "delta_extremes", "max_delta"),
    "unfinished": Source(Kind.EVENT, "unfinished_auction"),
    "divergence": Source(Kind.EVENT, "divergence", "bullish", (("bars", 2),)),
}
FRAMES = ("5s", "1min", "ticks:1", "ticks:3", "volume:4", "range:3", "delta:3")
EVERY = ("once", "once_per_bar", "once_per_bar_close", "every_time")


# the oracle


def bars_of(frame: str, ticks: Sequence[oracle.Tick]) -> list[Bar]:
    """The bars that have closed."""
    kind, _, n = frame.partition(":")
    parts: list[tuple[int, list[oracle.Tick], int]]
    if n:
        size = QUARTER * int(n) if kind == "range" else Decimal(n)
        found = activity(kind, size, ticks)
        parts = [(bar[-1].tick.time, [piece.tick for piece in bar], bar[0].source) for bar in found]
    else:
        length = oracle.FRAMES[frame] * SECOND
        parts = []
        for index, tick in enumerate(ticks):
            end = tick.time // length * length + length
            if not parts or parts[-1][0] != end:
                parts.append((end, [], index))
            parts[-1][1].append(tick)
    return [Bar(end, inside, later[2]) for (end, inside, _), later in pairwise(parts)]


def values_of(look: str, bars: Sequence[Bar]) -> list[Decimal | bool]:
    """What a look sees of each bar."""
    if look == "close":
        return [bar.ticks[-1].price for bar in bars]
    if look == "unfinished":
        return [any(studies.unfinished(cells_of(bar))) for bar in bars]
    deltas = [sum((tick.size * (tick.side or 0) for tick in bar.ticks), Decimal()) for bar in bars]
    if look == "divergence":
        high, low = ([of(tick.price for tick in bar.ticks) for bar in bars] for of in (max, min))
        return list(studies.divergence(high, low, deltas, 2)[1])
    if look == "cvd":
        sessions = [oracle.session_start(bar.ticks[0].time) for bar in bars]
        return [
            sum((d for d, began in zip(deltas[: i + 1], sessions, strict=False) if began == sessions[i]), Decimal())
            for i in range(len(bars))
        ]
    found = []
    for bar in bars:
        running = [Decimal()]
        for tick in bar.ticks:
            running.append(running[-1] + tick.size * (tick.side or 0))
        found.append(max(running))
    return list(found)


def cells_of(bar: Bar) -> oracle.Cells:
    cells: oracle.Cells = {}
    for tick in bar.ticks:
        cell = cells.setdefault(tick.price, oracle.Cell())
        cell.ask += tick.size if tick.side == 1 else 0
        cell.bid += tick.size if tick.side == -1 else 0
    return cells


def expected(name: str, wanted: Wanted, ticks: Sequence[oracle.Tick]) -> list[tuple[str, int, Decimal]]:
    """(alert, time, value) of the events."""
    bars = bars_of(wanted.frame, ticks)
    values = values_of(wanted.look, bars)
    newest = ticks[wanted.added - 1].time if wanted.added else -1
    found: list[tuple[str, int, Decimal]] = []
    for i, (bar, value) in enumerate(zip(bars, values, strict=True)):
        if bar.closed < wanted.added or bar.end <= newest:
            continue
        before = values[i - 1] if i else None
        holds = {
            "": bool(value),
            "greater": value > wanted.value,
            "crossing_up": before is not None and before <= wanted.value < value,
        }[wanted.operator]
        if holds:
            shown = bar.ticks[-1].price if wanted.operator == "" else Decimal(value)
            found.append((name, bar.end, shown))
            if wanted.frequency == "once" or len(found) > RUNAWAY:
                break
    return found


# the engine


def batch(ticks: Sequence[oracle.Tick]) -> TickBatch:
    def column(values: Any, kind: type) -> Any:
        return np.array(list(values), kind)

    sides = column((tick.side for tick in ticks), np.int8)
    return TickBatch(
        SYMBOL,
        column((tick.time for tick in ticks), np.int64),
        column((int(tick.price * 100) for tick in ticks), np.int64),
        column((int(tick.size) for tick in ticks), np.int64),
        sides,
        sides * 0 + np.int8(SideRule.FLAG),
        np.full(len(ticks), NO_ID),
        2,
        0,
    )


class BarAlerted(Alerted):
    """The engine with alerts on bars; the ticks that it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[oracle.Tick] = []
        self.wanted: dict[str, Wanted] = {}

    def send(self, ticks: Sequence[oracle.Tick]) -> None:
        self.given += ticks
        self.market.ingest([batch(ticks)])

    def want(self, wanted: Wanted) -> None:
        self.evaluate()
        name = f"a{len(self.wanted)}"
        self.wanted[name] = replace(wanted, added=len(self.given))
        alert = alert_of(name, wanted)
        watches = self.evaluation.arm(alert)
        self.store.fail = ""
        self.evaluation.put(alert, watches)
        self.evaluation.store(Changes(alerts=[(alert, watches)]))

    def found(self) -> list[tuple[str, int, Decimal]]:
        events = [event for _, event in self.store.events(after=0, limit=10**6)]
        return sorted((event.alert_id, event.time, Decimal(event.value)) for event in events)

    def right(self) -> list[tuple[str, int, Decimal]]:
        return sorted(each for name, wanted in self.wanted.items() for each in expected(name, wanted, self.given))


def alert_of(name: str, wanted: Wanted) -> Alert:
    return Alert(
        name,
        SYMBOL,
        (SYMBOL,),
        wanted.operator,
        (Fraction(wanted.value),) if wanted.operator else (),
        START,
        source=LOOKS[wanted.look],
        frequency=Frequency(wanted.frequency),
        frame=Frame.parse(wanted.frame),
    )


@st.composite
def alerts(draw: st.DrawFn) -> Wanted:
    look = draw(st.sampled_from(sorted(LOOKS)))
    frame = draw(st.sampled_from(FRAMES))
    if look == "close":
        return Wanted(look, frame, "once_per_bar_close", draw(st.sampled_from(["greater", "crossing_up"])), 100)
    operator = draw(st.sampled_from(["greater", "crossing_up"])) if look in ("cvd", "max_delta") else ""
    return Wanted(look, frame, draw(st.sampled_from(EVERY)), operator, draw(st.integers(-2, 4)) if operator else 0)


TICKS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 1, 2, 7, 45]),
        st.integers(397, 403),
        st.sampled_from([1, 1, 2, 5, 13]),
        st.sampled_from([1, -1]),
    ),
    min_size=1,
    max_size=14,
)
STEPS = st.one_of(
    TICKS,
    TICKS,
    alerts(),
    alerts(),
    st.sampled_from(["evaluate", "restart", "flush", "killed before", "killed after", "unreadable"]),
)


def run(steps: list[object]) -> BarAlerted:
    alerted, now = BarAlerted(), START
    for step in steps:
        if isinstance(step, Wanted):
            alerted.want(step)
        elif isinstance(step, list):
            ticks = []
            for forward, price, size, side in step:
                now += forward * SECOND
                ticks.append(oracle.Tick(now, price * QUARTER, Decimal(size), side))
            alerted.send(ticks)
        elif step == "unreadable":
            alerted.unreadable = True
        elif str(step).startswith("killed"):
            alerted.store.fail = str(step).removeprefix("killed ")
        else:
            getattr(alerted, str(step))()
    alerted.evaluate()
    return alerted


@given(st.lists(STEPS, min_size=3, max_size=14), st.sampled_from([3, 20]))
@settings(max_examples=150, deadline=None)
def test_events_of_bars_are_those_of_the_oracle(steps: list[object], lookback: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module in (activity_bars, bar_values):  # 3: what needs no session is soon read from a few bars on
            patch.setattr(module, "LOOKBACK", lookback)
        alerted = run(steps)
    assert alerted.found() == alerted.right()


@given(alerts(), TICKS, TICKS)
@settings(max_examples=60, deadline=None)
def test_a_rehearsal_finds_what_would_have_fired(wanted: Wanted, first: Any, then: Any) -> None:
    alerted = run([first, then])
    found, looked = rehearse(alerted.market, alert_of("a", wanted), None, None, 1_000, StoppedClock().now)
    always = replace(wanted, frequency="every_time")
    right = [(time, value) for _, time, value in expected("a", always, alerted.given)]
    assert [(event.time, Decimal(event.value)) for event in found][: RUNAWAY + 1] == right
    assert looked == len(alerted.given)


def fill(alerted: BarAlerted, count: int, at: int = 0) -> None:
    """One trade a second, all buys of 1, rising by a quarter."""
    alerted.send([oracle.Tick(START + n * SECOND, (400 + n) * QUARTER, Decimal(1), 1) for n in range(at, at + count)])


@pytest.mark.parametrize("frame", ["ticks:3", "volume:3", "range:2", "delta:3"])
def test_each_bar_of_an_activity_frame_fires_once(frame: str) -> None:
    alerted = BarAlerted()
    alerted.want(Wanted("cvd", frame, "every_time", "greater", 0))
    for n in range(13):
        fill(alerted, 1, n)
        alerted.evaluate()
        if n % 4 == 0:
            alerted.restart()
    assert [value for _, _, value in alerted.found()] == [3, 6, 9, 12]


def test_a_late_tick_moves_no_bar_that_was_evaluated() -> None:
    alerted = BarAlerted()
    alerted.want(Wanted("close", "ticks:3", "once_per_bar_close", "greater", 0))
    fill(alerted, 7)
    alerted.evaluate()
    before = alerted.found()
    assert len(before) == 2
    alerted.send([oracle.Tick(START + SECOND // 2, 400 * QUARTER, Decimal(1), 1)])
    alerted.evaluate()
    assert alerted.found() == before
    fill(alerted, 3, 7)
    alerted.evaluate()
    alerted.restart()
    alerted.evaluate()
    assert len(alerted.found()) == 3
    assert alerted.found()[:2] == before


def test_a_forming_activity_bar_is_seen_with_intrabar() -> None:
    alerted = BarAlerted()
    alert = replace(alert_of("a", Wanted("cvd", "ticks:5", "once_per_bar", "greater", 1)), intrabar=True)
    alerted.evaluation.put(alert, alerted.evaluation.arm(alert))
    alerted.evaluation.store(Changes(alerts=[(alert, alerted.evaluation.watches["a"])]))
    for n in range(11):
        fill(alerted, 1, n)
        alerted.evaluate()
    events = [event for _, event in alerted.store.events(after=0)]
    assert [(event.value, event.may_differ) for event in events] == [("2", True), ("6", True), ("11", True)]
