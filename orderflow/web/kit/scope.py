"""Whose alerts, events and targets a request is about: a user's own, or all of them for the operator."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import flask

from orderflow.accounts.tokens import Claims
from orderflow.errors import Forbidden, OrderflowError, Unauthorized
from orderflow.web.kit.access import is_operator, still_operator
from orderflow.web.kit.current_user import Decorator, users_of
from orderflow.web.kit.refusals import note_refused_callback
from orderflow.web.kit.users import LOCAL


@dataclass(frozen=True, slots=True)
class Scope:
    """sees: a user's id, whose things alone are read and changed; None: all, for the operator. makes: the owner of what
    is made, "" for the operator."""

    sees: str | None
    makes: str


ALL = Scope(None, "")


def current_scope() -> Scope:
    """What the present request may read and change.

    The operator's key opens everything, also to a user who is logged in beside it: what is made then is the user's.
    Raises Unauthorized without the key and a login, Forbidden for a wrong key, or for cookies without the CSRF token.
    """
    if is_operator():
        with suppress(Unauthorized):  # the login is over; the key is not
            return Scope(None, claims.user if (claims := _claims()) else "")
        return ALL
    if (found := _claims()) is None:
        raise Unauthorized(LOCAL)
    return Scope(found.user, found.user)


def reading_scope() -> Scope:
    """As `current_scope`, for what is only read: without accounts all is the operator's, and everybody reads it."""
    return ALL if users_of().accounts.mode == "off" else current_scope()


def lasting_scope() -> Callable[[], Scope | None]:
    """For a socket: what it may read from then on, None while that is nothing."""
    users = users_of()
    if users.accounts.mode == "off":
        return lambda: ALL
    operates = still_operator()
    claims = None if operates() else _claims()

    def scope() -> Scope | None:
        if claims is None:
            return ALL if operates() else None
        with suppress(OrderflowError):  # the session is over, or the records cannot tell
            users.accounts.sessions.check(claims)
            return Scope(claims.user, claims.user)
        return None

    return scope


def maybe(find: Callable[[], Scope] = current_scope) -> Scope | None:
    """The scope of the present request for pages; None where it has none."""
    try:
        return find()
    except (Unauthorized, Forbidden):
        return None


def for_owner(otherwise: Callable[[], Any]) -> Decorator:
    """Decorate a Dash callback that changes what has an owner: it gets the `Scope` as its first argument.

    A request that is neither a user's nor the operator's does nothing and gets `otherwise()`. The decorated function
    has the attribute `for_owner = True`, by which tests find it in `app.callback_map`.
    """

    def decorate(callback: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(callback)
        def scoped(*args: Any, **kwargs: Any) -> Any:
            try:
                scope = current_scope()
            except (Unauthorized, Forbidden) as error:
                note_refused_callback(error)
                return otherwise()
            return callback(scope, *args, **kwargs)

        scoped.for_owner = True  # type: ignore[attr-defined]  # functions have attributes
        return scoped

    return decorate


def _claims() -> Claims | None:
    return users_of().claims(flask.request.environ)
