"""The route table, from which both Flask's routes and the OpenAPI document are made, so that they cannot differ.

The `Api.routes` of each product return its part of the table; `register` puts it on a blueprint. Other methods at a
path of the table get their 405 here, and other paths below a reserved prefix their 404, because Dash, on the same
server, catches all remaining URLs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import flask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import BaseConverter
from werkzeug.routing.exceptions import WebsocketMismatch

from orderflow.errors import OrderflowError
from orderflow.web.kit.params import MAX_PARAMS, Param, read_params, too_many_params
from orderflow.web.kit.responses import JSON, error_parts, json_response
from orderflow.web.kit.security import SAFE, Application, Environ, Start

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
Values = Mapping[str, Any]
View = Callable[[Values], flask.Response]
DirectView = Callable[[dict[str, Any], Values], tuple[int, bytes]]
Schema = Mapping[str, Any]
Query = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class ResponseDoc:
    """Documents one response. content: the schema of the body by content type, {} for no body. headers: name to doc."""

    doc: str
    content: Mapping[str, Schema] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """One route: method, path with `{name}` parts, parameters, body and responses.

    view: called with the parsed parameters by name; None for a socket. direct: replaces `view` for routes with many
    concurrent requests; it gets the WSGI environ too and returns status and JSON, so `Direct` can call it without
    Flask. errors: statuses of error responses in addition to the common ones. open: a changing method that needs no
    key. user: one that a user with a token may call as well as the operator; the view asks `current_user` whose it is.
    unread: the view gets the query as (name, value) pairs under "query" and parses it itself, to report errors in its
    own format. lenient: query parameters that are not in `params` are ignored, as in the original system. refused:
    called with the query before a call is refused for its parameters.

    Raises ValueError for an open route with a safe method or with a path that has `{name}` parts.
    """

    method: str
    path: str
    view: View | None
    summary: str
    doc: str = ""
    params: Sequence[Param] = ()
    body: Mapping[str, Schema] = field(default_factory=dict)
    answers: Mapping[int, ResponseDoc] = field(default_factory=dict)
    errors: Mapping[int, str] = field(default_factory=dict)
    open: bool = False
    user: bool = False
    socket: bool = False
    direct: DirectView | None = None
    unread: bool = False
    lenient: bool = False
    refused: Callable[[Query], object] | None = None

    def __post_init__(self) -> None:
        if self.open and (self.method in SAFE or "{" in self.path):
            raise ValueError(f"{self.method} {self.path}: only a changing method at a fixed path can be open")

    @property
    def needs_key(self) -> bool:
        """True if the route needs the server's key: every changing method does, unless the route is open."""
        return self.method not in SAFE and not self.open

    def read(self, query: Callable[[], Query], other: Mapping[str, str]) -> dict[str, Any]:
        """The parameters' values by name. query: returns the pairs. Raises BadInput, after `refused` was called."""
        pairs: Query = ()
        try:
            pairs = query()
            return read_params(self.params, self.known_query(pairs), other)
        except OrderflowError:
            if self.refused is not None:
                self.refused(pairs)
            raise

    def known_query(self, query: Query) -> Query:
        """The query parameters to parse: all, or only the declared ones if the route is lenient."""
        if not self.lenient:
            return query
        known = [param.name for param in self.params]
        return [(name, value) for name, value in query if name in known]

    @property
    def pattern(self) -> str:
        """A regular expression of the paths that fit."""
        pieces = re.split(r"({\w+})", self.path)
        wide = ("{symbol}", "{streams}")
        return "".join(
            (".+" if piece in wide else "[^/]+") if piece.startswith("{") else re.escape(piece) for piece in pieces
        )

    @property
    def rule(self) -> str:
        """The path in werkzeug's notation. A symbol or a list of streams may contain slashes."""
        path = self.path.replace("{symbol}", "<symbol:symbol>").replace("{streams}", "<symbol:streams>")
        return path.replace("{", "<").replace("}", ">")


class SymbolConverter(BaseConverter):
    """A symbol in a path. It may contain slashes, also at its start."""

    part_isolating = False
    regex = "(?s:.+?)"


