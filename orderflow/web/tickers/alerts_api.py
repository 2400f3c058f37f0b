"""Alerts over HTTP: make, list, change and delete them, read what has fired, and rehearse one over held ticks."""

from __future__ import annotations

import json
from typing import Any

import flask
import msgspec

from orderflow.errors import BadInput
from orderflow.services import Services
from orderflow.tickers.alerts.alert import State
from orderflow.tickers.alerts.service import Alerts
from orderflow.web.kit.api import Api
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.params import choice, integer, moment, text
from orderflow.web.kit.request_body import read_body
from orderflow.web.kit.responses import JSON, encode, json_response, reserve
from orderflow.web.kit.routes import ResponseDoc, Route, Values
from orderflow.web.kit.schemas import array
from orderflow.web.kit.scope import current_scope, reading_scope
from orderflow.web.tickers import alert_schemas as schemas

BASE = "/alerts"
MAX_BODY = 1 << 16
LIST_BYTES, REHEARSAL_BYTES, EVENT_BYTES = 1 << 24, 1 << 24, 3_000
"""Memory of all alerts, of a rehearsal, and of one event, about."""
CSV = "text/csv; charset=utf-8"
ID = text("id", "The alert's id.", place="path", longest=64)
STATE = choice(
    "state", "Only alerts in this state; any: all.", ("any", *(str(state) for state in State)), default="any"
)
LIMIT = integer("limit", "Most events.", 1, 10_000, default=100)
EVENTS = (
    integer("after", "Only events with a higher `number`, the oldest first.", 0, 2**53),
    text("alert", "Only events of this alert.", longest=64),
    LIMIT,
    choice("format", "The format.", ("json", "csv"), default="json"),
)
SPAN = (moment("start", "First time."), moment("end", "End of the time span."), LIMIT)
DOC = (
    "The short form is `ticker`, `condition` (above or below) and `price`: it fires once, on the next tick if it is "
    "already true. The long form takes an `operator` with its numbers, on the price, on a `study` or on a `mark` of "
    "the footprint; how often (`frequency`); and when it ends."
)
CHANGE_DOC = (
    "`state` pauses and resumes; an alert that has fired or expired is armed again by `active`, and then measures from "
    "the present price. `snooze` is a time until which it is not looked at. A changed condition arms it again."
)
OWN_DOC = (
    "A user's token makes the user's own alert, and sees and changes the user's own only; the operator sees all. An "
    "alert's `targets` are its owner's."
)
NOBODY = {401: "Neither a user nor the operator."}
WRONG = {413: "The body is too large.", 415: "The Content-Encoding is not supported."}
MISSING = {404: "There is no such alert."}


class AlertsApi(Api):
    """The routes of alerts."""

    def __init__(self, services: Services, fanout: Fanout) -> None:
        self.alerts = services.part(Alerts)
        self._run = services.workers.run

    def routes(self) -> list[Route]:
        one = {JSON: schemas.ALERT}
        asked, change = {JSON: schemas.ASKED}, {JSON: schemas.CHANGE}
        made = {201: ResponseDoc("The alert.", one)}
        found = {200: ResponseDoc("The alert.", one)}
        listed = {200: ResponseDoc("Alerts, the oldest first.", {JSON: array(schemas.ALERT)})}
        events = {200: ResponseDoc("Events.", {JSON: array(schemas.EVENT), CSV: {"type": "string"}})}
        would = {200: ResponseDoc("The events that it would have had.", {JSON: schemas.REHEARSAL})}
        limits = {409: "The state does not allow it.", **WRONG}
        return [
            Route("GET", BASE, self.list, "Alerts", OWN_DOC, (STATE,), answers=listed, errors=NOBODY),
            Route("POST", BASE, self.create, "Make an alert", f"{DOC} {OWN_DOC}", body=asked, answers=made,
                  errors=limits, user=True),
            Route("GET", f"{BASE}/events", self.events, "What has fired",
                  "Events stay when their alert is deleted.", EVENTS, answers=events, errors=NOBODY),
            Route("POST", f"{BASE}/rehearsal", self.rehearse, "When an alert would have fired",
                  "Evaluates the body's alert over held ticks. A one-time alert is taken as once per bar.",
                  SPAN, body=asked, answers=would, errors=MISSING | WRONG, user=True),
            Route("GET", f"{BASE}/{{id}}", self.get, "One alert", params=(ID,), answers=found,
                  errors=MISSING | NOBODY),
            Route("PATCH", f"{BASE}/{{id}}", self.change, "Change an alert", CHANGE_DOC, (ID,), body=change,
                  answers=found, errors=MISSING | limits, user=True),
            Route("DELETE", f"{BASE}/{{id}}", self.delete, "Delete an alert", params=(ID,), user=True,
                  answers={204: ResponseDoc("It is deleted.")}, errors=MISSING),
        ]  # fmt: skip

    def list(self, values: Values) -> flask.Response:
        state = None if values["state"] == "any" else values["state"]
        owner = reading_scope().sees
        with reserve(LIST_BYTES):
            return json_response(self._run(self._listed, state, owner))

    def _listed(self, state: str | None, owner: str | None) -> bytes:
        return encode([schemas.alert_json(alert) for alert in self.alerts.alerts(state, owner)])

    def create(self, values: Values) -> flask.Response:
        return json_response(schemas.alert_json(self.alerts.create(_body(), current_scope().makes)), 201)

    def get(self, values: Values) -> flask.Response:
        return json_response(schemas.alert_json(self.alerts.get(values["id"], reading_scope().sees)))

    def change(self, values: Values) -> flask.Response:
        changed = self.alerts.change(values["id"], _body(), current_scope().sees)
        return json_response(schemas.alert_json(changed))

    def delete(self, values: Values) -> flask.Response:
        self.alerts.delete(values["id"], current_scope().sees)
        return flask.Response(status=204)

    def events(self, values: Values) -> flask.Response:
        owner = reading_scope().sees
        with reserve(values["limit"] * EVENT_BYTES):
            text = self._run(self._events, values, owner)
        return flask.Response(text, content_type=CSV if values["format"] == "csv" else JSON)

    def _events(self, values: Values, owner: str | None) -> bytes:
        after, of_alert, limit = (values[name] for name in ("after", "alert", "limit"))
        found = self.alerts.events(after=after, alert_id=of_alert, owner=owner, limit=limit)
        rows = [schemas.event_json(number, event) for number, event in found]
        return schemas.events_csv(rows).encode() if values["format"] == "csv" else encode(rows)

    def rehearse(self, values: Values) -> flask.Response:
        owner, body = current_scope().makes, _body()
        with reserve(REHEARSAL_BYTES):
            return json_response(self._run(self._rehearsed, body, values, owner))

    def _rehearsed(self, body: dict[str, Any], values: Values, owner: str) -> bytes:
        found, ticks = self.alerts.rehearse(body, values["start"], values["end"], values["limit"], owner)
        return encode(schemas.rehearsal_json(found, ticks))


def _body() -> dict[str, Any]:
    """The JSON object of the request. Numbers keep their digits."""
    data = read_body(flask.request.environ, MAX_BODY)
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        if (found := _not_quite_json(data)) is not None:
            return found
        raise BadInput(f"the body must be a JSON object: {error}") from error


def _not_quite_json(data: bytes) -> dict[str, Any] | None:
    """The object of a body that would be JSON but for NaN and Infinity, so that its field can be named."""
    if b"NaN" not in data and b"Infinity" not in data:
        return None
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
