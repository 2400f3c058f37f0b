"""What a venue's dialect is: the addresses, messages and requests of one exchange, in one file and without any state.

A dialect opens no connection and keeps no time. `orderflow.feeds` connects, waits, reconnects and fills gaps; it asks
the dialect what to send and what a message means. To add a venue, write a class with the members of `Venue` and add its
line to `orderflow.feeds.venues.registry`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from orderflow.errors import OrderflowError


class BadMessage(OrderflowError):
    """A message or an answer that cannot be read. It is counted, and what it may have held is filled by request."""


class Trade(msgspec.Struct, gc=False):
    """One trade, or several fills that the venue reports as one.

    pair: as the venue names it. id: the venue's id, which the tick gets (text ids: `formats.parsing.words.trade_id`).
    time: ns UTC. price, size: plain decimal text, as the venue wrote it. side: of the aggressor, -1, 0 or 1 as
    `market.ticks.Side`. first, last: numbers of the fills it covers. At a venue with `Facts.contiguous` they go on
    without a gap from one trade of a pair to the next; elsewhere both are the id.
    """

    pair: str
    id: int
    time: int
    price: str
    size: str
    side: int
    first: int
    last: int


class Kline(msgspec.Struct, gc=False):
    """A candle of the venue. start, end: ms UTC, end inclusive. Numbers are the venue's text. closed: it is final."""

    pair: str
    interval: str
    start: int
    end: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    trades: int
    taker_buy_volume: str
    closed: bool


def kline_name(pair: str, interval: str) -> str:
    """The name under which klines of a pair are subscribed to, beside the names of pairs for trades."""
    return f"{pair}@kline_{interval}"


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The venue has accepted a subscription."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The stream is alive though nothing traded. Answers to pings are not this: they do not prove that data flows."""


@dataclass(frozen=True, slots=True)
class ShuttingDown:
    """The venue will close the connection soon."""


@dataclass(frozen=True, slots=True)
class Problem:
    """The venue reports an error. pair: of the subscription that it refuses; None: the error is not of one pair."""

    reason: str
    pair: str | None = None


Event = Trade | Kline | Subscribed | Heartbeat | ShuttingDown | Problem


@dataclass(frozen=True, slots=True)
class Request:
    """A GET request. path: begins with a slash, below the REST address. weight: what it costs of the venue's limit."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Held:
    """The newest trade that is held of a pair. time: ns UTC. last: as of `Trade`, None after a restart."""

    id: int
    time: int
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Fixed facts of a venue.

    name: before the colon of its series. title: in words. rest_url, ws_url: where it is by default, without a slash at
    the end. contiguous: see `Trade`. life: seconds after which the venue ends a connection, None: never. silence:
    seconds without a trade or heartbeat after which a connection counts as dead. keep_alive: a message to send when
    nothing was sent for so many seconds. messages: sent per second at most. weight: of requests per minute at most, 0:
    unknown. page: trades in one answer at most.
    """

    name: str
    title: str
    rest_url: str
    ws_url: str
    contiguous: bool = True
    life: float | None = None
    silence: float = 60.0
    keep_alive: tuple[str, float] | None = None
    messages: int = 5
    weight: int = 0
    page: int = 1000


class Venue(Protocol):
    """The dialect of one venue. Its methods are pure: the same arguments give the same answer, from any thread."""

    facts: Facts

    def default_pair(self, ticker: str) -> str:
        """The pair that a ticker's name means here: "BTC" is "BTCUSDT" or "BTC-USD"."""

    def is_pair(self, text: str) -> bool:
        """Whether a text is formed like a pair of this venue."""

    def socket_path(self, pairs: Sequence[str]) -> str:
        """The path of the socket below the WebSocket address, "" or beginning with a slash."""

    def subscribe(self, pairs: Sequence[str]) -> Sequence[str]:
        """The messages that subscribe to the trades of pairs."""

    def unsubscribe(self, pairs: Sequence[str]) -> Sequence[str]:
        """The messages that end it."""

    def read(self, message: str | bytes) -> Sequence[Event]:
        """What a message says, in its order; () for one without interest. Raises BadMessage."""

    def trades_request(self, pair: str, held: Held | None) -> Request:
        """The request for the trades that follow `held`, oldest page first; None: for the newest ones.

        Where the venue allows it, the answer begins with `held` itself: that proves that nothing is missing and that
        the ids still mean the same. A gap is filled by repeating the request with the newest trade of each answer until
        one brings nothing new, so a venue that only has its newest trades answers the same again.
        """

    def read_trades(self, pair: str, body: bytes) -> Sequence[Trade]:
        """The trades of an answer, oldest first. Raises BadMessage."""

    def time_request(self) -> Request | None:
        """The request for the venue's clock; None: there is none."""

    def read_time(self, body: bytes) -> int:
        """The venue's clock in ns UTC. Raises BadMessage."""

    def used_weight(self, headers: Mapping[str, str]) -> int | None:
        """The weight used in this minute according to an answer's headers (lower case names); None: not said."""
