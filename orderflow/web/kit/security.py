"""WSGI middleware that checks the host, origin and key of every request.

- The Host header must be a name of this server. This prevents DNS rebinding, where a page on the internet reaches a
  server on localhost through a domain that resolves to 127.0.0.1.
- A browser's request or WebSocket from another origin is refused unless CORS_ORIGINS allows it. Following a link to a
  page is allowed.
- A changing method needs the key (see `access`) if the server has one. It always has one if others can reach it: beyond
  loopback, or on loopback behind a tunnel or proxy (a public URL, further host names or trusted proxies are set).
  Routes with `open=True` are exempt, those with `user=True` take a user's token in its place (see `users`), and the one
  URL of all Dash callbacks is exempt, as they check the key themselves.

Refused requests are counted by the first segment of their path. As WSGI middleware it covers pages and sockets too, and
costs microseconds.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from orderflow.errors import Forbidden, OrderflowError, Unauthorized
from orderflow.settings.settings import Settings, is_loopback
from orderflow.web.kit.access import Authenticator
from orderflow.web.kit.access import Environ as Environ
from orderflow.web.kit.refusals import note_refusal
from orderflow.web.kit.request_head import is_host
from orderflow.web.kit.responses import error_body, error_headers
from orderflow.web.kit.users import Users

Start = Callable[..., Any]
Application = Callable[[Environ, Start], Iterable[bytes]]

SAFE = ("GET", "HEAD", "OPTIONS")
"""HTTP methods that change nothing."""
CALLBACKS = ("POST", "/_dash-update-component")
"""Method and path of all Dash callbacks; those that change something are decorated with `access.operator_only`."""
MAX_COUNTED = 64
"""Number of path segments with their own count of refusals; further ones are counted under ""."""
PREFLIGHT = [
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding, Idempotency-Key"),
    ("Access-Control-Allow-Private-Network", "true"),
    ("Access-Control-Max-Age", "600"),
]
EXPOSED = ("Access-Control-Expose-Headers", "Link, Retry-After, X-Epoch, X-Next, X-Revision")
REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    409: "Conflict",
    429: "Too Many Requests",
    507: "Insufficient Storage",
}


def lan_address() -> str | None:
    """This machine's IP address in the local network, None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it only selects a route
            address = str(probe.getsockname()[0])
        except OSError:
            return None
    return None if is_loopback(address) or address == "0.0.0.0" else address


