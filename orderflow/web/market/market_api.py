"""Bars, footprints, ticks and symbols over HTTP: exact, paginated, as JSON, CSV, Parquet or Arrow.

Tables are built in worker threads, so that a long history does not slow the charts. Without a `limit`, CSV streams all
rows; the other formats come in pages of PAGE_ROWS rows, and of at most MAX_ROWS with one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote, urlencode

import flask
import msgspec
import numpy as np

from orderflow.errors import BadInput, FieldError, NotFound
from orderflow.market.columns import (
    BAR_COLUMNS,
    FOOTPRINT_COLUMNS,
    TICK_COLUMNS,
)
from orderflow.market.ports import MarketReader, MarketWriter
from orderflow.market.studies.registry import STUDIES
from orderflow.market.studies.study import Study
from orderflow.runtime.bus import Receiver
from orderflow.services import Services
from orderflow.web.kit.api import Api
from orderflow.web.kit.backlog import Share
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.params import ParamError
from orderflow.web.kit.request_body import read_body
from orderflow.web.kit.responses import JSON, encode, in_worker, json_response, reserve, stream
from orderflow.web.kit.routes import ResponseDoc, Route, Values
from orderflow.web.kit.schemas import Schema
from orderflow.web.kit.sockets import Connection, Handler
from orderflow.web.market import market_schemas as schemas
from orderflow.web.market.changes import CLIENT, BarsSource, changes
from orderflow.web.market.market_params import (
    ARROW,
    CSV,
    EPOCH,
    FRAME,
    GROUP,
    KINDS,
    PAGE,
    PARQUET,
    SINCE,
    SYMBOL,
)
from orderflow.web.market.pagination import (
    MAX_ROWS,
    Cursor,
    Span,
    all_bars,
    all_ticks,
    bars_page,
    footprint_page,
    ticks_page,
)
from orderflow.web.market.rows import PIECE, Rows, bar_rows, footprint_rows, tick_rows
from orderflow.web.market.tables import finest

BINARY = {"type": "string", "contentEncoding": "binary"}
ROW_BYTES = {"ticks": 33, "bars": 300, "footprint": 80}
PAGE_ROWS = {"ticks": MAX_ROWS, "bars": 50_000, "footprint": MAX_ROWS}
"""Rows of a page without a limit. A bar takes ten times as long as a tick."""
TEXT_BYTES = 400
"""Bytes of a row in memory, and of its text, about."""
MAX_SETTING = 1 << 16
"""Bytes of a body with the settings of a symbol."""
PUSH_SECONDS = 0.25
"""Least seconds between two messages of bars to a socket."""

MISSING = {404: "There is no such symbol."}
HEADERS = {
    "X-Revision": "The revision of the data.",
    "X-Epoch": "The epoch of the revision.",
    "X-Gone-Until": "Memory was full and there is no log: ticks up to this time are lost.",
    "X-Next": "URL of the next page.",
    "Link": "URL of the next page, as rel=next.",
}


class _Setting(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /api/v1/symbols/{symbol}."""

    tick_size: Decimal | None = None
    size_step: Decimal | None = None
    session: str | None = None
    negative_prices: bool | None = None


class _ClientMessage(msgspec.Struct):
    """A message from a client of the socket: the revision it has."""

    since: int
    epoch: str | None = None


@dataclass(frozen=True)
class Page:
    """One page: the name of its rows, the rows, the other members of the response, and the next page's cursor."""

    name: str
    rows: Rows
    head: dict[str, Any]
    following: Cursor | None = None


