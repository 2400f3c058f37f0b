"""Logs the calls that are refused: whose, from where, and what was asked for; never a query, token or body."""

from __future__ import annotations

import logging
from typing import Any

from orderflow.runtime.log_limit import LIMITED
from orderflow.runtime.redaction import redact
from orderflow.web.kit.users import FOUND

TELLS_ITSELF = ("/auth/login", "/auth/passkeys/login")
"""Paths whose refusals `orderflow.accounts` logs with their reason."""
LONGEST = 200
"""Characters of a path in the log, at most."""

log = logging.getLogger(__name__)


def note_refusal(environ: dict[str, Any], status: int) -> None:
    """Log a call that was answered with 401 or 403, or a user's call that was answered with 404.

    Another user's data is answered as if it did not exist, so that a 404 may be an attempt on it.
    """
    path = environ["PATH_INFO"]
    claims = environ.get(FOUND)
    if status not in ((401, 403, 404) if claims else (401, 403)) or path in TELLS_ITSELF:
        return
    log.info(
        "%s %r from %s was refused with %d, user %s",
        environ["REQUEST_METHOD"],
        redact(path)[:LONGEST],
        environ.get("REMOTE_ADDR") or "an unknown address",
        status,
        claims.user if claims else "none",
        extra=LIMITED,
    )
