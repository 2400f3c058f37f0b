"""The server as a process: startup, misbehaving clients, and shutdown."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.running import RunningServer

TICK = b'{"timestamp":"2025-10-09T18:00:00Z","price":10.5,"size":1}'
ROW = b"2025-10-09T18:00:00Z,10.5,1,buy\n"
LARGE = 100_000_000


@contextmanager
def connection(server: RunningServer) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as sock:
        yield sock


def exchange(server: RunningServer, *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send the pieces as they are, read until the server closes; status, header fields, body."""
    with connection(server) as sock:
        try:
            for piece in pieces:
                sock.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all was sent
        answer = b""
        while piece := sock.recv(1 << 16):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
    return int(lines[0].split()[1]), fields, body


def head(path: str, *fields: str, method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *fields, "", ""]).encode()


def resident(server: RunningServer) -> int:
    """Peak memory of the server in bytes."""
    status = Path(f"/proc/{server.process.pid}/status")
    if not status.exists():
        pytest.skip("only Linux tells a process's peak memory this way")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def test_a_body_that_announces_100_mb_is_refused_without_being_kept(server: RunningServer) -> None:
    before = resident(server)
    status, fields, body = exchange(
        server, head("/ticks", "Content-Type: text/csv", f"Content-Length: {LARGE}"), b"x" * LARGE
    )
    assert status == 413
    assert "16,777,216 bytes" in json.loads(body)["detail"]
    assert fields["connection"] == "close"
    assert resident(server) - before < 8 * 2**20


def test_the_refusal_comes_before_the_body(server: RunningServer) -> None:
    with connection(server) as sock:
        sock.sendall(head("/ticks", "Content-Type: text/csv", f"Content-Length: {LARGE}"))
        assert sock.recv(1 << 16).startswith(b"HTTP/1.1 413 ")


def test_one_who_asks_first_is_told_not_to_send(server: RunningServer) -> None:
    fields = ("Content-Type: text/csv", f"Content-Length: {LARGE}", "Expect: 100-continue")
    status, _, _ = exchange(server, head("/ticks", *fields))
    assert status == 413
    begin = head(
        "/tick?symbol=ASK", "Content-Type: application/json", f"Content-Length: {len(TICK)}", "Expect: 100-continue"
    )
    with connection(server) as sock:
        sock.sendall(begin)
        assert sock.recv(1 << 16).startswith(b"HTTP/1.1 100 ")
        sock.sendall(TICK)
        assert sock.recv(1 << 16).startswith(b"HTTP/1.1 202 ")


