"""Measure the time of a refresh of the engine for a short and a long history, and the memory per tick.

    python scripts/bench/engine.py [--ticks 1e7] [--quick]

A refresh adds 100 new ticks to the bars of five time frames, as a chart's poll does before it packs its response. It
is measured in turns with a short and a long history and the same new ticks, and compared with a full rebuild: a pandas
groupby of all ticks into the same five frames, whose result must equal the engine's cell by cell. Ingest, HTTP and disk
are not included; see `ingest.py` and `restart.py`.

It measures after gc.freeze(), which `orderflow serve` calls after its start. On a busy machine a refresh that the
system preempts says nothing about the engine, so the aim applies to the refreshes that were not preempted; the p99 of
all refreshes is printed too.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from _common import (
    SYMBOL,
    Row,
    Trades,
    as_servers_do,
    at_least,
    at_most,
    machine,
    median,
    number,
    percentile,
    preemptions,
    resident,
    settle,
    show,
)

from orderflow.market.bars.footprint import BarTable
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.tape import Tape
from orderflow.market.ticks import TickBatch

FRAMES = tuple(map(Frame.parse, ("1min", "5min", "15min", "30min", "1h")))
SMALL_HISTORY = 100_000
NEW = 100
"""Ticks between two refreshes."""
BATCH = 5_000
WARM_UP = 200


@dataclass(frozen=True)
class Timing:
    """One measurement. seconds: its duration. preempted: whether the system preempted the thread."""

    seconds: float
    preempted: bool


@dataclass
class PolledMarket:
    """A market with history, whose bars are polled in all five frames. revision: of the last poll."""

    market: Market
    tape: Tape
    revision: int

    @staticmethod
    def with_history(trades: Trades, count: int) -> PolledMarket:
        market = Market()
        for batch in trades.batches(count, BATCH):
            market.ingest([batch])
        answers = [market.changed(SYMBOL, frame, 0, None) for frame in FRAMES]
        # the market has no method for a refresh alone: every query begins with one
        return PolledMarket(market, market._symbols[SYMBOL].tape, answers[0]["rev"])

    def refresh(self, new: TickBatch) -> Timing:
        """Time a refresh that adds `new` to the bars."""
        self.market.ingest([new])
        before, begin = preemptions(), time.perf_counter()
        self.tape.refresh()
        passed = time.perf_counter() - begin
        return Timing(passed, preemptions() != before)

    def changed(self) -> Timing:
        """Time the packing of the changed bars of the first frame."""
        before, begin = preemptions(), time.perf_counter()
        answer = self.market.changed(SYMBOL, FRAMES[0], self.revision, self.market.epoch_of(SYMBOL), 1)
        passed = time.perf_counter() - begin
        if answer["full"] or not answer["bars"]:
            raise AssertionError("a poll with the last revision must get changed bars, not a snapshot")
        self.revision = answer["rev"]
        return Timing(passed, preemptions() != before)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns 0 if every aim was met."""
    parser = argparse.ArgumentParser(description="Measure the tick engine.")
    parser.add_argument("--ticks", type=float, default=1e7, help="length of the long history (default: 1e7)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the ticks, and fewer refreshes")
    parser.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.memory is not None:
        print(bytes_a_tick(given.memory))
        return 0
    ticks = int(given.ticks) // (10 if given.quick else 1)
    print(machine())
    count = 500 if given.quick else 3_000
    small = PolledMarket.with_history(Trades(), SMALL_HISTORY)
    history = Trades()
    large = PolledMarket.with_history(history, ticks)
    rows, refresh = measure_refreshes(small, large, history, ticks, count)
    title = f"refresh after {NEW} new ticks, {len(FRAMES)} active frames, {count:,} refreshes of each market in turns"
    met = [
        show(title, rows),
        show("full rebuild", measure_rebuild(large.market, ticks, refresh, count)),
        show("memory", [at_most(f"per tick of {ticks:,}, including its bars", memory(ticks), 40, "B")]),
    ]
    return 0 if all(met) else 1


def measure_refreshes(
    small: PolledMarket, large: PolledMarket, trades: Trades, ticks: int, count: int
) -> tuple[list[Row], float]:
    """The rows of the table, and the median refresh of the large market in seconds."""
    same = Trades()
    same.take(SMALL_HISTORY)
    as_servers_do()
    refreshed: tuple[list[Timing], list[Timing]] = ([], [])
    packed: tuple[list[Timing], list[Timing]] = ([], [])
    for turn in range(WARM_UP + count):
        for place, (polled, source) in enumerate(((small, same), (large, trades))):
            refresh, pack = polled.refresh(source.take(NEW)), polled.changed()
            if turn >= WARM_UP:
                refreshed[place].append(refresh)
                packed[place].append(pack)
    few, many = f"{SMALL_HISTORY:,} ticks", f"{ticks:,} ticks"
    rows = [*figures(f"refresh, {few} held", refreshed[0], 1.0), *figures(f"refresh, {many} held", refreshed[1], 1.0)]
    medians = [median([timing.seconds for timing in found]) for found in refreshed]
    rows.append(at_most(f"refresh, {many} / {few}, medians", medians[1] / medians[0], 1.2, "times"))
    return [*rows, *figures(f"changed bars of {FRAMES[0].name}, packed", packed[1])], medians[1]


