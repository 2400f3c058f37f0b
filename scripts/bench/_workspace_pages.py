"""`GET /data/klines` of 1,000 rows from a running server: the newest ones, and older ones from the records."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from _common import Row, at_most, number, percentile
from _server import Connection, request, serving
from _workspace_klines import KEY, MINUTE, klines, opened

from orderflow.storage.records.address import file_address

ROWS, CALLS, WARM = 43_200, 2_000, 50
LIMIT_MS = 15.0
NOWHERE = {
    "KLINES": "BTCUSDT:1m",
    "ORDERFLOW_BINANCE_REST_URL": "http://127.0.0.1:9/x",
    "ORDERFLOW_BINANCE_WS_URL": "ws://127.0.0.1:9/x",
    "FEEDS": "none",
    "TICKER_COUNT": "0",
}
"""A venue that is out of reach, so that the server only reads."""


def run(quick: bool) -> Sequence[Row]:
    """The times of many calls."""
    calls = 50 if quick else CALLS
    last = int(time.time()) // 60 * MINUTE
    with tempfile.TemporaryDirectory() as name:
        with opened(file_address(Path(name))) as (store, _):
            store.upsert(store.ensure(KEY, "binance").id, klines(ROWS, first=last - ROWS * MINUTE))
        with serving("--data-dir", name, environ=NOWHERE) as server, Connection(server.port) as connection:
            newest = _times(connection, ["/data/klines/BTCUSDT/1m?limit=1000"] * calls)
            ends = np.random.default_rng(1).integers(last - (ROWS - 1_001) * MINUTE, last - 3_000 * MINUTE, calls)
            older = _times(connection, [f"/data/klines/BTCUSDT/1m?limit=1000&end={end}" for end in ends.tolist()])
    found = []
    for what, times in (("the newest, from memory", newest), ("older ones, from the records", older)):
        found.append(Row(f"{what}: median", f"{number(percentile(times, 50))} ms"))
        found.append(at_most(f"{what}: p99", percentile(times, 99), LIMIT_MS, "ms"))
    return found


def _times(connection: Connection, paths: Sequence[str]) -> list[float]:
    """Milliseconds of each call, the first ones left out."""
    found = []
    for path in [*paths[:WARM], *paths]:
        data = request("GET", path, b"", "")
        begun = time.perf_counter()
        answer = connection.call(data)
        found.append((time.perf_counter() - begun) * 1000)
        if answer.status != 200 or len(json.loads(answer.body)["klines"]) != 1_000:
            raise RuntimeError(f"{path}: {answer.status} {answer.body[:200]!r}")
    return found[WARM:]
