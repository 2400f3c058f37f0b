"""Bybit spot: the public trade topic of API v5, the newest trades by REST.

Documentation: bybit-exchange.github.io/docs/v5, "Trade", "Connect" and "Get Recent Public Trades". No frames of it were
recorded, so the layout is that of the documentation. `S` is the taker's side. An id says nothing about the trades
around it, and REST has only the newest 60, so a longer gap is a hole. One request subscribes to at most 10 topics, and
a ping of the client is expected every 20 s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from orderflow.feeds.venues.reading import MS, decode, id_of, milliseconds, taker_side
from orderflow.feeds.venues.venue import BadMessage, Event, Facts, Held, Problem, Request, Subscribed, Trade

_PAIR = re.compile(r"[A-Z0-9]{1,16}(USDT|USDC|USDE|EUR|BTC|ETH|BRL|TRY|PLN)")
_TOPICS = 10
"""Most topics of one request."""


class _Row(msgspec.Struct, gc=False):
    T: int
    s: str
    S: str
    v: str
    p: str
    i: str


class _Message(msgspec.Struct):
    topic: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")
    success: bool | None = None
    ret_msg: str = ""
    op: str = ""


class _Recent(msgspec.Struct, gc=False):
    execId: str
    price: str
    size: str
    side: str
    time: str


class _Result(msgspec.Struct):
    rows: list[_Recent] = msgspec.field(default_factory=list, name="list")
    timeNano: str = ""


class _Answer(msgspec.Struct):
    retCode: int
    retMsg: str = ""
    result: _Result = msgspec.field(default_factory=_Result)


_MESSAGE = msgspec.json.Decoder(_Message)
_DATA = msgspec.json.Decoder(list[_Row])
_ANSWER = msgspec.json.Decoder(_Answer)


class Bybit:
    """The dialect of Bybit's spot market."""

    facts = Facts(
        name="bybit",
        title="Bybit",
        rest_url="https://api.bybit.com",
        ws_url="wss://stream.bybit.com",
        contiguous=False,
        keep_alive=('{"op":"ping"}', 20.0),
        page=60,
    )

    def default_pair(self, ticker: str) -> str:
        return f"{ticker.upper()}USDT"

    def is_pair(self, text: str) -> bool:
        return _PAIR.fullmatch(text) is not None

    def socket_path(self, pairs: Sequence[str]) -> str:
        return "/v5/public/spot"

    def subscribe(self, pairs: Sequence[str]) -> Sequence[str]:
        return _calls("subscribe", pairs)

    def unsubscribe(self, pairs: Sequence[str]) -> Sequence[str]:
        return _calls("unsubscribe", pairs)

    def read(self, message: str | bytes) -> Sequence[Event]:
        found = decode(_MESSAGE, message, "a message of Bybit")
        if found.topic.startswith("publicTrade."):
            rows = decode(_DATA, bytes(found.data), "a trade of Bybit")
            return [_trade(row.s, row.i, row.T * MS, row.p, row.v, row.S) for row in rows]
        if found.success is False:
            pair = found.ret_msg.rpartition("publicTrade.")[2] if "publicTrade." in found.ret_msg else None
            return (Problem(found.ret_msg or "the request was refused", pair),)
        return (Subscribed(),) if found.op == "subscribe" else ()

    def trades_request(self, pair: str, held: Held | None) -> Request:
        query = {"category": "spot", "symbol": pair, "limit": str(self.facts.page)}
        return Request("/v5/market/recent-trade", query)

    def read_trades(self, pair: str, body: bytes) -> Sequence[Trade]:
        rows = reversed(_result(body).rows)
        return [_trade(pair, row.execId, milliseconds(row.time), row.price, row.size, row.side) for row in rows]

    def time_request(self) -> Request | None:
        return Request("/v5/market/time")

    def read_time(self, body: bytes) -> int:
        text = _result(body).timeNano
        if not (text.isascii() and text.isdigit() and len(text) <= 19):
            raise BadMessage(f"the clock of Bybit says {text[:60]!r}")
        return int(text)

    def used_weight(self, headers: Mapping[str, str]) -> int | None:
        return None


def _result(body: bytes) -> _Result:
    answer = decode(_ANSWER, body, "an answer of Bybit")
    if answer.retCode:
        raise BadMessage(f"Bybit refuses: {answer.retMsg} ({answer.retCode})")
    return answer.result


def _trade(pair: str, text: str, time: int, price: str, size: str, side: str) -> Trade:
    number = id_of(text)
    return Trade(pair, number, time, price, size, taker_side(side), number, number)


def _calls(op: str, pairs: Sequence[str]) -> list[str]:
    topics = [f"publicTrade.{pair}" for pair in pairs]
    parts = [topics[at : at + _TOPICS] for at in range(0, len(topics), _TOPICS)]
    return [msgspec.json.encode({"op": op, "args": part}).decode() for part in parts]
