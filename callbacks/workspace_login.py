"""The workspace's log-in menu: who looks at the page, and the way in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, no_update

from callbacks.toasts import refresh
from layouts.workspace_login import FREE, who_view
from orderflow.accounts.accounts import Accounts
from orderflow.accounts.tokens import Claims
from orderflow.errors import OrderflowError
from orderflow.web.accounts.account_requests import set_cookies
from orderflow.web.kit.current_user import current_login, current_user, for_login

if TYPE_CHECKING:
    from orderflow.services import Services

MENU = {
    "hidden": Output("ws-login", "hidden"),
    "name": Output("ws-login-name", "children"),
    "who": Output("ws-login-who", "children"),
    "account": Output("ws-login-account", "hidden"),
    "log_in": Output("ws-login-in", "hidden"),
    "log_out": Output("ws-login-out", "hidden"),
}


def menu(accounts: Accounts) -> dict[str, Any]:
    """What the menu shows to the visitor of the request."""
    if accounts.mode == "off":
        return {"hidden": True, "name": "", "who": [], "account": True, "log_in": True, "log_out": True}
    try:
        user = accounts.user(current_login().user)
    except OrderflowError:  # nobody is logged in, or the records cannot be read
        return _guest()
    who = who_view(user.nickname, user.email)
    return {"hidden": False, "name": user.nickname, "who": who, "account": False, "log_in": True, "log_out": False}


def _guest() -> dict[str, Any]:
    try:
        free = bool(current_user())
    except OrderflowError:
        free = False
    who = [FREE] if free else []
    name = "" if free else "Log in"
    return {"hidden": False, "name": name, "who": who, "account": True, "log_in": False, "log_out": True}


def register(app: Dash, services: Services) -> None:
    """Bind the menu's callbacks."""
    accounts = services.part(Accounts)

    @app.callback(output=MENU, inputs={"_config": Input("ws-config", "data")})
    def show(_config: Any) -> dict[str, Any]:
        return menu(accounts)

    @app.callback(Output("ws-left", "data"), Input("ws-login-out", "n_clicks"), prevent_initial_call=True)
    @for_login(refresh)
    def log_out(claims: Claims, clicks: Any) -> Any:
        if not clicks:
            return no_update
        accounts.sessions.end(claims.session)
        set_cookies(None)
        return refresh()
