"""Measure how soon a killed server serves all acknowledged ticks again after a restart.

    python scripts/bench/restart.py [--ticks 1e7] [--rounds 5] [--quick]

Ticks go over HTTP through a real server into its log; then the server is killed (SIGKILL) and started again, once per
round. Times count from the start of the new process: until /health answers 200, until the last 500 one-minute bars are
received as JSON, and until the chart's first snapshot is received through the page's callback. The new server must have
every tick. The start of a server with an empty log is measured too, which shows the time of imports and pages. Modules
are compiled beforehand, as they are in an installed package.

The peer is a fresh process in which pandas reads the same ticks from a CSV file and groups them into one-minute bars
and footprints.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import pandas as pd
from _common import SYMBOL, Row, Trades, at_most, machine, median, number, show
from _server import Server, request, send_all, serving, start

from orderflow.replay.csv_body import csv_body

BATCH = 20_000
MINUTE = 60_000_000_000
POLL: dict[str, object] = {
    "output": "chart-delta.data",
    "outputs": {"id": "chart-delta", "property": "data"},
    "inputs": [
        {"id": "chart-interval", "property": "n_intervals", "value": 1},
        {"id": "chart-refresh", "property": "data", "value": 0},
        {"id": "chart-options", "property": "data", "value": None},
    ],
    "changedPropIds": ["chart-interval.n_intervals"],
    "state": [{"id": "chart-state", "property": "data", "value": None}],
}
"""The first request of the chart's page."""


