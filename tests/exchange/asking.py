"""Calls the exchange without a network."""

from __future__ import annotations

import json
from typing import Any

from orderflow.exchange.exchange import Exchange
from orderflow.exchange.streams import Feed


def ask(exchange: Exchange, path: str, address: str = "10.0.0.1", **query: Any) -> Any:
    """The JSON of a successful call."""
    reply = exchange.call(path, [(name, str(value)) for name, value in query.items()], address)
    assert reply.status == 200, reply
    return json.loads(reply.body)


def refused(exchange: Exchange, path: str, *query: tuple[str, str], address: str = "10.0.0.1") -> tuple[int, int, str]:
    """(HTTP status, code, text) of a refused call."""
    reply = exchange.call(path, query, address)
    assert reply.status != 200, reply
    body = json.loads(reply.body)
    assert body.keys() == {"code", "msg"}
    return reply.status, body["code"], body["msg"]


def feed(exchange: Exchange, text: str) -> Feed:
    """The feed of a valid stream name."""
    made = exchange.feed(exchange.stream(text))
    assert made is not None
    return made


def look(exchange: Exchange, made: Feed) -> list[dict[str, Any]]:
    """The events of a feed now."""
    return [json.loads(text) for text in made.events(exchange.now())] if made.due(exchange.now()) else []
