"""Routes of second factors: the authenticator app, recovery codes and passkeys."""

from __future__ import annotations

from typing import Any

import flask

from orderflow.accounts.accounts import Accounts
from orderflow.accounts.identity import read_text
from orderflow.accounts.second_factors import read_code
from orderflow.products import HasParts
from orderflow.storage.records.passkey_store import StoredPasskey
from orderflow.web.accounts import account_requests as requests
from orderflow.web.accounts import account_schemas as schemas
from orderflow.web.accounts.account_requests import BASE, BODY_ERRORS, BUSY_ERRORS, CHANGE_ERRORS, LOGIN_ERRORS, ok
from orderflow.web.kit.api import Api
from orderflow.web.kit.current_user import current_login
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.responses import JSON, json_response, stamp
from orderflow.web.kit.routes import Route, Values, View


class FactorsApi(Api):
    """Second factors."""

    def __init__(self, services: HasParts, fanout: Fanout) -> None:
        self._accounts = services.part(Accounts)

    def routes(self) -> list[Route]:
        late = {
            **CHANGE_ERRORS,
            409: "There is one already, the secret is too old, or the password was changed meanwhile.",
        }
        confirmed = {JSON: schemas.CONFIRMED}
        passkey = {401: "The passkey is not known, or its answer is wrong.", **BODY_ERRORS, **BUSY_ERRORS}
        return [
            Route("POST", f"{BASE}/totp", self._on(self.enrol), "Begin with an authenticator app", user=True,
                  body=confirmed, answers=ok("The secret.", schemas.SECRET), errors=late),
            Route("POST", f"{BASE}/totp/confirm", self._on(self.confirm), "Take the authenticator app in use",
                  "By a code of it. The recovery codes are shown once.", user=True, body={JSON: schemas.CODE},
                  answers=ok("Recovery codes.", schemas.CODES), errors=late),
            Route("POST", f"{BASE}/totp/remove", self._on(self.remove), "Do without the authenticator app", user=True,
                  body=confirmed, answers=ok("The user.", schemas.USER), errors=CHANGE_ERRORS),
            Route("POST", f"{BASE}/recovery", self._on(self.recovery), "New recovery codes", "The old ones end.",
                  user=True, body=confirmed, answers=ok("Recovery codes.", schemas.CODES), errors=late),
            Route("GET", f"{BASE}/passkeys", self._on(self.passkeys), "One's passkeys",
                  answers=ok("The passkeys.", schemas.PASSKEYS), errors=LOGIN_ERRORS),
            Route("POST", f"{BASE}/passkeys/options", self._on(self.passkey_options), "Begin with a passkey",
                  user=True, body=confirmed,
                  answers=ok("For `navigator.credentials.create`.", schemas.CHALLENGE), errors=CHANGE_ERRORS),
            Route("POST", f"{BASE}/passkeys", self._on(self.add_passkey), "Add a passkey",
                  "The first second factor of an account comes with recovery codes.", user=True,
                  body={JSON: schemas.ANSWER}, answers=ok("The passkey.", schemas.ADDED_PASSKEY, 201), errors=late),
            Route("POST", f"{BASE}/passkeys/remove", self._on(self.remove_passkey), "Remove a passkey", user=True,
                  body={JSON: schemas.PASSKEY_REMOVAL}, answers=ok("The user.", schemas.USER), errors=CHANGE_ERRORS),
            Route("POST", f"{BASE}/passkeys/login/options", self._on(self.login_options), "Begin a login by passkey",
                  open=True, answers=ok("For `navigator.credentials.get`.", schemas.CHALLENGE), errors=BODY_ERRORS),
            Route("POST", f"{BASE}/passkeys/login", self._on(self.login), "Log in by a passkey alone", open=True,
                  body={JSON: schemas.ANSWER}, answers=ok("The tokens.", schemas.TOKENS), errors=passkey),
        ]  # fmt: skip

    def enrol(self, values: Values) -> flask.Response:
        claims, password, caller = current_login(), _password(), requests.caller()
        made = self._accounts.factors.enrol(claims.user, password, caller)
        return json_response({"secret": made.secret, "uri": made.uri}, headers=requests.NO_STORE)

    def confirm(self, values: Values) -> flask.Response:
        claims, given, caller = current_login(), requests.given(), requests.caller()
        confirm = self._accounts.factors.confirm
        return _codes(requests.changed(lambda: confirm(claims.user, read_code(given.get("code")), caller)))

    def remove(self, values: Values) -> flask.Response:
        claims, password, caller = current_login(), _password(), requests.caller()
        requests.changed(lambda: self._accounts.factors.remove(claims.user, password, caller))
        return self._user(claims.user)

    def recovery(self, values: Values) -> flask.Response:
        claims, password, caller = current_login(), _password(), requests.caller()
        return _codes(self._accounts.factors.renew_codes(claims.user, password, caller))

    def passkeys(self, values: Values) -> flask.Response:
        return json_response([passkey(each) for each in self._accounts.passkeys.list(current_login().user)])

    def passkey_options(self, values: Values) -> flask.Response:
        claims, password, caller = current_login(), _password(), requests.caller()
        made = self._accounts.passkeys.begin_adding(claims.user, password, requests.site(), caller)
        return json_response(made, headers=requests.NO_STORE)

    def add_passkey(self, values: Values) -> flask.Response:
        claims, given, caller, site = current_login(), requests.given(), requests.caller(), requests.site()
        made, codes = requests.changed(lambda: self._accounts.passkeys.add(claims.user, given, site, caller))
        return json_response({**passkey(made), "recovery_codes": list(codes)}, 201, requests.NO_STORE)

    def remove_passkey(self, values: Values) -> flask.Response:
        claims, given, caller = current_login(), requests.given(), requests.caller()

        def remove() -> None:
            which, password = read_text(given, "passkey"), read_text(given, "password")
            self._accounts.passkeys.remove(which, claims.user, password, caller)

        requests.changed(remove)
        return self._user(claims.user)

    def login_options(self, values: Values) -> flask.Response:
        return json_response(self._accounts.passkeys.begin_login(requests.site()), headers=requests.NO_STORE)

    def login(self, values: Values) -> flask.Response:
        given, caller, site = requests.given(), requests.caller(), requests.site()
        return requests.granted(self._accounts.login_by_passkey(given, caller, site), cookies=True)

    def _user(self, user: str) -> flask.Response:
        return json_response(requests.shown(self._accounts.user(user), self._accounts))

    def _on(self, view: View) -> View:
        return requests.when_on(self._accounts, view)


def passkey(each: StoredPasskey) -> dict[str, Any]:
    """A passkey for the API."""
    used = stamp(each.used) if each.used else None
    return {"id": each.id, "name": each.name, "created": stamp(each.created), "last_used": used}


def _password() -> str:
    """The field `password`, which confirms a change."""
    given = requests.given()
    return requests.changed(lambda: read_text(given, "password"))


def _codes(codes: list[str]) -> flask.Response:
    return json_response({"recovery_codes": codes}, headers=requests.NO_STORE)
