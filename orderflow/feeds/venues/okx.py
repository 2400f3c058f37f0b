"""OKX spot: the trades-all channel of API v5, trades by REST.

Documentation: okx.com/docs-v5, "All trades channel" and "GET / Trades history". No frames of it were recorded, so the
layout is that of the documentation. The channel has one message a trade; `tradeId` counts the trades of an instrument,
which the documentation does not promise to be without gaps: an id that the history does not have is marked as a hole.
`side` is the taker's. The client sends the text ping within 30 s of silence.

Pages of the history go back from an id, newest first, 100 at a time, as those of Coinbase do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from orderflow.feeds.venues.reading import decode, id_of, milliseconds, taker_side
from orderflow.feeds.venues.venue import (
    BadMessage,
    Event,
    Facts,
    Held,
    Problem,
    Request,
    ShuttingDown,
    Subscribed,
    Trade,
)

_PAIR = re.compile(r"[A-Z0-9]{1,16}-[A-Z0-9]{2,10}")


class _Row(msgspec.Struct, gc=False):
    instId: str
    tradeId: str
    px: str
    sz: str
    side: str
    ts: str


class _Arg(msgspec.Struct):
    channel: str = ""
    instId: str | None = None


class _Message(msgspec.Struct):
    event: str = ""
    arg: _Arg = msgspec.field(default_factory=_Arg)
    code: str = ""
    msg: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")


class _Answer(msgspec.Struct):
    code: str
    msg: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")


class _Time(msgspec.Struct):
    ts: str


_MESSAGE = msgspec.json.Decoder(_Message)
_ROWS = msgspec.json.Decoder(list[_Row])
_ANSWER = msgspec.json.Decoder(_Answer)
_TIMES = msgspec.json.Decoder(list[_Time])


class Okx:
    """The dialect of OKX's spot market."""

    facts = Facts(
        name="okx",
        title="OKX",
        rest_url="https://www.okx.com",
        ws_url="wss://ws.okx.com:8443",
        keep_alive=("ping", 25.0),
        messages=3,
        page=100,
    )

    def default_pair(self, ticker: str) -> str:
        return f"{ticker.upper()}-USDT"

    def is_pair(self, text: str) -> bool:
        return _PAIR.fullmatch(text) is not None

    def socket_path(self, pairs: Sequence[str]) -> str:
        return "/ws/v5/business"

    def subscribe(self, pairs: Sequence[str]) -> Sequence[str]:
        return [_call("subscribe", pairs)] if pairs else []

    def unsubscribe(self, pairs: Sequence[str]) -> Sequence[str]:
        return [_call("unsubscribe", pairs)] if pairs else []

    def read(self, message: str | bytes) -> Sequence[Event]:
        if message in ("pong", b"pong"):
            return ()
        found = decode(_MESSAGE, message, "a message of OKX")
        if found.event == "subscribe":
            return (Subscribed(),)
        if found.event == "error":
            return (Problem(f"{found.msg} ({found.code})", found.arg.instId),)
        if found.event == "notice":
            return (ShuttingDown(),)
        if found.event or found.arg.channel != "trades-all":
            return ()
        return [_trade(row) for row in decode(_ROWS, bytes(found.data), "a trade of OKX")]

    def trades_request(self, pair: str, held: Held | None) -> Request:
        query = {"instId": pair, "limit": str(self.facts.page)}
        if held is not None:
            query |= {"type": "1", "after": str(held.id + self.facts.page)}
        return Request("/api/v5/market/history-trades", query)

    def read_trades(self, pair: str, body: bytes) -> Sequence[Trade]:
        rows = decode(_ROWS, bytes(_data(body)), "an answer of OKX")
        return [_trade(row) for row in reversed(rows)]

    def time_request(self) -> Request | None:
        return Request("/api/v5/public/time")

    def read_time(self, body: bytes) -> int:
        times = decode(_TIMES, bytes(_data(body)), "the clock of OKX")
        if not times:
            raise BadMessage("the clock of OKX says nothing")
        return milliseconds(times[0].ts)

    def used_weight(self, headers: Mapping[str, str]) -> int | None:
        return None


def _data(body: bytes) -> msgspec.Raw:
    answer = decode(_ANSWER, body, "an answer of OKX")
    if answer.code != "0":
        raise BadMessage(f"OKX refuses: {answer.msg} ({answer.code})")
    return answer.data


def _trade(row: _Row) -> Trade:
    number = id_of(row.tradeId)
    return Trade(row.instId, number, milliseconds(row.ts), row.px, row.sz, taker_side(row.side), number, number)


def _call(op: str, pairs: Sequence[str]) -> str:
    args = [{"channel": "trades-all", "instId": pair} for pair in pairs]
    return msgspec.json.encode({"op": op, "args": args}).decode()
