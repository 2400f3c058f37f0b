"""A real server with a log serves tables and statistics while it ingests ticks; no call may hang.

With gevent's patched locks in the market it deadlocked within seconds: threads of the pool waited for a lock that
greenlets wanted too, and were never woken.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import count, repeat
from pathlib import Path

from tests.running import RunningServer

SECONDS = 3.0
LEAST = 3
"""Calls of each client, on a machine so slow that they take longer than SECONDS."""
TIMEOUT = 60.0
"""Seconds, more than a slow machine needs for a response."""
READS = ("/api/v1/bars/NQ?since=1", "/api/v1/footprint/NQ?frame=5min", "/stats", "/api/v1/bars/NQ?frame=1s")
SENDERS = 4

Call = tuple[str, str, str]


def test_readers_and_writers_do_not_deadlock(launch: Callable[..., RunningServer], tmp_path: Path) -> None:
    server = launch("--no-browser", "--data-dir", str(tmp_path))
    keep_calling(server.port, ticks(0), 0.0)
    calls = [ticks(number) for number in range(SENDERS)] + [repeat(("GET", path, "")) for path in READS * 2]
    with ThreadPoolExecutor(len(calls)) as threads:
        done = list(threads.map(lambda each: keep_calling(server.port, each, SECONDS), calls))
    assert server.get("/stats")["ticks"] == 1 + sum(done[:SENDERS])
    assert server.get("/stats")["audit"]["failures"] == 0


def ticks(number: int) -> Iterator[Call]:
    """The ticks of one sender; several senders overlap, and some ticks are late."""
    for turn in count():
        tick = {"timestamp": 1_760_032_800_000 + 400 * turn + number, "price": 100 + turn % 7, "size": 1, "side": "buy"}
        yield "POST", "/tick?symbol=NQ", json.dumps(tick)


def keep_calling(port: int, calls: Iterator[Call], seconds: float) -> int:
    """Call once, or for `seconds` and LEAST times at least; the number of responses. Raises TimeoutError."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    until = time.monotonic() + seconds
    done = 0
    for method, path, body in calls:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status in (200, 202), f"{method} {path}: {answer.status} {text[:200]!r}"
        done += 1
        if time.monotonic() >= until and (done >= LEAST or not seconds):
            break
    connection.close()
    return done
