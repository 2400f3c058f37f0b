"""Measure uploads: a file of 1,000,000 candles read and checked, against Arrow alone; stored; and sent to a server.

    python scripts/bench/uploads.py [--rows 1000000] [--quick]

Reading is measured in a process of its own for each turn, so that its memory is its own.
"""

from __future__ import annotations

import http.client
import json
import math
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from _common import Row, at_most, machine, median, number, parser_of, rounds, show
from _server import serving
from _workspace_klines import opened

from orderflow.storage.records.address import file_address
from orderflow.storage.records.series import SeriesKey
from orderflow.workspace.uploads.candle_layout import candle_layout
from orderflow.workspace.uploads.candles import Candles, read_candles
from orderflow.workspace.uploads.options import ReadOptions
from orderflow.workspace.uploads.table import open_table

ROWS, QUICK, ROUNDS = 1_000_000, 20_000, 5
MOST = 1 << 32
MIB = 2**20


def main() -> int:
    """Run all parts, or one reading in this process for a parent."""
    if sys.argv[1:2] == ["--child"]:
        return _child(sys.argv[2], Path(sys.argv[3]))
    args = parser_of(__doc__, "few rows, to see that it runs", rows=(ROWS, "candles of the file")).parse_args()
    count = QUICK if args.quick else args.rows
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        met = []
        for kind in ("iso", "ms"):
            path = Path(folder, f"{kind}.csv")
            write_candles(path, count, kind)
            met.append(show(f"{count:,} candles, times in {kind}", _reading(path)))
        path = Path(folder, "ms.csv")
        met.append(show("stored on SQLite", _storing(path, Path(folder))))
        met.append(show("sent to a server", _sending(path)))
    return 0 if all(met) else 1


def write_candles(path: Path, count: int, kind: str) -> None:
    """A file of candles of a minute; prices with 2 decimals, volumes with 5."""
    rng = np.random.default_rng(1)
    opened_at = np.cumsum(rng.integers(-50, 51, count)) + 5_000_000
    close = opened_at + rng.integers(-80, 81, count)
    high = np.maximum(opened_at, close) + rng.integers(0, 60, count)
    low = np.minimum(opened_at, close) - rng.integers(0, 60, count)
    volume = rng.integers(0, 10**9, count)
    times = 1_577_836_800_000 + 60_000 * np.arange(count)
    texts = times.tolist() if kind == "ms" else np.datetime_as_string(times.astype("datetime64[ms]"), unit="s").tolist()
    with path.open("w") as file:
        file.write("timestamp,open,high,low,close,volume\n")
        columns = (each.tolist() for each in (opened_at, high, low, close, volume))
        for when, *prices, amount in zip(texts, *columns, strict=True):
            cells = ",".join(f"{price / 100:.2f}" for price in prices)
            file.write(f"{when},{cells},{amount / 1e5:.5f}\n")


def read(path: Path) -> Candles:
    """The candles of a file, checked."""
    table, layout = open_table(path, ReadOptions(), candle_layout, most=MOST)
    with table:
        return read_candles(table, layout, most_rows=10**8)


def _child(kind: str, path: Path) -> int:
    import pyarrow.csv as pv

    wall, processor = time.perf_counter(), time.process_time()
    rows = pv.read_csv(path).num_rows if kind == "arrow" else len(read(path).klines)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = _peak()
    print(json.dumps({"rows": rows, "wall": wall, "processor": processor, "peak": peak}))
    return 0


def _peak() -> float:
    """Most bytes of memory that this process has had; NaN if the system does not report it."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return math.nan
    return float(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) * 1024


def _reading(path: Path) -> list[Row]:
    found: dict[str, list[dict[str, float]]] = {"arrow": [], "ours": []}

    def turn(kind: str) -> float:
        command = [sys.executable, __file__, "--child", kind, str(path)]
        found[kind].append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        return found[kind][-1]["processor"]

    arrow, ours = (median(each) for each in rounds(ROUNDS, lambda: turn("arrow"), lambda: turn("ours")))
    walls = {kind: median([each["wall"] for each in turns]) for kind, turns in found.items()}
    return [
        Row("pyarrow.csv alone", f"{number(arrow)} s of CPU, {number(walls['arrow'])} s"),
        Row("read and checked", f"{number(ours)} s of CPU, {number(walls['ours'])} s"),
        at_most("CPU time against pyarrow.csv", ours / arrow, 2.0, "times"),
        at_most("peak memory of the process", median([each["peak"] for each in found["ours"]]) / MIB, 300.0, "MiB"),
    ]


def _storing(path: Path, folder: Path) -> list[Row]:
    klines = read(path).klines
    with opened(file_address(folder / "data")) as (store, _):
        begun = time.perf_counter()
        made = store.replace(SeriesKey("bench", "ohlcv", "bench", "1m"), [klines], "bench")
        took = time.perf_counter() - begun
        if made.rows != len(klines):
            raise RuntimeError("not all candles are stored")
    return [at_most(f"{len(klines):,} candles", took, 15.0, "s")]


def _sending(path: Path) -> list[Row]:
    """An upload over HTTP, and what another client waits for meanwhile."""
    with tempfile.TemporaryDirectory() as folder, serving("--data-dir", folder) as server:
        before = _waits(server.port, 2.0)
        status: list[int] = []
        begun = time.perf_counter()
        sender = threading.Thread(target=lambda: status.append(_send(server.port, path)))
        sender.start()
        meanwhile = _waits(server.port, None, sender)
        took = time.perf_counter() - begun
    if status != [201]:
        raise RuntimeError(f"the upload was answered by {status}")
    return [
        Row("sent, read, checked and stored", f"{number(took)} s"),
        Row("longest wait of another client before", f"{number(1000 * max(before))} ms"),
        Row("longest wait meanwhile", f"{number(1000 * max(meanwhile))} ms"),
        Row("median wait meanwhile", f"{number(1000 * median(meanwhile))} ms"),
    ]


def _send(port: int, path: Path) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    with path.open("rb") as file:
        size = str(path.stat().st_size)
        connection.request("POST", "/data/upload/ohlcv?name=bench", file, {"Content-Length": size})
    return connection.getresponse().status


def _waits(port: int, seconds: float | None, until: threading.Thread | None = None) -> list[float]:
    """Seconds of requests one after another, for a time or until a thread ends."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    found: list[float] = []
    end = time.perf_counter() + (seconds or 600)
    while time.perf_counter() < end and (until is None or until.is_alive()):
        begun = time.perf_counter()
        connection.request("GET", "/health")
        connection.getresponse().read()
        found.append(time.perf_counter() - begun)
        time.sleep(0.005)
    return found or [0.0]


if __name__ == "__main__":
    sys.exit(main())
