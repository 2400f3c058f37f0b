"""Data of the herd game's sessions, for the replay page, the debrief and downloads.

All routes need the key: a session contains nicknames and, while it runs, data that some players must not see. The
responses are built from the session's log in worker threads, files as they are sent; the same log gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import flask

from orderflow.herd.debrief.cache import Debriefs
from orderflow.herd.debrief.export import EXPORTS, export
from orderflow.herd.debrief.frames import frames_json
from orderflow.herd.live.game import Game
from orderflow.services import Services
from orderflow.web.herd import herd_schemas as schemas
from orderflow.web.kit.access import require_operator
from orderflow.web.kit.params import Param, text
from orderflow.web.kit.responses import JSON, encode, in_worker, json_response, reserve, stream
from orderflow.web.kit.routes import ResponseDoc, Route, Values
from orderflow.web.kit.schemas import Schema

SESSION = text("session", "The id of a session from /herd/sessions. Default: the current session.", longest=80)
KEY_NEEDED = {401: "The key is needed."}
SESSION_BYTES = 16 << 20
"""Memory reserved for an answer made from a session's whole log, about."""
EXPORT_BYTES = 4 << 20
"""Memory of a file that is written as its log is read: participants, waiting orders and a piece."""
MISSING = {**KEY_NEEDED, 404: "There is no such session."}


class SessionsApi:
    """The routes for whole sessions."""

    def __init__(self, services: Services) -> None:
        self._game = services.part(Game)
        self._workers = services.workers
        self._debriefs = services.part(Debriefs)

    def routes(self) -> list[Route]:
        names = ", ".join(EXPORTS)
        what = Param("what", f"One of {names}.", {"type": "string", "enum": list(EXPORTS)}, str, "path", required=True)
        kinds: dict[str, Schema] = {kind.partition(";")[0]: {"type": "string"} for _, kind in EXPORTS.values()}
        newest = text("session", "The session's id. Default: the newest that anybody joined.", longest=80)
        report: Schema = {"type": "object"}
        return [
            Route("GET", "/herd/sessions", self.sessions, "The game's sessions",
                  answers={200: ResponseDoc("All stored sessions, newest first.", {JSON: schemas.SESSIONS})},
                  errors=KEY_NEEDED),
            Route("GET", "/herd/frames", self.frames, "A session's price path, for replay", params=(SESSION,),
                  answers={200: ResponseDoc("Prices, orders and events.", {JSON: schemas.FRAMES})}, errors=MISSING),
            Route("GET", "/herd/debrief.json", self.debrief, "Debrief of a session",
                  "Measures of bubbles and herding with their uncertainty, and a random baseline.", (newest,),
                  answers={200: ResponseDoc("The report.", {JSON: report})}, errors=MISSING),
            Route("GET", "/herd/export/{what}", self.export, "A session as a file",
                  "`ticks.csv` is readable by the replay client; `events.jsonl` is the whole log of the session.",
                  (what, SESSION), answers={200: ResponseDoc("The file.", kinds)}, errors=MISSING),
        ]  # fmt: skip

    def sessions(self, values: Values) -> flask.Response:
        _need_key()
        return json_response(self._workers.run(lambda: encode({"sessions": self._game.sessions()})))

    def frames(self, values: Values) -> flask.Response:
        _need_key()
        log = partial(self._game.stream, self._session(values))
        return self._streamed(lambda: (frames_json(log), JSON))

    def debrief(self, values: Values) -> flask.Response:
        _need_key()
        with reserve(SESSION_BYTES):
            report = self._debriefs.report(values["session"])
            return json_response(self._workers.run(encode, report))

    def export(self, values: Values) -> flask.Response:
        _need_key()
        session, what = self._session(values), values["what"]
        response = self._streamed(lambda: export(what, partial(self._game.stream, session)))
        response.headers["Content-Disposition"] = f'attachment; filename="herd-{session}-{what}"'
        return response

    def _streamed(self, make: Callable[[], tuple[Iterator[bytes], str]]) -> flask.Response:
        """An answer that is made while it is sent. make: returns its pieces and content type, or raises."""
        share, run = reserve(EXPORT_BYTES), self._workers.run
        try:
            pieces, kind = run(make)
        except BaseException:
            share.close()
            raise
        share.made()
        return stream(in_worker(run, pieces), {}, kind, share)

    def _session(self, values: Values) -> str:
        return values["session"] or self._game.session_id


def _need_key() -> None:
    require_operator(
        "this contains the players' nicknames and needs the key: open the page with ?key=KEY, or send it as "
        "'Authorization: Bearer KEY'"
    )
