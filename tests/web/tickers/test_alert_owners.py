"""Alerts of users: their own token makes and changes them, and nobody else's; targets stay the operator's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from orderflow.accounts.accounts import Accounts
from orderflow.services import Services
from orderflow.tickers.alerts.service import MOST_OF_A_USER, Alerts
from orderflow.web.app import create_server
from tests.web.accounts.conftest import ANN, BOB, bearer, login, register

KEY = {"Authorization": "Bearer a key of the operator"}
ALERT = {"ticker": "ES", "condition": "above", "price": 100}


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    return make_services(api_key="a key of the operator")


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_server(services).test_client()


@pytest.fixture
def people(client: FlaskClient) -> dict[str, dict[str, str]]:
    """Headers by name."""
    client.post("/tick", json={"timestamp": 1_790_000_000, "price": 1, "size": 1, "symbol": "ES"}, headers=KEY)
    found = {"operator": KEY, "nobody": {}}
    for name, user in (("ann", ANN), ("bob", BOB)):
        register(client, user)
        found[name] = bearer(login(client, user))
    return found


def test_a_user_makes_and_changes_alerts_of_the_own_only(
    client: FlaskClient, people: dict[str, dict[str, str]]
) -> None:
    assert client.post("/alerts", json=ALERT, headers=people["nobody"]).status_code == 401
    made = {name: client.post("/alerts", json=ALERT, headers=people[name]) for name in ("ann", "operator")}
    assert [answer.status_code for answer in made.values()] == [201, 201]
    paths = {name: f"/alerts/{answer.json['id']}" for name, answer in made.items()}
    allowed = {("ann", "ann"), ("operator", "ann"), ("operator", "operator")}
    for who, headers in people.items():
        for whose, path in paths.items():
            answer = client.patch(path, json={"state": "paused"}, headers=headers)
            wanted = 200 if (who, whose) in allowed else 401 if who == "nobody" else 403
            assert answer.status_code == wanted, (who, whose)
    for who in ("nobody", "bob"):
        assert client.delete(paths["ann"], headers=people[who]).status_code in (401, 403)
    assert client.delete(paths["operator"], headers=people["ann"]).status_code == 403
    assert client.delete(paths["ann"], headers=people["ann"]).status_code == 204
    assert client.delete("/alerts/none", headers=people["ann"]).status_code == 404


def test_targets_are_the_operators(client: FlaskClient, people: dict[str, dict[str, str]]) -> None:
    answer = client.post("/alerts", json={**ALERT, "targets": ["1"]}, headers=people["ann"])
    assert (answer.status_code, "belong to the operator" in answer.json["detail"]) == (403, True)
    made = client.post("/alerts", json=ALERT, headers=people["ann"]).json
    answer = client.patch(f"/alerts/{made['id']}", json={"targets": ["1"]}, headers=people["ann"])
    assert answer.status_code == 403
    assert client.get("/delivery/targets", headers=people["ann"]).status_code == 401


def test_a_user_has_so_many_and_no_more(services: Services, client: FlaskClient) -> None:
    user = register(client)["id"]
    alerts = services.part(Alerts)
    client.post("/tick", json={"timestamp": 1_790_000_000, "price": 1, "size": 1, "symbol": "ES"}, headers=KEY)
    for _ in range(MOST_OF_A_USER):
        alerts.create(ALERT, user)
    answer = client.post("/alerts", json=ALERT, headers=bearer(login(client)))
    assert answer.status_code in (400, 422)
    assert "the most that a user may have" in answer.json["detail"]


def test_alerts_are_exported_and_deleted_with_the_account(
    services: Services, client: FlaskClient, people: dict[str, dict[str, str]]
) -> None:
    for name in ("ann", "bob", "operator"):
        client.post("/alerts", json={**ALERT, "note": f"of {name}"}, headers=people[name])
    exported = client.get("/auth/export", headers=people["ann"]).json["alerts"]
    assert [each["note"] for each in exported] == ["of ann"]
    client.post("/auth/delete", json={"password": ANN["password"]}, headers=people["ann"])
    services.part(Accounts).profile.sweep()
    assert sorted(each.note for each in services.part(Alerts).alerts()) == ["of bob", "of operator"]
