"""Bars compared with candles published by the exchange and by the sources of the gold and XRP/ETH recordings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.exactness.against_oracle import wrong_rows
from tests.exactness.conftest import GOLD_MEMBER, recorded_file
from tests.exactness.path import MINUTE, differences, replay, table
from tests.oracle import readers
from tests.oracle.oracle import Row
from tests.running import RunningServer

OHLCV = ("time", "open", "high", "low", "close", "volume")
TAKER = (*OHLCV, "ask_volume", "trades")
SUMS = ("volume", "ask_volume", "trades")
Send = Callable[[str], str]


def joined(candles: list[Row]) -> Row:
    """Join consecutive candles into one."""
    sums = {name: sum(candle[name] for candle in candles) for name in SUMS}
    return {
        "time": candles[0]["time"],
        "open": candles[0]["open"],
        "high": max(candle["high"] for candle in candles),
        "low": min(candle["low"] for candle in candles),
        "close": candles[-1]["close"],
        **sums,
    }


def test_bitcoin_equals_the_exchanges_candles(server: RunningServer, sent: Send, shared_data: Path) -> None:
    """For the minutes that the recording covers completely, including taker volumes and trade counts."""
    bars = table(server, "bars", sent("btc"))[1:-1]
    theirs = {row["time"]: row for row in readers.klines(shared_data, "1m")}
    assert len(bars) == 2
    assert differences(bars, [theirs[bar["time"]] for bar in bars], TAKER) == []

    # three minutes of the exchange and two of ours give its five minutes
    five = next(row for row in readers.klines(shared_data, "5m") if row["time"] == bars[0]["time"])
    rest = [theirs[bars[-1]["time"] + step * MINUTE] for step in (1, 2, 3)]
    assert differences([joined([*bars, *rest])], [five], TAKER) == []


def test_gold_equals_the_publishers_minutes(server: RunningServer, shared_data: Path, tmp_path: Path) -> None:
    """Without the last tick, which the publisher dropped. The inferred sides equal the oracle's."""
    ticks = readers.gold(shared_data)[:-1]
    file, _ = recorded_file("gc", shared_data, tmp_path)
    replay(server, file, "EXACT-GC-MINUTES", "--member", GOLD_MEMBER, "--max-ticks", len(ticks))
    bars = table(server, "bars", "EXACT-GC-MINUTES", limit=500)
    assert differences(bars, readers.gold_minutes(shared_data), OHLCV) == []
    assert any(tick.size == 0 for tick in ticks)
    inferred = [replace(tick, side=None) for tick in ticks]
    assert wrong_rows(server, "EXACT-GC-MINUTES", inferred, Decimal("0.1")) == []


@pytest.mark.parametrize(("frame", "file"), [("1min", "1m"), ("5min", "5m")])
def test_xrp_eth_equals_its_candles(
    frame: str, file: str, server: RunningServer, sent: Send, shared_data: Path
) -> None:
    bars = table(server, "bars", sent("xrpeth"), frame=frame)
    theirs = {row["time"]: row for row in readers.xrpeth_candles(shared_data, file)}
    shared = [bar for bar in bars if bar["time"] in theirs]
    assert len(shared) >= len(bars) - 1  # the candles end a little before the trades
    assert differences(shared, [theirs[bar["time"]] for bar in shared], OHLCV) == []
