"""Measure how soon any bar of a long log is answered: the first count of a frame, and windows at random places.

    python scripts/bench/reach.py [--ticks 1e7] [--requests 60] [--layout one|many] [--memory all|few] [--quick]

The ticks are in a log on disk, all of one session of 24 hours or of 300 sessions. The market that reads them holds all
ticks in memory, or a tenth after eviction, as after a restart. For each frame: the first window, which counts the bars
of an activity frame by a pass over the log, then windows before, after and around random times, with their JSON.
The pass is made in the caller here, so that its time can be seen; a server makes it in the background. The aims are for
the CPU time of this process, so that other programs on the machine do not affect them; the time by the clock is printed
too.

The naive way is the table of all bars up to the middle of the log, from the same market, and the JSON of its last ones.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import orjson
from _common import OPENING, SECOND, SYMBOL, Row, Trades, as_servers_do, at_most, machine, number, percentile, show

from orderflow.market.bars.footprint import bars_of
from orderflow.market.bars.series import NO_TOTALS
from orderflow.market.chart_json import bars_json
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.studies.options import DEFAULT_OPTIONS
from orderflow.market.tick_log import LogEntry
from orderflow.market.ticks import TickBatch
from orderflow.market.windows.window import BARS, Side
from orderflow.runtime.workers import Workers
from orderflow.storage.ticks.disk_log import DiskTickLog

FRAMES = tuple(map(Frame.parse, ("1s", "1min", "ticks:100", "volume:500", "range:8", "delta:100")))
SIDES: tuple[Side, ...] = ("before", "after", "around")
BATCH = 100_000
DAY = 24 * 3600 * SECOND


@dataclass(frozen=True)
class Timings:
    """Seconds of CPU time of the first window, of the others, and of the naive way. clock: of the others by the clock.
    bars: of the frame in the log."""

    first: float
    windows: list[float]
    clock: list[float]
    naive: float
    bars: int


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns 0 if every aim was met."""
    parser = argparse.ArgumentParser(description="Measure windows of a long log.")
    parser.add_argument("--ticks", type=float, default=1e7, help="ticks in the log (default: 1e7)")
    parser.add_argument("--requests", type=int, default=60, help="windows of each frame (default: 60)")
    parser.add_argument("--layout", choices=("one", "many"), help="one session or 300 (default: both)")
    parser.add_argument("--memory", choices=("all", "few"), help="ticks held: all, or a tenth (default: both)")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the ticks, and fewer requests")
    given = parser.parse_args(argv)
    ticks, requests = (int(given.ticks) // 20, 9) if given.quick else (int(given.ticks), given.requests)
    print(machine())
    met = True
    for layout in [given.layout] if given.layout else ["one", "many"]:
        with tempfile.TemporaryDirectory(prefix="bench-reach-") as folder:
            path = Path(folder)
            fill(path, ticks, 1 if layout == "one" else 300)
            for memory in [given.memory] if given.memory else ["all", "few"]:
                met &= measure(path, ticks, requests, layout, memory)
    return 0 if met else 1


def fill(folder: Path, ticks: int, sessions: int) -> None:
    """Write a log of `ticks` ticks that last `sessions` days."""
    span = int(Trades().take(ticks).time[-1]) - OPENING
    scale = sessions * DAY * 0.999 / span
    with opened(folder) as log:
        for batch in Trades(ids=True).batches(ticks, BATCH):
            log.append(LogEntry([stretched(batch, scale)]), lambda: None)


def stretched(batch: TickBatch, scale: float) -> TickBatch:
    """The batch with its times since OPENING multiplied, in whole microseconds."""
    return replace(batch, time=OPENING + ((batch.time - OPENING) * scale).astype(np.int64) // 1_000 * 1_000)


@contextmanager
def opened(folder: Path) -> Iterator[DiskTickLog]:
    """The log in `folder`, closed at the end."""
    workers = Workers(1)
    log = DiskTickLog(folder, workers)
    try:
        yield log
    finally:
        log.close()
        workers.stop()


def measure(folder: Path, ticks: int, requests: int, layout: str, memory: str) -> bool:
    """Measure all frames of one market; returns whether the aims were met."""
    with opened(folder) as log:
        market = Market(log, max_ticks=2 * ticks if memory == "all" else ticks // 10)
        market.load()
        as_servers_do()
        rows: list[Row] = []
        for frame in FRAMES:
            found = timings(market, frame, requests)
            half, most = (1e3 * percentile(found.windows, share) for share in (50, 95))
            rows += [
                at_most(f"{frame.name}: first window, with the count of {found.bars:,} bars", found.first, 10.0, "s"),
                Row("  windows, median", f"{number(half)} ms"),
                at_most("  windows, p95", most, 300, "ms"),
                Row("  by the clock, p95", f"{number(1e3 * percentile(found.clock, 95))} ms"),
                Row("  naive way, times as long", number(1e3 * found.naive / half)),
            ]
        held = "all in memory" if memory == "all" else "a tenth in memory"
        return show(f"{ticks:,} ticks, {'one session' if layout == 'one' else '300 sessions'}, {held}", rows)


def timings(market: Market, frame: Frame, requests: int) -> Timings:
    """Time the windows of a frame."""
    random = np.random.default_rng(3)
    info = market.info(SYMBOL)
    middle = (info.first + info.last) // 2 // 1_000_000
    first, _, answer = window(market, frame, middle, "around")
    times = random.integers(info.first // 1_000_000, info.last // 1_000_000, requests).tolist()
    windows = [window(market, frame, at, SIDES[i % 3]) for i, at in enumerate(times)]
    naive = table_up_to(market, frame, middle)
    return Timings(first, [cpu for cpu, _, _ in windows], [clock for _, clock, _ in windows], naive, answer["total"])


def window(market: Market, frame: Frame, at: int, side: Side) -> tuple[float, float, dict[str, int]]:
    """(seconds of CPU time of a window with its JSON, by the clock, the answer)."""
    cpu, begin = time.process_time(), time.perf_counter()
    answer = market.window(SYMBOL, frame, at, side, 1, 80_000)
    orjson.dumps(answer)
    passed = time.process_time() - cpu, time.perf_counter() - begin
    if not answer["bars"]:
        raise AssertionError(f"no bars {side} {at}")
    return *passed, answer


def table_up_to(market: Market, frame: Frame, at: int) -> float:
    """Seconds of CPU time of the table of all bars before `at`, and of the JSON of its last ones."""
    begin = time.process_time()
    table = market.bars(SYMBOL, frame, end=at * 1_000_000)
    bars = bars_of(table.take(max(0, len(table) - BARS), len(table)))
    orjson.dumps(bars_json(bars, NO_TOTALS, 80_000, 1, 0, DEFAULT_OPTIONS, [None] * len(bars)))
    return time.process_time() - begin


if __name__ == "__main__":
    sys.exit(main())
