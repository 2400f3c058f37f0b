"""Rejects requests for Dash callbacks that no page of this server sends.

Dash trusts the browser: a request identifies its callback by its output, and Dash passes on all inputs that come with
it. An unknown output, or outputs or inputs of another callback, cause an exception in Dash. This check answers such a
request with 400 and one line in the log. Each callback checks the *values* of its inputs itself.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import flask
from werkzeug.exceptions import MethodNotAllowed

from orderflow.errors import BadInput
from orderflow.runtime.log_limit import LIMITED
from orderflow.web.kit.security import CALLBACKS

CallbackMap = Mapping[str, Mapping[str, Any]]
WILDCARDS = (["ALL"], ["MATCH"], ["ALLSMALLER"])

log = logging.getLogger(__name__)


def check_callback_requests(server: flask.Flask, callbacks: CallbackMap) -> None:
    """Check every callback request before Dash handles it. callbacks: `Dash.callback_map`, read at each request."""

    def check() -> None:
        request = flask.request
        if request.path != CALLBACKS[1]:
            return
        if request.method != CALLBACKS[0]:  # or Dash answers with a page
            raise MethodNotAllowed(valid_methods=["POST"])
        try:
            check_body(_body(request), callbacks)
        except BadInput as error:
            log.warning("refused a callback's request from %s: %s", request.remote_addr, error, extra=LIMITED)
            raise

    server.before_request(check)


def _body(request: flask.Request) -> Any:
    """The JSON of the body, which Flask keeps for Dash. Raises BadInput if it nests too deeply or is not Unicode."""
    try:
        body = request.get_json()
        if b"\\ud" in request.get_data().lower():
            json.dumps(body, ensure_ascii=False).encode()
    except RecursionError as error:
        raise BadInput("the body is nested too deeply") from error
    except UnicodeEncodeError as error:
        raise BadInput("the body is not Unicode text") from error
    return body


def check_body(body: Any, callbacks: CallbackMap) -> None:
    """Raises BadInput unless the body calls one of these callbacks with exactly its outputs, inputs and states."""
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        raise BadInput("the body is not a callback's request")
    callback = callbacks.get(body["output"])
    if callback is None or "callback" not in callback:
        raise BadInput("no page of this server has a callback with that output")
    if not callback.get("no_output") and not _are_outputs(body.get("outputs"), body["output"]):
        raise BadInput("outputs differ from those of this callback")
    for name, declared in (("inputs", callback["inputs"]), ("state", callback["state"])):
        if not _is_made_of(body.get(name, []), declared):
            raise BadInput(f"{name} differ from those of this callback")
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(_is_input(name, callback["inputs"]) for name in changed):
        raise BadInput("changedPropIds are not inputs of this callback")


def _are_outputs(given: Any, output: str) -> bool:
    """True if `given` has the outputs that the callback's name lists: one, or several between ".." and "..."."""
    if not output.startswith(".."):
        return _is_part(given, _output(output))
    return _is_made_of(given, [_output(part) for part in output[2:-2].split("...")])


def _output(name: str) -> dict[str, str]:
    identity, _, prop = name.rpartition(".")
    return {"id": identity.replace("\\.", "."), "property": prop}


def _is_input(name: Any, declared: Sequence[Mapping[str, str]]) -> bool:
    """True for the name of an input, such as `chart.figure` or `{"type":"card","name":"a"}.n_clicks`."""
    if not isinstance(name, str):
        return False
    identity, _, prop = name.rpartition(".")
    try:
        part = {"id": json.loads(identity) if identity.startswith("{") else identity, "property": prop}
    except (ValueError, RecursionError):
        return False
    return any(_is_part(part, each) for each in declared)


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
    if not isinstance(given, dict) or not isinstance(given.get("property"), str):
        return False
    # an output that several callbacks have is told apart by "@" and a hash
    if given["property"].partition("@")[0] != declared["property"].partition("@")[0]:
        return False
    identity, wanted = given.get("id"), declared["id"]
    return _fits(identity, json.loads(wanted)) if wanted.startswith("{") else bool(identity == wanted)


def _fits(identity: Any, pattern: Mapping[str, Any]) -> bool:
    """True if an id has the parts of a pattern, and its values where the pattern has no wildcard."""
    return (
        isinstance(identity, dict)
        and identity.keys() == pattern.keys()
        and all(isinstance(value, str | int | float) for value in identity.values())
        and all(value in WILDCARDS or identity[name] == value for name, value in pattern.items())
    )
