"""What bounds delete is counted: in `GET /stats`, and below the list that it was deleted from."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from callbacks.tickers_lists import lists
from orderflow.market import idempotency
from orderflow.services import Services
from orderflow.storage.records import view_store
from orderflow.tickers.alerts import record_store
from orderflow.tickers.alerts.alert import AlertEvent
from orderflow.tickers.alerts.record_store import RecordStore
from orderflow.tickers.alerts.service import Alerts
from orderflow.tickers.alerts.store import Changes
from orderflow.tickers.notices import Notices
from orderflow.web.app import create_server
from orderflow.web.kit.scope import ALL, Scope
from orderflow.workspace.uploads.library import Library
from orderflow.workspace.views import Views
from tests.layouts.test_tickers import texts


def fired(number: int, owner: str) -> AlertEvent:
    return AlertEvent(
        f"e{number}", "a", "X", 1, "X", "1", 4, 6, 0, None, number, "title", f"message {number}", owner=owner
    )


def test_deleted_alert_events_are_counted_on_the_page_and_in_stats(
    make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = make_services()
    monkeypatch.setattr(record_store, "MOST_EVENTS", 4)
    monkeypatch.setattr(record_store, "MOST_EVENTS_OF_A_USER", 2)
    alerts, notices, client = services.part(Alerts), services.part(Notices), create_server(services).test_client()
    made = [fired(number, "ann" if number % 2 else "") for number in range(10)]
    RecordStore(services.records, lambda alert: ()).save(Changes(events=made))
    before = lists(alerts, notices, ALL, None)
    assert "deleted" not in str(before.events)
    alerts.prune()
    assert client.get("/stats").get_json()["deleted"]["alert_events"] == 1 + 3
    of_all, of_ann, of_bob = (
        lists(alerts, notices, scope, before.number).events for scope in (ALL, Scope("ann", "ann"), Scope("bob", "bob"))
    )
    assert texts(of_all[-1])[0].startswith("4 older ones were deleted since the server's start: the newest 100,000 of")
    assert texts(of_ann[-1]) == ["3 older ones were deleted since the server's start: the newest 10,000 are kept."]
    assert "deleted" not in str(of_bob)


def test_what_other_bounds_delete_is_in_stats(
    make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = make_services()
    client = create_server(services).test_client()
    assert set(client.get("/stats").get_json()["deleted"].values()) == {0}
    monkeypatch.setattr(view_store, "MOST", 2)
    for number in range(5):
        services.part(Views).keep("ann", f"X{number}", {"drawings": []})
    monkeypatch.setattr(idempotency, "MAX_KEYS", 1)
    for number in range(3):
        tick = {"timestamp": 1_790_000_000, "price": "5.5", "size": 1}
        client.post("/tick", json=tick, headers={"Idempotency-Key": f"k{number}"})
    spool = services.part(Library).spool
    monkeypatch.setattr(spool, "_most_held", 1)
    for _ in range(2):
        with spool.begin("ann") as incoming:
            incoming.keep("name.csv")
    found = client.get("/stats").get_json()["deleted"]
    assert {name: count for name, count in found.items() if count} == {"charts": 3, "idempotency_keys": 2, "uploads": 1}
