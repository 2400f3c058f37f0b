"""The transport over a real network: plain and TLS, and in a process that gevent has patched."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orderflow.feeds.network import Network, NetworkSocket, reason_of
from orderflow.runtime.plain_sockets import PlainConnection
from orderflow.runtime.workers import Workers
from tests.exchange.inprocess import SimulatedExchange
from tests.worker_threads import not_patched, run_under_gevent

SUBSCRIBE = '{"method":"SUBSCRIBE","params":["btcusdt@aggTrade"],"id":1}'


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the time is up"
        time.sleep(0.01)


def received(link: NetworkSocket, count: int) -> list[bytes]:
    """At least so many messages."""
    found: list[bytes] = []

    def enough() -> bool:
        found.extend(link.take())
        return len(found) >= count

    until(enough)
    return found


def test_sockets_and_requests(workers: Workers) -> None:
    with SimulatedExchange() as venue:
        venue.trade("BTCUSDT", (0.0, "100.5", "2", "buy"))
        network = Network(workers)
        answer = network.get(f"{venue.url}/api/v3/aggTrades", {"symbol": "BTCUSDT", "fromId": "0"})
        until(lambda: answer.done)
        assert answer.status == 200
        assert b'"p":"100.50000000"' in answer.body
        assert answer.headers["x-mbx-used-weight-1m"] == "4"
        for number in range(3):  # each of them is closed, which must not disturb the next
            link = network.connect(f"{venue.ws}/stream")
            link.send(SUBSCRIBE)
            until(lambda link=link: link.opened)  # type: ignore[misc]
            assert received(link, 1) == [b'{"result":null,"id":1}']
            venue.trade("BTCUSDT", *((number + at / 10, "101", "1", "sell") for at in range(1, 6)))
            assert len(received(link, 5)) == 5
            link.close()
            until(lambda link=link: link.ended is not None)  # type: ignore[misc]
            assert link.ended == "closed"
        for goodbye, words in (
            ({"code": 1001}, "the venue closed: 1001 (going away) scripted"),
            ({}, "the venue ended the connection"),
        ):
            link = network.connect(f"{venue.ws}/stream")
            link.send(SUBSCRIBE)
            received(link, 1)
            venue.exchange.add_faults([{"do": "drop", "seconds": 0, **goodbye}])
            until(lambda link=link: link.ended is not None)  # type: ignore[misc]
            assert link.ended == words
        wrong = network.connect(f"{venue.ws}/nothing/here")
        until(lambda: wrong.ended is not None)
        assert not wrong.opened
        network.close()
    gone = network.connect(f"{venue.ws}/stream")
    until(lambda: gone.ended is not None)
    lost = Network(workers).get(f"{venue.url}/api/v3/time", {})
    until(lambda: lost.done)
    assert lost.status == 0
    assert "does not answer" in lost.error


@not_patched
def test_the_same_under_gevent() -> None:
    run_under_gevent(f"{__file__}::test_sockets_and_requests")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="a certificate is made with openssl")
def test_tls(tmp_path: Path, workers: Workers) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    call = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*call, *names, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def serve() -> None:
            for _ in range(2):
                made, _ = server.accept()
                try:
                    with context.wrap_socket(made, server_side=True) as secure:
                        secure.sendall(secure.recv(100).upper() * 30_000)
                except ssl.SSLError:
                    made.close()

        job = workers.spawn_thread("server", serve)
        trusting = ssl.create_default_context(cafile=str(cert))
        connection = PlainConnection("localhost", port, 10.0, trusting)
        connection.send(b"hello")
        answer = b"".join(iter(connection.receive, b""))
        assert answer == b"HELLO" * 30_000
        connection.close()
        with pytest.raises(ssl.SSLCertVerificationError):
            PlainConnection("localhost", port, 10.0, ssl.create_default_context())
        assert job.join(60)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (socket.gaierror(-2, "Name or service not known"), "the address of x.example is not known here: is this "),
        (ConnectionRefusedError(111, "Connection refused"), "x.example refuses the connection"),
        (OSError(101, "Network is unreachable"), "x.example: Network is unreachable"),
        (TimeoutError("timed out"), "timed out"),
        (ValueError(), "ValueError"),
    ],
)
def test_why_a_connection_ended_is_said_without_numbers(error: Exception, said: str) -> None:
    assert reason_of(error, "wss://x.example:9443/ws").startswith(said)
