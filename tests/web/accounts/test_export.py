"""The export has all that is kept of a user, and nothing is left of one who is deleted."""

from __future__ import annotations

from collections.abc import Callable

from orderflow.services import Services
from orderflow.storage.records.models import METADATA
from orderflow.storage.records.view_store import ViewStore
from orderflow.web.app import create_server
from orderflow.workspace.uploads.library import Library
from tests.web.accounts.conftest import ANN, bearer, login, register

EXPORTED = {
    "users": "user",
    "sessions": "sessions",
    "passkeys": "passkeys",
    "alerts": "alerts",
    "alert_events": "fired_alerts",
    "delivery_targets": "targets",
    "deliveries": "deliveries",
    "series": "uploads",
    "signal_sets": "uploads",
    "upload_mappings": "uploads",
    "chart_views": "charts",
}
"""Where the export has what a table keeps of a user."""
SECRET = {"password_resets"}
"""Tables of which a user has nothing to read: hashes of codes, for half an hour or a day."""


def test_every_table_that_knows_users_is_in_the_export(make_services: Callable[..., Services]) -> None:
    owned = {name for name, table in METADATA.tables.items() if {"owner", "user"} & {each.name for each in table.c}}
    assert owned | {"users"} == EXPORTED.keys() | SECRET
    services = make_services()
    client = create_server(services).test_client()
    user = register(client)["id"]
    services.part(Library).mappings._store.put(user, "ohlcv", "digest", '{"delimiter": ";"}')
    ViewStore(services.records, services.clock.now).put(user, "a series", drawings="[]")
    headers = bearer(login(client))
    found = client.get("/auth/export", headers=headers).json
    assert set(EXPORTED.values()) == set(found)
    assert found["uploads"]["mappings"] == [{"kind": "ohlcv", "options": {"delimiter": ";"}}]
    assert found["charts"] == {"a series": {"drawings": []}}
    client.post("/auth/delete", json={"password": ANN["password"]}, headers=headers)

    def left(name: str) -> int:
        table = METADATA.tables[name]
        column = table.c["id" if name == "users" else "user" if "user" in table.c else "owner"]
        query = table.select().where(column == user)
        return len(services.records.read(lambda connection: connection.execute(query).all()))

    assert {name: left(name) for name in (*EXPORTED, *SECRET)} == dict.fromkeys((*EXPORTED, *SECRET), 0)
