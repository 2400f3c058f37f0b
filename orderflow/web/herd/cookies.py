"""The participant's cookie: identifies a phone's participant and session.

It is signed by itsdangerous with a secret of this installation, so it cannot be forged and stays valid after a restart
of the server. Whether the participant is still in the game is decided by the game. Verified cookies are cached, because
every order carries one.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from pathlib import Path
from typing import Any, NamedTuple

from itsdangerous import BadSignature, Signer

from orderflow.storage.private import replace_file
from orderflow.web.kit.access import Environ

COOKIE = "herd"
PATH = "/herd"
SECONDS = 7 * 86_400
SALT = "orderflow.herd.participant"
SECRET_BYTES = 32
MAX_REMEMBERED = 20_000
MAX_LENGTH = 300

_FIELD = re.compile(rf"(?:^|;)\s*{COOKIE}=\"?([^;\"]*)\"?")
_VALUE = re.compile(r"([A-Za-z0-9_-]{1,40})\.([A-Za-z0-9_-]{1,80})")


class CookiePayload(NamedTuple):
    """The content of a cookie."""

    participant: str
    session: str


FORGED = CookiePayload("", "")

log = logging.getLogger(__name__)


def load_secret(folder: Path | None) -> bytes:
    """The secret stored in `folder`, created on first use, readable by this user only. None: a secret for this process.

    Where it can be neither read nor kept, and where the file holds none, it is for this process, too, which is logged:
    the phones join again, and nothing else depends on it.
    """
    secret = secrets.token_bytes(SECRET_BYTES)
    if folder is None:
        return secret
    path = folder / "secret"
    try:
        try:
            return _checked(path.read_bytes())
        except FileNotFoundError:
            replace_file(path, secret.hex().encode())
    except OSError as error:
        log.warning("%s can be neither read nor kept (%s): phones must join again after each start", path, error)
    except ValueError:
        log.warning("%s does not hold a secret: phones must join again after each start, until it is deleted", path)
    return secret


def _checked(text: bytes) -> bytes:
    """Raises ValueError."""
    secret = bytes.fromhex(text.decode("ascii"))
    if len(secret) < SECRET_BYTES:
        raise ValueError("it is too short")
    return secret


class CookieSigner:
    """Signs and verifies cookies. forged: number of cookies with an invalid signature."""

    def __init__(self, secret: bytes) -> None:
        self._signer = Signer(secret, SALT, key_derivation="hmac", digest_method=hashlib.sha256)
        self._verified: dict[str, CookiePayload] = {}
        self.forged = 0

    def sign(self, participant: str, session: str) -> str:
        """The cookie's value for one participant of one session."""
        return self._signer.sign(f"{participant}.{session}").decode()

    def set_cookie(self, participant: str, session: str, *, secure: bool) -> str:
        """The Set-Cookie header: HttpOnly, SameSite=Lax, and for the game's paths only."""
        value = self.sign(participant, session)
        end = "; Secure" if secure else ""
        return f"{COOKIE}={value}; Path={PATH}; Max-Age={SECONDS}; HttpOnly; SameSite=Lax{end}"

    def read(self, environ: Environ) -> CookiePayload | None:
        """The payload of the request's cookie, None without a cookie, FORGED if the signature is invalid."""
        match = _FIELD.search(environ.get("HTTP_COOKIE", ""))
        if match is None or not match[1]:
            return None
        text = match[1]
        found = self._verified.get(text)
        if found is None:
            found = self._verify(text)
            if found is FORGED:
                self.forged += 1
            else:
                if len(self._verified) >= MAX_REMEMBERED:
                    self._verified.clear()
                self._verified[text] = found
        return found

    def _verify(self, text: str) -> CookiePayload:
        try:
            value = self._signer.unsign(text).decode() if len(text) <= MAX_LENGTH else ""
        except (BadSignature, UnicodeDecodeError):
            return FORGED
        parts = _VALUE.fullmatch(value)
        return FORGED if parts is None else CookiePayload(parts[1], parts[2])


def is_secure(environ: dict[str, Any], public_url: str | None) -> bool:
    """True if the browser uses https: to this server, to a trusted proxy, or to the public URL named in Host."""
    if environ.get("wsgi.url_scheme") == "https":
        return True
    return bool(public_url) and public_url == f"https://{environ.get('HTTP_HOST', '')}"
