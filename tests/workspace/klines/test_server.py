"""A real server keeps the klines of the simulated exchange, also when it is killed while it fills their history.

Written from the original system's README alone: backfill on start, GET /data/klines/{symbol}/{timeframe} with pages and
the state of the backfill, and live updates on WS /ws/klines/{symbol}/{timeframe}.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import websocket

from orderflow.runtime.workers import Workers
from orderflow.storage.records.address import address_of
from orderflow.storage.records.kline_store import KlineStore
from orderflow.storage.records.records import Records
from tests.exchange.inprocess import SimulatedExchange
from tests.running import ROOT, RunningServer, start_server
from tests.servers.postgresql import cluster as cluster  # a fixture
from tests.servers.postgresql import postgresql as postgresql  # a fixture
from tests.storage.records.klines import KEY
from tests.workspace.klines.venue import klines_of, trade_minutes

DAYS = 4
SECONDS = 90.0


@pytest.fixture
def venue() -> Iterator[SimulatedExchange]:
    with SimulatedExchange() as made:
        trade_minutes(made, DAYS * 1440 + 60)
        yield made


def environ(venue: SimulatedExchange) -> dict[str, str]:
    return {
        "KLINES": "BTCUSDT:1m",
        "KLINES_BACKFILL_DAYS": str(DAYS),
        "ORDERFLOW_BINANCE_REST_URL": venue.url,
        "ORDERFLOW_BINANCE_WS_URL": venue.ws,
    }


def until(condition: Callable[[], Any]) -> Any:
    """Wait for a condition; its value."""
    end = time.monotonic() + SECONDS
    while not (found := condition()):
        assert time.monotonic() < end, "the time is up"
        time.sleep(0.05)
    return found


def pages(server: RunningServer, limit: int) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = server.get(f"/data/klines/BTCUSDT/1m?limit={limit}{cursor}")
        yield page
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={page['next_cursor']}"


def all_klines(server: RunningServer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in pages(server, 2_000):
        found = page["klines"] + found
    return found


def test_klines_are_the_exchanges_own_after_a_kill_in_the_backfill(tmp_path: Path, venue: SimulatedExchange) -> None:
    # a thousand klines a call, of 5,820: it goes on for three seconds and more after the first two thousand
    venue.exchange.add_faults([{"do": "slow", "seconds": 1, "calls": 1000, "path": "klines"}])
    server = start_server("--data-dir", str(tmp_path), environ=environ(venue))
    try:
        until(lambda: len(server.get("/data/klines/BTCUSDT/1m?limit=5000")["klines"]) >= 2_000)
        backfill = server.get("/data/klines/BTCUSDT/1m")["backfill"]
        assert backfill["state"] == "running"
        assert backfill["missing"]
    finally:
        server.stop(signal.SIGKILL)
    venue.exchange.clear_faults()
    server = start_server("--data-dir", str(tmp_path), environ=environ(venue))
    try:
        until(lambda: server.get("/data/klines/BTCUSDT/1m")["backfill"]["state"] == "done")
        backfill = server.get("/data/klines/BTCUSDT/1m")["backfill"]
        assert backfill["missing"] == []
        ours = [kline for kline in all_klines(server) if kline["closed"]]
        theirs = klines_of(venue, backfill["from"])
        assert len(ours) >= len(theirs) - 3
        price, size = 10**theirs.price_decimals, 10**theirs.size_decimals
        for number, kline in enumerate(ours):
            assert kline["time"] == theirs.time[number]
            prices = [round(kline[name] * price) for name in ("open", "high", "low", "close")]
            assert prices == [int(getattr(theirs, name)[number]) for name in ("open", "high", "low", "close")]
            assert round(kline["volume"] * size) == theirs.volume[number]
            assert round(kline["taker_buy_volume"] * size) == theirs.taker_buy_volume[number]
            assert kline["trades"] == theirs.trades[number]
        _check_the_stream(server, venue)
    finally:
        assert server.stop() == 0


def _check_the_stream(server: RunningServer, venue: SimulatedExchange) -> None:
    """Live updates: a trade changes the newest kline, and who asks by GET gets the same."""
    url = server.url.replace("http", "ws", 1) + "/ws/klines/BTCUSDT/1m"
    stream = websocket.create_connection(url, timeout=SECONDS)
    try:
        first = json.loads(stream.recv())
        assert first["type"] == "kline"
        names = {"time", "open", "high", "low", "close", "volume", "trades", "taker_buy_volume", "closed"}
        assert set(first["data"]) == names
        venue.trade("BTCUSDT", (0.0, "31000.5", "2", "buy"))
        until(lambda: json.loads(stream.recv())["data"]["high"] == 31000.5)
    finally:
        stream.close()
    assert server.get("/data/klines/BTCUSDT/1m?limit=3")["klines"][-1]["high"] >= 20_000
    assert max(kline["high"] for kline in server.get("/data/klines/BTCUSDT/1m?limit=3")["klines"]) == 31000.5


def test_ingest_fills_the_records_of_a_postgresql_server(
    tmp_path: Path, venue: SimulatedExchange, postgresql: str, workers: Workers
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "orderflow", "ingest"],
        cwd=ROOT,
        env={"PATH": "", "DATABASE_URL": postgresql, **environ(venue)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    records = Records(address_of(tmp_path, database_url=postgresql), workers)
    try:
        assert process.stdout is not None
        while "done" not in (line := process.stdout.readline()):
            assert line, process.communicate()[1]
        records.start()
        store = KlineStore(records, time.time_ns)
        series = store.find(KEY)
        assert series is not None
        assert series.first is not None
        ours, theirs = store.read(series.id, limit=100_000), klines_of(venue, series.first)
        same = min(len(ours), len(theirs)) - 2
        assert same > DAYS * 1440 - 5
        assert ours.time[:same].tolist() == theirs.time[:same].tolist()
        places = max(ours.price_decimals, theirs.price_decimals), max(ours.size_decimals, theirs.size_decimals)
        ours, theirs = ours.rescaled(*places), theirs.rescaled(*places)
        for name in ("open", "high", "low", "close", "volume", "trades", "taker_buy_volume"):
            assert getattr(ours, name)[:same].tolist() == getattr(theirs, name)[:same].tolist()
    finally:
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate(timeout=30)
        records.close()
    assert process.returncode == 0, errors
    assert out.endswith("stopping\n")
