"""NinjaTrader's exports, with and without quotes."""

from __future__ import annotations

from tests.formats.suite import FormatSuite, tick


class TestReplay(FormatSuite):
    format = "ninjatrader"
    text = (
        "20260111 230000 0960000;25946.5;25946.25;25946.5;62\n"
        "20260111 230000 1000001;25946.25;25946.25;25946.75;1\n"
        "20260111 230001 0000000;25946.5;25946.25;25946.75;3\n"
    )
    ticks = (
        tick("2026-01-11T23:00:00.096", "25946.5", "62", "buy", "quote"),
        tick("2026-01-11T23:00:00.1000001", "25946.25", "1", "sell", "quote"),
        tick("2026-01-11T23:00:01", "25946.5", "3", "", "tick"),
    )
    bad = ("20260111 236000 0960000;25946.5;25946.25;25946.5;62", "column 1 (time)", "minutes and seconds to 59")


class TestLast(FormatSuite):
    format = "ninjatrader"
    text = "20061107 000431;1383,00;1\n20061107 000456;1383,25;25\n"
    ticks = (
        tick("2006-11-07T00:04:31", "1383", "1", "", "tick"),
        tick("2006-11-07T00:04:56", "1383.25", "25", "", "tick"),
    )
    bad = ("20061307 000431;1383,00;1", "column 1 (time)", "not a date in the calendar")
