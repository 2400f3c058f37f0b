"""Measure how long the list of alerts waits while they are evaluated, stored and sent to targets that never answer.

    python scripts/bench/alert_lists.py [--seconds 15] [--quick]

Alerts fire with each tick, once a second, until they are paused because they fire too often. Meanwhile a client asks
for `GET /alerts?state=paused` and `GET /alerts/{id}`, twenty times a second at most. First 300 alerts are on one
symbol, and each of their events goes to 20 targets that take the connection and never answer; then 2,000 alerts are on
100 symbols, without targets. The same requests are measured before the first tick.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence

from _common import Row, at_most, machine, median, number, parser_of, show
from _server import Connection, Server, request, serving

START = 1_790_000_000
TARGETS = 20
ENVIRON = {"WEBHOOK_ALLOW_HTTP": "1", "WEBHOOK_ALLOW_PRIVATE": "1", "FEEDS": "none", "TICKER_COUNT": "0"}
ALERT = {"operator": "greater", "price": 1, "frequency": "every_time"}
MOST_MS = 100.0
"""Longest wait for a list on an idle machine."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when the aims were met."""
    parser = parser_of(__doc__, "a tenth of the alerts, 2 seconds", seconds=(15.0, "of ticks in each of the two parts"))
    given = parser.parse_args(argv)
    part, seconds = (10, 2.0) if given.quick else (1, given.seconds)
    print(machine())
    met = True
    for symbols, each, targets in ((1, 300 // part, TARGETS), (100, 20 // part, 0)):
        with (
            tempfile.TemporaryDirectory(prefix="bench-alerts-") as folder,
            silent(targets) as ports,
            serving("--data-dir", folder, environ=ENVIRON) as server,
        ):
            met &= measure(server, symbols, each, ports, seconds)
    return 0 if met else 1


@contextlib.contextmanager
def silent(count: int) -> Iterator[list[int]]:
    """Ports at which connections are taken and never answered."""
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64)) for _ in range(count)]
        yield [each.getsockname()[1] for each in listeners]


def measure(server: Server, symbols: int, each: int, ports: Sequence[int], seconds: float) -> bool:
    """Make the alerts, send ticks, and ask meanwhile."""
    names = [f"S{n}" for n in range(symbols)]
    tick(server, names, 0)
    targets = []
    for n, port in enumerate(ports):
        body = {"name": f"t{n}", "kind": "webhook", "url": f"http://127.0.0.1:{port}/", "secret": "s" * 16}
        targets.append(json.loads(server.post("/delivery/targets", json.dumps(body).encode()))["id"])
    with Connection(server.port) as connection:
        for name in names:
            for _ in range(each):
                made = post(connection, {**ALERT, "ticker": name, "targets": targets})
    idle = ask(server, made, 2.0, None)
    ended = threading.Event()
    sender = threading.Thread(target=send, args=(server, names, seconds, ended))
    sender.start()
    busy = ask(server, made, seconds + 60, ended)
    sender.join()
    time.sleep(1.0)
    after = ask(server, made, 5.0, None)
    events = json.loads(server.get("/alerts/events?limit=10000"))
    rows = []
    for what in idle:
        rows += [
            Row(f"{what}: median while nothing comes", f"{number(median(idle[what]))} ms"),
            Row("  while they fire", f"{number(median(busy[what]))} ms"),
            Row("  longest, of the latter", f"{number(max(busy[what]))} ms, of {len(busy[what]):,}"),
            Row("  longest while it is sent", f"{number(max(after[what]))} ms, of {len(after[what]):,}"),
        ]
    rows.append(at_most("longest wait for the list", max(busy["GET /alerts"] + after["GET /alerts"]), MOST_MS, "ms"))
    title = f"{symbols * each:,} alerts on {symbols} symbols, {len(ports)} targets; {len(events):,} events"
    return show(title, rows)


def post(connection: Connection, body: dict[str, object]) -> str:
    """Make an alert; its id."""
    answer = connection.call(request("POST", "/alerts", json.dumps(body).encode(), "application/json"))
    if answer.status != 201:
        raise RuntimeError(f"{answer.status} {answer.body[:300]!r}")
    return str(json.loads(answer.body)["id"])


def tick(server: Server, names: Sequence[str], second: int) -> None:
    rows = [{"timestamp": START + second, "price": 100, "size": 1, "symbol": name} for name in names]
    server.post("/ticks", json.dumps(rows).encode())


def send(server: Server, names: Sequence[str], seconds: float, ended: threading.Event) -> None:
    """A tick of each symbol, once a second."""
    begun = time.monotonic()
    for second in range(1, round(seconds) + 1):
        tick(server, names, second)
        time.sleep(max(0.0, begun + second - time.monotonic()))
    ended.set()


def ask(server: Server, alert: str, seconds: float, ended: threading.Event | None) -> dict[str, list[float]]:
    """ms of each answer, one after the other."""
    calls = {"GET /alerts": "/alerts?state=paused", "GET /alerts/{id}": f"/alerts/{alert}"}
    took: dict[str, list[float]] = {what: [] for what in calls}
    until = time.monotonic() + seconds
    with Connection(server.port) as connection:
        while time.monotonic() < until and not (ended is not None and ended.is_set()):
            for what, path in calls.items():
                begun = time.perf_counter()
                answer = connection.call(request("GET", path, b"", ""))
                took[what].append((time.perf_counter() - begun) * 1e3)
                if answer.status != 200:
                    raise RuntimeError(f"GET {path}: {answer.status} {answer.body[:300]!r}")
            time.sleep(0.05)
    return took


if __name__ == "__main__":
    sys.exit(main())
