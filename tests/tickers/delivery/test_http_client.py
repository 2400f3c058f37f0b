"""One request to a host that is not trusted: to the checked address, and never longer or larger than allowed."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from orderflow.runtime.workers import Workers
from orderflow.tickers.delivery.addresses import AddressGuard
from orderflow.tickers.delivery.http_client import MOST_BYTES, HttpClient
from orderflow.tickers.delivery.outcome import NotSent
from tests.tickers.delivery.conftest import LOCAL, Names, Receiver
from tests.worker_threads import not_patched, run_under_gevent

Receive = Callable[..., Receiver]


def test_a_request_goes_to_the_address_and_keeps_the_name(client: HttpClient, names: Names, receive: Receive) -> None:
    receiver = receive(secure=True)
    answer = client.request("POST", f"{receiver.url}/a?b=c%20d", {"X-One": "1"}, b"hello")
    assert (answer.status, answer.body) == (204, b"")
    (got,) = receiver.got
    assert (got.method, got.path, got.body, got.sni) == ("POST", "/a?b=c%20d", b"hello", "hooks.example.org")
    assert got.headers["host"] == f"hooks.example.org:{receiver.port}"
    assert got.headers["x-one"] == "1"
    assert got.headers["connection"] == "close"
    assert names.asked == ["hooks.example.org"]


def test_a_name_is_resolved_once_and_cannot_lead_elsewhere_afterwards(receive: Receive) -> None:
    """DNS rebinding: public when it is judged, private when it is connected to."""
    inside = receive()
    answers = iter([["192.0.2.77"], [LOCAL]])  # the second would be the server's own network
    asked: list[str] = []

    def rebind(host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers)[0], port))]

    guard = AddressGuard(resolve=rebind)
    guard._allowed = {"", "reserved"}  # TEST-NET-1 stands for a public address that nobody answers at
    with pytest.raises(NotSent):
        HttpClient(guard, seconds=0.5).request("POST", f"http://hooks.example.org:{inside.port}/", {}, b"")
    assert asked == ["hooks.example.org"]
    assert inside.got == []
    with pytest.raises(NotSent, match="not at a public address"):
        HttpClient(guard).request("POST", f"http://hooks.example.org:{inside.port}/", {}, b"")
    assert inside.got == []


def test_the_next_address_is_tried_when_the_first_does_not_answer(receive: Receive, names: Names) -> None:
    receiver = receive()
    names.addresses = ["127.0.0.77", LOCAL]
    client = HttpClient(AddressGuard(allow_own=True, resolve=names))
    assert client.request("POST", receiver.url, {}, b"").status == 204


def test_proxies_and_passwords_of_the_environment_are_not_used(
    client: HttpClient, receive: Receive, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:9")
        monkeypatch.setitem(os.environ, name.lower(), "http://127.0.0.1:9")
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w", encoding="utf-8") as file:
        file.write("machine hooks.example.org login ann password s3cret\n")
    monkeypatch.setitem(os.environ, "NETRC", netrc)
    receiver = receive()
    assert client.request("POST", receiver.url, {}, b"").status == 204
    assert "authorization" not in receiver.got[0].headers


def test_a_redirect_is_an_answer_and_not_followed(client: HttpClient, receive: Receive) -> None:
    inside = receive()
    receiver = receive(answer=lambda request: (307, {"Location": inside.url}, b""))
    assert client.request("POST", receiver.url, {}, b"").status == 307
    assert inside.got == []


def test_a_certificate_of_another_name_or_nobody_is_refused(
    names: Names, trusting: ssl.SSLContext, receive: Receive
) -> None:
    receiver = receive(secure=True)
    guard = AddressGuard(allow_own=True, resolve=names)
    with pytest.raises(NotSent, match=r"certificate of hooks\.example\.org is not accepted"):
        HttpClient(guard).request("POST", receiver.url, {}, b"")
    with pytest.raises(NotSent, match=r"certificate of other\.example\.org is not accepted: Hostname mismatch"):
        HttpClient(guard, trusting).request("POST", f"https://other.example.org:{receiver.port}/", {}, b"")
    assert receiver.got == []


def test_what_is_not_tls_or_http_is_said(client: HttpClient, names: Names, receive: Receive) -> None:
    plain = receive()
    with pytest.raises(NotSent, match=r"no TLS with hooks\.example\.org"):
        client.request("POST", f"https://hooks.example.org:{plain.port}/", {}, b"")
    names.addresses = ["127.0.0.77"]
    with pytest.raises(NotSent, match=r"no connection with hooks\.example\.org: Connection refused"):
        client.request("POST", plain.url, {}, b"")
    with pytest.raises(NotSent, match="characters that HTTP does not allow"):
        HttpClient(AddressGuard(allow_own=True, resolve=Names())).request(
            "POST", plain.url, {"X-One": "1\r\nX-Two: 2"}, b""
        )
    assert plain.got == []


@pytest.fixture
def drip() -> Iterator[Callable[..., int]]:
    """drip(pieces): a server that sends the bytes of an endless iterator, one piece every 20 ms; its port."""
    stop = threading.Event()
    servers: list[socket.socket] = []

    def start(*pieces: bytes, pause: float = 0.02) -> int:
        server = socket.create_server((LOCAL, 0))
        servers.append(server)

        def serve() -> None:
            try:
                connection, _ = server.accept()
                with connection:
                    at = 0
                    while not stop.is_set():
                        connection.sendall(pieces[min(at, len(pieces) - 1)])
                        at += 1
                        time.sleep(pause)
            except OSError:
                pass

        threading.Thread(target=serve, daemon=True).start()
        return int(server.getsockname()[1])

    yield start
    stop.set()
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("scheme", "pieces"),
    [
        ("http", [b"H"]),
        ("http", [b"HTTP/1.1 200 OK\r\n", b"X"]),
        ("https", [b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", b"\x00"]),
    ],
)
def test_the_whole_of_a_slow_answer_is_bounded(
    names: Names, drip: Callable[..., int], scheme: str, pieces: list[bytes]
) -> None:
    """A byte comes every 20 ms, so no single wait is long."""
    client = HttpClient(AddressGuard(allow_own=True, resolve=names), seconds=0.4)
    begun = time.monotonic()
    with pytest.raises(NotSent, match=r"took longer than 0\.4 s"):
        client.request("POST", f"{scheme}://hooks.example.org:{drip(*pieces)}/", {}, b"")
    assert 0.3 < time.monotonic() - begun < 20


def test_a_slow_or_endless_body_does_not_make_a_delivery_a_failure(names: Names, drip: Callable[..., int]) -> None:
    client = HttpClient(AddressGuard(allow_own=True, resolve=names), seconds=1.5)
    port = drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x")
    assert client.request("POST", f"http://hooks.example.org:{port}/", {}, b"").status == 200
    port = drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x")
    answer = client.request("POST", f"http://hooks.example.org:{port}/", {}, b"", read=1000)
    assert (answer.status, answer.body) == (200, b"")


def test_an_endless_head_is_bounded_in_bytes(client: HttpClient, drip: Callable[..., int]) -> None:
    port = drip(b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * (MOST_BYTES // 4) + b"\r\n", pause=0)
    with pytest.raises(NotSent, match="the answer is too long"):
        client.request("POST", f"http://hooks.example.org:{port}/", {}, b"")


def test_a_request_in_a_worker_thread(client: HttpClient, receive: Receive, workers: Workers) -> None:
    """The receiver answers in a greenlet of the hub when this is run under gevent, so the hub must be free."""
    receiver = receive(secure=True)
    assert workers.run(lambda: client.request("POST", receiver.url, {}, b"x")).status == 204


@not_patched
def test_a_request_in_a_worker_thread_under_gevent() -> None:
    run_under_gevent(f"{__file__}::test_a_request_in_a_worker_thread", conftest=True)
