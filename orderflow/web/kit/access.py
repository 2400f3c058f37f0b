"""Who is asking: nobody in particular, or the operator who holds the key. One answer for routes, sockets and callbacks.

`Gate` (in `security`) stands in front of every route and checks the key there. Dash sends all its callbacks to one
route, which the gate lets through, so a callback that changes something carries `operator_only`. Reading callbacks ask
`is_operator` where the answer depends on it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec

import flask

from orderflow.web.kit.security import Gate

P = ParamSpec("P")


def is_operator() -> bool:
    """True when the present request carries the key, or the server needs none.

    Raises Forbidden for a wrong key in an Authorization header.
    """
    gate: Gate = flask.current_app.extensions["orderflow.gate"]
    return gate.holds_key(flask.request.environ)


def operator_only(otherwise: Callable[[], Any]) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Decorate a Dash callback that changes something: without the key it returns `otherwise()` and does nothing.

        @app.callback(Output("note", "children"), Input("freeze", "n_clicks"), prevent_initial_call=True)
        @operator_only(lambda: NEEDS_KEY)
        def freeze(clicks): ...

    `otherwise` makes the callback's outputs for a request without the key: a notice, or `no_update` for each output.
    """

    def decorate(callback: Callable[P, Any]) -> Callable[P, Any]:
        @functools.wraps(callback)
        def checked(*args: P.args, **kwargs: P.kwargs) -> Any:
            return callback(*args, **kwargs) if is_operator() else otherwise()

        return checked

    return decorate
