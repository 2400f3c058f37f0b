"""What the original price system's documentation promises its callers, against a real server: nothing else is assumed.

Its WebSocket is called with a client of another library than the server's.
"""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.running import RunningServer, start_server

NAIVE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")
TICKER_KEYS = ["id", "name", "current_price", "initial_price", "created_at", "updated_at"]
ENVIRON = {
    "TICKER_COUNT": "20",
    "PRICE_UPDATE_INTERVAL": "0.05",
    "MAX_HISTORY_SIZE": "30",
    "INITIAL_PRICE_MIN": "100",
    "INITIAL_PRICE_MAX": "110",
    "CORS_ORIGINS": '["http://localhost:3000","http://frontend:3000"]',
    "API_TITLE": "Real-Time Price Data System",
    "API_VERSION": "1.2.3",
    "LOG_LEVEL": "WARNING",
    "RELOAD": "false",
}


@pytest.fixture(scope="module")
def prices() -> Iterator[RunningServer]:
    """A server that the original's environment configures."""
    running = start_server("--ephemeral", environ=ENVIRON)
    yield running
    if running.process.poll() is None:
        running.stop()


def call(
    server: RunningServer, path: str, method: str = "GET", **headers: str
) -> tuple[int, Any, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        body = answer.read()
        return answer.status, json.loads(body) if body else None, answer.headers
    finally:
        connection.close()


def test_health(prices: RunningServer) -> None:
    assert call(prices, "/health")[:2] == (200, {"status": "healthy"})


def test_all_tickers_with_their_current_prices(prices: RunningServer) -> None:
    status, found, _ = call(prices, "/api/v1/tickers")
    assert status == 200
    assert [(t["id"], t["name"]) for t in found] == [(f"ITEM_{n:02d}", f"Item {n:02d}") for n in range(20)]
    for one in found:
        assert list(one) == TICKER_KEYS
        assert 100 <= one["initial_price"] <= 110
        assert one["current_price"] > 0
        assert round(one["current_price"], 2) == one["current_price"]
        assert NAIVE.fullmatch(one["created_at"])
        assert NAIVE.fullmatch(one["updated_at"])


def test_history_is_oldest_first_and_the_limit_takes_the_newest(prices: RunningServer) -> None:
    until = time.monotonic() + 60
    while len(call(prices, "/api/v1/tickers/ITEM_03/history")[1]["history"]) < 30 and time.monotonic() < until:
        time.sleep(0.1)
    status, found, _ = call(prices, "/api/v1/tickers/ITEM_03/history")
    assert (status, list(found), list(found["ticker"])) == (200, ["ticker", "history"], TICKER_KEYS)
    points = found["history"]
    assert len(points) == 30
    assert all(list(point) == ["value", "timestamp"] and NAIVE.fullmatch(point["timestamp"]) for point in points)
    times = [point["timestamp"] for point in points]
    assert times == sorted(times)
    few = call(prices, "/api/v1/tickers/ITEM_03/history?limit=5")[1]["history"]
    assert len(few) == 5
    assert few[0]["timestamp"] > times[0]
    assert len(call(prices, "/api/v1/tickers/ITEM_03/history?limit=1000")[1]["history"]) == 30


def test_an_unknown_ticker_is_a_404_in_these_words(prices: RunningServer) -> None:
    status, found, _ = call(prices, "/api/v1/tickers/INVALID_ID/history")
    assert (status, found) == (404, {"detail": "Ticker INVALID_ID not found"})


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "many", "1.5", ""])
def test_a_bad_limit_is_a_422_that_names_it(prices: RunningServer, limit: str) -> None:
    status, found, _ = call(prices, f"/api/v1/tickers/ITEM_00/history?limit={limit}")
    assert status == 422
    assert found["errors"][0]["loc"] == ["query", "limit"]
    assert "1" in found["errors"][0]["msg"]


