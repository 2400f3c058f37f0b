"""Measure the big screen of the herd game: main-thread time of its page in Chromium, and its CPU time on the server.

    python scripts/bench/herd_page.py [--phones 300] [--seconds 20] [--peer FOLDER]

Phones trade in a game, first without the presenter's page and then with it; the difference is the page's cost on the
server. `--peer` names another copy of this repository, which is measured in the same run. On a busy machine the main
thread's wall time includes waiting for a core; its CPU time does not.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from _browser import SIZE, chromium
from _common import Row, at_most, machine, number, show
from _herd_phones import Notes, Phone
from _server import Server, serving
from playwright.sync_api import Page

EVERY = 2.0
"""Seconds between two orders of a phone."""
MAX_TASKS, MAX_SHARE = 300.0, 3.0
START = "import sys; sys.path.insert(0, {!r}); from orderflow.__main__ import main; sys.exit(main())"


@dataclass
class Cost:
    """tasks, thread, script: ms per second of the page's main thread by wall time, its CPU time, its script time.
    share: percent of a core that the page costs the server."""

    tasks: float
    thread: float
    script: float
    share: float


def main() -> int:
    options = arguments()
    print(machine())
    ours = measure((), options)
    rows = [
        at_most("main thread, wall time per second", ours.tasks, MAX_TASKS, "ms"),
        Row("main thread, CPU time per second", f"{number(ours.thread)} ms"),
        Row("scripts, per second", f"{number(ours.script)} ms"),
        at_most("server, for one page, of one core", ours.share, MAX_SHARE, "%"),
    ]
    if options.peer:
        peer = measure(("-c", START.format(str(options.peer)), "serve", "--port", "0"), options)
        rows += [
            Row("the other copy: main thread, wall time", f"{number(peer.tasks)} ms"),
            Row("main thread, CPU time per second", f"{number(peer.thread)} ms"),
            Row("scripts, per second", f"{number(peer.script)} ms"),
            Row("server, for one page, of one core", f"{number(peer.share)} %"),
        ]
    return 0 if show(f"the presenter's page with {options.phones} phones trading, {options.seconds:g} s", rows) else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--phones", type=int, default=300, help="phones that trade (300)")
    parser.add_argument("--seconds", type=float, default=20.0, help="seconds of each measurement (20)")
    parser.add_argument("--peer", type=Path, help="another copy of this repository, to compare with")
    return parser.parse_args()


def measure(command: tuple[str, ...], options: argparse.Namespace) -> Cost:
    """Measure one server with its phones, without and with the page."""
    flags = ("--ephemeral", "--no-browser")
    with serving(*flags, command=command) if command else serving(*flags) as server, trading(server, options.phones):
        time.sleep(3.0)
        alone = share(server, lambda: time.sleep(options.seconds))
        with chromium() as browser:
            page = browser.new_context(viewport=SIZE).new_page()  # type: ignore[arg-type]  # a dict, not playwright's own
            page.goto(f"http://127.0.0.1:{server.port}/herd/")
            page.wait_for_selector("#herd-stage[data-scene='play']")
            page.wait_for_timeout(4_000)
            found: list[tuple[float, float, float]] = []
            seen = share(server, lambda: found.append(watch(page, options.seconds)))
    return Cost(*found[0], seen - alone)


def share(server: Server, do: Callable[[], object]) -> float:
    """Percent of a core that the server uses while `do()` runs."""
    used, begun = server.processor_seconds, time.perf_counter()
    do()
    return 100 * (server.processor_seconds - used) / (time.perf_counter() - begun)


def watch(page: Page, seconds: float) -> tuple[float, float, float]:
    """(wall time, CPU time, script time) of the main thread, ms per second."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def read() -> dict[str, float]:
        return {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}

    before = read()
    page.wait_for_timeout(seconds * 1000)
    after = read()
    passed = after["Timestamp"] - before["Timestamp"]
    tasks, thread, script = (
        1000 * (after[name] - before[name]) / passed for name in ("TaskDuration", "ThreadTime", "ScriptDuration")
    )
    return tasks, thread, script


@contextlib.contextmanager
def trading(server: Server, count: int) -> Iterator[None]:
    """Context manager: `count` phones trade in a thread while the block runs."""
    over = threading.Event()

    async def run() -> None:
        phones = [Phone(n, server.port, Notes()) for n in range(count)]
        for phone in phones:
            await phone.join()
        while not over.is_set():
            until = time.perf_counter() + EVERY
            await asyncio.gather(*(phone.trade(EVERY, until) for phone in phones))

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    yield
    over.set()
    thread.join()


if __name__ == "__main__":
    sys.exit(main())
