"""The history of a pair filled from the simulated exchange of another server, within its limit of request weight."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from _common import Row, at_most, number
from _server import Connection, Server, request, serving, start
from _workspace_klines import KEY, MINUTE, opened

from orderflow.storage.records.address import file_address

KLINES, PAGE, WEIGHT, LIMIT = 500_000, 1_000, 2, 6_000
"""Klines that are filled, of one answer, the weight of a request, and the exchange's limit a minute."""
EVERY = 10
"""A trade comes in every so many minutes; the exchange makes flat klines of the others."""
QUIET = {"FEEDS": "none", "TICKER_COUNT": "0"}


def run(quick: bool) -> Sequence[Row]:
    """Fill the history, then ask for the same pages without storing anything."""
    count = 5_000 if quick else KLINES
    with serving("--ephemeral", environ=QUIET) as exchange, tempfile.TemporaryDirectory() as name:
        _trade(exchange, count)
        ours = _fill(exchange, Path(name), count)
        exchange.post("/exchange/control", json.dumps({"steps": [{"do": "rules", "weight": 10**6}]}).encode())
        bare = _ask(exchange, count)
    allowed = count / PAGE * WEIGHT / LIMIT * 60
    return [
        Row("klines", f"{count:,}"),
        at_most("seconds until all are stored", ours, 1.2 * allowed, f"s (the limit allows {number(allowed)} s)"),
        Row("the same requests one after another, nothing stored", f"{number(bare)} s"),
        Row("filling against bare requests", f"{number(ours / bare)} times"),
    ]


def _trade(exchange: Server, minutes: int) -> None:
    """A history of trades up to now."""
    now = int(time.time())
    times = range(now - (minutes + 2 * EVERY) * 60, now, EVERY * 60)
    rows = [f"{at},{60_000 + at // 60 % 997}.5,1.25,{'buy' if at % 120 else 'sell'}" for at in [*times, now]]
    for begin in range(0, len(rows), 20_000):
        body = "\n".join(["timestamp,price,size,side", *rows[begin : begin + 20_000]]).encode()
        exchange.post("/ticks?symbol=BTCUSDT", body, "text/csv")


def _fill(exchange: Server, folder: Path, count: int) -> float:
    """Seconds from when a new server opens the series until its history is filled."""
    address = f"127.0.0.1:{exchange.port}/exchange"
    environ = {
        "KLINES": "BTCUSDT:1m",
        "KLINES_BACKFILL_DAYS": str(-(-count // 1440)),
        "ORDERFLOW_BINANCE_REST_URL": f"http://{address}",
        "ORDERFLOW_BINANCE_WS_URL": f"ws://{address}",
        **QUIET,
    }
    server = start("--data-dir", str(folder), environ=environ)
    begun = time.perf_counter()
    try:
        while (state := json.loads(server.get("/data/klines/BTCUSDT/1m?limit=1"))["backfill"]["state"]) != "done":
            if state == "offline" and time.perf_counter() - begun > 60:
                raise RuntimeError("the exchange cannot be reached")
            time.sleep(0.1)
        done = time.time()
    finally:
        server.end()
    with opened(file_address(folder)) as (store, _):
        series = store.find(KEY)
        if series is None or series.rows < count or len(store.spans(series.id, MINUTE)) != 1:
            raise RuntimeError(f"not all klines are stored: {series}")
    return done - series.created / 1e9


def _ask(exchange: Server, count: int) -> float:
    """Seconds of the requests alone."""
    last = int(time.time()) // 60 * MINUTE
    begun = time.perf_counter()
    with Connection(exchange.port) as connection:
        for page in range(count // PAGE):
            query = f"symbol=BTCUSDT&interval=1m&limit={PAGE}&endTime={last - page * PAGE * MINUTE}"
            answer = connection.call(request("GET", f"/exchange/api/v3/klines?{query}", b"", ""))
            if answer.status != 200:
                raise RuntimeError(f"{answer.status}: {answer.body[:200]!r}")
    return time.perf_counter() - begun
