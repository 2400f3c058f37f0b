"""/ws/bars on a real server: snapshots, deltas, reconnection, errors, shutdown."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import websocket

from tests.running import RunningServer

CSV = "text/csv"
HEAD = "timestamp,price,size,side\n"


def send(server: RunningServer, symbol: str, *lines: str) -> None:
    server.post(f"/ticks?symbol={symbol}", (HEAD + "\n".join(lines)).encode(), CSV)


@pytest.fixture
def open_socket() -> Iterator[Callable[..., websocket.WebSocket]]:
    made: list[websocket.WebSocket] = []

    def connect(server: RunningServer, path: str, **options: Any) -> websocket.WebSocket:
        made.append(websocket.create_connection(server.url.replace("http", "ws") + path, timeout=60, **options))
        return made[-1]

    yield connect
    for ws in made:
        with suppress(OSError):
            ws.shutdown()


def message(ws: websocket.WebSocket) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ws.recv())
    return found


def closing(ws: websocket.WebSocket) -> tuple[int, str]:
    """Read until the close frame; its code and reason."""
    while True:
        kind, data = ws.recv_data()
        if kind == websocket.ABNF.OPCODE_CLOSE:
            return struct.unpack("!H", data[:2])[0], data[2:].decode()


def test_a_snapshot_then_the_bars_that_change(
    server: RunningServer, open_socket: Callable[..., websocket.WebSocket]
) -> None:
    send(server, "WS1", *(f"2025-10-09T18:0{i}:00Z,{10 + i}.5,1,buy" for i in range(5)))
    ws = open_socket(server, "/ws/bars/WS1?frame=1min")
    first = message(ws)
    assert (first["type"], first["symbol"], first["frame"], first["revision"]) == ("snapshot", "WS1", "1min", 1)
    assert first["bars"] == server.get("/api/v1/bars/WS1")["bars"]
    assert "permessage-deflate" not in str(ws.headers)
    send(server, "WS1", "2025-10-09T18:04:30Z,20,2,sell")
    delta = message(ws)
    assert (delta["type"], delta["revision"], delta["epoch"]) == ("delta", 2, first["epoch"])
    assert [(bar["time"], bar["close"], bar["delta"]) for bar in delta["bars"]] == [("2025-10-09T18:04:00Z", 20, -1)]


def test_merging_the_messages_gives_the_table(
    server: RunningServer, open_socket: Callable[..., websocket.WebSocket]
) -> None:
    send(server, "WS2", "2025-10-09T18:00:00Z,10,1,buy")
    ws = open_socket(server, "/ws/bars/WS2?frame=5s")
    bars: dict[str, Any] = {}
    for i in range(30):
        late = "2025-10-09T18:00:02Z,9,1,sell" if i % 7 == 3 else f"2025-10-09T18:00:{i:02d}.5Z,{10 + i % 4},1,buy"
        send(server, "WS2", late)
    while True:
        found = message(ws)
        bars |= {bar["time"]: bar for bar in found["bars"]}
        if found["revision"] == 31:
            break
    assert [bars[time] for time in sorted(bars)] == server.get("/api/v1/bars/WS2?frame=5s")["bars"]


def test_a_returning_client_gets_what_it_missed(
    server: RunningServer, open_socket: Callable[..., websocket.WebSocket]
) -> None:
    send(server, "WS3", *(f"2025-10-09T18:0{i}:00Z,1,1,buy" for i in range(5)))
    ws = open_socket(server, "/ws/bars/WS3")
    epoch = message(ws)["epoch"]
    ws.close()
    send(server, "WS3", "2025-10-09T18:06:00Z,2,1,buy")
    back = message(open_socket(server, f"/ws/bars/WS3?since=1&epoch={epoch}"))
    assert (back["type"], back["revision"]) == ("delta", 2)
    assert [bar["time"] for bar in back["bars"]] == ["2025-10-09T18:06:00Z"]
    for query in ("since=1&epoch=other", "since=77"):
        assert message(open_socket(server, f"/ws/bars/WS3?{query}"))["type"] == "snapshot"


def test_a_client_may_ask_again_and_nonsense_is_ignored(
    server: RunningServer, open_socket: Callable[..., websocket.WebSocket]
) -> None:
    send(server, "WS4", "2025-10-09T18:00:00Z,1,1,buy")
    ws = open_socket(server, "/ws/bars/WS4")
    assert message(ws)["type"] == "snapshot"
    for nonsense in ("{", "[]", '{"since": "x"}', "", "\x00"):
        ws.send(nonsense)
    ws.send_binary(b"\xff\xfe")
    ws.send(json.dumps({"since": 0}))
    assert message(ws)["type"] == "snapshot"


def test_a_reset_makes_a_new_snapshot(server: RunningServer, open_socket: Callable[..., websocket.WebSocket]) -> None:
    send(server, "WS5", "2025-10-09T18:00:00Z,1,1,buy", "2025-10-09T18:01:00Z,1,1,buy")
    ws = open_socket(server, "/ws/bars/WS5")
    first = message(ws)
    server.post("/reset?symbol=WS5", b"")
    send(server, "WS5", "2025-10-09T19:00:00Z,3,1,buy")
    found = message(ws)
    while not found["bars"] or found["epoch"] == first["epoch"]:
        found = message(ws)
    assert found["type"] == "snapshot"
    assert [bar["time"] for bar in found["bars"]] == ["2025-10-09T19:00:00Z"]


@pytest.mark.parametrize(
    ("path", "code", "says"),
    [
        ("/ws/bars/NOBODY", 4004, "'NOBODY' has no ticks"),
        ("/ws/bars/WS6?frame=7min", 4000, "frame"),
        ("/ws/bars/WS6?since=x", 4000, "since"),
        ("/ws/bars/WS6?nope=1", 4000, "nope"),
    ],
)
def test_invalid_requests_get_an_error_and_are_closed(
    server: RunningServer, open_socket: Callable[..., websocket.WebSocket], path: str, code: int, says: str
) -> None:
    send(server, "WS6", "2025-10-09T18:00:00Z,1,1,buy")
    ws = open_socket(server, path)
    told = message(ws)
    assert told["type"] == "error"
    assert says in told["message"]
    assert closing(ws)[0] == code


def test_a_foreign_origin_gets_no_socket(
    server: RunningServer, open_socket: Callable[..., websocket.WebSocket]
) -> None:
    send(server, "WS7", "2025-10-09T18:00:00Z,1,1,buy")
    ws = websocket.WebSocket()
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        ws.connect(f"ws://127.0.0.1:{server.port}/ws/bars/WS7", origin="https://evil.example")
    ws.shutdown()
    assert caught.value.status_code == 403
    own = server.url
    assert message(open_socket(server, "/ws/bars/WS7", origin=own))["type"] == "snapshot"
    assert message(open_socket(server, "/ws/bars/WS7", suppress_origin=True))["type"] == "snapshot"


def test_a_message_beyond_the_limit_ends_the_connection(
    server: RunningServer, open_socket: Callable[..., websocket.WebSocket]
) -> None:
    send(server, "WS8", "2025-10-09T18:00:00Z,1,1,buy")
    ws = open_socket(server, "/ws/bars/WS8")
    message(ws)
    ws.send("x" * 5000)
    assert closing(ws)[0] == 1009


def test_a_ping_is_answered(server: RunningServer, open_socket: Callable[..., websocket.WebSocket]) -> None:
    send(server, "WS9", "2025-10-09T18:00:00Z,1,1,buy")
    ws = open_socket(server, "/ws/bars/WS9")
    message(ws)
    ws.ping("hello")
    kind, data = ws.recv_data(control_frame=True)
    assert (kind, data) == (websocket.ABNF.OPCODE_PONG, b"hello")


def test_clients_that_leave_are_forgotten(
    server: RunningServer, open_socket: Callable[..., websocket.WebSocket]
) -> None:
    send(server, "WS10", "2025-10-09T18:00:00Z,1,1,buy")
    polite, rude = open_socket(server, "/ws/bars/WS10"), open_socket(server, "/ws/bars/WS10")
    message(polite), message(rude)
    before = server.get("/stats")["sockets"]["clients"]
    polite.close()
    rude.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    rude.sock.close()  # a reset, as of a machine that was switched off
    until = time.monotonic() + 60
    while server.get("/stats")["sockets"]["clients"] > before - 2:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_the_end_of_the_server_closes_with_1001(
    launch: Callable[..., RunningServer], open_socket: Callable[..., websocket.WebSocket]
) -> None:
    server = launch("--ephemeral")
    send(server, "X", "2025-10-09T18:00:00Z,1,1,buy")
    sockets = [open_socket(server, "/ws/bars/X") for _ in range(20)]
    for ws in sockets:
        message(ws)
    assert server.stop() == 0  # within 15 s
    for ws in sockets:
        assert closing(ws) == (1001, "the server is stopping")
