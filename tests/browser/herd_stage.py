"""Page object of the herd game's big screen, the game on its server, and players without a page."""

from __future__ import annotations

import json
import urllib.request
import uuid
from http.cookiejar import CookieJar
from typing import Any

from tests.running import RunningServer

NAMES = ("Ada", "Blaise", "Carl Friedrich", "Dorothea", "Emmy", "Florence", "Grace", "Henri", "Ida", "John von N.")
GRAPH = "document.querySelector('#herd-chart .js-plotly-plot')"
DIALOG = "[role='dialog']:visible"


class Player:
    """A participant without a page."""

    def __init__(self, server: RunningServer, nickname: str) -> None:
        self._url = server.url
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open
        self.participant = self.post("/herd/join", {"nickname": nickname})["participant"]

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST JSON; returns the JSON of the response."""
        request = urllib.request.Request(
            self._url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with self._open(request, timeout=20) as answer:
            return json.loads(answer.read())

    def order(self, side: str = "buy", quantity: int = 1) -> None:
        """Send an order."""
        self.post("/herd/orders", {"client_id": str(uuid.uuid4()), "side": side, "quantity": quantity})


class Room:
    """The game of one server."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server

    def control(self, action: str, **values: Any) -> None:
        """Control the game through the API."""
        self.server.post("/herd/control", json.dumps({"action": action, **values}).encode())

    def state(self) -> dict[str, Any]:
        """The current state of the game."""
        return dict(self.server.get("/herd/state"))

    def join(self, count: int = 1) -> list[Player]:
        """Let `count` participants join."""
        return [Player(self.server, NAMES[i] if i < len(NAMES) else f"Guest {i}") for i in range(count)]

    def begin(self, people: int = 2) -> list[Player]:
        """Start a new game with `people` participants, open to everybody whatever a test before it left."""
        self.control("reset")
        self.control("code", on=False)
        return self.join(people)


class Stage:
    """One open page. errors: errors of the console and uncaught exceptions."""

    def __init__(self, page: Any, url: str) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(f"exception: {error.message} {error.stack}"))
        page.on("console", lambda message: message.type == "error" and self._said(message.text))

    def visit(self, query: str = "") -> None:
        """Open the page and wait until it shows the game."""
        self.page.goto(f"{self.url}/herd/{query}")
        self.page.wait_for_selector("#herd-stage:not([data-scene='wait'])")

    def text(self, id: str) -> str:
        """The text of an element."""
        return str(self.page.inner_text(f"#{id}"))

    def wait_text(self, id: str, text: str) -> None:
        """Wait until an element has this text."""
        self.page.wait_for_function(
            "([id, text]) => document.getElementById(id)?.innerText.includes(text)", arg=[id, text]
        )

    def dialog(self, title: str) -> Any:
        """Wait for the dialog with this title, and return it."""
        found = self.page.get_by_role("dialog", name=title, exact=True)
        found.wait_for()
        return found

    def open_by(self, key: str, title: str) -> Any:
        """Press a key and wait for the dialog with this title."""
        self.closed()
        self.page.keyboard.press(key)
        return self.dialog(title)

    def closed(self) -> None:
        """Wait until no dialog is open."""
        self.page.wait_for_function("() => !document.querySelector('[role=dialog]')")

    def unfocused(self) -> None:
        """Close what is open, and let no element have the focus: each key is the page's."""
        self.page.keyboard.press("Escape")
        self.closed()
        self.page.evaluate("() => document.activeElement.blur()")

    def line(self) -> list[list[float]]:
        """[times, prices] of the chart's line."""
        return list(self.page.evaluate(f"() => [{GRAPH}.data[0].x, {GRAPH}.data[0].y]"))

    def wait_line(self, condition: str) -> None:
        """Wait until a JavaScript condition on `x` and `y` of the line holds."""
        self.page.wait_for_function(f"() => {{ const {{ x, y }} = {GRAPH}.data[0]; return {condition}; }}")

    def mark(self, name: str) -> list[str]:
        """The labels of the marks of a kind: "news" or "rounds"."""
        return list(
            self.page.evaluate(f"(name) => {GRAPH}.data.find((t) => t.uid === name).text.filter(Boolean)", name)
        )

    def range(self) -> list[float]:
        """The time range of the chart: from, to, in ms."""
        return list(self.page.evaluate(f"() => {GRAPH}._fullLayout.xaxis.range.map((v) => Date.parse(v + 'Z'))"))

    def _said(self, text: str) -> None:
        # a browser reports every error response, also those that a test expects
        if not any(words in text for words in ("Failed to load resource", "Failed to fetch", "did not respond")):
            self.errors.append(text)
