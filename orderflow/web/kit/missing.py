"""Answers 404 at every address without a route or a page. Dash alone would answer 200 at all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import flask
from werkzeug.exceptions import MethodNotAllowed, NotFound

from orderflow.web.kit.static_page import HTML

CATCH_ALL = "/<path:path>"
"""Dash's rule for its pages."""
CHANGING = ("POST", "PUT", "PATCH", "DELETE")


def answer_missing(server: flask.Flask, pages: Collection[str], document: str) -> None:
    """Let Dash answer at the addresses in `pages` only, each with and without a slash at its end.

    A browser gets `document` elsewhere, a program the common JSON.
    """
    endpoint = next(rule.endpoint for rule in server.url_map.iter_rules() if rule.rule == CATCH_ALL)
    page_view: Callable[..., Any] = server.view_functions[endpoint]
    body = document.encode()

    def view(path: str) -> Any:
        if is_page(path):
            return page_view(path=path)
        if "text/html" not in flask.request.headers.get("Accept", ""):
            raise NotFound
        return flask.Response(body, 404, content_type=HTML)

    def nothing(path: str) -> flask.Response:
        adapter = server.create_url_adapter(flask.request)
        assert adapter is not None
        rule, _ = adapter.match(method="GET", return_rule=True)  # `CATCH_ALL` at least
        if rule.endpoint != endpoint or is_page(path):
            raise MethodNotAllowed(["GET", "HEAD", "OPTIONS"])
        raise NotFound

    def is_page(path: str) -> bool:
        return f"/{path.rstrip('/')}/" in pages

    server.view_functions[endpoint] = view
    server.add_url_rule(CATCH_ALL, "nothing there", nothing, methods=CHANGING)
