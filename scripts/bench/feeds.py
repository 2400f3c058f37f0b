"""What a live feed costs: trades a second from the simulated exchange of another process.

    python scripts/bench/feeds.py --rate 5000 --seconds 20

A server under gevent takes the trades, as `orderflow serve` does, with its tick log on disk. Printed: the trades taken
a second, the processor time of the taking process as a share of one core (all threads), less what it uses when nothing
comes, and how long its event loop was held up, with and without trades. The run fails unless no trade is missing and
every bar is the exchange's kline.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--role", choices=("venue", "taker"), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.role == "venue":
        venue(args.rate, args.seconds)
    elif args.role == "taker":
        taker(args.url, args.seconds)
    else:
        both(args.rate, args.seconds)


def both(rate: int, seconds: float) -> None:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    call = [sys.executable, __file__, "--rate", str(rate), "--seconds", str(seconds)]
    with subprocess.Popen(
        [*call, "--role", "venue"], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, env=environ
    ) as made:
        assert made.stdout is not None
        assert made.stdin is not None
        url = made.stdout.readline().strip()
        run = subprocess.Popen([*call, "--role", "taker", "--url", url], stdout=subprocess.PIPE, text=True, env=environ)
        assert run.stdout is not None
        for line in run.stdout:
            if line.startswith("ready"):
                made.stdin.write("go\n")
                made.stdin.flush()
            else:
                print(line, end="")
        made.stdin.close()
        if run.wait():
            raise SystemExit("the run failed")


def venue(rate: int, seconds: float) -> None:
    """The exchange: says its address, waits for a line, trades at the rate, and serves until its input ends."""
    import numpy as np

    from orderflow.market.ticks import NO_ID, TickBatch
    from tests.exchange.inprocess import SimulatedExchange

    chance = np.random.default_rng(1)
    with SimulatedExchange() as exchange:

        def trade(count: int) -> None:
            side = chance.choice(np.array([-1, 1], np.int8), count)
            # all prices differ from their neighbours', so each trade is an aggregate trade of its own
            price = 6_000_000 + 2 * (np.arange(count) % 50) + chance.integers(0, 2, count)
            when = time.time_ns() + np.arange(count) * 1000
            ones, ids = np.ones(count, np.int8), np.full(count, NO_ID)
            size = chance.integers(1, 1000, count)
            exchange.market.ingest([TickBatch("BTCUSDT", when, price, size, side, ones, ids, 2, 3)])

        trade(10)
        print(exchange.url, flush=True)
        sys.stdin.readline()
        due = time.monotonic()
        end = due + seconds
        while due < end:
            due += 0.05
            time.sleep(max(0.0, due - time.monotonic()))
            trade(rate // 20)
        sys.stdin.read()


def taker(url: str, seconds: float) -> None:
    """The server: connects, says that it is ready, measures, and compares with the exchange."""
    from gevent import monkey

    monkey.patch_all()
    from orderflow.feeds.live_feeds import LiveFeeds
    from orderflow.services import build_services
    from orderflow.settings.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.of(
            data_dir=Path(folder),
            feeds=("binance",),
            tickers=("BTC",),
            binance_rest_url=url,
            binance_ws_url=url.replace("http", "ws", 1),
        )
        services = build_services(settings)
        services.start()
        feeds = services.part(LiveFeeds)
        stalls = [0.0]

        def watch() -> None:
            last = time.monotonic()
            while not services.workers.wait(0.002):
                now = time.monotonic()
                stalls.append(now - last - 0.002)
                last = now

        def status() -> dict[str, Any]:
            return feeds.status()[0].json()

        while not (status()["trades"] == 10 and status()["state"] == "live"):
            time.sleep(0.05)
        services.workers.spawn("watch", watch)
        idle = _cpu(seconds)
        quiet = _stalls(stalls)
        print("ready", flush=True)
        busy = _cpu(seconds)
        held_up = _stalls(stalls)
        taken = status()["trades"] - 10
        print(f"{taken / seconds:,.0f} trades/s taken; lag {1000 * status()['series'][0]['lag']:.0f} ms at the end")
        print(f"processor: {busy:.1%} of a core, idle {idle:.1%}, so {busy - idle:.1%} for the feed")
        print(f"event loop held up: {held_up}; when nothing came: {quiet}")
        compare(url, services, status)
        services.stop()


def _stalls(found: list[float]) -> str:
    """The 99th percentile and the most of the seconds in a list, which is emptied."""
    found.sort()
    text = f"p99 {1000 * found[len(found) * 99 // 100]:.1f} ms, most {1000 * found[-1]:.1f} ms"
    found[:] = [0.0]
    return text


def _cpu(seconds: float) -> float:
    """Processor time of this process in the next seconds, as a share of one core."""
    begin, used = time.monotonic(), time.process_time()
    time.sleep(seconds)
    return (time.process_time() - used) / (time.monotonic() - begin)


def compare(url: str, services: Any, status: Any) -> None:
    """Wait until all is taken, then compare the bars with the klines."""
    from orderflow.market.frames import Frame

    def ask(path: str) -> Any:
        with urllib.request.urlopen(f"{url}/api/v3/{path}", timeout=30) as answer:
            return json.load(answer)

    sold = 0
    while sold != (sold := ask("aggTrades?symbol=BTCUSDT&limit=1")[0]["l"] + 1):
        time.sleep(1)  # a busy machine's exchange is behind with its trades, and makes them now
    end = time.monotonic() + 30
    while status()["trades"] < sold and time.monotonic() < end:
        time.sleep(0.1)
    rows = [row for row in ask("klines?symbol=BTCUSDT&interval=1m&startTime=0") if row[8]]
    table = services.market.bars("binance:BTCUSDT", Frame.parse("1min"))
    scale, unit = table.grid.tick_units / 10**table.grid.price_decimals, 10**table.grid.size_decimals
    found = [
        [round(int(value) * scale, 8) for value in prices] + [int(ask_) / unit, int(bid) / unit]
        for *prices, ask_, bid in zip(table.open, table.high, table.low, table.close, table.ask, table.bid, strict=True)
    ]
    wanted = [[*map(float, row[1:5]), float(row[9]), round(float(row[5]) - float(row[9]), 3)] for row in rows]
    if status()["trades"] != sold or status()["holes"] or found != wanted:
        raise SystemExit(f"not the same: {status()} for {sold} trades; {found} for {wanted}")
    print(f"{sold:,} trades, {len(rows)} bars: the exchange's own")


if __name__ == "__main__":
    main()
