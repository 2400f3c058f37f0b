"""Measure what /chart/ costs a browser: 30 bars of 40 levels, a continuous feed of ticks, an update every 500 ms.

    python scripts/bench/chart.py [--updates 40] [--rounds 3] [--quick]

It starts a real server and opens the page in headless Chromium (with playwright; ORDERFLOW_CHROMIUM names another than
the system's). The feed POSTs 15 ticks every 100 ms at the end of the last bar. It measures a history of 30 bars, one of
5,000 bars, and a straightforward chart (`_peer_chart.py`), in turns.

Main-thread time is wall time, as a user experiences it; on a busy machine that includes waiting for a core, so the CPU
time is printed too. Latency is the time from the start of a tick's POST to the frame that shows the tick.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from _browser import Feed, Reading, chromium, middle, watch
from _common import OPENING, SECOND, Row, at_most, machine, median, number, percentile, show
from _server import Server, start
from playwright.sync_api import Browser

from orderflow.arrays import Ints

SERVE = ("-m", "orderflow", "serve", "--port", "0", "--ephemeral", "--max-candles", "5000", "--no-browser")
PEER = (str(Path(__file__).with_name("_peer_chart.py")),)
LEVELS = 40
BARS = 30
LONG = 5_000
INTERVAL_MS = 500
BURST = 15
BATCH = 50_000
STEP = SECOND // 50
"""Market time between two POSTs of the feed, ns: so short that the last bar never ends."""
HEADER = "timestamp,price,size,side\n"

READY = "() => { const c = window.orderflow?.page?.chart; return c && c.ready && c.gd?.layout && c.model.bars.length; }"
HOOK = """
  const chart = window.orderflow.page.chart, draw = chart.draw.bind(chart);
  chart.draw = () => { draw(); note(chart.model.stats.ticks); };
"""
SCENE = """() => {
  const c = window.orderflow.page.chart, { view, model, frame } = c;
  const seen = model.bars.filter((bar, i) => model.first + i >= view.x0 && model.first + i <= view.x1);
  const levels = seen.map((bar) => bar.b.length).sort((a, b) => a - b)[seen.length >> 1];
  return `${seen.length} of ${model.bars.length} bars, ${levels} rows a bar of ${model.rows} tick(s), ` +
    `drawn as ${frame.lod.kind}`;
}"""
PEER_READY = "() => document.querySelector('.js-plotly-plot')?.layout?.meta > 0"
PEER_HOOK = """
  const graph = document.querySelector(".js-plotly-plot");
  graph.on("plotly_afterplot", () => note(graph.layout.meta));
