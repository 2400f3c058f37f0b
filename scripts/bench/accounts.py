"""Measure logins: how long 20 at once take, how long they hold up the event loop, and what other pages feel of them.

    python scripts/bench/accounts.py [--logins 20] [--rounds 10] [--quick]

The server runs under gevent in a process of its own, where a greenlet wakes every millisecond: the longest time between
two turns beyond that is the stall. This process sends the logins from as many threads, and all the while another one
asks for a page every 10 ms, so that neither waits for the other's interpreter. One password hash is timed alone, in a
thread of its own and with memory that it had before, and is the measure of the logins: p95 <= 1.5 x (logins x one hash
/ cores). A login of an unknown user is compared with one of a known user. A round has 20 logins and only about as many
pages beside them, so that the percentiles are those of all rounds together; the rest are medians of the rounds.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from _common import ROOT, Row, at_most, machine, median, number, parser_of, show

from orderflow.accounts.passwords import Passwords
from orderflow.runtime.workers import Workers

SERVER = """
from gevent import monkey
monkey.patch_all()
import json, time
import flask, gevent
from callbacks.app import create_app
from orderflow.runtime import memory
from orderflow.services import build_services
from orderflow.settings.settings import Settings
from orderflow.web.app import create_server
from orderflow.web.run import HttpServer, listen

memory.keep_large_arrays_apart()  # as `orderflow serve` does
services = build_services(Settings.of(ephemeral=True, ticker_count=0, feeds=()))
services.start()
server = create_server(services)
create_app(services, server)
longest = [0.0]

def watch():
    before = time.perf_counter()
    while True:
        gevent.sleep(0.001)
        now = time.perf_counter()
        longest[0] = max(longest[0], now - before - 0.001)
        before = now

@server.get("/stall")
def stall():
    found, longest[0] = longest[0], 0.0
    return flask.jsonify(found)

gevent.spawn(watch)
listening = HttpServer(listen("127.0.0.1", 0), server, services.settings.max_body)
listening.start()
print(listening.server_port, flush=True)
listening.serve_forever()
"""
READER = """
import http.client, json, select, sys, time

port, path, found = int(sys.argv[1]), sys.argv[2], []
print(flush=True)
while not select.select([sys.stdin], [], [], 0.01)[0]:
    begin = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200, answer.status
    found.append(time.perf_counter() - begin)
print(json.dumps(found))
"""
PASSWORD = "correct horse battery"
PAGE = "/chart/"
UNKNOWN = 5
"""Logins of unknown users in a round; after 50 in all the server refuses more from one address."""
LIMITS = (1.5, 50.0, 2.0)
"""Times of the ideal, ms of stall, times of the idle page."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every aim was met."""
    parser = parser_of(__doc__, "one round", logins=(20, "logins at once"), rounds=(10, "rounds, at most 10"))
    given = parser.parse_args(argv)
    count = 1 if given.quick else given.rounds
    print(machine())
    environ = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    with subprocess.Popen([sys.executable, "-c", SERVER], env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = measure(int(process.stdout.readline()), given.logins, count)
        finally:
            process.terminate()
    return 0 if show(f"{given.logins} logins at once, {count} rounds", rows(found, given.logins)) else 1


def measure(port: int, logins: int, rounds: int) -> dict[str, list[float]]:
    """Seconds by what was measured, of all rounds."""
    for each in range(logins):
        call(port, "/auth/register", {"nickname": f"u{each}", "email": email(each), "password": PASSWORD})
    call(port, PAGE, raw=True)
    found: dict[str, list[float]] = defaultdict(list)
    for turn in range(rounds):
        call(port, "/stall")
        found["idle"] += pages_while(port, lambda: time.sleep(2))
        found["before"].append(float(call(port, "/stall")))
        found["hash"] += [one_hash() for _ in range(5)]
        call(port, "/stall")
        found["busy"] += pages_while(port, lambda: at_once(port, logins, found["logins"]))
        found["stall"].append(float(call(port, "/stall")))
        found["known"] += [login(port, 0) for _ in range(9)]
        found["unknown"] += [login(port, -1 - turn * UNKNOWN - each) for each in range(UNKNOWN)]
    return found


def email(number_: int) -> str:
    """The address of a user; of none for a negative number."""
    return f"u{number_}@example.org"


def one_hash() -> float:
    """Seconds of one hash, alone."""
    workers = Workers(threads=1)
    passwords = Passwords(workers)
    passwords.hash(PASSWORD)
    begin = time.perf_counter()
    passwords.hash(PASSWORD)
    took = time.perf_counter() - begin
    workers.stop()
    return took


def at_once(port: int, logins: int, times: list[float]) -> None:
    """So many logins from as many threads; their durations in seconds."""
    gate = threading.Barrier(logins)

    def one(each: int) -> None:
        gate.wait()
        times.append(login(port, each))

    threads = [threading.Thread(target=one, args=(each,)) for each in range(logins)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def login(port: int, user: int) -> float:
    """Seconds of one login. Raises RuntimeError if a known user is refused."""
    begin = time.perf_counter()
    call(port, "/auth/login", {"email": email(user), "password": PASSWORD}, (200,) if user >= 0 else (401,))
    return time.perf_counter() - begin


def pages_while(port: int, work: Callable[[], object]) -> list[float]:
    """Seconds of each request for another page while `work` runs."""
    command = [sys.executable, "-c", READER, str(port), PAGE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        work()
        found: list[float] = json.loads(reader.communicate("")[0])
    return found


def call(port: int, path: str, body: Any = None, expected: Sequence[int] = (200, 201), *, raw: bool = False) -> Any:
    """The JSON of an answer. Raises RuntimeError for another status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/json"} if body else {}
    connection.request("POST" if body else "GET", path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    if answer.status not in expected:
        raise RuntimeError(f"{path}: {answer.status} {data[:200]!r}")
    return None if raw else json.loads(data)


def p95(times: Sequence[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def rows(found: dict[str, list[float]], logins: int) -> list[Row]:
    """What is printed."""
    of = {name: 1e3 * median(times) for name, times in found.items()}
    high = {name: 1e3 * p95(found[name]) for name in ("logins", "idle", "busy")}
    ideal = logins * of["hash"] / (os.cpu_count() or 1)
    most, stall, pages = LIMITS
    return [
        Row("one hash, alone", f"{number(of['hash'])} ms"),
        Row("logins x one hash / cores", f"{number(ideal)} ms"),
        at_most(f"a login, p95 of {len(found['logins'])}", high["logins"], most * ideal, "ms"),
        Row("longest stall of the event loop before", f"{number(of['before'])} ms"),
        at_most("longest stall of the event loop", of["stall"], stall, "ms"),
        Row(f"another page while nothing else happens, p95 of {len(found['idle'])}", f"{number(high['idle'])} ms"),
        at_most(f"another page meanwhile, p95 of {len(found['busy'])}", high["busy"], pages * high["idle"], "ms"),
        Row("a login of a known user alone", f"{number(of['known'])} ms"),
        Row("one of an unknown user alone", f"{number(of['unknown'])} ms"),
    ]


if __name__ == "__main__":
    sys.exit(main())
