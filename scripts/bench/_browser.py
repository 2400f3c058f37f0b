"""Measure what an update costs a page in Chromium, and how long a tick takes until it is on screen.

It works with any page: the caller passes JavaScript that calls `note(ticks)` whenever the page has drawn that many
ticks. An update lasts from one response of the server to the next. Its cost is the page's main-thread time in that
period as Chromium reports it, without the time for the measurement itself.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from _common import median
from _server import Connection, request
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

ARGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
SIZE = {"width": 1440, "height": 900}
SETTLE_SECONDS = 0.3
"""Seconds after a response at which its update is over and the next one has not begun."""
POST_SECONDS = 0.1
"""Seconds between two POSTs of the feed."""
TIMEOUT = 120.0

# A frame's callbacks run before it is painted; a message posted in one arrives after it.
NOTE = """
  window.benchSeen = [];
  const note = (ticks) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => window.benchSeen.push([ticks, performance.timeOrigin + performance.now()]);
    channel.port2.postMessage(0);
  });
"""


@dataclass
class Reading:
    """One value per update.

    clock, script, processor: main-thread ms by wall time, script ms, CPU ms. decoded, carried: bytes of the response,
    decoded and as transferred. periods: ms from update to update. waits: ms from each POST of the feed until its ticks
    were on screen. scene: what the page showed, in words.
    """

    clock: list[float] = field(default_factory=list)
    script: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    decoded: list[float] = field(default_factory=list)
    carried: list[float] = field(default_factory=list)
    periods: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    scene: str = ""


def find_chromium() -> str:
    """Path of the system's Chromium, or of the one named by ORDERFLOW_CHROMIUM. Raises SystemExit if there is none."""
    path = os.environ.get("ORDERFLOW_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        raise SystemExit("cannot find chromium; set ORDERFLOW_CHROMIUM to its path")
    return path


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, or the one named by ORDERFLOW_CHROMIUM. Raises SystemExit if there is none."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGS)
        yield browser
        browser.close()


class Feed:
    """Context manager that POSTs bodies of CSV ticks from a thread, one every POST_SECONDS."""

    def __init__(self, port: int, path: str, bodies: Sequence[tuple[bytes, int]], held: int) -> None:
        """bodies: each with its number of ticks. held: number of ticks that the server already has."""
        self.sent: list[tuple[int, float]] = []
        """(ticks on the server after the POST, epoch ms at which the POST began)."""
        self._port, self._path, self._bodies, self._held = port, path, bodies, held
        self._failure: Exception | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Feed:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        if self._failure is not None and not any(error):
            raise self._failure

    def _run(self) -> None:
        try:
            self._send()
        except (OSError, RuntimeError) as error:  # raised by __exit__
            self._failure = error

    def _send(self) -> None:
        due = time.perf_counter()
        with Connection(self._port) as connection:
            for body, count in self._bodies:
                due += POST_SECONDS
                if self._over.wait(max(0.0, due - time.perf_counter())):
                    return
                began = time.time() * 1000
                answer = connection.call(request("POST", self._path, body, "text/csv"))
                if answer.status >= 300:
                    raise RuntimeError(f"refused: {answer.status} {answer.body[:300]!r}")
                self._held += count
                self.sent.append((self._held, began))


class _Responses:
    """Collects the responses to the page's callback whose output is `wanted`: (decoded bytes, transferred bytes)."""

    def __init__(self, session: CDPSession, wanted: str) -> None:
        self.done: list[tuple[float, float]] = []
        self._wanted = wanted
        self._open: dict[str, list[float]] = {}
        session.on("Network.requestWillBeSent", self._on_request)
        session.on("Network.responseReceived", self._on_headers)
        session.on("Network.dataReceived", self._on_data)
        session.on("Network.loadingFinished", self._on_end)
        session.send("Network.enable")

    def _on_request(self, event: dict[str, Any]) -> None:
        sent = event["request"]
        if "_dash-update-component" in sent["url"] and self._wanted in sent.get("postData", "")[:200]:
            self._open[event["requestId"]] = [0.0, 0.0]

    def _on_headers(self, event: dict[str, Any]) -> None:
        response = event["response"]
        if event["requestId"] in self._open:
            if response["status"] == 200:
                self._open[event["requestId"]][1] = -response["encodedDataLength"]
            else:
                del self._open[event["requestId"]]

    def _on_data(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._open:
            self._open[event["requestId"]][0] += event["dataLength"]

    def _on_end(self, event: dict[str, Any]) -> None:
        found = self._open.pop(event["requestId"], None)
        if found is not None:
            self.done.append((found[0], found[1] + event["encodedDataLength"]))


def watch(
    browser: Browser, url: str, ready: str, hook: str, scene: str, wanted: str, feed: Feed, count: int
) -> Reading:
    """Open a page, wait until the JavaScript `ready` is true, and measure `count` updates while `feed` runs.

    hook: JavaScript that arranges the calls of `note`. scene: JavaScript that returns a description of what is shown.
    wanted: name of the output of the callback that delivers the ticks. Raises RuntimeError if the page stops updating.
    """
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]  # playwright's own TypedDict, spelt as a dict
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(url)
    page.wait_for_function(ready, timeout=TIMEOUT * 1000)
    page.evaluate(f"() => {{ {NOTE} {hook} }}")
    responses = _Responses(session, wanted)
    reading = Reading()
    with feed:
        for _ in range(3):  # warm-up: the first updates compile their code
            _next(page, responses)
        before, began = _metrics(session), time.time() * 1000
        for _ in range(count):
            sizes = _next(page, responses)
            after = _metrics(session)
            cost = {name: (after[name] - before[name]) * 1000 / len(sizes) for name in after}
            measuring = cost["DevToolsCommandDuration"]
            reading.clock.append(cost["TaskDuration"] - measuring)
            reading.script.append(cost["ScriptDuration"])
            reading.processor.append(max(0.0, cost["ThreadTime"] - measuring))
            reading.periods.append(cost["Timestamp"])
            reading.decoded += [size[0] for size in sizes]
            reading.carried += [size[1] for size in sizes]
            before = after
        ended = time.time() * 1000
        page.wait_for_timeout(SETTLE_SECONDS * 1000)
    seen = sorted(tuple(pair) for pair in page.evaluate("() => window.benchSeen"))
    reading.waits = _waits([sent for sent in feed.sent if began <= sent[1] <= ended - 2_000], seen)
    reading.scene = str(page.evaluate(scene))
    context.close()
    return reading


def _next(page: Page, responses: _Responses) -> list[tuple[float, float]]:
    """Wait for the next response and the end of its update; returns the responses received."""
    have, until = len(responses.done), time.perf_counter() + TIMEOUT
    while len(responses.done) == have:
        if time.perf_counter() > until:
            raise RuntimeError("the page does not update")
        page.wait_for_timeout(30)
    page.wait_for_timeout(SETTLE_SECONDS * 1000)
    return responses.done[have:]


def _metrics(session: CDPSession) -> dict[str, float]:
    """Chromium's metrics by name; durations in seconds."""
    return {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}


def _waits(sent: Sequence[tuple[int, float]], seen: Sequence[tuple[float, float]]) -> list[float]:
    """ms from each POST to the first frame with its ticks; infinite if there was none."""
    waits = []
    for ticks, began in sent:
        waits.append(min((at for count, at in seen if count >= ticks), default=math.inf) - began)
    return waits


def middle(readings: Sequence[Reading], name: str) -> float:
    """The median over all rounds of a round's median of the figure `name`."""
    return median([median(getattr(reading, name)) for reading in readings])
