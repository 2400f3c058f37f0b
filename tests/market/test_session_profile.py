"""The profile of a session holds all its trades, whatever bars the chart holds, and its marks are the oracle's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from orderflow.market import buffer
from orderflow.market.chart_json import ProfileSpan
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.ticks import TickBatch
from tests.market.memory_log import MemoryLog
from tests.market.ticks import Drawn, draw
from tests.oracle import oracle, studies
from tests.oracle.oracle import Tick
from tests.oracle.rows import in_rows

TICK = Decimal("0.25")
DAY_NS = 86_400_000_000_000


def two_days(seed: int, n: int = 3_000) -> TickBatch:
    """Ticks over two days of UTC, in time order."""
    batch = draw(seed, most=n + 1, sides="flag").batch
    time = np.sort(np.random.default_rng(seed).integers(0, 2 * DAY_NS // 10**6, len(batch))) * 10**6
    start = int(batch.time[0]) // DAY_NS * DAY_NS
    return TickBatch(**{**fields(batch), "time": start + time})


def fields(batch: TickBatch) -> dict[str, Any]:
    return {name: getattr(batch, name) for name in batch.__slots__}


def asked(market: Market, frame: str, session: int, rows: int) -> dict[str, Any]:
    """The answer's profile of the session that starts at a time (ns)."""
    span = ProfileSpan(session // 10**6, None, True)
    return dict(market.changed("X", Frame.parse(frame), 0, None, rows, span=span)["profile"])


def expected(ticks: Sequence[Tick], rows: int) -> dict[str, Any]:
    """The oracle's rows and marks of a session's ticks."""
    shown = in_rows(studies.profile([oracle.ladder(ticks)]), TICK * rows)
    number = {price: int(price / (TICK * rows)) for price in shown}
    low, high = oracle.value_area(shown, TICK * rows)
    cells = {number[price]: (int(cell.bid * 10), int(cell.ask * 10)) for price, cell in shown.items()}
    return {"cells": cells, "marks": [number[oracle.poc(shown)], number[low], number[high]]}


def found(profile: dict[str, Any]) -> dict[str, Any]:
    offsets = profile.get("k", range(len(profile["b"])))
    sums = zip(profile["b"], profile["a"], strict=True)
    cells = {profile["lo"] + offset: cell for offset, cell in zip(offsets, sums, strict=True)}
    return {"cells": cells, "marks": profile["marks"]}


@pytest.mark.parametrize("frame", ["1min", "5min", "1s", "ticks:20", "volume:200"])
@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("log", [False, True])
def test_all_trades_of_both_sessions(frame: str, rows: int, log: bool) -> None:
    batch = two_days(5)
    market = Market(MemoryLog() if log else None, max_candles=4)
    market.ingest([batch])
    ticks = oracle.tick_rule(Drawn(batch).oracle)
    for start in sorted({oracle.session_start(tick.time) for tick in ticks}):
        own = [tick for tick in ticks if oracle.session_start(tick.time) == start]
        for _ in range(2):
            assert found(asked(market, frame, start, rows)) == expected(own, rows)


@pytest.mark.parametrize("frame", ["1min", "ticks:20", "volume:200", "range:3"])
@pytest.mark.parametrize("log", [False, True])
def test_a_span_before_the_held_bars_has_the_profile_of_its_bars(frame: str, log: bool) -> None:
    batch = two_days(7)
    few, all_ = (Market(MemoryLog() if log else None, max_candles=bars) for bars in (4, 100_000))
    for market in (few, all_):
        market.ingest([batch])
    parsed = Frame.parse(frame)
    starts = [bar["t"] for bar in all_.changed("X", parsed, 0, None)["bars"]]
    for first, last in ((0, 0), (3, 20), (10, len(starts) - 2)):
        span = ProfileSpan(starts[first], starts[last])
        found, whole = (market.changed("X", parsed, 0, None, 2, span=span)["profile"] for market in (few, all_))
        assert whole["marks"] is not None
        assert found == whole


def test_the_profile_grows_with_the_ticks_and_takes_in_late_ones() -> None:
    batch = two_days(6)
    ticks = oracle.tick_rule(Drawn(batch).oracle)
    late = np.zeros(len(batch), np.bool_)
    late[[5, len(batch) // 2, len(batch) - 9]] = True
    market = Market(max_candles=4)
    sessions = sorted({oracle.session_start(tick.time) for tick in ticks})
    first = batch.take(~late)
    half = len(first) // 2
    for part in (first.take(slice(0, half)), first.take(slice(half, None)), batch.take(late)):
        market.ingest([part])
        for start in sessions:
            asked(market, "1min", start, 2)
    for start in sessions:
        own = [tick for tick in ticks if oracle.session_start(tick.time) == start]
        assert found(asked(market, "1min", start, 2)) == expected(own, 2)


def test_evicted_ticks_are_read_from_the_log_and_told_when_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "SEGMENT", 64)
    batch = two_days(7)
    ticks = oracle.tick_rule(Drawn(batch).oracle)
    last = max(oracle.session_start(tick.time) for tick in ticks)
    own = [tick for tick in ticks if oracle.session_start(tick.time) == last]
    logged, lossy = Market(MemoryLog(), max_ticks=256), Market(max_ticks=256)
    for market in (logged, lossy):
        market.ingest([batch])
    whole, part = asked(logged, "1min", last, 1), asked(lossy, "1min", last, 1)
    assert (whole["cut"], found(whole)) == (False, expected(own, 1))
    assert part["cut"]
    assert sum(part["b"]) + sum(part["a"]) < sum(whole["b"]) + sum(whole["a"])


def test_a_session_without_ticks_has_no_marks() -> None:
    market = Market()
    market.ingest([two_days(8)])
    profile = asked(market, "1min", 5 * DAY_NS, 1)
    assert (profile["marks"], profile.get("b")) == (None, None)


class SlowLog(MemoryLog):
    """A log during whose reads something else happens."""

    meanwhile: Callable[[], None] | None = None

    def read(self, symbol: str, start: int, end: int) -> TickBatch | None:
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return super().read(symbol, start, end)


@pytest.mark.parametrize("frame", ["1min", "ticks:20"])
@pytest.mark.parametrize("session", [False, True])
def test_ticks_and_other_readers_do_not_wait_for_the_log(
    monkeypatch: pytest.MonkeyPatch, frame: str, session: bool
) -> None:
    """A late tick that comes while the log is read makes the profile's bars be read again, and none is told wrongly."""
    monkeypatch.setattr(buffer, "SEGMENT", 64)
    batch, log = two_days(9), SlowLog()
    market, parsed = Market(log, max_ticks=256, max_candles=4), Frame.parse(frame)
    late = np.zeros(len(batch), np.bool_)
    late[9] = True
    market.ingest([batch.take(~late)])
    newest = oracle.session_start(Drawn(batch).oracle[-1].time)
    market.changed("X", parsed, 0, None, 1, span=ProfileSpan(newest // 10**6, None, True))
    done = threading.Event()

    def other() -> None:
        market.ingest([batch.take(late)])
        market.changed("X", parsed, 0, None)
        done.set()

    def meanwhile() -> None:
        thread = threading.Thread(target=other, daemon=True)
        thread.start()
        assert done.wait(30), "another reader waits for the log"

    first = oracle.session_start(Drawn(batch).oracle[0].time)
    span = ProfileSpan(first // 10**6, None if session else (first + DAY_NS) // 10**6 - 1, session)
    log.meanwhile = meanwhile
    answers = [market.changed("X", parsed, 0, None, 1, span=span)["profile"] for _ in range(2)]
    assert done.is_set()
    assert answers[0]["counting"]
    whole = Market(max_candles=100_000)
    whole.ingest([batch.take(~late)])
    whole.ingest([batch.take(late)])
    assert answers[1] == whole.changed("X", parsed, 0, None, 1, span=span)["profile"]
