"""What a room full of phones costs the herd game's server, and how long a phone waits.

    python scripts/bench/herd.py [--phones 1000] [--seconds 60] [--listeners 5000] [--quick] [--peer-python PATH]

`orderflow serve` runs in a process of its own, on a core of its own (Linux), with its log on disk; the phones are in
this process, on the other cores, as finished bytes over raw connections. In turn:

1. The game: phones join within a minute, each opens its socket and trades every two seconds, while the big screen's
   socket is open and a chart of HERD polls as the page does. Then the session's log must have every order that was
   accepted exactly once.
2. Listeners: sockets that only listen, while a few phones move the price with every batch.
3. The same broadcast by the server that one would write first (`_herd_peer.py`: FastAPI and uvicorn, one `send_json`
   after the other), in turns with ours. It needs fastapi and uvicorn[standard], which nothing else here does: put them
   into an environment of their own and name its Python with --peer-python. Without them this part is left out.

Ages are those of a price: from the moment in the message to the message's arrival.
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
"""Of the game whose bytes are told."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every aim was met."""
    given = arguments(argv)
    raise_file_limit()
    print(machine())
    met = [asyncio.run(game(given)), asyncio.run(crowd(given))]
    if given.rounds:
        met.append(against(given))
    return 0 if all(met) else 1


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the herd game with a room full of phones.")
    parser.add_argument("--phones", type=int, default=1000, help="that join and trade (default: 1000)")
    parser.add_argument("--joining", type=float, default=60.0, help="seconds in which they join (default: 60)")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each measurement (default: 60)")
    parser.add_argument("--listeners", type=int, default=5000, help="sockets that only listen (default: 5000)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of ours and the peer; 0: none (default: 3)")
    parser.add_argument("--peer-python", default=sys.executable, metavar="PATH", help="a Python that has fastapi")
    parser.add_argument("--quick", action="store_true", help="200 phones for some seconds: does it run at all")
    given = parser.parse_args(argv)
    if given.quick:
        given.phones, given.joining, given.seconds, given.listeners, given.rounds = 200, 3.0, 8.0, 400, 1
    return given


async def game(given: argparse.Namespace) -> bool:
    """The whole game, log and chart and all."""
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
            await asyncio.sleep(1.5)  # the last orders are cleared meanwhile
        finally:
            over.set()
            await asyncio.to_thread(chart.join)
        faults = check_log(server, notes)
        closed = sum(phone.listener.closed for phone in phones)
        memory, big = server.resident, stage.bytes
    busiest = max(heard) / passed * MINUTES * 60
    rows = [
        at_most("joining, all of them", joined, 60, "s"),
        Row("joining and opening the socket, p50 / p99", pair(notes.joins)),
        Row("processor time meanwhile, of one core", f"{number(joining / joined * 100)} %"),
        Row("orders a second, accepted", number(len(notes.accepted) / passed)),
        Row("order to answer, p50 / p99", pair(notes.answers)),
        Row("order to own fill, p50", f"{number(percentile(notes.fills, 50))} ms"),
        at_most("order to own fill, p99", percentile(notes.fills, 99), 400, "ms"),
        Row("age of a price, p50", f"{number(percentile(notes.ages, 50))} ms"),
        at_most("age of a price, p99", percentile(notes.ages, 99), 400, "ms"),
        at_most("processor time of the server, of one core", own / passed * 100, 60, "%"),
        at_most(f"bytes to the busiest phone in {MINUTES} minutes", busiest / 1000, 500, "kB"),
        Row("bytes to the big screen so far", f"{number(big / 1000)} kB"),
        Row("the chart's polls, p50 / p99", pair(polls)),
        at_most("orders lost, doubled or without a fill", faults, 0, ""),
        at_most("orders refused, sockets lost", sum(notes.refused.values()) + closed, 0, ""),
        Row("memory of the server", f"{number(memory / 2**20)} MiB"),
        Row("processor time of the phones, of one core", f"{number(mine / passed * 100)} %"),
        Row("phones' orders late, p99", f"{number(percentile(notes.lags, 99) if notes.lags else 0.0)} ms"),
    ]
    title = f"{given.phones:,} phones, an order each {EVERY:g} s, for {passed:.0f} s; big screen and chart open"
    return show(title, rows)


