"""Identifies the user of a request: by a bearer token, or by the cookies that a login sets.

A user is not the operator (see `access`): neither has the other's rights. Tokens in cookies are renewed by themselves
when they expire; a changing call with them must repeat their CSRF token in a header. Cookies have the prefix `__Host-`
behind https, so that no other site of the same domain can set them.
"""

from __future__ import annotations

import hmac
from http.cookies import CookieError, SimpleCookie
from typing import Any

from orderflow.accounts.accounts import Accounts
from orderflow.accounts.identity import LOCAL_USER
from orderflow.accounts.sessions import Grant
from orderflow.accounts.tokens import Claims, Expired, is_token
from orderflow.errors import Forbidden, OrderflowError, Unauthorized
from orderflow.web.kit.access import Authenticator
from orderflow.web.kit.refusals import NOTED, REFUSED, write_refusal

Environ = dict[str, Any]

ACCESS_COOKIE, REFRESH_COOKIE = "orderflow_access", "orderflow_refresh"
CSRF_COOKIE = "orderflow_csrf"
CSRF_HEADER = "X-CSRF-Token"
HOST = "__Host-"
SAFE = ("GET", "HEAD", "OPTIONS")
FOUND = "orderflow.user"
"""Where a request's environ keeps the claims of its user's token, None for a request without one."""
RENEWED = "orderflow.renewed"
"""Where it keeps a `Grant` whose cookies go into the answer; None: the cookies of an ended session are removed."""
LOG_IN = "this belongs to a user: log in first (POST /auth/login), and send the access token as a Bearer"
LOCAL = "this belongs to a user or to the operator: log in (POST /auth/login), or send the operator's key"
CSRF = f"a changing call with cookies needs the header {CSRF_HEADER} with the value of the cookie {CSRF_COOKIE}"


class Users:
    """Who makes a request. secure: whether the server is reached by https, whatever the scheme of a request is."""

    def __init__(self, accounts: Accounts, authenticator: Authenticator, *, secure: bool) -> None:
        self.accounts = accounts
        self._authenticator = authenticator
        self._secure = secure

    def claims(self, environ: Environ) -> Claims | None:
        """What the request's token says, None for a request without one.

        Raises Unauthorized for a token that is not valid or whose session is over, Forbidden for cookies without the
        CSRF token, StorageFailed.
        """
        if FOUND not in environ:
            environ[FOUND] = None if self.accounts.mode == "off" else self._find(environ)
        found: Claims | None = environ[FOUND]
        return found

    def require(self, environ: Environ) -> str:
        """The id of the request's user. Without a login that is the local user, for whoever may operate the server.

        Raises Unauthorized if a login is needed, and as `claims`.
        """
        claims = self.claims(environ)
        if claims is not None:
            return claims.user
        if self.accounts.mode == "required":
            raise Unauthorized(LOG_IN)
        if not self._authenticator.identify(environ).is_operator:
            raise Unauthorized(LOCAL)
        return LOCAL_USER

    def refresh_token(self, environ: Environ) -> str:
        """The refresh token of the cookies, "" for none. Raises Forbidden without the CSRF token."""
        token = self._cookies(environ).get(self._name(environ, REFRESH_COOKIE), "")
        if token:
            _check_csrf(environ, self.accounts.sessions.csrf_of(token))
        return token

    def cookies(self, environ: Environ, grant: Grant | None) -> list[str]:
        """Set-Cookie values for new tokens, or to remove them."""
        end = "; Secure" if self.is_secure(environ) else ""
        names = (self._name(environ, ACCESS_COOKIE), self._name(environ, REFRESH_COOKIE), CSRF_COOKIE)
        if grant is None:
            return [f"{name}=; Path=/; Max-Age=0; SameSite=Lax{end}" for name in names]
        age = max(0, grant.refresh_expires - self.accounts.now())
        values = zip(names, (grant.access, grant.refresh, grant.csrf), ("; HttpOnly", "; HttpOnly", ""), strict=True)
        return [f"{name}={value}; Path=/; Max-Age={age}; SameSite=Lax{hidden}{end}" for name, value, hidden in values]

    def log_refusal(self, environ: Environ, status: int) -> None:
        """Write the log's line if a request was refused. status: of its answer. A 404 is logged if it is a user's."""
        error: OrderflowError | None = environ.get(NOTED)
        status = status if error is None else error.status
        claims: Claims | None = environ.get(FOUND)
        if status in REFUSED and (claims is not None or status != 404):
            write_refusal(environ, status, self._named(environ) if claims is None else claims.user)

    def _named(self, environ: Environ) -> str:
        """The id of the user whose token a request carries, valid or not; "" for none."""
        _, _, bearer = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        cookies = self._cookies(environ)
        given = (
            bearer.strip(),
            *(cookies.get(self._name(environ, each), "") for each in (ACCESS_COOKIE, REFRESH_COOKIE)),
        )
        return next(filter(None, map(self.accounts.sessions.owner, filter(is_token, given))), "")

    def _find(self, environ: Environ) -> Claims | None:
        scheme, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme:  # the header decides: cookies beside it are not looked at
            bearer = given.strip()
            return self.accounts.sessions.read(bearer) if scheme.lower() == "bearer" and is_token(bearer) else None
        cookies = self._cookies(environ)
        access = cookies.get(self._name(environ, ACCESS_COOKIE), "")
        refresh = cookies.get(self._name(environ, REFRESH_COOKIE), "")
        if not access and not refresh:
            return None
        try:
            claims = self._renewed(environ, refresh) if not access else self._read(environ, access, refresh)
        except Unauthorized:
            environ[RENEWED] = None
            raise
        _check_csrf(environ, claims.csrf)
        return claims

    def _read(self, environ: Environ, access: str, refresh: str) -> Claims:
        try:
            return self.accounts.sessions.read(access)
        except Expired:
            if not refresh:
                raise
            return self._renewed(environ, refresh)

    def _renewed(self, environ: Environ, refresh: str) -> Claims:
        """Claims from a refresh token. It is replaced where the answer can set cookies, and the call is not forged."""
        sessions = self.accounts.sessions
        claims = sessions.glance(refresh)
        _check_csrf(environ, claims.csrf)
        if "HTTP_UPGRADE" not in environ:
            environ[RENEWED] = sessions.refresh(refresh)
        return claims

    def is_secure(self, environ: Environ) -> bool:
        """Whether the browser has used https."""
        return self._secure or environ.get("wsgi.url_scheme") == "https"

    def _name(self, environ: Environ, name: str) -> str:
        return f"{HOST}{name}" if self.is_secure(environ) else name

    @staticmethod
    def _cookies(environ: Environ) -> dict[str, str]:
        try:
            return {name: morsel.value for name, morsel in SimpleCookie(environ.get("HTTP_COOKIE", "")).items()}
        except CookieError:
            return {}


def _check_csrf(environ: Environ, expected: str) -> None:
    if environ["REQUEST_METHOD"] in SAFE:
        return
    given = environ.get(f"HTTP_{CSRF_HEADER.upper().replace('-', '_')}", "")
    if not hmac.compare_digest(given.encode(errors="surrogatepass"), expected.encode()):
        raise Forbidden(CSRF)
