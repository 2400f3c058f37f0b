"""Rejects requests for Dash callbacks that no page of this server sends.

Dash trusts the browser: a request identifies its callback by its output, and Dash passes on all inputs that come with
it. An unknown output, or inputs of another callback, cause an exception in Dash. This check answers such a request with
400. Each callback checks the *values* of its inputs itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import flask

from orderflow.errors import BadInput
from orderflow.web.kit.security import CALLBACKS

CallbackMap = Mapping[str, Mapping[str, Any]]


def check_callback_requests(server: flask.Flask, callbacks: CallbackMap) -> None:
    """Check every callback request before Dash handles it. callbacks: `Dash.callback_map`, read at each request."""

    def check() -> None:
        request = flask.request
        if (request.method, request.path) == CALLBACKS:
            check_body(request.get_json(), callbacks)

    server.before_request(check)


def check_body(body: Any, callbacks: CallbackMap) -> None:
    """Raises BadInput unless the body calls one of these callbacks with exactly its declared inputs and states."""
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        raise BadInput("the body is not a callback's request")
    callback = callbacks.get(body["output"])
    if callback is None or "callback" not in callback:
        raise BadInput("no page of this server has a callback with that output")
    outputs = body.get("outputs", {})
    if not isinstance(outputs, dict | list) or not _is_texts(body.get("changedPropIds", [])):
        raise BadInput("the body is not a callback's request")
    for name, declared in (("inputs", callback["inputs"]), ("state", callback["state"])):
        if not _is_made_of(body.get(name, []), declared):
            raise BadInput(f"{name} differ from those of this callback")


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)


def _is_made_of(given: Any, declared: Sequence[Mapping[str, str]]) -> bool:
    """True if `given` has the declared parts in order; a part is a component's property, or a list for a pattern."""
    if not isinstance(given, list) or len(given) != len(declared):
        return False
    return all(_is_part(part, wanted) for part, wanted in zip(given, declared, strict=True))


def _is_part(given: Any, declared: Mapping[str, str]) -> bool:
    if isinstance(given, list):
        return declared["id"].startswith("{") and all(
            isinstance(each, dict) and _is_part(each, declared) for each in given
        )
    if not isinstance(given, dict) or given.get("property") != declared["property"]:
        return False
    identity, wanted = given.get("id"), declared["id"]
    if not wanted.startswith("{"):
        return bool(identity == wanted)
    return isinstance(identity, dict) and identity.keys() == json.loads(wanted).keys()