def figures(what: str, timings: Sequence[Timing], limit: float | None = None) -> list[Row]:
    """Median and p99 in ms. limit: aim for the p99 of those that were not preempted."""
    kept = [timing.seconds * 1e3 for timing in timings if not timing.preempted]
    every = [timing.seconds * 1e3 for timing in timings]
    share = f"p99 of the {len(kept) / len(every):.1%} not preempted"
    p99 = percentile(kept, 99)
    return [
        Row(f"{what}, median", f"{number(median(every))} ms"),
        Row(f"  {share}", f"{number(p99)} ms") if limit is None else at_most(f"  {share}", p99, limit, "ms"),
        Row("  p99 of all", f"{number(percentile(every, 99))} ms"),
    ]


def measure_rebuild(market: Market, ticks: int, refresh: float, count: int) -> list[Row]:
    """Time the rebuild, and compare its result with the engine's bars. count: number of refreshes before."""
    trades = Trades()
    batch = trades.take(ticks + (WARM_UP + count) * NEW)
    table = pd.DataFrame(
        {"time": batch.time, "level": batch.price // 25, "size": batch.size, "side": batch.side.astype(np.int64)}
    )
    passed = []
    for _ in range(3):
        begin = time.perf_counter()
        rebuilt = rebuild(table)
        passed.append(time.perf_counter() - begin)
    bars = sum(compare(market.bars(SYMBOL, frame), *rebuilt[frame.name]) for frame in FRAMES)
    seconds = median(passed)
    return [
        Row(f"pandas groupby of {len(table):,} ticks, median of {len(passed)}", f"{number(seconds)} s"),
        at_least("rebuild / refresh", seconds / refresh, 10_000 * ticks / 10_000_000, "times"),
        Row("bars compared with the engine's, cell by cell", f"{bars:,} equal"),
    ]


def rebuild(ticks: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """(candles by bar start, volumes by bar start and level) of every frame, computed from all ticks."""
    size, side = ticks["size"], ticks["side"]
    ticks = ticks.assign(ask=size.where(side > 0, 0), bid=size.where(side < 0, 0))
    found = {}
    for frame in FRAMES:
        bar = (ticks["time"] // frame.ns * frame.ns).rename("bar")
        candles = ticks["level"].groupby(bar).agg(["first", "max", "min", "last"])
        cells = ticks.groupby([bar, "level"])[["ask", "bid"]].sum()
        found[frame.name] = candles, cells
    return found


def compare(table: BarTable, candles: pd.DataFrame, cells: pd.DataFrame) -> int:
    """Compare the engine's bars with the rebuilt ones; returns their number. Raises AssertionError if they differ."""
    tail = candles.loc[table.time[0] :]
    np.testing.assert_array_equal(tail.index, table.time)
    np.testing.assert_array_equal(tail.to_numpy().T, [table.open, table.high, table.low, table.close])
    rows = cells.loc[table.time[0] :]
    np.testing.assert_array_equal(rows.index.get_level_values(0), np.repeat(table.time, np.diff(table.offsets)))
    np.testing.assert_array_equal(rows.index.get_level_values(1), table.level)
    np.testing.assert_array_equal(rows.to_numpy().T, [table.level_ask, table.level_bid])
    return len(table)


def memory(ticks: int) -> float:
    """Bytes per tick, median of three fresh processes."""
    command = [sys.executable, __file__, "--memory", str(ticks)]
    return median([float(subprocess.check_output(command, text=True)) for _ in range(3)])


def bytes_a_tick(ticks: int) -> float:
    """Growth of this process in bytes per tick, with the bars of five frames. All code is loaded and used before."""
    warm = PolledMarket.with_history(Trades(), SMALL_HISTORY)
    for _ in range(WARM_UP):
        warm.refresh(Trades().take(NEW))
    trades = Trades(seed=11)
    trades.take(SMALL_HISTORY)
    settle()
    before = resident()
    polled = PolledMarket.with_history(trades, ticks)
    settle()
    grown = resident() - before
    if len(polled.tape.buffer) != ticks:
        raise AssertionError("ticks were evicted")
    return grown / ticks


if __name__ == "__main__":
    sys.exit(main())
