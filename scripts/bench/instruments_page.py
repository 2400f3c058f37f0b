"""Measure /instruments/: main-thread time in Chromium, CPU time on the server, and the age of the displayed prices.

    python scripts/bench/instruments_page.py [--instruments 1000] [--seconds 20] [--before FOLDER]

Chromium shows the page, sorted by change. `--before` names a checkout of an earlier version of this repository; its
page is measured in the same run, and the rows give the ratio to it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from _browser import SIZE, chromium
from _common import ROOT, Row, at_most, machine, number, percentile, show
from _server import Server, serving
from playwright.sync_api import Browser, Page

ROWS = """() => [...document.querySelectorAll('.ix-grid .ag-center-cols-container .ag-row')].map((row) =>
  [row.getAttribute('row-id'), row.querySelector('[col-id=price]').innerText])"""
CARDS = """() => [...document.querySelectorAll('.ix-card')].map((card) =>
  [card.dataset.id, card.querySelector('.ix-price').innerText])"""
UPDATES = 100
"""Updates of the page after which its rows are compared with the server's."""
INTERVAL = 0.5
METRICS = ("ThreadTime", "TaskDuration", "ScriptDuration")
COMMAND = ("-P", "-m", "orderflow", "serve", "--port", "0")
"""Without the working folder on the path, so that PYTHONPATH selects the version that runs."""


@dataclass
class Reading:
    """processor, clock, script: main-thread ms per second: CPU time, wall time, scripts by wall time. server: share of
    a core in addition to the simulation's. ages: seconds that a displayed price lags behind the newest price of its
    instrument. differing: rows that differ from the server's at the end. rows: number of displayed rows."""

    processor: float = 0.0
    clock: float = 0.0
    script: float = 0.0
    server: float = 0.0
    ages: list[float] = field(default_factory=list)
    differing: int = 0
    rows: int = 0


def main() -> int:
    options = arguments()
    print(machine())
    with chromium() as browser:
        ours = measure(browser, options, ROOT)
        before = measure(browser, options, options.before) if options.before else None
    return 0 if report(options, ours, before) else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--instruments", type=int, default=1000, help="instruments at one price per second (1000)")
    parser.add_argument("--seconds", type=float, default=20.0, help="seconds of each measurement (20)")
    parser.add_argument("--before", type=Path, help="checkout of the version to compare with")
    parser.add_argument("--quick", action="store_true", help="small numbers, to check that it runs")
    options = parser.parse_args()
    if options.quick:
        options.instruments, options.seconds = 50, 3.0
    return options


@contextlib.contextmanager
def tree(folder: Path) -> Iterator[None]:
    """Context manager: servers that start in the block run the code of this folder."""
    kept = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("PYTHONPATH")
        if kept is not None:
            os.environ["PYTHONPATH"] = kept


def measure(browser: Browser, options: argparse.Namespace, folder: Path) -> Reading:
    """Measure the page of one version on its own server."""
    reading = Reading()
    count = str(options.instruments)
    with tree(folder), serving("--ephemeral", "--ticker-count", count, command=COMMAND) as server:
        time.sleep(5.0)
        alone = share_of_core(server, options.seconds)
        page = open_page(browser, server)
        measure_cost(page, server, reading, options.seconds, alone)
        measure_ages(page, server, reading, options.seconds)
        page.wait_for_timeout(UPDATES * INTERVAL * 1000)
        compare(page, server, reading)
        page.context.close()
    return reading


def share_of_core(server: Server, seconds: float) -> float:
    """CPU seconds per second that the server uses now."""
    used, began = server.processor_seconds, time.monotonic()
    time.sleep(seconds)
    return (server.processor_seconds - used) / (time.monotonic() - began)


