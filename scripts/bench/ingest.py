"""Measure how many ticks per second a real server accepts over HTTP on one core.

    python scripts/bench/ingest.py [--batches 200] [--rounds 5] [--quick] [--shortcuts]

`orderflow serve` runs in its own process and on its own core (Linux); this process sends prepared bytes from another
core. The first table has batches of 5,000 ticks over two connections, one symbol each, as CSV, JSON and NDJSON, with
the tick log on and off. The second has single ticks over many connections, in the order of their times; each POST waits
for its response, which is sent when the tick is on disk. The third compares with a straightforward server (`_peer.py`),
in turns; the peer's wall time includes waiting for delayed acknowledgements of its clients. The last compares the
routes that have a direct view (`orderflow.web.kit.routes.Direct`) with the same routes in Flask
(`_without_shortcuts.py`), in turns: a direct view is kept if it is at least 1.5 times as fast.

Every figure is given per second of the server's CPU time, which is what one core can do, and per second of wall time.
On an idle machine they are nearly equal; on a shared machine only the first is valid.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from _common import Row, Trades, at_least, machine, median, number, show
from _server import SERVE, Connection, Server, request, send_all, send_shared, serving

from orderflow.market.ticks import TickBatch

BATCH = 5_000
SENDERS = 2
CONNECTIONS = 64
"""Connections that send single ticks at the same time."""
SINGLE_SECONDS = 3.0
PEER = (str(Path(__file__).with_name("_peer.py")),)
FLASK = (str(Path(__file__).with_name("_without_shortcuts.py")), *SERVE[2:])
WORTH = 1.5
"""A direct view is kept if it is at least this many times as fast as its route in Flask."""
PHONES = 40
MAX_SINGLES = 40_000
PEER_BATCHES = 40


@dataclass(frozen=True)
class Speed:
    """Ticks per second of wall time (`clock`) and of CPU time (`core`)."""

    clock: float
    core: float


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every aim was met."""
    parser = argparse.ArgumentParser(description="Measure how fast the server ingests ticks.")
    parser.add_argument("--batches", type=int, default=200, help="batches of 5,000 per round (default: 200)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds; the median is printed (default: 5)")
    parser.add_argument("--quick", action="store_true", help="a few batches, one round")
    parser.add_argument("--shortcuts", action="store_true", help="only compare the direct views with Flask's routes")
    given = parser.parse_args(argv)
    if given.quick:
        given.batches, given.rounds = 40, 1
    print(machine())
    if given.shortcuts:
        return 0 if show("direct views compared with the same routes in Flask", shortcut_rows(given.rounds)) else 1
    trades = Trades()
    made = list(trades.batches(given.batches * BATCH, BATCH))
    bodies = {kind: [write(batch) for batch in made] for kind, write in WRITERS.items()}
    with tempfile.TemporaryDirectory(prefix="bench-ingest-") as folder, serving("--data-dir", folder) as logging:
        with serving("--ephemeral") as plain:
            title = f"batches of {BATCH:,}, median of {given.rounds} rounds of {given.batches * BATCH:,} ticks"
            met = show(title, batch_rows(plain, logging, bodies, given.rounds))
        met &= show("single ticks, log on", single_rows(logging, given.rounds))
        show("compared with Flask and a list of dicts, without a log", peer_rows(logging, bodies[JSON], given.rounds))
    met &= show("direct views compared with the same routes in Flask", shortcut_rows(given.rounds))
    return 0 if met else 1


def rows_of(batch: TickBatch) -> list[tuple[str, float, int, str]]:
    """(ISO time, price, size, side) of each tick."""
    times = np.datetime_as_string(batch.time.view("M8[ns]").astype("M8[us]")).tolist()
    sides = ["buy" if side > 0 else "sell" for side in batch.side.tolist()]
    return list(zip(times, (batch.price / 100).tolist(), batch.size.tolist(), sides, strict=True))


def as_csv(batch: TickBatch) -> bytes:
    lines = [f"{time}Z,{price},{size},{side}\n" for time, price, size, side in rows_of(batch)]
    return ("timestamp,price,size,side\n" + "".join(lines)).encode()


def objects(batch: TickBatch) -> list[dict[str, object]]:
    return [
        {"timestamp": f"{time}Z", "price": price, "size": size, "side": side}
        for time, price, size, side in rows_of(batch)
    ]


