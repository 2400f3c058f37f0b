"""Routes of accounts: register, log in, refresh, log out, and one's sessions.

A login answers with tokens for scripts and sets them as cookies for browsers (see `orderflow.web.kit.users`).
"""

from __future__ import annotations

from typing import Any

import flask

from orderflow.accounts.accounts import Accounts, Caller
from orderflow.accounts.sessions import Grant
from orderflow.accounts.tokens import ACCESS_SECONDS, Claims, is_token
from orderflow.errors import NotFound, Unauthorized
from orderflow.products import HasParts
from orderflow.storage.records.user_store import StoredUser
from orderflow.web.accounts import account_schemas as schemas
from orderflow.web.kit.api import Api
from orderflow.web.kit.current_user import users_of
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.params import text
from orderflow.web.kit.request_body import read_object
from orderflow.web.kit.responses import JSON, json_response, stamp
from orderflow.web.kit.routes import ResponseDoc, Route, Values
from orderflow.web.kit.schemas import Schema
from orderflow.web.kit.unprocessable import with_status
from orderflow.web.kit.users import RENEWED

BASE = "/auth"
MAX_BODY = 16_384
OFF = "this server has no accounts (ORDERFLOW_ACCOUNTS=off)"
NO_LOGIN = "log in first: POST /auth/login"
NO_TOKEN = "send the refresh token: in the body, as a Bearer, or as the cookie that a login sets"
SESSION = text("id", "The session's id.", place="path", longest=32)


