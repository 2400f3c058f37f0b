"""The crypto tickers over HTTP and WebSocket: the original system's routes, and those that change the list."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import flask
import msgspec

from orderflow.feeds.holes import Holes
from orderflow.feeds.live_feeds import LiveFeeds
from orderflow.feeds.retention import Retention
from orderflow.runtime.workers import Workers
from orderflow.services import Services
from orderflow.storage.records.hole_store import StoredHole
from orderflow.tickers.alerts.alert import AlertEvent
from orderflow.tickers.alerts.service import Alerts
from orderflow.tickers.quotes import MAX_POINTS, STEPS, Quote, Quotes
from orderflow.tickers.tickers import Listed, Tickers
from orderflow.web.kit.api import Api
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.fanout_client import MAX_OUTBOX, Client
from orderflow.web.kit.params import Param, ParamError, choice, integer
from orderflow.web.kit.request_body import read_body
from orderflow.web.kit.responses import JSON, encode, json_response, reserve
from orderflow.web.kit.routes import ResponseDoc, Route, Values
from orderflow.web.kit.scope import Scope, lasting_scope
from orderflow.web.kit.sockets import Connection, Handler
from orderflow.web.kit.unprocessable import Unprocessable, loose, with_status
from orderflow.web.tickers import ticker_schemas as schemas
from orderflow.web.tickers.alert_schemas import fired_json

EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
MAX_BODY = 1 << 16
PRICE_SECONDS = 0.5
"""Least seconds between two price messages of `/ws/tickers`."""
MOST_AT_ONCE = MAX_OUTBOX // 2
"""Alerts that fired together and are sent to one client."""
POINT_BYTES = 800
"""Memory of a point of a history, about."""
KEY = "tickers"

NAME = Param("ticker", "The ticker's name, e.g. BTC.", {"type": "string"}, str, "path", required=True)
LIMIT = integer("limit", "Number of points; the newest are returned.", 1, MAX_POINTS, default=100)
STEP = choice(
    "step", "Distance of the points: a point is the last trade of its step; tick: every trade.", STEPS, default="2s"
)
MISSING = {404: "There is no such ticker."}
WRONG = {409: "There is such a ticker already.", 413: "The body is too large.", 422: "A field is invalid."}
SOCKET_DOC = (
    'Messages: `{"type": "price", "tickers": [...]}` with the members of `GET /api/v1/crypto`: first all tickers, then '
    'at most twice a second those that have changed; `{"type": "alert", ...}` when an alert fires, with the members of '
    "`GET /alerts/events` but its number: a user's own alerts, all for the operator, none without either. Of more than "
    f"{MOST_AT_ONCE} that fire together the newest are sent."
)
T = TypeVar("T", bound=msgspec.Struct)


class _Added(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /api/v1/crypto. ticker: a name, a pair or NAME=PAIR."""

    ticker: str
    pair: str | None = None
    feed: str | None = None


