"""What one update costs a page in Chromium, and how long a tick takes to be seen. Knows no page: it is given the
script that calls `note(ticks)` whenever the page has drawn that many.

An update is the time from one answer of the server to the next; its cost is all that the page's main thread did
meanwhile, as Chromium counts it, less what the measuring asked of it.
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
CALM = 0.3
"""Seconds after an answer at which its update is over and the next is not yet there."""
BEAT = 0.1
"""Seconds between two POSTs of the feed."""
PATIENCE = 120.0

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
    """One value per update: ms of the main thread by the clock, of it script, ms of its processor time; bytes of the
    answer decoded and as they came. `waits`: ms from each POST of the feed until its ticks were on screen. `periods`:
    ms from update to update."""

    clock: list[float] = field(default_factory=list)
    script: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    decoded: list[float] = field(default_factory=list)
    carried: list[float] = field(default_factory=list)
    periods: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    scene: str = ""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; ORDERFLOW_CHROMIUM names another. Raises SystemExit when there is none."""
    path = os.environ.get("ORDERFLOW_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        raise SystemExit("there is no chromium on this machine; ORDERFLOW_CHROMIUM may name one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


class Feed:
    """POSTs bodies of CSV ticks, one each BEAT, in a thread, while the block runs."""

    def __init__(self, port: int, path: str, bodies: Sequence[tuple[bytes, int]], held: int) -> None:
        """bodies: each with its number of ticks. held: how many the server has."""
        self.sent: list[tuple[int, float]] = []
        """(ticks that the server then had, epoch ms at which the POST began)."""
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
        except (OSError, RuntimeError) as error:  # raised where it is seen: at the end of the block
            self._failure = error

    def _send(self) -> None:
        due = time.perf_counter()
        with Connection(self._port) as connection:
            for body, count in self._bodies:
                due += BEAT
                if self._over.wait(max(0.0, due - time.perf_counter())):
                    return
                began = time.time() * 1000
                answer = connection.call(request("POST", self._path, body, "text/csv"))
                if answer.status >= 300:
                    raise RuntimeError(f"refused: {answer.status} {answer.body[:300]!r}")
                self._held += count
                self.sent.append((self._held, began))


class _Answers:
    """The answers of the page's callback whose output is `wanted`, as they come: (decoded bytes, carried bytes)."""

    def __init__(self, session: CDPSession, wanted: str) -> None:
        self.done: list[tuple[float, float]] = []
        self._wanted = wanted
        self._open: dict[str, list[float]] = {}
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.responseReceived", self._headed)
        session.on("Network.dataReceived", self._came)
        session.on("Network.loadingFinished", self._ended)
        session.send("Network.enable")

    def _asked(self, event: dict[str, Any]) -> None:
        asked = event["request"]
        if "_dash-update-component" in asked["url"] and self._wanted in asked.get("postData", "")[:200]:
            self._open[event["requestId"]] = [0.0, 0.0]

    def _headed(self, event: dict[str, Any]) -> None:
        answer = event["response"]
        if event["requestId"] in self._open:
            if answer["status"] == 200:
                self._open[event["requestId"]][1] = -answer["encodedDataLength"]
            else:
                del self._open[event["requestId"]]

    def _came(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._open:
            self._open[event["requestId"]][0] += event["dataLength"]

    def _ended(self, event: dict[str, Any]) -> None:
        found = self._open.pop(event["requestId"], None)
        if found is not None:
            self.done.append((found[0], found[1] + event["encodedDataLength"]))


def watch(
    browser: Browser, url: str, ready: str, hook: str, scene: str, wanted: str, feed: Feed, count: int
) -> Reading:
    """Open a page, wait until the JavaScript `ready` is true, and look at `count` updates while `feed` runs.

    hook: JavaScript that has `note` called. scene: JavaScript that says in words what is shown. wanted: what the output
    of the callback that brings the ticks is called. Raises RuntimeError when the page stops updating.
    """
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]  # playwright's own TypedDict, spelt as a dict
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(url)
    page.wait_for_function(ready, timeout=PATIENCE * 1000)
    page.evaluate(f"() => {{ {NOTE} {hook} }}")
    answers = _Answers(session, wanted)
    reading = Reading()
    with feed:
        for _ in range(3):  # the first compile what they run
            _next(page, answers)
        before, began = _metrics(session), time.time() * 1000
        for _ in range(count):
            sizes = _next(page, answers)
            after = _metrics(session)
            cost = {name: (after[name] - before[name]) * 1000 / len(sizes) for name in after}
            asked = cost["DevToolsCommandDuration"]
            reading.clock.append(cost["TaskDuration"] - asked)
            reading.script.append(cost["ScriptDuration"])
            reading.processor.append(max(0.0, cost["ThreadTime"] - asked))
            reading.periods.append(cost["Timestamp"])
            reading.decoded += [size[0] for size in sizes]
            reading.carried += [size[1] for size in sizes]
            before = after
        ended = time.time() * 1000
        page.wait_for_timeout(CALM * 1000)
    seen = sorted(tuple(pair) for pair in page.evaluate("() => window.benchSeen"))
    reading.waits = _waits([sent for sent in feed.sent if began <= sent[1] <= ended - 2_000], seen)
    reading.scene = str(page.evaluate(scene))
    context.close()
    return reading


def _next(page: Page, answers: _Answers) -> list[tuple[float, float]]:
    """Wait for the next answer and until its update is over; the answers that came."""
    have, until = len(answers.done), time.perf_counter() + PATIENCE
    while len(answers.done) == have:
        if time.perf_counter() > until:
            raise RuntimeError("the page does not update")
        page.wait_for_timeout(30)
    page.wait_for_timeout(CALM * 1000)
    return answers.done[have:]


def _metrics(session: CDPSession) -> dict[str, float]:
    """Seconds so far, by name."""
    return {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}


def _waits(sent: Sequence[tuple[int, float]], seen: Sequence[tuple[float, float]]) -> list[float]:
    """ms from each POST to the first picture with its ticks; infinite when none came."""
    waits = []
    for ticks, began in sent:
        waits.append(min((at for count, at in seen if count >= ticks), default=math.inf) - began)
    return waits


def middle(readings: Sequence[Reading], name: str) -> float:
    """The median over the rounds of each one's median of a figure."""
    return median([median(getattr(reading, name)) for reading in readings])
