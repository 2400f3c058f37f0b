"""Simulated instruments over HTTP, beyond the original's API: model cards, edits, control, the board."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from orderflow.instruments.simulation import Simulation
from orderflow.instruments.stylized_facts import KINDS, NEEDED
from orderflow.services import Services
from orderflow.web.app import create_server
from orderflow.web.instruments.instruments_api import BoardSource, PriceSource, stamp


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    return make_services(ticker_count=3, price_update_interval=0.005)


@pytest.fixture
def client(services: Services) -> FlaskClient:
    server: flask.Flask = create_server(services)
    return server.test_client()


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.01)


def card(client: FlaskClient, key: str = "ITEM_00") -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/tickers/{key}/model").json
    return found


def test_times_are_naive_with_microseconds() -> None:
    assert stamp(0) == "1970-01-01T00:00:00.000000"
    assert stamp(1_790_000_000_123_456_789) == "2026-09-21T14:13:20.123456"


def test_a_model_card_explains_itself_and_holds_prices_against_theory(client: FlaskClient, services: Services) -> None:
    young = card(client)
    assert young["model"]["name"] == "garch"
    assert all(set(p) >= {"name", "value", "low", "high", "unit", "doc"} for p in young["model"]["params"])
    assert young["model"]["source"]
    assert young["arrivals"]["name"] == "hawkes"
    wait_for(lambda: services.part(Simulation).get("ITEM_00").steps > NEEDED)
    facts = card(client)["facts"]
    assert [fact["name"] for fact in facts] == [kind.name for kind in KINDS]
    assert {fact["ok"] for fact in facts} <= {True, False}
    assert client.get("/api/v1/tickers/X/model").json == {"detail": "Ticker X not found"}


def test_an_edit_is_checked_field_by_field(client: FlaskClient, services: Services) -> None:
    url = "/api/v1/tickers/ITEM_01/model"
    refused = client.put(url, json={"model": "ou", "params": {"theta": 0}, "seed": -1})
    assert refused.status_code == 422
    assert sorted(error["loc"][1] for error in refused.json["errors"]) == ["params.theta", "seed"]
    assert "theta" in refused.json["detail"]
    assert services.part(Simulation).get("ITEM_01").spec.model == "garch"
    taken = client.put(url, json={"model": "heston", "params": {"kappa": 1.0, "theta": 0.1, "xi": 3.0}})
    assert taken.status_code == 200
    assert taken.json["model"]["name"] == "heston"
    assert "Feller" in taken.json["warnings"][0]
    assert client.put(url, json={"book": True}).json["quote"]["bid"] > 0
    assert client.put(url, json={}).json["spec"]["model"] == "garch"
    assert client.put("/api/v1/tickers/X/model", json={}).status_code == 404
    for body in (b"nothing", b"[]", b"\xff"):
        assert client.put(url, data=body, content_type="application/json").status_code == 422


def test_the_simulation_is_steered(client: FlaskClient) -> None:
    def act(**body: Any) -> Any:
        return client.post("/api/v1/simulation", json=body)

    assert act(action="pause").json["running"] is False
    assert act(action="start").json["running"] is True
    assert act(action="speed", speed=2).json["speed"] == 2
    assert act(action="restart", seed=9).json["seed"] == 9
    assert act(action="scenario", name="flash-crash").json["scenario"] == "Flash crash"
    assert act(action="scenario").json["scenario"] is None
    text = '[[events]]\nkind = "halt"\nat = 0\nseconds = 50\n'
    assert act(action="scenario", text=text, name="mine").json["scenario"] == "mine"
    wait_for(lambda: client.get("/api/v1/simulation").json["halted"] == 3)


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "action", "known actions are pause"),
        ({"action": ["pause"]}, "action", "did you mean 'pause'"),
        ({"action": "pauze"}, "action", "did you mean 'pause'"),
        ({"action": "speed"}, "speed", "0.1 to 100"),
        ({"action": "speed", "speed": "fast"}, "speed", "0.1 to 100"),
        ({"action": "restart", "seed": 1.5}, "seed", "whole number"),
        ({"action": "pause", "speed": 2}, "speed", "is not an argument of pause"),
        ({"action": "scenario", "text": 5}, "text", "must be text"),
        ({"action": "scenario", "text": '[[events]]\nkind = "shok"\nat = 1'}, "kind", "did you mean"),
    ],
)
def test_what_cannot_be_done_is_named(client: FlaskClient, body: dict[str, Any], field: str, words: str) -> None:
    answer = client.post("/api/v1/simulation", json=body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["loc"][-1] == field
    assert words in answer.json["errors"][0]["msg"]


def test_an_unknown_bundled_scenario_is_a_404_that_names_those_there_are(client: FlaskClient) -> None:
    answer = client.post("/api/v1/simulation", json={"action": "scenario", "name": "boom"})
    assert answer.status_code == 404
    assert "flash-crash" in answer.json["detail"]


def test_models_describe_themselves(client: FlaskClient) -> None:
    found = client.get("/api/v1/models").json
    assert {model["name"] for model in found["models"]} == {"garch", "gbm", "heston", "merton", "ou", "uniform"}
    assert {law["name"] for law in found["arrivals"]} == {"hawkes", "poisson"}
    assert found["scenarios"] == ["calm-open", "flash-crash", "halt-and-reopen", "volatility-regimes"]
    assert found["flow"]
    assert found["book"]


def test_steering_needs_the_key_where_there_is_one(make_services: Callable[..., Services]) -> None:
    client = create_server(make_services(ticker_count=1, api_key="a-long-key")).test_client()
    assert client.get("/api/v1/simulation").status_code == 200
    assert client.post("/api/v1/simulation", json={"action": "pause"}).status_code == 401
    assert client.put("/api/v1/tickers/ITEM_00/model", json={}).status_code == 401
    headers = {"Authorization": "Bearer a-long-key"}
    assert client.post("/api/v1/simulation", json={"action": "pause"}, headers=headers).status_code == 200


def test_sources_tell_what_is_new(services: Services) -> None:
    simulation = services.part(Simulation)
    wait_for(lambda: all(each.steps > 1 for each in simulation.all()))
    simulation.pause()
    price, board = PriceSource(simulation, "ITEM_02"), BoardSource(simulation)
    version, text = price.message(None)
    assert version == price.version()
    instrument = simulation.get("ITEM_02")
    assert json.loads(text) == {
        "type": "price_update",
        "data": {"ticker_id": "ITEM_02", "price": instrument.shown, "timestamp": stamp(instrument.updated)},
    }
    version, text = board.message(None)
    assert [row[0] for row in json.loads(text)["data"]] == ["ITEM_00", "ITEM_01", "ITEM_02"]
    instrument.step(instrument.updated + 10**9, 1.0)
    simulation._mark(instrument)
    assert board.version() != version
    _, text = board.message(version)
    assert json.loads(text)["data"] == [["ITEM_02", instrument.shown, instrument.updated // 10**6]]


def test_a_step_that_has_only_begun_is_no_price_to_send(services: Services) -> None:
    simulation = services.part(Simulation)
    simulation.pause()
    price, instrument = PriceSource(simulation, "ITEM_02"), simulation.get("ITEM_02")
    sent, _ = price.message(None)
    instrument.steps += 1
    assert price.version() == sent
    instrument.updated += 1
    assert price.version() != sent
