"""The phone's page over HTTP: its size, its caching, and that it loads no framework."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from callbacks.app import assets_folder, create_app
from callbacks.herd_play import KIT, SCRIPTS, STYLES, register_page, scripts, slim, terms
from orderflow.services import Services

PACKED = {"Accept-Encoding": "gzip, deflate"}
"""What browsers send to an address without TLS, as a room's network has it: Brotli would be smaller."""
BUDGET = 18_200
"""Bytes, headers included; the page may weigh 40 KB."""


@pytest.fixture
def phone(services: Services, web: flask.Flask) -> FlaskClient:
    """A client of a server with all pages."""
    create_app(services, web)
    return web.test_client()


def script(phone: FlaskClient) -> str:
    (address,) = re.findall(r'<script defer src="([^"]+)"', phone.get("/herd/play").text)
    return str(address)


def test_everything_together_is_small(phone: FlaskClient) -> None:
    total = 0
    for address in ("/herd/play", script(phone)):
        answer = phone.get(address, headers=PACKED)
        assert answer.headers["Content-Encoding"] == "gzip"
        headers = sum(len(name) + len(value) + 4 for name, value in answer.headers.items())
        total += len(answer.data) + headers
    assert total < BUDGET


def test_the_page_is_asked_for_again_and_not_sent_again(phone: FlaskClient) -> None:
    for headers in ({}, PACKED):
        answer = phone.get("/herd/play", headers=headers)
        assert answer.status_code == 200
        assert answer.content_type == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert "'unsafe-eval'" not in answer.headers["Content-Security-Policy"]
        again = phone.get("/herd/play", headers={**headers, "If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == answer.headers["ETag"]


def test_the_script_is_kept_for_a_year_under_a_name_of_its_content(phone: FlaskClient) -> None:
    address = script(phone)
    assert re.fullmatch(r"/herd/play\.[0-9a-f]{12}\.js", address)
    plain, packed = phone.get(address), phone.get(address, headers=PACKED)
    assert plain.content_type == "text/javascript; charset=utf-8"
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert gzip.decompress(packed.data) == plain.data


def test_it_is_one_page_with_and_without_a_slash_or_a_code(phone: FlaskClient) -> None:
    pages = {phone.get(path).data for path in ("/herd/play", "/herd/play/", "/herd/play?code=K7QX")}
    assert len(pages) == 1
    head = phone.head("/herd/play")
    assert (head.status_code, head.data) == (200, b"")
    refused = phone.post("/herd/play")
    assert refused.status_code == 405
    assert "detail" in refused.get_json()


def test_all_scripts_of_the_folder_are_sent_after_the_kit_and_dash_loads_none(phone: FlaskClient) -> None:
    folder = assets_folder() / "play"
    assert {path.stem for path in folder.glob("*.js")} == set(SCRIPTS)
    assert {path.stem for path in folder.glob("*.css")} == set(STYLES)
    text = phone.get(script(phone)).text
    assert text == "".join(slim(path.read_text("utf-8")) for path in scripts(assets_folder()))
    assert [path.stem for path in scripts(assets_folder())] == [*KIT, *SCRIPTS]
    assert "/assets/play/" not in phone.get("/chart/").text


def test_scripts_are_sent_without_comments_and_indentation() -> None:
    script = (
        '/* one\n   two */\n(() => {\n  // three\n\n  const a = "ws://x"; // four\n  /** five */\n  f(a / 2);\n})();\n'
    )
    assert slim(script) == '(() => {\nconst a = "ws://x"; // four\nf(a / 2);\n})();\n'
    for path in scripts(assets_folder()):
        text = path.read_text("utf-8")
        assert "`" not in slim(text), path.name
        beside = re.findall(r"^[ \t]*/\*(?:[^*]|\*(?!/))*\*/([^\n]*)", text, flags=re.MULTILINE)
        assert "".join(beside).strip() == "", path.name


def test_scripts_are_read_by_phones_of_2020() -> None:
    young = r"\?\.[a-zA-Z_(\[]|\?\?|\|\|=|&&=|\.at\(|replaceAll|structuredClone|randomUUID\(|static \{|#\w+\("
    for path in scripts(assets_folder()):
        assert re.findall(young, path.read_text("utf-8")) == [], path.name


def test_the_settings_are_the_terms(make_services: Callable[..., Services], web: flask.Flask) -> None:
    chosen: dict[str, Any] = {"herd_cash": 750.0, "herd_shares": 3, "herd_short": 2, "herd_max_quantity": 9}
    services = make_services(**chosen, herd_impact=0.002)
    found = terms(services)
    assert (found.cash, found.shares, found.short, found.max_quantity, found.impact) == (750.0, 3, 2, 9, 0.002)
    register_page(web, services, assets_folder())
    assert "You start with 750 in cash and 3 shares." in web.test_client().get("/herd/play").text
