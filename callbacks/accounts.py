"""The account page: its forms, the sessions and second factors of who is logged in.

All goes through `Accounts`, as the routes below `/auth/` do, which check what is sent and name the field that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import segno
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, no_update
from dash.development.base_component import Component

from callbacks.page import Page
from callbacks.toasts import pressed, refresh, sentence, toast
from layouts.accounts import (
    FORMS,
    GUEST_FORMS,
    Form,
    account_page,
    codes_view,
    factors_text,
    field_id,
    secret_view,
    send_id,
    session_rows,
    who,
)
from layouts.shell import Link
from orderflow.accounts.accounts import Accounts
from orderflow.accounts.second_factors import SecondFactorNeeded
from orderflow.accounts.tokens import Claims
from orderflow.errors import BadInput, FieldError, NotFound, OrderflowError, StorageFailed, Unauthorized
from orderflow.web.accounts import account_requests as requests
from orderflow.web.accounts.accounts_api import session
from orderflow.web.kit.current_user import current_login, for_login
from orderflow.web.kit.refusals import note_refused_callback

if TYPE_CHECKING:
    from orderflow.services import Services

SHOWN = (
    ("account-off", "hidden"),
    ("account-lost", "hidden"),
    ("account-guest", "hidden"),
    ("account-member", "hidden"),
    ("account-who", "children"),
    ("account-sessions", "children"),
    ("account-others", "hidden"),
    ("account-factors", "children"),
    ("account-without-app", "hidden"),
    ("account-with-app", "hidden"),
    ("account-with-codes", "hidden"),
    ("account-with-passkey", "hidden"),
    ("account-unkey-passkey", "data"),
    ("account-secret", "children"),
    ("account-codes", "children"),
)
"""What is shown of an account: component and property."""
LOG_IN_FORMS = ("login", "register")
NOBODY: tuple[Any, ...] = ("", [], True, "", False, True, True, True, [], [], [])
"""Of these, all that is about a user, without one."""
Values = Mapping[str, str]
RESET_MARK = "#reset="
"""Begins the part of the address that the e-mail's link has after the path; browsers do not send it to the server."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a form has done. note: for the toast. secret, codes: shown in the page once; None leaves them."""

    note: str = ""
    secret: list[Component] | None = None
    codes: list[Component] | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""

    @property
    def right(self) -> bool:
        return not (self.errors or self.fault)


def shown(accounts: Accounts, claims: Claims | None) -> tuple[Any, ...]:
    """The values of SHOWN for who is logged in, None for nobody. Raises StorageFailed."""
    if accounts.mode == "off":
        return (False, True, True, True, *NOBODY)
    if claims is None:
        return (True, True, False, True, *NOBODY)
    user = requests.shown(accounts.user(claims.user), accounts)
    sessions = [session(each, claims.session) for each in accounts.sessions.list(claims.user)]
    keys = [{"value": each.id, "label": each.name} for each in accounts.passkeys.list(claims.user)]
    has_app = user["authenticator"]
    return (
        True, True, True, False, who(user["nickname"], user["email"]), session_rows(sessions), len(sessions) < 2,
        factors_text(user),        has_app, not has_app, not (has_app or keys), not keys, keys,
        no_update, no_update,
    )  # fmt: skip


def attempt(form: Form, values: Values, act: Callable[[], Done]) -> Done:
    """What `act` has done; a refusal becomes words at the form's fields, or below them."""
    try:
        return act()
    except (BadInput, SecondFactorNeeded) as error:
        names = {each.name for each in form.fields}
        at = {each.field: _words(each) for each in error.errors if each.field in names}
        return Done(errors=at, fault="" if at else sentence(error))
    except OrderflowError as error:
        # a refused login has a line in the log already
        return Done(fault=sentence(str(error) if form.name in LOG_IN_FORMS else error))


def _words(error: FieldError) -> str:
    return sentence(error.reason)


def as_guest(accounts: Accounts, name: str, values: Values) -> Done:
    """Do what a form for everybody says. Raises OrderflowError."""
    caller, site = requests.caller(), requests.site()
    if name == "ask":
        accounts.resets.ask(values, caller)
        return Done("If there is such an account, a code is on its way.")
    if name == "reset":
        accounts.resets.use(values, caller)
        return Done("The password is set: log in.")
    if name == "register":
        accounts.register(values, caller)
    requests.set_cookies(accounts.login(values, caller, site))
    return Done()


