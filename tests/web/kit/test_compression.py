"""How answers travel: security headers, compression, caches."""

from __future__ import annotations

import gzip
import re

import flask
import pytest
from flask.testing import FlaskClient

TEXT = "a line of text\n" * 500


@pytest.fixture
def more(web: flask.Flask) -> FlaskClient:
    """A client of a server with a few further addresses, as a page framework adds them."""
    web.add_url_rule("/page", "page", lambda: flask.Response(f"<p>{TEXT}", content_type="text/html"))
    web.add_url_rule("/short", "short", lambda: flask.Response("short", content_type="text/html"))
    web.add_url_rule("/picture", "picture", lambda: flask.Response(TEXT, content_type="image/png"))
    web.add_url_rule("/stream", "stream", lambda: flask.Response((TEXT for _ in range(9)), content_type="text/csv"))
    script = flask.Response(TEXT, content_type="text/javascript", headers={"Cache-Control": "no-cache"})
    web.add_url_rule("/assets/<path:name>", "assets", lambda name: script)
    web.add_url_rule("/_dash-component-suites/<path:name>", "suites", lambda name: script)
    return web.test_client()


def test_every_answer_carries_the_security_headers(more: FlaskClient) -> None:
    for answer in (
        more.get("/page"),
        more.get("/nothing"),
        more.post("/tick"),
        more.get("/x", headers={"Host": "evil"}),
    ):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"


def test_pages_have_a_policy_that_allows_the_named_scripts_only(web: flask.Flask, more: FlaskClient) -> None:
    web.extensions["orderflow.delivery"].allow_scripts(lambda: ["'sha256-abc='"])
    policy = dict(
        part.strip().split(" ", 1) for part in more.get("/page").headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self' 'sha256-abc='"
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert policy["object-src"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert "ws://localhost" in policy["connect-src"]
    assert "Content-Security-Policy" not in more.get("/health").headers


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.8", "*", "deflate, GZIP"])
@pytest.mark.parametrize("path", ["/page", "/stream", "/assets/a.js?m=1", "/openapi.json", "/docs"])
def test_long_text_is_compressed_for_those_who_take_it(more: FlaskClient, path: str, accepted: str) -> None:
    plain, packed = more.get(path), more.get(path, headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 2


@pytest.mark.parametrize(
    ("path", "accepted"),
    [("/page", "br"), ("/page", "gzip;q=0"), ("/page", ""), ("/short", "gzip"), ("/picture", "gzip")],
)
def test_what_is_short_or_packed_or_not_asked_for_is_left_alone(more: FlaskClient, path: str, accepted: str) -> None:
    assert "Content-Encoding" not in more.get(path, headers={"Accept-Encoding": accepted}).headers


def test_the_same_asset_is_packed_once(more: FlaskClient) -> None:
    headers = {"Accept-Encoding": "gzip"}
    assert more.get("/assets/a.js?m=1", headers=headers).data == more.get("/assets/a.js?m=1", headers=headers).data


@pytest.mark.parametrize(
    ("path", "year"),
    [
        ("/assets/a.js?m=1760000000.1", True),
        ("/_dash-component-suites/dash/dash-renderer/build/dash_renderer.v4_4_1m1760000000.min.js", True),
        ("/assets/a.js", False),
        ("/_dash-component-suites/dash/dcc/async-graph.js", False),
    ],
)
def test_names_with_a_version_are_kept_for_a_year(more: FlaskClient, path: str, year: bool) -> None:
    assert more.get(path).headers["Cache-Control"] == ("public, max-age=31536000, immutable" if year else "no-cache")


def test_what_a_page_framework_reads_is_bounded_too(web: flask.Flask) -> None:
    web.add_url_rule("/page", "page", lambda: flask.request.get_data(), methods=["POST"])
    answer = web.test_client().post("/page", data=b"x" * (web.config["MAX_CONTENT_LENGTH"] + 1))
    assert (answer.status_code, set(answer.get_json())) == (413, {"detail"})


def test_the_docs_page_needs_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/docs").text
    assert not re.findall(r"(?:src|href)=['\"]?(?:https?:)?//", page)
    assert "<script" not in page
