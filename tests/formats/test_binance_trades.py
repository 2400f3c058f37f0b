"""Binance trades with and without a header, in ms and in µs."""

from __future__ import annotations

from tests.formats.suite import FormatSuite, NamedColumnsSuite, tick


class TestSpot(FormatSuite):
    format = "binance-trades"
    text = (
        "51175358,17.80180000,5.69000000,101.29224200,1583709433583,True,True\n"
        "51175359,17.80190000,1.00000000,17.80190000,1583709433584,False,True\n"
    )
    ticks = (
        tick("2020-03-08T23:17:13.583", "17.8018", "5.69", "sell", "flag", 51175358),
        tick("2020-03-08T23:17:13.584", "17.8019", "1", "buy", "flag", 51175359),
    )
    bad = (
        "51175360,0.00000000,1.00000000,17.80190000,1583709433585,False,True",
        "column 2 (price)",
        "not above 0",
    )


class TestSpotSince2025(FormatSuite):
    format = "binance-trades"
    text = (
        "5415228673,109608.01000000,0.00100000,109.60801000,1761955200098001,False,True\n"
        "5415228674,109608.00000000,0.00133000,145.77864000,1761955200205412,True,True\n"
    )
    ticks = (
        tick("2025-11-01T00:00:00.098001", "109608.01", "0.001", "buy", "flag", 5415228673),
        tick("2025-11-01T00:00:00.205412", "109608", "0.00133", "sell", "flag", 5415228674),
    )
    bad = (
        "5415228675,109608.01000000,0.00100000,109.60801000,1761955200098001,maybe,True",
        "column 6 (buyer is maker)",
        "'maybe' is not a side",
    )


class TestFutures(NamedColumnsSuite):
    format = "binance-trades"
    text = (
        "id,price,qty,quote_qty,time,is_buyer_maker\n"
        "28457,9635.0,1,0.01037883,1591250192508,true\n"
        "28458,9635.1,30,0.31136490,1591250192509,false\n"
    )
    ticks = (
        tick("2020-06-04T05:56:32.508", "9635", "1", "sell", "flag", 28457),
        tick("2020-06-04T05:56:32.509", "9635.1", "30", "buy", "flag", 28458),
    )
    bad = ("28459,9635.1,NaN,0.3,1591250192509,false", "qty", "'NaN' is not a finite number")
