"""How long a look at the engine takes, whatever it holds, and how much memory a tick costs.

    python scripts/bench/engine.py [--ticks 1e7] [--quick]

A refresh is what a chart's poll costs before anything is packed: 100 new ticks go into the bars of five time frames.
It is measured with little and with much history in turns, each time for the same new ticks, and against the plain
rebuild: a pandas groupby of everything into the same five frames, whose result is compared with the engine's, cell for
cell. Ingest, HTTP and disk are not in these figures; `ingest.py` and `restart.py` have them.

Measured as the server runs: after gc.freeze(), which `orderflow serve` calls once it is up. Where others use the
machine, looks during which the system gave the processor to somebody else say nothing about the engine: the aim is held
against the looks that kept it, and the p99 of all is printed beside it.
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
"""Ticks between two looks."""
BATCH = 5_000
WARM_UP = 200


@dataclass(frozen=True)
class Look:
    """One read. seconds: its duration. undisturbed: whether the thread was not preempted."""

    seconds: float
    undisturbed: bool


@dataclass
class Watched:
    """A market with so much history that somebody looks at in all five frames."""

    market: Market
    tape: Tape
    revision: int

    @staticmethod
    def with_history(trades: Trades, count: int) -> Watched:
        market = Market()
        for batch in trades.batches(count, BATCH):
            market.ingest([batch])
        answers = [market.changed(SYMBOL, frame, 0, None) for frame in FRAMES]
        # the refresh alone has no name on the market: every question to it begins with one
        return Watched(market, market._symbols[SYMBOL].tape, answers[0]["rev"])

    def refresh(self, new: TickBatch) -> Look:
        """The cost of adding `new` to the bars."""
        self.market.ingest([new])
        before, begin = preemptions(), time.perf_counter()
        self.tape.refresh()
        passed = time.perf_counter() - begin
        return Look(passed, preemptions() == before)

    def changed(self) -> Look:
        """The cost of packing the changed bars of the viewed frame."""
        before, begin = preemptions(), time.perf_counter()
        answer = self.market.changed(SYMBOL, FRAMES[0], self.revision, self.market.epoch_of(SYMBOL), 1)
        passed = time.perf_counter() - begin
        if answer["full"] or not answer["bars"]:
            raise AssertionError("a chart that follows must get changed bars, not a snapshot")
        self.revision = answer["rev"]
        return Look(passed, preemptions() == before)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns 0 if every aim was met."""
    parser = argparse.ArgumentParser(description="Measure the tick engine.")
    parser.add_argument("--ticks", type=float, default=1e7, help="history of the large market (default: 1e7)")
    parser.add_argument("--quick", action="store_true", help="a tenth of it, and fewer looks")
    parser.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.memory is not None:
        print(bytes_a_tick(given.memory))
        return 0
    ticks = int(given.ticks) // (10 if given.quick else 1)
    print(machine())
    looks = 500 if given.quick else 3_000
    small = Watched.with_history(Trades(), SMALL_HISTORY)
    history = Trades()
    large = Watched.with_history(history, ticks)
    rows, refresh = measure_looks(small, large, history, ticks, looks)
    title = f"a look after {NEW} new ticks, {len(FRAMES)} frames alive, {looks:,} looks at each market in turns"
    met = [
        show(title, rows),
        show("the same by the plain rebuild", measure_rebuild(large.market, ticks, refresh, looks)),
        show("memory", [at_most(f"a tick of {ticks:,}, with its bars", memory(ticks), 40, "B")]),
    ]
    return 0 if all(met) else 1