def register(server: flask.Flask, name: str, routes: Iterable[Route]) -> None:
    """Register routes as one blueprint. `orderflow.web.kit.sockets` registers the sockets."""
    blueprint = flask.Blueprint(name, __name__)
    methods: dict[str, list[str]] = defaultdict(list)
    for route in routes:
        methods[route.rule].append(route.method)
        endpoint = f"{route.method.lower()} {route.path}".replace(".", "·")
        view = _view_of(route)
        blueprint.add_url_rule(route.rule, endpoint, view, methods=[route.method], provide_automatic_options=False)
    for rule, taken in methods.items():
        rest = [*(method for method in METHODS if method not in taken), "OPTIONS"]
        endpoint = f"not {rule}".replace(".", "·")
        blueprint.add_url_rule(
            rule, endpoint, _method_not_allowed(taken), methods=rest, provide_automatic_options=False
        )
    server.register_blueprint(blueprint)


class Direct:
    """WSGI middleware that calls the direct views of the route table; it passes other requests to `application`.

    The routes are in Flask's url_map too, with the same functions: this only saves Flask's routing, request and
    response. Ratios of requests per second of processor time against Flask (`scripts/bench/ingest.py --shortcuts`):
    POST /tick 1.8 with 64 connections and 1.3 with one, POST /herd/orders 1.9. POST /ticks reached 1.0 with batches of
    5,000 ticks and 1.3 with 10, so it has no direct view.
    """

    def __init__(self, application: Application, table: Iterable[Route]) -> None:
        self._application = application
        self._routes = {(r.method, r.path): (r.direct, r) for r in table if r.direct is not None}

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        found = self._routes.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if found is None:
            return self._application(environ, start)
        view, route = found
        headers: dict[str, str] = {}
        try:
            status, body = view(environ, route.read(partial(_query, environ), _Fields(environ)))
        except Exception as error:  # every error gets a response in the common shape
            status, headers, body = error_parts(error, environ["REQUEST_METHOD"], environ["PATH_INFO"])
        start(
            f"{status} {HTTP_STATUS_CODES.get(status, 'Unknown')}",
            [("Content-Type", JSON), ("Content-Length", str(len(body))), *headers.items()],
        )
        return [body]


def _query(environ: Environ) -> Query:
    text = environ.get("QUERY_STRING", "")
    if text.count("&") >= MAX_PARAMS:
        raise too_many_params()
    return parse_qsl(text, keep_blank_values=True) if text else ()


class _Fields(Mapping[str, str]):
    """The request's headers by name."""

    def __init__(self, environ: Environ) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        value: str = self._environ[f"HTTP_{name.upper().replace('-', '_')}"]
        return value

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._environ if name.startswith("HTTP_"))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def reserve(server: flask.Flask, prefix: str) -> None:
    """Respond with 404 to paths without a route below a prefix such as `/api/`."""

    def nothing(rest: str = "") -> flask.Response:
        raise NotFound

    endpoint = f"nothing below {prefix}"
    server.add_url_rule(f"{prefix}<path:rest>", endpoint, nothing, methods=METHODS)
    server.add_url_rule(prefix, endpoint, nothing, methods=METHODS)


def _view_of(route: Route) -> Callable[..., flask.Response]:
    if route.direct is not None:
        return _bound_direct(route, route.direct)
    return _upgrade if route.view is None else _bound(route, route.view)


def _bound_direct(route: Route, view: DirectView) -> Callable[..., flask.Response]:
    def call() -> flask.Response:
        environ = flask.request.environ
        status, body = view(environ, route.read(partial(_query, environ), _Fields(environ)))
        return json_response(body, status)

    return call


def _bound(route: Route, view: View) -> Callable[..., flask.Response]:
    headers = tuple(param.name for param in route.params if param.place == "header")

    def call(**path: str) -> flask.Response:
        request = flask.request
        if headers:
            path |= {name: request.headers[name] for name in headers if name in request.headers}
        query = list(request.args.items(multi=True)) if request.query_string else []
        if route.unread:
            return view({**path, "query": query})
        return view(route.read(lambda: query, path))

    return call


def _upgrade(**path: str) -> flask.Response:
    raise WebsocketMismatch


def _method_not_allowed(taken: Sequence[str]) -> Callable[..., flask.Response]:
    allowed = sorted({*taken, "OPTIONS", *(["HEAD"] if "GET" in taken else [])})

    def call(**path: str) -> flask.Response:
        if flask.request.method == "OPTIONS":
            return flask.Response(status=204, headers={"Allow": ", ".join(allowed)})
        raise MethodNotAllowed(valid_methods=allowed)

    return call
