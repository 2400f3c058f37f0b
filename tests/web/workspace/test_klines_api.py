"""The routes and the stream of klines: those of a venue, those of ticks, and both compared."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from orderflow.errors import NotFound
from orderflow.formats import parse_body
from orderflow.market.ticks import NO_ID, TickBatch
from orderflow.services import Services, build_services
from orderflow.settings.settings import Settings
from orderflow.web.app import create_server
from orderflow.web.workspace.klines_api import KlineStream
from orderflow.workspace.klines.live_klines import LiveKlines
from tests.exchange.inprocess import SimulatedExchange
from tests.workspace.klines.venue import klines_of, trade_minutes

URL = "/data/klines/BTCUSDT/1m"
MINUTE = 60_000
PAST = 1_790_000_000 // 86_400 * 86_400
"""A midnight, s."""


def ticks(services: Services, symbol: str, *rows: tuple[float, str, str, str]) -> None:
    """Ticks: (seconds since 1970, price, size, side)."""
    body = [{"timestamp": round(at * 1e9), "price": p, "size": s, "side": d, "symbol": symbol} for at, p, s, d in rows]
    services.market.ingest(parse_body(json.dumps(body).encode(), "application/json").batches)


@pytest.fixture(scope="module")
def venue() -> Iterator[SimulatedExchange]:
    with SimulatedExchange() as made:
        trade_minutes(made, 1500)
        yield made


@pytest.fixture(scope="module")
def services(venue: SimulatedExchange) -> Iterator[Services]:
    """Services that have filled a day of klines, and hold ticks of two symbols."""
    made = build_services(
        Settings.of(
            ephemeral=True,
            ticker_count=0,
            feeds=(),
            klines=("BTCUSDT:1m", "BTCUSDT:1h"),
            klines_backfill_days=1,
            binance_rest_url=venue.url,
            binance_ws_url=venue.ws,
        )
    )
    made.start()
    try:
        klines = made.part(LiveKlines)
        until = time.monotonic() + 90
        while klines.venue.backfill("BTCUSDT", "1m").state != "done":
            assert time.monotonic() < until
            time.sleep(0.05)
        hours = [(PAST + 3600 * at + 17, f"{100 + at % 50}.5", "2", "sell" if at % 2 else "buy") for at in range(800)]
        ticks(made, "sim:BTC", *hours)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def client(services: Services) -> FlaskClient:
    return create_server(services).test_client()


def read(client: FlaskClient, url: str, status: int = 200) -> dict[str, Any]:
    answer = client.get(url)
    assert answer.status_code == status, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


def walk(client: FlaskClient, url: str) -> list[list[dict[str, Any]]]:
    """The klines of all pages."""
    found = []
    cursor = ""
    while True:
        page = read(client, f"{url}{cursor}")
        found.append(page["klines"])
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def test_a_page_is_as_the_contract_says(client: FlaskClient) -> None:
    page = read(client, URL)
    assert set(page) == {"symbol", "timeframe", "source", "simulated", "klines", "next_cursor", "backfill"}
    assert (page["symbol"], page["timeframe"], page["source"], page["simulated"]) == ("BTCUSDT", "1m", "binance", False)
    assert len(page["klines"]) == 500
    names = ["time", "open", "high", "low", "close", "volume", "trades", "taker_buy_volume", "closed"]
    assert list(page["klines"][0]) == names
    assert set(page["backfill"]) == {"state", "from", "to", "missing"}
    assert (page["backfill"]["state"], page["backfill"]["missing"]) == ("done", [])


def test_pages_lead_to_older_klines_and_with_start_to_later_ones(client: FlaskClient, venue: SimulatedExchange) -> None:
    begin = read(client, URL)["backfill"]["from"]
    theirs = klines_of(venue, begin).time.tolist()[:1400]
    older = walk(client, f"{URL}?limit=333&end={theirs[-1] + MINUTE}")
    assert [kline["time"] for page in older[::-1] for kline in page] == theirs
    assert [len(page) for page in older[:-1]] == [333] * (len(older) - 1)
    later = walk(client, f"{URL}?limit=333&start={begin}&end={theirs[-1] + MINUTE}")
    assert [kline["time"] for page in later for kline in page] == theirs
    some = read(client, f"{URL}?start={theirs[10] - 1}&end={theirs[13]}")
    assert [kline["time"] for kline in some["klines"]] == theirs[10:13]
    assert some["next_cursor"] is None


def test_numbers_are_the_venues(client: FlaskClient, venue: SimulatedExchange) -> None:
    page = read(client, f"{URL}?limit=50&end={klines_of(venue, 0).time[-10]}")["klines"]
    theirs = klines_of(venue, page[0]["time"])
    scale, size = 10**theirs.price_decimals, 10**theirs.size_decimals
    for number, row in enumerate(page):
        assert row["open"] == theirs.open[number] / scale
        assert row["close"] == theirs.close[number] / scale
        assert row["volume"] == theirs.volume[number] / size
        assert (row["trades"], row["closed"]) == (theirs.trades[number], True)


@pytest.mark.parametrize("frame", ["3m", "5m", "15m", "30m", "2h", "4h"])
def test_longer_klines_are_made_of_those_that_are_kept(
    client: FlaskClient, venue: SimulatedExchange, frame: str
) -> None:
    found = walk(client, f"/data/klines/BTCUSDT/{frame}?limit=100")
    ours = [kline for page in found[::-1] for kline in page]
    theirs = klines_of(venue, ours[0]["time"], frame)
    assert read(client, f"/data/klines/BTCUSDT/{frame}?limit=1")["source"].startswith("binance, from 1")
    part = "1m" if frame.endswith("m") else "1h"
    assert ours[0]["time"] >= read(client, f"/data/klines/BTCUSDT/{part}")["backfill"]["from"]
    assert len(ours) >= 1300 // int(frame[:-1]) if frame.endswith("m") else len(ours) >= 5
    assert [kline["time"] for kline in ours[:-1]] == theirs.time.tolist()[: len(ours) - 1]
    scale, size = 10**theirs.price_decimals, 10**theirs.size_decimals
    for number, kline in enumerate(ours[:-1]):
        assert kline["closed"]
        for name in ("open", "high", "low", "close"):
            assert kline[name] == getattr(theirs, name)[number] / scale
        assert kline["volume"] == theirs.volume[number] / size
        assert (kline["trades"], kline["taker_buy_volume"]) == (
            theirs.trades[number],
            theirs.taker_buy_volume[number] / size,
        )
    assert not ours[-1]["closed"]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("NOPE/1m", 404, "there are no klines of 'NOPE'; GET /data/klines lists those that there are"),
        ("BTCUSDT/1s", 404, "klines of BTCUSDT are kept in 1m, 1h, not in 1s: add BTCUSDT:1s to KLINES"),
        ("BTCUSDT/7m", 400, "there is no time frame '7m'; the time frames are 1s, 1m, 3m, 5m"),
        ("BTCUSDT/1min", 400, "there is no time frame '1min'"),
        ("BTCUSDT/1m?start=x", 400, "query parameter 'start' must be an ISO-8601 time"),
        ("BTCUSDT/1m?end=1e9", 400, "query parameter 'end' must be an ISO-8601 time"),
        ("BTCUSDT/1m?start=2026-01-02&end=2026-01-01", 400, "start must be before end"),
        ("BTCUSDT/1m?limit=0", 400, "query parameter 'limit' must be a whole number from 1 to 5,000"),
        ("BTCUSDT/1m?limit=5001", 400, "query parameter 'limit' must be a whole number from 1 to 5,000"),
        ("BTCUSDT/1m?limt=5", 400, "query parameter 'limt' is not a parameter of this address: did you mean 'limit'?"),
        ("BTCUSDT/1m?cursor=5", 400, "cursor must be the next_cursor of a page"),
    ],
)
def test_what_is_asked_wrongly_is_refused_in_one_sentence(
    client: FlaskClient, path: str, status: int, said: str
) -> None:
    detail = read(client, f"/data/klines/{path}", status)["detail"]
    assert detail.startswith(said)
    assert "\n" not in detail


def test_a_cursor_of_another_series_or_order_is_refused(client: FlaskClient) -> None:
    cursor = read(client, f"{URL}?limit=5")["next_cursor"]
    said = read(client, f"/data/klines/BTCUSDT/1h?cursor={cursor}", 400)["detail"]
    assert said == "cursor is of another series than BTCUSDT 1h"
    said = read(client, f"{URL}?start=2026-01-01&cursor={cursor}", 400)["detail"]
    assert said == "cursor is of a page that was asked for without start"


def test_a_symbol_with_ticks_has_klines_of_the_engine_in_all_time_frames(client: FlaskClient) -> None:
    for frame in read(client, "/data/klines")["timeframes"]:
        page = read(client, f"/data/klines/sim:BTC/{frame}?limit=5000")
        assert (page["source"], page["simulated"]) == ("ticks of sim:BTC, SIMULATED", True)
        assert sum(kline["trades"] for kline in page["klines"]) == 800
        assert sum(kline["volume"] for kline in page["klines"]) == 1600
        assert sum(kline["taker_buy_volume"] for kline in page["klines"]) == 800
        assert page["klines"][0]["open"] == 100.5
    days = read(client, "/data/klines/sim:BTC/1d?limit=5")["klines"]
    assert [kline["time"] // 1000 - PAST for kline in days] == [86_400 * day for day in range(29, 34)]
    assert (days[0]["high"], days[0]["low"], days[0]["trades"]) == (149.5, 100.5, 24)
    assert [kline["closed"] for kline in days] == [True, True, True, True, False]
    pages = walk(client, "/data/klines/sim:BTC/1s?limit=333")
    assert [len(page) for page in pages] == [333, 333, 134]


def test_all_series_are_listed(client: FlaskClient) -> None:
    rows = {(row["symbol"], tuple(row["timeframes"])): row for row in read(client, "/data/klines")["series"]}
    kept = next(row for (symbol, frames), row in rows.items() if symbol == "BTCUSDT" and frames[0] == "1m")
    assert kept["timeframes"] == read(client, "/data/klines")["timeframes"][1:]
    assert (kept["source"], kept["state"], kept["simulated"]) == ("binance", "done", False)
    assert kept["last"] - kept["first"] > 1400 * MINUTE
    made = next(row for (symbol, _), row in rows.items() if symbol == "sim:BTC")
    assert (made["simulated"], len(made["timeframes"])) == (True, 16)


def test_other_methods_and_addresses_are_answered_as_elsewhere(client: FlaskClient) -> None:
    assert client.post(URL).status_code == 405
    assert client.get("/data/nothing").status_code == 404


def test_a_venues_klines_are_compared_with_those_of_its_ticks(
    services: Services, client: FlaskClient, venue: SimulatedExchange
) -> None:
    with pytest.raises(NotFound):
        services.part(LiveKlines).source("ETHUSDT", "1m")
    read(client, "/data/differences/BTCUSDT/1m", 404)
    table = venue.market.ticks("BTCUSDT")
    columns, grid = table.ticks, table.grid
    kept = columns.time < (time.time_ns() // (60 * 10**9) - 2) * 60 * 10**9
    batch = TickBatch(
        "binance:BTCUSDT",
        columns.time[kept],
        columns.level[kept] * grid.tick_units,
        columns.size[kept],
        (columns.side[kept]).astype(np.int8),
        np.ones(int(kept.sum()), np.int8),
        np.full(int(kept.sum()), NO_ID),
        grid.price_decimals,
        grid.size_decimals,
    )
    services.market.ingest([batch])
    found = read(client, "/data/differences/BTCUSDT/1m?limit=400")
    assert found["ticks"] == "binance:BTCUSDT"
    assert found["compared"] == found["equal"] > 300
    assert found["differences"] == []
    at = int(columns.time[kept][-50]) // 10**9
    ticks(services, "binance:BTCUSDT", (at, "99999", "1", "buy"))
    found = read(client, "/data/differences/BTCUSDT/1m?limit=400")
    assert found["compared"] - found["equal"] == 1
    row = found["differences"][0]
    assert row["time"] == at // 60 * MINUTE
    assert row["ticks"]["high"] == 99_999.0
    assert row["ticks"]["volume"] == row["venue"]["volume"] + 1


def test_the_stream_tells_the_newest_kline_and_then_each_change(make_services: Callable[..., Services]) -> None:
    services = make_services()
    ticks(services, "X", (PAST, "10", "1", "buy"), (PAST + 60, "11", "2", "sell"))
    stream = KlineStream(services.part(LiveKlines).source("X", "1m"), services.workers)
    version = stream.version()
    since, text = stream.message(None)
    first = json.loads(text)
    assert (first["type"], first["data"]["time"], first["data"]["close"]) == ("kline", (PAST + 60) * 1000, 11.0)
    assert (since, first["data"]["closed"]) == (version, False)
    ticks(services, "X", (PAST + 70, "12", "1", "buy"), (PAST + 130, "9", "4", "sell"))
    told = []
    while stream.version() != since:
        since, text = stream.message(since)
        told.append(json.loads(text)["data"])
    assert [(row["time"] // 1000 - PAST, row["close"], row["closed"]) for row in told] == [
        (60, 12.0, True),
        (120, 9.0, False),
    ]
    services.market.reset("X")
    assert stream.version() == since
    ticks(services, "X", (PAST + 5, "7", "1", "buy"))
    assert stream.version() != since
    since, text = stream.message(since)
    assert (json.loads(text)["data"]["time"], json.loads(text)["data"]["close"]) == (PAST * 1000, 7.0)


def test_without_a_kline_the_stream_tells_the_backfill(make_services: Callable[..., Services]) -> None:
    services = make_services(
        klines=("BTCUSDT:1m",), binance_rest_url="http://127.0.0.1:9/x", binance_ws_url="ws://127.0.0.1:9/x"
    )
    klines = services.part(LiveKlines)
    client = create_server(services).test_client()
    until = time.monotonic() + 60
    while (answer := client.get(URL)).status_code == 404 or answer.json["backfill"]["state"] != "offline":
        assert answer.status_code == 200 or "are being opened" in answer.json["detail"]
        assert time.monotonic() < until
        time.sleep(0.05)
    page = read(client, URL)
    assert page["klines"] == []
    assert page["backfill"]["reason"]
    stream = KlineStream(klines.source("BTCUSDT", "1m"), services.workers)
    stream.version()
    assert json.loads(stream.message(None)[1])["type"] == "backfill"
