"""Serves static text with cache validation: pages without a framework, and bundled scripts and styles.

Browsers revalidate a page each time, and get a 304 while it is unchanged. A file that a page loads has a content hash
in its name, so browsers cache it for a year. `orderflow.web.kit.compression` compresses both once, and adds the
security headers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import flask

from orderflow.web.kit.compression import YEAR

ASK_AGAIN = "no-cache"
HTML = "text/html; charset=utf-8"
SCRIPT = "text/javascript; charset=utf-8"


def put_page(server: flask.Flask, path: str, html: str) -> None:
    """Serve a page at `path`, with and without a trailing slash."""
    view = _view(html.encode(), HTML, ASK_AGAIN)
    for rule in (path, f"{path}/"):
        server.add_url_rule(rule, f"plain page {rule}", view, methods=["GET"])


def put_file(server: flask.Flask, path: str, text: str, content_type: str = SCRIPT) -> str:
    """Serve a file that a page loads. Returns its URL, `path` with a hash before the suffix: "/a/b.1f….js"."""
    body = text.encode()
    stem, _, ending = path.rpartition(".")
    address = f"{stem}.{_hash(body)}.{ending}"
    server.add_url_rule(
        address, f"plain file {path}".replace(".", "·"), _view(body, content_type, YEAR), methods=["GET"]
    )
    return address


def _view(body: bytes, content_type: str, cache: str) -> Callable[[], flask.Response]:
    tag = _hash(body)

    def view() -> flask.Response:
        response = flask.Response(body, content_type=content_type)
        response.headers["Cache-Control"] = cache
        response.headers["Vary"] = "Accept-Encoding"
        response.set_etag(tag, weak=True)  # weak: the same for each compression
        response.make_conditional(flask.request)
        return response

    return view


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:12]
