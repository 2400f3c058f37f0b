"""The routes of alerts: both forms, states, events, wrong input, and what a restart of the evaluation keeps."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from orderflow.market.ticks import NO_ID, SideRule, TickBatch
from orderflow.services import Services
from orderflow.tickers.alerts import service
from orderflow.web.app import create_server

START = 1_790_000_000 * 10**9
SECOND = 10**9
NOWHERE = {"binance_rest_url": "http://127.0.0.1:9", "binance_ws_url": "ws://127.0.0.1:9"}


def send(
    services: Services, *prices: float, symbol: str = "X", start: int = 0, step: int = 1, feed: bool = False
) -> None:
    count = len(prices)
    none = np.zeros(count, np.int8)
    stamps = START + (start + np.arange(count) * step) * SECOND
    units = np.round(np.array(prices) * 100).astype(np.int64)
    rule = none + np.int8(SideRule.NONE)
    ids = np.full(count, NO_ID)
    services.market.ingest(
        [TickBatch(symbol, stamps, units, np.ones(count, np.int64), none, rule, ids, 2, 0)], feed=feed
    )


def wait_for(client: FlaskClient, count: int) -> list[dict[str, Any]]:
    """The events, oldest first, when there are so many."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = client.get("/alerts/events?after=0").json
        if len(found) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(f"no {count} events in time: {found}")


