"""Simulated instruments over HTTP and WebSocket: the original system's API, unchanged, and routes to control them.

As in the original, times are naive ISO-8601 (UTC here) with microseconds, an unknown ticker is a 404 with the same
text, a bad limit is a 422, and the socket closes with 4004.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Hashable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any

import flask
import msgspec

from orderflow.errors import BadInput, FieldError
from orderflow.instruments.instrument import DECIMALS, MIN_PRICE, Instrument
from orderflow.instruments.model_card import build_model_card, library
from orderflow.instruments.scenario import Scenario
from orderflow.instruments.scenarios import load_scenario
from orderflow.instruments.simulation import Simulation
from orderflow.instruments.stylized_facts import FactChecker
from orderflow.services import Services
from orderflow.web.instruments import instrument_schemas as schemas
from orderflow.web.instruments.listing import Listing
from orderflow.web.kit.api import Api
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.params import Param, ParamError, integer
from orderflow.web.kit.request_body import read_body
from orderflow.web.kit.responses import JSON, encode, json_response
from orderflow.web.kit.routes import ResponseDoc, Route, Values
from orderflow.web.kit.sockets import Connection, Handler
from orderflow.web.kit.unprocessable import Unprocessable, loose, with_status

EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
MAX_LIMIT = 1000
MAX_BODY = 1 << 21
"""Bytes of a body: a scenario, or the parameters of a model."""
MOST_FIELDS = 200
"""Members of a table of an edit; each unknown one is compared with all that are known."""
BOARD_SECONDS = 0.5
"""Seconds between two messages of `/ws/instruments`."""

TICKER = Param("ticker_id", "The instrument's id, e.g. ITEM_00.", {"type": "string"}, str, "path", required=True)
LIMIT = integer("limit", "Maximum number of prices; the newest are returned.", 1, MAX_LIMIT)
MISSING = {404: "There is no such ticker."}


EDIT = {
    "type": "object",
    "examples": [
        {"model": "heston", "params": {"kappa": 4.0, "xi": 1.5}, "seed": 7},
        {"arrivals": "poisson", "arrival_params": {"rate": 2.0}, "interval": 0.5},
    ],
}


@lru_cache(256)  # many instruments have the same time
def stamp(ns: int) -> str:
    """A time (ns since 1970) in the original's format: ISO-8601, UTC without a zone, with microseconds."""
    return (EPOCH + timedelta(microseconds=ns // 1000)).isoformat(timespec="microseconds")


def ticker(instrument: Instrument) -> dict[str, Any]:
    """One instrument in the original's format."""
    return {
        "id": instrument.spec.id,
        "name": instrument.spec.name,
        "current_price": instrument.shown,
        "initial_price": instrument.initial_price,
        "created_at": stamp(instrument.created),
        "updated_at": stamp(instrument.updated),
    }


def quote(instrument: Instrument) -> bytes:
    """One instrument as an element of the messages of `/ws/instruments`."""
    return encode([instrument.spec.id, instrument.shown, instrument.updated // 1_000_000])


class InstrumentsApi(Api):
    """The routes and sockets of the simulated instruments. The simulation drives the price sockets, price by price."""

    def __init__(self, services: Services, fanout: Fanout) -> None:
        self._services = services
        self._simulation: Simulation = services.part(Simulation)
        self._fanout = fanout
        self._checker = FactChecker()
        self._listing = Listing(lambda each: encode(ticker(each)), services.workers.wait)
        self._simulation.listen(self._moved)

    def routes(self) -> list[Route]:
        prefix = self._services.settings.instruments.prefix
        one = f"{prefix}/tickers/{{ticker_id}}"
        steer = f"{prefix}/simulation"
        wrong = {
            413: "The body is too large.",
            415: "The Content-Encoding is not supported.",
            422: "The body or a field is invalid.",
        }
        kept = {**MISSING, **wrong, 507: "The disk is full or failed."}
        body = {JSON: {"type": "object"}}

        def found(doc: str, schema: Mapping[str, Any]) -> dict[int, ResponseDoc]:
            return {200: ResponseDoc(doc, {JSON: schema})}

        return [
            Route("GET", f"{prefix}/tickers", self.tickers, "All simulated instruments",
                  answers=found("The instruments.", schemas.TICKERS), lenient=True),
            Route("GET", f"{one}/history", self.history, "Prices of an instrument", "Oldest first.",
                  (TICKER, loose(LIMIT)), answers=found("The ticker and its prices.", schemas.HISTORY),
                  errors={**MISSING, 422: "The limit is not from 1 to 1000."}, lenient=True),
            Route("GET", f"{one}/model", self.model, "Model card of an instrument",
                  "Parameters with their meaning, warnings, and statistics of its prices compared with theory.",
                  (TICKER,), answers=found("The model card.", schemas.OBJECT), errors=MISSING),
            Route("PUT", f"{one}/model", self.edit, "Change the model of an instrument",
                  "Any of: name, model, params, arrivals, arrival_params, flow, seed, interval, initial_price, group, "
                  "correlation, book. Changing seed or initial_price restarts the instrument; after any other change "
                  "it continues from its current price. `{}` undoes all changes.", (TICKER,), {JSON: EDIT},
                  found("The model card.", schemas.OBJECT), kept),
            Route("GET", f"{prefix}/models", self.models, "All price models",
                  answers=found("Price models and arrival processes.", schemas.OBJECT)),
            Route("GET", steer, self.status, "State of the simulation",
                  answers=found("The state.", schemas.OBJECT)),
            Route("POST", steer, self.steer, "Control the simulation",
                  'One of `{"action": "pause"}`, `"start"`, `{"action": "speed", "speed": 2}`, `{"action": "restart", '
                  '"seed": 7}`, `{"action": "scenario", "name": ...}` (bundled) or `"text": ...` (TOML or JSON), '
                  '`{"action": "scenario"}` to end one.', (), body,
                  found("The new state.", schemas.OBJECT), wrong),
        ]  # fmt: skip

    def sockets(self) -> list[tuple[Route, Handler]]:
        one = (
            'Messages: `{"type": "price_update", "data": {"ticker_id", "price", "timestamp"}}`, one for each price; '
            'errors: `{"type": "error", "message"}`. An unknown ticker: close code 4004.'
        )
        board = (
            'Messages: `{"type": "board", "data": [[ticker_id, price, time in ms], ...], "simulation": {...}}`: first '
            "all instruments, then, twice a second, those whose price has changed."
        )
        return [
            (Route("GET", "/ws/instruments", None, "Prices of all simulated instruments", board, socket=True),
             self.listen_all),
            (Route("GET", "/ws/{ticker_id}", None, "Prices of one simulated instrument", one, (TICKER,), socket=True,
                   lenient=True), self.listen),
        ]  # fmt: skip

    # reading

    def tickers(self, values: Values) -> flask.Response:
        return json_response(self._listing.array(self._simulation.all()))

    def history(self, values: Values) -> flask.Response:
        instrument = self._simulation.get(values["ticker_id"])
        limit = values["limit"]
        if isinstance(limit, ParamError):
            raise Unprocessable(f"limit {limit.reason}", [limit])
        times, prices = instrument.history.last(limit)
        rows = [
            {"value": max(round(price, DECIMALS), 0.01), "timestamp": stamp(time)}
            for time, price in zip(times, prices, strict=True)
        ]
        return json_response({"ticker": ticker(instrument), "history": rows})

    def model(self, values: Values) -> flask.Response:
        instrument = self._simulation.get(values["ticker_id"])
        return json_response(self._services.workers.run(build_model_card, instrument, self._checker))

    def models(self, values: Values) -> flask.Response:
        return json_response(library())

    def status(self, values: Values) -> flask.Response:
        return json_response(self._simulation.status())

    # changing

    def edit(self, values: Values) -> flask.Response:
        self._simulation.get(values["ticker_id"])
        changes = self._body()
        for table in (changes, *changes.values()):
            if isinstance(table, dict) and len(table) > MOST_FIELDS:
                raise Unprocessable(f"a table has {len(table):,} members, and {MOST_FIELDS} are the most")
        with_status(lambda: self._simulation.edit(values["ticker_id"], changes))
        return self.model(values)

    def steer(self, values: Values) -> flask.Response:
        with_status(lambda: steer(self._simulation, self._body()))
        return self.status(values)

    def _body(self) -> dict[str, Any]:
        data = read_body(flask.request.environ, MAX_BODY)
        try:
            found = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Unprocessable(f"the body is not JSON: {error}") from error
        if not isinstance(found, dict):
            raise Unprocessable("the body must be a JSON object")
        return found

    # sockets

    def listen(self, connection: Connection, values: Values) -> None:
        instrument = self._simulation.get(values["ticker_id"])
        key = ("ticker", instrument.spec.id)
        source = partial(PriceSource, self._simulation, instrument.spec.id)
        topic = self._fanout.join(key, connection.client, source)
        try:
            connection.serve()
        finally:
            self._fanout.leave(topic, connection.client)

    def listen_all(self, connection: Connection, values: Values) -> None:
        source = partial(BoardSource, self._simulation, self._services.workers.wait)
        topic = self._fanout.join("instruments", connection.client, source, BOARD_SECONDS)
        try:
            connection.serve()
        finally:
            self._fanout.leave(topic, connection.client)

    def _moved(self, instrument: Instrument) -> None:
        self._fanout.broadcast(("ticker", instrument.spec.id))


class PriceSource:
    """Fan-out source of `/ws/{ticker_id}`: the newest price."""

    def __init__(self, simulation: Simulation, key: str) -> None:
        self._simulation = simulation
        self._key = key
        self._head = b'{"type":"price_update","data":{"ticker_id":%s,"price":' % encode(key)

    def version(self) -> Hashable:
        return self._simulation.get(self._key).updated  # a step is counted before its price is there

    def message(self, since: Hashable | None) -> tuple[Hashable, bytes]:
        instrument = self._simulation.get(self._key)
        updated = instrument.updated
        text = '%.2f,"timestamp":"%s"}}' % (max(instrument.price, MIN_PRICE), stamp(updated))  # noqa: UP031  # half the time
        return updated, self._head + text.encode()


class BoardSource:
    """Fan-out source of `/ws/instruments`: the instruments changed since a version, and the simulation's state."""

    def __init__(self, simulation: Simulation, pause: Callable[[float], object] = time.sleep) -> None:
        self._simulation = simulation
        self._listing = Listing(quote, pause)

    def version(self) -> Hashable:
        simulation = self._simulation
        return (
            simulation.revision,
            simulation.running,
            simulation.speed,
            simulation.seed,
            simulation.playing,
        )

    def message(self, since: Any) -> tuple[Hashable, bytes]:
        after = -1 if since is None else since[0]
        version = self.version()  # of what changes while the list is made the next message tells again
        rows = self._listing.array(each for each in self._simulation.all() if each.revision > after)
        return version, b'{"type":"board","data":%s,"simulation":%s}' % (rows, encode(self._simulation.status()))


ACTIONS = {"pause": (), "start": (), "speed": ("speed",), "restart": ("seed",), "scenario": ("name", "text")}


def steer(simulation: Simulation, body: Mapping[str, Any]) -> None:
    """Apply the action in the body to the simulation. Raises BadInput, which names the field."""
    action = body.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        near = difflib.get_close_matches(str(action), ACTIONS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known actions are {', '.join(ACTIONS)}"
        raise BadInput(f"action {action!r} is not known: {hint}", [FieldError(None, "action", f"unknown: {hint}")])
    extra = sorted(set(body) - {"action", *ACTIONS[action]})
    if extra:
        reason = f"is not an argument of {action}"
        raise BadInput(f"{extra[0]} {reason}", [FieldError(None, extra[0], reason)])
    if action == "pause":
        simulation.pause()
    elif action == "start":
        simulation.resume()
    elif action == "speed":
        simulation.set_speed(body.get("speed"))  # type: ignore[arg-type]  # it checks the type itself
    elif action == "restart":
        simulation.restart(body.get("seed"))
    else:
        simulation.play(_scenario(simulation, body))


def _scenario(simulation: Simulation, body: Mapping[str, Any]) -> Scenario | None:
    for field in ("name", "text"):
        if body.get(field) is not None and not isinstance(body[field], str):
            raise BadInput(f"{field} must be text", [FieldError(None, field, "must be text")])
    if body.get("text") is not None:
        return simulation.read_scenario(body["text"].encode(), body.get("name") or "own scenario")
    known = [*simulation.ids(), *simulation.groups()]
    return load_scenario(body["name"], known) if body.get("name") is not None else None
