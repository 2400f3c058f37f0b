"""Kraken spot: the trade channel of WebSocket API v2, trades by REST.

Documentation: docs.kraken.com, "Spot WebSocket v2: trade" and "Get Recent Trades". No frames of it were recorded, so
the layout is that of the documentation. `trade_id` is a sequence number of the book, `side` is the taker's. Prices and
sizes are JSON numbers, which are read digit by digit. While nothing trades, a heartbeat comes about every second.

REST has other digits of a time than the socket, so both are cut to milliseconds, or one trade could be taken for two; a
request begins a millisecond early, and the ids tell which trades are known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from orderflow.feeds.venues.reading import MS, SECOND, decode, taker_side, time_of
from orderflow.feeds.venues.venue import BadMessage, Event, Facts, Heartbeat, Held, Problem, Request, Subscribed, Trade

_PAIR = re.compile(r"[A-Z0-9.]{1,16}/[A-Z0-9.]{2,10}")


class _Row(msgspec.Struct, gc=False):
    symbol: str
    side: str
    price: Decimal
    qty: Decimal
    trade_id: int
    timestamp: str


class _Message(msgspec.Struct):
    channel: str = ""
    method: str = ""
    success: bool = True
    error: str = ""
    symbol: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"[]")


class _Answer(msgspec.Struct):
    error: list[str] = []
    result: dict[str, msgspec.Raw] = {}


_MESSAGE = msgspec.json.Decoder(_Message)
_DATA = msgspec.json.Decoder(list[_Row])
_ANSWER = msgspec.json.Decoder(_Answer)
_ROWS = msgspec.json.Decoder(list[tuple[str, str, Decimal, str, str, str, int]])
_SECONDS = msgspec.json.Decoder(int)


class Kraken:
    """The dialect of Kraken's spot market."""

    facts = Facts(
        name="kraken",
        title="Kraken",
        rest_url="https://api.kraken.com",
        ws_url="wss://ws.kraken.com",
        silence=20.0,
        page=1000,
    )

    def default_pair(self, ticker: str) -> str:
        return f"{ticker.upper()}/USD"

    def is_pair(self, text: str) -> bool:
        return _PAIR.fullmatch(text) is not None

    def socket_path(self, pairs: Sequence[str]) -> str:
        return "/v2"

    def subscribe(self, pairs: Sequence[str]) -> Sequence[str]:
        return [_call("subscribe", pairs, snapshot=False)] if pairs else []

    def unsubscribe(self, pairs: Sequence[str]) -> Sequence[str]:
        return [_call("unsubscribe", pairs)] if pairs else []

    def read(self, message: str | bytes) -> Sequence[Event]:
        found = decode(_MESSAGE, message, "a message of Kraken")
        if found.channel == "trade":
            rows = decode(_DATA, bytes(found.data), "a trade of Kraken")
            return [_trade(row) for row in rows]
        if found.channel == "heartbeat":
            return (Heartbeat(),)
        if found.error or not found.success:
            return (Problem(found.error or "the request was refused", found.symbol),)
        return (Subscribed(),) if found.method == "subscribe" else ()

    def trades_request(self, pair: str, held: Held | None) -> Request:
        query = {"pair": pair.replace("/", ""), "count": str(self.facts.page)}
        if held is not None:
            query["since"] = str(held.time - MS)
        return Request("/0/public/Trades", query)

    def read_trades(self, pair: str, body: bytes) -> Sequence[Trade]:
        rows = next((raw for name, raw in _result(body).items() if name != "last"), None)
        if rows is None:
            raise BadMessage("an answer of Kraken has no trades")
        found = []
        for price, size, time, side, _, _, number in decode(_ROWS, bytes(rows), "an answer of Kraken"):
            moment = int(time * 1_000) * MS
            taker = {"b": 1, "s": -1}.get(side, 0)
            found.append(Trade(pair, number, moment, price, size, taker, number, number))
        return found

    def time_request(self) -> Request | None:
        return Request("/0/public/Time")

    def read_time(self, body: bytes) -> int:
        raw = _result(body).get("unixtime", msgspec.Raw(b""))
        return decode(_SECONDS, bytes(raw), "the clock of Kraken") * SECOND

    def used_weight(self, headers: Mapping[str, str]) -> int | None:
        return None


def _result(body: bytes) -> dict[str, msgspec.Raw]:
    answer = decode(_ANSWER, body, "an answer of Kraken")
    if answer.error:
        raise BadMessage(f"Kraken refuses: {', '.join(answer.error)}")
    return answer.result


def _trade(row: _Row) -> Trade:
    time = time_of(row.timestamp) // MS * MS
    price, size = f"{row.price:f}", f"{row.qty:f}"
    return Trade(row.symbol, row.trade_id, time, price, size, taker_side(row.side), row.trade_id, row.trade_id)


def _call(method: str, pairs: Sequence[str], **more: Any) -> str:
    params = {"channel": "trade", "symbol": list(pairs), **more}
    return msgspec.json.encode({"method": method, "params": params}).decode()
