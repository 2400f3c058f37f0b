"""Live feeds as HTTP shows them: their state in /stats, and 409 for ticks of others in their series."""

from __future__ import annotations

from collections.abc import Callable

from orderflow.services import Services
from orderflow.web.app import create_server

NOWHERE = {"binance_rest_url": "http://127.0.0.1:9", "binance_ws_url": "ws://127.0.0.1:9"}
TICK = {"timestamp": 1_790_000_000, "price": "5.5", "size": 1}


def test_stats_name_every_feed_and_its_series_take_no_other_ticks(make_services: Callable[..., Services]) -> None:
    client = create_server(make_services(feeds=("binance",), tickers=("BTC",), **NOWHERE)).test_client()
    (feed,) = client.get("/stats").get_json()["feeds"]
    assert (feed["name"], feed["title"], feed["simulated"]) == ("binance", "Binance", False)
    assert feed["state"] in ("connecting", "offline")
    assert (feed["trades"], feed["gaps"], feed["holes"], feed["reconnects"], feed["refused"]) == (0, 0, 0, 0, 0)
    refused = client.post("/tick", json={**TICK, "symbol": "binance:BTCUSDT"})
    assert refused.status_code == 409
    assert refused.get_json()["detail"] == "'binance:BTCUSDT' is filled by a live feed: use another symbol"
    assert client.post("/tick", json={**TICK, "symbol": "binance:ETHUSDT"}).status_code == 202
    bars = client.get("/api/v1/bars/binance:ETHUSDT?frame=1min")
    assert bars.status_code == 200


def test_without_feeds_there_are_none(make_services: Callable[..., Services]) -> None:
    client = create_server(make_services()).test_client()
    assert client.get("/stats").get_json()["feeds"] == []
