"""Coinbase Exchange: matches and heartbeats of the public feed, trades by REST.

Documentation: docs.cdp.coinbase.com, "Exchange WebSocket Channels" and "Get product trades". No frames of it were
recorded, so the layout is that of the documentation. `trade_id` counts the trades of a product. `side` is the maker's,
so a match with `sell` is a taker who bought. A heartbeat comes every second for each product.

Pages go back from a cursor: those after the id x hold the ids below x, newest first. The trades that follow a known one
are therefore a page after an id that is a page higher.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from orderflow.feeds.venues.reading import SECOND, decode, taker_side, time_of
from orderflow.feeds.venues.venue import Event, Facts, Heartbeat, Held, Problem, Request, Subscribed, Trade

_PAIR = re.compile(r"[A-Z0-9]{1,16}-[A-Z0-9]{2,10}")


class _Message(msgspec.Struct):
    type: str = ""
    trade_id: int = -1
    product_id: str = ""
    time: str = ""
    price: str = ""
    size: str = ""
    side: str = ""
    message: str = ""
    reason: str = ""


class _Row(msgspec.Struct, gc=False):
    trade_id: int
    time: str
    price: str
    size: str
    side: str


class _Time(msgspec.Struct):
    epoch: Decimal


_MESSAGE = msgspec.json.Decoder(_Message)
_ROWS = msgspec.json.Decoder(list[_Row])
_TIME = msgspec.json.Decoder(_Time)


class Coinbase:
    """The dialect of Coinbase Exchange."""

    facts = Facts(
        name="coinbase",
        title="Coinbase",
        rest_url="https://api.exchange.coinbase.com",
        ws_url="wss://ws-feed.exchange.coinbase.com",
        silence=20.0,
        page=1000,
    )

    def default_pair(self, ticker: str) -> str:
        return f"{ticker.upper()}-USD"

    def is_pair(self, text: str) -> bool:
        return _PAIR.fullmatch(text) is not None

    def socket_path(self, pairs: Sequence[str]) -> str:
        return ""

    def subscribe(self, pairs: Sequence[str]) -> Sequence[str]:
        return [_call("subscribe", pairs)] if pairs else []

    def unsubscribe(self, pairs: Sequence[str]) -> Sequence[str]:
        return [_call("unsubscribe", pairs)] if pairs else []

    def read(self, message: str | bytes) -> Sequence[Event]:
        found = decode(_MESSAGE, message, "a message of Coinbase")
        if found.type in ("match", "last_match"):
            return (_trade(found.product_id, found),)
        if found.type == "heartbeat":
            return (Heartbeat(),)
        if found.type == "subscriptions":
            return (Subscribed(),)
        if found.type == "error":
            return (Problem(": ".join(filter(None, (found.message, found.reason)))),)
        return ()

    def trades_request(self, pair: str, held: Held | None) -> Request:
        query = {"limit": str(self.facts.page)}
        if held is not None:
            query["after"] = str(held.id + self.facts.page)
        return Request(f"/products/{pair}/trades", query)

    def read_trades(self, pair: str, body: bytes) -> Sequence[Trade]:
        rows: list[_Row] = decode(_ROWS, body, "an answer of Coinbase")
        return [_trade(pair, row) for row in reversed(rows)]

    def time_request(self) -> Request | None:
        return Request("/time")

    def read_time(self, body: bytes) -> int:
        return int(decode(_TIME, body, "the clock of Coinbase").epoch * SECOND)

    def used_weight(self, headers: Mapping[str, str]) -> int | None:
        return None


def _trade(pair: str, row: _Message | _Row) -> Trade:
    side = -taker_side(row.side)  # the maker's
    return Trade(pair, row.trade_id, time_of(row.time), row.price, row.size, side, row.trade_id, row.trade_id)


def _call(kind: str, pairs: Sequence[str]) -> str:
    body = {"type": kind, "product_ids": list(pairs), "channels": ["matches", "heartbeat"]}
    return msgspec.json.encode(body).decode()
