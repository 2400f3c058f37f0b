"""The herd game's big screen as a test handles it, with a game behind it that does what the test says.

The page is the real one of a real server; its socket, its controls and the addresses it reads are answered by the test.
What the real game does with them is tested where the game is.
"""

from __future__ import annotations

import json
import math
import random
from typing import Any

START = 1_795_000_000_000
SESSION = "20261121-081500-7f3a"
QR = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29"><path fill="#fff" d="M0 0h29v29H0z"/>'
    '<path d="M4 4h7v7H4zM18 4h7v7h-7zM4 18h7v7H4zM13 13h3v3h-3zM18 18h3v3h-3zM22 22h3v3h-3z"/></svg>'
)
NAMES = ("Ada", "Blaise", "Carl Friedrich", "Dorothea", "Emmy", "Florence", "Grace", "Henri", "Ida", "John von N.")
STATS = {
    **{"connected": 231, "participants": 228, "active": 187, "trades": 5321, "orders": 6010, "rejected": 42},
    **{"net_position": 412, "imbalance": 0.18, "max_shares": 320, "min_cash": 3.5, "median_cash": 4810.0},
    **{"max_cash": 15320.75, "median_wealth": 10043.2, "gini": 0.12},
}


class FakeGame:
    """What the page's socket and addresses say. Time is the test's: `now` in ms, near the browser's own."""

    def __init__(self, now: int, price: float = 100.0) -> None:
        self.now = now
        self.version = 1
        self.state: dict[str, Any] = {
            **{"price": price, "phase": "open", "start": 100.0, "round": None, "meter": None, "n": 0, "news": None},
            **{"buys": 0, "sells": 0, "stats": {}, "leaders": [], "fundamental": None, "experiment": False},
            **{"bots": {}, "code": "K7QX", "join": "http://192.168.178.20:8765/j/K7QX"},
        }
        self.session = SESSION
        self.history: list[tuple[int, float]] = [(now, price)]
        self.feed: list[dict[str, Any]] = []
        self.frames: dict[str, Any] | None = None
        self.controls: list[dict[str, Any]] = []
        self.refusal: tuple[int, dict[str, Any]] | None = None
        self.sockets: list[Any] = []
        self.accepting = True
        self.reachable = True

    def snapshot(self) -> dict[str, Any]:
        """The whole."""
        head = {"type": "snapshot", "version": self.version, "time": self.now, "session": self.session}
        return {**head, **self.state, "history": self.history, "feed": self.feed}

    def say(self, *events: tuple[str, str], ms: int = 250, **changes: Any) -> None:
        """A delta to all who listen: these values are new, and these events (kind, text) have happened."""
        self.now += ms
        self.version += 1
        self.state |= changes
        fresh = [{"t": self.now, "kind": kind, "text": text} for kind, text in events]
        self.feed += fresh
        self.history.append((self.now, self.state["price"]))
        head = {"type": "delta", "version": self.version, "time": self.now, "price": self.state["price"]}
        self.send({**head, **changes, **({"feed": fresh} if fresh else {})})

    def send(self, message: dict[str, Any]) -> None:
        """Any message to all who listen."""
        for socket in self.sockets:
            socket.send(json.dumps(message, separators=(",", ":")))

    def past(self, seconds: float, *, seed: int = 5, value: bool = False) -> None:
        """A history of that length, with rounds, news and people, that ends now."""
        dice = random.Random(seed)
        first = self.now - int(seconds * 1000)
        steps = int(seconds * 4)
        price, drift = 100.0, 0.0
        self.history = []
        for i in range(steps):
            drift = 0.98 * drift + dice.gauss(0, 0.0008)
            price *= math.exp(drift + dice.gauss(0, 0.002))
            price *= math.exp(0.002 * math.log(115 / price))
            if i == int(steps * 0.6):
                price *= 0.8
            self.history.append((first + i * 250, round(price, 4)))
        times = [t for t, _ in self.history]
        events = [
            ("phase", "The market is open", 0.0),
            ("round", "Round 1 of 3 begins", 0.05),
            ("round", "Round 1 of 3 is over", 0.33),
            ("round", "Round 2 of 3 begins", 0.36),
            ("news", "News: Profit warning (-20%)", 0.6),
            ("round", "Round 2 of 3 is over", 0.66),
            ("round", "Round 3 of 3 begins", 0.7),
        ]
        self.feed = [{"t": times[int(at * steps)], "kind": kind, "text": text} for kind, text, at in events]
        worth = [120.0 if i < steps * 0.34 else 95.0 if i < steps * 0.67 else 70.0 for i in range(steps)]
        self.frames = {
            **{"session": self.session, "start": 100.0, "t": times, "price": [p for _, p in self.history]},
            **{"buys": [], "sells": [], "events": self.feed, "fundamental": worth if value else None},
        }
        leaders = [
            {
                **{"participant": f"p{i}", "nick": name, "wealth": 14200.0 - 391 * i, "profit": 4200.0 - 491.5 * i},
                **{"shares": 90 - 7 * i, "bot": "trend" if i in (3, 7) else None},
            }
            for i, name in enumerate(NAMES)
        ]
        self.state |= {
            **{"price": self.history[-1][1], "n": 228, "stats": STATS, "leaders": leaders, "meter": 0.63},
            **{"buys": 34, "sells": 12, "bots": {"zero": 5, "trend": 3, "fundamental": 0}},
            **{"fundamental": 70.0 if value else None, "round": {"round": 3, "of": 3, "ends": self.now + 42_500}},
        }


