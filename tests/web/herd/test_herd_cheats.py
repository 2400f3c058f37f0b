"""Cheating and malfunctioning phones: refused with a message, counted, and without effect on other players."""

from __future__ import annotations

import base64
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any
from uuid import uuid4

import pytest
import websocket
from werkzeug.serving import make_server

from orderflow.herd.rules.rate_limit import JOIN_BURST
from orderflow.services import Services
from orderflow.web.app import create_server
from orderflow.web.herd import herd_api
from orderflow.web.kit import sockets
from tests.running import RunningServer, start_server
from tests.web.herd.phones import Phone, call, phones

KEY = "correct-horse"
EVIL = "https://evil.example"


@pytest.fixture(scope="module")
def game() -> Iterator[RunningServer]:
    """A server with a key and the usual limits, for the tests of this file."""
    running = start_server("--ephemeral", environ={"ORDERFLOW_API_KEY": KEY, "ORDERFLOW_TICKER_COUNT": "0"})
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture
def phone(game: RunningServer) -> Iterator[Callable[..., Phone]]:
    """phone(...): phones, closed after the test."""
    yield from phones(game.url)


def refusals(game: RunningServer) -> dict[str, int]:
    found: dict[str, int] = game.get("/herd/stats")["refusals"]
    return found


def test_a_forged_cookie_is_nobody(game: RunningServer, phone: Callable[..., Phone]) -> None:
    ada = phone()
    before = refusals(game).get("cookie", 0)
    name, session, signature = ada.cookie.removeprefix("herd=").split(".")
    for forged in (
        f"herd={name}.{session}.{'0' * 64}",
        f"herd={int(name[1:]) + 1}.{session}.{signature}",
        f"herd=p99.{session}.{signature}",
        "herd=nonsense",
    ):
        cheat = Phone(game.url, cookie=forged, join=False)
        status, answer = cheat.order()
        assert status == 401
        assert "join again" in answer["detail"]
        assert cheat.state()["you"] is None
    listener = phone(cookie="herd=nonsense", join=False).connect()
    assert listener.receive(lambda message: True) == {"type": "you", "participant": None}
    assert listener.kind("snapshot")
    assert refusals(game)["cookie"] >= before + 9
    # and it is a stranger who may join
    cheat = Phone(game.url, cookie="herd=nonsense")
    assert cheat.order()[0] == 202


def test_other_peoples_orders_cannot_be_seen_or_taken_over(phone: Callable[..., Phone]) -> None:
    ada, eve = phone(), phone()
    name = str(uuid4())
    assert ada.order("buy", 2, name)[0] == 202
    ada.settled(name)
    assert call(eve.url, f"/herd/orders/{name}", cookie=eve.cookie)[0] == 404
    assert eve.order("sell", 1, name)[0] == 202  # an order of hers, under the same name
    assert eve.settled(name)["side"] == "sell"
    assert call(ada.url, f"/herd/orders/{name}", cookie=ada.cookie)[1]["side"] == "buy"


@pytest.mark.parametrize("quantity", [-5, 0, 10**9, 10**40, 1.5, 2.0, True, "1", None, [1]])
def test_no_quantity_makes_money(phone: Callable[..., Phone], quantity: Any) -> None:
    ada = phone()
    status, answer = ada.order("sell", quantity)
    assert status == 422
    assert "quantity" in answer["detail"]
    assert (ada.state()["you"]["cash"], ada.state()["you"]["shares"]) == (5000, 50)


def test_a_quantity_that_is_not_json_is_refused(phone: Callable[..., Phone]) -> None:
    ada = phone()
    for number in (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"1" * 3000, b"0x10", b"1_0"):
        body = b'{"client_id":"%s","side":"buy","quantity":%s}' % (str(uuid4()).encode(), number)
        assert call(ada.url, "/herd/orders", body, ada.cookie)[0] == 422
    assert ada.state()["you"]["shares"] == 50


