"""Shared code of the benchmarks: trades to measure with, and formatting of results. Measures nothing itself.

The machine is rarely idle, so a result is the median of several rounds, and things that are compared are measured in
turns, in the same run.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import math
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

try:
    import resource
except ImportError:  # Windows has none
    resource = None  # type: ignore[assignment]  # tested before it is used

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from orderflow.arrays import Ints  # noqa: E402  # after the path that makes it known
from orderflow.market.ticks import NO_ID, SideRule, TickBatch  # noqa: E402  # after the path that makes it known

_THREAD: int | None = getattr(resource, "RUSAGE_THREAD", None)

SYMBOL = "NQ"
SECOND = 1_000_000_000
OPENING = 1_763_251_200 * SECOND
"""Start of the generated trades: 2025-11-16 00:00 UTC, in ns."""


class Trades:
    """An endless sequence of trades similar to the Nasdaq future.

    About 40 trades per second on average and 400 in a burst, a session that is busiest at its opening and close and
    pauses for an hour, a random walk of the price in ticks of 0.25, buys at the ask. The same seed gives the same
    trades, whatever the sizes of the batches.
    """

    def __init__(self, seed: int = 7, *, ids: bool = False) -> None:
        self._random = np.random.default_rng(seed)
        self._ids = ids
        self._hour = 0
        self._middle = 80_000
        self._count = 0
        self._left = self._next_hour()

    def take(self, count: int) -> TickBatch:
        """The next `count` trades; times in whole microseconds, prices with two decimals, sizes whole."""
        parts, have = [self._left], len(self._left)
        while have < count:
            parts.append(self._next_hour())
            have += len(parts[-1])
        whole = np.concatenate(parts)
        self._left = whole[count:]
        time, price, size, side = whole[:count].T
        number = np.arange(self._count, self._count + count) if self._ids else np.full(count, NO_ID)
        self._count += count
        return TickBatch(
            SYMBOL,
            np.ascontiguousarray(time),
            np.ascontiguousarray(price),
            np.ascontiguousarray(size),
            side.astype(np.int8),
            np.full(count, SideRule.FLAG, np.int8),
            number,
            2,
            0,
        )

    def batches(self, count: int, each: int) -> Iterator[TickBatch]:
        """`count` trades in batches of `each`, the last one shorter."""
        for start in range(0, count, each):
            yield self.take(min(each, count - start))

    def _next_hour(self) -> Ints:
        """int64[n, 4]: time, price, size, side."""
        random, hour = self._random, self._hour % 24
        begin = OPENING + self._hour * 3600 * SECOND
        self._hour += 1
        clock = hour + np.arange(3600) / 3600
        busy = 110 + 120 * np.exp(-(((clock - 14.5) / 0.6) ** 2)) + 60 * np.exp(-(((clock - 20.9) / 0.4) ** 2))
        rate = np.where((clock >= 14.5) & (clock < 21), busy, 25.0) * (hour != 22)
        rate *= np.repeat(random.lognormal(0, 0.45, 60), 60) * random.gamma(1.5, 1 / 1.5, 3600)
        counts = random.poisson(np.minimum(rate, 400))
        n = int(counts.sum())
        second = np.repeat(np.arange(3600), counts) * 1_000_000
        time = begin + np.sort(second + random.integers(0, 1_000_000, n)) * 1_000
        step = random.choice([-1, 0, 1], n, p=[0.16, 0.68, 0.16])
        middle = self._middle + np.cumsum(step)
        self._middle = int(middle[-1]) if n else self._middle
        buys = random.random(n) < 0.5 + 0.35 * step
        return np.column_stack([time, (middle + buys) * 25, random.geometric(0.45, n), np.where(buys, 1, -1)])


@dataclass(frozen=True)
class Row:
    """One line of a result. what: its label. aim: "" without an aim. met: whether the aim was met, None without one."""

    what: str
    value: str
    aim: str = ""
    met: bool | None = None


def parser_of(doc: str | None, quick: str, **numbers: tuple[float, str]) -> argparse.ArgumentParser:
    """The parser of a benchmark: a flag for each number, of its default's type, and --quick.

    doc: its first line describes the benchmark. quick: what --quick does. numbers: (default, help) by name.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0] if doc else None)
    for name, (default, words) in numbers.items():
        parser.add_argument(f"--{name}", type=type(default), default=default, help=f"{words} ({default:g})")
    parser.add_argument("--quick", action="store_true", help=quick)
    return parser


def show(title: str, rows: Sequence[Row]) -> bool:
    """Print a table; returns whether every aim was met."""
    what, value = (max(len(getattr(row, name)) for row in rows) for name in ("what", "value"))
    print(f"\n{title}")
    for row in rows:
        verdict = "" if row.met is None else "  ok" if row.met else "  MISSED"
        print(f"  {row.what:<{what}}  {row.value:>{value}}  {row.aim}{verdict}".rstrip(), flush=True)
    return all(row.met is not False for row in rows)


def at_most(what: str, value: float, limit: float, unit: str) -> Row:
    """A row whose value should not exceed `limit`."""
    return Row(what, f"{number(value)} {unit}".rstrip(), f"aim ≤ {number(limit)} {unit}".rstrip(), value <= limit)


def at_least(what: str, value: float, limit: float, unit: str) -> Row:
    """A row whose value should not be below `limit`."""
    return Row(what, f"{number(value)} {unit}".rstrip(), f"aim ≥ {number(limit)} {unit}".rstrip(), value >= limit)


def number(value: float) -> str:
    """Format with three significant digits and thousands separators."""
    if not math.isfinite(value):
        return "unknown"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` percent of the values do not exceed."""
    return float(np.percentile(np.asarray(values), share))


def machine() -> str:
    """One line about the machine: versions, cores, processor, and the load average of the last minute."""
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, pandas {pd.__version__}"
    busy = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{versions}; {platform.system()} {platform.machine()}, {len(cores())} cores, {_processor()}{busy}"


def cores() -> list[int]:
    """The cores that this process can use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


def resident(process: int | str = "self") -> float:
    """Resident memory of a process in bytes; NaN if the system does not report it."""
    try:
        text = Path(f"/proc/{process}/statm").read_text("ascii")
    except OSError:
        return math.nan
    return float(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def preemptions() -> int:
    """Number of involuntary context switches of this thread; 0 if the system does not report it."""
    return resource.getrusage(_THREAD).ru_nivcsw if resource is not None and _THREAD is not None else 0


def settle() -> None:
    """Collect garbage and release free memory, so that `resident` reports the memory in use."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


def as_servers_do() -> None:
    """Freeze the garbage collector, as `orderflow serve` does after its start."""
    gc.collect()
    gc.freeze()


def rounds(count: int, *turns: Callable[[], float]) -> list[list[float]]:
    """Run the compared functions in turns, `count` times; returns the results of each."""
    found: list[list[float]] = [[] for _ in turns]
    for _ in range(count):
        for figures, turn in zip(found, turns, strict=True):
            figures.append(turn())
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
