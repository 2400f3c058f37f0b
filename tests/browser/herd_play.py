"""Page object of the phone's page of the herd game, and a fake game that the test controls.

The page comes from the real server, with its security policy and compression. Its requests to the game are intercepted
in the browser and answered here, so that a test decides when an order is filled, a connection ends or a phone is
kicked.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tests.browser.waiting import PATIENCE

PORTRAIT, LANDSCAPE, SMALL = (390, 844), (844, 390), (320, 568)
Reply = tuple[int, dict[str, Any], dict[str, str]]


class FakeGame:
    """The game for one page. posts: received orders. joins: bodies of joins. asks: messages from the socket.

    order: what a posted order is answered with (None: no answer at all); `fills`: whether orders fill at once;
    `blocked`: no socket gets through; `up`: nothing does but the page.
    """

    def __init__(self, page: Any) -> None:
        self.page = page
        self.version, self.price, self.phase, self.session = 10, 100.0, "open", "s-1"
        self.you: dict[str, Any] | None = None
        self.sockets: list[Any] = []
        self.posts: list[dict[str, Any]] = []
        self.joins: list[dict[str, Any]] = []
        self.asks: list[dict[str, Any]] = []
        self.states: dict[str, dict[str, Any]] = {}
        self.more: dict[str, Any] = {"round": None, "meter": 0.62, "n": 300, "news": None}
        self.order: Callable[[dict[str, Any]], Reply | None] = self.accept
        self.join: Callable[[dict[str, Any]], Reply] = self.let_in
        self.fills = True
        self.up = True
        self.blocked = False
        page.route("**/herd/join", self._join)
        page.route("**/herd/orders", self._order)
        page.route("**/herd/orders/*", self._state_of)
        page.route("**/herd/state", self._state)
        page.route_web_socket(lambda url: urlsplit(url).path == "/herd/ws", self._socket)

    def participant(self, **values: Any) -> dict[str, Any]:
        """Make this phone a participant."""
        start = {"participant": "p1", "nick": "Ada", "cash": 5000.0, "shares": 50, "rank": 12, "of": 300}
        self.you = {**start, "wealth": 10_000.0, "start_wealth": 10_000.0, **values}
        return self.you

    def history(self, seconds: int = 150) -> list[list[float]]:
        """Prices of the last `seconds`; the last one is the current price."""
        now = int(time.time() * 1000)
        return [
            [now - 1000 * back, round(self.price + 2.5 * ((back * 7919 % 23) - 11) / 11 * min(1, back / 20), 2)]
            for back in range(seconds, -1, -1)
        ]

    def snapshot(self, **values: Any) -> dict[str, Any]:
        """The snapshot that the socket sends."""
        self.version += 1
        base = {"type": "snapshot", "version": self.version, "price": self.price, "time": int(time.time() * 1000)}
        state = {"phase": self.phase, "session": self.session, "start": 100.0, "history": self.history()}
        return {**base, **state, **self.more, **values}

    def say(self, *messages: dict[str, Any]) -> None:
        """Send to the newest socket."""
        for message in messages:
            self.sockets[-1].send(json.dumps(message))

    def delta(self, **values: Any) -> None:
        """Send a change."""
        self.price = values.get("price", self.price)
        self.phase = values.get("phase", self.phase)
        self.version += 1
        now = int(time.time() * 1000)
        self.say({"type": "delta", "version": self.version, "price": self.price, "time": now, **values})

    def who(self) -> dict[str, Any]:
        """The private message about this phone."""
        return {"type": "you", **(self.you or {"participant": None})}

    def fill(self, client_id: str, status: str = "filled", **values: Any) -> None:
        """Complete an order: change the portfolio and send the fill."""
        body = next(post for post in self.posts if post["client_id"] == client_id)
        sign = 1 if body["side"] == "buy" else -1
        price = self.price * (1 + sign * 0.0005 * body["quantity"])
        if status == "filled" and self.you is not None:
            self.you["cash"] -= sign * body["quantity"] * price
            self.you["shares"] += sign * body["quantity"]
            self.price = round(self.price * (1 + sign * 0.001 * body["quantity"]), 4)
        told = {**body, "status": status, "price": price, **values}
        self.states[client_id] = told
        if self.sockets:
            mine = {name: self.you[name] for name in ("cash", "shares")} if self.you else {}
            self.say({"type": "fill", **told, **mine})

    def accept(self, body: dict[str, Any]) -> Reply:
        """202, or 200 with the stored result."""
        known = body["client_id"] in self.states
        state = self.states.setdefault(body["client_id"], {"client_id": body["client_id"], "status": "accepted"})
        return (200 if known else 202), state, {}

    def let_in(self, body: dict[str, Any]) -> Reply:
        """A new participant."""
        you = self.participant(nick=body.get("nickname", ""))
        return 200, {name: you[name] for name in ("participant", "cash", "shares")}, {}

    def posted(self, count: int) -> str:
        """Wait until `count` orders have been posted, which the page says before the request is here.

        Returns the client id of the last one; fails if there are more.
        """
        give_up = time.monotonic() + PATIENCE / 1000
        while len(self.posts) < count and time.monotonic() < give_up:
            self.page.wait_for_timeout(20)  # lets the requests be handled
        assert len(self.posts) == count
        return str(self.posts[-1]["client_id"])

    def hang_up(self) -> None:
        """End the connection."""
        for socket in self.sockets:
            socket.close(code=1012, reason="restart")
        self.sockets.clear()

    def _socket(self, socket: Any) -> None:
        if self.blocked or not self.up:
            socket.close(code=1013, reason="later")
            return
        socket.on_message(lambda text: self._asked(socket, text))
        self.sockets.append(socket)
        self.say(self.who(), self.snapshot())

    def _asked(self, socket: Any, text: str) -> None:
        self.asks.append(json.loads(text))
        socket.send(json.dumps(self.snapshot()))

    def _join(self, route: Any) -> None:
        body = route.request.post_data_json
        self.joins.append(body)
        _answer(route, self.join(body))

    def _order(self, route: Any) -> None:
        body = route.request.post_data_json
        self.posts.append(body)
        reply = self.order(body)
        if reply is None:
            route.abort()
            return
        _answer(route, reply)
        if self.fills and reply[0] == 202:
            self.fill(body["client_id"])

    def _state_of(self, route: Any) -> None:
        state = self.states.get(route.request.url.rsplit("/", 1)[1])
        _answer(route, (200, state, {}) if state else (404, {"detail": "there is no such order"}, {}))

    def _state(self, route: Any) -> None:
        if not self.up:
            route.abort()
            return
        told = {name: value for name, value in self.snapshot().items() if name not in ("type", "history")}
        _answer(route, (200, {**told, "you": self.you}, {}))


def refusal(status: int, detail: str, retry_after: str = "") -> Callable[[dict[str, Any]], Reply]:
    """A `join` or `order` that is always refused."""
    return lambda body: (status, {"detail": detail}, {"Retry-After": retry_after} if retry_after else {})


def _answer(route: Any, reply: Reply) -> None:
    status, body, headers = reply
    route.fulfill(status=status, content_type="application/json", body=json.dumps(body), headers=headers)


class Phone:
    """One open page. errors: errors of the console and uncaught exceptions."""

    def __init__(self, context: Any, url: str) -> None:
        self.page = context.new_page()
        self.url = url
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(f"exception: {error}"))
        self.page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))

    def visit(self, query: str = "") -> None:
        """Open the page."""
        self.page.goto(f"{self.url}/herd/play{query}")

    def enter(self, nickname: str = "") -> None:
        """Join with the form."""
        self.page.fill("#nickname", nickname)
        self.page.tap("#join-button")
        self.page.wait_for_selector("#deck:not([hidden])")

    def text(self, id: str) -> str:
        """The text of an element."""
        return " ".join(str(self.page.text_content(f"#{id}") or "").split())

    def until(self, id: str, words: str) -> None:
        """Wait until the text of an element contains `words`."""
        self.page.wait_for_function(
            "([id, words]) => document.getElementById(id).textContent.replace(/\\s+/g, ' ').includes(words)",
            arg=[id, words],
        )

    def visible(self, id: str) -> bool:
        """True if an element is visible."""
        return bool(self.page.locator(f"#{id}").is_visible())


Open = Callable[..., tuple[Phone, FakeGame]]
"""The fixture `open_phone`."""
