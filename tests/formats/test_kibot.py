"""Kibot ticks with and without quotes."""

from __future__ import annotations

from tests.formats.suite import FormatSuite, tick


class TestQuotes(FormatSuite):
    format = "kibot"
    text = (
        "09/28/2009,09:30:00,50.79,50.7,50.79,100\n"
        "09/28/2009,09:30:00,50.71,50.7,50.79,638\n"
        "09/28/2009,09:31:32.25,50.745,50.7,50.79,100\n"
    )
    ticks = (
        tick("2009-09-28T09:30:00", "50.79", "100", "buy", "quote"),
        tick("2009-09-28T09:30:00", "50.71", "638", "sell", "quote"),
        tick("2009-09-28T09:31:32.25", "50.745", "100", "", "tick"),
    )
    bad = ("13/28/2009,09:30:00,50.79,50.7,50.79,100", "column 2 (time)", "not a date in the calendar")


class TestTrades(FormatSuite):
    format = "kibot"
    text = "09/28/2009,09:30:00,50.79,100\n09/28/2009,09:30:01,50.8,638\n"
    ticks = (
        tick("2009-09-28T09:30:00", "50.79", "100", "", "tick"),
        tick("2009-09-28T09:30:01", "50.8", "638", "", "tick"),
    )
    bad = ("09/28/2009,24:30:00,50.79,100", "column 2 (time)", "hours go to 23")