def test_price_updates_come_over_the_socket(prices: RunningServer) -> None:
    with connect(f"ws://127.0.0.1:{prices.port}/ws/ITEM_07") as socket:
        heard = [json.loads(socket.recv(timeout=60)) for _ in range(6)]
    for message in heard:
        assert list(message) == ["type", "data"]
        assert message["type"] == "price_update"
        assert list(message["data"]) == ["ticker_id", "price", "timestamp"]
        assert message["data"]["ticker_id"] == "ITEM_07"
        assert NAIVE.fullmatch(message["data"]["timestamp"])
    times = [message["data"]["timestamp"] for message in heard]
    assert times == sorted(set(times))
    history = call(prices, "/api/v1/tickers/ITEM_07/history")[1]["history"]
    kept = {point["timestamp"]: point["value"] for point in history}
    assert all(kept[m["data"]["timestamp"]] == m["data"]["price"] for m in heard if m["data"]["timestamp"] in kept)


def test_an_unknown_ticker_closes_the_socket_with_4004(prices: RunningServer) -> None:
    with connect(f"ws://127.0.0.1:{prices.port}/ws/NOTHING") as socket:
        assert json.loads(socket.recv(timeout=60)) == {"type": "error", "message": "Ticker NOTHING not found"}
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=60)
        assert socket.close_code == 4004


def test_fixed_sockets_win_over_tickers(prices: RunningServer) -> None:
    with connect(f"ws://127.0.0.1:{prices.port}/ws/instruments") as socket:
        message = json.loads(socket.recv(timeout=60))
    assert message["type"] == "board"
    assert [row[0] for row in message["data"]] == [f"ITEM_{n:02d}" for n in range(20)]
    with connect(f"ws://127.0.0.1:{prices.port}/ws/bars/ITEM_00") as socket:
        assert json.loads(socket.recv(timeout=60))["symbol"] == "ITEM_00"


def test_listed_origins_may_call_and_others_may_not(prices: RunningServer) -> None:
    status, _, headers = call(prices, "/api/v1/tickers", Origin="http://localhost:3000")
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "http://localhost:3000")
    assert call(prices, "/api/v1/tickers", Origin="http://elsewhere.example")[0] == 403
    with connect(f"ws://127.0.0.1:{prices.port}/ws/ITEM_00", origin="http://frontend:3000") as socket:  # type: ignore[arg-type]  # plain text is an origin
        assert json.loads(socket.recv(timeout=60))["type"] == "price_update"


def test_the_documentation_has_the_title_and_version_of_the_environment(prices: RunningServer) -> None:
    document = call(prices, "/openapi.json")[1]
    assert (document["info"]["title"], document["info"]["version"]) == ("Real-Time Price Data System", "1.2.3")
    assert "/api/v1/tickers/{ticker_id}/history" in document["paths"]


def test_another_prefix_moves_the_calls(launch: Any) -> None:
    server = launch("--ephemeral", environ={"TICKER_COUNT": "2", "API_PREFIX": "/v9"})
    assert [one["id"] for one in call(server, "/v9/tickers")[1]] == ["ITEM_00", "ITEM_01"]
    assert call(server, "/v9/tickers/ITEM_01/history?limit=1")[0] == 200
    assert call(server, "/api/v1/tickers")[0] == 404


def test_unknown_parameters_are_ignored_and_unknown_ids_are_404(prices: RunningServer) -> None:
    assert call(prices, "/api/v1/tickers?_=1700000000")[0] == 200
    assert len(call(prices, "/api/v1/tickers/ITEM_00/history?limit=1&_=1700000000")[1]["history"]) == 1
    long = "X" * 300
    assert call(prices, f"/api/v1/tickers/{long}/history")[:2] == (404, {"detail": f"Ticker {long} not found"})
    with connect(f"ws://127.0.0.1:{prices.port}/ws/ITEM_00?token=x") as socket:
        assert json.loads(socket.recv(timeout=60))["type"] == "price_update"
    with connect(f"ws://127.0.0.1:{prices.port}/ws/{long}") as socket:
        assert json.loads(socket.recv(timeout=60))["type"] == "error"
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=60)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4004
