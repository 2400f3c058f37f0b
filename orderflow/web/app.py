"""Creates the Flask application with the routes and sockets of all products. `callbacks` adds the Dash pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pkgutil import resolve_name

import flask
from werkzeug.middleware.proxy_fix import ProxyFix

from orderflow.accounts.accounts import Accounts
from orderflow.products import PRODUCTS
from orderflow.services import Services
from orderflow.web.kit import responses, schemas
from orderflow.web.kit.access import AUTHENTICATOR, Authenticator
from orderflow.web.kit.api import Api
from orderflow.web.kit.compression import Compression
from orderflow.web.kit.current_user import USERS, note, put_cookies
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.openapi import document, page
from orderflow.web.kit.responses import JSON, encode, json_response
from orderflow.web.kit.routes import Direct, ResponseDoc, Route, SymbolConverter, Values, register, reserve
from orderflow.web.kit.security import Gate
from orderflow.web.kit.sign_out import PATH as SIGN_OUT
from orderflow.web.kit.socket_limits import Places, SocketLimits
from orderflow.web.kit.sockets import Sockets
from orderflow.web.kit.turnstile import Turns
from orderflow.web.kit.users import Users

HOME = "/chart/"
PAGE_BODY = 1 << 21
"""Maximum bytes of a callback's request: a scenario file of 1 MiB, in base64."""


def create_server(services: Services, *, most_sockets: int | None = None, shortcuts: bool = True) -> flask.Flask:
    """The Flask application with all routes and sockets, behind the security and compression middleware.

    most_sockets: how many WebSockets the system allows, None: as many as the settings. shortcuts: if True, `Direct`
    serves the routes that have a direct view, otherwise Flask does.

    `server.extensions` has "orderflow.gate", "orderflow.delivery", "orderflow.fanout", "orderflow.apis" (an instance of
    each `api` class in `PRODUCTS`) and "orderflow.routes" (the route table).
    """
    server = flask.Flask("orderflow", static_folder=None)
    server.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it, the abstract one not
    # for what pages send; the routes read their bodies themselves
    server.config["MAX_CONTENT_LENGTH"] = min(PAGE_BODY, services.settings.max_body)
    server.url_map.converters["symbol"] = SymbolConverter
    server.url_map.merge_slashes = False  # "/ES" is a symbol
    most = services.settings.max_sockets
    places = Places(min(most, most_sockets or most), services.settings.max_sockets_per_address)
    fanout = Fanout(services.workers, SocketLimits(places))
    apis = load_apis(services, fanout)
    sockets = [pair for api in apis for pair in api.sockets()]
    table = [route for api in apis for route in api.routes()] + [route for route, _ in sockets]
    table += _about(table, services)
    register(server, "orderflow", table)
    for prefix in ("/api/", "/ws/", "/exchange/", "/data/"):
        reserve(server, prefix)
    Sockets(server, fanout).register(sockets)
    responses.install_error_handlers(server)
    server.after_request(put_cookies)
    server.after_request(note)

    authenticator = Authenticator(services.settings)
    open_routes = [(route.method, route.path) for route in table if route.open]
    inner = Direct(server.wsgi_app, table) if shortcuts else server.wsgi_app
    https = (services.settings.public_url or "").startswith("https:")
    users = Users(services.part(Accounts), authenticator, secure=https)
    user_routes = [(route.method, route.pattern) for route in table if route.user]
    gate = Gate(inner, services.settings, authenticator, open_routes, users, user_routes)
    delivery = Compression(gate, services.workers.run, https=https)
    front: Callable[..., Iterable[bytes]] = Turns(delivery)
    if proxies := services.settings.trusted_proxies:
        front = ProxyFix(front, x_for=proxies, x_proto=proxies, x_host=proxies, x_prefix=proxies)
    server.wsgi_app = front  # type: ignore[method-assign]  # Flask's documented way to put middleware in front
    server.extensions |= {
        AUTHENTICATOR: authenticator,
        USERS: users,
        "orderflow.gate": gate,
        "orderflow.delivery": delivery,
        "orderflow.fanout": fanout,
        "orderflow.apis": tuple(apis),
        "orderflow.routes": tuple(table),
    }
    return server


def load_apis(services: Services, fanout: Fanout) -> list[Api]:
    """An instance of each `api` class in `PRODUCTS`, in order."""
    names = [name for product in PRODUCTS for name in product.api]
    return [resolve_name(name)(services, fanout) for name in names]


def _about(table: Sequence[Route], services: Services) -> list[Route]:
    """The routes of the server itself: home page, health check, OpenAPI document and its page."""
    made: dict[str, bytes] = {}

    def make() -> None:
        doc = document([*table], services.settings.api_title, services.settings.api_version)
        made.update(json=encode(doc), html=page(doc).encode())

    def openapi(values: Values) -> flask.Response:
        if not made:
            services.workers.run(make)  # 0.2 s
        return json_response(made["json"])

    def docs(values: Values) -> flask.Response:
        openapi(values)
        return flask.Response(made["html"], content_type="text/html; charset=utf-8")

    def home(values: Values) -> flask.Response:
        return flask.Response(status=302, headers={"Location": HOME})

    def sign_out(values: Values) -> flask.Response:
        authenticator: Authenticator = flask.current_app.extensions[AUTHENTICATOR]
        headers = {"Location": SIGN_OUT, "Set-Cookie": authenticator.sign_out(), "Cache-Control": "no-store"}
        return flask.Response(status=303, headers=headers)

    def sign_out_page(values: Values) -> flask.Response:
        return flask.Response(status=302, headers={"Location": SIGN_OUT})

    def health(values: Values) -> flask.Response:
        return json_response({"status": "healthy"})

    whole: schemas.Schema = {"type": "object"}
    text: schemas.Schema = {"type": "string"}
    return [
        Route("GET", "/", home, "Home page", answers={302: ResponseDoc("Redirects to the chart.")}),
        Route("GET", "/sign-out", sign_out_page, "Page to sign out", answers={302: ResponseDoc("Redirects to it.")}),
        Route(
            "POST",
            "/sign-out",
            sign_out,
            "Sign this browser out",
            "Removes the cookie that `?key=` sets. Other browsers keep theirs; `orderflow key rotate` ends them all.",
            answers={303: ResponseDoc("Redirects to a page that says so.")},
            open=True,
        ),
        Route(
            "GET",
            "/health",
            health,
            "Health check",
            answers={200: ResponseDoc("The server is ready.", {JSON: schemas.HEALTH})},
        ),
        Route(
            "GET",
            "/openapi.json",
            openapi,
            "OpenAPI document",
            answers={200: ResponseDoc("OpenAPI 3.1.", {JSON: whole})},
        ),
        Route(
            "GET",
            "/docs",
            docs,
            "OpenAPI document as a page",
            answers={200: ResponseDoc("An HTML page.", {"text/html": text})},
        ),
    ]
