"""Measure the CPU time of many simulated instruments with listening sockets.

    python scripts/bench/instruments.py [--seconds 30] [--drift 600] [--slow 1000] [--fast 100] [--sockets 5000]

First 1,000 instruments at one price per second and 100 at one every 10 ms, with one socket each: CPU time and jitter of
the prices. Then 5,000 sockets over 100 instruments: age of a price on arrival. At the end, over `--drift` seconds,
whether prices fall behind the clock. The peer (`_peer_instruments.py`) does the first part on asyncio and `websockets`,
without trades, models or order flow.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from _common import ROOT, Row, at_most, machine, number, parser_of, percentile, show
from _server import Server, serving
from _sockets import Listener, connect

PEER = (str(ROOT / "scripts" / "bench" / "_peer_instruments.py"),)
FAST = 0.01
WARM, QUICK = 10.0, 2.0
"""Seconds before a measurement, normally and with `--quick`, in which every instrument makes its first trade."""


def main() -> int:
    options = arguments()
    print(machine())
    met = [cost(options), crowd(options)]
    if options.drift:
        met.append(drift(options))
    return 0 if all(met) else 1


def arguments() -> argparse.Namespace:
    options = parser_of(
        __doc__,
        "small numbers, to check that it runs",
        seconds=(30.0, "seconds of each measurement"),
        drift=(600.0, "seconds of the drift measurement; 0: none"),
        slow=(1000, "instruments at one price per second"),
        fast=(100, "instruments at one price every 10 ms"),
        sockets=(5000, "sockets over 100 instruments"),
    ).parse_args()
    if options.quick:
        options.seconds, options.drift, options.slow, options.fast, options.sockets = 3.0, 5.0, 50, 5, 200
    options.warm = QUICK if options.quick else WARM
    return options


def config(folder: Path, fast: int) -> tuple[str, ...]:
    """Flags of a server with `fast` instruments at 10 ms beside those of TICKER_COUNT."""
    path = folder / "orderflow.toml"
    path.write_text("\n".join(f"[simulated.FAST_{n:03d}]\ninterval = {FAST}" for n in range(fast)))
    return ("--config", str(path))


def cost(options: argparse.Namespace) -> bool:
    """Measure CPU time and jitter of ours and of the peer."""
    paths = [f"/ws/ITEM_{n:02d}" for n in range(options.slow)] + [f"/ws/FAST_{n:03d}" for n in range(options.fast)]
    with tempfile.TemporaryDirectory() as folder:
        flags = ("--ephemeral", "--ticker-count", str(options.slow), *config(Path(folder), options.fast))
        with serving(*flags) as server:
            ours = listen(server, paths, options)
            memory = server.resident
    with serving(str(options.slow), str(options.fast), command=PEER) as server:
        peer = listen(server, paths, options)
    title = f"{options.slow:,} instruments at 1 s and {options.fast} at 10 ms, one socket each, {options.seconds:g} s"
    return show(
        title,
        [
            at_most("CPU time, of one core", ours.processor * 100, 50, "%"),
            Row("messages per second", number(ours.rate)),
            Row("jitter of the 10 ms prices, p50", f"{number(percentile(ours.jitter, 50))} ms"),
            at_most("jitter of the 10 ms prices, p99", percentile(ours.jitter, 99), 20, "ms"),
            Row("memory", f"{number(memory / 2**20)} MiB"),
            Row("peer, CPU time (no models, no trades)", f"{number(peer.processor * 100)} %"),
            Row("peer, messages per second", number(peer.rate)),
            Row("peer, jitter p99", f"{number(percentile(peer.jitter, 99))} ms"),
            Row("CPU time per message, ours / peer", f"{number(ours.each / peer.each)} times"),
        ],
    )


class Heard:
    """The records of the listeners of one measurement.

    count: messages. jitter: ms by which a gap differs from the interval. processor: CPU seconds per second. rate:
    messages per second. each: CPU seconds per message.
    """

    def __init__(self, first_fast: int) -> None:
        self._first_fast = first_fast
        self._last: dict[int, float] = {}
        self.count = 0
        self.jitter = array("d", [])
        self.processor = self.rate = self.each = 0.0

    def __call__(self, client: int, message: bytes, now: float) -> None:
        self.count += 1
        if client >= self._first_fast:
            last = self._last.get(client)
            self._last[client] = now
            if last is not None:
                self.jitter.append(abs(now - last - FAST) * 1000)

    def clear(self) -> None:
        self.count = 0
        del self.jitter[:]


def listen(server: Server, paths: Sequence[str], options: argparse.Namespace) -> Heard:
    """Listen with one socket per path for `options.seconds`."""
    heard = Heard(options.slow)

    async def run() -> None:
        await connect(server.port, paths, heard)
        await asyncio.sleep(options.warm)
        heard.clear()
        used, began = server.processor_seconds, time.monotonic()
        await asyncio.sleep(options.seconds)
        passed = time.monotonic() - began
        heard.processor = (server.processor_seconds - used) / passed
        heard.rate = heard.count / passed
        heard.each = heard.processor / heard.rate

    asyncio.run(run())
    return heard


def crowd(options: argparse.Namespace) -> bool:
    """Measure many sockets over 100 instruments."""
    ages = array("d", [])

    def heard(client: int, message: bytes, now: float) -> None:
        ages.append((now - moment(message)) * 1000)

    with serving("--ephemeral", "--ticker-count", "100") as server:
        paths = [f"/ws/ITEM_{n % 100:02d}" for n in range(options.sockets)]
        used, passed, listeners = asyncio.run(_crowd(server, paths, heard, ages, options))
        lost = sum(listener.closed for listener in listeners)
    expected = options.sockets * passed
    return show(
        f"{options.sockets:,} sockets over 100 instruments at one price per second, {options.seconds:g} s",
        [
            Row("age of a price on arrival, p50", f"{number(percentile(ages, 50))} ms"),
            at_most("age of a price on arrival, p99", percentile(ages, 99), 250, "ms"),
            Row("messages received, of those sent", f"{len(ages) / expected:.1%}"),
            Row("connections lost", str(lost), "aim 0", lost == 0),
            Row("CPU time, of one core", f"{number(used * 100)} %"),
        ],
    )


async def _crowd(
    server: Server,
    paths: Sequence[str],
    heard: Callable[[int, bytes, float], None],
    ages: array[float],
    options: argparse.Namespace,
) -> tuple[float, float, list[Listener]]:
    listeners = await connect(server.port, paths, heard)
    await asyncio.sleep(options.warm)
    del ages[:]
    used, began = server.processor_seconds, time.monotonic()
    await asyncio.sleep(options.seconds)
    passed = time.monotonic() - began
    return (server.processor_seconds - used) / passed, passed, listeners


def drift(options: argparse.Namespace) -> bool:
    """Measure whether the n-th price of an instrument comes n intervals after the first, even after a long time."""
    first: dict[int, float] = {}
    off: dict[int, float] = {}

    def heard(client: int, message: bytes, now: float) -> None:
        if client in seen:
            time = moment(message) - first.setdefault(client, moment(message))
            off[client] = time - round(time)
        seen.add(client)  # the first message is the current price, of any age

    seen: set[int] = set()
    with tempfile.TemporaryDirectory() as folder:
        flags = ("--ephemeral", "--ticker-count", "10", *config(Path(folder), 10))
        with serving(*flags) as server:

            async def run() -> tuple[int, float]:
                await connect(server.port, [f"/ws/ITEM_{n:02d}" for n in range(10)], heard)
                await asyncio.sleep(options.warm)
                begin, began = status(server), time.monotonic()
                await asyncio.sleep(options.drift)
                return status(server)["steps"] - begin["steps"], time.monotonic() - began

            steps, passed = asyncio.run(run())
            skipped = status(server)["skipped"]
    expected = passed * (10 + 10 / FAST)
    return show(
        f"drift over {options.drift:g} s, 10 instruments at 1 s and 10 at 10 ms",
        [
            at_most("largest offset of a 1 s price from its second", max(map(abs, off.values())) * 1000, 20, "ms"),
            at_most("steps made compared with steps due, in time", abs(steps / expected - 1) * passed * 1000, 20, "ms"),
            Row("steps skipped", str(skipped), "aim 0", skipped == 0),
        ],
    )


def status(server: Server) -> dict[str, Any]:
    """The status of the simulation."""
    found: dict[str, Any] = json.loads(server.get("/api/v1/simulation"))
    return found


def moment(message: bytes) -> float:
    """Unix seconds of a price update's timestamp."""
    text = message.partition(b'"timestamp":"')[2][:26].decode()
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


if __name__ == "__main__":
    sys.exit(main())