def open_page(browser: Browser, server: Server) -> Page:
    """Open the page and sort it by change."""
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]  # playwright's own TypedDict, spelt as a dict
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/instruments/")
    page.wait_for_selector("[data-state=live]", timeout=60_000)
    page.wait_for_selector(".ag-row, .ix-card", timeout=60_000)
    if page.query_selector("select#instruments-sort"):
        page.select_option("select#instruments-sort", "change")
    else:
        page.click("#instruments-sort")
        page.get_by_role("option", name="Change").click()
    page.evaluate("() => document.activeElement.blur()")
    page.mouse.move(2, 2)
    page.wait_for_timeout(4_000)
    return page


def measure_cost(page: Page, server: Server, reading: Reading, seconds: float, alone: float) -> None:
    """Measure the main thread and the server while the script does not query the page. alone: CPU share without it."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def metrics() -> dict[str, float]:
        return {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}

    before, used, began = metrics(), server.processor_seconds, time.monotonic()
    page.wait_for_timeout(seconds * 1000)
    after, passed = metrics(), time.monotonic() - began
    cost = {name: (after[name] - before[name]) * 1000 / passed for name in METRICS}
    measuring = (after["DevToolsCommandDuration"] - before["DevToolsCommandDuration"]) * 1000 / passed
    reading.clock, reading.script = cost["TaskDuration"] - measuring, cost["ScriptDuration"]
    reading.processor = cost["ThreadTime"] - measuring
    reading.server = (server.processor_seconds - used) / passed - alone
    session.detach()


def shown(page: Page) -> dict[str, str]:
    """Displayed prices by id."""
    return dict(page.evaluate(CARDS if page.query_selector(".ix-card") else ROWS))


def measure_ages(page: Page, server: Server, reading: Reading, seconds: float) -> None:
    """Record the age of the newest price that a row does not show yet, 0 if the row shows it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        moment = time.time()
        held = {one["id"]: one for one in json.loads(server.get("/api/v1/tickers"))}
        for id, price in shown(page).items():
            one = held[id]
            made = _seconds(one["updated_at"])
            late = f"{one['current_price']:,.2f}" != price
            reading.ages.append(max(0.0, moment - made) if late else 0.0)
        page.wait_for_timeout(400)


def compare(page: Page, server: Server, reading: Reading) -> None:
    """Pause the simulation, and count the rows that differ from the server's."""
    server.post("/api/v1/simulation", b'{"action": "pause"}')
    page.wait_for_timeout(4 * INTERVAL * 1000)
    held = {one["id"]: f"{one['current_price']:,.2f}" for one in json.loads(server.get("/api/v1/tickers"))}
    found = shown(page)
    reading.rows = len(found)
    reading.differing = sum(held[id] != price for id, price in found.items())


def report(options: argparse.Namespace, ours: Reading, before: Reading | None) -> bool:
    """Print the table; returns whether every aim was met."""

    def against(value: float, other: float) -> str:
        return f"; {number(value / other)} times the earlier version ({number(other)})" if other > 0 else ""

    def words(name: str, factor: float = 1.0) -> str:
        return "" if before is None else against(getattr(ours, name) * factor, getattr(before, name) * factor)

    rows: list[Any] = [
        at_most("main thread, CPU time per second" + words("processor"), ours.processor, 200, "ms"),
        Row("main thread, wall time per second" + words("clock"), f"{number(ours.clock)} ms"),
        Row("  of which scripts" + words("script"), f"{number(ours.script)} ms"),
        at_most("server, in addition to the simulation" + words("server", 100), ours.server * 100, 3, "% of a core"),
        at_most("age of a displayed price, p99", percentile(ours.ages, 99), 1, "s"),
        Row(
            f"rows that differ after {UPDATES} updates, of {ours.rows}",
            str(ours.differing),
            "aim 0",
            ours.differing == 0,
        ),
    ]
    return show(f"/instruments/ with {options.instruments:,} instruments at one price per second, by change", rows)


def _seconds(text: str) -> float:
    """Unix seconds of a naive UTC time."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


if __name__ == "__main__":
    sys.exit(main())
