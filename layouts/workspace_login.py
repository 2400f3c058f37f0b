"""The workspace's log-in menu, and what its charts say to a visitor who must log in."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.shell import aria, icon

ACCOUNT = "/account/"
FREE = "Nothing here needs a login: only this machine reaches the server."

LOG_IN_FIRST = "Log in to upload and keep data of your own."


def login_menu() -> Component:
    """The menu, hidden until it is known who looks at the page."""
    return html.Div(
        [
            dmc.Menu(
                [
                    dmc.MenuTarget(
                        dmc.Button(
                            [icon("person"), html.Span(id="ws-login-name", className="ws-login-name")],
                            id="ws-login-button", variant="subtle", color="gray", size="compact-sm",
                            className="of-icon-button ws-login-button", **aria(label="Your account"),
                        )
                    ),
                    dmc.MenuDropdown(
                        [
                            html.Div(id="ws-login-who", className="ws-login-who"),
                            html.A("Account", href=ACCOUNT, id="ws-login-account", className="ws-login-item",
                                   hidden=True),
                            html.A("Log in or register", href=ACCOUNT, id="ws-login-in", className="ws-login-item",
                                   hidden=True),
                            html.Button("Log out", id="ws-login-out", className="ws-login-item", type="button",
                                        hidden=True),
                        ]
                    ),
                ],
                position="bottom-end",
                transitionProps={"duration": 0},
            ),
            dcc.Store(id="ws-left"),
        ],
        id="ws-login",
        hidden=True,
    )  # fmt: skip


def who_view(nickname: str, email: str) -> list[Component]:
    """Who is logged in; nobody without a nickname."""
    return [html.Strong(nickname), html.Span(email)] if nickname else []


def log_in_note(mode: str) -> list[Component]:
    """What a chart says to a visitor who must log in."""
    what = "your own candles" if mode == "custom" else "live klines and your own candles"
    return [
        html.H2(f"Log in to see {what}"),
        html.P("This server shows the workspace to its users."),
        html.P(html.A("Log in or register", href=ACCOUNT, className="ws-button")),
    ]
