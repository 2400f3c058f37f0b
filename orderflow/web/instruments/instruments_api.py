"""Simulated instruments over HTTP and WebSocket: the addresses of the original system, unchanged, and those that steer.

The original's times are naive ISO-8601 (UTC here) with microseconds, its unknown ticker is a 404 in its words, its bad
limit a 422, and its socket closes with 4004.
"""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any

import flask
import msgspec

from orderflow.errors import BadInput, FieldError
from orderflow.instruments.instrument import DECIMALS, LEAST, Instrument
from orderflow.instruments.model_card import card, library
from orderflow.instruments.scenario import Scenario
from orderflow.instruments.scenarios import load_scenario
from orderflow.instruments.simulation import Simulation
from orderflow.instruments.stylized_facts import FactChecker
from orderflow.services import Services
from orderflow.web.instruments import instrument_schemas as schemas
from orderflow.web.kit.api import Api
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.params import Param, ParamError, integer
from orderflow.web.kit.request_body import read_body
from orderflow.web.kit.responses import JSON, encode, json_response
from orderflow.web.kit.routes import ResponseDoc, Route, Values
from orderflow.web.kit.sockets import Connection, Handler

EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
LARGEST_LIMIT = 1000
BOARD_SECONDS = 0.5
"""How often the page's socket tells of all instruments."""

TICKER = Param("ticker_id", "The instrument's id, e.g. ITEM_00.", {"type": "string"}, str, "path", required=True)
LIMIT = integer("limit", "Prices at most, the newest ones.", 1, LARGEST_LIMIT)
MISSING = {404: "There is no such ticker."}


EDIT = {
    "type": "object",
    "examples": [
        {"model": "heston", "params": {"kappa": 4.0, "xi": 1.5}, "seed": 7},
        {"arrivals": "poisson", "arrival_params": {"rate": 2.0}, "interval": 0.5},
    ],
}


class Unprocessable(BadInput):
    """The original system's status for a parameter that is no parameter."""

    status = 422


