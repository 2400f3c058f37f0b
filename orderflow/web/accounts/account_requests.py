"""What the routes of accounts read from a request, and how they answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import flask

from orderflow.accounts.accounts import Accounts, Caller
from orderflow.accounts.passkeys import Site
from orderflow.accounts.sessions import Grant
from orderflow.accounts.tokens import ACCESS_SECONDS, Claims, is_token
from orderflow.errors import NotFound
from orderflow.storage.records.user_store import StoredUser
from orderflow.web.kit.current_user import users_of
from orderflow.web.kit.request_body import read_object
from orderflow.web.kit.responses import JSON, json_response, stamp
from orderflow.web.kit.routes import ResponseDoc, View
from orderflow.web.kit.schemas import Schema
from orderflow.web.kit.unprocessable import with_status
from orderflow.web.kit.users import FOUND, RENEWED

T = TypeVar("T")
BASE = "/auth"
MAX_BODY = 16_384
OFF = "this server has no accounts (ORDERFLOW_ACCOUNTS=off)"
NO_STORE = {"Cache-Control": "no-store"}

OFF_ERRORS = {404: "The server has no accounts.", 507: "The records cannot be used now."}
BODY_ERRORS = {413: "The body is too large.", 415: "The Content-Encoding is not supported.", **OFF_ERRORS}
LOGIN_ERRORS = {401: "The login is needed, it has ended, or the password is wrong.", **OFF_ERRORS}
BUSY_ERRORS = {429: "Too many attempts from this address, or too many logins at this moment."}
OVERTAKEN_ERRORS = {409: "The password was changed meanwhile."}
CHANGE_ERRORS = {**LOGIN_ERRORS, **BODY_ERRORS, **BUSY_ERRORS, **OVERTAKEN_ERRORS, 422: "A field is wrong."}


def ok(doc: str, schema: Schema, status: int = 200) -> dict[int, ResponseDoc]:
    """The documentation of an answer."""
    return {status: ResponseDoc(doc, {JSON: schema})}


def when_on(accounts: Accounts, view: View) -> View:
    """`view`, but 404 on a server without accounts."""

    def checked(values: Any) -> flask.Response:
        if accounts.mode == "off":
            raise NotFound(OFF)
        return view(values)

    return checked


def given() -> dict[str, Any]:
    """The request's body as a JSON object, {} without one. Raises BadInput, and as `read_body`."""
    return read_object(flask.request.environ, MAX_BODY, empty=True)


def changed(call: Callable[[], T]) -> T:
    """`call()`; a wrong field is answered with 422."""
    return with_status(call)


def caller() -> Caller:
    """Where the present request comes from, with its session if `current_login` has found one."""
    request = flask.request
    claims: Claims | None = request.environ.get(FOUND)
    device = "".join(filter(str.isprintable, request.headers.get("User-Agent", "")))
    return Caller(request.environ.get("REMOTE_ADDR", ""), device[:200], None if claims is None else claims.session)


def site() -> Site:
    """The server by the name under which the browser has reached it. The gate has checked that it is one."""
    environ = flask.request.environ
    host = environ.get("HTTP_HOST", "localhost")
    scheme = "https" if users_of().is_secure(environ) else "http"
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and ":" in host else host
    return Site(name, f"{scheme}://{host}")


def bearer() -> str:
    """The request's bearer if it is a token, else ""."""
    scheme, _, text = flask.request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" and is_token(text.strip()) else ""


def granted(grant: Grant, *, cookies: bool) -> flask.Response:
    """The tokens as an answer, and as cookies."""
    if cookies:
        set_cookies(grant)
    tokens = {"access_token": grant.access, "refresh_token": grant.refresh, "token_type": "bearer"}
    return json_response({**tokens, "expires_in": ACCESS_SECONDS}, headers=NO_STORE)


def set_cookies(grant: Grant | None) -> None:
    """Let the answer set the cookies of a login, or remove them; not where the request came with a Bearer."""
    if not bearer():
        flask.request.environ[RENEWED] = grant


def shown(user: StoredUser, accounts: Accounts) -> dict[str, Any]:
    """A user for the API."""
    return {
        "id": user.id,
        "nickname": user.nickname,
        "email": user.email,
        "created": stamp(user.created),
        "password_changed": stamp(user.password_changed),
        "authenticator": bool(user.totp),
        "recovery_codes": accounts.factors.left(user),
        "passkeys": len(accounts.passkeys.list(user.id)),
    }
