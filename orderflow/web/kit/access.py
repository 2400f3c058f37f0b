"""Identifies who makes a request, in the same way for routes, sockets and Dash callbacks.

The server's `Authenticator` makes an `Identity` once per request from the WSGI environ: `NOBODY` (anonymous), or
`OPERATOR`, who holds the server's key (as a bearer token, or as the signed cookie that `?key=` sets). If the server has
no key, everybody is the operator. A bearer that has the form of a JSON Web Token is a user's (`users`), never the key.

`Gate` (in `security`) stands in front of every route and refuses a changing call without the key, unless the route's
row says `open=True`. Dash sends all its callbacks to one address, which the gate lets through, so a callback that
changes something carries `operator_only`. Routes, sockets and callbacks whose answer depends on who asks use
`current_identity`, or `is_operator` for short.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Literal, ParamSpec

import flask
from itsdangerous import BadSignature, TimestampSigner

from orderflow.accounts.tokens import is_token
from orderflow.errors import Forbidden, StorageFailed, Unauthorized
from orderflow.settings.settings import Settings
from orderflow.storage.key_file import KeyFile
from orderflow.storage.key_file import make_key as make_key
from orderflow.web.kit.refusals import note_refused_callback
from orderflow.web.kit.wrong_keys import WrongKeys

log = logging.getLogger(__name__)
P = ParamSpec("P")
Environ = dict[str, Any]

COOKIE = "orderflow_key"
COOKIE_SECONDS = 30 * 86_400
COOKIE_VALUE = "operator"
SALT = "orderflow.operator"
LONG = 20
"""Characters of a key that nobody guesses: it is let in from everywhere, whatever others have tried."""
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


class Authenticator:
    """Identifies requests, and makes the cookie that signs a browser in.

    key: the operator's key. It is the one in the settings; without one there, and if other machines can reach the
    server, the one in the data directory (`KeyFile`); None if no key is needed. Cookies are signed with it, so a new
    key invalidates them: also one that is written while the server runs. clock: monotonic seconds.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._file: KeyFile | None = None
        self.key = settings.api_key or (self._own_key(settings) if settings.exposed else None)
        self._signer = _signer(self.key or make_key())
        self._before: str | None = None
        self.wrong = WrongKeys()

    def refresh(self) -> str | None:
        """Take over a key that was written since; the key."""
        if self._file is not None and (key := self._file.read()) != self.key:
            log.warning("the key has changed: the old one and its cookies are not valid any more")
            self.key, self._before, self._signer = key, self.key, _signer(key)
        return self.key

    def secrets(self) -> tuple[str, ...]:
        """The keys that nothing may be logged of: the present one and the one before."""
        return tuple(key for key in (self.key, self._before) if key)

    def identify(self, environ: Environ) -> Identity:
        """The identity of a request. Raises Forbidden for a wrong key in an Authorization header, Busy after many."""
        known: Identity | None = environ.get(IDENTITY)
        if known is None:
            known = environ[IDENTITY] = self._identify(environ)
        return known

    def is_key(self, given: str) -> bool:
        """Whether `given` is the key, compared in constant time."""
        return self.refresh() is not None and hmac.compare_digest(_digest(given), _digest(self.key or ""))

    def check_key(self, environ: Environ, given: str) -> None:
        """Raises Forbidden unless a request's key is right, Busy after many wrong ones from its address."""
        where = environ.get("REMOTE_ADDR", ""), environ.get("HTTP_HOST", "")
        right = self.is_key(given)
        if right and (len(given) >= LONG or self.wrong.trusts(*where)):
            return
        self.wrong.allow(*where, self._clock())
        if not right:
            self.wrong.add(*where, self._clock())
            raise Forbidden("the key is wrong")
        self.wrong.trust(*where)

    def has_cookie(self, environ: Environ) -> bool:
        """Whether the request comes from a browser that is signed in. False if no key is needed."""
        return self.refresh() is not None and self._is_signed(_cookie(environ))

    def cookie(self, *, secure: bool) -> str:
        """The Set-Cookie value that makes a browser the operator for COOKIE_SECONDS."""
        value = self._signer.sign(COOKIE_VALUE).decode()
        end = "; Secure" if secure else ""
        return f"{COOKIE}={value}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax{end}"

    def sign_out(self) -> str:
        """The Set-Cookie value that removes the cookie."""
        return f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"

    def _own_key(self, settings: Settings) -> str:
        if settings.ephemeral:
            return make_key()
        self._file = KeyFile(settings.data_dir)
        try:
            return self._file.load()
        except StorageFailed as error:
            log.warning("%s; this start has a key of its own", error)
            self._file = None
            return make_key()

    def _identify(self, environ: Environ) -> Identity:
        if self.key is None:
            return OPERATOR
        scheme, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "bearer":
            if is_token(given.strip()):  # a user's token is never the key
                return NOBODY
            self.check_key(environ, given.strip())
            return OPERATOR
        return OPERATOR if self.has_cookie(environ) else NOBODY

    def _is_signed(self, cookie: str) -> bool:
        try:
            value, signed = self._signer.unsign(cookie, return_timestamp=True)
        except BadSignature:
            return False
        # a cookie from the future was made before the clock was set back
        age = self._signer.get_timestamp() - signed.timestamp()
        return value == COOKIE_VALUE.encode() and age <= COOKIE_SECONDS


def _signer(key: str) -> TimestampSigner:
    return TimestampSigner(key, SALT, key_derivation="hmac", digest_method=hashlib.sha256)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="surrogatepass")).digest()


def current_identity() -> Identity:
    """Who makes the present request. Raises Forbidden for a wrong key in an Authorization header."""
    authenticator: Authenticator = flask.current_app.extensions[AUTHENTICATOR]
    return authenticator.identify(flask.request.environ)


def is_operator() -> bool:
    """True when the present request carries the key, or the server needs none. Raises as `current_identity`."""
    return current_identity().is_operator


def still_operator() -> Callable[[], bool]:
    """For a socket: whether the operator made the present request, and the key of that moment is still the key."""
    authenticator: Authenticator = flask.current_app.extensions[AUTHENTICATOR]
    if not is_operator():
        return lambda: False
    key = authenticator.key
    return lambda: authenticator.refresh() == key


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
            if is_operator():
                return callback(*args, **kwargs)
            note_refused_callback(Unauthorized("this needs the operator's key"))
            return otherwise()

        checked.operator_only = True  # type: ignore[attr-defined]  # functions have attributes
        return checked

    return decorate


def _cookie(environ: Environ) -> str:
    try:
        morsel = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""
