"""The dialog "Go to a date": what is understood, in which zone, and what is said of a date without trades."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from dash import no_update

from callbacks.chart_goto import go_to, read_time, texts, trades_of, zone_of
from orderflow.formats import parse_body
from orderflow.market.market import Market
from tests.browser.chart import ticks_csv

SHOWN = {"symbol": "NQ", "frame": "1min", "zone": "UTC"}
RANGE = "The trades are from 2026-03-02 14:30:00 to 2026-03-02 15:29:"


@pytest.fixture
def traded(market: Market) -> Market:
    """A market with trades of NQ from 2026-03-02 14:30 to 15:30 UTC."""
    market.ingest(parse_body(ticks_csv("NQ", minutes=60, rate=1.0).encode(), "text/csv").batches)
    return market


def ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "zone", "time"),
    [
        ("2026-03-02 14:45", "UTC", ms(2026, 3, 2, 14, 45)),
        (" 2026-03-02T14:45:30 ", "UTC", ms(2026, 3, 2, 14, 45, 30)),
        ("15:10", "UTC", ms(2026, 3, 2, 15, 10)),
        ("2026-03-02 15:45", "Europe/Berlin", ms(2026, 3, 2, 14, 45)),
        ("10:10", "America/New_York", ms(2026, 3, 2, 15, 10)),
        ("2026-03-02 15:45+01:00", "Asia/Tokyo", ms(2026, 3, 2, 14, 45)),
        ("2026-03-02T14:45Z", "Asia/Tokyo", ms(2026, 3, 2, 14, 45)),
        ("2026-03-02", "UTC", ms(2026, 3, 2, 14, 30)),  # the day's first trade
        ("2026-03-02", "Asia/Tokyo", ms(2026, 3, 2, 14, 30)),
        ("2026-03-03", "Asia/Tokyo", ms(2026, 3, 2, 15, 0)),
    ],
)
def test_dates_and_times_are_in_the_zone_of_the_page(traded: Market, text: str, zone: str, time: int) -> None:
    assert go_to(traded, {**SHOWN, "zone": zone}, text) == (time, None)


@pytest.mark.parametrize("text", ["2026-03-02 14:29", "2026-03-02 15:31", "2026-03-03", "2025-01-01", "16:00"])
def test_a_time_without_trades_is_answered_with_the_range(traded: Market, text: str) -> None:
    time, said = go_to(traded, SHOWN, text)
    assert time is None
    assert str(said).startswith(RANGE)
    assert str(said).endswith("(UTC).")


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "14", "2026", "25:00", None, 5, "9999-12-31T23:59-12:00"]
)
def test_what_is_no_date_is_said(traded: Market, text: object) -> None:
    time, said = go_to(traded, SHOWN, text)
    assert time is None
    assert str(said).startswith(("Not a date: write 2026-03-02 14:30", "The trades are from"))


@pytest.mark.parametrize("series", [None, {}, {"symbol": "NOBODY"}, {"symbol": 5}])
def test_a_series_without_trades_has_nothing_to_go_to(traded: Market, series: object) -> None:
    assert go_to(traded, series, "14:45") == (None, "There are no trades.")
    assert trades_of(traded, series) is None


def test_zones() -> None:
    assert zone_of("Europe/Berlin") == ZoneInfo("Europe/Berlin")
    assert [zone_of(name) for name in (None, "", "Nowhere/City", "../etc", 5)] == [UTC] * 5


def test_a_time_alone_is_on_the_newest_day_of_the_zone() -> None:
    newest = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    found = read_time("01:00", ZoneInfo("Asia/Tokyo"), newest)
    assert found is not None
    assert found[0] == datetime(2026, 3, 2, 16, 0, tzinfo=UTC)  # 3 March in Tokyo


def test_opening_says_the_range_and_leaves_an_error_that_was_faster(traded: Market) -> None:
    said, error = texts(traded, True, SHOWN)
    assert said.startswith(RANGE)
    assert error is no_update
    assert texts(traded, False, SHOWN) == (no_update, None)
    assert texts(traded, True, {**SHOWN, "symbol": "NOTHING"}) == ("There are no trades.", no_update)
