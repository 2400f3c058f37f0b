"""Receivers on the loopback interface, and a resolver that leads example.org's names to them."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from orderflow.tickers.delivery.addresses import AddressGuard
from orderflow.tickers.delivery.http_client import HttpClient
from tests.servers.postgresql import cluster as cluster  # a fixture
from tests.servers.postgresql import postgresql as postgresql  # a fixture

PEM = Path(__file__).with_name("server.pem")
"""A certificate for hooks, mail and ntfy.example.org that signs itself, with its key, which nobody trusts elsewhere."""
LOCAL = "127.0.0.1"


@dataclass
class Received:
    """One request as it came. sni: the name that TLS asked for."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    sni: str | None


@dataclass
class Receiver:
    """An HTTP server that keeps what it gets. answer: makes (status, headers, body) from a request."""

    secure: bool = False
    answer: Callable[[Received], tuple[int, dict[str, str], bytes]] = lambda request: (204, {}, b"")
    got: list[Received] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"{'https' if self.secure else 'http'}://hooks.example.org:{self.port}"

    def serve(self) -> ThreadingHTTPServer:
        receiver = self
        names: dict[Any, str | None] = {}

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                sni = names.get(self.connection)
                receiver.got.append(Received(self.command, self.path, headers, body, sni))
                status, more, content = receiver.answer(receiver.got[-1])
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer((LOCAL, 0), Handler)
        server.daemon_threads = True
        server.handle_error = lambda request, client: None  # type: ignore[method-assign]  # clients may hang up
        if self.secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(PEM)
            context.sni_callback = lambda connection, name, _: names.__setitem__(connection, name)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server


class Names:
    """A resolver: every name is at `addresses`, or at what `by_name` says. asked: the names it was asked for."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses) or [LOCAL]
        self.by_name: dict[str, list[str]] = {}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        found = self.by_name.get(host, self.addresses)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in found
        ]


@pytest.fixture
def receive() -> Iterator[Callable[..., Receiver]]:
    """receive(secure=…, answer=…): a running receiver, closed after the test."""
    servers: list[ThreadingHTTPServer] = []

    def start(**options: Any) -> Receiver:
        receiver = Receiver(**options)
        servers.append(receiver.serve())
        return receiver

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def trusting() -> ssl.SSLContext:
    """A TLS context that trusts the receivers' certificate, and no other."""
    return ssl.create_default_context(cafile=PEM)


@pytest.fixture
def client(names: Names, trusting: ssl.SSLContext) -> HttpClient:
    """A client that may connect to the loopback interface."""
    return HttpClient(AddressGuard(allow_own=True, resolve=names), trusting)