def make(client: FlaskClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/alerts", json={"ticker": "X", **body})
    assert answer.status_code == 201, answer.text
    return answer.json


@pytest.fixture
def traded(services: Services) -> Services:
    send(services, 100.0, 100.5)
    return services


def test_the_short_form_is_that_of_the_source_system(traded: Services, client: FlaskClient) -> None:
    made = make(client, condition="above", price=101)
    assert {name: made[name] for name in ("ticker", "condition", "price", "state")} == {
        "ticker": "X",
        "condition": "above",
        "price": 101,
        "state": "active",
    }
    send(traded, 101.0, 101.25, start=10)
    (event,) = wait_for(client, 1)
    assert (event["alert_id"], event["ticker"], event["price"], event["late_s"]) == (made["id"], "X", 101.25, 0)
    assert event["time"] == "2026-09-21T14:13:31.000Z"
    assert [alert["state"] for alert in client.get("/alerts").json] == ["fired"]
    assert client.get("/alerts?state=active").json == []


def test_it_fires_on_the_next_tick_if_it_is_true_already(traded: Services, client: FlaskClient) -> None:
    make(client, condition="below", price=101)
    send(traded, 100.5, start=10)
    assert [event["price"] for event in wait_for(client, 1)] == [100.5]


def test_events_outlive_a_deleted_alert(traded: Services, client: FlaskClient) -> None:
    made = make(client, condition="above", price=100)
    send(traded, 102, start=10)
    wait_for(client, 1)
    assert client.delete(f"/alerts/{made['id']}").status_code == 204
    assert client.delete(f"/alerts/{made['id']}").status_code == 404
    assert client.get("/alerts").json == []
    assert len(client.get(f"/alerts/events?alert={made['id']}").json) == 1


def test_pause_resume_and_arm_again(traded: Services, client: FlaskClient) -> None:
    made = make(client, operator="moving_up_percent", percent=10)
    path = f"/alerts/{made['id']}"
    assert client.patch(path, json={"state": "paused"}).json["state"] == "paused"
    send(traded, 120, start=10)
    assert client.patch(path, json={"state": "active"}).json["state"] == "active"
    send(traded, 110.55, start=20)  # 10 % above 100.5, where it was armed
    assert wait_for(client, 1)[0]["value"] == "110.55"
    assert client.patch(path, json={"state": "active"}).json["state"] == "active"
    send(traded, 120, start=30)
    send(traded, 121.61, start=40)  # 10 % above 110.55, where it was armed again
    assert wait_for(client, 2)[1]["value"] == "121.61"


def test_a_changed_condition_arms_again(traded: Services, client: FlaskClient) -> None:
    made = make(client, operator="crossing_up", price=101, note="first")
    changed = client.patch(f"/alerts/{made['id']}", json={"price": 103}).json
    assert (changed["price"], changed["note"], changed["text"]) == (103, "first", "Crossing up 103")
    send(traded, 102, 104, start=10)
    assert [event["price"] for event in wait_for(client, 1)] == [104]
    assert client.patch(f"/alerts/{made['id']}", json={"note": "second"}).json["state"] == "fired"


def test_an_alert_of_several_tickers_keeps_their_names(make_services: Callable[..., Services]) -> None:
    services = make_services(feeds=("binance",), **NOWHERE)  # all ticks are those of the test
    client = create_server(services).test_client()
    made = client.post("/alerts", json={"tickers": ["BTC", "ETH"], "operator": "greater", "price": 1}).json
    assert client.patch(f"/alerts/{made['id']}", json={"price": 2}).json["ticker"] == made["ticker"] == "BTC, ETH"
    for number, symbol in enumerate(("binance:BTCUSDT", "binance:ETHUSDT"), 1):
        send(services, 3, symbol=symbol, feed=True)
        wait_for(client, number)
    assert [event["ticker"] for event in wait_for(client, 2)] == ["BTC", "ETH"]


def test_snoozed_alerts_do_not_fire(traded: Services, client: FlaskClient) -> None:
    made = make(client, condition="above", price=100)
    snoozed = client.patch(f"/alerts/{made['id']}", json={"snooze": "2200-01-01T00:00:00Z"})
    assert snoozed.status_code == 400  # beyond what is sensible
    snoozed = client.patch(f"/alerts/{made['id']}", json={"snooze": "2090-01-01T00:00:00Z"}).json
    assert snoozed["snoozed_until"] == "2090-01-01T00:00:00.000Z"
    make(client, condition="above", price=105)
    send(traded, 104, 106, start=10)
    assert [event["price"] for event in wait_for(client, 1)] == [106]
    client.patch(f"/alerts/{made['id']}", json={"snooze": None})
    send(traded, 107, start=20)
    assert [event["price"] for event in wait_for(client, 2)] == [106, 107]


def test_one_alert_for_several_symbols_and_a_template(traded: Services, client: FlaskClient) -> None:
    send(traded, 5.0, symbol="Y")
    body = {"tickers": ["X", "Y"], "operator": "crossing_up", "price": 101, "note": "n", "ticker": None}
    made = make(client, **body, message="{{ticker}} at {{price}} {{time}} {{interval}} {{note}} {{ ticker }}")
    send(traded, 102, start=10)
    assert wait_for(client, 1)[0]["message"] == "X at 102 2026-09-21T14:13:30.000Z 1min n X"
    assert client.get(f"/alerts/{made['id']}").json["state"] == "active"
    send(traded, 102, symbol="Y", start=20)
    assert wait_for(client, 2)[1]["symbol"] == "Y"
    until = time.monotonic() + 60
    while (state := client.get(f"/alerts/{made['id']}").json["state"]) == "active" and time.monotonic() < until:
        time.sleep(0.02)  # an event may be there a moment before
    assert state == "fired"


def test_a_message_does_not_grow_by_what_it_names(traded: Services, client: FlaskClient) -> None:
    """A message of 1,000 characters became one of 62,500, in the history and in every delivery."""
    body = {"ticker": "X", "condition": "above", "price": 105, "note": "n" * 500}
    answer = client.post("/alerts", json={**body, "message": "{{note}}" * 125})
    assert (answer.status_code, answer.json["errors"][0]["loc"]) == (400, ["body", "message"])
    made = make(client, **body, message="{{note}}" * 5)
    answer = client.patch(f"/alerts/{made['id']}", json={"message": "{{note}}" * 7})
    assert (answer.status_code, answer.json["errors"][0]["loc"]) == (400, ["body", "message"])
    assert make(client, **{**body, "note": "n", "message": "{{note}}" * 125})["message"] == "{{note}}" * 125


def test_csv_has_no_formulas(traded: Services, client: FlaskClient) -> None:
    make(client, condition="above", price=100, message='＝HYPERLINK(1),"x"')
    send(traded, 102, start=10)
    wait_for(client, 1)
    lines = client.get("/alerts/events?format=csv").text.splitlines()
    assert lines[0] == "id,alert_id,ticker,symbol,price,time,found,late_s,title,message"
    assert lines[1].endswith(',"\'＝HYPERLINK(1),""x"""')


def test_what_an_alert_would_have_done(traded: Services, client: FlaskClient) -> None:
    send(traded, 101, 99, 102, 98, 103, start=10, step=60)
    body = {"ticker": "X", "operator": "crossing_up", "price": 100}
    found = client.post("/alerts/rehearsal?limit=2", json=body).json
    assert [event["price"] for event in found["events"]] == [100.5, 102]
    assert client.post("/alerts/rehearsal", json=body).json["ticks"] == 7
    assert client.get("/alerts").json == []


def test_a_study_and_a_mark_at_bar_close(traded: Services, client: FlaskClient) -> None:
    study = make(client, study="vwap", column="vwap", operator="greater", value=101, frequency="once_per_bar")
    mark = make(client, mark="unfinished_auction", side="high", intrabar=True)
    assert (study["text"], mark["text"]) == ("1min vwap vwap: Greater than 101", "Unfinished auction (high) on 1min")
    send(traded, 103, 103, start=60)
    send(traded, 90, start=130)
    (event,) = wait_for(client, 1)
    assert event["alert_id"] == study["id"]
    assert event["time"] == "2026-09-21T14:15:00.000Z"
    assert float(event["value"]) == pytest.approx(101.625)
    assert not event["may_differ"]


def test_a_mark_inside_a_bar_may_differ(services: Services, client: FlaskClient) -> None:
    def trade(side: int, start: int) -> None:
        one = np.ones(1, np.int64)
        sides, rule = np.array([side], np.int8), np.array([SideRule.FLAG], np.int8)
        stamp = np.array([START + start * SECOND])
        services.market.ingest([TickBatch("X", stamp, one * 10000, one, sides, rule, np.full(1, NO_ID), 2, 0)])

    trade(1, 0)
    make(client, mark="unfinished_auction", intrabar=True)
    trade(-1, 1)
    (event,) = wait_for(client, 1)
    assert (event["may_differ"], event["price"]) == (True, 100)


def test_a_silent_feed(traded: Services, client: FlaskClient) -> None:
    made = make(client, source="feed_stale", seconds=1)
    (event,) = wait_for(client, 1)
    assert (event["alert_id"], event["price"], event["title"]) == (made["id"], None, "No ticks for 1 s")


LONG_AGO = "2001-01-01T00:00:00Z"


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"ticker": "NOPE", "condition": "above", "price": 1}, "ticker", "no ticker and no symbol"),
    ({"condition": "above", "price": 1, "ticker": None}, "ticker", "is missing"),
    ({"condition": "beside", "price": 1}, "condition", "above, below"),
    ({"condition": "above"}, "price", "is missing"),
    ({"price": 1}, "condition", "is missing: above or below"),
    ({"study": "cvd", "value": 1}, "operator", "is missing"),
    ({"condition": "above", "price": ""}, "price", "is missing"),
    ({"condition": "above", "price": "NaN"}, "price", "not a finite number"),
    ({"condition": "above", "price": True}, "price", "not a number"),
    ({"condition": "above", "price": 0}, "price", "above 0"),
    ({"condition": "above", "price": -3}, "price", "above 0"),
    ({"condition": "above", "price": 9_000_000_000}, "price", "beyond 2147483647 ticks"),
    ({"condition": "above", "price": 1, "expires": LONG_AGO}, "expires", "in the past"),
    ({"condition": "above", "price": 1, "expires": "soon"}, "expires", "ISO-8601"),
    ({"condition": "above", "price": 1, "message": "{{prize}}"}, "message", "'prize' is not known"),
    ({"condition": "above", "price": 1, "message": "{{price"}, "message", "not known"),
    ({"condition": "above", "price": 1, "colour": "red"}, "colour", "not a field"),
    ({"condition": "above", "price": 1, "targets": ["7"]}, "targets", "no"),
    ({"operator": "inside_channel", "low": 2, "high": 1}, "high", "above low"),
    ({"operator": "moving_down_percent", "percent": 100}, "percent", "below 100"),
    ({"operator": "moving_up", "amount": 0}, "amount", "above 0"),
    ({"operator": "above", "price": 1}, "operator", "not one of"),
    ({"operator": "less", "price": 1, "frequency": "once_per_bar", "interval": "ticks:5"}, "interval", "time frame"),
    ({"condition": "above", "price": 1, "interval": "ticks:0"}, "interval", "not known"),
    ({"condition": "above", "price": 1, "interval": "7min"}, "interval", "not known"),
    ({"condition": "above", "price": 1, "intrabar": True}, "intrabar", "every tick"),
    ({"study": "profile", "operator": "greater", "value": 1}, "study", "no value for a bar"),
    ({"study": "delta", "column": "x", "operator": "greater", "value": 1}, "column", "not one of"),
    ({"mark": "absorption", "options": {"times": 0}}, "options", "times"),
    ({"mark": "absorption", "options": {"time": 1}}, "options", "not known"),
    ({"mark": "divergence", "options": {"bars": "9" * 5000}}, "options", "is not a whole number"),
    ({"mark": "divergence", "options": {"bars": "٣"}}, "options", "is not a whole number"),
    ({"condition": "above", "price": 1, "cooldown_s": -1}, "cooldown_s", "from 0"),
]


