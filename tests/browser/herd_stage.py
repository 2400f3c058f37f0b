"""The herd game's big screen as a test handles it: a page, the game on its server, and people without a page."""

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
    """Somebody who plays, without a page."""

    def __init__(self, server: RunningServer, nickname: str) -> None:
        self._url = server.url
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open
        self.participant = self.post("/herd/join", {"nickname": nickname})["participant"]

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON that a POST is answered with."""
        request = urllib.request.Request(
            self._url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with self._open(request, timeout=20) as answer:
            return json.loads(answer.read())

    def order(self, side: str = "buy", quantity: int = 1) -> None:
        """An order."""
        self.post("/herd/orders", {"client_id": str(uuid.uuid4()), "side": side, "quantity": quantity})


class Room:
    """A game on a server of its own."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server

    def control(self, action: str, **values: Any) -> None:
        """Steer the game from elsewhere."""
        self.server.post("/herd/control", json.dumps({"action": action, **values}).encode())

    def state(self) -> dict[str, Any]:
        """The game now."""
        return dict(self.server.get("/herd/state"))

    def join(self, count: int = 1) -> list[Player]:
        """So many people."""
        return [Player(self.server, NAMES[i] if i < len(NAMES) else f"Guest {i}") for i in range(count)]

    def begin(self, people: int = 2) -> list[Player]:
        """A new game with people in it."""
        self.control("reset")
        return self.join(people)


class Stage:
    """One open page. `errors`: what the console and the page complained of."""

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
        """What an element says."""
        return str(self.page.inner_text(f"#{id}"))

    def wait_text(self, id: str, text: str) -> None:
        """Wait until an element says it."""
        self.page.wait_for_function(
            "([id, text]) => document.getElementById(id)?.innerText.includes(text)", arg=[id, text]
        )

    def dialog(self, title: str) -> Any:
        """The dialog of that title, once it is open."""
        found = self.page.get_by_role("dialog", name=title, exact=True)
        found.wait_for()
        return found

    def open_by(self, key: str, title: str) -> Any:
        """Press a key and wait for the dialog of that title."""
        self.closed()
        self.page.keyboard.press(key)
        return self.dialog(title)

    def closed(self) -> None:
        """Wait until no dialog is open."""
        self.page.wait_for_function("() => !document.querySelector('[role=dialog]')")

    def line(self) -> list[list[float]]:
        """[times, prices] of the chart's line."""
        return list(self.page.evaluate(f"() => [{GRAPH}.data[0].x, {GRAPH}.data[0].y]"))

    def wait_line(self, condition: str) -> None:
        """Wait until a JavaScript condition on `x` and `y` of the line holds."""
        self.page.wait_for_function(f"() => {{ const {{ x, y }} = {GRAPH}.data[0]; return {condition}; }}")

    def mark(self, name: str) -> list[str]:
        """The words at marks of a kind: "news" or "rounds"."""
        return list(
            self.page.evaluate(f"(name) => {GRAPH}.data.find((t) => t.uid === name).text.filter(Boolean)", name)
        )

    def range(self) -> list[float]:
        """The time shown by the chart: from, to, ms."""
        return list(self.page.evaluate(f"() => {GRAPH}._fullLayout.xaxis.range.map((v) => Date.parse(v + 'Z'))"))

    def _said(self, text: str) -> None:
        # a browser reports every answer that is an error, also those that a test asks for
        if not any(words in text for words in ("Failed to load resource", "Failed to fetch", "did not respond")):
            self.errors.append(text)
