"""Measure the herd game's server with many phones: its CPU time, and the latency of orders and prices.

    python scripts/bench/herd.py [--phones 1000] [--seconds 60] [--listeners 5000] [--quick] [--peer-python PATH]

`orderflow serve` runs in its own process and on its own core (Linux), with its log on disk; the phones run in this
process, on the other cores, and send prepared bytes over raw connections. In turn:

1. The game: phones join within a minute, and each opens its socket and trades every two seconds, while the big screen's
   socket is open and a chart of HERD polls like the page. Afterwards the session's log must have every accepted order
   exactly once.
2. Listeners: sockets that only listen, while a few phones move the price with every batch.
3. The same broadcast by a straightforward server (`_herd_peer.py`: FastAPI and uvicorn, one `send_json` after the
   other), in turns with ours. It needs fastapi and uvicorn[standard], which nothing else here uses: install them into
   another environment and pass its Python with --peer-python. Without them this part is skipped.

The age of a price is the time from the timestamp in the message to the arrival of the message.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _common import Row, at_most, machine, median, number, percentile, show
from _herd_phones import Notes, Phone, listening
from _server import Connection, Server, request, serving
from _sockets import Listener, connect

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]  # tested before it is used

PEER = str(Path(__file__).with_name("_herd_peer.py"))
EVERY = 2.0
"""Seconds between two orders of a phone."""
MOVERS = 8
"""Phones that move the price for those that only listen."""
MINUTES = 10
"""Length of the game for which the bytes to a phone are reported."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every aim was met."""
    given = arguments(argv)
    raise_file_limit()
    print(machine())
    met = [asyncio.run(game(given)), asyncio.run(crowd(given))]
    if given.rounds:
        met.append(compare(given))
    return 0 if all(met) else 1


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the herd game with many phones.")
    parser.add_argument("--phones", type=int, default=1000, help="phones that join and trade (default: 1000)")
    parser.add_argument("--joining", type=float, default=60.0, help="seconds in which they join (default: 60)")
    parser.add_argument("--seconds", type=float, default=60.0, help="seconds of each measurement (default: 60)")
    parser.add_argument("--listeners", type=int, default=5000, help="sockets that only listen (default: 5000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of ours and the peer; 0: none (default: 3)")
    parser.add_argument("--peer-python", default=sys.executable, metavar="PATH", help="a Python with fastapi")
    parser.add_argument("--quick", action="store_true", help="200 phones for a few seconds, to check that it runs")
    given = parser.parse_args(argv)
    if given.quick:
        given.phones, given.joining, given.seconds, given.listeners, given.rounds = 200, 3.0, 8.0, 400, 1
    return given


