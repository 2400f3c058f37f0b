"""Measure the tick log: the rate of appends that are on disk when acknowledged, and the rate of loading.

    python scripts/bench/ticklog.py [--ticks 1e7] [--batch 5000] [--singles 2e4] [--callers 50] [--peer 2e4] [--quick]

The log is written in batches and loaded into columns. Then `--callers` callers append one tick at a time and share
commits. The peer is a `diskcache.Deque` with one entry per tick, on the same disk. It gets fewer ticks, because it
needs minutes for what the log does in a second. Rates depend on the machine, the ratios hardly do.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import diskcache
import numpy as np
from _common import SYMBOL, Row, Trades, at_least, at_most, machine, median, number, parser_of, show

from orderflow.market.tick_log import LogEntry
from orderflow.market.ticks import TickBatch
from orderflow.runtime.workers import Workers
from orderflow.storage.ticks.disk_log import DiskTickLog

LOADS = 3


def main() -> int:
    options = arguments()
    print(machine())
    where = Path(tempfile.mkdtemp(prefix="bench-ticklog-"))
    workers = Workers()
    try:
        ticks, batch = int(options.ticks), options.batch
        written, rows = batches(where / "batches", workers, ticks, batch)
        show(f"{ticks:,} ticks in batches of {batch:,}", rows)
        show(f"one tick per call, {int(options.singles):,} calls", singles(where / "singles", workers, options))
        show(
            "compared with a diskcache.Deque with one entry per tick", peer(where / "peer", int(options.peer), written)
        )
    finally:
        workers.stop()
        shutil.rmtree(where, ignore_errors=True)
    return 0


def arguments() -> argparse.Namespace:
    parser = parser_of(
        __doc__,
        "small numbers, to check that it runs",
        ticks=(1e7, "ticks written in batches"),
        batch=(5_000, "ticks per batch"),
        singles=(2e4, "calls of one tick"),
        callers=(50, "callers at the same time"),
        peer=(2e4, "ticks for the peer"),
    )
    options = parser.parse_args()
    if options.quick:
        options.ticks, options.singles, options.peer = 2e5, 2e3, 5e2
    if min(options.ticks, options.batch, options.singles, options.callers, options.peer) < 1:
        parser.error("every number must be at least 1")
    return options


def batches(where: Path, workers: Workers, ticks: int, each: int) -> tuple[tuple[float, float], list[Row]]:
    """((ticks/s written, ticks/s loaded), rows of the table)."""
    made = list(Trades(ids=True).batches(ticks, each))
    log = DiskTickLog(where, workers)
    begin = time.perf_counter()
    for batch in made:
        log.append(LogEntry([batch]), nothing)
    append = ticks / (time.perf_counter() - begin)
    log.close()
    seconds = median([load(where, workers, made) for _ in range(LOADS)])
    log = DiskTickLog(where, workers)
    info = log.info()
    start = int(made[len(made) // 2].time[0])
    begin = time.perf_counter()
    span = log.read(SYMBOL, start, start + 1_800_000_000_000)
    read = time.perf_counter() - begin
    log.close()
    return (append, ticks / seconds), [
        at_least("append", append / 1e6, 2, "M ticks/s"),
        at_most("open and load into columns", seconds, max(0.1, 0.8 * ticks / 1e7), "s"),
        at_least("  ticks loaded", ticks / seconds / 1e6, 5, "M ticks/s"),
        at_most("on disk", info.bytes / ticks, 33, "B/tick"),
        Row("blobs after merging", f"{info.entries:,} of {len(made):,}"),
        Row(f"read half an hour ({0 if span is None else len(span):,} ticks)", f"{number(read * 1e3)} ms"),
    ]


def load(where: Path, workers: Workers, made: Sequence[TickBatch]) -> float:
    """Seconds to open the log and load it into numpy columns. Raises AssertionError if a tick is missing."""
    begin = time.perf_counter()
    log = DiskTickLog(where, workers)
    found = [batch for entry in log.load() for batch in entry.batches]
    seconds = time.perf_counter() - begin
    log.close()
    np.testing.assert_array_equal(
        np.concatenate([batch.time for batch in found]), np.concatenate([batch.time for batch in made])
    )
    return seconds


def singles(where: Path, workers: Workers, options: argparse.Namespace) -> list[Row]:
    """Measure calls with one tick, by many callers at once and by a single one."""
    calls = int(options.singles)
    one = list(Trades().batches(min(calls, 1000), 1))
    log = DiskTickLog(where, workers)

    def call(count: int, name: str) -> None:
        for turn in range(count):
            log.append(LogEntry([one[turn % len(one)]], f"{name}-{turn}", b'{"accepted": 1}'), nothing)

    each = max(1, calls // options.callers)
    begin = time.perf_counter()
    for handle in [workers.spawn("caller", partial(call, each, str(turn))) for turn in range(options.callers)]:
        handle.join()
    shared = each * options.callers / (time.perf_counter() - begin)
    alone = max(1, calls // 10)
    begin = time.perf_counter()
    call(alone, "alone")
    single = alone / (time.perf_counter() - begin)
    log.close()
    begin = time.perf_counter()
    log = DiskTickLog(where, workers)
    loaded = sum(len(batch) for entry in log.load() for batch in entry.batches)
    seconds = time.perf_counter() - begin
    log.close()
    if loaded != each * options.callers + alone:
        raise AssertionError("ticks are missing")
    return [
        at_least(f"{options.callers} callers, each with a key", shared, 4_000, "calls/s"),
        Row("one caller, with a key", f"{number(single)} calls/s"),
        Row("open and load", f"{number(seconds)} s"),
    ]


def peer(where: Path, count: int, written: tuple[float, float]) -> list[Row]:
    """Measure the peer. written: (ticks/s written, ticks/s loaded) of the log."""
    batch = Trades(ids=True).take(count)
    columns = (batch.time, batch.price, batch.size, batch.side, batch.rule, batch.id)
    ticks = list(zip(*(column.tolist() for column in columns), strict=True))
    deque = diskcache.Deque(directory=str(where))
    begin = time.perf_counter()
    for tick in ticks:
        deque.append(tick)
    append = count / (time.perf_counter() - begin)
    begin = time.perf_counter()
    back = list(deque)
    loaded = count / (time.perf_counter() - begin)
    if back != ticks:
        raise AssertionError("the peer lost ticks")
    size = sum(path.stat().st_size for path in where.rglob("*") if path.is_file())
    deque.cache.close()
    return [
        Row(f"Deque, append of {count:,}", f"{number(append)} ticks/s"),
        Row("Deque, load", f"{number(loaded)} ticks/s"),
        Row("Deque, on disk", f"{number(size / count)} B/tick"),
        Row("the log appends", f"{number(written[0] / append)} times as fast"),
        Row("the log loads", f"{number(written[1] / loaded)} times as fast"),
    ]


def nothing() -> None:
    """Do nothing when the ticks are on disk: there is no engine."""


if __name__ == "__main__":
    sys.exit(main())
