"""Rejects requests for Dash callbacks that no page of this server sends.

Dash trusts the browser: a request identifies its callback by its output, and Dash passes on all inputs that come with
it. An unknown output, or outputs or inputs of another callback, cause an exception in Dash. This check answers such a
request with 400 and one line in the log. Each callback checks the *values* of its inputs itself.

Dash reads a body on the event loop, in time that grows with the lists and objects in it, not with its bytes. So a body
of more of them than a page sends is answered with 413 before it is read.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

import flask
from werkzeug.exceptions import MethodNotAllowed

from orderflow.errors import BadInput, TooLarge
from orderflow.runtime.log_limit import LIMITED
from orderflow.web.kit.security import CALLBACKS

CallbackMap = Mapping[str, Mapping[str, Any]]
MANY = (["ALL"], ["ALLSMALLER"])
"""Wildcards that stand for any number of components."""
WILDCARDS = (["MATCH"], *MANY)
MAX_CONTAINERS = 30_000
"""Lists and objects in a body."""
MAX_VALUES = 150_000
"""Commas in a body."""
MAX_KEYS = 75_000
"""Colons in a body."""
MAX_DEPTH = 100
"""Lists and objects within each other."""
MAX_PARTS = 2_000
"""Components in a request's inputs, states and outputs together, and in its names of changed inputs."""
MAX_NAME = 1_000
"""Characters in the name of a changed input."""
LAST_WHOLE = 10**21
"""A browser writes greater whole numbers with an exponent, and they are read as floats."""
INT64 = 2**63
"""Whole numbers from here on, and below minus this, are passed on as floats, which is what a browser has: an answer
could not hold them."""

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
        except (BadInput, TooLarge) as error:
            log.warning("refused a callback's request from %s: %s", request.remote_addr, error, extra=LIMITED)
            raise

    server.before_request(check)


def _body(request: flask.Request) -> Any:
    """The JSON of the body, which Flask keeps for Dash.

    Raises TooLarge for more lists, objects, keys or values than a page sends, BadInput if it nests too deeply, has
    numbers that no browser writes, or is not Unicode.
    """
    data = request.get_data()
    if data.count(b"[") + data.count(b"{") > MAX_CONTAINERS:
        raise TooLarge(f"the body has more than {MAX_CONTAINERS:,} lists and objects")
    if data.count(b",") > MAX_VALUES:
        raise TooLarge(f"the body has more than {MAX_VALUES:,} values")
    if data.count(b":") > MAX_KEYS:
        raise TooLarge(f"the body has more than {MAX_KEYS:,} keys")
    try:
        body = request.get_json()
        if b"\\ud" in data.lower():
            json.dumps(body, ensure_ascii=False).encode()
    except RecursionError as error:
        raise _too_deep() from error
    except UnicodeEncodeError as error:
        raise BadInput("the body is not Unicode text") from error
    check_values(body)
    return body


def check_values(body: Any) -> None:
    """Put floats in place of whole numbers beyond 64 bits.

    Raises BadInput for more than MAX_DEPTH levels of lists and objects, and for whole numbers from LAST_WHOLE on.
    """
    level: list[Any] = [[body]]
    for _ in range(MAX_DEPTH + 1):
        inner: list[Any] = []
        for each in level:
            for key, value in each.items() if type(each) is dict else enumerate(each):
                kind = type(value)
                if kind is dict or kind is list:
                    inner.append(value)
                elif kind is int and not -INT64 <= value < INT64:
                    if abs(value) >= LAST_WHOLE:
                        raise BadInput("the body has a whole number of more than 21 digits")
                    each[key] = float(value)
        if not inner:
            return
        level = inner
    raise _too_deep()


def _too_deep() -> BadInput:
    return BadInput("the body is nested too deeply")