CSV, JSON, NDJSON = "text/csv", "application/json", "application/x-ndjson"
WRITERS: dict[str, Callable[[TickBatch], bytes]] = {
    CSV: as_csv,
    JSON: lambda batch: orjson.dumps(objects(batch)),
    NDJSON: lambda batch: b"".join(orjson.dumps(row) + b"\n" for row in objects(batch)),
}
AIMS = {CSV: 1.0, JSON: 0.5, NDJSON: 0.5}
"""Aims in million ticks per second of one core."""


def batch_rows(plain: Server, logging: Server, bodies: dict[str, list[bytes]], rounds: int) -> list[Row]:
    """Measure every format, with the log off and on, in turns."""
    found: dict[tuple[str, str], list[Speed]] = {}
    for turn in range(rounds + 1):
        for kind, parts in bodies.items():
            for log, server in (("off", plain), ("on", logging)):
                speed = send_batches(server, kind, parts)
                if turn:  # the first is a warm-up
                    found.setdefault((kind, log), []).append(speed)
        for log, server in (("off", plain), ("on", logging)):
            found.setdefault(("polled", log), []).append(send_batches(server, CSV, bodies[CSV], polled=True))
    rows = []
    for (kind, log), speeds in found.items():
        name = f"{CSV}, log {log}, while a chart refreshes" if kind == "polled" else f"{kind}, log {log}"
        rows += speed_rows(name, speeds, 1e6, "M ticks/s", AIMS.get(kind))
    return rows


def send_batches(server: Server, kind: str, bodies: Sequence[bytes], *, polled: bool = False) -> Speed:
    """Send the bodies to an empty server. polled: refresh the bars every half second meanwhile."""
    names = [f"NQ{number}" for number in range(SENDERS)]
    queues = [
        [request("POST", f"/ticks?symbol={name}", body, kind) for body in bodies[number::SENDERS]]
        for number, name in enumerate(names)
    ]
    over = threading.Event()
    pollers = [threading.Thread(target=poll, args=(server, name, over)) for name in names] if polled else []
    for poller in pollers:
        poller.start()
    own, begin = server.processor_seconds, time.perf_counter()
    done = send_all(server.port, queues)
    passed, own = time.perf_counter() - begin, server.processor_seconds - own
    over.set()
    for poller in pollers:
        poller.join()
    server.post("/reset")
    return Speed(done * BATCH / passed, done * BATCH / own if own else float("nan"))


def poll(server: Server, symbol: str, over: threading.Event) -> None:
    """Request the statistics of a symbol, which refreshes its bars as a chart's poll does, until `over` is set."""
    while not over.wait(0.5):
        server.get(f"/stats?symbol={symbol}")


def singles(count: int) -> list[bytes]:
    """Requests of one tick each, in the order of their times."""
    return [request("POST", "/tick", orjson.dumps(row), JSON) for row in objects(Trades().take(count))]


def send_singles(server: Server, requests: Sequence[bytes], connections: int = CONNECTIONS) -> Speed:
    """Send one tick per POST for SINGLE_SECONDS."""
    own, begin = server.processor_seconds, time.perf_counter()
    done = send_shared(server.port, requests, connections, SINGLE_SECONDS)
    passed, own = time.perf_counter() - begin, server.processor_seconds - own
    return Speed(done / passed, done / own if own else float("nan"))


def single_rows(server: Server, rounds: int) -> list[Row]:
    requests = singles(MAX_SINGLES)
    send_singles(server, requests[:1_000])
    found = [send_reset(server, requests, CONNECTIONS) for _ in range(rounds)]
    alone = [send_reset(server, requests, 1) for _ in range(rounds)]
    return [
        *speed_rows(f"POST /tick, {CONNECTIONS} connections", found, 1, "ticks/s", 2_000),
        *speed_rows("POST /tick, one connection", alone, 1, "ticks/s", None),
    ]


def send_reset(server: Server, requests: Sequence[bytes], connections: int) -> Speed:
    server.post("/reset")
    return send_singles(server, requests, connections)


