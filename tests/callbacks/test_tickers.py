"""Functions of the tickers' page: forms to alerts and back, numbers as people write them, the order of tickers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any, cast

import pytest
from dash import no_update

from callbacks.tickers import line_points, moved, update
from callbacks.tickers_alerts import body_of, form_of
from orderflow.services import Services
from orderflow.tickers.alerts.alert import Alert, Frequency, Kind, Source
from orderflow.tickers.quotes import Point, Quote, Quotes

NOWHERE = {"binance_rest_url": "http://127.0.0.1:9", "binance_ws_url": "ws://127.0.0.1:9"}
FORM: dict[str, Any] = {
    "tickers": ["BTC"],
    "operator": "above",
    "value": "67,250.5",
    "high": "",
    "source": "price",
    "frequency": "once",
    "interval": "1min",
    "cooldown": "",
    "intrabar": False,
    "expires": None,
    "note": "",
    "message": "",
    "targets": [],
}
PLAIN = {"tickers": ["BTC"], "frequency": "once", "interval": "1min"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"condition": "above", "price": "67250.5"}),
        ({"operator": "less", "value": "0,16"}, {"operator": "less", "price": "0.16"}),
        ({"operator": "inside_channel", "value": "10", "high": "12 000.5"},
         {"operator": "inside_channel", "low": "10", "high": "12000.5"}),
        ({"operator": "moving_up_percent", "value": "5"}, {"operator": "moving_up_percent", "percent": "5"}),
        ({"source": "event:absorption"}, {"mark": "absorption", "intrabar": False}),
        ({"source": "study:cvd.close", "operator": "above", "value": "3", "intrabar": True},
         {"study": "cvd", "column": "close", "intrabar": True, "operator": "greater", "price": "3"}),
        ({"source": "feed_stale"}, {"source": "feed_stale"}),
        ({"expires": "2026-12-01 10:00:00", "note": "x", "targets": ["3"], "cooldown": "60"},
         {"condition": "above", "price": "67250.5", "expires": "2026-12-01T10:00:00Z", "note": "x", "targets": ["3"],
          "cooldown_s": "60"}),
    ],
)  # fmt: skip
def test_a_form_is_the_body_of_an_alert(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert body_of(FORM | given) == PLAIN | expected


@pytest.mark.parametrize("number", ["1,234", "1,234,567", "12.5", "1 234.5", "0,5", "−3", "abc"])
def test_numbers_are_read_as_people_write_them(number: str) -> None:
    read = {"1,234": "1,234", "1,234,567": "1234567", "12.5": "12.5", "1 234.5": "1234.5", "0,5": "0.5"}
    assert body_of(FORM | {"value": number})["price"] == read.get(number, number)


@pytest.mark.parametrize(
    "alert",
    [
        Alert("a", "BTC", ("sim:BTC",), "greater", (Fraction("65000.5"),), 0, condition="above"),
        Alert("a", "BTC", ("sim:BTC",), "exiting_channel", (Fraction(1), Fraction(2)), 0, frequency=Frequency.BAR),
        Alert("a", "BTC", ("sim:BTC",), "", (), 0, source=Source(Kind.EVENT, "absorption"), note="n", intrabar=True),
    ],
)
def test_an_edited_form_makes_the_same_alert(alert: Alert) -> None:
    body = body_of(form_of(alert))
    assert body["tickers"] == ["BTC"]
    assert body.get("note", "") == alert.note
    assert body["frequency"] == str(alert.frequency)
    values = [body[name] for name in ("price", "low", "high") if name in body]
    assert values == [str(float(value)).removesuffix(".0") for value in alert.values]


def test_a_ticker_moves_by_a_place_and_not_beyond_the_ends() -> None:
    names = ["A", "B", "C"]
    assert moved(names, "C", -1) == ["A", "C", "B"]
    assert moved(names, "A", -1) == names
    assert moved(names, "C", 1) == names


class Held:
    """A history of three points."""

    def history(self, ticker: str, limit: int) -> list[Point]:
        return [Point(second * 10**9, 100 + second) for second in (1, 2, 3)][:limit]


def test_a_line_without_points_gets_all_and_then_the_newest() -> None:
    times: dict[str, float] = {}
    quote = Quote("BTC", "sim:BTC", 103.0, None, None, 3 * 10**9, "SIMULATED", "simulated")
    quotes = cast(Quotes, Held())
    assert line_points(quotes, quote, times) == [{"x": [[1e3, 2e3, 3e3]], "y": [[101, 102, 103]]}, [0], 100]
    assert line_points(quotes, quote, times) is no_update
    later = replace(quote, time=4 * 10**9, price=104.0)
    assert line_points(quotes, later, times) == [{"x": [[4e3]], "y": [[104.0]]}, [0], 100]
    assert line_points(quotes, None, times) is no_update


def test_a_choice_gets_all_of_it_as_an_earlier_one_may_be_on_its_way(make_services: Callable[..., Services]) -> None:
    services = make_services(feeds=("binance",), tickers=("BTC",), **NOWHERE)
    shown, open_ = {"now": ["BTC"], "spark": ["BTC"]}, {"ticker": "BTC", "turn": 1}

    def asked(seen: Any, *chosen: str) -> Any:
        return update(services, "cards", shown, open_, "1min:60", seen, chosen)

    seen = asked(None)["seen"]
    assert {"figure", "cards"}.isdisjoint(asked(seen))
    assert asked(seen, "range")["figure"]["layout"]["uirevision"] == "('BTC', 1, '1min:60')"
    assert len(asked(seen, "view")["cards"]) == 1