class Stage:
    """One open page. `errors`: what the console and the page complained of."""

    def __init__(self, page: Any, url: str, game: FakeGame) -> None:
        self.page = page
        self.url = url
        self.game = game
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(f"exception: {error.message} {error.stack}"))
        page.on("console", lambda message: message.type == "error" and self._said(message.text))
        page.route_web_socket("**/herd/ws**", self._socket)
        page.route("**/herd/control", self._control)
        page.route("**/herd/frames**", self._frames)
        page.route("**/herd/state", self._state)
        page.route("**/herd/qr.svg**", lambda route: route.fulfill(body=QR, content_type="image/svg+xml"))
        page.route("**/herd/export/participants.csv", self._people)

    def visit(self, query: str = "") -> None:
        """Open the page and wait until it shows something."""
        self.page.goto(f"{self.url}/herd/{query}")
        if self.game.accepting:
            self.page.wait_for_selector("#herd-stage:not([data-scene='wait'])")
            self.page.wait_for_selector("#herd-stage:not([data-access=''])")

    def text(self, id: str) -> str:
        """What an element says."""
        return str(self.page.inner_text(f"#{id}"))

    def wait_text(self, id: str, text: str) -> None:
        """Wait until an element says it."""
        self.page.wait_for_function(
            "([id, text]) => document.getElementById(id)?.innerText.includes(text)", arg=[id, text]
        )

    def sent(self, count: int) -> dict[str, Any]:
        """The newest control, once there are so many."""
        for _ in range(100):
            if len(self.game.controls) >= count:
                break
            self.page.wait_for_timeout(20)
        assert len(self.game.controls) == count, self.game.controls
        return self.game.controls[-1]

    def _said(self, text: str) -> None:
        # a browser reports every answer that is an error, also those that a test asks for
        if "Failed to load resource" not in text:
            self.errors.append(text)

    def _socket(self, socket: Any) -> None:
        if not self.game.accepting:
            socket.close()
            return
        self.game.sockets.append(socket)
        socket.on_close(lambda code, reason: self._left(socket))
        socket.send(json.dumps(self.game.snapshot()))

    def _left(self, socket: Any) -> None:
        if socket in self.game.sockets:
            self.game.sockets.remove(socket)

    def drop(self) -> None:
        """The server is gone: sockets are closed, and new ones too, until `accepting` is set again."""
        self.game.accepting = self.game.reachable = False
        for socket in tuple(self.game.sockets):
            socket.close(code=1001)
        self.game.sockets.clear()

    def _control(self, route: Any) -> None:
        if self.game.refusal:
            status, body = self.game.refusal
            route.fulfill(status=status, json=body)
            return
        given = route.request.post_data_json
        self.game.controls.append(given)
        phases = {"start": "open", "freeze": "frozen", "resume": "open", "lobby": "lobby", "end": "ended"}
        phase = phases.get(given["action"], self.game.state["phase"])
        route.fulfill(json={"phase": phase})
        if phase != self.game.state["phase"]:
            self.game.say(phase=phase)

    def _frames(self, route: Any) -> None:
        if self.game.frames is None:
            route.fulfill(status=404, json={"detail": "no such session"})
        else:
            route.fulfill(json=self.game.frames)

    def _state(self, route: Any) -> None:
        if self.game.reachable:
            route.fulfill(json={"version": self.game.version, "phase": self.game.state["phase"]})
        else:
            route.abort()

    def _people(self, route: Any) -> None:
        rows = ["participant,nickname,bot,cash,shares,wealth,kicked"]
        rows += [f'p{i},"{name}",,5000.00,50,{10_000 + i}.50,0' for i, name in enumerate(NAMES)]
        rows.append('p77,"Mallory, E.",,5000.00,50,99.00,0')
        route.fulfill(body="\r\n".join(rows) + "\r\n", content_type="text/csv")
