"""The account page: log in, register, reset; and for who is logged in the sessions, the password, second factors.

All forms are in the tree from the start and hold nothing of a user. What is shown of one comes with an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.shell import Link, aria, data, icon_button, page_shell

PATH = "/account/"
TITLE = "Account"
OFF = "This server has no accounts (ORDERFLOW_ACCOUNTS=off)."
PROGRAMS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
"""By a mark in the User-Agent; the first that fits."""
LOST = "The server cannot be reached. What you sent may not have arrived."
QUIET_MS = 15_000
"""Without an answer for so long the page asks whether the server is there."""
PASSWORD_HINT = "15 characters or more; several words are easy to remember."


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. complete: what a password manager puts in, in HTML's words. needed: shown when asked for."""

    name: str
    label: str
    complete: str
    hint: str = ""
    secret: bool = False
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """One form. button: what it does."""

    name: str
    button: str
    fields: tuple[Field, ...]
    note: str = ""
    danger: bool = False


CURRENT = Field("password", "Password", "current-password", secret=True)
NEW = Field("new_password", "New password", "new-password", PASSWORD_HINT, secret=True)
EMAIL = Field("email", "E-mail address", "username")
GUEST_FORMS = (
    Form("login", "Log in", (EMAIL, CURRENT, Field("code", "Code", "one-time-code", "Of your authenticator app, or "
                                                   "one of your recovery codes.", needed=True))),
    Form("register", "Register", (Field("nickname", "Nickname", "nickname"), EMAIL,
                                  Field("password", "Password", "new-password", PASSWORD_HINT, secret=True))),
    Form("ask", "Send me a code", (EMAIL,), "A code comes by e-mail. If this server sends none, ask whoever runs it."),
    Form("reset", "Set the password", (Field("code", "Code", "one-time-code"), NEW),
         "The code sets a new password, once. All sessions end."),
)  # fmt: skip
MEMBER_FORMS = (
    Form("password", "Change the password", (CURRENT, NEW), "This ends all other sessions."),
    Form("email", "Change the e-mail address", (Field("email", "New e-mail address", "email"), CURRENT)),
    Form("enrol", "Set up an authenticator app", (CURRENT,), "The app makes a code for each login."),
    Form("confirm", "Confirm the code", (Field("code", "Code that the app shows", "one-time-code"),)),
    Form("unenrol", "Remove the authenticator app", (CURRENT,)),
    Form("recovery", "Make new recovery codes", (CURRENT,), "The old ones are not valid any more."),
    Form("unkey", "Remove a passkey", (Field("passkey", "Passkey", "off"), CURRENT)),
    Form("delete", "Delete the account and all its data", (CURRENT,), "This cannot be undone.", danger=True),
)  # fmt: skip
FORMS = {form.name: form for form in (*GUEST_FORMS, *MEMBER_FORMS)}


def field_id(form: str, field: str) -> str:
    """The id of a form's field."""
    return f"account-{form}-{field}"


def send_id(form: str) -> str:
    """The id of a form's button, which is disabled while what was sent has no answer."""
    return f"account-{form}-send"


def account_page(*, links: Sequence[Link] = ()) -> Component:
    """The page."""
    return page_shell(
        TITLE,
        links=links,
        path=PATH,
        controls=html.Div(
            [icon_button("account-theme", "theme", "Dark or light", keys="N", **data(theme_toggle="", hotkey="N"))],
            className="ac-controls",
        ),
        main=html.Div(
            [
                html.Div(className="of-banner", role="alert", hidden=True,
                         **data(stale=LOST, quiet=QUIET_MS, revive=" ".join(map(send_id, FORMS)))),
                html.P(OFF, id="account-off", hidden=True, className="ac-panel"),
                html.P("The account cannot be shown now: the records cannot be read.", id="account-lost",
                       role="alert", hidden=True, className="ac-panel ac-fault"),
                _guest(),
                _member(),
            ],
            id="account-page",
            className="ac",
        ),
        footer=html.Div("Passwords are kept as Argon2id hashes only.", className="ac-status"),
        extras=[
            dmc.NotificationContainer(id="account-toasts", position="bottom-left", zIndex=500),
            dcc.Store(id="account-refresh"),
            dcc.Store(id="account-sink"),
        ],
    )  # fmt: skip


def _guest() -> Component:
    tabs = [("login", "Log in"), ("register", "Register"), ("ask", "Forgotten password")]
    return html.Div(
        dmc.Tabs(
            [
                dmc.TabsList([dmc.TabsTab(words, value=name) for name, words in tabs]),
                dmc.TabsPanel(
                    [
                        _form(FORMS["login"]),
                        html.P("or", className="ac-or"),
                        dmc.Button(
                            "Log in with a passkey", id="account-passkey-login", variant="default", fullWidth=True
                        ),
                        html.P(id="account-passkey-login-fault", className="ac-fault", role="alert"),
                    ],
                    value="login",
                ),
                dmc.TabsPanel(_form(FORMS["register"]), value="register"),
                dmc.TabsPanel([_form(FORMS["ask"]), html.Hr(), _form(FORMS["reset"])], value="ask"),
            ],
            id="account-tabs",
            value="login",
        ),
        id="account-guest",
        hidden=True,
        className="ac-panel ac-guest",
    )


