"""Requests of a WebSocket connection: subscriptions, and the property `combined`.

Errors have Binance's form, `{"error": {"code", "msg"}, "id"}`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec

from orderflow.exchange.dialect import Refusal

METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
LONGEST_ID = 36


class Session(Protocol):
    """A connection. combined: events are wrapped with the name of their stream."""

    combined: bool

    @property
    def streams(self) -> Iterable[str]:
        """Names of the subscribed streams."""

    def subscribe(self, names: Iterable[str]) -> None:
        """Add streams, all or none. Raises Refusal."""

    def unsubscribe(self, names: Iterable[str]) -> None:
        """Remove streams."""


def answer(message: str | bytes, session: Session) -> dict[str, Any]:
    """The response to a message."""
    number: Any = None
    try:
        request = _read(message)
        given = request.get("id")
        if not _is_id(given):
            raise invalid_request("request ID must be an unsigned integer")
        number = given
        return {"result": _act(request, session), "id": number}
    except Refusal as error:
        return {"error": error.body, "id": number}


def invalid_request(reason: str, code: int = 2) -> Refusal:
    """The error of an invalid request."""
    return Refusal(code, f"Invalid request: {reason}")


def _read(message: str | bytes) -> dict[str, Any]:
    try:
        request = msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refusal(3, f"Invalid JSON: {error}") from error
    if not isinstance(request, dict):
        raise invalid_request("it must be an object")
    return request


def _act(request: dict[str, Any], session: Session) -> Any:
    method, params = request.get("method"), request.get("params")
    if method is None:
        raise invalid_request("missing field `method`")
    known = ", ".join(f"`{name}`" for name in METHODS)
    if method not in METHODS:
        raise invalid_request(f"unknown variant `{str(method)[:50]}`, expected one of {known}")
    if request.keys() - {"method", "params", "id"}:
        raise invalid_request("too many parameters")
    acts: dict[str, Callable[[], Any]] = {
        "SUBSCRIBE": lambda: session.subscribe(_names(params)),
        "UNSUBSCRIBE": lambda: session.unsubscribe(_names(params)),
        "LIST_SUBSCRIPTIONS": lambda: list(session.streams),
        "SET_PROPERTY": lambda: _set(session, params),
        "GET_PROPERTY": lambda: _get(session, params),
    }
    return acts[method]()


def _is_id(value: Any) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= LONGEST_ID and value.isascii() and value.replace("-", "").isalnum()
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63)


def _names(params: Any) -> list[str]:
    if not isinstance(params, list) or not params or not all(isinstance(name, str) for name in params):
        raise invalid_request("params must be a list of stream names")
    return params


def _property(params: Any, most: int) -> None:
    if not isinstance(params, list) or not params or not isinstance(params[0], str):
        raise invalid_request("property name must be a string")
    if params[0] != "combined":
        raise Refusal(0, "Unknown property")
    if len(params) > most:
        raise invalid_request("too many parameters")


def _set(session: Session, params: Any) -> None:
    _property(params, 2)
    if len(params) < 2 or not isinstance(params[1], bool):
        raise Refusal(1, "Invalid value type: expected Boolean")
    session.combined = params[1]


def _get(session: Session, params: Any) -> bool:
    _property(params, 1)
    return session.combined
