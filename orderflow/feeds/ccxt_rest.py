"""Trades of any exchange that ccxt knows, an extra: REST only, by `fetch_trades`.

Its sockets are not used: they neither fill gaps nor stay exact. Trades are told apart by the exchange's ids; trades
without ids are taken only if they are newer than the newest one, so of those with one time some may be missing.

ccxt sends its requests with `requests`, which must not run in a thread beside the hub (see `orderflow.feeds.http_get`),
so its session is replaced by one over this project's own client.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl

from orderflow.errors import BadSetting, OrderflowError
from orderflow.feeds.http_get import HttpClient
from orderflow.feeds.venues.reading import MS, id_of, taker_side
from orderflow.feeds.venues.venue import Held, Trade
from orderflow.market.ticks import NO_ID

LIMIT = 1000
"""Trades of one answer, at most; many exchanges give fewer."""
_PAIR = re.compile(r"[A-Z0-9]{1,16}/[A-Z0-9]{2,10}")


def make_exchange(name: str) -> Any:
    """ccxt's object for an exchange. Raises BadSetting that names the extra or the exchange."""
    try:
        library = import_module("ccxt")
    except ImportError as error:
        raise BadSetting(f'feeds = ccxt:{name} needs the extra: pip install "orderflow[ccxt]"') from error
    if name not in library.exchanges:
        raise BadSetting(f"feeds = ccxt:{name} is not allowed: ccxt knows no exchange {name!r}")
    exchange = getattr(library, name)({"enableRateLimit": True, "timeout": 10_000})
    exchange.session = Session()
    return exchange


class CcxtRest:
    """See `orderflow.feeds.polled.Poller`."""

    def __init__(self, exchange: Any) -> None:
        self._exchange = exchange
        self.title = f"{exchange.name or exchange.id} (ccxt)"

    def default_pair(self, ticker: str) -> str:
        """BTC is BTC/USDT."""
        return f"{ticker.upper()}/USDT"

    def is_pair(self, text: str) -> bool:
        """Whether a text is formed like a spot pair of ccxt."""
        return _PAIR.fullmatch(text) is not None

    def fetch(self, pair: str, newest: Held | None) -> Sequence[Trade]:
        """The trades since the newest one, oldest first; the newest ones if there is none."""
        since = None if newest is None else newest.time // MS
        rows = sorted(self._exchange.fetch_trades(pair, since, LIMIT), key=lambda row: int(row["timestamp"]))
        trades = [_trade(pair, row) for row in rows]
        return [trade for trade in trades if trade.id != NO_ID or newest is None or trade.time > newest.time]


def _trade(pair: str, row: Mapping[str, Any]) -> Trade:
    number = NO_ID if row.get("id") in (None, "") else id_of(str(row["id"]))
    side = taker_side(str(row.get("side") or ""))
    time, price, size = int(row["timestamp"]) * MS, _digits(row["price"]), _digits(row["amount"])
    return Trade(pair, number, time, price, size, side, number, number)


def _digits(value: object) -> str:
    return f"{Decimal(str(value)):f}"


class _Cookies:
    def clear(self) -> None:
        """Nothing is kept."""


class Answer:
    """The members of an answer of `requests` that ccxt reads."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status_code = status
        self.reason = ""
        self.headers = dict(headers)
        self.content = body
        self.text = body.decode(errors="replace")
        self.encoding = "utf-8"

    def raise_for_status(self) -> None:
        """Raises OrderflowError for an error's status."""
        if self.status_code >= 400:
            raise OrderflowError(f"the exchange answers {self.status_code}: {self.text[:200]}")


class Session:
    """The part of `requests.Session` that ccxt uses, for GET requests only."""

    def __init__(self) -> None:
        self.cookies = _Cookies()
        self.trust_env = False
        self._client = HttpClient()

    def request(self, method: str, url: str, **options: Any) -> Answer:
        """The answer to a request. Raises OrderflowError for another method than GET, and as `HttpClient`."""
        if method != "GET":
            raise OrderflowError(f"this feed only reads: {method} is not sent")
        base, _, query = url.partition("?")
        found = self._client.get(base, dict(parse_qsl(query, keep_blank_values=True)))
        return Answer(found.status, found.headers, found.body)

    def close(self) -> None:
        """End the kept connection."""
        self._client.close()
