"""Pages without a framework: ready bytes at an address, compressed once, sent again only when they have changed.

For what must be small and quick on a phone. The page itself is asked for anew each time and answered with 304 while it
is the same; a file that it loads carries a hash of its content in its name and is kept by browsers for a year. Security
headers and the policy are added to these answers as to all others, by `orderflow.web.kit.compression`.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable

import flask

from orderflow.web.kit.compression import YEAR

ASK_AGAIN = "no-cache"
HTML = "text/html; charset=utf-8"
SCRIPT = "text/javascript; charset=utf-8"


def put_page(server: flask.Flask, path: str, html: str) -> None:
    """Serve a page at `path`, and the same below `path` with a slash at its end."""
    view = _view(html.encode(), HTML, ASK_AGAIN)
    for rule in (path, f"{path}/"):
        server.add_url_rule(rule, f"plain page {rule}", view, methods=["GET"])


def put_file(server: flask.Flask, path: str, text: str, content_type: str = SCRIPT) -> str:
    """Serve a file that a page loads; the address, which is `path` with a hash before its ending: "/a/b.1f….js"."""
    body = text.encode()
    stem, _, ending = path.rpartition(".")
    address = f"{stem}.{_hash(body)}.{ending}"
    server.add_url_rule(
        address, f"plain file {path}".replace(".", "·"), _view(body, content_type, YEAR), methods=["GET"]
    )
    return address


def _view(body: bytes, content_type: str, cache: str) -> Callable[[], flask.Response]:
    packed = gzip.compress(body, 9, mtime=0)
    tag = _hash(body)

    def view() -> flask.Response:
        request = flask.request
        takes = request.accept_encodings.quality("gzip") > 0
        response = flask.Response(packed if takes else body, content_type=content_type)
        if takes:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Cache-Control"] = cache
        response.headers["Vary"] = "Accept-Encoding"
        response.set_etag(tag, weak=True)  # the same for both ways to send it
        response.make_conditional(request)
        return response

    return view


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:12]