def peer_rows(server: Server, bodies: Sequence[bytes], rounds: int) -> list[Row]:
    """Send the same JSON bodies and the same single ticks to both servers, in turns."""
    requests, bodies = singles(MAX_SINGLES), bodies[:PEER_BATCHES]
    batched: tuple[list[Speed], list[Speed]] = ([], [])
    single: tuple[list[Speed], list[Speed]] = ([], [])
    for _ in range(rounds):
        with serving(command=PEER) as peer:
            for place, each in enumerate((server, peer)):
                batched[place].append(send_peer(each, bodies))
                single[place].append(send_singles(each, requests))
        server.post("/reset")
    rows = []
    for what, (ours, theirs) in (("JSON in batches", batched), ("single ticks", single)):
        rows += [
            *speed_rows(f"{what}: orderflow, log on", ours, 1, "ticks/s", None),
            *speed_rows(f"{what}: Flask, no log", theirs, 1, "ticks/s", None),
            Row("  orderflow / Flask", f"{number(core(ours) / core(theirs))} times"),
            Row("  by wall time", f"{number(clock(ours) / clock(theirs))} times"),
        ]
    return rows


def send_peer(server: Server, bodies: Sequence[bytes]) -> Speed:
    """Send the bodies over one connection."""
    own, begin = server.processor_seconds, time.perf_counter()
    done = send_all(server.port, [[request("POST", "/ticks", body, JSON) for body in bodies]])
    passed, own = time.perf_counter() - begin, server.processor_seconds - own
    return Speed(done * BATCH / passed, done * BATCH / own if own else float("nan"))


def shortcut_rows(rounds: int) -> list[Row]:
    """Measure single ticks and the herd game's orders, with and without direct views, in turns."""
    requests = singles(MAX_SINGLES)
    ways: dict[str, Callable[[Server], Speed]] = {
        f"POST /tick, {CONNECTIONS} connections": lambda server: send_reset(server, requests, CONNECTIONS),
        "POST /tick, one connection": lambda server: send_reset(server, requests, 1),
        f"POST /herd/orders, {PHONES} phones": send_orders,
    }
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in ways}
    game = {"ORDERFLOW_HERD_RATE": "1000"}
    with serving("--ephemeral", environ=game) as direct, serving("--ephemeral", command=FLASK, environ=game) as flask:
        for turn in range(rounds + 1):
            for name, send in ways.items():
                for place, server in enumerate((direct, flask)):
                    speed = send(server)
                    if turn:  # the first is a warm-up
                        found[name][place].append(speed.core)
    rows = []
    for name, (ours, plain) in found.items():
        rows += [
            Row(f"{name}: direct", f"{number(median(ours))} requests/s"),
            Row(f"{name}: Flask", f"{number(median(plain))} requests/s"),
            Row("  ratio", f"{number(median(ours) / median(plain))} times", f"kept if ≥ {WORTH}"),
        ]
    return rows


def send_orders(server: Server) -> Speed:
    """Send orders of joined phones in an open market; each POST waits for its response."""
    for action in ("reset", "start"):
        server.post("/herd/control", orjson.dumps({"action": action}))
    cookies = [join(server) for _ in range(PHONES)]
    orders = [
        request("POST", "/herd/orders", order(number), JSON, f"Cookie: {cookies[number % PHONES]}\r\n")
        for number in range(MAX_SINGLES)
    ]
    return send_singles(server, orders, PHONES)


def order(number: int) -> bytes:
    """An order for one share; buys and sells alternate, so that no participant runs out of cash or shares."""
    side = "sell" if number // PHONES % 2 else "buy"
    return orjson.dumps({"client_id": str(uuid.uuid4()), "side": side, "quantity": 1})


def join(server: Server) -> str:
    """The cookie of a new participant."""
    while True:
        with Connection(server.port) as connection:
            connection.socket.sendall(request("POST", "/herd/join", b"", JSON))
            head = connection.socket.recv(1 << 16).decode()
        if " 429 " not in head.split("\r\n")[0]:
            return head.split("Set-Cookie: ")[1].split(";")[0]
        time.sleep(0.2)  # the rate of joins is limited


def core(speeds: Sequence[Speed]) -> float:
    return median([speed.core for speed in speeds])


def clock(speeds: Sequence[Speed]) -> float:
    return median([speed.clock for speed in speeds])


def speed_rows(what: str, speeds: Sequence[Speed], scale: float, unit: str, aim: float | None) -> list[Row]:
    own = core(speeds) / scale
    return [
        Row(what, f"{number(own)} {unit}") if aim is None else at_least(what, own, aim, unit),
        Row("  by wall time", f"{number(clock(speeds) / scale)} {unit}"),
    ]


if __name__ == "__main__":
    sys.exit(main())
