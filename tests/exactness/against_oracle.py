"""Compare every column of the API's bars and footprints with the oracle's."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor

from tests.exactness.path import differences, table
from tests.oracle import oracle
from tests.oracle.oracle import Row, Tick
from tests.running import RunningServer

BAR = (
    "time", "open", "high", "low", "close", "volume", "ask_volume", "bid_volume", "unknown_volume", "delta",
    "min_delta", "max_delta", "cvd", "trades", "vwap", "poc", "vah", "val",
)  # fmt: skip
CELL = ("time", "price", "bid_volume", "ask_volume", "unknown_volume", "trades", "imbalance")
VWAP_DIGITS = 4
"""Digits of a printed VWAP in addition to those of the tick size."""


def wrong_rows(
    server: RunningServer, symbol: str, ticks: Sequence[Tick], tick: Decimal, frame: str = "1min"
) -> list[str]:
    """The differences between the server's bars and footprint of `symbol` and the oracle's for `ticks`."""
    true = [_printed(row, tick) for row in oracle.bars(ticks, frame, tick=tick)]
    wrong = differences(table(server, "bars", symbol, frame=frame), true, BAR)
    true_cells = oracle.footprint(ticks, frame, tick=tick)
    return wrong + differences(table(server, "footprint", symbol, frame=frame), true_cells, CELL)


def _printed(row: Row, tick: Decimal) -> Row:
    """The oracle's row with its VWAP, an exact fraction, rounded half up to the digits that the API prints."""
    if row["vwap"] is None:
        return row
    exponent = tick.as_tuple().exponent
    assert isinstance(exponent, int)
    digits = VWAP_DIGITS - exponent
    units = floor(row["vwap"] * 10**digits + Fraction(1, 2))
    return row | {"vwap": Decimal(units).scaleb(-digits)}
