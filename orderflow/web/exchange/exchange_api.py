"""The simulated exchange at /exchange: REST endpoints, streams, and the fault-injection script.

Errors below /exchange/api/v3 have the exchange's own shape, `{"code", "msg"}`. `/exchange/control`, which is not part
of Binance's API, uses the error shape of this server. REST calls run in worker threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any

import flask
import msgspec

from orderflow.errors import BadInput, Busy
from orderflow.exchange.dialect import ENDPOINTS, INTERVALS, MAX_LIMIT, Endpoint, Refusal, too_much_weight
from orderflow.exchange.exchange import Exchange, Reply
from orderflow.products import HasParts
from orderflow.web.exchange.exchange_hub import POLICY, Hub
from orderflow.web.kit import schemas
from orderflow.web.kit.api import Api
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.frames import frame
from orderflow.web.kit.params import LAST_NS, Param
from orderflow.web.kit.request_body import read_body
from orderflow.web.kit.responses import JSON, encode, json_response, reserve
from orderflow.web.kit.routes import ResponseDoc, Route, Values, View
from orderflow.web.kit.sockets import Connection, Handler

BASE = "/exchange"
MAX_MESSAGE = 1 << 16
"""Maximum bytes of a client's message, enough to subscribe to many streams."""
SCRIPT_BYTES = 1 << 18
HEAVY = 20
"""Request weight from which a call waits its turn, as large answers do (see `orderflow.web.kit.backlog`)."""
ANSWER_BYTES = 4 << 20
"""Bytes of the largest answer, about: 24 hours of 5,000 symbols."""

