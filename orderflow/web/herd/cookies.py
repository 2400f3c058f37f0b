"""The participant's cookie: which participant of which session a phone is.

Signed by itsdangerous with a secret of this installation, so that nobody makes a cookie for somebody else, and a cookie
outlives a restart of the server. Whether the participant is still in the game is for the game to say. A cookie that was
verified once is remembered, because every order brings one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import Any, NamedTuple

from itsdangerous import BadSignature, Signer

from orderflow.errors import StorageFailed
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
    """What a genuine cookie says: this participant of this session."""

    participant: str
    session: str


FORGED = CookiePayload("", "")


def load_secret(folder: Path | None) -> bytes:
    """The secret kept in `folder`, made on first use and readable by this user only; None: one for this process alone.

    Raises StorageFailed when the folder cannot be written or holds something else.
    """
    if folder is None:
        return secrets.token_bytes(SECRET_BYTES)
    path = folder / "secret"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            return _checked(path, path.read_text("ascii"))
        # written whole under another name first: a process that is killed here leaves no half secret behind
        fresh = folder / f"secret.{os.getpid()}"
        secret = secrets.token_bytes(SECRET_BYTES)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(secret.hex())
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except (OSError, UnicodeDecodeError) as error:
        raise StorageFailed(f"cannot keep the herd game's secret in {path}: {error}") from error
    return secret


def _checked(path: Path, text: str) -> bytes:
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) < SECRET_BYTES:
        raise StorageFailed(f"{path} does not hold a secret; delete it, and phones that have joined join again")
    return secret


class CookieSigner:
    """Makes and reads the cookies. forged: how many were read that this installation did not make."""

    def __init__(self, secret: bytes) -> None:
        self._signer = Signer(secret, SALT, key_derivation="hmac", digest_method=hashlib.sha256)
        self._verified: dict[str, CookiePayload] = {}
        self.forged = 0

    def sign(self, participant: str, session: str) -> str:
        """The cookie's value for one participant of one session."""
        return self._signer.sign(f"{participant}.{session}").decode()

    def set_cookie(self, participant: str, session: str, *, secure: bool) -> str:
        """The Set-Cookie header: not for scripts, not for other sites, and for the game's addresses only."""
        value = self.sign(participant, session)
        end = "; Secure" if secure else ""
        return f"{COOKIE}={value}; Path={PATH}; Max-Age={SECONDS}; HttpOnly; SameSite=Lax{end}"

    def read(self, environ: Environ) -> CookiePayload | None:
        """The request's seat; None without a cookie, FORGED for a cookie that is not genuine."""
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
    """Whether the browser speaks https: to us, to a trusted proxy, or to the public address that it named as host."""
    if environ.get("wsgi.url_scheme") == "https":
        return True
    return bool(public_url) and public_url == f"https://{environ.get('HTTP_HOST', '')}"
