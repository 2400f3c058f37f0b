"""Logs the calls that are refused: whose, from where, what was asked for and why; never a query, token or body.

What refuses a call notes its error in the request's environ, and `Users.log_refusal` writes the line with the answer.
"""

from __future__ import annotations

import logging
from typing import Any

import flask

from orderflow.errors import OrderflowError
from orderflow.runtime.log_limit import LIMITED
from orderflow.runtime.redaction import redact

REFUSED = (401, 403, 404)
"""No login, not allowed, not there or another's."""
TELLS_ITSELF = ("/auth/login", "/auth/passkeys/login")
"""Paths whose refusals `orderflow.accounts` logs with their reason."""
NOTED = "orderflow.refused"
"""Where a request's environ keeps the error by which it was refused."""
NOT_THERE = "not there, or another's"
LONGEST = 200
"""Characters of a path or a reason in the log, at most."""

log = logging.getLogger(__name__)


def note_refusal(environ: dict[str, Any], error: Exception) -> None:
    """Note why a request is refused; the first error counts, and others than refusals are not noted."""
    if _is_refusal(error):
        environ.setdefault(NOTED, error)


def note_refused_callback(error: Exception) -> None:
    """As `note_refusal`, for a page's call to a callback. What a page asks when it opens, or by the clock, is not
    noted: it asks for everything that it could show."""
    if not (_is_refusal(error) and flask.has_request_context()):
        return
    body = flask.request.get_json(silent=True)
    changed = body.get("changedPropIds") if isinstance(body, dict) else None
    if isinstance(changed, list) and any(not str(each).endswith(".n_intervals") for each in changed):
        note_refusal(flask.request.environ, error)


def _is_refusal(error: Exception) -> bool:
    return isinstance(error, OrderflowError) and error.status in REFUSED


def write_refusal(environ: dict[str, Any], status: int, user: str) -> None:
    """Write the line. user: an id, "" for nobody who is known."""
    if environ["PATH_INFO"] in TELLS_ITSELF:
        return
    error = environ.get(NOTED)
    reason = NOT_THERE if status == 404 or error is None else "".join(filter(str.isprintable, str(error)))
    path, why = (redact(text)[:LONGEST] for text in (environ["PATH_INFO"], reason))
    # lines are limited by these texts, so that calls of nobody who is known do not crowd out those of users
    who = f"refused with {status}: user %s" if user else f"refused with {status}: nobody known%s"
    address = environ.get("REMOTE_ADDR") or "an unknown address"
    log.info(f"{who} from %s, %s %r: %s", user, address, environ["REQUEST_METHOD"], path, why, extra=LIMITED)