def check_body(body: Any, callbacks: CallbackMap) -> None:
    """Puts `Names` in place of the list of changed inputs.

    Raises BadInput unless the body calls one of these callbacks with exactly its outputs, inputs and states, TooLarge
    for more than MAX_PARTS of them or of changed inputs.
    """
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        raise BadInput("the body is not a callback's request")
    callback = callbacks.get(body["output"])
    if callback is None or "callback" not in callback:
        raise BadInput("no page of this server has a callback with that output")
    if sum(map(_size, (body.get("inputs"), body.get("state"), body.get("outputs")))) > MAX_PARTS:
        raise TooLarge(f"the request has more than {MAX_PARTS:,} inputs, states and outputs")
    if not callback.get("no_output") and not _are_outputs(body.get("outputs"), body["output"]):
        raise BadInput("outputs differ from those of this callback")
    for name, declared in (("inputs", callback["inputs"]), ("state", callback["state"])):
        if not _is_made_of(body.get(name, []), declared):
            raise BadInput(f"{name} differ from those of this callback")
    changed = body.get("changedPropIds", [])
    if isinstance(changed, list) and len(changed) > MAX_PARTS:
        raise TooLarge(f"changedPropIds has more than {MAX_PARTS:,} names")
    if not isinstance(changed, list) or not _are_inputs(changed, callback["inputs"]):
        raise BadInput("changedPropIds are not inputs of this callback")
    body["changedPropIds"] = Names(changed)


def _size(parts: Any) -> int:
    """How many parts there are, with those of patterns."""
    return sum(len(part) if isinstance(part, list) else 1 for part in parts) if isinstance(parts, list) else 1


class Names(list[str]):
    """Names in which Dash looks up each input."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(names)
        self._known = frozenset(self)

    def __contains__(self, name: object) -> bool:
        return name in self._known


def _are_inputs(names: list[Any], declared: Sequence[Mapping[str, str]]) -> bool:
    return all(isinstance(name, str) for name in names) and all(_is_input(name, declared) for name in set(names))


def _are_outputs(given: Any, output: str) -> bool:
    """True if `given` has the outputs that the callback's name lists: one, or several between ".." and "..."."""
    if not output.startswith(".."):
        return _is_part(given, _output(output))
    return _is_made_of(given, [_output(part) for part in output[2:-2].split("...")])


def _output(name: str) -> dict[str, str]:
    identity, _, prop = name.rpartition(".")
    return {"id": identity.replace("\\.", "."), "property": prop}


def _is_input(name: str, declared: Sequence[Mapping[str, str]]) -> bool:
    """True for the name of an input, such as `chart.figure` or `{"type":"card","name":"a"}.n_clicks`."""
    if len(name) > MAX_NAME:
        return False
    identity, _, prop = name.rpartition(".")
    try:
        part = {"id": json.loads(identity) if identity.startswith("{") else identity, "property": prop}
    except (ValueError, RecursionError):
        return False
    return any(_is_component(part, each) for each in declared)


def _is_made_of(given: Any, declared: Sequence[Mapping[str, str]]) -> bool:
    """True if `given` has the declared parts in order; a part is a component's property, or a list for a pattern."""
    if not isinstance(given, list) or len(given) != len(declared):
        return False
    return all(_is_part(part, wanted) for part, wanted in zip(given, declared, strict=True))


def _is_part(given: Any, declared: Mapping[str, str]) -> bool:
    """True for a component's property, and for a list of them where the declared id is a pattern of many."""
    if not _takes_many(declared["id"]):
        return _is_component(given, declared)
    return isinstance(given, list) and all(_is_component(each, declared) for each in given)


def _is_component(given: Any, declared: Mapping[str, str]) -> bool:
    if not isinstance(given, dict) or not isinstance(given.get("property"), str):
        return False
    # an output that several callbacks have is told apart by "@" and a hash
    if given["property"].partition("@")[0] != declared["property"].partition("@")[0]:
        return False
    identity, wanted = given.get("id"), declared["id"]
    return _fits(identity, _pattern(wanted)) if wanted.startswith("{") else bool(identity == wanted)


def _takes_many(declared: str) -> bool:
    return declared.startswith("{") and any(value in MANY for value in _pattern(declared).values())


@lru_cache(1024)
def _pattern(declared: str) -> Mapping[str, Any]:
    """The pattern of ids that a callback declares."""
    return cast(Mapping[str, Any], json.loads(declared))


def _fits(identity: Any, pattern: Mapping[str, Any]) -> bool:
    """True if an id has the parts of a pattern, and its values where the pattern has no wildcard."""
    return (
        isinstance(identity, dict)
        and identity.keys() == pattern.keys()
        and all(isinstance(value, str | int | float) for value in identity.values())
        and all(value in WILDCARDS or identity[name] == value for name, value in pattern.items())
    )
