"""Measure the records: what they add to a start, how fast rows are written, and how long the event loop is held up.

    python scripts/bench/records.py [--rows 100000] [--rounds 5] [--quick]

The cost of a start is the CPU time of importing SQLAlchemy and opening records.db, new and existing, in a fresh process
that has imported the rest of the server. Rows are written through the price store under gevent while a greenlet wakes
every millisecond; the longest time between two turns beyond that is the stall. The peer is sqlite3 alone: `executemany`
of the same rows in the hub's own thread, as a server that writes in a greenlet does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from _common import ROOT, Row, at_most, machine, median, number, parser_of, show

START = """
import sys, time
from pathlib import Path
import dash, flask, gevent, pandas, diskcache
from orderflow.market.market import Market
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings

before = time.process_time()
from orderflow.storage.records.address import file_address
from orderflow.storage.records.records import Records
from orderflow.storage.records.rows import execute_many, insert_new
records = Records(file_address(Path(sys.argv[1])), Workers())
records.start()
after = time.process_time()
assert records.problem == "", records.problem
print((after - before))
"""
WRITE = """
from gevent import monkey
monkey.patch_all()
import gc, json, sqlite3, sys, time
from pathlib import Path
import gevent
from orderflow.runtime.workers import Workers
from orderflow.storage.records.address import file_address
from sqlalchemy import func, select
from orderflow.storage.records.models import KLINES
from orderflow.storage.records.records import Records
from orderflow.storage.records.rows import execute_many, insert_new

folder, rows = Path(sys.argv[1]), int(sys.argv[2])
records = Records(file_address(folder), Workers())
records.start()
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
    gaps = [later - earlier for earlier, later in zip(turns, turns[1:]) if later >= begin]
    return {"seconds": end - begin, "stall": max(gaps) - 0.001}

def in_the_hub():
    with sqlite3.connect(folder / "peer.db") as peer:
        peer.execute("PRAGMA journal_mode=WAL")
        peer.execute("CREATE TABLE p (series, time, price, source, PRIMARY KEY (series, time)) WITHOUT ROWID")
        made = [("a", n, f"{n}.25", "x") for n in range(rows)]
        peer.executemany("INSERT OR IGNORE INTO p VALUES (?, ?, ?, ?)", made)

row = dict(generation=1, open=1, high=1, low=1, close=1, volume=1, closed=True)
made = ({**row, "time": n} for n in range(rows))
def write():
    records.write(lambda connection: execute_many(connection, insert_new(connection, KLINES), made))
gc.freeze()
found = {"idle": measured(lambda: gevent.sleep(0.5)), "ours": measured(write)}
found["peer"] = measured(in_the_hub)
assert records.read(lambda connection: connection.scalar(select(func.count()).select_from(KLINES))) == rows
records.close()
print(json.dumps(found))
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every aim was met."""
    parser = parser_of(
        __doc__,
        "a tenth of the rows, one round",
        rows=(100_000, "rows to write"),
        rounds=(5, "rounds; medians are shown"),
    )
    given = parser.parse_args(argv)
    rows, count = (given.rows // 10, 1) if given.quick else (given.rows, given.rounds)
    print(machine())
    starts: list[list[float]] = [[], []]
    writes: list[dict[str, dict[str, float]]] = []
    for _ in range(count):
        with tempfile.TemporaryDirectory(prefix="bench-records-") as folder:
            for found in starts:
                found.append(float(run(START, folder)))
            writes.append(json.loads(run(WRITE, str(Path(folder) / "write"), str(rows))))
    met = show(f"what records add to a start, median of {count}", start_rows(*map(median, starts)))
    return 0 if show(f"{rows:,} rows, median of {count}", write_rows(writes, rows)) and met else 1


def run(program: str, *args: str) -> str:
    """What a program prints in a process of its own."""
    environ = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", program, *args], env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def start_rows(new: float, existing: float) -> list[Row]:
    """CPU seconds of a start with a new and with an existing file."""
    return [at_most("CPU time, a new file", new, 0.3, "s"), at_most("CPU time, an existing file", existing, 0.3, "s")]


def write_rows(writes: Sequence[dict[str, dict[str, float]]], rows: int) -> list[Row]:
    """Stalls and rates."""
    stall = {name: median([each[name]["stall"] for each in writes]) * 1e3 for name in ("idle", "ours", "peer")}
    rate = {name: rows / median([each[name]["seconds"] for each in writes]) for name in ("ours", "peer")}
    return [
        Row("longest stall of the event loop while nothing is written", f"{number(stall['idle'])} ms"),
        at_most("longest stall while rows are written", stall["ours"], 20, "ms"),
        Row("longest stall with sqlite3 in the hub", f"{number(stall['peer'])} ms"),
        Row("  ratio", f"{number(stall['peer'] / stall['ours'])} times"),
        Row("rows per second", number(rate["ours"])),
        Row("rows per second, sqlite3 alone", number(rate["peer"])),
        Row("  ratio", number(rate["ours"] / rate["peer"])),
    ]


if __name__ == "__main__":
    sys.exit(main())
