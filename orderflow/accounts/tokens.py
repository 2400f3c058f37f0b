"""Tokens of users: JSON Web Tokens that this server alone signs and reads, with HMAC-SHA256 and nothing else.

A token says whose it is (`sub`), of which session (`sid`), what it is for (`aud`), and has an id of its own (`jti`).
Reading one does no I/O. Whether its session still exists is `sessions`' business.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import jwt
import msgspec

from orderflow.errors import Unauthorized
from orderflow.storage.signing_keys import SigningKeys

ALGORITHM = "HS256"
ISSUER = "orderflow"
ACCESS, REFRESH = "orderflow:access", "orderflow:refresh"
CLAIMS = ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "csrf"]
ACCESS_SECONDS = 600
LONGEST = 4096
SECOND = 10**9


class Expired(Unauthorized):
    """The token was valid until its time was over."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. expires: s since 1970. csrf: what a changing call must repeat if the token is in a cookie."""

    user: str
    session: str
    id: str
    expires: int
    csrf: str = field(repr=False)


class Tokens:
    """Makes and reads tokens. now: ns since 1970."""

    def __init__(self, keys: SigningKeys, now: Callable[[], int]) -> None:
        self._keys = keys
        self._now = now

    def make(self, audience: str, user: str, session: str, csrf: str, expires: int, token: str = "") -> str:
        """A signed token. expires: s since 1970. token: its id; a new one by default."""
        key = self._keys.current()
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "sub": user,
            "sid": session,
            "jti": token or secrets.token_hex(16),
            "iat": self._now() // SECOND,
            "exp": expires,
            "csrf": csrf,
        }
        return jwt.encode(claims, key.secret, ALGORITHM, {"kid": key.id})

    def read(self, audience: str, text: str) -> Claims:
        """What a token says. Raises Expired, Unauthorized if it is not one of this server or for something else."""
        found = self._decoded([audience], text)
        if found.expires * SECOND <= self._now():
            raise Expired("the token has expired: refresh it, or log in again")
        return found

    def owner(self, text: str) -> str:
        """Whose token it is, of whatever kind and age; "" if this server did not sign it."""
        try:
            return self._decoded([ACCESS, REFRESH], text).user
        except Unauthorized:
            return ""

    def _decoded(self, audiences: list[str], text: str) -> Claims:
        try:
            claims = jwt.decode(
                text[:LONGEST],
                self._secret(text[:LONGEST]),
                [ALGORITHM],
                audience=audiences,
                issuer=ISSUER,
                # times are compared with this program's clock
                options={"require": CLAIMS, "verify_exp": False, "verify_iat": False},
            )
            return Claims(claims["sub"], claims["sid"], claims["jti"], int(claims["exp"]), claims["csrf"])
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise Unauthorized("the token is not valid: log in again") from error

    def _secret(self, text: str) -> str:
        key = self._keys.find(str(jwt.get_unverified_header(text).get("kid")))
        if key is None:
            raise jwt.InvalidKeyError("unknown key")
        return key.secret


def is_token(text: str) -> bool:
    """Whether a bearer has the form of a JSON Web Token, valid or not."""
    if text.count(".") != 2:
        return False
    try:
        header = msgspec.json.decode(jwt.utils.base64url_decode(text.partition(".")[0]))
    except (ValueError, msgspec.MsgspecError):
        return False
    return isinstance(header, dict) and "alg" in header
