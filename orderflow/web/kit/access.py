"""Identifies who makes a request, in the same way for routes, sockets and Dash callbacks.

The server's `Authenticator` makes an `Identity` once per request from the WSGI environ: `NOBODY` (anonymous), or
`OPERATOR`, who holds the server's key (as a bearer token, or as the signed cookie that `?key=` sets). If the server has
no key, everybody is the operator.

`Gate` (in `security`) stands in front of every route and refuses a changing call without the key, unless the route's
row says `open=True`. Dash sends all its callbacks to one address, which the gate lets through, so a callback that
changes something carries `operator_only`. Routes, sockets and callbacks whose answer depends on who asks use
`current_identity`, or `is_operator` for short.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Literal, ParamSpec

import flask
from itsdangerous import BadSignature, TimestampSigner

from orderflow.errors import Forbidden, Unauthorized
from orderflow.settings.settings import Settings

P = ParamSpec("P")
Environ = dict[str, Any]

COOKIE = "orderflow_key"
COOKIE_SECONDS = 30 * 86_400
COOKIE_VALUE = "operator"
SALT = "orderflow.operator"
IDENTITY = "orderflow.identity"
"""Where a request's environ keeps its identity."""
AUTHENTICATOR = "orderflow.authenticator"
"""Where a server's `extensions` have its authenticator."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who makes a request."""

    role: Literal["nobody", "operator"]

    @property
    def is_operator(self) -> bool:
        """True for the operator, who may change everything."""
        return self.role == "operator"


NOBODY = Identity("nobody")
OPERATOR = Identity("operator")


def make_key() -> str:
    """A new random key, short enough to be typed from a screen."""
    return secrets.token_urlsafe(18)


class Authenticator:
    """Identifies requests, and makes the cookie that signs a browser in.

    key: the operator's key. It is the one in the settings, or a new one if there is none and other machines can reach
    the server; None if no key is needed. Cookies are signed with it, so a new key invalidates them.
    """

    def __init__(self, settings: Settings) -> None:
        self.key = settings.api_key or (make_key() if settings.exposed else None)
        self._signer = TimestampSigner(
            self.key or make_key(), SALT, key_derivation="hmac", digest_method=hashlib.sha256
        )

    def identify(self, environ: Environ) -> Identity:
        """The identity of a request. Raises Forbidden for a wrong key in an Authorization header."""
        known: Identity | None = environ.get(IDENTITY)
        if known is None:
            known = environ[IDENTITY] = self._identify(environ)
        return known

    def is_key(self, given: str) -> bool:
        """Whether `given` is the key, compared in constant time."""
        return self.key is not None and hmac.compare_digest(given.encode(), self.key.encode())

    def cookie(self, *, secure: bool) -> str:
        """The Set-Cookie value that makes a browser the operator for COOKIE_SECONDS."""
        value = self._signer.sign(COOKIE_VALUE).decode()
        end = "; Secure" if secure else ""
        return f"{COOKIE}={value}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax{end}"

    def _identify(self, environ: Environ) -> Identity:
        if self.key is None:
            return OPERATOR
        scheme, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "bearer":
            if not self.is_key(given.strip()):
                raise Forbidden("the key is wrong")
            return OPERATOR
        return OPERATOR if self._is_signed(_cookie(environ)) else NOBODY

    def _is_signed(self, cookie: str) -> bool:
        try:
            return bool(cookie) and self._signer.unsign(cookie, COOKIE_SECONDS) == COOKIE_VALUE.encode()
        except BadSignature:
            return False


def current_identity() -> Identity:
    """Who makes the present request. Raises Forbidden for a wrong key in an Authorization header."""
    authenticator: Authenticator = flask.current_app.extensions[AUTHENTICATOR]
    return authenticator.identify(flask.request.environ)


def is_operator() -> bool:
    """True when the present request carries the key, or the server needs none. Raises as `current_identity`."""
    return current_identity().is_operator


def require_operator(message: str) -> None:
    """Raises Unauthorized with `message` unless the operator makes the present request."""
    if not is_operator():
        raise Unauthorized(message)


def operator_only(otherwise: Callable[[], Any]) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Decorate a Dash callback that changes something: without the key it returns `otherwise()` and does nothing.

        @app.callback(Output("note", "children"), Input("freeze", "n_clicks"), prevent_initial_call=True)
        @operator_only(lambda: NEEDS_KEY)
        def freeze(clicks): ...

    `otherwise` makes the callback's outputs for a request without the key: a notice, or `no_update` for each output.
    The decorated function has the attribute `operator_only = True`, by which tests find it in `app.callback_map`.
    """

    def decorate(callback: Callable[P, Any]) -> Callable[P, Any]:
        @functools.wraps(callback)
        def checked(*args: P.args, **kwargs: P.kwargs) -> Any:
            return callback(*args, **kwargs) if is_operator() else otherwise()

        checked.operator_only = True  # type: ignore[attr-defined]  # functions have attributes
        return checked

    return decorate


def _cookie(environ: Environ) -> str:
    try:
        morsel = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""