async def crowd(given: argparse.Namespace) -> bool:
    """Many that listen."""
    notes = Notes()
    with serving("--ephemeral", "--herd-rate", "100") as server:
        used, listeners = await listen(server, given.listeners, given.seconds, notes)
        gone = sum(listener.closed for listener in listeners)
        stats = json.loads(server.get("/stats"))["sockets"]
    rows = [
        Row("age of a price, p50", f"{number(percentile(notes.ages, 50))} ms"),
        at_most("age of a price, p99", percentile(notes.ages, 99), 250, "ms"),
        Row("messages a second", number(len(notes.ages) / given.seconds)),
        Row("processor time of the server, of one core", f"{number(used / given.seconds * 100)} %"),
        Row("processor time a message", f"{number(used / max(1, len(notes.ages)) * 1e6)} µs"),
        Row("turns that slow clients missed", number(stats["conflated"])),
        at_most("sockets lost", gone, 0, ""),
    ]
    return show(f"{given.listeners:,} listening sockets, a price each 250 ms, {given.seconds:g} s", rows)


def against(given: argparse.Namespace) -> bool:
    """Processor time a delivered message, beside the peer's."""
    if subprocess.run([given.peer_python, "-c", "import fastapi, uvicorn, websockets"], capture_output=True).returncode:
        print(f"\nthe peer is left out: {given.peer_python} has no fastapi and uvicorn[standard] (see --peer-python)")
        return True
    # the interpreter is swapped in the same process, so that its processor time is the peer's
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
        Row("ours, processor time a delivered message", f"{number(ours)} µs"),
        Row("FastAPI and uvicorn", f"{number(peer)} µs"),
        at_most("ours to theirs", ours / peer, 0.7, ""),
        Row("ours, age of a price, p99", f"{number(median(ages['ours']))} ms"),
        Row("FastAPI and uvicorn", f"{number(median(ages['peer']))} ms"),
    ]
    title = f"against a FastAPI broadcaster, {count:,} sockets, median of {given.rounds} rounds"
    return show(f"{title}; ours also takes the orders that move its price", rows)


async def gather_paced(phones: Sequence[Phone], seconds: float) -> None:
    """All join, evenly over so long; each at its moment, however long the ones before it take."""

    async def at(moment: float, phone: Phone) -> None:
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        await phone.join()

    begun = time.perf_counter()
    step = 0.97 * seconds / len(phones)
    await asyncio.gather(*(at(begun + n * step, phone) for n, phone in enumerate(phones)))


async def listen(
    server: Server, count: int, seconds: float, notes: Notes, path: str = "/herd/ws"
) -> tuple[float, list[Listener]]:
    """So many sockets for so long; processor time of the server meanwhile, and the sockets. With the game's path some
    phones trade, so that each batch has another price."""
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
    """Ask as the chart's page does, twice a second; how long each answer took, ms."""
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
                ],
                "changedPropIds": ["chart-interval.n_intervals"],
                "state": [{"id": "chart-state", "property": "data", "value": state}],
            }
            begun = time.perf_counter()
            answer = connection.call(
                request("POST", "/_dash-update-component", json.dumps(body).encode(), "application/json")
            )
            polls.append((time.perf_counter() - begun) * 1000)
            if answer.status == 200:
                told = json.loads(answer.body)["response"]["chart-delta"]["data"]
                if "rev" in told:
                    state |= {"epoch": told["epoch"], "revision": told["rev"]}
            elif answer.status != 204:
                raise RuntimeError(f"the chart's poll was refused: {answer.status} {answer.body[:200]!r}")


def check_log(server: Server, notes: Notes) -> int:
    """How many accepted orders the log has not exactly once, or whose owner was never told what became of them."""
    lines = server.get("/herd/export/events.jsonl").splitlines()
    logged = Counter(event["c"] for event in map(json.loads, lines) if event["e"] == "order")
    return sum(logged[name] != 1 or name not in notes.settled for name in notes.accepted)


def pair(values: Any) -> str:
    return f"{number(percentile(values, 50))} / {number(percentile(values, 99))} ms"


def raise_file_limit() -> None:
    """A socket is a file: ask for as many as are allowed."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = hard if hard != resource.RLIM_INFINITY else 1 << 20
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, 1 << 20), hard))


if __name__ == "__main__":
    sys.exit(main())