class MarketApi(Api):
    """Read access to the market, and the settings of its instruments."""

    def __init__(self, services: Services, fanout: Fanout) -> None:
        self._services = services
        self._market: MarketReader = services.market
        self._writer: MarketWriter = services.market
        self._fanout = fanout

    def routes(self) -> list[Route]:
        def table(doc: str, schema: Schema) -> dict[int, ResponseDoc]:
            text_schema: Schema = {"type": "string"}
            content = {JSON: schema, "text/csv": text_schema, ARROW: BINARY, PARQUET: BINARY}
            return {200: ResponseDoc(doc, content, HEADERS)}

        bar = f"Columns: {', '.join(BAR_COLUMNS)}."
        cell = f"Columns: {', '.join(FOOTPRINT_COLUMNS)}. A page ends at the end of a bar."
        tick = f"Columns: {', '.join(TICK_COLUMNS)}."
        found = table("The bars, oldest first.", schemas.BARS)
        cells = table("The price levels of each bar, oldest bar first.", schemas.FOOTPRINT)
        ticks = table("The ticks, oldest first.", schemas.TICKS)
        since = (SYMBOL, FRAME, GROUP, SINCE, EPOCH, *PAGE)
        symbol = "/api/v1/symbols/{symbol}"
        known = {200: ResponseDoc("The symbols.", {JSON: schemas.SYMBOLS})}
        done = {200: ResponseDoc("The current settings.", {JSON: schemas.CONFIGURED})}
        wrong = {
            409: "The stored ticks do not fit this tick size or size step.",
            413: "The body is too large.",
            415: "The Content-Encoding is not supported.",
            507: "The disk is full or failed.",
        }
        instrument = {JSON: schemas.INSTRUMENT}
        listed = {200: ResponseDoc("The studies.", {JSON: schemas.STUDIES})}
        return [
            Route("GET", "/api/v1/bars/{symbol}", self.bars, "Bars", bar, since, answers=found, errors=MISSING),
            Route("GET", "/api/v1/footprint/{symbol}", self.cells, "Footprints", cell, since,
                  answers=cells, errors=MISSING),
            Route("GET", "/api/v1/ticks/{symbol}", self.ticks, "Ticks", tick, (SYMBOL, *PAGE),
                  answers=ticks, errors=MISSING),
            Route("GET", "/api/v1/symbols", self.symbols, "All symbols", answers=known),
            Route("GET", "/api/v1/studies", self.studies, "All studies", "Their definitions, and their options with "
                  "defaults and bounds.", answers=listed),
            Route("GET", symbol, self.setting, "An instrument's settings", params=(SYMBOL,), answers=done),
            Route("PUT", symbol, self.configure, "Set an instrument", "Omitted members are unchanged.", (SYMBOL,),
                  instrument, done, wrong),
        ]  # fmt: skip

    def sockets(self) -> list[tuple[Route, Handler]]:
        doc = (
            "Messages: `{type: snapshot | delta, symbol, frame, epoch, revision, bars: [...]}`, a snapshot first (or "
            "the bars changed `since`), then the changed bars. A slow client gets fewer, newer messages. A client may "
            'send `{"since": revision}` to get the changes again. Bad parameters close with 4000, an unknown symbol '
            "with 4004."
        )
        params = (SYMBOL, FRAME, SINCE, EPOCH)
        route = Route("GET", "/ws/bars/{symbol}", None, "Stream of changed bars", doc, params, socket=True)
        return [(route, self.listen)]

    def bars(self, values: Values) -> flask.Response:
        return self._answer("bars", values)

    def cells(self, values: Values) -> flask.Response:
        return self._answer("footprint", values)

    def ticks(self, values: Values) -> flask.Response:
        return self._answer("ticks", values)

    def symbols(self, values: Values) -> flask.Response:
        with reserve(self._market.count() * TEXT_BYTES):
            return json_response(self._services.workers.run(self._symbols))

    def _symbols(self) -> bytes:
        rows = [
            {
                "symbol": info.symbol,
                "ticks": info.ticks,
                "first": stamp(info.first),
                "last": stamp(info.last),
                "price": info.price,
                "tick_size": Decimal(info.tick_size),
                "session": info.session,
                "revision": info.revision,
            }
            for info in self._market.symbols()
        ]
        return encode({"symbols": rows})

    def studies(self, values: Values) -> flask.Response:
        return json_response({"studies": [study_json(study) for study in STUDIES]})

    def setting(self, values: Values) -> flask.Response:
        kept = self._market.settings_of(values["symbol"])
        numbers = {name: Decimal(kept[name]) if name in kept else None for name in ("tick_size", "size_step")}
        below = {"yes": True, "no": False}.get(kept.get("negative_prices", ""))
        return json_response(
            {"symbol": values["symbol"], **numbers, "session": kept.get("session"), "negative_prices": below}
        )

    def configure(self, values: Values) -> flask.Response:
        data = read_body(flask.request.environ, MAX_SETTING)
        try:
            given = msgspec.json.decode(data, type=_Setting)
        except (msgspec.DecodeError, InvalidOperation, UnicodeDecodeError) as error:
            raise BadInput(f"the body is invalid: {error}", [FieldError(None, None, str(error))]) from error
        for name in ("tick_size", "size_step"):
            value = getattr(given, name)
            if value is not None and not (value.is_finite() and Decimal("1e-12") <= value <= Decimal("1e9")):
                raise BadInput(
                    f"{name} must be from 1e-12 to 1e9", [FieldError(None, name, "must be from 1e-12 to 1e9")]
                )
        self._writer.configure(
            values["symbol"],
            tick_size=given.tick_size,
            size_step=given.size_step,
            session=given.session,
            negative_prices=given.negative_prices,
        )
        return self.setting(values)

    def listen(self, connection: Connection, values: Values) -> None:
        """Serve the socket of one client that follows the bars of one symbol. Raises NotFound."""
        symbol, frame = values["symbol"], values["frame"]
        if not self._market.revision(symbol):
            raise NotFound(f"symbol {symbol!r} has no ticks")
        client = connection.client
        if values["since"] is not None:
            client.version = (CLIENT, values["epoch"], values["since"])

        def receive(message: str | bytes) -> None:
            try:
                decoded = msgspec.json.decode(message, type=_ClientMessage)
            except (msgspec.DecodeError, UnicodeDecodeError):
                return  # invalid messages are ignored
            client.version = (CLIENT, decoded.epoch, decoded.since)
            topic.wake()

        def source() -> BarsSource:
            return BarsSource(self._market, self._services.workers, symbol, frame)

        def subscribe(wake: Callable[[], object]) -> Receiver:
            return self._services.bus.receive(symbol, wake=wake)

        topic = self._fanout.join(("bars", symbol, frame.name), client, source, PUSH_SECONDS, subscribe)
        try:
            connection.serve(receive)
        finally:
            self._fanout.leave(topic, client)

    def _page(self, name: str, values: Values) -> Page:
        market, symbol = self._market, values["symbol"]
        if name == "ticks":
            ticks, following = ticks_page(market, symbol, _span(name, values))
            return Page(name, tick_rows(ticks), self._head(name, values), following)
        if values["since"] is not None:
            return self._changed(name, values, self._head(name, values))
        page, rows = (bars_page, bar_rows) if name == "bars" else (footprint_page, footprint_rows)
        head = self._head(name, values) | {"full": True}
        table, following = page(market, symbol, values["frame"], _span(name, values), values["group"])
        return Page(name, rows(table), head, following)

    def _stream(self, name: str, values: Values) -> Iterator[bytes]:
        """All rows of the span as CSV."""
        if name == "ticks":
            return all_ticks(self._market, values["symbol"], _span(name, values)).csv()
        footprint = name == "footprint"
        return all_bars(
            self._market, values["symbol"], values["frame"], _span(name, values), values["group"], footprint=footprint
        ).csv()

    def _head(self, name: str, values: Values) -> dict[str, Any]:
        symbol = values["symbol"]
        if name == "ticks":
            return {"symbol": symbol, "revision": self._market.revision(symbol)} | self._lost(symbol)
        group = {"group": values["group"]} if name == "footprint" else {}
        return {"symbol": symbol, "frame": values["frame"].name} | group | self._life(symbol)

    def _life(self, symbol: str) -> dict[str, Any]:
        return {"epoch": self._market.epoch_of(symbol), "revision": self._market.revision(symbol)} | self._lost(symbol)

    def _lost(self, symbol: str) -> dict[str, str]:
        lost = self._market.lost_until(symbol)
        return {} if lost is None else {"gone_until": stamp(lost)}

    def _changed(self, name: str, values: Values, head: dict[str, Any]) -> Page:
        together = [other for other in ("start", "end", "limit", "cursor") if values[other] is not None]
        if together:
            raise BadInput(
                f"since and {together[0]} cannot be combined",
                [ParamError(None, other, "cannot be combined with since") for other in together],
            )
        found = changes(
            self._market, values["symbol"], values["frame"], values["since"], values["epoch"], values["group"]
        )
        head |= {"epoch": found.epoch, "revision": found.revision, "full": found.full}
        bars = found.bars
        if bars is None:
            bars = self._market.bars(values["symbol"], values["frame"], start=0, end=0)
        return Page(name, bar_rows(bars) if name == "bars" else footprint_rows(bars), head)

    def _answer(self, name: str, values: Values) -> flask.Response:
        share = reserve(self._size(name, values))
        try:
            return self._make_answer(name, values, share)
        except BaseException:
            share.close()
            raise

    def _make_answer(self, name: str, values: Values, share: Share) -> flask.Response:
        run, kind = self._services.workers.run, values["format"]
        if kind == "csv" and values["limit"] is None and values.get("since") is None:
            pieces = run(self._stream, name, values)  # raises for an unknown symbol before the response begins
            share.made()
            return stream(in_worker(run, pieces), _headers(self._head(name, values)), CSV, share)
        page = run(self._page, name, values)
        share.made()
        headers = _headers(page.head)
        following = _next(page.following)
        if following is not None:
            headers |= {"X-Next": following, "Link": f'<{following}>; rel="next"'}
        pieces = _json(page, following) if kind == "json" else getattr(page.rows, kind)()
        if page.rows.n > PIECE:
            return stream(in_worker(run, pieces), headers, KINDS[kind], share)
        share.close()
        return flask.Response(run(b"".join, pieces), 200, headers, content_type=KINDS[kind])

    def _size(self, name: str, values: Values) -> int:
        """Bytes that the answer holds at most, about: its rows, and the text of a slice."""
        symbol = values["symbol"]
        rows = min(values["limit"] or PAGE_ROWS[name], self._market.info(symbol).ticks)  # no more rows than ticks
        return rows * ROW_BYTES[name] + min(rows, PIECE) * TEXT_BYTES