@lru_cache(256)  # many instruments move at the same moment
def stamp(ns: int) -> str:
    """A time as the original prints it: ISO-8601, UTC without a zone, always with microseconds."""
    return (EPOCH + timedelta(microseconds=ns // 1000)).isoformat(timespec="microseconds")


def ticker(instrument: Instrument) -> dict[str, Any]:
    """One instrument as the original lists it."""
    return {
        "id": instrument.spec.id,
        "name": instrument.spec.name,
        "current_price": instrument.shown,
        "initial_price": instrument.initial_price,
        "created_at": stamp(instrument.created),
        "updated_at": stamp(instrument.updated),
    }


class InstrumentsApi(Api):
    """The routes; `sockets` are driven by the simulation itself, price by price."""

    def __init__(self, services: Services, fanout: Fanout) -> None:
        self._services = services
        self._simulation: Simulation = services.part(Simulation)
        self._fanout = fanout
        self._checker = FactChecker()
        self._simulation.listen(self._moved)

    def routes(self) -> list[Route]:
        prefix = self._services.settings.instruments.prefix
        one = f"{prefix}/tickers/{{ticker_id}}"
        steer = f"{prefix}/simulation"
        wrong = {413: "The body is too large.", 415: "The body is no JSON.", 422: "A field is wrong."}
        kept = {**MISSING, **wrong, 507: "The disk did not take it."}
        body = {JSON: {"type": "object"}}

        def found(doc: str, schema: Mapping[str, Any]) -> dict[int, ResponseDoc]:
            return {200: ResponseDoc(doc, {JSON: schema})}

        return [
            Route("GET", f"{prefix}/tickers", self.tickers, "All simulated instruments",
                  answers=found("The instruments.", schemas.TICKERS), lenient=True),
            Route("GET", f"{one}/history", self.history, "Prices of one", "Oldest first.", (TICKER, loose(LIMIT)),
                  answers=found("The ticker and its prices.", schemas.HISTORY),
                  errors={**MISSING, 422: "The limit is not from 1 to 1000."}, lenient=True),
            Route("GET", f"{one}/model", self.model, "The model behind one",
                  "Parameters with their meaning, warnings, and what its prices show against what theory says.",
                  (TICKER,), answers=found("The model card.", schemas.OBJECT), errors=MISSING),
            Route("PUT", f"{one}/model", self.edit, "Change the model behind one",
                  "Any of: name, model, params, arrivals, arrival_params, flow, seed, interval, initial_price, group, "
                  "correlation, book. Another seed or initial_price begins it anew; after any other change it goes on "
                  "from its present price. `{}` takes all changes back.", (TICKER,), {JSON: EDIT},
                  found("The model card.", schemas.OBJECT), kept),
            Route("GET", f"{prefix}/models", self.models, "All price models",
                  answers=found("Models and arrival laws.", schemas.OBJECT)),
            Route("GET", steer, self.status, "What the simulation does",
                  answers=found("The state.", schemas.OBJECT)),
            Route("POST", steer, self.steer, "Steer the simulation",
                  'One of `{"action": "pause"}`, `"start"`, `{"action": "speed", "speed": 2}`, `{"action": "restart", '
                  '"seed": 7}`, `{"action": "scenario", "name": ...}` (bundled) or `"text": ...` (TOML or JSON), '
                  '`{"action": "scenario"}` to end one.', (), body,
                  found("The state after it.", schemas.OBJECT), wrong),
        ]  # fmt: skip

    def sockets(self) -> list[tuple[Route, Handler]]:
        one = (
            'Messages: `{"type": "price_update", "data": {"ticker_id", "price", "timestamp"}}`, one for each price; '
            'errors: `{"type": "error", "message"}`. An unknown ticker: close code 4004.'
        )
        board = (
            'Messages: `{"type": "board", "data": [[ticker_id, price, time in ms], ...], "simulation": {...}}`: all '
            "instruments first, then twice a second those that moved."
        )
        return [
            (Route("GET", "/ws/instruments", None, "Prices of all simulated instruments", board, socket=True),
             self.listen_all),
            (Route("GET", "/ws/{ticker_id}", None, "Prices of one simulated instrument", one, (TICKER,), socket=True,
                   lenient=True), self.listen),
        ]  # fmt: skip

    # reading

    def tickers(self, values: Values) -> flask.Response:
        return json_response([ticker(each) for each in self._simulation.all()])

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
        return json_response(self._services.workers.run(card, instrument, self._checker))

    def models(self, values: Values) -> flask.Response:
        return json_response(library())

    def status(self, values: Values) -> flask.Response:
        return json_response(self._simulation.status())

    # changing

    def edit(self, values: Values) -> flask.Response:
        self._simulation.get(values["ticker_id"])
        changes = self._body()
        with_status(lambda: self._simulation.edit(values["ticker_id"], changes))
        return self.model(values)

    def steer(self, values: Values) -> flask.Response:
        with_status(lambda: steer(self._simulation, self._body()))
        return self.status(values)

    def _body(self) -> dict[str, Any]:
        data = read_body(flask.request.environ, self._services.settings.max_body)
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
        topic = self._fanout.join(
            "instruments", connection.client, partial(BoardSource, self._simulation), BOARD_SECONDS
        )
        try:
            connection.serve()
        finally:
            self._fanout.leave(topic, connection.client)

    def _moved(self, instrument: Instrument) -> None:
        self._fanout.cast(("ticker", instrument.spec.id))


class PriceSource:
    """What `/ws/{ticker_id}` tells: the newest price."""

    def __init__(self, simulation: Simulation, key: str) -> None:
        self._simulation = simulation
        self._key = key
        self._head = b'{"type":"price_update","data":{"ticker_id":%s,"price":' % encode(key)

    def version(self) -> Hashable:
        instrument = self._simulation.get(self._key)
        return instrument.steps, instrument.updated

    def message(self, since: Hashable | None) -> tuple[Hashable, bytes]:
        instrument = self._simulation.get(self._key)
        updated = instrument.updated
        text = '%.2f,"timestamp":"%s"}}' % (max(instrument.price, LEAST), stamp(updated))  # noqa: UP031  # half the time
        return (instrument.steps, updated), self._head + text.encode()


class BoardSource:
    """What `/ws/instruments` tells: every instrument that has moved since, and the state of the simulation."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def version(self) -> Hashable:
        simulation = self._simulation
        newest = max((each.updated for each in simulation.all()), default=0)
        return newest, simulation.running, simulation.speed, simulation.seed, simulation.status()["scenario"]

    def message(self, since: Any) -> tuple[Hashable, bytes]:
        after = -1 if since is None else since[0]
        rows = [
            [each.spec.id, each.shown, each.updated // 1_000_000]
            for each in self._simulation.all()
            if each.updated > after
        ]
        body = {"type": "board", "data": rows, "simulation": self._simulation.status()}
        return self.version(), encode(body)


def loose(param: Param) -> Param:
    """A parameter whose wrong value is kept as the FieldError that tells so, for a status of its own."""

    def read(value: str) -> Any:
        try:
            return param.read(value)
        except ValueError as error:
            return ParamError(None, param.name, str(error))

    return Param(param.name, param.doc, param.schema, read, param.place, param.default, param.required)


def with_status(call: Any) -> Any:
    """`call()`, with what is wrong about its fields as a 422."""
    try:
        return call()
    except BadInput as error:
        raise Unprocessable(str(error), error.errors) from error


ACTIONS = {"pause": (), "start": (), "speed": ("speed",), "restart": ("seed",), "scenario": ("name", "text")}


def steer(simulation: Simulation, body: Mapping[str, Any]) -> None:
    """Do what the body says. Raises BadInput that names the field."""
    action = body.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        near = difflib.get_close_matches(str(action), ACTIONS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(ACTIONS)}"
        raise BadInput(f"action {action!r} is not known: {hint}", [FieldError(None, "action", f"unknown: {hint}")])
    extra = sorted(set(body) - {"action", *ACTIONS[action]})
    if extra:
        raise BadInput(f"{extra[0]} has no meaning for {action}", [FieldError(None, extra[0], "has no meaning here")])
    if action == "pause":
        simulation.pause()
    elif action == "start":
        simulation.resume()
    elif action == "speed":
        simulation.set_speed(body.get("speed"))  # type: ignore[arg-type]  # it says itself what is wrong with it
    elif action == "restart":
        simulation.restart(body.get("seed"))
    else:
        simulation.play(_scenario(simulation, body))


def _scenario(simulation: Simulation, body: Mapping[str, Any]) -> Scenario | None:
    for field in ("name", "text"):
        if body.get(field) is not None and not isinstance(body[field], str):
            raise BadInput(f"{field} must be text", [FieldError(None, field, "must be text")])
    known = [*simulation.ids(), *simulation.groups()]
    if body.get("text") is not None:
        return Scenario.parse(body["text"].encode(), body.get("name") or "own scenario", known)
    return load_scenario(body["name"], known) if body.get("name") is not None else None
