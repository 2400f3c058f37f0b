"""The compression middleware: security headers, compression, caching."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from typing import Any

import brotli
import flask
import pytest
from flask.testing import FlaskClient

from orderflow.errors import Conflict
from orderflow.services import Services
from orderflow.web.app import create_server
from orderflow.web.kit.compression import choose_encoding
from orderflow.web.kit.static_page import put_file, put_page

TEXT = "a line of text\n" * 500
UNPACK: dict[str, Callable[[bytes], bytes]] = {"br": brotli.decompress, "gzip": gzip.decompress}


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


def test_an_upgrade_that_is_none_keeps_the_security_headers(more: FlaskClient) -> None:
    for upgrade in ("websocket", "h2c", "x"):
        for path, status in (("/page", 200), ("/nothing", 404), ("/health", 200)):
            answer = more.get(path, headers={"Upgrade": upgrade, "Connection": "Upgrade", "Accept-Encoding": "gzip"})
            assert answer.status_code in ((405, 426) if upgrade == "websocket" and status == 200 else (status,))
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
            is_page = answer.content_type.startswith("text/html")
            assert is_page is (path == "/page" and upgrade != "websocket")
            assert ("Content-Security-Policy" in answer.headers) is is_page
            assert ("Content-Encoding" in answer.headers) is is_page


def test_https_is_kept_where_it_is_used(make_services: Callable[..., Services]) -> None:
    def answer(headers: dict[str, str] | None = None, **settings: Any) -> Any:
        return create_server(make_services(**settings)).test_client().get("/health", headers=headers)

    name, proxied = "Strict-Transport-Security", {"X-Forwarded-Proto": "https"}
    assert answer(public_url="https://flow.example.org").headers[name] == "max-age=31536000"
    assert answer(proxied, trusted_proxies=1).headers[name] == "max-age=31536000"
    for plain in (answer(), answer(public_url="http://flow.lan"), answer(proxied), answer(trusted_proxies=1)):
        assert name not in plain.headers


def test_a_long_list_of_encodings_is_not_read_to_its_end() -> None:
    assert choose_encoding("x," * 10_000 + "gzip", ("gzip",)) is None


def test_pages_have_a_policy_that_allows_the_named_scripts_only(web: flask.Flask, more: FlaskClient) -> None:
    web.extensions["orderflow.delivery"].allow_scripts(lambda: ["'sha256-abc='"])
    policy = dict(
        part.strip().split(" ", 1) for part in more.get("/page").headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self' 'sha256-abc='"
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert policy["object-src"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert "ws://localhost" in policy["connect-src"]
    assert "Content-Security-Policy" not in more.get("/health").headers


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.8", "*", "deflate, GZIP"])
@pytest.mark.parametrize("path", ["/page", "/stream", "/assets/a.js?m=1", "/openapi.json", "/docs"])
def test_long_text_is_compressed_if_accepted(more: FlaskClient, path: str, accepted: str) -> None:
    plain, packed = more.get(path), more.get(path, headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in plain.headers
    encoding = "br" if "br" in accepted and path.startswith("/assets/") else "gzip"
    assert packed.headers["Content-Encoding"] == encoding
    assert packed.headers.getlist("Vary") == ["Accept-Encoding"]
    assert UNPACK[encoding](packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 2


@pytest.mark.parametrize(
    ("path", "accepted"),
    [("/page", "br"), ("/page", "gzip;q=0"), ("/page", ""), ("/short", "gzip"), ("/picture", "gzip")],
)
def test_short_compressed_or_unaccepted_responses_are_unchanged(more: FlaskClient, path: str, accepted: str) -> None:
    assert "Content-Encoding" not in more.get(path, headers={"Accept-Encoding": accepted}).headers


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_a_file_is_compressed_once_in_a_worker(
    web: flask.Flask, more: FlaskClient, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    calls = []

    def run(fn: Callable[..., bytes], *args: Any) -> bytes:
        calls.append(args)
        return fn(*args)

    monkeypatch.setattr(web.extensions["orderflow.delivery"], "_run", run)
    headers = {"Accept-Encoding": encoding}
    first, again = more.get("/assets/a.js?m=1", headers=headers), more.get("/assets/a.js?m=1", headers=headers)
    assert calls == [(TEXT.encode(), encoding)]
    assert first.data == again.data
    assert UNPACK[encoding](again.data) == TEXT.encode()


def test_a_file_is_compressed_while_the_workers_stop(
    web: flask.Flask, more: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(fn: Callable[..., bytes], *args: Any) -> bytes:
        raise Conflict("the server is stopping")

    monkeypatch.setattr(web.extensions["orderflow.delivery"], "_run", run)
    assert gzip.decompress(more.get("/assets/a.js", headers={"Accept-Encoding": "gzip"}).data) == TEXT.encode()


def test_a_static_page_is_compressed_and_revalidated(web: flask.Flask, more: FlaskClient) -> None:
    put_page(web, "/plain", f"<p>{TEXT}")
    address = put_file(web, "/plain/a.js", TEXT)
    for encoding in ("br", "gzip"):
        headers = {"Accept-Encoding": encoding}
        page = more.get("/plain", headers=headers)
        assert (page.headers["Content-Encoding"], page.headers["Cache-Control"]) == (encoding, "no-cache")
        assert UNPACK[encoding](page.data) == f"<p>{TEXT}".encode()
        same = more.get("/plain", headers={**headers, "If-None-Match": page.headers["ETag"]})
        assert (same.status_code, same.data) == (304, b"")
        script = more.get(address, headers=headers)
        assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert script.headers.getlist("Vary") == ["Accept-Encoding"]
        assert UNPACK[encoding](script.data) == TEXT.encode()


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.0", None),
        ("*", "gzip"),
        ("*;q=0", None),
        ("gzip;q=0, *", None),
        ("identity", None),
        ("", None),
    ],
)
def test_the_encoding_is_one_that_is_taken(accepted: str, chosen: str | None) -> None:
    assert choose_encoding(accepted, ("br", "gzip")) == chosen


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


def test_bodies_of_pages_are_limited_too(web: flask.Flask) -> None:
    web.add_url_rule("/page", "page", lambda: flask.request.get_data(), methods=["POST"])
    answer = web.test_client().post("/page", data=b"x" * (web.config["MAX_CONTENT_LENGTH"] + 1))
    assert (answer.status_code, set(answer.get_json())) == (413, {"detail"})


def test_the_docs_page_needs_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/docs").text
    assert not re.findall(r"(?:src|href)=['\"]?(?:https?:)?//", page)
    assert "<script" not in page
