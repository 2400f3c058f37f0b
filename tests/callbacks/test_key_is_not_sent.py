"""Nothing that the server sends carries its key, not even to the presenter: no page, answer, picture, link or file.

What is on the presenter's screen is projected, and what leads there may be shared. The key is only in the addresses
that the terminal prints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from dash import Dash
from flask.testing import FlaskClient

from callbacks.app import PAGES, create_app
from orderflow.herd.debrief.export import EXPORTS
from orderflow.herd.live.game import Game
from orderflow.services import Services
from orderflow.web.app import create_server
from tests.callbacks.test_access import PATH, request_body, serverside
from tests.qr import url_of_svg

KEY = "correct-horse-battery"
HOST = {"Host": "192.168.1.5:8765"}


@pytest.fixture
def site(make_services: Callable[..., Services]) -> tuple[Dash, FlaskClient]:
    """All pages on a server with a key and a game that was played; a browser that opened the printed address."""
    services = make_services(api_key=KEY, host="0.0.0.0", ticker_count=3)
    server = create_server(services)
    app = create_app(services, server)
    phone, browser = server.test_client(), server.test_client()
    assert phone.post("/herd/join", json={"nickname": "Ada"}, headers=HOST).status_code == 200
    order = {"client_id": str(uuid4()), "side": "buy", "quantity": 3}
    assert phone.post("/herd/orders", json=order, headers=HOST).status_code == 202
    services.part(Game).turn()
    opened = browser.get(f"/herd/?key={KEY}", headers=HOST)
    assert (opened.status_code, opened.headers["Location"]) == (303, "/herd/")
    assert KEY not in opened.headers["Set-Cookie"]
    assert browser.get("/herd/sessions", headers=HOST).status_code == 200  # it is the presenter's
    return app, browser


VALUES = {"symbol": "HERD", "code": "K7QX", "ticker_id": "ITEM_00"}


def _value(values: dict[str, str], found: re.Match[str]) -> str:
    return values.get(found[1], "x")


def addresses(app: Dash) -> Iterator[str]:
    """Every address of the server that can be got, with every file of a game."""
    for rule in app.server.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.websocket or "package_name" in rule.arguments:
            continue
        for what in EXPORTS if "what" in rule.arguments else ("",):
            yield re.sub(r"<(?:\w+:)?(\w+)>", partial(_value, {**VALUES, "what": what}), rule.rule)
    yield from (page.path for page in PAGES)


def test_no_address_is_answered_with_the_key(site: tuple[Dash, FlaskClient]) -> None:
    app, browser = site
    paths = set(addresses(app))
    assert {"/herd/qr.svg", "/herd/address", "/herd/debrief.json", "/herd/frames", "/chart/", "/j", "/docs"} <= paths
    answered = []
    for path in sorted(paths):
        answer = browser.get(path, headers=HOST)
        assert KEY.encode() not in answer.data, path
        assert KEY not in str(answer.headers), path
        if answer.status_code == 200:
            answered.append(path)
    assert {f"/herd/export/{name}" for name in EXPORTS} | {page.path for page in PAGES} <= set(answered)
    assert len(answered) > 40


def test_the_one_picture_of_a_code_is_the_address_to_join(site: tuple[Dash, FlaskClient]) -> None:
    _, browser = site
    url = url_of_svg(browser.get("/herd/qr.svg", headers=HOST).text)
    assert url == browser.get("/herd/address", headers=HOST).get_json()["url"]
    assert url.startswith("http://192.168.1.5:8765/j/")


def test_no_callback_is_answered_with_the_key(site: tuple[Dash, FlaskClient]) -> None:
    app, browser = site
    bodies: list[tuple[str, Any]] = [
        (key, request_body(key, entry, value)) for key, entry in serverside(app).items() for value in (None, 1, "HERD")
    ]
    show = "page.children"
    bodies += [(page.path, request_body(show, app.callback_map[show], page.path)) for page in PAGES]
    told = 0
    for name, body in bodies:
        answer = browser.post(PATH, json=body, headers=HOST)
        told += answer.status_code == 200
        assert KEY not in answer.text, name
    assert told > 40
