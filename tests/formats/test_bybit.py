"""Bybit contracts and spot."""

from __future__ import annotations

from tests.formats.suite import NamedColumnsSuite, tick


class TestContracts(NamedColumnsSuite):
    format = "bybit"
    text = (
        "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,RPI\n"
        "1784851200.0547,BTCUSDT,Buy,0.038,65065.80,ZeroPlusTick,12,2.4725004e+11,0.038,2472.5004,0\n"
        "1784851200,BTCUSDT,Sell,0.001,65065.70,MinusTick,13,6.50657e+09,0.001,65.0657,0\n"
    )
    ticks = (
        tick("2026-07-24T00:00:00.0547", "65065.8", "0.038", "buy", "flag", 12, "BTCUSDT"),
        tick("2026-07-24T00:00:00", "65065.7", "0.001", "sell", "flag", 13, "BTCUSDT"),
    )
    bad = (
        "1784851200.0547,BTCUSDT,Buy,0.038,-1,ZeroPlusTick,12,2.4725004e+11,0.038,2472.5004,0",
        "price",
        "not above 0",
    )


class TestSpot(NamedColumnsSuite):
    """The id of a spot file counts its rows and starts at 1 again on the next day, so it is not a trade id."""

    format = "bybit"
    text = (
        "id,timestamp,price,volume,side,rpi\n"
        "1,1747612800074,106453.8,0.003718,sell,0\n"
        "2,1747612800150,106456.9,0.000500,buy,0\n"
    )
    ticks = (
        tick("2025-05-19T00:00:00.074", "106453.8", "0.003718", "sell", "flag"),
        tick("2025-05-19T00:00:00.15", "106456.9", "0.0005", "buy", "flag"),
    )
    bad = ("3,,106456.9,0.000500,buy,0", "timestamp", "is empty")
