"""A user's uploaded data over HTTP: list, read page by page, export, undo, delete."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO
from urllib.parse import quote

import flask
import numpy as np

from orderflow.errors import BadInput
from orderflow.market.kline_columns import KLINE_BYTES
from orderflow.market.signal import Signal
from orderflow.runtime.workers import Workers
from orderflow.services import Services
from orderflow.storage.records.series import Series
from orderflow.storage.records.signal_store import SignalSet
from orderflow.web.kit.api import Api
from orderflow.web.kit.current_user import current_user
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.responses import JSON, encode, json_response, reserve, stream
from orderflow.web.kit.routes import ResponseDoc, Route, Values
from orderflow.web.kit.schemas import array
from orderflow.web.workspace import upload_params as params
from orderflow.web.workspace import upload_schemas as schemas
from orderflow.workspace.store import OHLCV
from orderflow.workspace.uploads.feather import candles_to_feather, signals_to_feather
from orderflow.workspace.uploads.library import SIGNALS, Library
from orderflow.workspace.uploads.rows import MS, candle_csv, candle_rows, iso_times, signal_csv, signal_rows

BASE = "/data/custom"
CSV = "text/csv; charset=utf-8"
FEATHER = "application/vnd.apache.arrow.file"
PIECE = 1 << 18
HELD = 8 * 2**20
"""Bytes that an export holds in memory at a time."""
_CURSOR = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.([no])\.(-?[0-9]{1,19})")
MISSING = {401: "A login is needed.", 404: "There is nothing of this name.", 507: "The records cannot be used now."}
PAGE_DOC = (
    "Oldest first on each page. Without `start` the first page has the newest rows and `next_cursor` leads to older "
    "ones; with `start` it leads to later ones."
)


class CustomApi(Api):
    """The routes of what users uploaded."""

    def __init__(self, services: Services, fanout: Fanout) -> None:
        self._library = services.part(Library)
        self._workers = services.workers

    def routes(self) -> list[Route]:
        def file(doc: str, schema: dict[str, Any]) -> dict[int, ResponseDoc]:
            other: dict[str, dict[str, Any]] = {CSV: {"type": "string"}, FEATHER: schemas.BINARY}
            return {200: ResponseDoc(doc, {JSON: schema, **other})}

        several = {409: "There are several time frames: choose one."}
        return [
            Route("GET", BASE, self.list, "One's uploaded candles and signals",
                  answers={200: ResponseDoc("All of them, by name.", {JSON: array(schemas.SERIES)})},
                  errors={401: "A login is needed.", 507: "The records cannot be used now."}),
            Route("GET", f"{BASE}/{{name}}/ohlcv", self.candles, "Uploaded candles", PAGE_DOC, params.READ_CANDLES,
                  answers=file("A page, or all as a file.", schemas.CANDLES), errors=MISSING | several),
            Route("GET", f"{BASE}/{{name}}/signals", self.signals, "Uploaded signals", PAGE_DOC, params.READ_SIGNALS,
                  answers=file("A page, or all as a file.", schemas.SIGNALS), errors=MISSING),
            Route("POST", f"{BASE}/{{name}}/undo", self.undo, "Undo the last upload of a name",
                  "Brings back what was there before; a second call undoes the first.",
                  (params.PATH_NAME, params.KIND, params.TIMEFRAME),
                  answers={200: ResponseDoc("What is there now.", {JSON: schemas.SERIES})},
                  errors=MISSING | {409: "There is nothing to undo, or there are several time frames."}, user=True),
            Route("DELETE", f"{BASE}/{{name}}", self.delete, "Delete candles and signals of a name",
                  params=(params.PATH_NAME,), answers={204: ResponseDoc("They are deleted.")}, errors=MISSING,
                  user=True),
        ]  # fmt: skip

    def list(self, values: Values) -> flask.Response:
        return json_response(self._workers.run(self._listed, current_user()))

    def _listed(self, owner: str) -> bytes:
        series, sets = self._library.listed(owner)
        rows = [series_row(each) for each in series] + [
            set_row(each, self._library.signals.size(each)) for each in sets
        ]
        return encode(sorted(rows, key=lambda row: (row["name"], row["kind"], row["timeframe"])))

    def candles(self, values: Values) -> flask.Response:
        owner, library = current_user(), self._library
        found = self._workers.run(library.candles, owner, values["name"], values["timeframe"])
        name = f"{found.key.name}-{found.key.timeframe}"
        if values["format"] == "csv":
            return self._streamed(candle_csv(library.pieces(found)), f"{name}.csv", CSV)
        if values["format"] == "feather":
            return self._file(owner, f"{name}.feather", lambda sink: candles_to_feather(
                library.pieces(found), found.price_decimals, found.size_decimals, sink))  # fmt: skip
        return json_response(self._workers.run(self._candle_page, found, values))

    def signals(self, values: Values) -> flask.Response:
        owner, name = current_user(), values["name"]
        if values["format"] == "json":
            return json_response(self._workers.run(self._signal_page, owner, values))
        found = self._workers.run(self._library.signals.get, owner, name)
        pieces = self._library.signal_pieces(found)
        if values["format"] == "csv":
            return self._streamed(signal_csv(pieces), f"{name}-signals.csv", CSV)
        return self._file(owner, f"{name}-signals.feather", lambda sink: signals_to_feather(pieces, sink))

    def undo(self, values: Values) -> flask.Response:
        owner = current_user()
        given = owner, values["name"], values["kind"], values["timeframe"]
        found = self._workers.run(self._library.undo, *given)
        size = self._library.signals.size
        return json_response(series_row(found) if isinstance(found, Series) else set_row(found, size(found)))

    def delete(self, values: Values) -> flask.Response:
        self._workers.run(self._library.delete, current_user(), values["name"])
        return flask.Response(status=204)

    def _candle_page(self, found: Series, values: Values) -> bytes:
        start, end, newest = self._span(values, found.id, found.generation)
        klines = self._library.klines.read(
            found.id, start=_up(start), end=_up(end), limit=values["limit"], newest=newest, generation=found.generation
        )
        following = None
        if len(klines) == values["limit"]:
            time = int(klines.time[0]) * MS if newest else int(klines.time[-1]) * MS + 1
            following = _cursor(found.id, found.generation, newest, time)
        row = {"name": found.key.name, "timeframe": found.key.timeframe, "klines": candle_rows(klines)}
        return encode({**row, "next_cursor": following})

    def _signal_page(self, owner: str, values: Values) -> bytes:
        """Signals may have one time, so that a page ends at a number, not at a time."""
        store, name, limit = self._library.signals, values["name"], values["limit"]
        found = store.get(owner, name)
        start, end = values["start"], values["end"]
        skip, newest = 0, start is None
        if values["cursor"] is not None:
            skip, newest = _read_cursor(values["cursor"], found.id, found.generation)
        rows: list[Signal] = store.read(
            owner, name, start=start, end=end, skip=skip, limit=limit, newest=newest, generation=found.generation
        )
        following = _cursor(found.id, found.generation, newest, skip + limit) if len(rows) == limit else None
        return encode({"name": name, "signals": signal_rows(rows), "next_cursor": following})

    def _span(self, values: Values, series: int, generation: int) -> tuple[int | None, int | None, bool]:
        """Start, end (ns) and whether the newest of them come first."""
        start, end = values["start"], values["end"]
        if values["cursor"] is None:
            return start, end, start is None
        time, newest = _read_cursor(values["cursor"], series, generation)
        return (start, time, True) if newest else (time, end, False)

    def _streamed(self, pieces: Iterator[bytes], name: str, kind: str) -> flask.Response:
        return stream(_in_workers(self._workers, pieces), _named(name), kind, reserve(HELD))

    def _file(self, owner: str, name: str, write: Callable[[BinaryIO], None]) -> flask.Response:
        """A file that is made on disk first."""

        def made() -> BinaryIO:
            sink = self._library.spool.scratch()
            try:
                write(sink)
                sink.seek(0)
            except BaseException:
                sink.close()
                raise
            return sink

        file = self._library.slots.run(owner, made)
        response = self._streamed(_closing(file), name, FEATHER)
        response.call_on_close(file.close)
        return response


def _in_workers(workers: Workers, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, each made in a worker thread."""
    while (piece := workers.run(next, pieces, b"")) != b"":
        yield piece


