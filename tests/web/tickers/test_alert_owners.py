"""Alerts, events and targets belong to a user: each sees and changes the own ones, the operator all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest
from dash import no_update
from flask.testing import FlaskClient

from callbacks.notices import shown
from callbacks.tickers_alerts import save, targets_for
from callbacks.tickers_lists import Lists, lists
from orderflow.accounts.accounts import Accounts
from orderflow.services import Services
from orderflow.storage.records.delivery_store import Filter, Message
from orderflow.tickers.alerts.service import MOST_OF_A_USER, Alerts
from orderflow.tickers.delivery.delivery import Delivery
from orderflow.tickers.delivery.outcome import Outcome
from orderflow.tickers.delivery.parcel import Parcel
from orderflow.tickers.notices import Notices
from orderflow.web.app import create_server
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.scope import ALL, Scope, lasting_scope, maybe, reading_scope
from orderflow.web.tickers.tickers_api import TickersApi
from tests.web.accounts.conftest import ANN, BOB, bearer, login, register, server_of

KEY = {"Authorization": "Bearer a key of the operator"}
ALERT = {"ticker": "ES", "condition": "above", "price": 100}
HOOK = {"name": "hook", "kind": "webhook", "url": "https://hooks.example.org/x"}
People = dict[str, dict[str, str]]
OWNERS = ("ann", "bob", "operator")


def tick(client: FlaskClient, second: int, price: float) -> None:
    body = {"timestamp": 1_790_000_000 + second, "price": price, "size": 1, "symbol": "ES"}
    assert client.post("/tick", json=body, headers=KEY).status_code == 202


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    return make_services(api_key="a key of the operator", smtp_url="smtp://mail.example.org")


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_server(services).test_client()


@pytest.fixture
def people(client: FlaskClient) -> People:
    """Headers by name."""
    tick(client, 0, 1)
    found = {"operator": KEY, "nobody": {}}
    for name, user in (("ann", ANN), ("bob", BOB)):
        register(client, user)
        found[name] = bearer(login(client, user))
    return found


@pytest.fixture
def alerts(client: FlaskClient, people: People) -> dict[str, str]:
    """Ids of an alert of each owner."""
    made = {who: client.post("/alerts", json={**ALERT, "note": who}, headers=people[who]) for who in OWNERS}
    return {who: answer.json["id"] for who, answer in made.items()}


@pytest.fixture
def targets(client: FlaskClient, people: People) -> dict[str, int]:
    """Ids of a target of each owner."""
    made = {who: client.post("/delivery/targets", json=HOOK, headers=people[who]) for who in OWNERS}
    assert [answer.status_code for answer in made.values()] == [201] * 3  # each owner has names of the own
    return {who: answer.json["id"] for who, answer in made.items()}


def fire(services: Services, client: FlaskClient) -> None:
    """Let the alerts of all fire."""
    tick(client, 1, 200)
    services.part(Alerts)._do(lambda: services.part(Alerts)._evaluation.advance("ES"))


def status_for(who: str, whose: str, done: int) -> int:
    return 401 if who == "nobody" else done if who in (whose, "operator") else 404


def test_each_sees_the_own_alerts_and_the_operator_all(client: FlaskClient, people: People, alerts: Any) -> None:
    for who in ("ann", "bob"):
        assert [each["note"] for each in client.get("/alerts", headers=people[who]).json] == [who]
    assert [each["note"] for each in client.get("/alerts", headers=KEY).json] == list(OWNERS)
    assert client.get("/alerts", headers=people["nobody"]).status_code == 401
    assert client.post("/alerts", json=ALERT, headers=people["nobody"]).status_code == 401
    for who, headers in people.items():
        for whose, alert in alerts.items():
            answer = client.get(f"/alerts/{alert}", headers=headers)
            assert answer.status_code == status_for(who, whose, 200), (who, whose)
            if answer.status_code == 404:
                assert answer.json["detail"] == f"there is no alert {alert!r}"


def test_each_changes_the_own_alerts_and_anothers_do_not_exist(
    client: FlaskClient, people: People, alerts: dict[str, str]
) -> None:
    for who, headers in people.items():
        for whose, alert in alerts.items():
            for body in ({"state": "paused"}, {"note": whose}, {"snooze": None}):
                client.patch(f"/alerts/{alert}", json={"state": "active"}, headers=KEY)
                answer = client.patch(f"/alerts/{alert}", json=body, headers=headers)
                assert answer.status_code == status_for(who, whose, 200), (who, whose, body)
    for who, headers in people.items():
        for whose, alert in alerts.items():
            if status_for(who, whose, 204) != 204:
                assert client.delete(f"/alerts/{alert}", headers=headers).status_code == status_for(who, whose, 204)
    for who in ("ann", "bob"):
        assert client.delete(f"/alerts/{alerts[who]}", headers=people[who]).status_code == 204
    assert [each["note"] for each in client.get("/alerts", headers=KEY).json] == ["operator"]


def test_events_and_notices_are_the_owners(
    services: Services, client: FlaskClient, people: People, alerts: dict[str, str]
) -> None:
    fire(services, client)
    for who in ("ann", "bob"):
        found = client.get("/alerts/events", headers=people[who]).json
        assert [each["alert_id"] for each in found] == [alerts[who]]
        assert alerts["operator"] not in client.get("/alerts/events?format=csv", headers=people[who]).text
        assert client.get(f"/alerts/events?alert={alerts['operator']}", headers=people[who]).json == []
    assert len(client.get("/alerts/events", headers=KEY).json) == 3
    assert client.get("/alerts/events", headers=people["nobody"]).status_code == 401
    client.delete(f"/alerts/{alerts['ann']}", headers=people["ann"])
    assert len(client.get("/alerts/events", headers=people["ann"]).json) == 1  # it stays the owner's
    notices, ann = services.part(Notices), services.part(Alerts).alerts()[0].owner
    assert (len(notices.open()), len(notices.open(ann))) == (3, 1)


def test_targets_and_deliveries_are_the_owners(
    services: Services, client: FlaskClient, people: People, targets: dict[str, int]
) -> None:
    delivery = services.part(Delivery)
    delivery.stop()
    for who, target in targets.items():
        delivery.outbox.enqueue(f"event of {who}", [target], Message(who), 0)
    for who in ("ann", "bob"):
        assert [each["id"] for each in client.get("/delivery/targets", headers=people[who]).json] == [targets[who]]
        assert [each["text"] for each in client.get("/delivery/deliveries", headers=people[who]).json] == [who]
    assert len(client.get("/delivery/targets", headers=KEY).json) == 3
    assert len(client.get("/delivery/deliveries", headers=KEY).json) == 3
    for who, headers in people.items():
        for whose, target in targets.items():
            one, wanted = f"/delivery/targets/{target}", status_for(who, whose, 200)
            assert client.patch(one, json={"active": False}, headers=headers).status_code == wanted, (who, whose)
            if wanted != 200:
                assert client.post(f"{one}/test", headers=headers).status_code == wanted
                assert client.delete(one, headers=headers).status_code == wanted
    assert client.delete(f"/delivery/targets/{targets['ann']}", headers=people["ann"]).status_code == 200


def test_an_alert_has_targets_of_its_owner_only(
    client: FlaskClient, people: People, alerts: dict[str, str], targets: dict[str, int]
) -> None:
    for who, headers in people.items():
        for whose, target in targets.items():
            answer = client.post("/alerts", json={**ALERT, "targets": [str(target)]}, headers=headers)
            assert answer.status_code == (401 if who == "nobody" else 201 if who == whose else 400), (who, whose)
            if answer.status_code == 400:
                assert (
                    answer.json["errors"] == [{"loc": ["body", "targets"], "msg": f"there is no target {target}"}]
                    or "there is no target" in answer.json["detail"]
                )
    body = {"targets": [str(targets["ann"])]}
    assert client.patch(f"/alerts/{alerts['ann']}", json=body, headers=KEY).status_code == 200
    assert client.patch(f"/alerts/{alerts['operator']}", json=body, headers=KEY).status_code == 400


def test_a_users_e_mail_goes_to_the_account_only(client: FlaskClient, people: People) -> None:
    mail = {"name": "me", "kind": "email", "to": "victim@example.org"}
    answer = client.post("/delivery/targets", json=mail, headers=people["ann"])
    assert answer.json["detail"] == "to must be the address of your account, ann@example.org"
    made = client.post("/delivery/targets", json={**mail, "to": "Ann@example.org"}, headers=people["ann"])
    assert made.status_code == 201
    one = f"/delivery/targets/{made.json['id']}"
    assert client.patch(one, json={"to": "victim@example.org"}, headers=people["ann"]).status_code == 400
    assert client.post("/delivery/targets", json=mail, headers=KEY).status_code == 201


def test_a_users_e_mail_follows_the_address_of_the_account(
    services: Services, client: FlaskClient, people: People
) -> None:
    delivery, sent = services.part(Delivery), list[str]()
    kind = delivery.kinds["email"]

    def send(values: Mapping[str, str], parcel: Parcel) -> Outcome:
        sent.append(values["to"])
        return Outcome(True)

    delivery.kinds = {**delivery.kinds, "email": replace(kind, send=send)}
    given = {"name": "me", "kind": "email", "to": ANN["email"]}
    one = f"/delivery/targets/{client.post('/delivery/targets', json=given, headers=people['ann']).json['id']}"
    change = {"password": ANN["password"], "email": "new@example.org"}
    assert client.post("/auth/email", json=change, headers=people["ann"]).status_code == 200
    assert client.post(f"{one}/test", headers=people["ann"]).json["delivered"]
    assert sent == ["new@example.org"]
    shown = client.get("/delivery/targets", headers=people["ann"]).json
    assert [each["config"]["to"] for each in shown] == sent
    renamed = client.patch(one, json={"name": "mine"}, headers=people["ann"])
    assert (renamed.status_code, renamed.json["config"]["to"]) == (200, "new@example.org")
    services.part(Accounts)._users.remove(services.part(Accounts)._users.by_email("new@example.org").id)
    assert client.get("/delivery/targets", headers=KEY).status_code == 200  # until the next sweep


def test_a_socket_gets_the_alerts_of_its_user(services: Services, client: FlaskClient, people: People) -> None:
    for who in OWNERS:
        client.post("/alerts", json={**ALERT, "note": who, "message": "{{note}}"}, headers=people[who])
    fire(services, client)
    got: dict[str, list[bytes]] = {who: [] for who in people}
    api = TickersApi(services, Fanout(services.workers))
    for who, headers in people.items():
        with server_of(client).test_request_context("/ws/tickers", headers=headers):
            api._scopes[Mock(enqueue=got[who].append)] = lasting_scope()
    events = [event for _, event in services.part(Alerts).events(after=0)]
    api.alert(events)
    told = {
        who: sorted(each for each in OWNERS if any(f'"message":"{each}"'.encode() in x for x in got[who]))
        for who in got
    }
    assert told == {"operator": sorted(OWNERS), "nobody": [], "ann": ["ann"], "bob": ["bob"]}
    client.post("/auth/logout", headers=people["ann"])
    api.alert(events)
    assert len(got["ann"]) == 1  # the session is over
    assert len(got["bob"]) == 2


def test_the_pages_show_and_change_the_own_only(
    services: Services, client: FlaskClient, people: People, alerts: dict[str, str], targets: dict[str, int]
) -> None:
    service, notices, server = services.part(Alerts), services.part(Notices), server_of(client)
    scopes: dict[str, Scope | None] = {}
    for who, headers in people.items():
        with server.test_request_context("/", headers=headers):
            scopes[who] = maybe()
            assert maybe(reading_scope) == scopes[who]
    assert (scopes["nobody"], scopes["operator"]) == (None, ALL)
    ann, bob = scopes["ann"], scopes["bob"]
    assert ann is not None
    assert bob is not None
    assert ann.sees == ann.makes != bob.makes
    form = {"tickers": ["ES"], "operator": "above", "value": "150"}
    assert save(service, bob, form, alerts["ann"]) == f"There is no alert {alerts['ann']!r}."
    assert save(service, ann, form, alerts["ann"]) == ""
    stored = services.part(Delivery).targets
    assert [each.id for each in targets_for(service, stored, ann, None)] == [targets["ann"]]
    assert [each.id for each in targets_for(service, stored, ALL, alerts["ann"])] == [targets["ann"]]
    assert targets_for(service, stored, None, alerts["ann"]) == ()
    fire(services, client)
    for scope, count in ((ann, 1), (bob, 1), (ALL, 3)):
        listed = lists(service, notices, scope, None)
        assert lists(service, notices, scope, listed.number) == Lists(*(no_update,) * 6)  # nor is its number set again
        assert (len(listed.rows), len(listed.events), listed.count) == (count, count, f"{count}")
        found = shown(notices, scope, None)
        assert found is not None
        assert found[1].count("[") - 1 == count
    nothing = lists(service, notices, None, None)
    assert [event.children for event in nothing.events] == ["What has fired is shown to its owner."]
    assert nothing.count == ""
    assert shown(notices, None, None) is None
    assert (shown(notices, None, 1) or [None])[0] == []  # after a logout


def test_a_user_has_so_many_and_no_more(services: Services, client: FlaskClient) -> None:
    user = register(client)["id"]
    alerts = services.part(Alerts)
    tick(client, 0, 1)
    for _ in range(MOST_OF_A_USER):
        alerts.create(ALERT, user)
    answer = client.post("/alerts", json=ALERT, headers=bearer(login(client)))
    assert answer.status_code in (400, 422)
    assert "the most that a user may have" in answer.json["detail"]


def test_all_is_exported_and_deleted_with_the_account(
    services: Services, client: FlaskClient, people: People, alerts: dict[str, str], targets: dict[str, int]
) -> None:
    delivery = services.part(Delivery)
    delivery.stop()
    fire(services, client)
    for who, target in targets.items():
        delivery.outbox.enqueue(f"event of {who}", [target], Message(who), 0)
    exported = client.get("/auth/export", headers=people["ann"]).json
    assert [each["note"] for each in exported["alerts"]] == ["ann"]
    assert [each["symbol"] for each in exported["fired_alerts"]] == ["ES"]
    assert [each["id"] for each in exported["targets"]] == [targets["ann"]]
    assert [(each["text"], each["state"]) for each in exported["deliveries"]] == [("ann", "pending")]
    client.post("/auth/delete", json={"password": ANN["password"]}, headers=people["ann"])
    services.part(Accounts).profile.sweep()
    left = services.part(Alerts)
    assert sorted(each.note for each in left.alerts()) == ["bob", "operator"]
    assert alerts["ann"] not in {event.alert_id for _, event in left.events()}
    assert len(services.part(Notices).open()) == 2
    assert sorted(each.id for each in delivery.targets.list()) == sorted({targets["bob"], targets["operator"]})
    assert sorted(each.text for each in delivery.deliveries(Filter())) == ["bob", "operator"]


@pytest.mark.parametrize(
    ("settings", "nobody"), [({"api_key": "x" * 20, "accounts": "off"}, (200, 401)), ({}, (200, 201))]
)
def test_without_accounts_or_a_key_it_is_as_before(
    make_services: Callable[..., Services], settings: dict[str, Any], nobody: tuple[int, int]
) -> None:
    services = make_services(**settings)
    client = create_server(services).test_client()
    key = {"Authorization": f"Bearer {settings['api_key']}"} if settings else {}
    body = {"timestamp": 1_790_000_000, "price": 1, "size": 1, "symbol": "ES"}
    assert client.post("/tick", json=body, headers=key).status_code == 202
    made = client.post("/alerts", json=ALERT, headers=key).json
    assert [each["id"] for each in client.get("/alerts").json] == [made["id"]]
    assert client.get("/alerts/events").status_code == nobody[0]
    assert client.post("/alerts", json=ALERT).status_code == nobody[1]
    assert client.get("/delivery/targets").status_code == (401 if settings else 200)
