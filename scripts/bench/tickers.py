"""Alerts: their cost with 10,000 of them at 5,000 ticks a second, and what 50 kills lose or double.

    python scripts/bench/tickers.py alerts
    python scripts/bench/tickers.py kills --count 50

`alerts` compares three ways of evaluating the same ticks in one run: the program's, the same together with the taking
of the ticks from the market, and a look at every alert of the symbol on each tick. Then it runs the whole service
beside a live stream and counts the processor time.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from _common import ROOT

from orderflow.market.market import Market
from orderflow.market.ticks import NO_ID, SideRule, TickBatch
from orderflow.runtime.bus import Bus
from orderflow.runtime.clock import SystemClock
from orderflow.runtime.workers import Workers
from orderflow.storage.records.address import address_of
from orderflow.storage.records.records import Records
from orderflow.tickers.alerts.alert import Alert, Frequency
from orderflow.tickers.alerts.evaluation import Evaluation
from orderflow.tickers.alerts.record_store import RecordStore
from orderflow.tickers.alerts.service import Alerts
from orderflow.tickers.alerts.store import Changes, MemoryStore

SYMBOLS, PER_SYMBOL, RATE = 100, 100, 5_000
ROUND = 0.4
"""Seconds of ticks that are evaluated together here; the service chooses it by its load."""
OPERATORS = ("greater", "less", "crossing", "crossing_up", "crossing_down")
Check = Callable[[int, int], bool]


class Stream:
    """Ticks of all symbols in turns, each a random walk of single ticks around 10,000."""

    def __init__(self, seed: int = 3) -> None:
        self._random = np.random.default_rng(seed)
        self._level = np.full(SYMBOLS, 1_000_000)
        self._time = 1_790_000_000 * 10**9

    def take(self, seconds: float) -> list[TickBatch]:
        """The ticks of so many seconds, a batch for each symbol."""
        count = round(RATE * seconds / SYMBOLS)
        steps = self._random.integers(-1, 2, (SYMBOLS, count))
        levels = self._level[:, None] + np.cumsum(steps, axis=1)
        self._level = levels[:, -1]
        stamps = self._time + (np.arange(1, count + 1) * seconds * 1e9 / count).astype(np.int64)
        self._time = int(stamps[-1])
        none = np.zeros(count, np.int8)
        rule, ids, size = none + np.int8(SideRule.NONE), np.full(count, NO_ID), np.ones(count, np.int64)
        return [
            TickBatch(f"S{number}", stamps, levels[number], size, none, rule, ids, 2, 0) for number in range(SYMBOLS)
        ]


def alerts_of(symbol: str, chance: random.Random) -> list[Alert]:
    """Alerts that wait: 0.1 to 5 % away from the price, on the side where they do not hold yet."""
    made = []
    for number in range(PER_SYMBOL):
        operator = OPERATORS[number % len(OPERATORS)]
        away = chance.uniform(0.001, 0.05)
        up = operator in ("greater", "crossing_up") or (operator == "crossing" and number % 2)
        price = Fraction(round(10_000 * (1 + away if up else 1 - away), 2)).limit_denominator(100)
        made.append(Alert(f"{symbol} {number}", symbol, (symbol,), operator, (price,), 0, frequency=Frequency.EVERY))
    return made


def check_of(alert: Alert) -> Check:
    """One alert as a plain function of the level before and now."""
    level = int(alert.values[0] * 100)
    return {
        "greater": lambda before, now: now > level,
        "less": lambda before, now: now < level,
        "crossing": lambda before, now: before <= level < now or before >= level > now,
        "crossing_up": lambda before, now: before <= level < now,
        "crossing_down": lambda before, now: before >= level > now,
    }[alert.operator]


def walk(checks: Sequence[Check], levels: Sequence[int], before: int) -> int:
    """Look at every alert on each tick. Returns how many fire."""
    fired = 0
    for level in levels:
        for check in checks:
            if check(before, level):
                fired += 1
        before = level
    return fired


def compare(seconds: float) -> None:
    """The three ways, in turns, over the same ticks."""
    market, stream, chance = Market(), Stream(), random.Random(5)
    evaluation = Evaluation(market, MemoryStore(), SystemClock())
    evaluation.load()
    market.ingest(stream.take(ROUND))
    checks: dict[str, list[Check]] = {}
    for number in range(SYMBOLS):
        alerts = alerts_of(f"S{number}", chance)
        checks[f"S{number}"] = [check_of(alert) for alert in alerts]
        for alert in alerts:
            evaluation.put(alert, evaluation.arm(alert))
    spent, ticks, fired = [0.0, 0.0, 0.0], 0, 0
    for _ in range(round(seconds / ROUND)):
        batches = stream.take(ROUND)
        market.ingest(batches)
        books = [evaluation.track(batch.symbol).book for batch in batches]
        pieces = [market.arrivals(b.symbol, 10**9, 0, sides=False).total - len(b) for b in batches]
        columns = [
            market.arrivals(b.symbol, first, len(b), sides=False).ticks
            for b, first in zip(batches, pieces, strict=True)
        ]
        before = [int(book.previous.level) for book in books if book.previous is not None]
        copies = [replace(book) for book in books]
        begun = time.thread_time()
        for copy, first, part in zip(copies, pieces, columns, strict=True):
            copy.take(first, part)
        spent[0] += time.thread_time() - begun
        begun = time.thread_time()
        for batch in batches:
            evaluation.advance(batch.symbol)
        spent[1] += time.thread_time() - begun
        begun = time.thread_time()
        for batch, level in zip(batches, before, strict=True):
            fired += walk(checks[batch.symbol], batch.price.tolist(), level)
        spent[2] += time.thread_time() - begun
        ticks += sum(map(len, batches))
    print(
        f"{SYMBOLS * PER_SYMBOL:,} alerts, {ticks:,} ticks in batches of {ticks // SYMBOLS // round(seconds / ROUND)}"
    )
    for name, cost in zip(("evaluated", "taken and evaluated", "every alert"), spent, strict=True):
        share = cost / (ticks / RATE)
        print(f"  {name:20} {cost / ticks * 1e6:7.2f} µs a tick {share:7.1%} of a core {spent[2] / cost:6.1f} x less")
    print(f"  fired: {fired}")


def live(seconds: float) -> None:
    """The whole service beside a stream at the full rate, with its records on disk."""
    with tempfile.TemporaryDirectory() as folder:
        workers, bus, clock = Workers(), Bus(), SystemClock()
        records = Records(address_of(Path(folder)), workers)
        records.start()
        market = Market(new_lock=workers.lock, on_change=bus.publish)
        stream, chance = Stream(), random.Random(5)
        market.ingest(stream.take(ROUND))
        alerts = Alerts(market, RecordStore(records, lambda alert_id: ()), workers, bus, clock)
        evaluation = alerts._evaluation
        evaluation.load()
        made = [alert for number in range(SYMBOLS) for alert in alerts_of(f"S{number}", chance)]
        armed = [(alert, evaluation.arm(alert)) for alert in made]
        for alert, watches in armed:
            evaluation.put(alert, watches)
        begun = time.monotonic()
        evaluation.store(Changes(alerts=armed))
        print(f"{len(made):,} alerts stored in {time.monotonic() - begun:.1f} s")
        idle = ingest(market, stream, seconds)
        alerts.start()
        busy = ingest(market, stream, seconds)
        alerts.stop()
        records.close()
        workers.stop()
        print(f"  process at {RATE:,} ticks/s: {idle:.1%} of a core without alerts, {busy:.1%} with")
        print(f"  alerts: {busy - idle:.1%} of a core")


def ingest(market: Market, stream: Stream, seconds: float) -> float:
    """Send ticks on time, 20 batches a second. Returns the processor time of the process a second."""
    begun, spent = time.monotonic(), time.process_time()
    for number in range(round(seconds * 20)):
        market.ingest(stream.take(0.05))
        time.sleep(max(0.0, begun + (number + 1) * 0.05 - time.monotonic()))
    return (time.process_time() - spent) / (time.monotonic() - begun)


def kills(count: int) -> None:
    """Kill a process that evaluates, again and again; then count what is lost and doubled."""
    child = Path(__file__).with_name("_alerts_child.py")
    chance = random.Random(11)
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(count):
            with subprocess.Popen([sys.executable, str(child), folder], stdout=subprocess.PIPE, cwd=ROOT) as process:
                assert process.stdout is not None
                if not process.stdout.readline():  # it says when it has begun to send
                    raise SystemExit("the process ended by itself")
                time.sleep(chance.uniform(0.0, 0.6))
                process.kill()
        result = subprocess.run(
            [sys.executable, str(child), folder, "--finish"], stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT
        )
        print(f"{count} kills; {result.stdout.splitlines()[-1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["alerts", "kills"])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--count", type=int, default=50)
    args = parser.parse_args()
    if args.what == "kills":
        kills(args.count)
    else:
        compare(args.seconds)
        live(args.seconds)


if __name__ == "__main__":
    main()