async def game(given: argparse.Namespace) -> bool:
    """Measure the whole game, with its log, the big screen and a chart."""
    notes = Notes()
    with tempfile.TemporaryDirectory(prefix="bench-herd-") as folder, serving("--data-dir", folder) as server:
        phones = [Phone(n, server.port, notes) for n in range(given.phones)]
        stage = (await connect(server.port, ["/herd/ws?view=stage"], lambda n, text, at: None))[0]
        own, begun = server.processor_seconds, time.perf_counter()
        await gather_paced(phones, given.joining)
        joined, joining = time.perf_counter() - begun, server.processor_seconds - own
        over = threading.Event()
        polls: list[float] = []
        chart = threading.Thread(target=watch_chart, args=(server, over, polls))
        chart.start()
        try:
            notes.counting = True
            heard = [phone.received for phone in phones]
            own, mine, begun = server.processor_seconds, time.process_time(), time.perf_counter()
            until = begun + given.seconds
            await asyncio.gather(*(phone.trade(EVERY, until) for phone in phones))
            passed = time.perf_counter() - begun
            own, mine = server.processor_seconds - own, time.process_time() - mine
            notes.counting = False
            heard = [phone.received - before for phone, before in zip(phones, heard, strict=True)]
            await asyncio.sleep(1.5)  # until the last orders are cleared
        finally:
            over.set()
            await asyncio.to_thread(chart.join)
        faults = check_log(server, notes)
        closed = sum(phone.listener.closed for phone in phones)
        memory, big = server.resident, stage.bytes
    busiest = max(heard) / passed * MINUTES * 60
    rows = [
        at_most("joining, all phones", joined, 60, "s"),
        Row("joining and opening the socket, p50 / p99", pair(notes.joins)),
        Row("CPU time while they join, of one core", f"{number(joining / joined * 100)} %"),
        Row("accepted orders per second", number(len(notes.accepted) / passed)),
        Row("order to response, p50 / p99", pair(notes.answers)),
        Row("order to own fill, p50", f"{number(percentile(notes.fills, 50))} ms"),
        at_most("order to own fill, p99", percentile(notes.fills, 99), 400, "ms"),
        Row("age of a price, p50", f"{number(percentile(notes.ages, 50))} ms"),
        at_most("age of a price, p99", percentile(notes.ages, 99), 400, "ms"),
        at_most("CPU time of the server, of one core", own / passed * 100, 60, "%"),
        at_most(f"bytes to the busiest phone in {MINUTES} minutes", busiest / 1000, 500, "kB"),
        Row("bytes to the big screen so far", f"{number(big / 1000)} kB"),
        Row("the chart's polls, p50 / p99", pair(polls)),
        at_most("orders lost, duplicated or without a fill", faults, 0, ""),
        at_most("orders refused, sockets lost", sum(notes.refused.values()) + closed, 0, ""),
        Row("memory of the server", f"{number(memory / 2**20)} MiB"),
        Row("CPU time of the phones, of one core", f"{number(mine / passed * 100)} %"),
        Row("delay of the phones' orders, p99", f"{number(percentile(notes.lags, 99) if notes.lags else 0.0)} ms"),
    ]
    title = f"{given.phones:,} phones, one order every {EVERY:g} s, for {passed:.0f} s; big screen and chart open"
    return show(title, rows)


async def crowd(given: argparse.Namespace) -> bool:
    """Measure many sockets that only listen."""
    notes = Notes()
    with serving("--ephemeral", "--herd-rate", "100") as server:
        used, listeners = await listen(server, given.listeners, given.seconds, notes)
        gone = sum(listener.closed for listener in listeners)
        stats = json.loads(server.get("/stats"))["sockets"]
    rows = [
        Row("age of a price, p50", f"{number(percentile(notes.ages, 50))} ms"),
        at_most("age of a price, p99", percentile(notes.ages, 99), 250, "ms"),
        Row("messages per second", number(len(notes.ages) / given.seconds)),
        Row("CPU time of the server, of one core", f"{number(used / given.seconds * 100)} %"),
        Row("CPU time per message", f"{number(used / max(1, len(notes.ages)) * 1e6)} µs"),
        Row("messages conflated for slow clients", number(stats["conflated"])),
        at_most("sockets lost", gone, 0, ""),
    ]
    return show(f"{given.listeners:,} listening sockets, a price every 250 ms, {given.seconds:g} s", rows)


def compare(given: argparse.Namespace) -> bool:
    """Compare the CPU time per delivered message with the peer's."""
    if subprocess.run([given.peer_python, "-c", "import fastapi, uvicorn, websockets"], capture_output=True).returncode:
        print(f"\nthe peer is skipped: {given.peer_python} lacks fastapi or uvicorn[standard] (see --peer-python)")
        return True
    # replaces the interpreter in the same process, so that the CPU time of the process is the peer's
    swap = f"import os; os.execv({given.peer_python!r}, [{given.peer_python!r}, {PEER!r}])"
    count = min(1000, given.listeners)
    costs: dict[str, list[float]] = {"ours": [], "peer": []}
    ages: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(given.rounds):
        for name in costs:
            notes = Notes()
            if name == "ours":
                with serving("--ephemeral", "--herd-rate", "100", "--ticker-count", "0") as server:
                    used, _ = asyncio.run(listen(server, count, given.seconds / 2, notes))
            else:
                with serving(command=("-c", swap)) as server:
                    used, _ = asyncio.run(listen(server, count, given.seconds / 2, notes, path="/ws"))
            costs[name].append(used / max(1, len(notes.ages)) * 1e6)
            ages[name].append(percentile(notes.ages, 99))
    ours, peer = median(costs["ours"]), median(costs["peer"])
    rows = [
        Row("ours, CPU time per delivered message", f"{number(ours)} µs"),
        Row("FastAPI and uvicorn", f"{number(peer)} µs"),
        at_most("ours / FastAPI", ours / peer, 0.7, ""),
        Row("ours, age of a price, p99", f"{number(median(ages['ours']))} ms"),
        Row("FastAPI and uvicorn", f"{number(median(ages['peer']))} ms"),
    ]
    title = f"compared with a FastAPI broadcaster, {count:,} sockets, median of {given.rounds} rounds"
    return show(f"{title}; ours also processes the orders that move its price", rows)