"""
PEER_SCENE = """() => {
  const graph = document.querySelector(".js-plotly-plot"), { x, text } = graph.data[0];
  return `${x.length} bars, ${text.length} prices, ${graph.querySelectorAll(".heatmap-label").length} labels`;
}"""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure the chart's page in a browser.")
    parser.add_argument("--updates", type=int, default=40, help="updates measured in each round (default: 40)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the median is printed (default: 3)")
    parser.add_argument("--quick", action="store_true", help="ten updates, one round")
    given = parser.parse_args(argv)
    if given.quick:
        given.updates, given.rounds = 10, 1
    print(machine())
    short: list[Reading] = []
    long: list[Reading] = []
    peer: list[Reading] = []
    with chromium() as browser:
        for _ in range(given.rounds):
            short.append(measure(browser, BARS, given.updates))
            long.append(measure(browser, LONG, given.updates))
            peer.append(measure_peer(browser, given.updates))
    title = f"updates every {INTERVAL_MS} ms, medians of {given.rounds} x {given.updates} updates"
    show(f"/chart/, {BARS} bars of history; {title}\n  ({short[-1].scene})", chart_rows(short))
    show(f"/chart/, {LONG:,} bars of history\n  ({long[-1].scene})", [*chart_rows(long), *flat_rows(short, long)])
    show(f"peer: a whole figure for each update\n  ({peer[-1].scene})", peer_rows(peer, short))
    print("\n" + machine())
    return 0


def measure(browser: Browser, bars: int, updates: int) -> Reading:
    """Measure the page on its own server with `bars` bars."""
    with running(SERVE) as server:
        held = load(server, bars)
        feed = Feed(server.port, "/ticks?symbol=NQ", bursts(), held)
        url = f"http://127.0.0.1:{server.port}/chart/?symbol=NQ&rows=1"
        return watch(browser, url, READY, HOOK, SCENE, "chart-delta", feed, updates)


def measure_peer(browser: Browser, updates: int) -> Reading:
    with running(PEER) as server:
        held = load(server, BARS)
        feed = Feed(server.port, "/ticks", bursts(), held)
        url = f"http://127.0.0.1:{server.port}/"
        return watch(browser, url, PEER_READY, PEER_HOOK, PEER_SCENE, "graph.figure", feed, updates)


@contextlib.contextmanager
def running(command: Sequence[str]) -> Iterator[Server]:
    """A server on any core: the browser needs all of them."""
    server = start(command=command)
    try:
        yield server
    finally:
        server.end()


def load(server: Server, bars: int) -> int:
    """Send the history; returns its number of ticks."""
    lines = csv_lines(*history(bars))
    for first in range(0, len(lines), BATCH):
        body = HEADER + "".join(lines[first : first + BATCH])
        server.post("/ticks?symbol=NQ", body.encode(), "text/csv")
    return len(lines)


def history(bars: int) -> tuple[Ints, Ints, Ints, Ints]:
    """(time ns, price in ticks of 0.25, size, side 1 or -1) of trades that touch LEVELS prices in each minute.

    The price goes up and down twice per minute. The last bar's trades are in its first ten seconds. A shorter history
    is the end of a longer one.
    """
    random = np.random.default_rng(7)
    sweep = np.concatenate([np.arange(LEVELS), np.arange(LEVELS)[::-1]] * 2)
    each = len(sweep)
    price = 100_000 + np.concatenate([np.roll(sweep, -turn) for turn in random.integers(0, each, LONG)])
    inside = np.sort(random.integers(0, 60 * SECOND // 6000, (LONG, each)) * 6000, axis=1)
    inside[-1] = inside[-1] // 6000 * 1000
    time = OPENING + (np.arange(LONG)[:, None] * 60 * SECOND + inside).ravel()
    size, side = random.geometric(0.25, len(price)), random.choice([-1, 1], len(price))
    part = slice(-bars * each, None)
    return time[part], price[part], size[part], side[part]


def bursts() -> list[tuple[bytes, int]]:
    """The bodies of the feed: BURST ticks each, within the time and the prices of the last bar."""
    random = np.random.default_rng(11)
    count = 49 * SECOND // STEP
    last = history(1)[1]
    begin = OPENING + (LONG - 1) * 60 * SECOND + 10 * SECOND
    time = begin + np.arange(count * BURST) * (STEP // BURST // 1000 * 1000)
    walk = np.cumsum(random.integers(-3, 4, count * BURST)) % (2 * LEVELS - 2)
    price = last.min() + np.minimum(walk, 2 * LEVELS - 2 - walk)
    lines = csv_lines(time, price, np.ones_like(price), random.choice([-1, 1], len(price)))
    parts = ["".join(lines[start : start + BURST]) for start in range(0, len(lines), BURST)]
    return [((HEADER + part).encode(), BURST) for part in parts]


def csv_lines(time: Ints, price: Ints, size: Ints, side: Ints) -> list[str]:
    texts = np.datetime_as_string(time.view("M8[ns]").astype("M8[us]")).tolist()
    rows = zip(texts, (price / 4).tolist(), size.tolist(), (side > 0).tolist(), strict=True)
    return [f"{at}Z,{cost:.2f},{much},{'buy' if buys else 'sell'}\n" for at, cost, much, buys in rows]


def chart_rows(found: Sequence[Reading]) -> list[Row]:
    waits = median([percentile(reading.waits, 95) for reading in found])
    return [
        at_most("main thread per update", middle(found, "clock"), 60, "ms"),
        *parts(found),
        at_most("response, decoded: largest", max(max(reading.decoded) for reading in found), 2_048, "B"),
        Row("  median", f"{number(middle(found, 'decoded'))} B"),
        at_most("response, transferred: largest", max(max(reading.carried) for reading in found), 2_048, "B"),
        at_most("tick POST to pixels, p95", waits, INTERVAL_MS + 150, "ms"),
        Row("  median", f"{number(middle(found, 'waits'))} ms"),
        Row("time between updates", f"{number(middle(found, 'periods'))} ms"),
    ]


def parts(found: Sequence[Reading]) -> list[Row]:
    p95 = median([percentile(reading.clock, 95) for reading in found])
    return [
        Row("  of which scripts", f"{number(middle(found, 'script'))} ms"),
        Row("  CPU time", f"{number(middle(found, 'processor'))} ms"),
        Row("  p95", f"{number(p95)} ms"),
    ]


def flat_rows(short: Sequence[Reading], long: Sequence[Reading]) -> list[Row]:
    """Ratios of the long history to the short one; 1 is flat, and a busy machine adds noise of about a fifth."""
    names = {"clock": "main thread", "processor": "CPU time", "decoded": "response"}
    return [
        at_most(f"{what}: {LONG:,} bars / {BARS} bars", middle(long, name) / middle(short, name), 1.2, "")
        for name, what in names.items()
    ]


def peer_rows(peer: Sequence[Reading], ours: Sequence[Reading]) -> list[Row]:
    rows = [Row("main thread per update", f"{number(middle(peer, 'clock'))} ms"), *parts(peer)]
    rows += [
        Row("response, decoded: median", f"{number(middle(peer, 'decoded'))} B"),
        Row("tick POST to pixels, p95", f"{number(median([percentile(one.waits, 95) for one in peer]))} ms"),
        Row("time between updates", f"{number(middle(peer, 'periods'))} ms"),
    ]
    names = {"clock": "main thread", "processor": "CPU time", "decoded": "response"}
    for name, what in names.items():
        rows.append(Row(f"{what}: peer / ours", f"{number(middle(peer, name) / middle(ours, name))} times"))
    return rows


if __name__ == "__main__":
    sys.exit(main())
