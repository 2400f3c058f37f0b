"""One table of routes makes both the server's addresses and its OpenAPI document, so the two cannot differ.

Each product has a `routes(...)` that returns its part of the table; `register` puts it on a blueprint. Every other
method at a path of the table, and every other path below a reserved prefix, gets its 405 or 404 from here, because a
page framework on the same server may catch all addresses that are left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import BaseConverter
from werkzeug.routing.exceptions import WebsocketMismatch

from orderflow.web.params import Param, read_params

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
Values = Mapping[str, Any]
View = Callable[[Values], flask.Response]
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """One possible answer: what it means, and its bodies' schemas by content type ({}: no body)."""

    doc: str
    content: Mapping[str, Schema] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """One address: method, path with `{name}` parts, what it takes and what it answers.

    `view` gets the read parameters by name; a socket has none here. `changes`: the call changes something, so it needs
    the key where one is in force. `errors` are the statuses of error answers beyond the common ones; all have
    the one error shape.
    """

    method: str
    path: str
    view: View | None
    summary: str
    doc: str = ""
    params: Sequence[Param] = ()
    body: Mapping[str, Schema] = field(default_factory=dict)
    answers: Mapping[int, Answer] = field(default_factory=dict)
    errors: Mapping[int, str] = field(default_factory=dict)
    changes: bool = False
    socket: bool = False

    @property
    def rule(self) -> str:
        """The path in werkzeug's notation; a symbol may have slashes."""
        return self.path.replace("{symbol}", "<symbol:symbol>").replace("{", "<").replace("}", ">")


class SymbolConverter(BaseConverter):
    """A symbol in a path: it may have slashes, also at its beginning."""

    part_isolating = False
    regex = ".+?"


def register(server: flask.Flask, name: str, routes: Iterable[Route]) -> None:
    """Put a product's routes on the server, as one blueprint. Sockets are registered by `orderflow.web.sockets`."""
    blueprint = flask.Blueprint(name, __name__)
    methods: dict[str, list[str]] = defaultdict(list)
    for route in routes:
        methods[route.rule].append(route.method)
        endpoint = f"{route.method.lower()} {route.path}".replace(".", "·")
        view = _bound(route, route.view) if route.view is not None else _upgrade
        blueprint.add_url_rule(route.rule, endpoint, view, methods=[route.method])
    for rule, taken in methods.items():
        rest = [method for method in METHODS if method not in taken]
        blueprint.add_url_rule(rule, f"not {rule}".replace(".", "·"), _refusing(taken), methods=rest)
    server.register_blueprint(blueprint)


def reserve(server: flask.Flask, prefix: str) -> None:
    """Answer 404 for whatever has no route below a prefix such as `/api/`."""

    def nothing(rest: str = "") -> flask.Response:
        raise NotFound

    endpoint = f"nothing below {prefix}"
    server.add_url_rule(f"{prefix}<path:rest>", endpoint, nothing, methods=METHODS)
    server.add_url_rule(prefix, endpoint, nothing, methods=METHODS)


def _bound(route: Route, view: View) -> Callable[..., flask.Response]:
    params = tuple(route.params)
    headers = tuple(param.name for param in params if param.place == "header")

    def call(**path: str) -> flask.Response:
        request = flask.request
        if headers:
            path |= {name: request.headers[name] for name in headers if name in request.headers}
        query = request.args.items(multi=True) if request.query_string else ()
        return view(read_params(params, query, path))

    return call


def _upgrade(**path: str) -> flask.Response:
    raise WebsocketMismatch


def _refusing(taken: Sequence[str]) -> Callable[..., flask.Response]:
    allowed = sorted({*taken, "OPTIONS", *(["HEAD"] if "GET" in taken else [])})

    def call(**path: str) -> flask.Response:
        raise MethodNotAllowed(valid_methods=allowed)

    return call
