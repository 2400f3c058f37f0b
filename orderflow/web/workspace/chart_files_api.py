"""Files of ticks over HTTP that wait to be loaded: what the chart's page does with a file that is dropped on it.

A file is written to disk as it comes. The report of it is that of `orderflow-replay --dry-run`; it loads nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import flask

from orderflow.formats import SYMBOL_PATTERN, names
from orderflow.formats.options import OPTIONS
from orderflow.formats.summary import FileReport, lines
from orderflow.runtime.shares import CLIENT
from orderflow.services import Services
from orderflow.web.kit.api import Api
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.option_params import option_param
from orderflow.web.kit.params import Param, choice, text
from orderflow.web.kit.responses import JSON, json_response
from orderflow.web.kit.routes import ResponseDoc, Route, Values
from orderflow.web.kit.unprocessable import with_status
from orderflow.web.workspace import chart_files_schemas as schemas
from orderflow.web.workspace.receive import receive
from orderflow.web.workspace.upload_params import FILENAME
from orderflow.web.workspace.uploads_api import BODY, last_part
from orderflow.workspace.uploads.chart_files import ChartFiles

BASE = "/data/chart-files"
FILES = text("files", "Ids of files, with commas between them: read one after the other.", longest=1100)
FILE = text("file", "A file's id.", place="path", longest=64)


READING: dict[str, Param] = {
    "format": text("format", f"The format, where it is not to be detected: {', '.join(names())}."),
    "tz": text("tz", "IANA zone of times without one. Default UTC.", longest=60),
    "symbol": text("symbol", "Symbol of all ticks. Without it: the file's own.", pattern=SYMBOL_PATTERN),
    "side": choice("side", "auto: infer missing sides; flag: use only given ones.", ("auto", "flag"), default="auto"),
    "member": text("member", "The file in an archive that holds several. Without it: all.", longest=300),
    **{name: option_param(name) for name in OPTIONS},
}
"""How the files are read: the options of the command line."""


class ChartFilesApi(Api):
    """The routes of files that wait to be loaded. All need the operator's key where there is one."""

    def __init__(self, services: Services, fanout: Fanout) -> None:
        self._files = services.part(ChartFiles)
        self._workers = services.workers

    def routes(self) -> list[Route]:
        gone = {404: "There is no such file any more.", 429: "The server reads or holds as many files as it can."}
        return [
            Route("POST", BASE, self.send, "Send a file of ticks, to look at it first",
                  "The body is the file, of any kind that the replay client reads. It stays for an hour since it was "
                  "last used, within a quota.", (FILENAME,), BODY,
                  {201: ResponseDoc("The file is there.", {JSON: schemas.SENT})},
                  {413: "The file is larger than `UPLOAD_MAX`.", 415: "The Content-Encoding is not supported.",
                   422: "The body is empty.", 429: gone[429], 507: "The disk is full."}),
            Route("POST", f"{BASE}/report", self.report, "What files hold, and how they are understood",
                  "The report of `orderflow-replay --dry-run`. Nothing is loaded.", (FILES, *READING.values()),
                  answers={200: ResponseDoc("The report.", {JSON: schemas.REPORT})},
                  errors={**gone, 422: "An option is not understood."}),
            Route("DELETE", f"{BASE}/{{file}}", self.drop, "Remove a file that waits",
                  "What is being done with it stops; what was loaded stays.", (FILE,),
                  answers={204: ResponseDoc("It is removed.")}, errors={404: gone[404]}),
        ]  # fmt: skip

    def send(self, values: Values) -> flask.Response:
        files = self._files
        with self._workers.run(files.begin, CLIENT.get()) as incoming:
            form = with_status(
                lambda: receive(
                    flask.request.environ, files.most_bytes, lambda data: self._workers.run_io(incoming.write, data)
                )
            )
            held = incoming.keep(last_part(form.filename or values["filename"] or "upload"))
        return json_response({"file": held.id, "filename": held.filename, "size": held.size}, 201)

    def report(self, values: Values) -> flask.Response:
        ids = [each for each in (values["files"] or "").split(",") if each]
        options = {name: values[name] for name in READING}
        return json_response(report_row(with_status(lambda: self._files.report(ids, options))))

    def drop(self, values: Values) -> flask.Response:
        self._files.files([values["file"]])
        self._files.drop([values["file"]])
        return flask.Response(status=204)


def report_row(found: FileReport) -> dict[str, Any]:
    """A report as JSON. Times are ns since 1970 UTC; `lines` is the text of the dry run."""
    row = {**asdict(found), "loadable": found.loadable, "lines": [] if found.refused else lines(found)}
    row["first"] = [tick._asdict() for tick in found.first]
    return row
