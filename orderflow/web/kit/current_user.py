"""The user of the present request, for routes, sockets and Dash callbacks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import flask

from orderflow.accounts.tokens import Claims
from orderflow.errors import Forbidden, Unauthorized
from orderflow.web.kit.refusals import note_refusal, note_refused_callback
from orderflow.web.kit.users import FOUND, RENEWED, Users

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
NO_LOGIN = "log in first: POST /auth/login"
USERS = "orderflow.users"
"""Where a server's `extensions` have its users."""


def users_of(server: flask.Flask | None = None) -> Users:
    """The `Users` of a server, by default of the present request's."""
    found: Users = (server or flask.current_app).extensions[USERS]
    return found


def current_user() -> str:
    """The id of the present request's user; "local" where nothing needs a login and none is given.

    Raises Unauthorized (401) if a login is needed or the token is not valid, Forbidden (403) for a changing call with
    cookies but without the CSRF token, StorageFailed (507).
    """
    return users_of().require(flask.request.environ)


def current_login() -> Claims:
    """What the present request's token says. Raises Unauthorized without a login, and as `current_user`."""
    found = users_of().claims(flask.request.environ)
    if found is None:
        raise Unauthorized(NO_LOGIN)
    return found


def for_user(otherwise: Callable[[], Any]) -> Decorator:
    """Decorate a Dash callback that reads or writes a user's data: it gets the user's id as its first argument.

        @app.callback(Output("mine", "children"), Input("load", "n_clicks"))
        @for_user(lambda: LOG_IN)
        def load(user, clicks): ...

    Without a login where one is needed the callback does nothing and returns `otherwise()`. The decorated function has
    the attribute `for_user = True`, by which tests find it in `app.callback_map`.
    """
    return _given(current_user, otherwise)


def for_login(otherwise: Callable[[], Any]) -> Decorator:
    """As `for_user`, for what needs a login in any case: the callback gets its `Claims`."""
    return _given(current_login, otherwise)


def _given(who: Callable[[], Any], otherwise: Callable[[], Any]) -> Decorator:
    def decorate(callback: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(callback)
        def with_user(*args: Any, **kwargs: Any) -> Any:
            try:
                user = who()
            except (Unauthorized, Forbidden) as error:
                if FOUND not in flask.request.environ:  # what came with the call is not valid
                    note_refusal(flask.request.environ, error)
                note_refused_callback(error)
                return otherwise()
            return callback(user, *args, **kwargs)

        with_user.for_user = True  # type: ignore[attr-defined]  # functions have attributes
        return with_user

    return decorate


def note(response: flask.Response) -> flask.Response:
    """After each request: log it if it was refused."""
    users_of().log_refusal(flask.request.environ, response.status_code)
    return response


def put_cookies(response: flask.Response) -> flask.Response:
    """After each request: set the cookies of renewed tokens, or remove those of a session that is over."""
    environ = flask.request.environ
    if RENEWED in environ:
        for cookie in users_of().cookies(environ, environ[RENEWED]):
            response.headers.add("Set-Cookie", cookie)
        response.headers["Cache-Control"] = "no-store"
    return response
