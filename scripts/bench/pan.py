"""Measure panning over many candles: main-thread time a frame and frames per second, by real mouse events.

    python scripts/bench/pan.py [--before COPY] [--charts FILE] [--seconds 3] [--counts 300 100000] [--quick]

Each chart holds n candles and, except the footprint chart, 5,000 signals; four fifths of the candles are in view, and
the mouse drags them to and fro. `plot` is assets/kit/plot, `chart` the footprint chart of this repository, `before`
that of another copy of it. lightweight-charts is the peer: FILE is its standalone script, by default npm fetches it.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _browser import ARGS, find_chromium
from _common import ROOT, Row, at_least, at_most, machine, median, number, show
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from layouts.chart_colours import PAIRS, SCHEMES
from layouts.chart_settings import options_drawn

PEER = "lightweight-charts@5.2.1"
COUNTS = (300, 3_000, 20_000, 100_000, 1_000_000)
MOST = {"chart": 100_000, "before": 100_000}
"""Candles from which a chart is left out: it holds an object for each bar."""
SHOWN = 100_000
"""Candles at which the aims hold."""
SIZE = {"width": 1440, "height": 900}
PAGE = """<!DOCTYPE html><html data-theme="dark"><body style="margin: 0">
<div id="chart" style="width: 1440px; height: 900px"></div></body></html>"""
STEP = 0.008
"""Seconds between two moves of the mouse."""


@dataclass(frozen=True, slots=True)
class Pan:
    """One drag. frames, moved: frames of the browser each second, and those in which the view had moved. script, task:
    ms of script, and of CPU time of the main thread, for each frame that had moved."""

    frames: float
    moved: float
    script: float
    task: float


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns 0 if every aim was met."""
    parser = argparse.ArgumentParser(description="Measure panning over many candles.")
    parser.add_argument(
        "--before", type=Path, help="another copy of this repository, whose footprint chart is measured"
    )
    parser.add_argument("--charts", type=Path, help="the standalone script of lightweight-charts (default: from npm)")
    parser.add_argument("--seconds", type=float, default=3.0, help="seconds of each drag (default: 3)")
    parser.add_argument("--rounds", type=int, default=3, help="drags of each chart, in turns (default: 3)")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS, help="candles of each chart, in turns")
    parser.add_argument("--quick", action="store_true", help="few candles and one short drag each")
    given = parser.parse_args(argv)
    counts, rounds, seconds = (COUNTS[:2], 1, 0.5) if given.quick else (given.counts, given.rounds, given.seconds)
    print(machine())
    with tempfile.TemporaryDirectory(prefix="bench-pan-") as folder:
        peer = given.charts or fetch_peer(Path(folder))
        return asyncio.run(run(peer, given.before, counts, rounds, seconds))


async def run(peer: Path, before: Path | None, counts: Sequence[int], rounds: int, seconds: float) -> int:
    """Measure each number of candles, and print; returns 0 if every aim was met."""
    good = True
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGS)
        for count in counts:
            pans = await measure(browser, sources(peer, before, count), count, rounds, seconds)
            good = show(f"{count:,} candles", rows(pans, count)) and good
        await browser.close()
    return 0 if good else 1


def fetch_peer(folder: Path) -> Path:
    """The peer's standalone script, from npm. Raises SystemExit if it cannot be had."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is not installed: pass the peer's script with --charts")
    command = [
        npm,
        "install",
        "--no-save",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
        str(folder),
        PEER,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"npm could not install {PEER}: {done.stderr.strip()[:300]}")
    return folder / "node_modules" / "lightweight-charts" / "dist" / "lightweight-charts.standalone.production.js"


def sources(peer: Path, before: Path | None, count: int) -> dict[str, list[Path]]:
    """Scripts and style sheets of each chart that shows so many candles."""
    plotly = ROOT / "assets" / "00-plotly-basic.min.js"
    found = {"plot": [plotly, *files(ROOT, "kit", "kit/plot")], "peer": [peer]}
    found["chart"] = [plotly, *files(ROOT, "kit", "kit/plot", "chart")]
    if before is not None:
        found["before"] = [plotly, *files(before, "kit", "kit/plot", "chart")]
    return {name: paths for name, paths in found.items() if count <= MOST.get(name, count)}


def files(root: Path, *folders: str) -> list[Path]:
    """The scripts of folders of `assets`, and the style sheets of the chart's page."""
    assets = root / "assets"
    sheets = [assets / "page.css", assets / "kit" / "plot" / "plot.css", assets / "chart.css"]
    scripts = [path for folder in folders for path in sorted((assets / folder).glob("*.js"))]
    return [*(path for path in sheets if path.exists()), *scripts]


