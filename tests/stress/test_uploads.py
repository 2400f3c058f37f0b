"""An upload that replaces candles on a real server, which is killed in the middle or whose disk becomes full: the old
candles are there, whole, and nothing else is left."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.running import RunningServer
from tests.storage.disks import limit_files

Launch = Callable[..., RunningServer]
HEADER = "timestamp,open,high,low,close,volume\n"
PATH = "/data/upload/ohlcv?name=btc&timeframe=1m&filename=btc.csv"
MIB = 1 << 20
ROWS = 100_000


def candles(price: int, rows: int) -> bytes:
    """A file of candles at a price."""
    lines = (f"{1_600_000_000 + 60 * row},{price},{price + 2},{price - 2},{price},{row}\n" for row in range(rows))
    return (HEADER + "".join(lines)).encode()


def upload(server: RunningServer, data: bytes) -> tuple[int, Any]:
    """(status, answer) of an upload."""
    request = urllib.request.Request(server.url + PATH, data, {"Content-Type": "application/octet-stream"})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def kept(server: RunningServer) -> tuple[int, float]:
    """How many candles there are, and their price: of all of them."""
    (listed,) = server.get("/data/custom")
    page = server.get("/data/custom/btc/ohlcv?limit=10000")
    prices = {kline["close"] for kline in page["klines"]}
    assert len(prices) == 1
    return listed["rows"], prices.pop()


def begin(server: RunningServer, data: bytes, part: int) -> socket.socket:
    """Announce a body and send the first `part` bytes of it."""
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nContent-Length: {len(data)}\r\n\r\n"
    sock.sendall(head.encode() + data[:part])
    return sock


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.02)


def written(folder: Path) -> int:
    """Bytes of uploads on disk."""
    return sum(path.stat().st_size for path in (folder / "uploads").rglob("*") if path.is_file())


def test_a_server_that_is_killed_in_an_upload_keeps_the_old_candles(launch: Launch, tmp_path: Path) -> None:
    server = launch("--data-dir", str(tmp_path))
    assert upload(server, candles(100, 1_000))[0] == 201
    data = candles(200, ROWS)
    with begin(server, data, len(data) // 2):
        until(lambda: written(tmp_path) > MIB)  # the half of it has come
        server.stop(signal.SIGKILL)
    server = launch("--data-dir", str(tmp_path))
    assert (kept(server), written(tmp_path)) == ((1_000, 100.0), 0)
    wal = next(path for path in tmp_path.rglob("*-wal"))
    before = wal.stat().st_size
    with begin(server, data, len(data)):
        until(lambda: wal.stat().st_size > before + MIB or kept(server)[0] == ROWS)  # its rows are being stored
        server.stop(signal.SIGKILL)
    server = launch("--data-dir", str(tmp_path))
    assert kept(server) in [(1_000, 100.0), (ROWS, 200.0)]  # whole, as it was or as it was to be
    assert upload(server, data)[0] == 201
    assert kept(server) == (ROWS, 200.0)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit that stands for a full disk is Linux's")
def test_records_that_become_full_in_an_upload_keep_the_old_candles(launch: Launch, tmp_path: Path) -> None:
    server = launch("--data-dir", str(tmp_path))
    assert upload(server, candles(100, 1_000))[0] == 201
    packed = gzip.compress(candles(200, ROWS))
    assert len(packed) < MIB  # so that the file itself can be received
    limit_files(server.process.pid, MIB)
    status, answer = upload(server, packed)
    assert (status, "the disk is full" in answer["detail"]) == (507, True), answer
    assert kept(server) == (1_000, 100.0)
    assert written(tmp_path) == 0
    limit_files(server.process.pid, None)
    until(lambda: upload(server, packed)[0] == 201)  # once the records are looked at again
    assert kept(server) == (ROWS, 200.0)