def _member() -> Component:
    return html.Div(
        [
            html.Div(
                [
                    html.Div(id="account-who"),
                    dmc.Button("Log out", id="account-logout", variant="default", size="sm"),
                ],
                className="ac-panel ac-head",
            ),
            _panel("Sessions", html.Div(id="account-sessions"),
                   html.Div(dmc.Button("End all others", id="account-end-others", variant="default", size="xs"),
                            id="account-others", hidden=True)),
            _panel("Password and e-mail address", _folded("password"), _folded("email")),
            _panel("Second factors", html.P(id="account-factors", className="ac-note"), html.Div(id="account-codes"),
                   html.Div([_folded("enrol"), html.Div(id="account-secret"), _form(FORMS["confirm"])],
                            id="account-without-app"),
                   html.Div(_folded("unenrol"), id="account-with-app", hidden=True),
                   html.Div(_folded("recovery"), id="account-with-codes", hidden=True),
                   html.Details([html.Summary("Add a passkey"), _passkey()], className="ac-folded"),
                   html.Div(_folded("unkey"), id="account-with-passkey", hidden=True)),
            _panel("Your data", html.A("Export all of it (JSON)", href="/auth/export", className="ac-link"),
                   _folded("delete")),
        ],
        id="account-member",
        hidden=True,
        className="ac-member",
    )  # fmt: skip


def _panel(title: str, *parts: Component) -> Component:
    return html.Section([html.H2(title), *parts], className="ac-panel", **aria(label=title))


def _folded(name: str) -> Component:
    form = FORMS[name]
    return html.Details([html.Summary(form.button), _form(form)], className="ac-folded", id=f"account-{name}-folded")


def _form(form: Form) -> Component:
    """A form: Enter in a field is its button. Errors are shown at their fields, others below."""
    return html.Div(
        [
            *([html.P(form.note, className="ac-note")] if form.note else []),
            *(_field(form, field) for field in form.fields),
            html.P(id=f"account-{form.name}-fault", className="ac-fault", role="alert"),
            dmc.Button(form.button, id=send_id(form.name), color="red" if form.danger else "blue"),
            dcc.Store(id=f"account-{form.name}-go"),
        ],
        role="form",
        className="ac-form",
        **aria(label=form.button),
    )


def _field(form: Form, field: Field) -> Component:
    common: dict[str, Any] = {
        "id": field_id(form.name, field.name),
        "label": field.label,
        "description": field.hint or None,
        "autoComplete": field.complete,
        "value": "",
    }
    if field.name == "passkey":
        made: Component = dmc.Select(id=common["id"], label=field.label, data=[], checkIconPosition="right")
    elif field.secret:
        made = dmc.PasswordInput(**common, name=field.name)
    else:
        mode = {"code": "text", "email": "email"}.get(field.name, "text")
        made = dmc.TextInput(**common, name=field.name, inputProps={"inputMode": mode, "autoCapitalize": "none"})
    return html.Div(made, id=f"{common['id']}-place", hidden=field.needed)


def _passkey() -> Component:
    return html.Div(
        [
            dmc.TextInput(id="account-passkey-name", label="Name", value="", placeholder="Phone", autoComplete="off"),
            dmc.PasswordInput(id="account-passkey-password", label="Password", value="",
                              autoComplete="current-password"),
            html.P(id="account-passkey-fault", className="ac-fault", role="alert"),
            dmc.Button("Add a passkey", id="account-passkey-add"),
            dcc.Store(id="account-passkey-made"),
        ],
        role="form",
        className="ac-form",
        **aria(label="Add a passkey"),
    )  # fmt: skip


def who(nickname: str, email: str) -> list[Component]:
    """The head: whose account it is."""
    return [html.Strong(nickname), html.Span(email, className="ac-note")]


def session_rows(sessions: Sequence[dict[str, Any]]) -> list[Component]:
    """The sessions, as `GET /auth/sessions` has them, each with a button that ends it."""
    return [
        html.Div(
            [
                html.Div(
                    [
                        html.Strong(device_text(each["device"]), title=each["device"]),
                        html.Span(
                            f"{each['address']} · last used {minute(each['last_used'])}"
                            f" · since {minute(each['created'])}",
                            className="ac-note",
                        ),
                    ],
                    className="ac-session-text",
                ),
                html.Span("this one", className="ac-here")
                if each["current"]
                else dmc.Button(
                    "End", id={"type": "account-end", "session": each["id"]}, size="xs", variant="default",
                    **aria(label=f"End the session of {device_text(each['device'])}"),
                ),
            ],
            className="ac-session",
        )
        for each in sessions
    ]  # fmt: skip


def device_text(agent: str) -> str:
    """What a program says of itself, in a few words: "Firefox on Windows"."""
    program = next((words for mark, words in PROGRAMS if mark in agent), "")
    system = next((words for mark, words in SYSTEMS if mark in agent), "")
    if program and system:
        return f"{program} on {system}"
    return agent[:60] or "unknown program"


def minute(stamp: str) -> str:
    """An ISO time to the minute, UTC."""
    return f"{stamp[:10]} {stamp[11:16]} UTC"


def factors_text(user: dict[str, Any]) -> str:
    """Which second factors there are."""
    app = "An authenticator app is in use." if user["authenticator"] else "No authenticator app is in use."
    keys, codes = user["passkeys"], user["recovery_codes"]
    some = f"{keys} passkey{'s' if keys != 1 else ''}, {codes} recovery code{'s' if codes != 1 else ''} left."
    return f"{app} {some}"


def secret_view(secret: str, picture: str) -> list[Component]:
    """The secret of a new authenticator app. picture: its QR code, as an address."""
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return [
        html.Img(src=picture, alt="QR code for the authenticator app", className="ac-code"),
        html.P(["Or type: ", html.Code(groups)], className="ac-note"),
    ]


def codes_view(codes: Sequence[str]) -> list[Component]:
    """New recovery codes, which are shown once."""
    if not codes:
        return []
    return [
        html.P("Your recovery codes. Keep them where you find them without this device: they are not shown again."),
        html.Pre("\n".join(codes), className="ac-codes"),
    ]
