"""Windows of the log: any bar of any frame, from any memory, is the one that a whole series has, with its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orderflow.market import buffer
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.ticks import TickBatch
from orderflow.market.windows import activity_tables, activity_window, reach, window
from orderflow.market.windows.window import Side
from tests.market.memory_log import MemoryLog
from tests.market.ticks import draw, same

FRAMES = ("1s", "5s", "15s", "1min", "30min", "1h", "4h", "1d", "ticks:7", "volume:11", "range:3", "delta:9")
SESSIONS = ("UTC 00:00", "UTC 00:30", "Asia/Kolkata 09:15", "America/Chicago 17:00")
SEEDS = st.integers(0, 2**32)
ANY_SERIES = given(SEEDS, st.sampled_from(FRAMES), st.sampled_from(SESSIONS))
BARS = 5
SIDES: tuple[Side, ...] = ("before", "after", "around")


@pytest.fixture(autouse=True, scope="module")
def _small() -> Iterator[None]:
    """Few ticks fill a segment, a checkpoint, a read and a window."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buffer, "SEGMENT", 32)
        for module, name, value in (
            (reach, "SPACING", 8),
            (reach, "READ", 20),
            (window, "BARS", BARS),
            (window, "MOST_TICKS", 40),
            (activity_tables, "MOST_PIECES", 30),
            (activity_window, "BARS", BARS),
            (activity_window, "MOST_TICKS", 40),
        ):
            patch.setattr(module, name, value)
        yield


def drawn(seed: int, name: str) -> tuple[Frame, np.random.Generator, TickBatch]:
    """A frame, random numbers, and ticks."""
    return Frame.parse(name), np.random.default_rng(seed), draw(seed, most=200).batch


def arriving(batch: TickBatch, rng: np.random.Generator) -> Iterator[TickBatch]:
    """The ticks in pieces, some of them late by little, some by much."""
    order = np.arange(len(batch))
    late = rng.random(len(batch)) < rng.choice([0.0, 0.05, 0.3])
    order = np.argsort(order + late * rng.integers(0, int(rng.choice([3, len(batch)])), len(batch)), kind="stable")
    bounds = np.sort(rng.integers(0, len(batch) + 1, int(rng.integers(1, 8)))).tolist()
    for a, b in zip([0, *bounds], [*bounds, len(batch)], strict=True):
        if a < b:
            yield batch.take(order[a:b])


def whole_series(batch: TickBatch, frame: Frame, session: str) -> dict[str, Any]:
    """A full answer of the poll with all bars."""
    market = Market(max_candles=10**6)
    market.configure("X", session=session)
    market.ingest([batch])
    answer = market.changed("X", frame, 0, None, 2)
    table = market.bars("X", frame)
    shown = [[bar["o"], bar["h"], bar["l"], bar["c"], bar["n"], bar["d"][0], bar["q"]] for bar in answer["bars"]]
    columns = [table.open, table.high, table.low, table.close, table.trades, table.delta, table.cvd]
    assert shown == np.array(columns).T.tolist()
    return answer


def check_window(answer: dict[str, Any], bars: list[dict[str, Any]], time: int, side: Side) -> None:
    """The answer's bars are the ones of the series that were asked for, and its numbers are their places."""
    first, count = answer["before"], len(answer["bars"])
    assert answer["total"] == len(bars)
    assert answer["bars"] == bars[first : first + count]
    assert (answer["more_before"], answer["more_after"]) == (first > 0, first + count < len(bars))
    assert not answer["counting"]
    earlier = sum(bar["t"] < time for bar in bars)
    begun = sum(bar["t"] <= time for bar in bars)
    if side == "before":
        assert first + count == earlier
        assert bool(count) is bool(earlier)
    elif side == "after":
        assert first == begun
        assert bool(count) is (begun < len(bars))
    else:
        assert first <= max(0, begun - 1) < first + count
    assert count <= (2 * BARS + 1 if side == "around" else BARS)


@settings(max_examples=30, deadline=None)
@ANY_SERIES
@example(0, "1h", "UTC 00:30")
def test_any_window_of_any_memory_has_the_bars_of_the_whole_series(seed: int, name: str, session: str) -> None:
    frame, rng, batch = drawn(seed, name)
    true = whole_series(batch, frame, session)
    log, most = MemoryLog(), int(rng.choice([40, 10_000]))
    market = Market(log, max_candles=4, max_ticks=most)
    market.configure("X", session=session)
    times = [bar["t"] for bar in true["bars"]]

    def ask() -> Iterator[tuple[int, Side]]:
        for side in SIDES:
            time = int(rng.choice([0, 2**42, *times, int(rng.integers(times[0], times[-1] + 2))]))
            yield time + int(rng.integers(0, 2)), side

    for part in arriving(batch, rng):
        market.ingest([part])
        polled = market.changed("X", frame, 0, None, 2)
        for time, side in ask() if rng.random() < 0.5 else ():
            market.window("X", frame, time, side, 2, polled["ref"])
    if rng.random() < 0.3:  # a restart
        market = Market(log, max_candles=4, max_ticks=most)
        market.load()
    polled = market.changed("X", frame, 0, None, 2)
    assert polled["stats"]["candles"] == len(market.bars("X", frame)) == len(times)
    assert [bar["t"] for bar in polled["bars"]] == times[-4:]
    for _ in range(3):
        for time, side in ask():
            check_window(market.window("X", frame, time, side, 2, true["ref"]), true["bars"], time, side)


@settings(max_examples=20, deadline=None)
@ANY_SERIES
@example(2569878946, "1h", "UTC 00:30")
def test_a_span_of_the_table_has_whole_bars(seed: int, name: str, session: str) -> None:
    frame, rng, batch = drawn(seed, name)
    market = Market(MemoryLog(), max_candles=4)
    market.configure("X", session=session)
    market.ingest([batch])
    table = market.bars("X", frame)
    for _ in range(4):
        start, end = np.sort(rng.choice(batch.time, 2) + rng.integers(0, 2, 2)).tolist()
        a, b = table.time.searchsorted([start, end]).tolist()
        same(market.bars("X", frame, start=start, end=end), table.take(a, b), (seed, name, start, end))
        limit = int(rng.integers(1, 6))
        first = table.take(a, min(a + limit, len(table)))
        same(market.bars("X", frame, start=start, limit=limit), first, (seed, name, start, limit))


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from(FRAMES))
def test_without_a_log_what_memory_holds_is_counted_and_reached(seed: int, name: str) -> None:
    frame, rng = Frame.parse(name), np.random.default_rng(seed)
    batch = draw(seed, most=200, sides="flag").batch
    market = Market(max_candles=4, max_ticks=50)
    for part in arriving(batch, rng):
        market.ingest([part])
        answer = market.changed("X", frame, 0, None, 2)
    table = market.bars("X", frame)
    assert answer["stats"]["candles"] == len(table)
    found: list[dict[str, Any]] = []
    at = -1
    while bars := (window := market.window("X", frame, at, "after", 2, answer["ref"]))["bars"]:
        assert window["before"] == len(found)
        found += bars
        at = bars[-1]["t"]
    assert [bar["c"] for bar in found] == table.close.tolist()
    assert [bar["n"] for bar in found] == table.trades.tolist()
    home = market.window("X", frame, 0, "around", 2, answer["ref"])
    assert (home["before"], home["bars"][0]) == (0, found[0])
