"""Make the screenshots of the README: `python scripts/make_pictures.py`.

It starts a server with the bundled sample, lets a few simulated players trade in the herd game, and takes screenshots
of the pages in Chromium. It needs the test dependencies (`scripts/test.py` installs them) and a Chromium.
"""

from __future__ import annotations

import random
import shutil
import sys
import threading
import time
import uuid
from pathlib import Path

import requests
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.running import RunningServer, start_server  # noqa: E402  # after the path that makes it known

FOLDER = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1440, 900
PLAYERS = 24
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
PICTURES = (
    ("chart", "/chart/?symbol=LTCUSDT-SAMPLE&frame=5min", "#chart-stats:not([hidden])", 6.0),
    ("herd", "/herd/", "main", 6.0),
    ("instruments", "/instruments/", "#instruments-grid", 12.0),
    ("debrief", "/herd/debrief/", "#debrief-body .js-plotly-plot .main-svg", 3.0),
    ("tickers", "/tickers/", ".tk-card .js-plotly-plot", 6.0),
    ("workspace", "/workspace/", ".ws-plot .of-legend", 6.0),
)
"""(file, path, selector to wait for, seconds to wait after that)."""


def crowd(server: RunningServer, stop: threading.Event, seed: int) -> None:
    """Let PLAYERS players join and trade until `stop` is set, alternately with more buyers and with more sellers."""
    rng = random.Random(seed)
    players = [requests.Session() for _ in range(PLAYERS)]
    for player in players:
        player.post(f"{server.url}/herd/join", json={}, timeout=10).raise_for_status()
    begun = time.monotonic()
    while not stop.is_set():
        buying = 0.65 if (time.monotonic() - begun) % 24 < 12 else 0.35
        order = {
            "client_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "side": "buy" if rng.random() < buying else "sell",
            "quantity": rng.randint(1, 20),
        }
        rng.choice(players).post(f"{server.url}/herd/orders", json=order, timeout=10)
        time.sleep(0.03)


def take_screenshot(page: Page, url: str, name: str, selector: str, seconds: float) -> None:
    """Open a page, wait for the selector and `seconds` more, and save a screenshot."""
    page.goto(url)
    page.wait_for_selector(selector, state="attached", timeout=60_000)
    page.wait_for_timeout(seconds * 1000)
    page.screenshot(path=FOLDER / f"{name}.png")


def main() -> int:
    """Make all screenshots; returns 0, or 1 if no Chromium is installed."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("no Chromium is installed", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    server = start_server(
        "--ephemeral",
        "--no-browser",
        "--velocity",
        "60",
        command="demo",
        fresh=True,
        environ={"TICKER_COUNT": "12", "FEEDS": "simulated"},
    )
    stop = threading.Event()
    players = threading.Thread(target=crowd, args=(server, stop, 7))
    players.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark")
            time.sleep(25)  # until the game has enough trades to show
            for name, address, selector, seconds in PICTURES:
                if name == "debrief":
                    stop.set()
                    requests.post(f"{server.url}/herd/control", json={"action": "end"}, timeout=10).raise_for_status()
                for price in (60_000, 70_000) if name == "tickers" else ():  # one that fires, one that waits
                    alert = {"ticker": "BTC", "condition": "above", "price": price}
                    requests.post(f"{server.url}/alerts", json=alert, timeout=10).raise_for_status()
                take_screenshot(page, server.url + address, name, selector, seconds)
            browser.close()
    finally:
        stop.set()
        players.join()
        server.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