@dataclass(frozen=True)
class Start:
    """health, bars, snapshot: seconds from the start of the process until each was received. resident: bytes of memory
    then. processor: CPU seconds until then. size: bytes of the snapshot."""

    health: float
    bars: float
    snapshot: float
    resident: float
    processor: float
    size: int


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every aim was met."""
    parser = argparse.ArgumentParser(description="Measure the restart of a killed server.")
    parser.add_argument("--ticks", type=float, default=1e7, help="ticks in the log (default: 1e7)")
    parser.add_argument("--rounds", type=int, default=5, help="restarts; the median is printed (default: 5)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the ticks, one restart")
    parser.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.peer is not None:
        print(rebuild(given.peer))
        return 0
    ticks, count = (int(given.ticks) // 10, 1) if given.quick else (int(given.ticks), given.rounds)
    print(machine())
    with tempfile.TemporaryDirectory(prefix="bench-restart-") as folder:
        path = Path(folder)
        last = fill(path / "data", ticks)
        table = path / "ticks.csv"
        write_csv(table, ticks)
        restart(None, 0, last, path)
        starts, empty, peers = [], [], []
        for _ in range(count):
            starts.append(restart(path / "data", ticks, last, path))
            empty.append(restart(None, 0, last, path))
            peers.append(read_again(table, ticks))
    met = show(f"a restart with {ticks:,} ticks in the log, median of {count}", start_rows(starts, empty, ticks))
    ours, theirs = median([each.snapshot for each in starts]), median(peers)
    rows = [
        Row("pandas, CSV to one-minute bars and footprints", f"{number(theirs)} s"),
        Row("orderflow, tick log to the first snapshot", f"{number(ours)} s"),
        Row("  ratio", f"{number(theirs / ours)} times as fast"),
    ]
    show("compared with pandas", rows)
    return 0 if met else 1


def fill(folder: Path, ticks: int) -> int:
    """Send ticks through a server into its log and kill it; returns the time of the last tick in ns."""
    trades = Trades(ids=True)
    last = 0

    def requests() -> Iterator[bytes]:
        nonlocal last
        for batch in trades.batches(ticks, BATCH):
            last = int(batch.time[-1])
            yield request("POST", f"/ticks?symbol={SYMBOL}", csv_body(batch), "text/csv")

    with serving("--data-dir", str(folder)) as server:
        begin = time.perf_counter()
        send_all(server.port, [requests()])
        print(f"{ticks:,} ticks acknowledged in {time.perf_counter() - begin:.1f} s; the server is killed")
        server.end(signal.SIGKILL)
    return last


def restart(folder: Path | None, ticks: int, last: int, scratch: Path) -> Start:
    """Start the server on a log (None: without one), measure, and kill it. Raises AssertionError if a tick is missing.

    scratch: folder for the compiled modules, which the first start writes.
    """
    environ = {"PYTHONPYCACHEPREFIX": str(scratch / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
    server = start(*(["--data-dir", str(folder)] if folder else ["--ephemeral"]), environ=environ)
    try:
        health = until(server, "/health")
        if folder is None:
            return Start(health, health, health, server.resident, server.processor_seconds, 0)
        bars = until(server, f"/api/v1/bars/{SYMBOL}?start={last // 1_000_000 - 500 * 60_000}")
        snapshot = server.post("/_dash-update-component", orjson.dumps(POLL))
        passed = time.perf_counter() - server.began
        found = orjson.loads(snapshot)["response"]["chart-delta"]["data"]
        if found["stats"]["ticks"] != ticks or not found["bars"] or not found["full"]:
            raise AssertionError(f"{ticks:,} ticks were acknowledged, the chart shows {found['stats']['ticks']:,}")
        return Start(health, bars, passed, server.resident, server.processor_seconds, len(snapshot))
    finally:
        server.end(signal.SIGKILL)


def until(server: Server, path: str) -> float:
    """Seconds from the start of the process until the response to a path is received."""
    server.get(path)
    return time.perf_counter() - server.began


def write_csv(path: Path, ticks: int) -> None:
    """Write the same ticks as a file for pandas: nanoseconds, price, size, side."""
    trades = Trades(ids=True)
    for number_, batch in enumerate(trades.batches(ticks, 500_000)):
        columns = {"time": batch.time, "price": batch.price / 100, "size": batch.size, "side": batch.side}
        pd.DataFrame(columns).to_csv(path, mode="a", header=number_ == 0, index=False)


def read_again(path: Path, ticks: int) -> float:
    """Seconds that the peer needs in a fresh process."""
    begin = time.perf_counter()
    found = subprocess.check_output([sys.executable, __file__, "--peer", str(path)], text=True)
    passed = time.perf_counter() - begin
    if int(found) != ticks:
        raise AssertionError("the peer lost ticks")
    return passed


def rebuild(path: Path) -> int:
    """The work of the peer; returns the number of ticks in its footprints."""
    ticks = pd.read_csv(path)
    bar = (ticks["time"] // MINUTE * MINUTE).rename("bar")
    ticks["ask"] = ticks["size"].where(ticks["side"] > 0, 0)
    ticks["bid"] = ticks["size"].where(ticks["side"] < 0, 0)
    ticks["price"].groupby(bar).agg(["first", "max", "min", "last"])
    cells = ticks.groupby([bar, "price"])[["ask", "bid"]].agg(["sum", "size"])
    return int(cells[("ask", "size")].sum())


def start_rows(starts: Sequence[Start], empty: Sequence[Start], ticks: int) -> list[Row]:
    def middle(name: str, of: Sequence[Start] = starts) -> float:
        return median([getattr(each, name) for each in of])

    return [
        Row("until /health is 200", f"{number(middle('health'))} s"),
        Row("until the last 500 bars are received", f"{number(middle('bars'))} s"),
        at_most("until the chart's first snapshot is received", middle("snapshot"), 3, "s"),
        Row("  size of the snapshot", f"{number(middle('size') / 1e3)} kB"),
        Row("CPU time until then", f"{number(middle('processor'))} s"),
        Row("memory then", f"{number(middle('resident') / 2**20)} MiB"),
        Row("with an empty log, until /health is 200", f"{number(middle('health', empty))} s"),
        Row("  CPU time", f"{number(middle('processor', empty))} s"),
        Row("  memory", f"{number(middle('resident', empty) / 2**20)} MiB"),
        Row("memory per tick", f"{number((middle('resident') - middle('resident', empty)) / ticks)} B"),
    ]


if __name__ == "__main__":
    sys.exit(main())
