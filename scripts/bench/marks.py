"""Whether every mark of the chart is true: each recording in each frame at each row size against the tests' oracle, and
with `--browser` the same marks and printed numbers on a desktop, a large screen and a phone.

The tests run pairs of these; this runs the whole product, on all ticks of the bundled recordings and of those in the
folder of real market data, where that is there. Ends with 0 when nothing was wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from _common import ROOT

from orderflow.market.frames import TIME_FRAMES, Frame
from orderflow.market.market import Market
from tests.browser.drawn import MARKS, PRINTED
from tests.exactness.marks import BUNDLED, SHARED, batch_of, complete_bars, wrong_marks
from tests.oracle import rows as oracle
from tests.oracle.oracle import Tick
from tests.running import start_server

FRAMES = (*TIME_FRAMES, "ticks:100", "ticks:500", "volume:500", "range:8", "range:20", "delta:200")
SIZES = (0, 1, 2, 4, 10, 25, 100)
SCREENS = {"desktop": (1440, 900, 9, 10), "large": (1920, 1080, 10, 15), "phone": (390, 844, 10, 5)}
"""Width, height, least px of digits, fewest bars."""
Recordings = dict[str, tuple[Sequence[Tick], Any]]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Compare the chart's marks with the oracle's.")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="the real market data")
    parser.add_argument("--ticks", type=int, default=20_000, help="most ticks of a recording (default: 20,000)")
    parser.add_argument("--browser", action="store_true", help="look at three screens too (needs playwright)")
    parser.add_argument("recording", nargs="*", help="only these, as ltc or nq (default: all)")
    given = parser.parse_args(argv)
    recordings = dict(read(given.data, given.ticks, given.recording or [*BUNDLED, *SHARED]))
    if missing := set(given.recording) - set(recordings):
        parser.error(f"there is no recording {', '.join(sorted(missing))}")
    wrong = sum(compare(name, *recording) for name, recording in recordings.items())
    if given.browser:
        wrong += look(recordings)
    print(f"{wrong} wrong")
    return min(wrong, 1)


def read(data: Path, most: int, names: Sequence[str]) -> Iterator[tuple[str, tuple[Sequence[Tick], Any]]]:
    """(name, (ticks, tick size)) of the recordings of these names that are there."""
    readers: dict[str, tuple[Callable[[], list[Tick]], Any]] = dict(BUNDLED)
    if data.is_dir():
        readers |= {name: (partial(reader, data), tick) for name, (reader, tick) in SHARED.items()}
    for name in filter(readers.__contains__, names):
        reader, tick = readers[name]
        yield name, (reader()[:most], tick)


def filled(name: str, ticks: Sequence[Tick], tick: Any) -> Market:
    market = Market()
    market.configure(name, tick_size=tick)
    market.ingest([batch_of(name, ticks)])
    return market


def compare(name: str, ticks: Sequence[Tick], tick: Any) -> int:
    """Print and count the frames and row sizes at which marks differ from the oracle's."""
    market, over, wrong, bars = filled(name, ticks, tick), oracle.last_session(ticks), 0, 0
    for frame in FRAMES:
        held = oracle.bars_of(ticks, frame, tick)
        for rows in SIZES:
            answer = market.changed(name, Frame.parse(frame), 0, None, rows)
            mine = held[-len(answer["bars"]) :]
            found = wrong_marks(answer, mine, tick)
            if not rows and answer["rows"] != oracle.row_size(complete_bars(over, frame, tick) or mine, tick):
                found.append(f"row size {answer['rows']}")
            bars += len(mine)
            wrong += bool(found)
            if found:
                print(f"{name} {frame} {rows}: {len(found)} wrong, first {found[0][:300]}")
    print(f"{name}: {bars:,} bars compared in {len(FRAMES)} frames at {len(SIZES)} row sizes", flush=True)
    return wrong


def look(recordings: Recordings) -> int:
    """Print and count the first views whose numbers cannot be read, and those whose marks differ between screens."""
    from _browser import chromium  # needs playwright

    server = start_server("--ephemeral", "--no-browser", fresh=True)
    wrong = 0
    try:
        for name, (ticks, _) in recordings.items():
            send(server, name, ticks)
        with chromium() as browser:
            for name in recordings:
                found = sum(differs(browser, f"{server.url}/chart/?symbol={name}&frame={frame}") for frame in FRAMES)
                print(f"{name}: {found} wrong in {len(FRAMES)} frames on {len(SCREENS)} screens", flush=True)
                wrong += found
    finally:
        server.stop()
    return wrong


def send(server: Any, name: str, ticks: Sequence[Tick]) -> None:
    side = {1: "buy", -1: "sell", 0: "", None: ""}
    for at in range(0, len(ticks), 5_000):
        rows = "".join(f"{t.time},{t.price},{t.size},{side[t.side]},{name}\n" for t in ticks[at : at + 5_000])
        server.post("/ticks", ("timestamp,price,size,side,symbol\n" + rows).encode(), "text/csv")


def differs(browser: Any, url: str) -> int:
    """Print and count what is wrong with one view on the three screens."""
    marks, wrong = None, 0
    for screen, (width, height, px, bars) in SCREENS.items():
        phone = screen == "phone"
        context = browser.new_context(viewport={"width": width, "height": height}, is_mobile=phone, has_touch=phone)
        page = context.new_page()
        page.goto(url)
        page.wait_for_function("() => window.orderflow?.page?.chart?.ready && orderflow.page.chart.gd?.layout")
        page.wait_for_timeout(500)
        seen, found = page.evaluate(MARKS), page.evaluate(PRINTED)
        context.close()
        bad = [] if marks in (None, seen) else ["other marks"]
        marks = seen
        if found["cells"] and (found["printed"] < 0.95 * found["cells"] or found["least"] < px):
            bad.append("cannot be read")
        if found["bars"] < bars:
            bad.append("too few bars")
        if bad:
            print(f"{url.split('?')[1]} on {screen}: {', '.join(bad)}: {found}", flush=True)
        wrong += len(bad)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