class Gate:
    """The middleware around `application`.

    open_routes: (method, path) of changing requests that need no key. user_routes: (method, pattern of the path) of
    those that a user of `users` may make as well. refused: number of refused requests by the first segment of their
    path ("herd" for `/herd/control`).
    """

    def __init__(
        self,
        application: Application,
        settings: Settings,
        authenticator: Authenticator,
        open_routes: Iterable[tuple[str, str]] = (),
        users: Users | None = None,
        user_routes: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._application = application
        self._authenticator = authenticator
        self._open = frozenset([CALLBACKS, *open_routes])
        self._users = users
        self._of_users = [(method, re.compile(pattern)) for method, pattern in user_routes]
        self._cors = frozenset(settings.cors_origins)
        self._own = frozenset([settings.public_url] if settings.public_url else [])
        self._any_address = settings.beyond_loopback
        self._names = _names(settings)
        self._secure = (settings.public_url or "").startswith("https:")
        self.refused: Counter[str] = Counter()

    @property
    def key(self) -> str | None:
        """The key that changing requests need, None if they need none."""
        return self._authenticator.key

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        shared = None
        try:
            self._check_host(environ.get("HTTP_HOST", ""))
            shared = self._check_origin(environ)
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)  # no compression: all clients are sent the same frame
            method = environ["REQUEST_METHOD"]
            if method not in SAFE:
                if self.key is not None and (method, environ["PATH_INFO"]) not in self._open:
                    self._check_key(environ)
            elif self.key is not None and any(mark in environ.get("QUERY_STRING", "") for mark in ("key=", "%")):
                given = dict(parse_qsl(environ["QUERY_STRING"])).get("key")
                if given is not None:
                    return self._sign_in(environ, start, given)
        except OrderflowError as error:
            part = environ["PATH_INFO"].lstrip("/").partition("/")[0][:40]
            self.refused[part if part in self.refused or len(self.refused) < MAX_COUNTED else ""] += 1
            if self._users is not None:
                note_refusal(environ, error)
                self._users.log_refusal(environ, error.status)
            return _refuse(start, error, _cors(shared) if shared is not None else [])
        if shared is None:
            return self._application(environ, start)
        if method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
            start("204 No Content", [*_cors(shared), *PREFLIGHT])
            return []

        def share(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start(status, [*headers, *_cors(shared)], exc_info)

        return self._application(environ, share)

    def _check_key(self, environ: Environ) -> None:
        if self._is_users(environ) or self._authenticator.identify(environ).is_operator:
            return
        raise Unauthorized(
            "this request changes something and needs the key: send it as 'Authorization: Bearer KEY', or open the "
            "URL with ?key=KEY that the server printed at its start"
        )

    def _is_users(self, environ: Environ) -> bool:
        """Whether the route is one for users, and a user calls it."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if not any(each == method and pattern.fullmatch(path) for each, pattern in self._of_users):
            return False
        return self._users is not None and self._users.claims(environ) is not None

    def _sign_in(self, environ: Environ, start: Start, given: str) -> Iterable[bytes]:
        authenticator, headers = self._authenticator, [("Cache-Control", "no-store")]
        signed_in = authenticator.has_cookie(environ)
        if not signed_in:
            authenticator.check_key(environ, given)
        if not signed_in or authenticator.is_key(given):  # a signed-in browser may open an old address
            secure = self._secure or environ.get("wsgi.url_scheme") == "https"
            headers.append(("Set-Cookie", authenticator.cookie(secure=secure)))
        rest = urlencode(
            [pair for pair in parse_qsl(environ["QUERY_STRING"], keep_blank_values=True) if pair[0] != "key"]
        )
        # exactly one leading slash: "//name" would redirect to another site
        location = "/" + quote(environ["PATH_INFO"].encode("latin-1").lstrip(b"/\\")) + (f"?{rest}" if rest else "")
        start("303 See Other", [("Location", location), *headers])
        return []

    def _check_host(self, host: str) -> None:
        if host in self._names:
            return
        name = _split(f"//{host}").hostname if is_host(host) else None
        if name and (name in self._names or is_loopback(name) or (self._any_address and _is_address(name))):
            return
        raise Forbidden(f"{host[:100]!r} is not a name of this server; set ORDERFLOW_ALLOWED_HOSTS if it should be one")

    def _check_origin(self, environ: Environ) -> str | None:
        """The allowed foreign origin of the request, None for the server's own origin. Raises Forbidden."""
        origin = environ.get("HTTP_ORIGIN")
        if origin is None:
            # without an Origin header, a browser still sends where a script, image or frame is requested from
            if environ.get("HTTP_SEC_FETCH_SITE") in ("cross-site", "same-site") and not (
                environ.get("HTTP_SEC_FETCH_MODE") == "navigate" and environ["REQUEST_METHOD"] in SAFE
            ):
                raise Forbidden("pages of other sites may not use this server; set CORS_ORIGINS if one should")
            return None
        if _split(origin).netloc == environ.get("HTTP_HOST") or origin in self._own:
            return None
        if "*" in self._cors or origin.lower() in self._cors:
            return str(origin)
        raise Forbidden(f"pages of {origin[:100]} may not use this server; set CORS_ORIGINS if they should")


def _names(settings: Settings) -> frozenset[str]:
    names = {"localhost", settings.bind.lower(), settings.host.lower(), *settings.allowed_hosts}
    if settings.public_url:
        names.add(urlsplit(settings.public_url).hostname or "")
    if settings.beyond_loopback:
        own = socket.gethostname().lower()
        names |= {own, f"{own.split('.')[0]}.local"}
    return frozenset(names)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # a broken IPv6 address
        return urlsplit("")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _cors(origin: str) -> list[tuple[str, str]]:
    return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin"), EXPOSED]


def _refuse(start: Start, error: OrderflowError, shared: list[tuple[str, str]]) -> Iterable[bytes]:
    body = error_body(str(error))
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *error_headers(error).items()]
    start(f"{error.status} {REASONS[error.status]}", [*headers, *shared])
    return [body]
