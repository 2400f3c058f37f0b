"""Measure /tickers/: from a trade to the frame that shows it, and what the page costs the server.

    python scripts/bench/tickers_page.py [--seconds 60] [--quick]

Chromium shows the cards of three simulated coins. The page notes the time of the newest trade in each answer, and when
the frame after it is drawn; afterwards every trade of the log is matched with the first such frame that has it. The aim
is one interval of the page and 100 ms at the 99th percentile. Trades have this machine's time, as the page has.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from _browser import SIZE, chromium
from _common import Row, at_most, machine, number, parser_of, percentile, show
from _server import Server, serving
from playwright.sync_api import Browser

from layouts.tickers import INTERVAL

COINS = ("BTC", "ETH", "DOGE")
WATCH = """() => {
  const fetched = window.fetch;
  window.shown = [];
  window.fetch = async (...given) => {
    const answer = await fetched(...given);
    if (String(given[0].url || given[0]).includes("_dash-update-component") && answer.status === 200) {
      const { response = {} } = await answer.clone().json();
      const times = response["tickers-seen"]?.data?.times;
      const drawn = () => window.shown.push([times, performance.timeOrigin + performance.now()]);
      if (times) requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(drawn)));
    }
    return answer;
  };
}"""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every aim was met."""
    parser = parser_of(__doc__, "5 seconds, to check that it runs", seconds=(60.0, "seconds of watching"))
    options = parser.parse_args(argv)
    seconds = 5.0 if options.quick else options.seconds
    print(machine())
    with serving("--ephemeral", environ={"FEEDS": "simulated", "TICKER_COUNT": "0"}) as server, chromium() as browser:
        ages, share, alone = measure(browser, server, seconds)
    p50, p99 = (percentile(ages, part) for part in (50, 99))
    rows = [
        Row(f"trades of {len(COINS)} coins in {number(seconds)} s", f"{len(ages):,}"),
        Row("from a trade to its frame, median", f"{number(p50)} ms"),
        at_most("from a trade to its frame, p99", p99, INTERVAL + 100, "ms"),
        Row("the server for the page", f"{number(100 * (share - alone))} % of a core beside {number(100 * alone)} %"),
    ]
    return 0 if show("/tickers/ with three cards", rows) else 1


def measure(browser: Browser, server: Server, seconds: float) -> tuple[list[float], float, float]:
    """(ms from each trade to its frame, share of a core with the page, share without)."""
    time.sleep(5.0)
    alone = share_of_core(server, min(seconds, 20.0))
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]  # playwright's own TypedDict, spelt as a dict
    page = context.new_page()
    page.add_init_script(f"({WATCH})()")
    page.goto(f"http://127.0.0.1:{server.port}/tickers/")
    page.locator(".tk-card").nth(len(COINS) - 1).wait_for()
    page.wait_for_timeout(5_000)
    page.evaluate("() => { window.shown = window.shown.slice(-1); }")
    share = share_of_core(server, seconds)
    shown = page.evaluate("() => window.shown")
    context.close()
    return [age for coin in COINS for age in ages_of(server, coin, shown)], share, alone


def ages_of(server: Server, coin: str, shown: Sequence[Any]) -> list[float]:
    """ms from each trade of a coin to the first frame that has it, for trades between the first frame and the last."""
    newest = np.array([frame[0][coin] for frame in shown])  # ms, ascending
    drawn = np.array([frame[1] for frame in shown])
    rows = server.get(f"/api/v1/ticks/sim:{coin}?format=csv&limit=200000").decode().splitlines()[1:]
    times = np.array([row.split(",", 1)[0].rstrip("Z") for row in rows], "datetime64[ns]").astype(np.int64) / 1e6
    times = times[(times > newest[0]) & (times <= newest[-1])]
    return list(drawn[np.searchsorted(newest, times - 1e-3)] - times)


def share_of_core(server: Server, seconds: float) -> float:
    """CPU seconds per second that the server uses now."""
    used, began = server.processor_seconds, time.monotonic()
    time.sleep(seconds)
    return (server.processor_seconds - used) / (time.monotonic() - began)


if __name__ == "__main__":
    sys.exit(main())