def as_member(accounts: Accounts, name: str, claims: Claims, values: Values) -> Done:
    """Do what a form for who is logged in says. Raises OrderflowError."""
    caller, user, password = requests.caller(), claims.user, values.get("password", "")
    if name == "password":
        accounts.profile.change_password(user, values, caller)
        return Done("The password is changed.")
    if name == "email":
        accounts.profile.change_email(user, values, caller)
        return Done("The e-mail address is changed.")
    if name == "enrol":
        made = accounts.factors.enrol(user, password, caller)
        picture = segno.make(made.uri, error="m").svg_data_uri(scale=5, border=2)
        return Done(
            "Scan the QR code, and enter the code that the app shows.", secret=secret_view(made.secret, picture)
        )
    if name == "confirm":
        codes = accounts.factors.confirm(user, values["code"], caller)
        return Done("The authenticator app is set up.", secret=[], codes=codes_view(codes))
    if name == "unenrol":
        accounts.factors.remove(user, password, caller)
        return Done("The authenticator app is removed.", codes=[])
    if name == "recovery":
        return Done(
            "The recovery codes are new.", codes=codes_view(accounts.factors.renew_codes(user, password, caller))
        )
    if name == "unkey":
        accounts.passkeys.remove(values["passkey"], user, password, caller)
        return Done("The passkey is removed.")
    accounts.profile.delete(user, values, caller)
    requests.set_cookies(None)
    return Done("The account is deleted.")


def answer(form: Form, done: Done) -> tuple[Any, ...]:
    """The outputs of a form: errors and values of its fields, what is hidden of them, the fault, and what follows."""
    errors = [done.errors.get(each.name) for each in form.fields]
    values = ["" if done.right else no_update for _ in form.fields]
    # a field that may be needed appears with its error, and stays
    hidden = [False if each.name in done.errors else no_update for each in form.fields]
    return (
        *errors, *values, *hidden, done.fault, refresh() if done.right else no_update,
        toast(done.note) if done.note else no_update, "login" if done.right and form.name == "reset" else no_update,
        no_update if done.secret is None else done.secret, no_update if done.codes is None else done.codes,
    )  # fmt: skip


def from_address(fragment: Any) -> tuple[Any, Any]:
    """The tab and the code that the link of an e-mail opens: `#reset=CODE`."""
    if not isinstance(fragment, str) or not fragment.startswith(RESET_MARK):
        return no_update, no_update
    return "ask", fragment.removeprefix(RESET_MARK)[:100]


def page(services: Services, links: list[Link]) -> Component:
    """The component tree of the page."""
    return account_page(links=links)


def dynamic(services: Services) -> list[Component]:
    """What callbacks put into the page: sessions with their buttons."""
    one = {"id": "s", "device": "", "address": "", "created": "", "last_used": "", "ends": "", "current": False}
    return session_rows([one])


def register(app: Dash, services: Services) -> None:
    """Bind the page's callbacks."""
    accounts = services.part(Accounts)
    _register_view(app, accounts)
    for form in FORMS.values():
        _register_form(app, accounts, form)
    _register_sessions(app, accounts)
    _register_passkeys(app)


def _register_view(app: Dash, accounts: Accounts) -> None:
    @app.callback(*(Output(*where) for where in SHOWN), Input("account-refresh", "data"))
    def show(_refreshed: Any) -> Any:
        try:
            claims = current_login() if accounts.mode != "off" else None
        except Unauthorized:
            claims = None
        try:
            return shown(accounts, claims)
        except StorageFailed:
            return (True, False, True, True, *NOBODY)

    @app.callback(
        Output("account-tabs", "value", allow_duplicate=True),
        Output(field_id("reset", "code"), "value", allow_duplicate=True),
        Input("location", "hash"),
        prevent_initial_call="initial_duplicate",
    )
    def take_code(fragment: Any) -> Any:
        return from_address(fragment)

    # once it is taken the code does not stay in the address
    app.clientside_callback(
        ClientsideFunction("kit", "address"), Output("account-sink", "data"), Input(field_id("reset", "code"), "value")
    )

    @app.callback(
        Output("account-refresh", "data"),
        Output("account-tabs", "value"),
        Input("account-logout", "n_clicks"),
        prevent_initial_call=True,
    )
    @for_login(lambda: (refresh(), "login"))
    def log_out(claims: Claims, clicks: Any) -> Any:
        if not clicks:
            return no_update, no_update
        accounts.sessions.end(claims.session)
        requests.set_cookies(None)
        return refresh(), "login"


