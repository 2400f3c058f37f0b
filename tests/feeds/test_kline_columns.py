from __future__ import annotations

import pytest

from orderflow.feeds.kline_columns import kline_columns
from orderflow.feeds.venues.binance import Binance
from orderflow.feeds.venues.venue import BadMessage, Kline


def kline(**values: object) -> Kline:
    row = {
        "pair": "BTCUSDT", "interval": "1m", "start": 60_000, "end": 119_999, "open": "1.50000000",
        "high": "2.00000000", "low": "1.25000000", "close": "1.75000000", "volume": "10.00000000", "trades": 3,
        "taker_buy_volume": "4.50000000", "closed": True,
    }  # fmt: skip
    return Kline(**{**row, **values})  # type: ignore[arg-type]


def test_numbers_have_as_few_decimals_as_they_need() -> None:
    found = kline_columns([kline(), kline(start=120_000, volume="98765432109876.12", trades=0)])
    assert (found.price_decimals, found.size_decimals) == (2, 2)
    assert found.open.tolist() == [150, 150]
    assert found.volume.tolist() == [1_000, 9_876_543_210_987_612]
    assert found.taker_buy_volume.tolist() == [450, 450]
    assert not len(kline_columns([]))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"open": "x"}, "is not a decimal"),
        ({"open": "NaN"}, "is not a decimal"),
        ({"volume": "-1"}, "volume is negative"),
        ({"volume": "9" * 20}, "too many digits"),
        ({"open": "1.0000000000001"}, "more than 12 decimals"),
        ({"high": "1.4"}, "high or low is not"),
        ({"low": "1.6"}, "high or low is not"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(BadMessage, match=said):
        kline_columns([kline(**values)])


def test_the_requests_and_rows_of_binance() -> None:
    """A row as the documentation has it."""
    venue = Binance()
    asked = venue.klines_request("BTCUSDT", "1M", 1_499_644_800_000, 7)
    assert (asked.path, asked.weight) == ("/api/v3/klines", 2)
    assert asked.query == {"symbol": "BTCUSDT", "interval": "1M", "endTime": "1499644799999", "limit": "7"}
    body = b"""[[1499040000000,"0.01634790","0.80000000","0.01575800","0.01577100","148976.11427815",1499644799999,
        "2434.19055334",308,"1756.87402397","28.46694368","0"]]"""
    (row,) = venue.read_klines("BTCUSDT", "1M", body)
    assert (row.start, row.end, row.open, row.trades, row.taker_buy_volume, row.closed) == (
        1499040000000, 1499644799999, "0.01634790", 308, "1756.87402397", False,
    )  # fmt: skip
    with pytest.raises(BadMessage, match="not Binance's"):
        venue.read_klines("BTCUSDT", "1M", b'[["x"]]')
    assert '"btcusdt@kline_1M"' in venue.subscribe(["BTCUSDT@kline_1M"])[0]
    assert '"btcusdt@aggTrade"' in venue.unsubscribe(["BTCUSDT"])[0]
