"""The page to sign out, and the link to it that only a signed-in browser has."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from callbacks.app import create_app
from orderflow.services import Services
from orderflow.web.app import create_server
from orderflow.web.kit.sign_out import PATH

KEY = "correct-horse"
Site = Callable[..., FlaskClient]


@pytest.fixture
def site(make_services: Callable[..., Services]) -> Site:
    """site(**settings): a browser on a server with all pages."""

    def make(**settings: object) -> FlaskClient:
        services = make_services(**settings)
        server = create_server(services)
        create_app(services, server)
        return server.test_client()

    return make


def shown(client: FlaskClient, path: str) -> str:
    """The tree of a page, as JSON."""
    body = {
        "output": "page.children",
        "outputs": {"id": "page", "property": "children"},
        "inputs": [{"id": "location", "property": "pathname", "value": path}],
        "changedPropIds": ["location.pathname"],
    }
    return json.dumps(client.post("/_dash-update-component", json=body).get_json())


def test_a_signed_in_browser_finds_the_way_out_and_is_told_what_it_is_then(site: Site) -> None:
    client = site(api_key=KEY)
    for path in ("/chart/", "/herd/", "/instruments/"):
        assert PATH not in shown(client, path)
    assert "You are the audience" in client.get(PATH).text
    client.get(f"/chart/?key={KEY}")
    for path in ("/chart/", "/herd/", "/instruments/"):
        assert PATH in shown(client, path)
    page = client.get(PATH)
    assert '<form method="post" action="/sign-out">' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert client.get("/sign-out").headers["Location"] == PATH
    answer = client.post("/sign-out", follow_redirects=True)
    assert (answer.request.path, answer.status_code) == (PATH, 200)
    assert "You are the audience" in answer.text
    assert "<form" not in answer.text
    assert PATH not in shown(client, "/chart/")


def test_where_no_key_is_needed_there_is_nothing_to_sign_out_of(site: Site) -> None:
    client = site()
    assert PATH not in shown(client, "/chart/")
    assert "No key is needed" in client.get(PATH).text
