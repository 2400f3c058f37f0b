from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from orderflow.market.studies.delta import cvd, extremes
from tests.oracle import oracle
from tests.oracle.ladders import TICK, ticks
from tests.oracle.oracle import Tick


def one(size: np.ndarray, side: np.ndarray) -> tuple[int, ...]:
    """(delta, min delta, max delta) of the trades of one bar."""
    return tuple(int(column[0]) for column in extremes(size * side, np.array([0])))


@given(ticks(hours=3), st.sampled_from(["UTC 00:00", "America/Chicago 17:00"]))
def test_extremes_and_cvd_equal_the_oracle(trades: list[Tick], session: str) -> None:
    rows = oracle.bars(trades, "5min", tick=TICK, session=session)
    for (_, held), row in zip(oracle.grouped(trades, "5min", session), rows, strict=True):
        size = np.array([int(tick.size) for tick in held])
        side = np.array([tick.side for tick in held], np.int8)
        assert one(size, side) == (row["delta"], row["min_delta"], row["max_delta"])
    delta, low, high, began = (
        np.array([int(row[name]) for row in rows]) for name in ("delta", "min_delta", "max_delta", "session")
    )
    candles = cvd(delta, low, high, began)
    assert candles.close.tolist() == [int(row["cvd"]) for row in rows]
    assert (candles.high >= np.maximum(candles.open, candles.close)).all()
    assert (candles.low <= np.minimum(candles.open, candles.close)).all()
    for i in range(1, len(rows)):
        assert candles.open[i] == (candles.close[i - 1] if began[i] == began[i - 1] else 0)


def test_the_running_delta_starts_from_zero_in_every_bar() -> None:
    assert one(np.array([5, 2]), np.array([1, 1], np.int8)) == (7, 0, 7)
    assert one(np.array([5, 2]), np.array([-1, 1], np.int8)) == (-3, -5, 0)
    assert one(np.array([5]), np.array([0], np.int8)) == (0, 0, 0)
    bars = extremes(np.array([5, 2, -4, 1, -1]), np.array([0, 2, 3]))
    assert [column.tolist() for column in bars] == [[7, -4, 0], [0, -4, 0], [7, 0, 1]]


def test_a_candle_opens_at_the_previous_close_and_each_session_at_zero() -> None:
    delta = np.array([10, -4, 7, 1])
    candles = cvd(delta, np.array([0, -6, -1, 0]), np.array([12, 1, 7, 3]), np.array([1, 1, 2, 2]), base=100)
    assert candles.open.tolist() == [100, 110, 0, 7]
    assert candles.close.tolist() == [110, 106, 7, 8]
    assert candles.high.tolist() == [112, 111, 7, 10]
    assert candles.low.tolist() == [100, 104, -1, 7]


def test_no_bars_no_candles() -> None:
    none = np.empty(0, np.int64)
    assert len(cvd(none, none, none, none, base=5).close) == 0


def test_the_oracle_counts_unknown_sides_in_no_delta() -> None:
    (row,) = oracle.bars([Tick(0, Decimal(1), Decimal(9), 0), Tick(1, Decimal(1), Decimal(2), 1)], tick=TICK)
    assert (row["volume"], row["delta"]) == (11, 2)
