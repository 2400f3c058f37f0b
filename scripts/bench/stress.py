"""Measure what one client that means harm costs the others: the long form of tests/stress.

    python scripts/bench/stress.py [--minutes 20] [--quick] [NAME …]

Each attack of `tests/stress/attacks.py` runs again and again for its share of the time, against a real server with a
log on disk. Another client asks for /health all the while. Before each attack the same client asks an idle server, for
a tenth of that time. Printed for each attack: how often it ran, the other client's longest wait and the 99th
percentile, idle and attacked, and the server's memory before, at most, and 3 seconds after the ticks that the last run
left were deleted.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

import requests
from _common import Row, at_most, machine, number, parser_of, percentile, show
from _server import Server, serving

from tests.stress.attacks import ATTACKS, Watcher

MIB = 1 << 20
SETTLE = 3.0
"""Seconds after the last run of an attack until memory is read."""
WAIT = 1.0
"""Most seconds that the other client may wait on an idle machine."""
LEFT = 1.2
"""Part of the memory before an attack, and before all, that may be in use afterwards."""


@dataclass(frozen=True)
class Result:
    """idle, attacked: seconds of each answer to the other client. runs: of the attack. Memory in bytes."""

    idle: Sequence[float]
    attacked: Sequence[float]
    runs: int
    before: float
    most: float
    after: float


def main() -> int:
    parser = parser_of(__doc__, "a second of each attack", minutes=(20.0, "all attacks together"))
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ATTACKS))
    options = parser.parse_args()
    names = options.names or list(ATTACKS)
    unknown = sorted(set(names) - ATTACKS.keys())
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; attacks: {', '.join(ATTACKS)}")
    seconds = 1.0 if options.quick else options.minutes * 60 / len(names)
    print(machine())
    met = True
    with tempfile.TemporaryDirectory(prefix="bench-stress-") as folder, serving("--data-dir", folder) as server:
        for name in names:  # what is loaded at the first use stays
            run_once(server, name)
        forget(server)
        time.sleep(SETTLE)
        begin = server.resident
        for name in names:
            met &= show(f"{name}: {summary(name)}", rows(measure(server, name, seconds)))
        met &= show("after all attacks", [at_most("memory, of that before", server.resident / begin, LEFT, "times")])
    return 0 if met else 1


def summary(name: str) -> str:
    return (ATTACKS[name].__doc__ or "").splitlines()[0]


def run_once(server: Server, name: str) -> None:
    with contextlib.suppress(OSError):  # the server may close the connection of an attack
        ATTACKS[name](server.port)


def forget(server: Server) -> None:
    """Delete the ticks that were taken: they are kept, and not what an attack leaves behind."""
    answer = requests.post(f"http://127.0.0.1:{server.port}/reset", params={"symbol": "ATTACK"}, timeout=60)
    if answer.status_code not in (200, 404):
        answer.raise_for_status()


def measure(server: Server, name: str, seconds: float) -> Result:
    """Watch an idle server for a tenth of the time, then run the attack until the time is over."""
    pid = server.process.pid
    with Watcher(server.port, pid) as idle:
        time.sleep(seconds / 10)
    before = server.resident
    until, runs = time.monotonic() + seconds, 0
    with Watcher(server.port, pid) as other:
        while not runs or time.monotonic() < until:
            run_once(server, name)
            runs += 1
    forget(server)
    time.sleep(SETTLE)
    return Result(idle.waits, other.waits, runs, before, other.most, server.resident)


def rows(found: Result) -> list[Row]:
    """The lines of one attack."""
    memory = " · ".join(f"{number(size / MIB)} MiB" for size in (found.before, found.most, found.after))
    return [
        Row("runs", f"{found.runs:,}"),
        Row("another client's longest wait, idle", f"{number(max(found.idle) * 1000)} ms"),
        at_most("another client's longest wait, attacked", max(found.attacked) * 1000, WAIT * 1000, "ms"),
        Row(
            "99th percentile, idle and attacked",
            " · ".join(f"{number(percentile(waits, 99) * 1000)} ms" for waits in (found.idle, found.attacked)),
        ),
        Row("memory before, at most, after", memory),
        at_most("memory after, of that before", found.after / found.before, LEFT, "times"),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