class AccountsApi(Api):
    """Accounts and sessions."""

    def __init__(self, services: HasParts, fanout: Fanout) -> None:
        self._accounts = services.part(Accounts)

    def routes(self) -> list[Route]:
        def ok(doc: str, schema: Schema, status: int = 200) -> dict[int, ResponseDoc]:
            return {status: ResponseDoc(doc, {JSON: schema})}

        off = {404: "The server has no accounts.", 507: "The records cannot be used now."}
        body = {413: "The body is too large.", 415: "The Content-Encoding is not supported.", **off}
        login = {401: "The login is needed, or it has ended.", **off}
        busy = {429: "Too many attempts from this address, or too many logins at this moment."}
        return [
            Route("POST", f"{BASE}/register", self.register, "Register",
                  "A password has at least 15 characters, and is not one that is tried first.", open=True,
                  body={JSON: schemas.REGISTRATION}, answers=ok("The new user.", schemas.USER, 201),
                  errors={409: "The e-mail address or the nickname is taken.", 422: "A field is wrong.",
                          **body, **busy}),
            Route("POST", f"{BASE}/login", self.login, "Log in",
                  "Sets the tokens as cookies too; a changing call with cookies repeats `orderflow_csrf` in "
                  "`X-CSRF-Token`.", open=True,
                  body={JSON: schemas.LOGIN}, answers=ok("The tokens.", schemas.TOKENS),
                  errors={401: "The e-mail address or the password is wrong.", 422: "A field is wrong.",
                          **body, **busy}),
            Route("POST", f"{BASE}/refresh", self.refresh, "New tokens for a refresh token",
                  "The refresh token is replaced. One that was replaced before ends the session.", open=True,
                  answers=ok("The tokens.", schemas.TOKENS), errors={**body, **login}),
            Route("POST", f"{BASE}/logout", self.logout, "Log out",
                  "Ends the session of the token and removes the cookies.", open=True,
                  answers=ok("How many sessions ended: 0 or 1.", schemas.ENDED), errors=off),
            Route("GET", f"{BASE}/me", self.me, "The user who is logged in",
                  answers=ok("The user.", schemas.USER), errors=login),
            Route("GET", f"{BASE}/sessions", self.sessions, "One's sessions",
                  answers=ok("The sessions, the last used first.", schemas.SESSIONS), errors=login),
            Route("DELETE", f"{BASE}/sessions/{{id}}", self.end, "End one of one's sessions",
                  "`others` ends all but the present one.", (SESSION,), user=True,
                  answers=ok("How many ended.", schemas.ENDED), errors=login),
        ]  # fmt: skip

    def register(self, values: Values) -> flask.Response:
        self._check_on()
        given = read_object(flask.request.environ, MAX_BODY)
        user = with_status(lambda: self._accounts.register(given, caller()))
        return json_response(shown(user), 201)

    def login(self, values: Values) -> flask.Response:
        self._check_on()
        given = read_object(flask.request.environ, MAX_BODY)
        grant = with_status(lambda: self._accounts.login(given, caller()))
        return granted(grant, cookies=True)

    def refresh(self, values: Values) -> flask.Response:
        self._check_on()
        given = read_object(flask.request.environ, MAX_BODY, empty=True).get("refresh_token") or _bearer()
        if given:
            return granted(self._accounts.sessions.refresh(str(given)), cookies=False)
        token = users_of().refresh_token(flask.request.environ)
        if not token:
            raise Unauthorized(NO_TOKEN)
        return granted(self._accounts.sessions.refresh(token), cookies=True)

    def logout(self, values: Values) -> flask.Response:
        self._check_on()
        environ = flask.request.environ
        try:
            claims = users_of().claims(environ)
        except Unauthorized:  # it is over already
            claims = None
        if not _bearer():
            environ[RENEWED] = None
        return json_response({"ended": int(claims is not None and self._accounts.sessions.end(claims.session))})

    def me(self, values: Values) -> flask.Response:
        return json_response(shown(self._accounts.user(self._claims().user)))

    def sessions(self, values: Values) -> flask.Response:
        claims = self._claims()
        found = self._accounts.sessions.list(claims.user)
        return json_response(
            [
                {
                    "id": each.id,
                    "device": each.device,
                    "address": each.address,
                    "created": stamp(each.created),
                    "last_used": stamp(each.used),
                    "ends": stamp(min(each.expires, each.ends)),
                    "current": each.id == claims.session,
                }
                for each in found
            ]
        )

    def end(self, values: Values) -> flask.Response:
        claims, sessions = self._claims(), self._accounts.sessions
        if values["id"] == "others":
            return json_response({"ended": sessions.end_all(claims.user, but=claims.session)})
        if not sessions.end(values["id"], claims.user):
            raise NotFound("you have no such session")
        if values["id"] == claims.session and not _bearer():
            flask.request.environ[RENEWED] = None
        return json_response({"ended": 1})

    def _check_on(self) -> None:
        if self._accounts.mode == "off":
            raise NotFound(OFF)

    def _claims(self) -> Claims:
        """Of the user's token. Raises Unauthorized without one."""
        self._check_on()
        claims = users_of().claims(flask.request.environ)
        if claims is None:
            raise Unauthorized(NO_LOGIN)
        return claims


def caller() -> Caller:
    """Where the present request comes from."""
    request = flask.request
    device = "".join(filter(str.isprintable, request.headers.get("User-Agent", "")))
    return Caller(request.environ.get("REMOTE_ADDR", ""), device[:200])


def granted(grant: Grant, *, cookies: bool) -> flask.Response:
    """The tokens as an answer, and as cookies."""
    if cookies:
        flask.request.environ[RENEWED] = grant
    tokens = {"access_token": grant.access, "refresh_token": grant.refresh, "token_type": "bearer"}
    return json_response({**tokens, "expires_in": ACCESS_SECONDS}, headers={"Cache-Control": "no-store"})


def shown(user: StoredUser) -> dict[str, Any]:
    """A user for the API."""
    times = {"created": stamp(user.created), "password_changed": stamp(user.password_changed)}
    return {"id": user.id, "nickname": user.nickname, "email": user.email, **times}


def _bearer() -> str:
    """The request's bearer if it is a token, else ""."""
    scheme, _, given = flask.request.headers.get("Authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" and is_token(given.strip()) else ""