def _json(page: Page, following: str | None) -> Iterator[bytes]:
    """A page as a JSON object: its head, its rows, and the URL of the next page."""
    yield encode(page.head)[:-1] + b',"%s":' % page.name.encode()
    yield from page.rows.json()
    yield b',"next":%s}' % encode(following)


def study_json(study: Study) -> dict[str, Any]:
    """A study of the registry as JSON values: its definition and its options."""
    options = [
        {
            "name": option.name,
            "meaning": option.meaning,
            "default": option.default,
            "least": option.least,
            "most": option.most,
            "choices": [{"value": value, "meaning": words} for value, words in option.choices],
        }
        for option in study.options
    ]
    return {
        "name": study.name,
        "title": study.title,
        "rule": study.rule,
        "yields": study.yields,
        "options": options,
    }


def _headers(head: dict[str, Any]) -> dict[str, str]:
    """The head of a page as response headers, for formats other than JSON."""
    names = {"revision": "X-Revision", "epoch": "X-Epoch", "gone_until": "X-Gone-Until"}
    return {header: str(head[name]) for name, header in names.items() if name in head}


def _span(name: str, values: Values) -> Span:
    return Span(values["start"], values["end"], values["cursor"], values["limit"] or PAGE_ROWS[name])


def _next(cursor: Cursor | None) -> str | None:
    if cursor is None:
        return None
    request = flask.request
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    return f"{quote(request.path)}?{urlencode([*query, ('cursor', str(cursor))])}"


def stamp(ns: int) -> str:
    """A time (ns since 1970) as ISO-8601 in UTC, with as many digits as it needs."""
    times = np.array([ns], np.int64)
    return f"{np.datetime_as_string(times.astype('M8[ns]'), unit=finest([times]))[0]}Z"
