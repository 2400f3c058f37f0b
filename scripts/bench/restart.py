"""How soon a killed server is there again with everything that it had acknowledged.

    python scripts/bench/restart.py [--ticks 1e7] [--rounds 5] [--quick]

Ticks go through the real server into its log, over HTTP; then the server is killed (SIGKILL) and started again, as
often as there are rounds. The clock runs from the start of the new process: until /health answers 200, until the last
500 one-minute bars came as JSON, and until the chart's first snapshot came through the page's own callback. The new
server must have every tick. What the start has to do for any server (Python, its libraries, the pages) is measured too,
with an empty log. Modules are compiled beforehand, as installing a package does.

The peer is what one would write first: pandas reads the same ticks from a CSV file, in a fresh process, and groups them
into one-minute bars and footprints.
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
    ],
    "changedPropIds": ["chart-interval.n_intervals"],
    "state": [{"id": "chart-state", "property": "data", "value": None}],
}
"""What the chart's page sends when it knows nothing yet."""


@dataclass(frozen=True)
class Start:
    """Seconds since the process was started until each was there; bytes of memory held then; bytes of the snapshot."""

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
    parser.add_argument("--rounds", type=int, default=5, help="restarts, of which the median is given (default: 5)")
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
        Row("orderflow, all ticks to the first chart", f"{number(ours)} s"),
        Row("  that is", f"{number(theirs / ours)} times as fast"),
    ]
    show("the same ticks read again", rows)
    return 0 if met else 1


def fill(folder: Path, ticks: int) -> int:
    """Put ticks through a server into its log and kill it; the last one's time in ns."""
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
    """Start the server on a log (None: on none), ask, and kill it. Raises AssertionError when a tick is missing.

    scratch: where the compiled modules are, and are put by the first start.
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
    """Seconds from the start of the process until a path was answered."""
    server.get(path)
    return time.perf_counter() - server.began


def write_csv(path: Path, ticks: int) -> None:
    """The same ticks as a file for pandas: nanoseconds, price, size, side."""
    trades = Trades(ids=True)
    for number_, batch in enumerate(trades.batches(ticks, 500_000)):
        columns = {"time": batch.time, "price": batch.price / 100, "size": batch.size, "side": batch.side}
        pd.DataFrame(columns).to_csv(path, mode="a", header=number_ == 0, index=False)


def read_again(path: Path, ticks: int) -> float:
    """Seconds that a fresh process with pandas needs."""
    begin = time.perf_counter()
    found = subprocess.check_output([sys.executable, __file__, "--peer", str(path)], text=True)
    passed = time.perf_counter() - begin
    if int(found) != ticks:
        raise AssertionError("the peer lost ticks")
    return passed


def rebuild(path: Path) -> int:
    """What the peer does; returns how many ticks its footprints hold."""
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
        Row("until the last 500 bars came", f"{number(middle('bars'))} s"),
        at_most("until the chart's first snapshot came", middle("snapshot"), 3, "s"),
        Row(f"  of {number(middle('size') / 1e3)} kB", ""),
        Row("processor time until then", f"{number(middle('processor'))} s"),
        Row("memory held then", f"{number(middle('resident') / 2**20)} MiB"),
        Row("with an empty log, until /health is 200", f"{number(middle('health', empty))} s"),
        Row("  processor time", f"{number(middle('processor', empty))} s"),
        Row("  memory", f"{number(middle('resident', empty) / 2**20)} MiB"),
        Row("memory a tick", f"{number((middle('resident') - middle('resident', empty)) / ticks)} B"),
    ]


if __name__ == "__main__":
    sys.exit(main())
