"""The automatic row size: by the definition, of the last complete session, and fixed for a session."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from orderflow.market.frames import Frame
from orderflow.market.grid import Grid
from orderflow.market.market import Market
from orderflow.market.row_size import MOST_ROWS, measure, row_sizes
from orderflow.market.ticks import NO_ID, SideRule, TickBatch
from tests.market.memory_log import MemoryLog
from tests.oracle import rows as oracle

TICK = Decimal("0.25")
MINUTE = Frame.parse("1min")
DAY_NS = 86_400_000_000_000
START = 1_790_000_000_000_000_000 // DAY_NS * DAY_NS


def minutes(day: int, heights: list[int], *, first: int = 0, step: int = 1) -> TickBatch:
    """One bar a minute from the `first` of a day on, each `height` ticks of 0.25 high, with two trades `step` apart."""
    n = len(heights)
    start = START + day * DAY_NS + (first + np.arange(n)) * 60_000_000_000
    time = np.column_stack([start, start + step * 1_000_000_000]).ravel()
    level = np.column_stack([np.full(n, 40_000), 40_000 + np.array(heights) - 1]).ravel()
    flags = np.full(2 * n, int(SideRule.FLAG), np.int8)
    side = np.tile(np.array([1, -1], np.int8), n)
    ids = np.full(2 * n, NO_ID, np.int64)
    return TickBatch("X", time, level * 25, np.ones(2 * n, np.int64), side, flags, ids, 2, 0)


def market_with(*batches: TickBatch, log: bool = False) -> Market:
    market = Market(MemoryLog() if log else None)
    market.configure("X", tick_size=Decimal("0.25"))
    for batch in batches:
        market.ingest([batch])
    return market


@pytest.mark.parametrize("tick", ["0.25", "0.01", "0.1", "0.5", "0.00000001", "0.03125", "1", "5", "2.5", "12.5"])
def test_row_sizes_are_the_round_prices_that_are_multiples_of_the_tick(tick: str) -> None:
    size = Decimal(tick)
    expected = [int(price / size) for price in oracle.row_prices(size)][:12]
    found = row_sizes(Grid.of(size, None))
    assert [rows for rows, _ in zip(found, expected, strict=False)] == expected


def test_a_tick_that_divides_no_round_price_gets_round_multiples() -> None:
    found = row_sizes(Grid.of(Decimal(3), None))
    assert [next(found) for _ in range(5)] == [1, 2, 5, 10, 20]


@pytest.mark.parametrize(("height", "rows"), [(1, 1), (25, 1), (26, 2), (50, 2), (52, 4), (1_000, 40)])
def test_the_median_bar_has_at_most_25_rows(height: int, rows: int) -> None:
    heights = np.array([1, height, height, height, 9_000])
    low = np.full(5, 40_000)
    assert measure(Grid.of(Decimal("0.25"), None), low + heights - 1, low) == rows
    assert MOST_ROWS == 25


def test_the_median_of_two_bars_may_lie_between_two_numbers_of_rows() -> None:
    low = np.full(2, 40_000)
    assert measure(Grid.of(Decimal("0.25"), None), low + np.array([25, 26]) - 1, low) == 2  # 25.5 rows of one tick


def test_the_last_complete_session_decides_and_the_size_is_fixed_for_the_next() -> None:
    market = market_with(minutes(0, [60] * 30), minutes(1, [10] * 3))
    assert market.row_size("X", MINUTE) == 4
    market.ingest([minutes(1, [10] * 400, first=3)])
    assert market.row_size("X", MINUTE) == 4
    market.ingest([minutes(2, [60] * 5)])
    assert market.row_size("X", MINUTE) == 1


def test_before_a_complete_session_the_held_bars_decide_once_there_are_enough() -> None:
    market = market_with(minutes(0, [60] * 4))
    assert market.row_size("X", MINUTE) == 4
    market.ingest([minutes(0, [10] * 3, first=4)])
    assert market.row_size("X", MINUTE) == 4
    market.ingest([minutes(0, [10] * 2, first=7)])  # twice as many bars as were measured
    assert market.row_size("X", MINUTE) == 1
    market.ingest([minutes(0, [60] * 11, first=9)])
    assert market.row_size("X", MINUTE) == 4  # 20 bars
    market.ingest([minutes(0, [10] * 500, first=20)])
    assert market.row_size("X", MINUTE) == 4  # for the rest of the session
    market.ingest([minutes(1, [10])])
    assert market.row_size("X", MINUTE) == 1


def test_a_size_that_is_not_fixed_yet_is_said_to_be_so() -> None:
    market = market_with(minutes(0, [60] * 4))

    def marks(rows: int = 0) -> str:
        return str(market.changed("X", MINUTE, 0, None, rows)["marks"])

    assert "rows measured on 4 bars so far" in marks()
    assert "so far" not in marks(rows=4)
    market.ingest([minutes(0, [60] * 5, first=4)])
    assert "rows measured on 9 bars so far" in marks()
    market.ingest([minutes(0, [60] * 11, first=9)])
    assert "so far" not in marks()


def test_a_chosen_size_stays_after_a_restart_and_a_reset_forgets_it() -> None:
    log = MemoryLog()
    market = Market(log)
    market.configure("X", tick_size=TICK)
    market.ingest([minutes(0, [60] * 20)])
    assert (market.row_size("X", MINUTE), market.row_size("X", Frame.parse("ticks:2"))) == (4, 4)
    market.ingest([minutes(0, [10] * 300, first=20), replace(minutes(0, [10]), symbol="Y")])
    for _ in range(2):
        market = Market(log)
        market.load()
        assert (market.row_size("X", MINUTE), market.row_size("X", Frame.parse("ticks:2"))) == (4, 4)
    market.ingest([minutes(1, [10])])
    assert market.row_size("X", MINUTE) == 1
    market.ingest([minutes(0, [60] * 500, first=500)])  # late ticks in the session that was complete
    market = Market(log)
    market.load()
    assert market.row_size("X", MINUTE) == 1
    market.row_size("Y", MINUTE)
    market.reset("X")
    assert set(json.loads(log.get_meta("row_sizes") or b"")) == {"Y"}
    market.reset()
    assert log.get_meta("row_sizes") is None


def test_a_finer_tick_keeps_the_price_step_of_a_chosen_size() -> None:
    market = market_with(minutes(0, [60] * 20))
    assert market.row_size("X", MINUTE) == 4
    market.ingest([minutes(0, [10] * 100, first=20)])
    market.configure("X", tick_size=Decimal("0.05"))
    assert market.row_size("X", MINUTE) == 20


@pytest.mark.parametrize("stored", [b"", b"[]", b"{", b'{"X": 3}', b'{"X": {"basis": ["0.25", "UTC 00:00"]}}'])
def test_stored_sizes_that_make_no_sense_are_chosen_anew(stored: bytes) -> None:
    log = MemoryLog()
    market = Market(log)
    market.configure("X", tick_size=TICK)
    market.ingest([minutes(0, [60] * 30)])
    log.set_meta("row_sizes", stored)
    again = Market(log)
    again.load()
    assert again.row_size("X", MINUTE) == 4


def test_a_full_disk_refuses_no_read() -> None:
    log = MemoryLog()
    market = Market(log)
    market.ingest([minutes(0, [60] * 30)])
    log.fail = True
    assert market.row_size("X", MINUTE) == market.changed("X", MINUTE, 0, None)["rows"] > 1


@pytest.mark.parametrize("frame", ["1s", "30s", "1min", "5min", "1h", "ticks:10", "volume:30", "range:12"])
@pytest.mark.parametrize("log", [False, True])
def test_every_frame_has_its_own_size_by_the_definition(frame: str, log: bool) -> None:
    heights = np.random.default_rng(3).integers(1, 400, 300).tolist()
    first, second = minutes(0, heights, first=700), minutes(1, [1] * 20)
    market = market_with(first, second, log=log)
    ticks = [
        oracle.Tick(int(t), Decimal(int(p)) / 100, Decimal(1), int(s))
        for t, p, s in zip(first.time, first.price, first.side, strict=True)
    ]
    assert market.row_size("X", Frame.parse(frame)) == oracle.row_size(oracle.bars_of(ticks, frame, TICK), TICK)


def test_a_page_that_left_the_size_to_the_server_gets_all_bars_anew_when_it_changes() -> None:
    market = market_with(minutes(0, [60] * 30), minutes(1, [10] * 3))
    first = market.changed("X", MINUTE, 0, None)
    market.ingest([minutes(1, [10], first=3)])
    more = market.changed("X", MINUTE, first["rev"], first["epoch"])
    assert (first["rows"], more["rows"], more["full"], len(more["bars"])) == (4, 4, False, 1)
    market.ingest([minutes(2, [10])])
    anew = market.changed("X", MINUTE, more["rev"], more["epoch"])
    assert (anew["rows"], anew["full"], len(anew["bars"])) == (1, True, 35)
    kept = market.changed("X", MINUTE, more["rev"], more["epoch"], 4)
    assert (kept["rows"], kept["full"], len(kept["bars"])) == (4, False, 1)


def test_a_finer_grid_and_another_session_measure_anew() -> None:
    market = market_with(minutes(0, [60] * 30))
    assert market.row_size("X", MINUTE) == 4
    market.configure("X", tick_size=Decimal("0.05"))
    assert market.row_size("X", MINUTE) == 20
    market.configure("X", session="UTC 00:10")
    assert market.row_size("X", MINUTE) == 20


def test_a_restarted_market_chooses_the_same_size() -> None:
    batches = minutes(0, [60] * 30), minutes(1, [10] * 300)
    once, piecemeal = market_with(*batches), market_with()
    for batch in batches:
        for part in range(0, len(batch), 50):
            piecemeal.ingest([batch.take(slice(part, part + 50))])
            piecemeal.row_size("X", MINUTE)
    assert once.row_size("X", MINUTE) == piecemeal.row_size("X", MINUTE) == 4