class _Changed(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PATCH /api/v1/crypto/{ticker}."""

    pair: str | None = None
    feed: str | None = None


class _Order(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /api/v1/crypto: all names in their new order."""

    tickers: list[str]


class TickersApi(Api):
    """The routes of the tickers, and their socket; `alert` sends an alert to those of its clients who may see it."""

    def __init__(self, services: Services, fanout: Fanout) -> None:
        self._workers = services.workers
        self._tickers = services.part(Tickers)
        self._quotes = services.part(Quotes)
        self._feeds = services.part(LiveFeeds)
        self._retention = services.part(Retention)
        self._holes = services.part(Holes)
        self._fanout = fanout
        self._scopes: dict[Client, Callable[[], Scope | None]] = {}
        services.part(Alerts).listen(lambda events: self._workers.spawn("alert messages", self.alert, events))

    def routes(self) -> list[Route]:
        crypto, one = "/api/v1/crypto", "/api/v1/crypto/{ticker}"

        def found(doc: str, schema: Mapping[str, Any], status: int = 200) -> dict[int, ResponseDoc]:
            return {status: ResponseDoc(doc, {JSON: schema})}

        examples = [{"ticker": "SOL"}, {"ticker": "LTC", "pair": "LTCUSDT", "feed": "binance"}]
        added = {JSON: {"type": "object", "examples": examples}}
        return [
            Route("GET", crypto, self.crypto, "All tickers", answers=found("The tickers.", schemas.CRYPTO),
                  lenient=True),
            Route("POST", crypto, self.add, "Add a ticker", "Its place is the last. Without `feed` it belongs to the "
                  "server's first feed, and without `pair` to what that feed makes of the name.", body=added,
                  answers=found("The ticker.", schemas.LISTED, 201), errors=WRONG),
            Route("PUT", crypto, self.reorder, "Order the tickers",
                  body={JSON: schemas.ORDER}, answers=found("The new order.", schemas.ORDER), errors=WRONG),
            Route("PATCH", one, self.change, "Change what a ticker stands for", "Neither ticks nor alerts move.",
                  (NAME,), {JSON: {"type": "object", "examples": [{"pair": "BTC-EUR", "feed": "coinbase"}]}},
                  found("The ticker.", schemas.LISTED), {**MISSING, **WRONG}),
            Route("DELETE", one, self.remove, "Remove a ticker", "Its ticks and alerts stay.", (NAME,),
                  answers=found("The remaining tickers.", schemas.ORDER), errors=MISSING),
            Route("GET", "/api/v1/feeds", self.feeds, "Live feeds", answers=found("The feeds.", schemas.FEEDS)),
            Route("GET", "/history/{ticker}", self.history, "Prices of a ticker", "Oldest first.",
                  (NAME, loose(LIMIT), loose(STEP)), answers=found("The prices.", schemas.HISTORY),
                  errors={**MISSING, 422: "The limit is not from 1 to 10,000, or the step is unknown."}, lenient=True),
        ]  # fmt: skip

    def sockets(self) -> list[tuple[Route, Handler]]:
        return [
            (
                Route("GET", "/ws/tickers", None, "Prices of all tickers, and alerts", SOCKET_DOC, socket=True),
                self.listen,
            )
        ]

    def crypto(self, values: Values) -> flask.Response:
        return json_response(self._workers.run(self._crypto))

    def _crypto(self) -> bytes:
        return encode({"tickers": [described(quote) for quote in self._quotes.all()]})

    def history(self, values: Values) -> flask.Response:
        for name in ("limit", "step"):
            if isinstance(values[name], ParamError):
                raise Unprocessable(f"{name} {values[name].reason}", [values[name]])
        name, limit, step = self._tickers.get(values["ticker"]).name, values["limit"], values["step"]
        with reserve(limit * POINT_BYTES):
            return json_response(self._workers.run(self._history, name, limit, step))

    def _history(self, name: str, limit: int, step: str) -> bytes:
        points = self._quotes.history(name, limit, step)
        rows = [{"price": point.price, "timestamp": stamp(point.time)} for point in points]
        return encode({"ticker": name, "history": rows})

    def feeds(self, values: Values) -> flask.Response:
        found = [status.json() for status in self._feeds.status()]
        holes = [hole_json(hole) for hole in self._holes.all()]
        return json_response({"feeds": found, "kept": self._retention.status(), "holes": holes})

    def add(self, values: Values) -> flask.Response:
        body = _body(_Added)
        return json_response(_listed(with_status(partial(self._tickers.add, body.ticker, body.pair, body.feed))), 201)

    def change(self, values: Values) -> flask.Response:
        body = _body(_Changed)
        return json_response(
            _listed(with_status(partial(self._tickers.change, values["ticker"], body.pair, body.feed)))
        )

    def remove(self, values: Values) -> flask.Response:
        self._tickers.remove(values["ticker"])
        return self._order()

    def reorder(self, values: Values) -> flask.Response:
        names = _body(_Order).tickers
        with_status(partial(self._tickers.reorder, names))
        return self._order()

    def _order(self) -> flask.Response:
        return json_response({"tickers": [ticker.name for ticker in self._tickers.all()]})

    # the socket

    def listen(self, connection: Connection, values: Values) -> None:
        source = partial(QuoteSource, self._quotes, self._workers)
        self._scopes[connection.client] = lasting_scope()
        topic = self._fanout.join(KEY, connection.client, source, PRICE_SECONDS)
        try:
            connection.serve()
        finally:
            self._fanout.leave(topic, connection.client)
            self._scopes.pop(connection.client, None)

    def alert(self, events: Sequence[AlertEvent]) -> None:
        """Send fired alerts to the clients who may see them, with their next prices; of those that fired together and
        that a client may see the newest MOST_AT_ONCE. For the hub's thread."""
        seen: dict[str | None, list[AlertEvent]] = {None: [*events[-MOST_AT_ONCE:]]}
        for event in events:
            seen.setdefault(event.owner, []).append(event)
        texts: dict[str | None, list[bytes]] = {}
        for client, find in tuple(self._scopes.items()):
            if (scope := find()) is None:
                continue
            if (sees := scope.sees) not in texts:
                newest = seen.get(sees, [])[-MOST_AT_ONCE:]
                texts[sees] = [encode({"type": "alert", **fired_json(event)}) for event in newest]
            for text in texts[sees]:
                client.enqueue(text)


class QuoteSource:
    """Fan-out source of `/ws/tickers`: the quotes that have changed since a version."""

    def __init__(self, quotes: Quotes, workers: Workers) -> None:
        self._quotes = quotes
        self._workers = workers
        self._shown: tuple[Quote, ...] = ()

    def version(self) -> Hashable:
        self._shown = tuple(self._workers.run(self._quotes.all))
        return self._shown

    def message(self, since: Any) -> tuple[Hashable, bytes]:
        shown = self._shown
        known = set(since or ())
        changed = [described(quote) for quote in shown if quote not in known]
        return shown, encode({"type": "price", "tickers": changed})


def described(quote: Quote) -> dict[str, Any]:
    """A quote in the form of `GET /api/v1/crypto`."""
    row: dict[str, Any] = {
        "ticker": quote.ticker,
        "series": quote.series,
        "price": quote.price,
        "change_1h": _rounded(quote.change_1h),
        "change_24h": _rounded(quote.change_24h),
        "time": None if quote.time is None else stamp(quote.time),
        "source": quote.source,
        "state": quote.state,
    }
    return {**row, "reason": quote.reason} if quote.reason else row


def hole_json(hole: StoredHole) -> dict[str, Any]:
    """A gap that stays."""
    times = {"after": stamp(hole.begun), "until": stamp(hole.ended)}
    return {"series": hole.series, **times, "missing": hole.missing, "reason": hole.reason}


def stamp(ns: int) -> str:
    """A time (ns since 1970) as ISO-8601 in UTC, with as many digits as it needs."""
    seconds, rest = divmod(ns, 10**9)
    digits = f"{rest:09d}".rstrip("0")
    fraction = f".{digits.ljust(-(-len(digits) // 3) * 3, '0')}" if digits else ""
    return f"{(EPOCH + timedelta(seconds=seconds)).isoformat()}{fraction}Z"


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)


def _listed(ticker: Listed) -> dict[str, str]:
    row = {"ticker": ticker.name, "feed": ticker.feed, "pair": ticker.pair, "series": ticker.series}
    return {**row, "problem": ticker.problem} if ticker.problem else row


def _body(kind: type[T]) -> T:
    data = read_body(flask.request.environ, MAX_BODY)
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unprocessable(f"the body is not as described: {error}") from error