def test_wrong_input_is_one_sentence_that_names_the_field(traded: Services, client: FlaskClient) -> None:
    for body, field, words in WRONG:
        for path in ("/alerts", "/alerts/rehearsal"):
            answer = client.post(path, json={"ticker": "X", **body})
            assert answer.status_code == 400, (body, answer.text)
            assert words in answer.json["detail"], body
            assert len(answer.text) < 2_000, body
            assert answer.json["detail"].startswith(f"{field}: "), body
            assert answer.json["errors"][0]["loc"] == ["body", field], body
    assert client.get("/alerts").json == []


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have_is_named(traded: Services, client: FlaskClient, number: str) -> None:
    answer = client.post("/alerts", data=f'{{"ticker": "X", "condition": "above", "price": {number}}}')
    assert (answer.status_code, answer.json["errors"][0]["loc"]) == (400, ["body", "price"])
    assert "is not a finite number" in answer.json["detail"]
    assert client.post("/alerts", data=f'{{"ticker": "X", "price": {number}').status_code == 400


def test_a_body_that_is_no_object(client: FlaskClient) -> None:
    for body in (b"[]", b"{", b"\xff", b"3", b"[" * 10_000):
        assert client.post("/alerts", data=body).status_code == 400


def test_one_alert_too_many(traded: Services, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_ALERTS", 1)
    make(client, condition="above", price=1000)
    answer = client.post("/alerts", json={"ticker": "X", "condition": "above", "price": 1000})
    assert (answer.status_code, answer.json["errors"][0]["loc"]) == (400, ["body", "ticker"])
    assert "there are 1 alerts" in answer.json["detail"]


def test_changing_calls_need_the_key(make_services: Callable[..., Services]) -> None:
    services = make_services(host="0.0.0.0", api_key="k" * 24)
    client = create_server(services).test_client()
    assert client.post("/alerts", json={"ticker": "X", "condition": "above", "price": 1}).status_code == 401
    assert client.delete("/alerts/1").status_code == 401
    assert client.post("/alerts/rehearsal", json={}).status_code == 401


def test_a_ticker_is_a_name_for_its_series(make_services: Callable[..., Services]) -> None:
    services = make_services(feeds=("simulated",))
    client = create_server(services).test_client()
    made = make(client, ticker="btc", operator="less", price=1)
    assert (made["ticker"], made["symbols"]) == ("btc", ["sim:BTC"])
    assert make(client, ticker="sim:BTC", operator="less", price=1)["symbols"] == ["sim:BTC"]


def test_ticks_that_no_alert_saw_are_counted_and_said(
    make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orderflow.market.buffer.SEGMENT", 8)
    services = make_services(max_ticks=1_000)
    client = create_server(services).test_client()
    send(services, 100)
    make(client, condition="above", price=101)
    problems: list[str] = []
    until, start = time.monotonic() + 60, 10
    while not problems and time.monotonic() < until:  # they are seen if the evaluation is faster than the eviction
        send(services, *[100] * 2_000, start=start)
        start += 2_000
        time.sleep(0.02)
        problems = client.get("/stats").json["problems"]
    assert len(problems) == 1
    assert re.match(r"Alerts did not see [\d,]+ ticks of X: neither memory nor the tick log has them", problems[0])
