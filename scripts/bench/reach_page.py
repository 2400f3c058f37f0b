"""Measure how soon any bar of a long log is on the screen: jumps of the chart's page to random times.

    python scripts/bench/reach_page.py [--ticks 1e7] [--jumps 40] [--sessions 300] [--quick]

A server reads a log of that many ticks from disk. A page of its own opens each frame and then goes to random times, as
the dialog for a date does. A jump lasts from the call until the bars around that time are painted. Of an activity frame
the time until its bars are counted is measured first.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from _browser import chromium
from _common import OPENING, SYMBOL, Row, at_most, machine, number, percentile, show
from _server import Server, serving
from playwright.sync_api import Browser, Page
from reach import DAY, FRAMES, fill

GO = """(time) => new Promise((done) => {
  const { orderflow } = window, begun = performance.now();
  orderflow.reach.go(orderflow.page.chart, time);
  const look = () => {
    if (orderflow.page.chart.wanted) return void setTimeout(look, 4);
    requestAnimationFrame(() => {
      const channel = new MessageChannel(); // its message arrives after the frame is painted
      channel.port1.onmessage = () => done(performance.now() - begun);
      channel.port2.postMessage(0);
    });
  };
  look();
})"""
COUNTED = """() => {
  const chart = window.orderflow?.page?.chart;
  return chart?.ready && Number.isInteger(chart.live.stats.candles);
}"""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns 0 if every aim was met."""
    parser = argparse.ArgumentParser(description="Measure jumps over a long log on the chart's page.")
    parser.add_argument("--ticks", type=float, default=1e7, help="ticks in the log (default: 1e7)")
    parser.add_argument("--jumps", type=int, default=40, help="jumps in each frame (default: 40)")
    parser.add_argument("--sessions", type=int, default=300, help="sessions of the log, one a day (default: 300)")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the ticks, and fewer jumps")
    given = parser.parse_args(argv)
    ticks, jumps = (int(given.ticks) // 20, 8) if given.quick else (int(given.ticks), given.jumps)
    print(machine())
    with tempfile.TemporaryDirectory(prefix="bench-reach-") as folder:
        fill(Path(folder) / "ticks", ticks, given.sessions)
        with serving("--data-dir", folder, "--no-browser", "--ticker-count", "0") as server, chromium() as browser:
            rows = [row for frame in FRAMES for row in measure(browser, server, frame.name, jumps, given.sessions)]
    return 0 if show(f"{ticks:,} ticks of {given.sessions} sessions, chart of 1440 by 900", rows) else 1


def measure(browser: Browser, server: Server, frame: str, jumps: int, sessions: int) -> list[Row]:
    """The rows of one frame."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    begun = time.perf_counter()
    page.goto(f"http://127.0.0.1:{server.port}/chart/?symbol={SYMBOL}&frame={frame}")
    page.wait_for_function(COUNTED, timeout=120_000)
    counted = time.perf_counter() - begun
    times = np.random.default_rng(3).integers(OPENING, OPENING + sessions * DAY, jumps) // 1_000_000
    waits = [jump(page, at) for at in times.tolist()]
    page.close()
    return [
        at_most(f"{frame}: page opened and bars counted", counted, 10.0, "s"),
        Row("  jump to pixels, median", f"{number(percentile(waits, 50))} ms"),
        at_most("  jump to pixels, p95", percentile(waits, 95), 500, "ms"),
    ]


def jump(page: Page, at: int) -> float:
    """ms until the bars around a time (ms UTC) are painted."""
    page.wait_for_timeout(400)  # the bars at the edges of the last view have come
    return float(page.evaluate(GO, at))


if __name__ == "__main__":
    sys.exit(main())
