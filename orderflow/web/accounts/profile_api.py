"""Routes by which users change their account, take their data away, or delete it, and reset a forgotten password."""

from __future__ import annotations

import flask

from orderflow.accounts.accounts import Accounts
from orderflow.services import Services
from orderflow.web.accounts import account_requests as requests
from orderflow.web.accounts import account_schemas as schemas
from orderflow.web.accounts.account_requests import BASE, BODY_ERRORS, BUSY_ERRORS, CHANGE_ERRORS, LOGIN_ERRORS, ok
from orderflow.web.accounts.accounts_api import session
from orderflow.web.accounts.factors_api import passkey
from orderflow.web.kit.api import Api
from orderflow.web.kit.current_user import current_login
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.json_pieces import json_pieces
from orderflow.web.kit.responses import JSON, in_worker, json_response, reserve, stream
from orderflow.web.kit.routes import Route, Values, View

EXPORT_BYTES = 8 << 20
"""Memory of an account's export, about, which is written as it is read."""
SENT = "if there is an account with this e-mail address, it has been sent a code that is valid for 30 minutes"


class ProfileApi(Api):
    """One's own account."""

    def __init__(self, services: Services, fanout: Fanout) -> None:
        self._accounts = services.part(Accounts)
        self._run = services.workers.run

    def routes(self) -> list[Route]:
        taken = {409: "The e-mail address is taken, or the password was changed meanwhile."}
        reset = {422: "A field is wrong.", **BODY_ERRORS, **BUSY_ERRORS}
        return [
            Route("POST", f"{BASE}/password", self._on(self.password), "Change the password",
                  "All other sessions end.", user=True, body={JSON: schemas.NEW_PASSWORD},
                  answers=ok("The user.", schemas.USER), errors=CHANGE_ERRORS),
            Route("POST", f"{BASE}/email", self._on(self.email), "Change the e-mail address", user=True,
                  body={JSON: schemas.NEW_EMAIL}, answers=ok("The user.", schemas.USER),
                  errors={**CHANGE_ERRORS, **taken}),
            Route("POST", f"{BASE}/delete", self._on(self.delete), "Delete the account with all its data", user=True,
                  body={JSON: schemas.CONFIRMED}, answers=ok("Deleted.", schemas.DELETED), errors=CHANGE_ERRORS),
            Route("GET", f"{BASE}/export", self._on(self.export), "All that the server keeps of the user",
                  answers=ok("The data, by what it is.", schemas.EXPORT), errors=LOGIN_ERRORS),
            Route("POST", f"{BASE}/reset", self._on(self.ask_reset), "Ask for a code that resets the password",
                  "It is sent by e-mail. The answer is the same for every address.", open=True,
                  body={JSON: schemas.RESET}, answers=ok("It is on its way, if there is such an account.",
                                                         schemas.MESSAGE, 202),
                  errors={409: "The server sends no e-mail.", **reset}),
            Route("POST", f"{BASE}/reset/confirm", self._on(self.reset), "Set a new password by a code",
                  "All sessions end.", open=True, body={JSON: schemas.RESET_CODE},
                  answers=ok("The password is set: log in.", schemas.MESSAGE),
                  errors={401: "The code is wrong, was used, or is too old.", **requests.OVERTAKEN_ERRORS, **reset}),
        ]  # fmt: skip

    def password(self, values: Values) -> flask.Response:
        claims, given, caller = current_login(), requests.given(), requests.caller()
        change = self._accounts.profile.change_password
        requests.changed(lambda: change(claims.user, given, caller))
        return json_response(requests.shown(self._accounts.user(claims.user), self._accounts))

    def email(self, values: Values) -> flask.Response:
        claims, given, caller = current_login(), requests.given(), requests.caller()
        user = requests.changed(lambda: self._accounts.profile.change_email(claims.user, given, caller))
        return json_response(requests.shown(user, self._accounts))

    def delete(self, values: Values) -> flask.Response:
        claims, given, caller = current_login(), requests.given(), requests.caller()
        requests.changed(lambda: self._accounts.profile.delete(claims.user, given, caller))
        requests.set_cookies(None)
        return json_response({"deleted": claims.user})

    def export(self, values: Values) -> flask.Response:
        claims, accounts, share = current_login(), self._accounts, reserve(EXPORT_BYTES)
        try:
            data = {
                "user": requests.shown(accounts.user(claims.user), accounts),
                "sessions": [session(each, claims.session) for each in accounts.sessions.list(claims.user)],
                "passkeys": [passkey(each) for each in accounts.passkeys.list(claims.user)],
                **self._run(accounts.profile.export, claims.user),
            }
        except BaseException:
            share.close()
            raise
        share.made()
        headers = {**requests.NO_STORE, "Content-Disposition": "attachment; filename=orderflow-account.json"}
        return stream(in_worker(self._run, json_pieces(data)), headers, JSON, share)

    def ask_reset(self, values: Values) -> flask.Response:
        given, caller = requests.given(), requests.caller()
        requests.changed(lambda: self._accounts.resets.ask(given, caller))
        return json_response({"detail": SENT}, 202)

    def reset(self, values: Values) -> flask.Response:
        given, caller = requests.given(), requests.caller()
        requests.changed(lambda: self._accounts.resets.use(given, caller))
        return json_response({"detail": "the password is set: log in"})

    def _on(self, view: View) -> View:
        return requests.when_on(self._accounts, view)