async def measure(
    browser: Browser, charts: dict[str, list[Path]], count: int, rounds: int, seconds: float
) -> dict[str, list[Pan]]:
    """The drags of each chart, in turns."""
    pages = {name: await open_chart(browser, name, paths, count) for name, paths in charts.items()}
    pans: dict[str, list[Pan]] = {name: [] for name in charts}
    for page, session in pages.values():  # compiles what the drags run
        await page.bring_to_front()
        await drag(page, session, min(0.5, seconds))
    for _ in range(rounds):
        for name, (page, session) in pages.items():
            await page.bring_to_front()
            pans[name].append(await drag(page, session, seconds))
    for page, _ in pages.values():
        await page.close()
    return pans


async def open_chart(browser: Browser, name: str, paths: Sequence[Path], count: int) -> tuple[Page, CDPSession]:
    """A page with one chart."""
    page = await browser.new_page(viewport=SIZE)  # type: ignore[arg-type]  # playwright's TypedDict, spelt as a dict
    page.set_default_timeout(300_000)
    await page.set_content(PAGE)
    for path in (*paths, Path(__file__).with_name("_pan_pages.js")):
        await (page.add_style_tag if path.suffix == ".css" else page.add_script_tag)(path=path)
    options = options_drawn()
    given: list[Any] = [count, {"schemes": SCHEMES, "pairs": PAIRS}, options, options["defaults"]]
    kind = "chart" if name == "before" else name
    await page.evaluate("([name, more]) => window.openChart(name, ...more)", [kind, given])
    await page.wait_for_timeout(1_000)
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")
    await page.evaluate("() => window.startCounting()")
    return page, session


async def drag(page: Page, session: CDPSession, seconds: float) -> Pan:
    """Drag the chart to and fro. The moves do not wait for each other's answers, which take a frame each."""
    mouse = page.mouse
    await mouse.move(700, 300)
    await mouse.down()
    before, began = await costs(page, session), time.perf_counter()
    step, sent = 0, []
    while time.perf_counter() - began < seconds:
        step += 1
        turn = step % 160
        event = {"type": "mouseMoved", "x": 700 + 4 * (turn if turn < 80 else 160 - turn), "y": 300, "buttons": 1}
        sent.append(asyncio.create_task(session.send("Input.dispatchMouseEvent", {**event, "button": "left"})))
        await asyncio.sleep(max(0.0, began + step * STEP - time.perf_counter()))
    await asyncio.gather(*sent)  # a slow chart is behind by now
    after, took = await costs(page, session), time.perf_counter() - began
    await mouse.up()
    await page.wait_for_timeout(400)
    spent = {name: after[name] - before[name] for name in after}
    moved = max(1.0, spent["moved"])
    return Pan(spent["frames"] / took, spent["moved"] / took, spent["script"] / moved, spent["task"] / moved)


async def costs(page: Page, session: CDPSession) -> dict[str, float]:
    """Frames so far, ms of script and of CPU time of the main thread."""
    seen = await page.evaluate("() => window.panned")
    metrics = {entry["name"]: entry["value"] for entry in (await session.send("Performance.getMetrics"))["metrics"]}
    return {**seen, "script": 1000 * metrics["ScriptDuration"], "task": 1000 * metrics["ThreadTime"]}


def rows(pans: dict[str, list[Pan]], count: int) -> list[Row]:
    """The result of one number of candles."""
    middle = {
        name: Pan(*(median([getattr(pan, key) for pan in each]) for key in Pan.__slots__))
        for name, each in pans.items()
    }
    found = [
        Row(
            name,
            f"{number(pan.moved)} of {number(pan.frames)} frames/s, {number(pan.script)} ms script,"
            f" {number(pan.task)} ms main thread a frame",
        )
        for name, pan in middle.items()
    ]
    ours, peer = middle["plot"], middle["peer"]
    found += [
        Row(f"  {name}: main thread, times plot's", number(pan.task / ours.task))
        for name, pan in middle.items()
        if name != "plot"
    ]
    if "before" in middle:
        found.append(Row("  before: script, times chart's", number(middle["before"].script / middle["chart"].script)))
    if count == SHOWN:
        found.append(at_least("  plot's frames, times the peer's", ours.moved / max(peer.moved, 0.01), 5, ""))
        found.append(at_most("  plot's main thread a frame", ours.task, 4, "ms"))
    else:
        found.append(Row("  plot's frames, times the peer's", number(ours.moved / max(peer.moved, 0.01))))
    return found


if __name__ == "__main__":
    sys.exit(main())