def chunks(total: int, size: int = 1 << 20) -> Iterator[bytes]:
    data = b"x" * size
    for _ in range(total // size):
        yield b"%x\r\n%s\r\n" % (size, data)
    yield b"0\r\n\r\n"


def test_a_body_in_chunks_is_cut_off_at_the_limit(server: RunningServer) -> None:
    before = resident(server)
    begin = head("/ticks", "Content-Type: text/csv", "Transfer-Encoding: chunked")
    status, _, body = exchange(server, begin, *chunks(64 << 20))
    assert status == 413
    assert json.loads(body)["detail"].startswith("the body is larger")
    assert resident(server) - before < 80 * 2**20


def test_a_small_body_in_chunks_is_taken(server: RunningServer) -> None:
    begin = head("/tick?symbol=CHUNKED", "Content-Type: application/json", "Transfer-Encoding: chunked")
    pieces = [b"%x\r\n%s\r\n" % (len(part), part) for part in (TICK[:7], TICK[7:20], TICK[20:])]
    status, _, body = exchange(server, begin, *pieces, b"0\r\n\r\n")
    assert (status, json.loads(body)) == (202, {"accepted": 1, "revision": 1})


def test_a_small_body_that_unpacks_to_100_mb_is_refused(server: RunningServer) -> None:
    before = resident(server)
    bomb = gzip.compress(b"0" * LARGE)
    fields = ("Content-Type: text/csv", "Content-Encoding: gzip", f"Content-Length: {len(bomb)}")
    status, _, _ = exchange(server, head("/ticks", *fields), bomb)
    assert status == 413
    assert resident(server) - before < 80 * 2**20


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_a_client_that_vanishes_leaves_nothing(server: RunningServer, framing: str) -> None:
    symbol = "GONE" + framing[:1]
    begin = head(f"/ticks?symbol={symbol}", "Content-Type: text/csv", framing)
    half = b"timestamp,price,size,side\n" + ROW * 3
    if "chunked" in framing:
        half = b"%x\r\n%s\r\n" % (len(half), half)
    for polite in (True, False):
        with connection(server) as sock:
            sock.sendall(begin + half)
            if polite:
                sock.shutdown(socket.SHUT_WR)
                assert sock.recv(100)[:12] in (b"HTTP/1.1 400", b"")
    assert server.get("/health") == {"status": "healthy"}
    assert symbol not in [row["symbol"] for row in server.get("/api/v1/symbols")["symbols"]]
    assert not [line for line in server.errors if "GONE" in line or "Traceback" in line]


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nno colon here\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n folded: line\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n",
        b"POST /tick HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /tick HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /tick HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0x5\r\n\r\n",
        b"POST /tick HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nA: " + b"b" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /health HTTP/1.1\r\nHost: user@localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nA: b\x00c\r\n\r\n",
        b"POST /tick HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"BREW /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_in_json(server: RunningServer, data: bytes) -> None:
    status, fields, body = exchange(server, data)
    assert status in (400, 414, 431, 501, 505)
    assert set(json.loads(body)) == {"detail"}
    assert fields["connection"] == "close"
    assert server.get("/health") == {"status": "healthy"}
    assert not [line for line in server.errors if "Traceback" in line]


def test_chunks_that_are_none_are_refused(server: RunningServer) -> None:
    begin = head("/ticks", "Content-Type: text/csv", "Transfer-Encoding: chunked")
    status, _, _ = exchange(server, begin, b"zz\r\nabc\r\n0\r\n\r\n")
    assert status == 400


def test_calls_follow_each_other_on_one_connection(server: RunningServer) -> None:
    call = f"POST /tick?symbol=KEPT HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(TICK)}\r\n\r\n".encode() + TICK
    with connection(server) as sock:
        for n in range(1, 6):
            sock.sendall(call)
            assert sock.recv(1 << 16).endswith(b'{"accepted":1,"revision":%d}' % n)
        sock.sendall(call * 3)  # pipelined
        answer = b""
        while answer.count(b"HTTP/1.1 202") < 3 or not answer.endswith(b'"revision":8}'):
            answer += sock.recv(1 << 16)


def test_many_clients_at_once_lose_nothing(server: RunningServer) -> None:
    def work(number: int) -> None:
        for n in range(20):
            server.post("/ticks?symbol=MANY", b"timestamp,price,size,side\n" + ROW * 5, "text/csv", **{
                "Idempotency-Key": f"{number}-{n}"
            })  # fmt: skip
            if n % 5 == 0:
                server.get("/api/v1/bars/MANY")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.get("/stats?symbol=MANY")["ticks"] == 8 * 20 * 5
    assert server.get("/api/v1/bars/MANY")["bars"][0]["volume"] == 800


def test_single_ticks_that_come_together_each_get_their_own_answer(server: RunningServer) -> None:
    good = '{"timestamp":"2025-10-09T18:00:%02dZ","price":10.5,"size":1%s}'
    cases: list[tuple[str, int, str]] = [
        (good % (1, ""), 202, '{"accepted":1,"revision":'),
        (good % (2, ',"symbol":"SINGLE2"'), 202, '{"accepted":1,"revision":'),
        (good % (3, ',"id":7'), 202, '{"accepted":'),
        (good % (4, ',"side":"up"'), 400, '{"detail":"the tick was refused: side '),
        (good % (5, ',"price":-1'), 400, '{"detail":"the tick was refused: price '),
        (f"{good % (6, '')},{good % (7, '')}", 400, '{"detail":"the body is not JSON'),
        ('{"x":[', 400, '{"detail":"the body is not JSON'),
        ("]}", 400, '{"detail":"the body is not JSON'),
        ("{}", 400, '{"detail":"the tick was refused: '),
        (f"[{good % (8, '')}]", 202, '{"accepted":1,"revision":'),
        ("[]", 400, '{"detail":"POST /tick takes one tick'),
    ]
    rounds, wrong = 20, []

    def work(number: int) -> None:
        body, status, begins = cases[number % len(cases)]
        call = head("/tick?symbol=SINGLE", f"Content-Length: {len(body)}").replace(b"Connection: close\r\n", b"")
        with connection(server) as sock:
            for _ in range(rounds):
                sock.sendall(call + body.encode())
                answer = sock.recv(1 << 16).decode()
                found = int(answer.split()[1]), answer.partition("\r\n\r\n")[2]
                if found[0] != status or not found[1].startswith(begins):
                    wrong.append((body, found))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2 * len(cases))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    # two senders of each case; the tick with an id counts once
    assert server.get("/stats?symbol=SINGLE")["ticks"] == 2 * rounds * 2 + 1
    assert server.get("/stats?symbol=SINGLE")["duplicates"] == 2 * rounds - 1
    assert server.get("/stats?symbol=SINGLE2")["ticks"] == 2 * rounds
    assert not [line for line in server.errors if "Traceback" in line]


