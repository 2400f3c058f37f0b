"""Who may steer the herd game from its big screen, as the server tells the page."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from callbacks.app import PAGES, create_app
from orderflow.services import Services
from orderflow.web.app import create_server


def client_of(services: Services) -> FlaskClient:
    """A client of a server with all pages."""
    server = create_server(services)
    create_app(services, server)
    return server.test_client()


def access(client: FlaskClient, **options: Any) -> Any:
    """What the page is told."""
    body = {
        "output": "herd-access.data",
        "outputs": {"id": "herd-access", "property": "data"},
        "inputs": [{"id": "herd-config", "property": "data", "value": {}}],
        "changedPropIds": ["herd-config.data"],
    }
    answer = client.post("/_dash-update-component", json=body, **options)
    assert answer.status_code == 200
    return answer.get_json()["response"]["herd-access"]["data"]


def test_the_page_is_in_the_table() -> None:
    assert "/herd/" in [page.path for page in PAGES]


def test_without_a_key_everybody_steers(services: Services) -> None:
    assert access(client_of(services)) == {"presenter": True}


def test_with_a_key_only_who_holds_it(make_services: Callable[..., Services]) -> None:
    client = client_of(make_services(api_key="secret"))
    assert access(client) == {"presenter": False}
    assert client.get("/herd/?key=secret").status_code == 303  # sets the cookie
    assert access(client) == {"presenter": True}


def test_importing_registers_nothing() -> None:
    module = importlib.import_module("callbacks.herd")
    assert not any(type(value).__name__ == "Dash" for value in vars(module).values())