def test_a_participant_cannot_control_the_game(game: RunningServer, phone: Callable[..., Phone]) -> None:
    ada = phone()
    before = refusals(game).get("gate", 0)
    for action in ("freeze", "end", "reset", "news", "kick", "undo"):
        status, answer, _ = call(ada.url, "/herd/control", {"action": action}, ada.cookie)
        assert status == 401
        assert "key" in answer["detail"]
    status, answer, _ = call(ada.url, "/herd/control", {"action": "end"}, ada.cookie, Authorization="Bearer guess-it")
    assert (status, answer["detail"]) == (403, "the key is wrong")
    assert call(ada.url, "/herd/export/participants.csv", cookie=ada.cookie)[0] == 401
    assert refusals(game)["gate"] == before + 7
    assert ada.state()["phase"] == "open"


def test_pages_of_other_sites_get_nothing(game: RunningServer, phone: Callable[..., Phone]) -> None:
    ada = phone()
    before = refusals(game).get("gate", 0)
    body = {"client_id": str(uuid4()), "side": "sell", "quantity": 50}
    foreign = [{"Origin": EVIL}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}]
    for headers in foreign:
        for path in ("/herd/orders", "/herd/join"):
            status, answer, _ = call(ada.url, path, body, ada.cookie, **headers)
            assert status == 403
            assert "CORS_ORIGINS" in answer["detail"]
    ws = websocket.WebSocket()
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        ws.connect(game.url.replace("http", "ws") + "/herd/ws", origin=EVIL, header=[f"Cookie: {ada.cookie}"])
    ws.shutdown()
    assert caught.value.status_code == 403
    assert refusals(game)["gate"] == before + 7
    assert ada.state()["you"]["shares"] == 50


def test_an_oversized_frame_ends_that_connection_alone(game: RunningServer, phone: Callable[..., Phone]) -> None:
    eve, ada = phone().connect(), phone().connect()
    before = refusals(game).get("frame", 0)
    eve.kind("snapshot"), ada.kind("snapshot")
    assert eve.ws is not None
    eve.ws.send("x" * 5000)
    while True:
        kind, data = eve.ws.recv_data()
        if kind == websocket.ABNF.OPCODE_CLOSE:
            break
    assert struct.unpack("!H", data[:2])[0] == 1009
    ada.trade()
    assert ada.kind("fill")["status"] == "filled"
    until = time.monotonic() + 60
    while refusals(game).get("frame", 0) != before + 1:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_nonsense_on_the_socket_is_counted_and_not_answered(game: RunningServer, phone: Callable[..., Phone]) -> None:
    eve = phone().connect()
    eve.kind("snapshot")
    before = refusals(game).get("message", 0)
    assert eve.ws is not None
    for nonsense in ("{", "[]", "null", '{"since": "x"}', '{"action": "reset"}', "x" * 4000):
        eve.ws.send(nonsense)
    eve.ws.send_binary(b"\xff\xfe")
    eve.trade()
    eve.kind("fill")
    assert refusals(game)["message"] == before + 7
    assert {message["type"] for message in eve.said} <= {"you", "snapshot", "delta", "fill"}