def test_sigterm_ends_it_with_0_and_what_was_taken_is_there_again(
    launch: Callable[..., RunningServer], tmp_path: Path
) -> None:
    first = launch("--data-dir", str(tmp_path), fresh=True)
    first.post("/ticks?symbol=X", b"timestamp,price,size,side\n" + ROW * 100, "text/csv", **{"Idempotency-Key": "k"})
    bars = first.get("/api/v1/bars/X")["bars"]
    with connection(first):  # an idle connection does not hold it up: `stop` waits for 15 s at most
        assert first.stop() == 0
    assert not [line for line in first.errors if "Traceback" in line or "ERROR" in line]

    second = launch("--data-dir", str(tmp_path), fresh=True)
    assert second.get("/api/v1/bars/X")["bars"] == bars
    again = second.post(
        "/ticks?symbol=X", b"timestamp,price,size,side\n" + ROW * 100, "text/csv", **{"Idempotency-Key": "k"}
    )
    assert again["accepted"] == 100
    assert second.get("/stats?symbol=X")["ticks"] == 100
    assert any("100 reloaded" in line for line in second.lines)


def test_killed_without_warning_it_has_all_that_was_acknowledged(
    launch: Callable[..., RunningServer], tmp_path: Path
) -> None:
    first = launch("--data-dir", str(tmp_path), fresh=True)
    acknowledged = [0]

    def work() -> None:
        while True:
            try:
                first.post("/ticks?symbol=X", b"timestamp,price,size,side\n" + ROW * 7, "text/csv")
            except OSError:
                return
            acknowledged[0] += 7

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    while acknowledged[0] < 70 and threads[0].is_alive():
        time.sleep(0.001)
    first.process.kill()
    first.process.wait()
    for thread in threads:
        thread.join()
    second = launch("--data-dir", str(tmp_path), fresh=True)
    ticks = second.get("/stats?symbol=X")["ticks"]
    assert acknowledged[0] <= ticks <= acknowledged[0] + 4 * 7
    assert ticks % 7 == 0


def test_ctrl_c_ends_it_too_and_a_call_in_flight_is_finished_before(launch: Callable[..., RunningServer]) -> None:
    server = launch("--ephemeral", fresh=True)
    with connection(server) as sock:
        length = f"Content-Length: {26 + len(ROW)}"
        sock.sendall(head("/ticks?symbol=X", "Content-Type: text/csv", length, "Expect: 100-continue"))
        assert sock.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"  # it is reading
        sock.sendall(b"timestamp,price,size,side\n")
        stopping = threading.Thread(target=server.stop, args=(signal.SIGINT,))
        stopping.start()
        with suppress(ConnectionRefusedError):
            while stopping.is_alive():  # until it is stopping
                socket.create_connection(("127.0.0.1", server.port)).close()
                time.sleep(0.01)
        sock.sendall(ROW)
        answer = sock.recv(1 << 16)
        stopping.join()
    assert answer.startswith(b"HTTP/1.1 202 ")
    assert server.process.returncode == 0
