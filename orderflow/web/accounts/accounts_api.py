"""Routes of accounts: register, log in, refresh, log out, and one's sessions.

A login answers with tokens for scripts and sets them as cookies for browsers (see `orderflow.web.kit.users`).
"""

from __future__ import annotations

from typing import Any

import flask

from orderflow.accounts.accounts import Accounts
from orderflow.errors import NotFound, Unauthorized
from orderflow.products import HasParts
from orderflow.storage.records.session_store import StoredSession
from orderflow.web.accounts import account_requests as requests
from orderflow.web.accounts import account_schemas as schemas
from orderflow.web.accounts.account_requests import BASE, BODY_ERRORS, BUSY_ERRORS, LOGIN_ERRORS, OFF_ERRORS, ok
from orderflow.web.kit.api import Api
from orderflow.web.kit.current_user import current_login, users_of
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.params import text
from orderflow.web.kit.responses import JSON, json_response, stamp
from orderflow.web.kit.routes import Route, Values, View

NO_TOKEN = "send the refresh token: in the body, as a Bearer, or as the cookie that a login sets"
SESSION = text("id", "The session's id, or `others`.", place="path", longest=32)


class AccountsApi(Api):
    """Logins and sessions."""

    def __init__(self, services: HasParts, fanout: Fanout) -> None:
        self._accounts = services.part(Accounts)

    def routes(self) -> list[Route]:
        wrong = {422: "A field is wrong.", **BODY_ERRORS, **BUSY_ERRORS}
        return [
            Route("POST", f"{BASE}/register", self._on(self.register), "Register",
                  "A password has at least 15 characters, and is not one that is tried first.", open=True,
                  body={JSON: schemas.REGISTRATION}, answers=ok("The new user.", schemas.USER, 201),
                  errors={409: "The e-mail address or the nickname is taken.", **wrong}),
            Route("POST", f"{BASE}/login", self._on(self.login), "Log in",
                  "Sets the tokens as cookies too; a changing call with cookies repeats `orderflow_csrf` in "
                  "`X-CSRF-Token`. `code`: of the authenticator app, or a recovery code.", open=True,
                  body={JSON: schemas.LOGIN}, answers=ok("The tokens.", schemas.TOKENS),
                  errors={401: "The e-mail address or the password is wrong, or `errors` names the second factor that "
                               "is needed.", **wrong}),
            Route("POST", f"{BASE}/refresh", self._on(self.refresh), "New tokens for a refresh token",
                  "From `refresh_token` in the body, a Bearer, or the cookie. The token is replaced; one that was "
                  "replaced before ends the session.", open=True,
                  answers=ok("The tokens.", schemas.TOKENS), errors={**BODY_ERRORS, **LOGIN_ERRORS}),
            Route("POST", f"{BASE}/logout", self._on(self.logout), "Log out",
                  "Ends the session of the token and removes the cookies.", open=True,
                  answers=ok("How many sessions ended: 0 or 1.", schemas.ENDED), errors=OFF_ERRORS),
            Route("GET", f"{BASE}/me", self._on(self.me), "The user who is logged in",
                  answers=ok("The user.", schemas.USER), errors=LOGIN_ERRORS),
            Route("GET", f"{BASE}/sessions", self._on(self.sessions), "One's sessions",
                  answers=ok("The sessions, the last used first.", schemas.SESSIONS), errors=LOGIN_ERRORS),
            Route("DELETE", f"{BASE}/sessions/{{id}}", self._on(self.end), "End one of one's sessions",
                  "`others` ends all but the present one.", (SESSION,), user=True,
                  answers=ok("How many ended.", schemas.ENDED), errors=LOGIN_ERRORS),
        ]  # fmt: skip

    def register(self, values: Values) -> flask.Response:
        given, caller = requests.given(), requests.caller()
        user = requests.changed(lambda: self._accounts.register(given, caller))
        return json_response(requests.shown(user, self._accounts), 201)

    def login(self, values: Values) -> flask.Response:
        given, caller, site = requests.given(), requests.caller(), requests.site()
        grant = requests.changed(lambda: self._accounts.login(given, caller, site))
        return requests.granted(grant, cookies=True)

    def refresh(self, values: Values) -> flask.Response:
        given = requests.given().get("refresh_token") or requests.bearer()
        if given:
            return requests.granted(self._accounts.sessions.refresh(str(given)), cookies=False)
        token = users_of().refresh_token(flask.request.environ)
        if not token:
            raise Unauthorized(NO_TOKEN)
        return requests.granted(self._accounts.sessions.refresh(token), cookies=True)

    def logout(self, values: Values) -> flask.Response:
        try:
            claims = users_of().claims(flask.request.environ)
        except Unauthorized:  # it is over already
            claims = None
        requests.set_cookies(None)
        return json_response({"ended": int(claims is not None and self._accounts.sessions.end(claims.session))})

    def me(self, values: Values) -> flask.Response:
        return json_response(requests.shown(self._accounts.user(current_login().user), self._accounts))

    def sessions(self, values: Values) -> flask.Response:
        claims = current_login()
        return json_response([session(each, claims.session) for each in self._accounts.sessions.list(claims.user)])

    def end(self, values: Values) -> flask.Response:
        claims, sessions = current_login(), self._accounts.sessions
        if values["id"] == "others":
            return json_response({"ended": sessions.end_all(claims.user, but=claims.session)})
        if not sessions.end(values["id"], claims.user, by=claims.session):
            raise NotFound("you have no such session")
        if values["id"] == claims.session:
            requests.set_cookies(None)
        return json_response({"ended": 1})

    def _on(self, view: View) -> View:
        return requests.when_on(self._accounts, view)


def session(each: StoredSession, current: str = "") -> dict[str, Any]:
    """A session for the API. current: the id of the caller's own."""
    return {
        "id": each.id,
        "device": each.device,
        "address": each.address,
        "created": stamp(each.created),
        "last_used": stamp(each.used),
        "ends": stamp(min(each.expires, each.ends)),
        "current": each.id == current,
    }