def measure_looks(small: Watched, large: Watched, trades: Trades, ticks: int, looks: int) -> tuple[list[Row], float]:
    """The rows of the table, and the median refresh of the large market in seconds."""
    same = Trades()
    same.take(SMALL_HISTORY)
    as_servers_do()
    refreshed: tuple[list[Look], list[Look]] = ([], [])
    packed: tuple[list[Look], list[Look]] = ([], [])
    for look in range(WARM_UP + looks):
        for place, (watched, source) in enumerate(((small, same), (large, trades))):
            refresh, pack = watched.refresh(source.take(NEW)), watched.changed()
            if look >= WARM_UP:
                refreshed[place].append(refresh)
                packed[place].append(pack)
    few, many = f"{SMALL_HISTORY:,} ticks", f"{ticks:,} ticks"
    rows = [*figures(f"refresh, {few} held", refreshed[0], 1.0), *figures(f"refresh, {many} held", refreshed[1], 1.0)]
    medians = [median([look.seconds for look in found]) for found in refreshed]
    rows.append(at_most(f"refresh, {many} against {few}, medians", medians[1] / medians[0], 1.2, "times"))
    return [*rows, *figures(f"changed bars of {FRAMES[0].name}, packed", packed[1])], medians[1]


def figures(what: str, looks: Sequence[Look], limit: float | None = None) -> list[Row]:
    """Median and p99 of some looks, in ms; limit: what the p99 of the undisturbed ones should not exceed."""
    kept = [look.seconds * 1e3 for look in looks if look.undisturbed]
    every = [look.seconds * 1e3 for look in looks]
    share = f"p99 of the {len(kept) / len(every):.1%} that kept the processor"
    p99 = percentile(kept, 99)
    return [
        Row(f"{what}, median", f"{number(median(every))} ms"),
        Row(f"  {share}", f"{number(p99)} ms") if limit is None else at_most(f"  {share}", p99, limit, "ms"),
        Row("  p99 of all", f"{number(percentile(every, 99))} ms"),
    ]


def measure_rebuild(market: Market, ticks: int, refresh: float, looks: int) -> list[Row]:
    """Time the rebuild, and compare what it finds with the bars that the engine holds."""
    trades = Trades()
    batch = trades.take(ticks + (WARM_UP + looks) * NEW)
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
        at_least("against a refresh", seconds / refresh, 10_000 * ticks / 10_000_000, "times"),
        Row("bars compared with the engine's, cell for cell", f"{bars:,} equal"),
    ]


def rebuild(ticks: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """(candles by bar start, volumes by bar start and level) of every frame, from nothing, as one would write it."""
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
    """Raise AssertionError unless the engine's bars are the rebuilt ones; returns how many there are."""
    tail = candles.loc[table.time[0] :]
    np.testing.assert_array_equal(tail.index, table.time)
    np.testing.assert_array_equal(tail.to_numpy().T, [table.open, table.high, table.low, table.close])
    rows = cells.loc[table.time[0] :]
    np.testing.assert_array_equal(rows.index.get_level_values(0), np.repeat(table.time, np.diff(table.offsets)))
    np.testing.assert_array_equal(rows.index.get_level_values(1), table.level)
    np.testing.assert_array_equal(rows.to_numpy().T, [table.level_ask, table.level_bid])
    return len(table)


def memory(ticks: int) -> float:
    """Bytes a tick, median of three fresh processes."""
    command = [sys.executable, __file__, "--memory", str(ticks)]
    return median([float(subprocess.check_output(command, text=True)) for _ in range(3)])


def bytes_a_tick(ticks: int) -> float:
    """What this process grew by, a tick: ticks and the bars of five frames. Everything is loaded and used before."""
    warm = Watched.with_history(Trades(), SMALL_HISTORY)
    for _ in range(WARM_UP):
        warm.refresh(Trades().take(NEW))
    trades = Trades(seed=11)
    trades.take(SMALL_HISTORY)
    settle()
    before = resident()
    watched = Watched.with_history(trades, ticks)
    settle()
    grown = resident() - before
    if len(watched.tape.buffer) != ticks:
        raise AssertionError("ticks were let go")
    return grown / ticks


if __name__ == "__main__":
    sys.exit(main())
