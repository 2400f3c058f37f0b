"""Measure deliveries: how long the event loop is held up while alerts are sent, and how many are sent a second.

    python scripts/bench/deliveries.py [--count 1000] [--targets 16] [--rounds 5] [--quick]

A receiver in a process of its own answers every webhook with 204. So many deliveries to each target are put into the
outbox under gevent, and are sent while a greenlet wakes every millisecond; the longest time between two turns beyond
that is the stall. The same is measured while nothing is sent.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from _common import ROOT, Row, at_most, machine, median, number, parser_of, show

RECEIVER = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *words):
        pass

class Server(ThreadingHTTPServer):
    request_queue_size = 128

server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""
SEND = """
from gevent import monkey
monkey.patch_all()
import gc, json, sys, time
from pathlib import Path
import gevent
from orderflow.runtime.clock import SystemClock
from orderflow.runtime.workers import Workers
from orderflow.settings.delivery import DeliverySettings
from orderflow.storage.records.address import file_address
from orderflow.storage.records.delivery_store import Message
from orderflow.storage.records.records import Records
from orderflow.tickers.delivery.delivery import Delivery
from orderflow.tickers.delivery.kinds import make_kinds

folder, port, count, targets = Path(sys.argv[1]), *map(int, sys.argv[2:])
settings = DeliverySettings(webhook_allow_http=True, webhook_allow_private=True)
workers = Workers()
records = Records(file_address(folder), workers)
records.start()
delivery = Delivery(records, workers, SystemClock(), make_kinds(settings))
url = f"http://127.0.0.1:{port}/"
ids = [delivery.add({"name": f"t{n}", "kind": "webhook", "url": url, "secret": "s" * 16}).id for n in range(targets)]
turns = []

def watch():
    while True:
        turns.append(time.perf_counter())
        gevent.sleep(0.001)

def measured(call):
    turns.clear()
    watcher = gevent.spawn(watch)
    gevent.sleep(0.05)
    begin = time.perf_counter()
    call()
    end = time.perf_counter()
    gevent.sleep(0.05)
    watcher.kill()
    gaps = sorted(later - earlier - 0.001 for earlier, later in zip(turns, turns[1:]) if later >= begin)
    return {"seconds": end - begin, "stall": gaps[-1], "p99": gaps[int(len(gaps) * 0.99)]}

def send():
    delivery.wake()
    while workers.run(delivery.outbox.waiting):
        gevent.sleep(0.2)

gc.freeze()
delivery.start()
gevent.sleep(1.0)
found = {"idle": measured(lambda: gevent.sleep(2.0))}
for number in range(-(-count // targets)):
    delivery.outbox.enqueue(f"e{number}", ids, Message("{{delivery_id}} BTC is above 65000", "BTC"), time.time_ns())
found["sent"] = measured(send)
delivery.stop()
records.close()
print(json.dumps(found))
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when the aim was met."""
    parser = parser_of(
        __doc__,
        "a hundred deliveries, one round",
        count=(1_000, "deliveries in all"),
        targets=(16, "targets"),
        rounds=(5, "rounds; medians are shown"),
    )
    given = parser.parse_args(argv)
    count, rounds = (100, 1) if given.quick else (given.count, given.rounds)
    print(machine())
    found = []
    with subprocess.Popen([sys.executable, "-c", RECEIVER], stdout=subprocess.PIPE, text=True) as receiver:
        assert receiver.stdout is not None
        port = receiver.stdout.readline().strip()
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(prefix="bench-deliveries-") as folder:
                found.append(json.loads(run(folder, port, str(count), str(given.targets))))
        receiver.kill()
    return 0 if show(f"{count:,} deliveries to {given.targets} targets, median of {rounds}", rows(found, count)) else 1


def run(*args: str) -> str:
    """What the sending program prints in a process of its own."""
    environ = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", SEND, *args], env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def rows(found: Sequence[dict[str, dict[str, float]]], count: int) -> list[Row]:
    """Stalls and the rate."""

    def middle(part: str, name: str) -> float:
        return median([each[part][name] for each in found])

    return [
        Row("longest stall of the event loop while nothing is sent", f"{number(middle('idle', 'stall') * 1e3)} ms"),
        at_most("longest stall while alerts are sent", middle("sent", "stall") * 1e3, 20, "ms"),
        Row("  99 % of the waits at most", f"{number(middle('sent', 'p99') * 1e3)} ms"),
        Row("deliveries per second", number(count / middle("sent", "seconds"))),
    ]


if __name__ == "__main__":
    sys.exit(main())
