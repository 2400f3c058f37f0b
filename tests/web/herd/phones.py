"""A phone of the herd game as a test sees it: its cookie, its calls, its socket, on a real server."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import websocket

PATIENCE = 60.0
"""Seconds, more than a slow and busy machine needs for a message."""


def call(
    url: str, path: str, body: Any = None, cookie: str = "", **headers: str
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """(status, JSON, headers) of a call; a body makes it a POST, bytes are sent as they are."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    fields = {name.replace("_", "-"): value for name, value in headers.items()} | ({"Cookie": cookie} if cookie else {})
    request = urllib.request.Request(url + path, data, fields)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read()), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read()), dict(error.headers)


class Phone:
    """One participant. `said` holds every message that its socket brought and `receive` has read."""

    def __init__(self, url: str, nickname: str | None = None, cookie: str | None = None, join: bool = True) -> None:
        self.url = url
        self.cookie = cookie or ""
        self.said: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self.ws: websocket.WebSocket | None = None
        if join:
            status, self.joined, headers = call(url, "/herd/join", {"nickname": nickname}, self.cookie)
            assert status == 200, self.joined
            self.cookie = headers["Set-Cookie"].split(";")[0]
            self.name: str = self.joined["participant"]

    def order(self, side: str = "buy", quantity: Any = 1, client_id: str | None = None) -> tuple[int, dict[str, Any]]:
        """(status, answer)."""
        body = {"client_id": client_id or str(uuid4()), "side": side, "quantity": quantity}
        return call(self.url, "/herd/orders", body, self.cookie)[:2]

    def trade(self, side: str = "buy", quantity: int = 1) -> dict[str, Any]:
        """The order's state once it has been cleared."""
        status, answer = self.order(side, quantity)
        assert status == 202, answer
        return self.settled(answer["client_id"])

    def settled(self, client_id: str) -> dict[str, Any]:
        """The same of an order that was sent."""
        until = time.monotonic() + PATIENCE
        while True:
            status, found, _ = call(self.url, f"/herd/orders/{client_id}", cookie=self.cookie)
            assert status == 200, found
            if found["status"] != "accepted":
                return found
            assert time.monotonic() < until
            time.sleep(0.03)

    def state(self) -> dict[str, Any]:
        return call(self.url, "/herd/state", cookie=self.cookie)[1]

    def connect(self, query: str = "", *headers: str, **options: Any) -> Phone:
        """Open the socket; itself, for chaining."""
        self.ws = websocket.create_connection(
            self.url.replace("http", "ws") + f"/herd/ws{query}",
            timeout=PATIENCE,
            header=[*headers, *([f"Cookie: {self.cookie}"] if self.cookie else [])],
            **options,
        )
        return self

    def receive(self, wanted: Callable[[dict[str, Any]], object], patience: float = PATIENCE) -> dict[str, Any]:
        """Read until a message is wanted, and give that one. TimeoutError when it does not come."""
        assert self.ws is not None
        until = time.monotonic() + patience
        while (left := until - time.monotonic()) > 0:
            self.ws.settimeout(left)
            try:
                kind, text = self.ws.recv_data(control_frame=True)  # answers pings, and comes back from them too
            except websocket.WebSocketTimeoutException:
                break
            if kind != websocket.ABNF.OPCODE_TEXT:
                assert kind != websocket.ABNF.OPCODE_CLOSE, text
                continue
            message: dict[str, Any] = json.loads(text)
            self.said.append(message)
            self.sizes.append(len(text))
            if wanted(message):
                return message
        raise TimeoutError(f"not among {self.said[-5:]}")

    def kind(self, name: str, patience: float = PATIENCE) -> dict[str, Any]:
        """The next message of a type."""
        return self.receive(lambda message: message["type"] == name, patience)

    def close(self) -> None:
        if self.ws is not None:
            self.ws.close()
            self.ws.shutdown()


def phones(url: str) -> Iterator[Callable[..., Phone]]:
    """For a fixture: a function that makes phones, all of which are closed after the test."""
    made: list[Phone] = []

    def make(**options: Any) -> Phone:
        made.append(Phone(url, **options))
        return made[-1]

    yield make
    for one in made:
        with suppress(OSError):
            one.close()
