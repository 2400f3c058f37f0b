"""Klines over HTTP and WebSocket. They are public data: reading them needs no login."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import flask

from orderflow.errors import NotFound
from orderflow.market.timeframes import TIMEFRAMES
from orderflow.runtime.workers import Workers
from orderflow.services import Services
from orderflow.web.kit.api import Api
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.params import Param, integer, moment, text
from orderflow.web.kit.responses import JSON, encode, json_response, reserve
from orderflow.web.kit.routes import ResponseDoc, Route, Values
from orderflow.web.kit.sockets import Connection, Handler
from orderflow.web.workspace import kline_schemas as schemas
from orderflow.web.workspace.kline_rows import backfill_row, difference_rows, kline_rows
from orderflow.workspace.klines.differences import differences
from orderflow.workspace.klines.live_klines import LiveKlines
from orderflow.workspace.klines.recent import RecentKlines
from orderflow.workspace.klines.sources import MOST, Source

STREAM_SECONDS = 0.25
"""Least seconds between two messages of a stream."""
DIFFERENCES_BYTES = 1 << 23
"""Memory of the klines that are compared, about."""
MS = 10**6
SYMBOL = text("symbol", "A pair of the venue, such as BTCUSDT, or a symbol with ticks, such as sim:BTC.", place="path")
FRAME = replace(
    text("timeframe", "1m is a minute, 1M a month.", place="path"),
    schema={"type": "string", "enum": [*TIMEFRAMES]},
)
START = moment("start", "First open time. With it the oldest klines come first; without it the newest page.")
END = moment("end", "End of the open times, exclusive.")
LIMIT = integer("limit", "Number of klines.", 1, MOST, default=500)
CURSOR = text("cursor", "`next_cursor` of the page before.", longest=60)
MISSING = {404: "There are no such klines."}
PAGE_DOC = (
    "The klines of a venue that the server keeps (`KLINES=BTCUSDT:1m`), or those made of the ticks that it holds, "
    "oldest first on each page. Without `start` the first page has the newest ones and `next_cursor` leads to older "
    "ones; with `start` it leads to later ones. While the venue is out of reach, the answer is what is held, and "
    "`backfill.state` is offline."
)
SOCKET_DOC = (
    'Messages: `{"type": "kline", "data": {...}}` with the members of a kline: first the newest one, then every kline '
    "that changed, with `closed` once it is final. Of several changes within 0.25 s the last one is sent. Without any "
    'kline the first message is `{"type": "backfill", "data": {...}}`.'
)


class KlinesApi(Api):
    """The routes of klines, and their stream."""

    def __init__(self, services: Services, fanout: Fanout) -> None:
        self._workers = services.workers
        self._klines = services.part(LiveKlines)
        self._fanout = fanout

    def routes(self) -> list[Route]:
        def found(doc: str, schema: Mapping[str, Any]) -> dict[int, ResponseDoc]:
            return {200: ResponseDoc(doc, {JSON: schema})}

        page: tuple[Param, ...] = (SYMBOL, FRAME, START, END, LIMIT, CURSOR)
        return [
            Route("GET", "/data/klines", self.offers, "Klines that there are",
                  answers=found("The series.", schemas.OFFERS)),
            Route("GET", "/data/klines/{symbol}/{timeframe}", self.page, "Klines of a symbol", PAGE_DOC, page,
                  answers=found("A page.", schemas.PAGE), errors=MISSING),
            Route("GET", "/data/differences/{symbol}/{timeframe}", self.differences, "A venue's klines and ours",
                  "Compares the newest klines of a venue with those made of the ticks that were received from it.",
                  (SYMBOL, FRAME, LIMIT), answers=found("What differs.", schemas.DIFFERENCES), errors=MISSING),
        ]  # fmt: skip

    def sockets(self) -> list[tuple[Route, Handler]]:
        path = "/ws/klines/{symbol}/{timeframe}"
        route = Route("GET", path, None, "Changes of a symbol's klines", SOCKET_DOC, (SYMBOL, FRAME), socket=True)
        return [(route, self.listen)]

    def offers(self, values: Values) -> flask.Response:
        return json_response(self._workers.run(self._offers))

    def _offers(self) -> bytes:
        rows = [
            {
                "symbol": each.symbol,
                "timeframes": list(each.timeframes),
                "source": each.source,
                "simulated": each.simulated,
                "first": each.first,
                "last": each.last,
                "state": each.state,
            }
            for each in self._klines.offers()
        ]
        return encode({"series": rows, "timeframes": list(TIMEFRAMES)})

    def page(self, values: Values) -> flask.Response:
        return json_response(self._workers.run(self._page, values))

    def _page(self, values: Values) -> bytes:
        symbol, frame = values["symbol"], values["timeframe"]
        found = self._klines.page(
            symbol,
            frame,
            start=_up(values["start"]),
            end=_up(values["end"]),
            limit=values["limit"],
            cursor=values["cursor"],
        )
        return encode(
            {
                "symbol": symbol,
                "timeframe": frame,
                "source": found.source,
                "simulated": found.simulated,
                "klines": kline_rows(found.klines),
                "next_cursor": found.cursor,
                "backfill": backfill_row(found.backfill),
            }
        )

    def differences(self, values: Values) -> flask.Response:
        with reserve(DIFFERENCES_BYTES):
            return json_response(self._workers.run(self._differences, values))

    def _differences(self, values: Values) -> bytes:
        symbol, frame = values["symbol"], values["timeframe"]
        found = differences(self._klines, symbol, frame, values["limit"])
        row = {"symbol": symbol, "timeframe": frame, "ticks": found.symbol, "compared": found.compared}
        return encode({**row, "equal": found.equal, "differences": difference_rows(found)})

    # the stream

    def listen(self, connection: Connection, values: Values) -> None:
        symbol, frame = values["symbol"], values["timeframe"]
        source = self._workers.run(self._klines.source, symbol, frame)
        stream = partial(KlineStream, source, self._workers)
        topic = self._fanout.join(("klines", symbol, frame), connection.client, stream, STREAM_SECONDS)
        try:
            connection.serve()
        finally:
            self._fanout.leave(topic, connection.client)


class KlineStream:
    """Fan-out source of one stream: the next kline that a client does not know in its present state."""

    def __init__(self, source: Source, workers: Workers) -> None:
        self._source = source
        self._workers = workers
        self._recent: RecentKlines | None = None

    def version(self) -> Hashable:
        try:
            self._recent = self._workers.run(self._source.recent)
        except NotFound:  # the series was removed: its clients keep what they have
            return None if self._recent is None else self._recent.version
        return self._recent.version

    def message(self, since: Any) -> tuple[Hashable, bytes]:
        assert self._recent is not None
        version, klines = self._recent.changed_since(since)
        if not len(klines):
            backfill = self._workers.run(self._source.backfill)
            return version, encode({"type": "backfill", "data": backfill_row(backfill)})
        return version, encode({"type": "kline", "data": kline_rows(klines)[0]})


def _up(ns: int | None) -> int | None:
    """A time in ns as ms, rounded up: open times before it are not in the range."""
    return None if ns is None else -(-ns // MS)
