"""The herd game over HTTP and WebSocket: joining, orders, state, and the presenter's controls.

`POST /herd/orders` is called by a whole room at once, so it has a direct view. A phone is identified by its cookie
(`cookies`), the presenter by the server's key (`access`). This module checks permissions and builds responses; the
rules of the game are in `orderflow.herd`, past sessions in `sessions`, sockets in `herd_sockets`.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Literal
from uuid import UUID

import flask
import msgspec

from orderflow.errors import BadInput, Busy, FieldError, Forbidden, Unauthorized
from orderflow.herd.live import messages
from orderflow.herd.live.game import Game, OrderStatus
from orderflow.herd.live.presenter import ARGUMENTS
from orderflow.herd.rules.participants import Participant
from orderflow.herd.rules.rate_limit import JOIN_BURST, JOIN_RATE, RateLimiter
from orderflow.services import Services
from orderflow.web.herd import herd_schemas as schemas
from orderflow.web.herd.cookies import FORGED, CookieSigner, is_secure, load_secret
from orderflow.web.herd.herd_sockets import HerdSockets
from orderflow.web.herd.join_link import join_url, qr_svg, read_light
from orderflow.web.herd.sessions import SessionsApi
from orderflow.web.kit.access import Environ, require_operator, still_operator
from orderflow.web.kit.api import Api
from orderflow.web.kit.budget import client_of
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.params import Param, choice, integer, text
from orderflow.web.kit.request_body import read_body
from orderflow.web.kit.responses import JSON, encode, json_response
from orderflow.web.kit.routes import ResponseDoc, Route, Values
from orderflow.web.kit.schemas import Schema
from orderflow.web.kit.security import Gate
from orderflow.web.kit.sockets import Connection, Handler

MAX_BODY = 4096
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding a body raises."""
"""Maximum bytes of a request body."""
PLAY = "/herd/play"
CODE = text("code", "The code on the big screen.", place="path", longest=12, pattern="[A-Za-z0-9]{1,12}")
CLIENT_ID = Param(
    "client_id", "The order's client_id.", schemas.ID, lambda value: str(UUID(value)), "path", required=True
)
VIEW = choice("view", "phone, or stage for the big screen.", ("phone", "stage"), default="phone")
SINCE = integer("since", "The version that a phone has. If it is still current, no snapshot is sent.", 0, 2**53)
LIGHT = Param(
    "light",
    "Background colour, as six hexadecimal digits.",
    {"type": "string", "pattern": "^([0-9A-Fa-f]{6})?$", "default": "ffffff"},
    read_light,
    default="#ffffff",
)
ANY = text("v", "Ignored. A new value bypasses the browser's cache.", longest=64)


class BadOrder(BadInput):
    """The body is not an order."""

    status = 422


class _Join(msgspec.Struct, forbid_unknown_fields=True):
    nickname: str | None = None
    code: str | None = None


class _Order(msgspec.Struct, forbid_unknown_fields=True):
    client_id: UUID
    side: Literal["buy", "sell"]
    quantity: int


