"""Routes of the targets that alerts are delivered to, and of what was delivered.

All of them need a login or the key, reading too: names, hosts and messages are their owner's own. A user's token sees
and changes the user's own; the operator sees all.
"""

from __future__ import annotations

from typing import Any

import flask

from orderflow.services import Services
from orderflow.storage.records.delivery_store import STATES, Filter, StoredDelivery
from orderflow.storage.records.target_store import OPERATOR
from orderflow.tickers.delivery.delivery import Delivery
from orderflow.web.kit.api import Api
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.params import Param, choice, integer, moment
from orderflow.web.kit.request_body import read_object
from orderflow.web.kit.responses import JSON, encode, json_response, stamp
from orderflow.web.kit.routes import ResponseDoc, Route, Values
from orderflow.web.kit.schemas import Schema
from orderflow.web.kit.scope import current_scope
from orderflow.web.tickers import delivery_schemas as schemas
from orderflow.web.tickers.csv_cells import table

BASE = "/delivery"
MAX_BODY = 16_384
MOST_LISTED = 1_000
CSV = "text/csv; charset=utf-8"


def read_id(text: str) -> int:
    """The id of a target. Raises ValueError."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValueError("must be a whole number")
    return int(text)


TARGET = Param("id", "The target's id.", {"type": "integer", "minimum": 0, "maximum": 10**9 - 1}, read_id, "path",
               required=True)  # fmt: skip
OF_TARGET = integer("target", "Only deliveries to this target.", 0, 10**9 - 1)
LIMIT = integer("limit", "Most deliveries; the newest are returned.", 1, MOST_LISTED, default=100)
BEFORE = moment("before", "Only deliveries made before this time.")
STATE = choice("state", "Only deliveries in this state.", ("any", *STATES), default="any")
FORMAT = choice("format", "Format of the answer.", ("json", "csv"), default="json")


def maybe_stamp(ns: int | None) -> str | None:
    return None if ns is None else stamp(ns)


class DeliveryApi(Api):
    """Targets and deliveries."""

    def __init__(self, services: Services, fanout: Fanout) -> None:
        self._delivery = services.part(Delivery)
        self._run = services.workers.run

    def routes(self) -> list[Route]:
        def ok(doc: str, schema: Schema, status: int = 200) -> dict[int, ResponseDoc]:
            return {status: ResponseDoc(doc, {JSON: schema})}

        one = f"{BASE}/targets/{{id}}"
        stored = {507: "The records cannot be used now."}
        hidden = {401: "Neither a user nor the operator.", **stored}
        missing = {404: "There is no such target.", **stored}
        wrong = {409: "The name is taken, or there are too many targets.", 413: "The body is too large.",
                 415: "The Content-Encoding is not supported.", **stored}  # fmt: skip
        body = {JSON: schemas.GIVEN}
        listed = {200: ResponseDoc("The deliveries.", {JSON: schemas.DELIVERIES, CSV: {"type": "string"}})}
        return [
            Route("GET", f"{BASE}/kinds", self.kinds, "Kinds of targets and their fields",
                  answers=ok("The kinds.", schemas.KINDS)),
            Route("GET", f"{BASE}/targets", self.targets, "Targets that alerts are delivered to",
                  answers=ok("The targets, without secrets.", schemas.TARGETS), errors=hidden),
            Route("POST", f"{BASE}/targets", self.add, "Add a target", "Fields: see `/delivery/kinds`.", body=body,
                  answers=ok("The target.", schemas.TARGET, 201), errors=wrong, user=True),
            Route("PATCH", one, self.change, "Change a target",
                  "Fields that are not named stay as they are; null removes one that is optional.", (TARGET,), body,
                  ok("The target.", schemas.TARGET), {**missing, **wrong}, user=True),
            Route("DELETE", one, self.remove, "Remove a target", "What waits for it is cancelled.", (TARGET,),
                  answers=ok("Removed.", schemas.REMOVED), errors=missing, user=True),
            Route("POST", f"{one}/test", self.test, "Send a test message", "Now, and once.", (TARGET,),
                  answers=ok("How it went.", schemas.TESTED),
                  errors={**missing, 429: "Other tests are running."}, user=True),
            Route("GET", f"{BASE}/deliveries", self.deliveries, "What was delivered, with every attempt",
                  "Newest first.", (LIMIT, BEFORE, STATE, OF_TARGET, FORMAT), answers=listed, errors=hidden),
        ]  # fmt: skip

    def kinds(self, values: Values) -> flask.Response:
        names = ("name", "doc", "secret", "required", "default")
        return json_response(
            [
                {
                    "kind": kind.name,
                    "label": kind.label,
                    "missing": kind.missing,
                    "fields": [{name: getattr(field, name) for name in names} for field in kind.fields],
                }
                for kind in self._delivery.kinds.values()
            ]
        )

    def targets(self, values: Values) -> flask.Response:
        return json_response(self._run(self._targets, current_scope().sees))

    def _targets(self, owner: str | None) -> bytes:
        return encode([timed(shown) for shown in self._delivery.shown(owner)])

    def add(self, values: Values) -> flask.Response:
        owner = current_scope().makes or OPERATOR
        made = self._delivery.add(read_object(flask.request.environ, MAX_BODY), owner)
        return json_response(timed(self._delivery.show(made)), 201)

    def change(self, values: Values) -> flask.Response:
        given, owner = read_object(flask.request.environ, MAX_BODY), current_scope().sees
        return json_response(timed(self._delivery.show(self._delivery.change(values["id"], given, owner))))

    def remove(self, values: Values) -> flask.Response:
        cancelled = self._delivery.remove(values["id"], current_scope().sees)
        return json_response({"removed": values["id"], "cancelled": cancelled})

    def test(self, values: Values) -> flask.Response:
        return json_response(self._delivery.test(values["id"], current_scope().sees))

    def deliveries(self, values: Values) -> flask.Response:
        owner, state = current_scope().sees, None if values["state"] == "any" else values["state"]
        chosen = Filter(values["limit"], values["before"], state, values["target"], owner)
        csv = values["format"] == "csv"
        return flask.Response(self._run(self._text, chosen, csv), content_type=CSV if csv else JSON)

    def _text(self, chosen: Filter, csv: bool) -> bytes:
        found = self._delivery.deliveries(chosen)
        return _csv(found).encode() if csv else encode([delivery(each) for each in found])


def timed(shown: dict[str, Any]) -> dict[str, Any]:
    """A target with its times in ISO-8601."""
    return {**shown, "created": stamp(shown["created"]), "failing_since": maybe_stamp(shown["failing_since"])}


def delivery(each: StoredDelivery) -> dict[str, Any]:
    """A delivery for the API."""
    return {
        "id": each.id,
        "event_id": each.event,
        "target": each.target,
        "target_name": each.target_name,
        "kind": each.kind,
        "title": each.title,
        "text": each.text,
        "state": each.state,
        "created": stamp(each.created),
        "next_attempt": stamp(each.due) if each.state == "pending" else None,
        "finished": maybe_stamp(each.finished),
        "error": each.error,
        "attempts": [
            {
                "number": attempt.number,
                "time": stamp(attempt.begun),
                "took_ms": attempt.took_ms,
                "delivered": attempt.delivered,
                "status": attempt.status,
                "error": attempt.error,
            }
            for attempt in each.history
        ],
    }


def _csv(found: tuple[StoredDelivery, ...]) -> str:
    names = ("id", "event_id", "target_name", "kind", "title", "text", "state", "created", "finished", "error")
    rows = [delivery(each) for each in found]
    return table((*names, "attempts"), ([*(row[name] for name in names), len(row["attempts"])] for row in rows))