def test_trading_continues_during_an_attack(game: RunningServer, phone: Callable[..., Phone]) -> None:
    ada, listener, eve = phone().connect(), phone(join=False).connect(), phone()
    ended = threading.Event()
    flooded: list[int] = []

    def attack(how: Callable[[], object]) -> None:
        while not ended.is_set():
            with suppress(OSError, websocket.WebSocketException):
                how()

    def frames() -> None:
        bad = Phone(game.url, cookie=eve.cookie, join=False).connect()
        assert bad.ws is not None
        bad.ws.send("x" * 60_000)
        bad.ws.shutdown()

    def deaf() -> None:  # asks for everything and reads nothing
        bad = Phone(game.url, join=False).connect()
        assert bad.ws is not None
        for _ in range(200):
            bad.ws.send('{"since": 0}')
        bad.ws.shutdown()

    attacks = [
        lambda: flooded.append(eve.order()[0]),
        lambda: Phone(game.url, cookie="herd=x", join=False).order(),
        lambda: call(game.url, "/herd/control", {"action": "reset"}),
        lambda: call(game.url, "/herd/orders", b"[" * 4000, eve.cookie),
        frames,
        deaf,
    ]
    threads = [threading.Thread(target=attack, args=(how,)) for how in attacks]
    for thread in threads:
        thread.start()
    trades, limit = 0, time.monotonic() + 60
    try:
        while trades < 6 or flooded.count(429) < 20:
            assert time.monotonic() < limit
            status, answer = ada.order("buy" if trades % 2 else "sell")
            if status == 429:  # she has sent as much as one may
                time.sleep(0.3)
                continue
            assert status == 202
            told = ada.kind("fill", 10.0)
            assert (told["client_id"], told["status"]) == (answer["client_id"], "filled")
            trades += 1
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert set(flooded) == {202, 429}
    price = ada.state()["price"]
    assert listener.receive(lambda message: message.get("price") == price)


@pytest.fixture
def impatient(make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server in this process that pings its sockets each second and takes in 60 people at once; its address."""
    monkeypatch.setattr(sockets, "PING_SECONDS", 1.0)
    monkeypatch.setattr(herd_api, "JOIN_RATE", 3.0)
    server = create_server(make_services())
    http = make_server("127.0.0.1", 0, server, threaded=True)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


def test_a_half_open_socket_is_dropped_and_a_live_one_is_not(impatient: str) -> None:
    with closing(Phone(impatient).connect()) as ada:
        host, port = impatient.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as dead:
            dead.settimeout(0.01)
            key = base64.b64encode(os.urandom(16)).decode()
            head = ["GET /herd/ws HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket", "Connection: Upgrade",
                    f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", ""]  # fmt: skip
            dead.sendall("\r\n".join(head).encode())
            heard, limit = b"", time.monotonic() + 60
            while b"Ping/Pong timeout" not in heard:  # never answers one
                assert time.monotonic() < limit
                with suppress(TimeoutError):
                    heard += dead.recv(4096)
                with suppress(TimeoutError):
                    ada.receive(lambda message: False, 0.1)  # reads, and so answers pings
            assert b"101 Switching" in heard
        ada.trade()
        assert ada.kind("fill")["status"] == "filled"
        assert call(impatient, "/herd/stats")[1]["connected"] == 1


def test_leaving_before_the_handshake_is_not_a_server_error(launch: Callable[..., RunningServer]) -> None:
    server = launch("--ephemeral")
    lasting = Phone(server.url)
    head = (
        f"GET /herd/ws HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    gone = []
    for _ in range(100):
        gone.append(socket.create_connection(("127.0.0.1", server.port)))
        gone[-1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone[-1].sendall(head)
    for one in gone:
        one.close()
    until = time.monotonic() + 60
    while server.get("/herd/stats")["connected"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert lasting.state()["you"]
    assert not [line for line in server.errors if "Traceback" in line or "ERROR" in line]


def test_a_script_cannot_fill_the_game(impatient: str) -> None:
    """A second's worth of joins fills a burst of so many seconds, however fast the script is."""
    first = Phone(impatient)
    answers = []
    begun = time.monotonic()
    while 429 not in answers:
        assert time.monotonic() < begun + 60
        status, answer, headers = call(impatient, "/herd/join", {})
        answers.append(status)
    assert 3 * JOIN_BURST <= len(answers) <= 3 * (JOIN_BURST + time.monotonic() - begun) + 1
    assert "too many people are joining" in answer["detail"]
    assert int(headers["Retry-After"]) == 1
    assert Phone(impatient, cookie=first.cookie).name == first.name  # who is in the game comes back all the same
    time.sleep(1.1)
    Phone(impatient, "A real guest")