def _register_form(app: Dash, accounts: Accounts, form: Form) -> None:
    ids = [field_id(form.name, each.name) for each in form.fields]
    button, go = send_id(form.name), f"account-{form.name}-go"
    sends = [Input(button, "n_clicks")]
    sends += [Input(id, "n_submit") for id in ids if not id.endswith("-unkey-passkey")]
    busy = State(button, "disabled")
    app.clientside_callback(
        ClientsideFunction("kit", "settled"), Output(go, "data"), *sends, busy, prevent_initial_call=True
    )
    # one at a time: the answer to a second, refused, would replace that to the first, which may have codes
    running = [(Output(button, "disabled"), True, False)]
    name_of = State(button, "n_clicks")  # names the button to the script that enables it after a lost answer
    outputs = [
        *(Output(id, "error") for id in ids), *(Output(id, "value") for id in ids),
        *(Output(f"{id}-place", "hidden") for id in ids), Output(f"account-{form.name}-fault", "children"),
        Output("account-refresh", "data", allow_duplicate=True),
        Output("account-toasts", "sendNotifications", allow_duplicate=True),
        Output("account-tabs", "value", allow_duplicate=True),
        Output("account-secret", "children", allow_duplicate=True),
        Output("account-codes", "children", allow_duplicate=True),
    ]  # fmt: skip
    states = [State(id, "value") for id in ids]

    def given(values: tuple[Any, ...]) -> dict[str, str]:
        names = (each.name for each in form.fields)
        return {name: value if isinstance(value, str) else "" for name, value in zip(names, values, strict=True)}

    if form in GUEST_FORMS:

        @app.callback(*outputs, Input(go, "data"), name_of, *states, running=running, prevent_initial_call=True)
        def send(_go: Any, _pressed: Any, *values: Any) -> Any:
            texts = given(values)
            return answer(form, attempt(form, texts, lambda: as_guest(accounts, form.name, texts)))

    else:
        log_in = Done(fault="Your session has ended: log in again.")

        @app.callback(*outputs, Input(go, "data"), name_of, *states, running=running, prevent_initial_call=True)
        @for_login(lambda: answer(form, log_in))
        def change(claims: Claims, _go: Any, _pressed: Any, *values: Any) -> Any:
            texts = given(values)
            return answer(form, attempt(form, texts, lambda: as_member(accounts, form.name, claims, texts)))


def _register_sessions(app: Dash, accounts: Accounts) -> None:
    @app.callback(
        Output("account-refresh", "data", allow_duplicate=True),
        Input({"type": "account-end", "session": ALL}, "n_clicks"),
        Input("account-end-others", "n_clicks"),
        prevent_initial_call=True,
    )
    @for_login(refresh)
    def end(claims: Claims, clicks: Any, others: Any) -> Any:
        chosen = pressed([clicks])
        if not (chosen or others):
            return no_update
        try:
            if not chosen:
                accounts.sessions.end_all(claims.user, but=claims.session)
            elif not accounts.sessions.end(chosen.get("session", ""), claims.user, by=claims.session):
                raise NotFound("you have no such session")
        except (NotFound, Unauthorized) as error:  # it has ended, or this one has: the page shows what there is
            note_refused_callback(error)
        return refresh()


def _register_passkeys(app: Dash) -> None:
    app.clientside_callback(
        ClientsideFunction("passkey", "add"),
        Output("account-passkey-fault", "children"),
        Output("account-passkey-made", "data"),
        Input("account-passkey-add", "n_clicks"),
        State("account-passkey-name", "value"),
        State("account-passkey-password", "value"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("passkey", "login"),
        Output("account-passkey-login-fault", "children"),
        Output("account-refresh", "data", allow_duplicate=True),
        Input("account-passkey-login", "n_clicks"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("account-refresh", "data", allow_duplicate=True),
        Output("account-codes", "children", allow_duplicate=True),
        Output("account-passkey-password", "value"),
        Output("account-passkey-name", "value"),
        Output("account-toasts", "sendNotifications", allow_duplicate=True),
        Input("account-passkey-made", "data"),
        prevent_initial_call=True,
    )
    @for_login(lambda: (refresh(), [], "", "", no_update))
    def made(_claims: Claims, passkey: Any) -> Any:
        codes = passkey.get("recovery_codes") if isinstance(passkey, dict) else None
        codes = [code for code in codes if isinstance(code, str)] if isinstance(codes, list) else []
        return refresh(), codes_view(codes) if codes else no_update, "", "", toast("The passkey is added.")


PAGE = Page(
    "/account/",
    "Account",
    page,
    register,
    scripts=("kit",),
    styles=("page.css", "accounts.css"),
    plotly=False,
    dynamic=dynamic,
    place=1,
)
