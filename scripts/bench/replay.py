"""Measure the replay client with a real server.

    python scripts/bench/replay.py [--rows N] [--seconds S] [--before FOLDER]

Rate: a file through reader, client, HTTP and engine at `--velocity max`, compared in turns with a client that posts one
tick per `requests.post`, and with `--before` also with the client of another checkout. Memory: the client's peak for a
file, and for a file with a tenth of its rows. Drift: how much the delay behind the schedule grows, at velocities 1, 10
and 100, compared with a client that sleeps for every gap between two ticks.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from _common import ROOT, Row, Trades, at_least, at_most, machine, median, percentile, resident, rounds, show

from orderflow.feeds.pacing import Pacer
from orderflow.formats import open_ticks
from orderflow.replay.client import BatchResult, Client
from orderflow.replay.csv_body import csv_body
from orderflow.replay.progress import Silent, Tally
from orderflow.replay.replayer import Replay

MIB = 1 << 20
STEP_MS = 4
"""Milliseconds of wall time between two ticks of the drift measurement."""


def main() -> int:
    """Measure and print; 0 when every aim was met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000, help="rows of the large file (default: 5,000,000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the rate measurement (default: 3)")
    parser.add_argument("--seconds", type=float, default=30.0, help="seconds per drift measurement, 0: none (30)")
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="another checkout to compare with")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served() as url:
        large, small = Path(folder) / "large.csv", Path(folder) / "small.csv"
        write(large, args.rows)
        write(small, args.rows // 10)
        print(machine())
        rows = rate(url, large, small, args.rounds)
        rows += compare(args.before, url, large, args.rounds) if args.before else []
        rows += drift(url, Path(folder), args.seconds) if args.seconds else []
    show("Replay client", rows)
    return 0 if all(row.met is not False for row in rows) else 1


@contextmanager
def served() -> Iterator[str]:
    """Context manager: a server that stores nothing on disk; gives its URL."""
    command = [sys.executable, "-m", "orderflow", "serve", "--port", "0", "--ephemeral", "--no-browser"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if match := re.search(r"http://\S+?:\d+", line):
                    yield match[0].replace("localhost", "127.0.0.1")
                    break
        finally:
            process.terminate()


def write(path: Path, rows: int) -> None:
    """Write a CSV file of generated trades."""
    with path.open("wb") as file:
        for number, batch in enumerate(Trades().batches(rows, 100_000)):
            text = csv_body(batch)
            file.write(text if not number else text[text.index(b"\n") + 1 :])


def rate(url: str, large: Path, small: Path, count: int) -> list[Row]:
    """End-to-end ticks per second of this client and of one that posts single ticks; peak memory by file size."""
    peaks: list[float] = []

    def ours() -> float:
        speed, peak = sending(url, large)
        peaks.append(peak)
        return speed

    rates, naive = rounds(count, ours, lambda: one_by_one(url, large, 2.0))
    _, little = sending(url, small)
    return [
        at_least(
            f"end to end at --velocity max, {large.stat().st_size / MIB:,.0f} MiB", median(rates), 500_000, "ticks/s"
        ),
        Row("requests.post for every tick", f"{median(naive):,.0f} ticks/s"),
        Row("ratio", f"{median(rates) / median(naive):,.0f} times"),
        at_most("client's peak memory on that file", max(peaks) / MIB, 200, "MiB"),
        at_most("  ratio to a tenth of the file", max(peaks) / little, 1.15, "times"),
    ]


def compare(before: Path, url: str, path: Path, count: int) -> list[Row]:
    """Ticks per second of this client and of another checkout's, in turns, and their ratio."""
    ours, theirs = rounds(count, lambda: sending(url, path)[0], lambda: sending(url, path, before)[0])
    return [
        Row("this client, in turns with the earlier one", f"{median(ours):,.0f} ticks/s"),
        Row("the earlier client", f"{median(theirs):,.0f} ticks/s"),
        at_least("ratio", median(ours) / median(theirs), 0.95, "times"),
    ]


def sending(url: str, path: Path, checkout: Path = ROOT) -> tuple[float, float]:
    """(ticks/s as reported by the client, peak memory in bytes) of a checkout's client in its own process."""
    environ = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-m", "orderflow.replay.cli", str(path), "--server", url, "--velocity", "max", "--reset"]
    with subprocess.Popen(
        command, cwd=checkout, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        peak = 0.0
        while process.poll() is None:
            held = resident(process.pid)  # not wait4: that includes the memory of this process at the fork
            peak = held if math.isnan(held) else max(peak, held)
            time.sleep(0.01)
        assert process.stdout is not None
        text = process.stdout.read()
    if process.returncode:
        raise SystemExit(f"the client ended with {process.returncode}")
    found = re.search(r"\(([\d,]+)/s\)", text)
    assert found, text
    return float(found[1].replace(",", "")), peak


def one_by_one(url: str, path: Path, seconds: float) -> float:
    """Ticks/s of a client that sends one tick per POST, measured for `seconds`."""
    sent, until = 0, time.monotonic() + seconds
    with path.open() as file, requests.Session() as session:
        next(file)
        begun = time.monotonic()
        for line in file:
            stamp, price, size, side, *_ = line.rstrip().split(",")
            tick = {"timestamp": stamp, "price": price, "size": size, "side": side, "symbol": "naive"}
            session.post(f"{url}/tick", json=tick, timeout=10).raise_for_status()
            sent += 1
            if time.monotonic() >= until:
                break
    return sent / (time.monotonic() - begun)


class RecordingClient:
    """A client that records when each batch was sent (`moments`) and the time of its first tick (`times`), in s."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.moments: list[float] = []
        self.times: list[float] = []

    def begin_ticks(self, body: bytes, *, key: str, symbol: str | None) -> None:
        self.moments.append(time.monotonic())
        begin = body.index(b"\n") + 1
        self.times.append(int(body[begin : body.index(b",", begin)]) / 1e9)
        self._client.begin_ticks(body, key=key, symbol=symbol)

    def finish_ticks(self) -> BatchResult:
        return self._client.finish_ticks()

    def set_tick_size(self, symbol: str, tick_size: str) -> None:
        self._client.set_tick_size(symbol, tick_size)

    def allow_negative_prices(self, symbol: str) -> None:
        pass


def drift(url: str, folder: Path, seconds: float) -> list[Row]:
    """By velocity: the growth of the delay behind the schedule from the first to the last quarter of the batches, as a
    share of the time between them, and the p99 of the delay."""
    rows = []
    for velocity in (1, 10, 100):
        path = folder / f"drift-{velocity}.csv"
        count = int(seconds * 1000 / STEP_MS)
        lines = (f"{1_763_251_200_000 + i * STEP_MS * velocity},{20_000 + i % 9},1\n" for i in range(count))
        path.write_text("timestamp,price,size\n" + "".join(lines))
        late = paced(url, path, velocity)
        quarter = len(late) // 4
        grown = median(late[-quarter:]) - median(late[:quarter])
        rows.append(at_most(f"drift at velocity {velocity}", abs(grown) / (0.75 * seconds) * 100, 0.1, "%"))
        rows.append(Row("  delay behind the schedule, p99", f"{percentile(late, 99) * 1000:.0f} ms"))
    naive = slept(url, folder / "drift-1.csv", min(seconds, 10.0))
    rows.append(Row("drift of sleeping for every gap", f"{naive * 100:.3g} %"))
    return rows


def paced(url: str, path: Path, velocity: float) -> list[float]:
    """The delay of each batch's first tick behind the schedule (s)."""
    recording = RecordingClient(Client(url))
    with open_ticks(path) as reader:
        replay: list[Replay] = []
        pacer = Pacer(velocity, sleep=lambda wait: None if replay[0].settle() else time.sleep(wait))
        replay.append(Replay(recording, pacer, Silent(sys.stderr), Tally(), run=f"{path.stem}-{time.time_ns()}"))
        replay[0].play(reader)
    begun, first = recording.moments[0], recording.times[0]
    return [
        moment - begun - (stamp - first) / velocity
        for moment, stamp in zip(recording.moments, recording.times, strict=True)
    ]


def slept(url: str, path: Path, seconds: float) -> float:
    """The drift of a client that posts a tick, then sleeps for the gap to the next one, as a share of the time."""
    with path.open() as file, requests.Session() as session:
        next(file)
        first = last = None
        begun = time.monotonic()
        for line in file:
            stamp, price, size = line.rstrip().split(",")
            now = int(stamp) / 1000
            if last is not None:
                time.sleep(max(0.0, now - last))
            first = now if first is None else first
            last = now
            tick = {"timestamp": stamp, "price": price, "size": size, "symbol": "naive"}
            session.post(f"{url}/tick", json=tick, timeout=10).raise_for_status()
            if now - first >= seconds:
                break
    assert first is not None
    assert last is not None
    return (time.monotonic() - begun) / (last - first) - 1


if __name__ == "__main__":
    sys.exit(main())
