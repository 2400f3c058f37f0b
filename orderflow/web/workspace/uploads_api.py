"""Uploads over HTTP: send files of candles, signals and ticks, look at them first, undo.

A file is written to disk as it comes and read in a thread of its own, so that no upload stalls the server. Everything
here is a user's: `current_user` says whose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import flask

from orderflow.errors import OrderflowError
from orderflow.formats.options import TABLE_OPTIONS
from orderflow.runtime.shares import CLIENT
from orderflow.services import Services
from orderflow.web.kit.api import Api
from orderflow.web.kit.current_user import current_user
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.params import Param
from orderflow.web.kit.responses import JSON, error_list, json_response
from orderflow.web.kit.routes import ResponseDoc, Route, Values
from orderflow.web.kit.unprocessable import with_status
from orderflow.web.workspace import upload_params as params
from orderflow.web.workspace import upload_schemas as schemas
from orderflow.web.workspace.receive import FORM, receive
from orderflow.workspace.uploads.kinds import guess_kind
from orderflow.workspace.uploads.library import UNPACKED, Library, Request, RowsRefused, Taken
from orderflow.workspace.uploads.preview import preview
from orderflow.workspace.uploads.refusals import summary
from orderflow.workspace.uploads.rows import MS
from orderflow.workspace.uploads.spool import Held
from orderflow.workspace.uploads.tick_files import TickOptions, take_ticks

BASE = "/data/upload"
CSV = "text/csv; charset=utf-8"
OPERATOR = "operator"
"""The owner of what the operator uploads into the market, which is nobody's own."""
BODY: Mapping[str, Mapping[str, Any]] = {FORM: schemas.FILE, "text/csv": schemas.TEXT, "*/*": schemas.BINARY}
DOC = (
    "The file is the field `file` of a form, or the body itself. It may be zipped or gzipped. Any bad row refuses the "
    "whole file, unless `on_error=skip`. What can be told for sure is found out: delimiter, header, encoding, the form "
    "of times and numbers; the rest is given by hand, and remembered for files with this header."
)
ERRORS = {
    401: "A login is needed.",
    404: "There is no such upload any more.",
    409: "What is added is not after what is there.",
    413: "The file is larger than `UPLOAD_MAX`, or you have too many rows.",
    415: "The Content-Encoding is not supported.",
    429: "Too many uploads at this moment.",
    507: "The disk is full, or the records cannot be used; nothing of the upload was kept.",
}