REFUSED = schemas.record({"code": schemas.WHOLE, "msg": schemas.WORD}, doc="The error, with the exchange's error code.")
HEADERS = {
    "X-MBX-USED-WEIGHT": "Request weight that the caller's address has used in this minute.",
    "X-MBX-USED-WEIGHT-1M": "The same.",
}
RETRY = {**HEADERS, "Retry-After": "Seconds to wait."}
REFUSALS = {
    400: ("The request is invalid.", HEADERS),
    418: ("The caller's address is banned, because it kept calling after a 429.", RETRY),
    429: ("The caller's address has used up the weight of this minute.", RETRY),
}
SCRIPTED = {
    500: "Injected by the script.",
    502: "Injected by the script.",
    503: "Injected by the script.",
    504: "Injected by the script.",
}
STEP: schemas.Schema = {"type": "object", "properties": {"do": schemas.WORD}, "required": ["do"]}
STEPS: schemas.Schema = {
    **schemas.record({"steps": schemas.array(STEP)}),
    "examples": [
        {"steps": [{"do": "fail", "status": 429, "calls": 2}, {"do": "drop", "after": 100}]},
        {"steps": [{"do": "skip", "after": 10, "count": 3, "stream": "item00@aggTrade"}]},
    ],
}
STATE = schemas.record(
    {
        "steps": schemas.array({"type": "object"}),
        "offset_ms": schemas.WHOLE,
        "rules": {"type": "object"},
        "recording": {"type": ["object", "null"]},
        "connections": schemas.COUNT,
    },
    doc="The active script, and the remainder of each step.",
)
STEP_DOC = (
    "Injects faults, to test a client. The steps are added all or none; DELETE clears them. "
    "REST calls: `fail` {status, calls, path, retry_after}, `slow` {seconds, calls, path}. "
    "Messages of each connection, after the `after`-th: `skip`, `duplicate`, `malformed` {after, count, stream, "
    "times}, `swap` {after, stream, times}, `hold` {after, seconds, stream, times}, `drop` {after or seconds, code, "
    "stream, times}. All connections: `shutdown` {seconds, grace}: a serverShutdown event, then the connections close; "
    "`clock` {offset_ms}; `rules` {weight, life, ping, pong, messages, streams}."
)
STREAMS_DOC = (
    "Streams: `<symbol>@aggTrade`, `@trade`, `@kline_<interval>`, `@miniTicker`, and `@bookTicker` for instruments "
    "with a book; symbols in small letters. Requests: SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, SET_PROPERTY and "
    "GET_PROPERTY of `combined`. An invalid stream in the URL gets an error message, then close code 1008."
)


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /exchange/control."""

    steps: list[Any]


class ExchangeApi(Api):
    """The exchange's REST routes and sockets."""

    def __init__(self, services: HasParts, fanout: Fanout) -> None:
        self.exchange = services.part(Exchange)
        self._workers = self.exchange.workers
        self.hub = Hub(self.exchange, fanout)

    def routes(self) -> list[Route]:
        answers = {200: ResponseDoc("The response of Binance's spot API.", {JSON: {}}, HEADERS)}
        answers |= {status: ResponseDoc(doc, {JSON: REFUSED}, more) for status, (doc, more) in REFUSALS.items()}
        answers |= {status: ResponseDoc(doc, {JSON: REFUSED}, HEADERS) for status, doc in SCRIPTED.items()}
        state = {200: ResponseDoc("The active script.", {JSON: STATE})}
        wrong = {413: "The body is too large.", 415: "The Content-Encoding is not supported."}
        control = f"{BASE}/control"
        return [
            *(
                Route(
                    "GET",
                    f"{BASE}/api/v3/{endpoint.path}",
                    self._view(endpoint),
                    f"Exchange: {endpoint.summary[:1].lower()}{endpoint.summary[1:]}",
                    f"Weight {endpoint.weight.one}"
                    + (f", for all symbols {endpoint.weight.all}." if endpoint.weight.all else "."),
                    [_param(endpoint, name, doc) for name, doc in endpoint.params.items()],
                    answers=answers,
                    unread=True,
                )
                for endpoint in ENDPOINTS.values()
            ),
            Route("GET", control, self.state, "The exchange's script", answers=state),
            Route("POST", control, self.add_faults, "Inject faults into the exchange", STEP_DOC, body={JSON: STEPS},
                  answers=state, errors=wrong),
            Route("DELETE", control, self.clear_faults, "Clear the exchange's script", answers=state),
        ]  # fmt: skip

    def close(self) -> None:
        """Announce the shutdown to the exchange's clients."""
        self.hub.announce()

    def sockets(self) -> list[tuple[Route, Handler]]:
        streams = Param(
            "streams", "Stream names, separated by slashes.", {"type": "string"}, str, place="path", required=True
        )
        query = Param("streams", streams.doc, {"type": "string"}, str)
        ws, combined = f"{BASE}/ws", f"{BASE}/stream"
        made: list[tuple[Route, Handler]] = [
            (Route("GET", ws, None, "Exchange: streams by request", STREAMS_DOC, socket=True), self.listen),
            (
                Route("GET", f"{ws}/{{streams}}", None, "Exchange: streams", STREAMS_DOC, (streams,), socket=True),
                self.listen,
            ),
            (
                Route(
                    "GET",
                    combined,
                    None,
                    "Exchange: combined streams",
                    f'Events come as `{{"stream", "data"}}`. {STREAMS_DOC}',
                    (query,),
                    socket=True,
                ),
                self.listen_combined,
            ),
        ]
        return made

    def listen(self, connection: Connection, values: Values) -> None:
        self._listen(connection, values.get("streams"), combined=False)

    def listen_combined(self, connection: Connection, values: Values) -> None:
        self._listen(connection, values.get("streams"), combined=True)

    def state(self, values: Values) -> flask.Response:
        return json_response({**self.exchange.state(), "connections": self.hub.listeners})

    def add_faults(self, values: Values) -> flask.Response:
        data = read_body(flask.request.environ, SCRIPT_BYTES)
        try:
            body = msgspec.json.decode(data, type=_Body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadInput(f"the script must be {{'steps': [...]}}: {error}") from error
        self.exchange.add_faults(body.steps)
        return self.state(values)

    def clear_faults(self, values: Values) -> flask.Response:
        self.exchange.clear_faults()
        return self.state(values)

    def _view(self, endpoint: Endpoint) -> View:
        size = ANSWER_BYTES if max(endpoint.weight.one, endpoint.weight.all) >= HEAVY else 0

        def call(query: Sequence[tuple[str, str]], address: str) -> Reply:
            try:
                with reserve(size) if size else nullcontext():
                    return self._workers.run(self.exchange.call, endpoint.path, query, address)
            except Busy as busy:
                error = too_much_weight(self.exchange.rules.weight, busy.retry_after)
                return Reply(error.status_code, error.headers, encode(error.body))

        def view(values: Values) -> flask.Response:
            reply = call(values["query"], flask.request.remote_addr or "")
            if reply.delay:
                self._workers.wait(reply.delay)
            return json_response(reply.body, reply.status, reply.headers)

        return view

    def _listen(self, connection: Connection, streams: str | None, *, combined: bool) -> None:
        client = connection.client
        listener, topic = self.hub.join(client, combined=combined)
        try:
            try:
                self.hub.subscribe(listener, _named(streams))
            except Refusal as error:
                client.control(frame(msgspec.json.encode({"error": error.body, "id": None})))
                listener.end(POLICY, error.msg)
                return
            connection.serve(
                lambda message: self.hub.receive(listener, message),
                lambda kind, payload: self.hub.control(listener, kind, payload),
                MAX_MESSAGE,
            )
        finally:
            self.hub.leave(listener, topic)


def _named(streams: str | None) -> Iterable[str]:
    """The stream names in a URL. Some client libraries number their connections, as in /ws/0; numbers are ignored."""
    return [name for name in (streams or "").split("/") if name and not name.isdecimal()]


def _param(endpoint: Endpoint, name: str, doc: str) -> Param:
    schema: schemas.Schema = {"type": "string", "minLength": 1}
    if name == "interval":
        schema = {"type": "string", "enum": list(INTERVALS)}
    elif name == "type":
        schema = {"type": "string", "enum": ["FULL", "MINI"]}
    elif name == "limit":
        schema = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}
    elif name in ("startTime", "endTime", "fromId"):
        schema = {"type": "integer", "minimum": 0, "maximum": LAST_NS}
    return Param(name, doc, schema, str, required=name in endpoint.needed)
