"""Bars and footprints of 5, 15 and 60 minutes are the sums of finer ones."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

import pytest

from tests.exactness.path import MINUTE, by_bar, differences, table
from tests.oracle.oracle import Row
from tests.running import RunningServer

FRAMES = {"1min": 1, "5min": 5, "15min": 15, "1h": 60}
SUMS = ("volume", "ask_volume", "bid_volume", "unknown_volume", "delta", "trades")
LAST = ("close", "cvd", "vwap")
BAR = ("time", "open", "high", "low", "min_delta", "max_delta", *SUMS, *LAST)
CELL = ("time", "price", "bid_volume", "ask_volume", "unknown_volume", "trades")
PAIRS = list(pairwise(FRAMES))


def joined(start: int, bars: list[Row]) -> Row:
    """The bar at `start` that consists of `bars`; the extremes of its delta continue from bar to bar."""
    reached, low, high = Decimal(0), Decimal(0), Decimal(0)
    for bar in bars:
        low, high = min(low, reached + bar["min_delta"]), max(high, reached + bar["max_delta"])
        reached += bar["delta"]
    return {
        "time": start,
        "open": bars[0]["open"],
        "high": max(bar["high"] for bar in bars),
        "low": min(bar["low"] for bar in bars),
        "min_delta": low,
        "max_delta": high,
        **{name: sum(bar[name] for bar in bars) for name in SUMS},
        **{name: bars[-1][name] for name in LAST},
    }


def grouped(rows: list[Row], minutes: int) -> dict[int, list[Row]]:
    """Rows by the start of their longer bar."""
    longer: dict[int, list[Row]] = {}
    for row in rows:
        longer.setdefault(row["time"] // (minutes * MINUTE) * minutes * MINUTE, []).append(row)
    return longer


def added(start: int, rows: list[Row]) -> list[Row]:
    """The footprint of the bar at `start` as the sum of the rows of finer bars."""
    cells: dict[Decimal, Row] = {}
    for row in rows:
        cell = cells.setdefault(row["price"], {"time": start, "price": row["price"], **dict.fromkeys(CELL[2:], 0)})
        for name in CELL[2:]:
            cell[name] += row[name]
    return [cells[price] for price in sorted(cells)]


def check(server: RunningServer, symbol: str, finer: str, coarser: str) -> None:
    minutes = FRAMES[coarser]
    groups = grouped(table(server, "bars", symbol, frame=finer), minutes)
    bars = [joined(start, held) for start, held in groups.items()]
    assert differences(table(server, "bars", symbol, frame=coarser), bars, BAR) == []
    cells = grouped(table(server, "footprint", symbol, frame=finer), minutes)
    rows = [row for start, held in cells.items() for row in added(start, held)]
    longer = table(server, "footprint", symbol, frame=coarser)
    assert differences(longer, rows, CELL) == []

    totals = by_bar(longer)
    for bar in bars:
        held = totals[bar["time"]]
        assert bar["volume"] == sum(row["bid_volume"] + row["ask_volume"] + row["unknown_volume"] for row in held)
        assert bar["delta"] == sum(row["ask_volume"] - row["bid_volume"] for row in held)
        assert bar["trades"] == sum(row["trades"] for row in held)


@pytest.mark.parametrize(("finer", "coarser"), PAIRS)
def test_frames_of_the_sample_add_up(finer: str, coarser: str, server: RunningServer, ltc: str) -> None:
    check(server, ltc, finer, coarser)


@pytest.mark.parametrize(("finer", "coarser"), PAIRS)
@pytest.mark.parametrize("name", ["btc", "xrpeth"])
def test_frames_of_the_recordings_add_up(
    name: str, finer: str, coarser: str, server: RunningServer, sent: Callable[[str], str]
) -> None:
    check(server, sent(name), finer, coarser)