class HerdApi(Api):
    """The game's routes and its socket."""

    def __init__(self, services: Services, fanout: Fanout) -> None:
        settings = services.settings
        self._services = services
        self._game = services.part(Game)
        self._cookies = CookieSigner(load_secret(None if settings.ephemeral else settings.data_dir / "herd"))
        self._sockets = HerdSockets(self._game, services, fanout)
        self._sessions = SessionsApi(services)
        self._refused: Counter[str] = self._sockets.refused
        self._orders = msgspec.json.Decoder(_Order)
        self._join_rate = RateLimiter(JOIN_RATE, JOIN_BURST, "too many people are joining; try again in a moment")

    def routes(self) -> list[Route]:
        def ok(doc: str, schema: Schema, **more: str) -> dict[int, ResponseDoc]:
            return {200: ResponseDoc(doc, {JSON: schema}, {name.replace("_", "-"): doc for name, doc in more.items()})}

        gone = {302: ResponseDoc("The phone's page.")}
        accepted = ResponseDoc("Accepted: written to the session's log, and cleared with the next batch.",
                          {JSON: schemas.ACCEPTED})  # fmt: skip
        bad_order = {
            401: "The participant's cookie is missing or not valid in this game: join first.",
            409: "The market is not open.",
            413: "The body is too large.",
            415: "The Content-Encoding is not supported.",
            422: "The body is not a valid order.",
            429: "Too many orders; retry after Retry-After seconds.",
            507: "The disk is full or failed.",
        }
        full = {409: "The game has ended.", 413: "The body is too large.",
                415: "The Content-Encoding is not supported.",
                429: "The game is full, or too many join at once; retry after Retry-After seconds.",
                507: "The disk is full or failed."}  # fmt: skip
        wrong = {404: "There is no such participant.", 409: "Not possible in the current phase.",
                 413: "The body is too large.", 415: "The Content-Encoding is not supported.", 429: "The game is full.",
                 507: "The disk is full or failed."}  # fmt: skip
        mine = {401: "The participant's cookie is missing or not valid in this game.",
                404: "You sent no order with this id."}  # fmt: skip
        picture = ResponseDoc("The QR code.", {"image/svg+xml": {"type": "string"}})
        presenter = {401: "The key is needed, because joining this game needs a code."}
        return [
            Route("POST", "/herd/join", self.join, "Join the game",
                  "Sets the participant's cookie. A request with a valid cookie gets the same participant again.",
                  body={JSON: schemas.JOIN},
                  answers=ok("You have joined.", schemas.JOINED, Set_Cookie="The participant's cookie."), errors=full,
                  open=True),
            Route("POST", "/herd/orders", None, "Send an order", "All orders of a batch fill at one price.",
                  body={JSON: schemas.ORDER}, direct=self.order,
                  answers={202: accepted, **ok("Sent before: the status of that order.", schemas.ORDER_STATE)},
                  errors=bad_order, open=True),
            Route("GET", "/herd/orders/{client_id}", self.order_status, "Status of an order",
                  params=(CLIENT_ID,), answers=ok("The status.", schemas.ORDER_STATE), errors=mine),
            Route("GET", "/herd/state", self.state, "Current state of the game, and your portfolio",
                  answers=ok("The state.", schemas.STATE)),
            Route("GET", "/herd/stats", self.stats, "Statistics of the crowd",
                  answers=ok("The statistics.", schemas.STATS)),
            Route("POST", "/herd/control", self.control, "Control the game",
                  "For the presenter. " + _actions(), body={JSON: schemas.CONTROL},
                  answers=ok("Done.", schemas.CONTROLLED), errors=wrong),
            Route("GET", "/herd/address", self.address, "Link for joining",
                  answers=ok("The URL and the code.", schemas.ADDRESS), errors=presenter),
            Route("GET", "/herd/qr.svg", self.qr, "QR code of the link for joining", params=(LIGHT, ANY),
                  answers={200: picture}, errors=presenter),
            Route("GET", "/j", self.short, "Short URL of the phone's page", answers=gone),
            Route("GET", "/j/{code}", self.short, "Short URL with the code", params=(CODE,), answers=gone),
            Route("GET", "/public/index.html", self.short, "The phone's page",
                  "The URL of the original game, kept for old links.", answers=gone),
            *self._sessions.routes(),
        ]  # fmt: skip

    def sockets(self) -> list[tuple[Route, Handler]]:
        doc = (
            "Messages: first `{type: snapshot}`, then `{type: delta}` with the changes, at most one per batch of the "
            "market. With the participant's cookie also the private messages `{type: fill}` and `{type: you}`. A phone "
            'may send `{"since": version}`; if that is not the current version, it gets a snapshot.'
        )
        route = Route("GET", "/herd/ws", None, "Stream of the game", doc, (VIEW, SINCE), socket=True)
        return [(route, self.listen)]

    def join(self, values: Values) -> flask.Response:
        environ = flask.request.environ
        data = read_body(environ, MAX_BODY)
        try:
            given = msgspec.json.decode(data, type=_Join) if data.strip() else _Join()
        except UNREADABLE as error:
            raise _decode_error(BadInput, "the body is invalid", error) from error
        try:
            participant = self._participant(environ)
        except Unauthorized:
            try:
                address = client_of(environ)
                self._join_rate.take(address, self._services.clock.monotonic())
                participant = self._game.join(given.nickname, given.code, address)
            except (Forbidden, BadInput, Busy):
                self._refused["join"] += 1
                raise
        else:
            if given.nickname and given.nickname.strip() and given.nickname != participant.nick:
                self._rename(participant, given.nickname)
        session = self._game.session_id
        secure = is_secure(environ, self._services.settings.public_url)
        cookie = self._cookies.set_cookie(participant.id, session, secure=secure)
        return json_response(self._portfolio(participant) | {"session": session}, headers={"Set-Cookie": cookie})

    def _rename(self, participant: Participant, nickname: str) -> None:
        try:
            self._game.rename(participant.id, nickname)
        except Busy:
            self._refused["join"] += 1
            raise

    def order(self, environ: Environ, values: Values) -> tuple[int, bytes]:
        participant = self._participant(environ)
        data = read_body(environ, MAX_BODY)
        try:
            given = self._orders.decode(data)
        except UNREADABLE as error:
            self._refused["order"] += 1
            raise _decode_error(BadOrder, "the body is not an order", error) from error
        try:
            found, new = self._game.order(participant.id, str(given.client_id), given.side, given.quantity)
        except BadInput as error:
            self._refused["order"] += 1
            raise BadOrder(str(error), error.errors) from error
        except Busy:
            self._refused["flood"] += 1
            raise
        if new:
            return 202, b'{"client_id":"%s","status":"accepted"}' % found.client_id.encode()
        return 200, encode(_order(found))

    def order_status(self, values: Values) -> flask.Response:
        participant = self._participant(flask.request.environ)
        return json_response(_order(self._game.order_status(participant.id, values["client_id"])))

    def state(self, values: Values) -> flask.Response:
        participant = self._participant_or_none(flask.request.environ)
        live = self._sockets.live
        live.refresh()
        state: dict[str, Any] = {
            "version": live.version,
            "time": live.time,
            "session": self._game.session_id,
            "start": messages.shown(self._game.start_price),
            **live.parts.values,
            **live.undone(),
            "you": None if participant is None else self._portfolio(participant),
        }
        if participant is not None and participant.group == "blind":
            del state["meter"]
        return json_response(state)

    def stats(self, values: Values) -> flask.Response:
        refusals = self._refusals()
        return json_response(
            self._game.stats() | self._sockets.figures() | {"refused": sum(refusals.values()), "refusals": refusals}
        )

    def control(self, values: Values) -> flask.Response:
        data = read_body(flask.request.environ, MAX_BODY)
        try:
            given = msgspec.json.decode(data, type=dict[str, Any])
        except UNREADABLE as error:
            raise _decode_error(BadInput, "the body is invalid", error) from error
        self._game.control(given.pop("action", None), **given)
        live = self._sockets.live
        live.refresh()
        return json_response({"phase": self._game.phase, "session": self._game.session_id, "version": live.version})

    def address(self, values: Values) -> flask.Response:
        return json_response({"url": self._join_url(), "code": self._game.code, "session": self._game.session_id})

    def qr(self, values: Values) -> flask.Response:
        return flask.Response(qr_svg(self._join_url(), values["light"]), content_type="image/svg+xml")

    def short(self, values: Values) -> flask.Response:
        code = values.get("code")
        return flask.Response(status=302, headers={"Location": PLAY + (f"?code={code.upper()}" if code else "")})

    def listen(self, connection: Connection, values: Values) -> None:
        """Serve the socket of a phone or a big screen."""
        environ = flask.request.environ
        if values["view"] == "stage":
            base = join_url(self._services.settings, environ, None)
            self._sockets.screen(connection, base, still_operator())
        else:
            self._sockets.phone(connection, self._participant_or_none(environ), values["since"])

    def _join_url(self) -> str:
        settings = self._services.settings
        if self._game.code_required:
            require_operator("the code lets anybody join, so this needs the key: open the page with ?key=KEY")
        return join_url(settings, flask.request.environ, self._game.code)

    def _participant(self, environ: Environ) -> Participant:
        """The participant who makes the request. Raises Unauthorized; the message says what to do."""
        found = self._cookies.read(environ)
        if found is None:
            raise Unauthorized("you have not joined: POST /herd/join first, and send the cookie that it sets")
        participant = self._game.participant(found.participant) if found.session == self._game.session_id else None
        if participant is not None:
            return participant
        self._refused["cookie"] += 1
        if found is FORGED:
            raise Unauthorized("the participant's cookie is not from this server; join again")
        if found.session != self._game.session_id:
            raise Unauthorized("the game that you joined has ended; join again")
        raise Unauthorized("you are no longer in the game; join again")

    def _participant_or_none(self, environ: Environ) -> Participant | None:
        """The participant who makes the request, None for somebody who has not joined."""
        try:
            return self._participant(environ)
        except Unauthorized:
            return None

    def _portfolio(self, participant: Participant) -> dict[str, Any]:
        return messages.portfolio(participant, self._game.price, self._game.rank(participant.id))

    def _refusals(self) -> dict[str, int]:
        gate: Gate = flask.current_app.extensions["orderflow.gate"]
        counts = {**self._refused, "gate": gate.refused["herd"]}
        return {name: count for name, count in counts.items() if count}


def _order(order: OrderStatus) -> dict[str, Any]:
    body: dict[str, Any] = {
        "client_id": order.client_id,
        "status": order.status,
        "side": order.side,
        "quantity": order.quantity,
    }
    if order.price is not None:
        body["price"] = messages.shown(order.price)
    if order.reason is not None:
        body["reason"] = order.reason
    return body


def _decode_error(kind: type[BadInput], what: str, error: Exception) -> BadInput:
    """An error of the JSON decoder as `kind`, with the field if the decoder names one."""
    reason, _, place = str(error).partition(" - at `$")
    named = re.match(r"\.(\w+)", place) or re.search(r"field `([^`]{1,60})`", reason)
    return kind(f"{what}: {error}", [FieldError(None, named[1] if named else None, reason)])


def _actions() -> str:
    parts = [f"`{name}`" + (f" ({', '.join(takes)})" if takes else "") for name, takes in ARGUMENTS.items()]
    return f"Actions and their arguments: {', '.join(parts)}."
