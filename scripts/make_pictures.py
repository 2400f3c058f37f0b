"""Make the README's pictures from the running program: `python scripts/make_pictures.py`.

Starts a server of its own with the bundled sample, lets a small crowd play the herd game, and photographs the pages in
Chromium. Needs the test dependencies (`scripts/test.py` installs them) and a Chromium.
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

from tests.running import RunningServer, start_server  # noqa: E402  # found by the line above

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
)
"""(file, address, what must be there, seconds from then on until the page shows what it is about)."""


def crowd(server: RunningServer, stop: threading.Event, seed: int) -> None:
    """People who join and trade until they are stopped; more buyers than sellers at first, then the other way round."""
    chance = random.Random(seed)
    people = [requests.Session() for _ in range(PLAYERS)]
    for person in people:
        person.post(f"{server.url}/herd/join", json={}, timeout=10).raise_for_status()
    begun = time.monotonic()
    while not stop.is_set():
        buying = 0.65 if (time.monotonic() - begun) % 24 < 12 else 0.35
        order = {
            "client_id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "side": "buy" if chance.random() < buying else "sell",
            "quantity": chance.randint(1, 20),
        }
        chance.choice(people).post(f"{server.url}/herd/orders", json=order, timeout=10)
        time.sleep(0.03)


def photograph(page: Page, url: str, name: str, there: str, seconds: float) -> None:
    """One page, once it has had its time."""
    page.goto(url)
    page.wait_for_selector(there, state="attached", timeout=60_000)
    page.wait_for_timeout(seconds * 1000)
    page.screenshot(path=FOLDER / f"{name}.png")


def main() -> int:
    """Make all pictures; 1 where no Chromium is installed."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("no Chromium is installed", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    server = start_server(
        "--ephemeral", "--no-browser", "--velocity", "60", command="demo", environ={"TICKER_COUNT": "12"}
    )
    stop = threading.Event()
    players = threading.Thread(target=crowd, args=(server, stop, 7))
    players.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark")
            time.sleep(25)  # a game long enough to tell something of
            for name, address, there, seconds in PICTURES:
                if name == "debrief":
                    stop.set()
                    requests.post(f"{server.url}/herd/control", json={"action": "end"}, timeout=10).raise_for_status()
                photograph(page, server.url + address, name, there, seconds)
            browser.close()
    finally:
        stop.set()
        players.join()
        server.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