def _closing(file: BinaryIO) -> Iterator[bytes]:
    """The file in pieces; it is closed with the last."""
    with file:
        while piece := file.read(PIECE):
            yield piece


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def _cursor(series: int, generation: int, newest: bool, place: int) -> str:
    return f"{series}.{generation}.{'n' if newest else 'o'}.{place}"


def _read_cursor(cursor: str, series: int, generation: int) -> tuple[int, bool]:
    """The place and direction of a cursor. Raises BadInput for one of another series, or of replaced rows."""
    match = _CURSOR.fullmatch(cursor)
    if match is None or (int(match[1]), int(match[2])) != (series, generation):
        raise BadInput("cursor: it is of another series, or the rows were replaced since; begin again without it")
    return int(match[4]), match[3] == "n"


def _up(ns: int | None) -> int | None:
    """A time in ns as ms, rounded up."""
    return None if ns is None else -(-ns // MS)


def series_row(series: Series) -> dict[str, Any]:
    """A series of candles, for JSON."""
    return {
        "kind": OHLCV,
        "name": series.key.name,
        "timeframe": series.key.timeframe,
        "rows": series.rows,
        "bytes": series.rows * KLINE_BYTES,
        "first": series.first,
        "last": series.last,
        "source": series.source,
        "updated": _iso(series.updated),
        "undo": series.previous is not None,
    }


def set_row(found: SignalSet, size: int) -> dict[str, Any]:
    """A set of signals, for JSON. size: bytes of its rows."""
    return {
        "kind": SIGNALS,
        "name": found.name,
        "timeframe": "",
        "rows": found.rows,
        "bytes": size,
        "first": None if found.first is None else found.first // MS,
        "last": None if found.last is None else found.last // MS,
        "source": found.source,
        "updated": _iso(found.updated),
        "undo": found.previous is not None,
    }


def _iso(time: int) -> str:
    return iso_times(np.array([time], np.int64))[0]
