"""Who a phone is: a signed cookie that names a participant of one session, and what it is worth when it comes back.

The signature is HMAC-SHA256 with a secret of this installation, so nobody makes a pass for somebody else, and a pass
outlives a restart of the server. Whether the participant is still in the game is the game's to say. A pass that was
found good is remembered, because every order brings one.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path
from typing import Any, NamedTuple

from orderflow.errors import StorageFailed
from orderflow.web.kit.security import Environ

COOKIE = "herd"
PATH = "/herd"
SECONDS = 7 * 86_400
SECRET_BYTES = 32
REMEMBERED = 20_000
LONGEST = 300

_FIELD = re.compile(rf"(?:^|;)\s*{COOKIE}=\"?([^;\"]*)\"?")
_PASS = re.compile(r"([A-Za-z0-9_-]{1,40})\.([A-Za-z0-9_-]{1,80})\.([0-9a-f]{64})")


class Pass(NamedTuple):
    """What a genuine cookie says: this participant of this session."""

    participant: str
    session: str


FORGED = Pass("", "")


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
        raise StorageFailed(f"{path} is no secret; delete it, and phones that have joined join again")
    return secret


class Passes:
    """Makes and reads the cookies. `forged` counts those that this installation never made."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._good: dict[str, Pass] = {}
        self.forged = 0

    def make(self, participant: str, session: str) -> str:
        """The pass of one participant of one session."""
        return f"{participant}.{session}.{self._sign(participant, session)}"

    def cookie(self, participant: str, session: str, *, secure: bool) -> str:
        """The Set-Cookie value: not for scripts, not for other sites, and for the game's addresses only."""
        value = self.make(participant, session)
        end = "; Secure" if secure else ""
        return f"{COOKIE}={value}; Path={PATH}; Max-Age={SECONDS}; HttpOnly; SameSite=Lax{end}"

    def read(self, environ: Environ) -> Pass | None:
        """The request's pass; None without one, FORGED for one that is not genuine."""
        match = _FIELD.search(environ.get("HTTP_COOKIE", ""))
        if match is None or not match[1]:
            return None
        text = match[1]
        found = self._good.get(text)
        if found is None:
            parts = _PASS.fullmatch(text) if len(text) <= LONGEST else None
            if parts is None or not hmac.compare_digest(parts[3], self._sign(parts[1], parts[2])):
                self.forged += 1
                return FORGED
            if len(self._good) >= REMEMBERED:
                self._good.clear()
            found = self._good[text] = Pass(parts[1], parts[2])
        return found

    def _sign(self, participant: str, session: str) -> str:
        return hmac.new(self._secret, f"{participant}.{session}".encode(), hashlib.sha256).hexdigest()


def is_secure(environ: dict[str, Any], public_url: str | None) -> bool:
    """Whether the browser speaks https: to us, to a trusted proxy, or to the public address that it named as host."""
    if environ.get("wsgi.url_scheme") == "https":
        return True
    return bool(public_url) and public_url == f"https://{environ.get('HTTP_HOST', '')}"
