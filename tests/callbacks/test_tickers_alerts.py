"""Lists of many alerts: a page of them, those with certain words, and the lines of one symbol on the chart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from dash import no_update

from callbacks.chart_alerts import MOST, lines
from callbacks.tickers_alerts import form_of, rehearse, save
from callbacks.tickers_lists import ROWS, lists
from orderflow.services import Services
from orderflow.tickers.alerts.alert import Alert, Kind
from orderflow.tickers.alerts.service import Alerts
from orderflow.tickers.notices import Notices
from orderflow.web.kit.scope import ALL
from tests.layouts.test_tickers import texts
from tests.web.tickers.test_alerts_api import send

COUNT = ROWS + 10


@pytest.fixture
def many(make_services: Callable[..., Services]) -> tuple[Alerts, Notices]:
    """An alert on X, then many on Y, each above another price."""
    services = make_services()
    send(services, 100.0)
    send(services, 100.0, symbol="Y")
    alerts = services.part(Alerts)
    alerts.create({"ticker": "X", "condition": "above", "price": 999, "note": "The Old One"})
    for n in range(COUNT):
        alerts.create({"ticker": "Y", "condition": "above", "price": 1_000 + n})
    return alerts, services.part(Notices)


def test_many_alerts_are_shown_in_pages_the_newest_first(many: tuple[Alerts, Notices]) -> None:
    first, last = (lists(*many, ALL, None, page=page) for page in (1, 2))
    assert (len(first.rows), len(last.rows)) == (ROWS, COUNT + 1 - ROWS)
    assert (first.count, first.pages, first.few) == (f"{COUNT + 1}", 2, False)
    assert f"Y greater than {1_000 + COUNT - 1}" in texts(first.rows[0])
    assert "X greater than 999" in texts(last.rows[-1])
    assert len(lists(*many, ALL, None, page=99).rows) == len(last.rows)
    again = lists(*many, ALL, last.number, page=2)
    assert (again.rows, again.count, again.number) == (no_update,) * 3


def test_alerts_are_found_by_their_words(many: tuple[Alerts, Notices]) -> None:
    found = lists(*many, ALL, None, "old X waits")
    assert ([len(found.rows), found.count, found.pages], found.few) == ([1, f"1 of {COUNT + 1}", 1], False)
    nothing = lists(*many, ALL, None, "no such")
    assert (texts(nothing.rows[0]), nothing.count) == (["No alert has “no such”."], f"0 of {COUNT + 1}")


def test_newer_alerts_of_other_symbols_hide_no_line(many: tuple[Alerts, Notices]) -> None:
    assert [line["price"] for line in lines(many[0], ALL, "X")] == [999.0]
    assert [line["price"] for line in lines(many[0], ALL, "Y")][-1] == 1_000 + COUNT - 1
    assert len(lines(many[0], ALL, "Y")) == MOST


def edited(alerts: Alerts, alert: Alert, **fields: object) -> Alert:
    """The alert after the form, filled from it, is sent with some other fields."""
    assert save(alerts, ALL, {**form_of(alert), **fields}, alert.id) == ""
    return alerts.get(alert.id)


def test_another_note_arms_no_alert_again(many: tuple[Alerts, Notices]) -> None:
    alerts = many[0]
    body = {"ticker": "X", "operator": "moving_up", "amount": 5, "frequency": "every_time", "cooldown_s": "0.5"}
    made = alerts.create({**body, "note": "first"})
    paused = alerts.change(made.id, {"state": "paused"})
    assert edited(alerts, paused, note="second") == replace(paused, note="second")
    active = alerts.change(made.id, {"state": "active"})
    snoozed = alerts.change(made.id, {"snooze": "2090-01-01T00:00:00Z"})
    assert edited(alerts, snoozed, message="{{price}}") == replace(snoozed, message="{{price}}", note="second")
    farther = edited(alerts, snoozed, value="6")
    assert (farther.values, farther.cooldown, farther.arming) == ((6,), made.cooldown, active.arming + 1)
    assert farther.snoozed == snoozed.snoozed
    assert edited(alerts, farther, cooldown="").cooldown == 0


def test_the_form_changes_what_an_alert_looks_at(many: tuple[Alerts, Notices]) -> None:
    alerts = many[0]
    alert = alerts.create({"ticker": "X", "mark": "absorption", "side": "buyers", "intrabar": True})
    for source, kind, name in (
        ("event:absorption", Kind.EVENT, "absorption"),
        ("event:unfinished_auction", Kind.EVENT, "unfinished_auction"),
        ("study:cvd.close", Kind.STUDY, "cvd"),
        ("study:delta.delta", Kind.STUDY, "delta"),
        ("price", Kind.PRICE, ""),
        ("study:cvd.close", Kind.STUDY, "cvd"),
        ("feed_stale", Kind.FEED, ""),
        ("event:absorption", Kind.EVENT, "absorption"),
    ):
        more = {"operator": "greater", "value": "7"} if kind in (Kind.STUDY, Kind.PRICE) else {}
        alert = edited(alerts, alert, source=source, intrabar=False, **more)
        assert (alert.source.kind, alert.source.name) == (kind, name), source
        assert alert.values == ((7,) if more else ())


def test_the_form_names_a_wrong_field_as_it_calls_it(many: tuple[Alerts, Notices]) -> None:
    for fields, words in (
        ({"tickers": ["NOPE"]}, "Ticker or symbol: there is no ticker and no symbol 'NOPE'."),
        ({"interval": "7min"}, "Bars: frame '7min' is not known"),
        ({"cooldown": "-1"}, "Pause after it: must be from 0 to 2592000 seconds."),
        ({"expires": "2020-01-01 00:00:00"}, "Ends: 2020-01-01T00:00:00Z is in the past."),
        ({"targets": ["9"]}, "Send it to: there is no target 9."),
        ({"operator": "inside_channel", "value": "5", "high": "3"}, "To: must be above low."),
        ({"value": ""}, "Price: is missing."),
    ):
        form = {"tickers": ["X"], "source": "price", "operator": "greater", "value": "5", "frequency": "once", **fields}
        assert save(many[0], ALL, form, None).startswith(words)
        assert "targets" in fields or rehearse(many[0], form).startswith(words)