async def gather_paced(phones: Sequence[Phone], seconds: float) -> None:
    """Let all phones join, evenly spread over `seconds`; each joins at its time, however long the others take."""

    async def at(moment: float, phone: Phone) -> None:
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        await phone.join()

    begun = time.perf_counter()
    step = 0.97 * seconds / len(phones)
    await asyncio.gather(*(at(begun + n * step, phone) for n, phone in enumerate(phones)))


async def listen(
    server: Server, count: int, seconds: float, notes: Notes, path: str = "/herd/ws"
) -> tuple[float, list[Listener]]:
    """Open `count` sockets and listen for `seconds`; returns (CPU seconds of the server, the sockets).

    With the game's path a few phones trade, so that each batch changes the price.
    """
    listeners = await connect(server.port, [path] * count, listening(notes))
    movers: list[Phone] = []
    if path != "/ws":
        movers = [Phone(n, server.port, Notes()) for n in range(MOVERS)]
        await asyncio.gather(*(mover.join() for mover in movers))
    every = 0.25 * MOVERS / 2  # two orders a batch
    until = time.perf_counter() + 1.0 + seconds
    trading = asyncio.gather(*(mover.trade(every, until + 1.0) for mover in movers))
    await asyncio.sleep(1.0)
    notes.counting, own = True, server.processor_seconds
    await asyncio.sleep(max(0.0, until - time.perf_counter()))
    notes.counting, own = False, server.processor_seconds - own
    await trading
    return own, listeners


def watch_chart(server: Server, over: threading.Event, polls: list[float]) -> None:
    """Poll like the chart's page, twice a second. polls: gets the duration of each poll, ms."""
    state: dict[str, Any] = {"symbol": "HERD", "frame": "5s"}
    output = "chart-delta.data"
    with Connection(server.port) as connection:
        for turn in range(1, 1_000_000):
            if over.wait(0.5):
                return
            body = {
                "output": output,
                "outputs": {"id": "chart-delta", "property": "data"},
                "inputs": [
                    {"id": "chart-interval", "property": "n_intervals", "value": turn},
                    {"id": "chart-refresh", "property": "data", "value": 0},
                    {"id": "chart-options", "property": "data", "value": None},
                ],
                "changedPropIds": ["chart-interval.n_intervals"],
                "state": [{"id": "chart-state", "property": "data", "value": state}],
            }
            begun = time.perf_counter()
            response = connection.call(
                request("POST", "/_dash-update-component", json.dumps(body).encode(), "application/json")
            )
            polls.append((time.perf_counter() - begun) * 1000)
            if response.status == 200:
                delta = json.loads(response.body)["response"]["chart-delta"]["data"]
                if "rev" in delta:
                    state |= {"epoch": delta["epoch"], "revision": delta["rev"]}
            elif response.status != 204:
                raise RuntimeError(f"the chart's poll was refused: {response.status} {response.body[:200]!r}")


def check_log(server: Server, notes: Notes) -> int:
    """The number of accepted orders that the log does not have exactly once, or whose result the owner did not get."""
    lines = server.get("/herd/export/events.jsonl").splitlines()
    logged = Counter(event["c"] for event in map(json.loads, lines) if event["e"] == "order")
    return sum(logged[name] != 1 or name not in notes.settled for name in notes.accepted)


def pair(values: Any) -> str:
    return f"{number(percentile(values, 50))} / {number(percentile(values, 99))} ms"


def raise_file_limit() -> None:
    """Raise the limit of open files, which sockets count as, as far as allowed."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = hard if hard != resource.RLIM_INFINITY else 1 << 20
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, 1 << 20), hard))


if __name__ == "__main__":
    sys.exit(main())
