"""Kraken's history without sides, and rows of its REST endpoint."""

from __future__ import annotations

from tests.formats.suite import FormatSuite, tick


class TestHistory(FormatSuite):
    format = "kraken"
    text = "1381095255,122.00000,0.10000000\n1381179030,123.61000,0.10000000\n1381179031.5,123.6,1e-7\n"
    ticks = (
        tick("2013-10-06T21:34:15", "122", "0.1", "", "tick"),
        tick("2013-10-07T20:50:30", "123.61", "0.1", "", "tick"),
        tick("2013-10-07T20:50:31.5", "123.6", "0.0000001", "", "tick"),
    )
    bad = ("1381095255,122.00000,-0.10000000", "column 3 (size)", "below 0")


class TestRest(FormatSuite):
    format = "kraken"
    text = (
        "8552.90000,0.03190270,1559347203.7998,s,m,,39482670\n8552.90000,0.03155529,1559347203.8086123,b,l,,39482671\n"
    )
    ticks = (
        tick("2019-06-01T00:00:03.7998", "8552.9", "0.0319027", "sell", "flag", 39482670),
        tick("2019-06-01T00:00:03.8086123", "8552.9", "0.03155529", "buy", "flag", 39482671),
    )
    bad = ("8552.90000,0.03155529,1559347203.8086,x,l,,39482672", "column 4 (side)", "'x' is not a side")