class UploadsApi(Api):
    """The routes that take files."""

    def __init__(self, services: Services, fanout: Fanout) -> None:
        self._library = services.part(Library)
        self._market = services.market
        self._workers = services.workers
        self._formats = services.settings.formats

    def routes(self) -> list[Route]:
        refused = {422: ResponseDoc("The file cannot be taken.", {JSON: schemas.REFUSED})}
        taken = {201: ResponseDoc("What was taken.", {JSON: schemas.TAKEN}), **refused}
        ticks = {201: ResponseDoc("What was taken.", {JSON: schemas.TICKS}), **refused}
        look = {200: ResponseDoc("What it looks like.", {JSON: schemas.PREVIEW}), **refused}
        return [
            Route("POST", f"{BASE}/ohlcv", self.candles, "Upload candles",
                  f"Columns `timestamp,open,high,low,close,volume` and many others. {DOC}",
                  params.TAKING, BODY, taken, ERRORS, user=True),
            Route("POST", f"{BASE}/signals", self.signals, "Upload signals",
                  "Columns `timestamp,type,price,label,color,icon`, lists of trades of TradingView, freqtrade and "
                  f"backtesting.py, and many others. {DOC}",
                  params.SIGNALS, BODY, taken, ERRORS, user=True),
            Route("POST", f"{BASE}/file", self.keep, "Send a file to look at",
                  "Nothing is read but its first lines, which tell what it is. It is kept for an hour: its id is the "
                  "parameter `upload` of the other routes.",
                  (params.FILENAME,), BODY, {201: ResponseDoc("The file's id.", {JSON: schemas.HELD})},
                  {**ERRORS, 422: "There is no file in the form, or a field that is not known."}, user=True),
            Route("POST", f"{BASE}/preview", self.preview, "Look at a file before it is taken",
                  "Nothing is stored; the file is kept for an hour, so that it can be taken with `upload` alone.",
                  params.LOOKING, BODY, look, ERRORS, user=True),
            Route("POST", f"{BASE}/ticks", self.ticks, "Upload ticks",
                  "A file of ticks of any format that the replay client reads. They go to the market, as with "
                  "POST /ticks, and open in the chart.", params.TICKS, BODY, ticks, ERRORS),
            Route("GET", f"{BASE}/report/{{report}}", self.report, "List of refused rows", params=(params.REPORT,),
                  answers={200: ResponseDoc("Line, column and reason.", {CSV: {"type": "string"}})},
                  errors={401: "A login is needed.", 404: "There is no such report any more."}),
        ]  # fmt: skip

    def candles(self, values: Values) -> flask.Response:
        return self._take(values, params.TAKING, self._library.take_candles)

    def signals(self, values: Values) -> flask.Response:
        return self._take(values, params.SIGNALS, self._library.take_signals)

    def keep(self, values: Values) -> flask.Response:
        owner, library = current_user(), self._library
        held, _ = self._held(owner, values, (params.FILENAME,))
        try:
            kind = library.run(held, lambda: guess_kind(held.path, UNPACKED * library.most_bytes))
        except OrderflowError:
            library.spool.drop(held)
            raise
        row = {"upload": held.id, "kind": kind, "name": stem(held.filename)}
        return json_response({**row, "filename": held.filename, "size": held.size}, 201)

    def preview(self, values: Values) -> flask.Response:
        owner = current_user()
        held, given = self._held(owner, values, params.LOOKING)

        def look() -> dict[str, Any]:
            return preview(self._library, held, given["kind"], params.reading(given))

        try:
            found = with_status(lambda: self._library.run(held, look))
        except OrderflowError:
            self._library.spool.drop(held)
            raise
        return json_response(found)

    def ticks(self, values: Values) -> flask.Response:
        held, given = self._held(OPERATOR, values, params.TICKS)
        options = TickOptions(
            given["symbol"], given["tz"], given["side"], given["format"] or None, given["member"],
            given["on_error"] == "skip", {name: given[name] for name in TABLE_OPTIONS if given[name] is not None},
            self._formats,
        )  # fmt: skip

        def work() -> flask.Response:
            library, market = self._library, self._market
            found = library.run(held, lambda: take_ticks(market, held.path, options, OPERATOR, library.reports))
            row = {"symbols": found.symbols, "format": found.format, "accepted": found.accepted}
            counts = {"duplicates": found.duplicates, "refused": found.refused}
            return json_response({**row, **counts, "report": _report(found.report)}, 201)

        try:
            return _answered(work)
        finally:
            self._library.spool.drop(held)

    def report(self, values: Values) -> flask.Response:
        text = self._library.reports.get(current_user(), values["report"])
        headers = {"Content-Disposition": 'attachment; filename="refused-rows.csv"'}
        return flask.Response(text, 200, headers, content_type=CSV)

    def _take(self, values: Values, known: tuple[Param, ...], take: Callable[[Held, Request], Taken]) -> flask.Response:
        owner = current_user()
        held, given = self._held(owner, values, known)

        def work() -> flask.Response:
            name = given["name"] or stem(held.filename)
            options, skip = params.reading(given), given["on_error"] == "skip"
            found = take(held, Request(name, given.get("timeframe"), given["mode"], skip, options))
            self._library.spool.drop(held)
            return json_response(taken_row(found), 201)

        try:
            return _answered(work)
        finally:
            if given["upload"] is None:  # a file that was looked at stays for another try
                self._library.spool.drop(held)

    def _held(self, owner: str, values: Values, known: tuple[Param, ...]) -> tuple[Held, dict[str, Any]]:
        """The file of the request, and its parameters."""
        library, environ = self._library, flask.request.environ
        if values.get("upload") is not None:
            return library.spool.get(owner, values["upload"]), dict(values)
        with self._workers.run(library.spool.begin, owner, CLIENT.get()) as incoming:
            form = receive(environ, library.most_bytes, lambda data: self._workers.run_io(incoming.write, data))
            given = with_status(lambda: params.with_fields(known, values, form.fields))
            filename = form.filename or given.get("filename") or given.get("name") or "upload"
            return incoming.keep(last_part(filename)), given


def _answered(work: Callable[[], flask.Response]) -> flask.Response:
    """The answer; 422 if rows are refused or the file cannot be read."""
    try:
        return with_status(work)
    except OrderflowError as error:
        cause = error.__cause__ if isinstance(error.__cause__, RowsRefused) else error
        if not isinstance(cause, RowsRefused):
            raise
        body = {"detail": str(cause), "errors": error_list(cause.errors), "reasons": summary(cause.errors)}
        return json_response({**body, "report": _report(cause.report)} if cause.report else body, 422)


def taken_row(found: Taken) -> dict[str, Any]:
    """What was taken, for JSON."""
    scale = MS if found.kind == "signals" else 1
    return {
        "kind": found.kind,
        "name": found.name,
        "timeframe": found.timeframe,
        "rows": found.rows,
        "total": found.total,
        "first": None if found.first is None else found.first // scale,
        "last": None if found.last is None else found.last // scale,
        "refused": found.refused,
        "report": _report(found.report),
        "newest_first": found.newest_first,
        "unit": found.unit,
        "notes": found.notes,
        "undo": found.undo,
    }


def _report(report: str) -> str | None:
    return f"{BASE}/report/{report}" if report else None


def last_part(filename: str) -> str:
    """A file's name without folders, as far as it can be seen."""
    name = PureWindowsPath(PurePosixPath(filename).name).name
    visible = "".join(c for c in name if c.isprintable())
    return visible[:200] or "upload"


def stem(filename: str) -> str:
    """The name of a series from a file's name: without .csv, .zip and .gz."""
    name = filename
    for _ in range(2):
        for end in (".gz", ".zip", ".zst", ".bz2", ".xz", ".csv", ".txt", ".tsv"):
            if name.lower().endswith(end) and len(name) > len(end):
                name = name[: -len(end)]
                break
    return name[:100]
