"""The page to sign out: its path, and who is told what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import flask

from orderflow.web.kit.access import AUTHENTICATOR, Authenticator

PATH = "/sign-out/"
State = Literal["signed in", "audience", "no key"]


def sign_out_state() -> State:
    """What the browser that makes the present request is."""
    authenticator: Authenticator = flask.current_app.extensions[AUTHENTICATOR]
    if authenticator.key is None:
        return "no key"
    return "signed in" if authenticator.has_cookie(flask.request.environ) else "audience"


def put_sign_out(server: flask.Flask, page: Callable[[State], str]) -> None:
    """Serve the page. page: makes the document."""

    def view() -> flask.Response:
        headers = {"Cache-Control": "no-store"}
        return flask.Response(page(sign_out_state()), content_type="text/html; charset=utf-8", headers=headers)

    server.add_url_rule(PATH, "page to sign out", view, methods=["GET"])
