"""JSON responses, and the common shape of all errors.

An unexpected error is logged with its traceback and a random number, which the response contains too.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import flask
import msgspec
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing.exceptions import RequestRedirect, WebsocketMismatch

from orderflow.errors import Busy, FieldError, OrderflowError, Unauthorized
from orderflow.runtime.log_limit import LIMITED
from orderflow.web.kit.backlog import BACKLOG, Share
from orderflow.web.kit.budget import client_of
from orderflow.web.kit.refusals import note_refusal

JSON = "application/json"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_NAMED = 1000
"""Maximum number of errors listed in a response; `detail` has the total."""

log = logging.getLogger(__name__)
_encoder = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    """Compact JSON."""
    return _encoder.encode(value)


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> flask.Response:
    """A JSON response. `value` may be bytes that are JSON already."""
    body = value if isinstance(value, bytes) else encode(value)
    return flask.Response(body, status, headers, content_type=JSON)


def stamp(ns: int) -> str:
    """A time (ns since 1970) in ISO-8601, UTC, with milliseconds."""
    return (EPOCH + timedelta(microseconds=ns // 1000)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stream(pieces: Iterator[bytes], headers: Mapping[str, str], content_type: str, share: Share) -> flask.Response:
    """A response whose pieces are made as the client reads them. share: what they hold, closed at the end."""
    response = flask.Response(pieces, 200, headers, content_type=content_type)
    response.call_on_close(share.close)
    return response


def in_worker(run: Callable[..., bytes | None], pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Iterate over `pieces`, computing each with `run` (in a worker thread)."""
    while (piece := run(next, pieces, None)) is not None:
        yield piece


def reserve(size: int) -> Share:
    """Reserve `size` bytes of memory for the response to this request. Raises Busy (429)."""
    backlog, reader = flask.request.environ.get(BACKLOG, (None, None))
    if backlog is None:
        return Share()
    reader.address = client_of(flask.request.environ)
    return cast(Share, backlog.reserve(reader, size))


def error_list(errors: Sequence[FieldError]) -> list[dict[str, Any]]:
    """Errors in the API's format: location and message."""
    return [
        {"loc": error.loc, "msg": error.reason if error.line is None else f"{error.reason} (line {error.line})"}
        for error in errors[:MAX_NAMED]
    ]


def error_body(detail: str, errors: Sequence[FieldError] = ()) -> bytes:
    """The JSON body of an error response."""
    return encode({"detail": detail, "errors": error_list(errors)} if errors else {"detail": detail})


def error_headers(error: BaseException) -> dict[str, str]:
    """The response headers for an OrderflowError: Retry-After or WWW-Authenticate, if any."""
    if isinstance(error, Busy):
        return {"Retry-After": str(max(1, error.retry_after))}
    if isinstance(error, Unauthorized):
        return {"WWW-Authenticate": 'Bearer realm="orderflow"'}
    return {}


ErrorParts = tuple[int, dict[str, str], bytes]
"""Status, headers, JSON body."""


def error_parts(error: Exception, method: str, path: str) -> ErrorParts:
    """The response to an OrderflowError or an unexpected error. Errors of the server are logged."""
    if not isinstance(error, OrderflowError):
        number = secrets.token_hex(4)
        log.error("error %s at %s %s", number, method, path, exc_info=error)
        return 500, {}, error_body(f"internal server error; it is in the server's log as {number}")
    if error.status >= 500:
        log.error("%s %s: %s", method, path, error, exc_info=error)
    errors: Sequence[FieldError] = getattr(error, "errors", ())  # of BadInput, and where a field is missing
    return error.status, error_headers(error), error_body(str(error), errors)


def error_response(error: Exception) -> flask.Response:
    """The response to any exception other than werkzeug's."""
    note_refusal(flask.request.environ, error)
    status, headers, body = error_parts(error, flask.request.method, flask.request.path)
    return json_response(body, status, headers)


def http_error_response(error: HTTPException) -> HTTPException | flask.Response:
    """The response to an error or redirect that Flask or werkzeug raised."""
    if isinstance(error, RequestRedirect) or error.code is None or error.code < 400:
        return error
    if isinstance(error, WebsocketMismatch):
        detail = f"{flask.request.path} is a WebSocket: connect with ws://"
        return json_response(error_body(detail), 426, {"Upgrade": "websocket", "Connection": "Upgrade"})
    headers = {name: value for name, value in error.get_headers() if name.lower() in ("allow", "retry-after")}
    detail = error.description or error.name
    if error.code == 404:
        detail = f"there is nothing at {flask.request.path[:200]}; all routes are listed at /docs"
    elif error.code == 405:
        detail = f"{flask.request.method} is not allowed at {flask.request.path[:200]}; use {headers.get('Allow', '')}"
    return json_response(error_body(detail), error.code, headers)


def not_found(error: Exception) -> HTTPException | flask.Response:
    """The response to an error which means that there is nothing at this URL; it gets one line in the log."""
    log.warning("nothing at %s: %s", flask.request.path[:200], type(error).__name__, extra=LIMITED)
    return http_error_response(NotFound())


def install_error_handlers(server: flask.Flask) -> None:
    """Register handlers that give all errors of the server the same shape."""
    server.register_error_handler(HTTPException, http_error_response)
    server.register_error_handler(Exception, error_response)
