"""What one client can send to hold a server up, and how long another client's GET /health waits meanwhile.

    python -m tests.stress.attacks http://localhost:8765 [NAME …]

runs the attacks against a server of your own and prints a line for each: how long the attack took, the longest wait of
the other client, and the memory before, at most and afterwards. `test_one_client.py` runs them with bounds.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import itertools
import json
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

MIB = 1 << 20
TICK = b'{"timestamp":"2025-10-09T18:00:00Z","price":10.5,"size":1}'
ANNOUNCED = 16 * MIB
SECONDS = 30.0


@contextlib.contextmanager
def connection(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            yield sock
        finally:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # or it stays open for a thread that sends


def request(method: str, path: str, body: bytes = b"", *fields: str, length: int | None = None) -> bytes:
    """A whole request that ends its connection. length: what is announced, if it is not the body's."""
    size = len(body) if length is None else length
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", f"Content-Length: {size}", *fields]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answer(sock: socket.socket) -> bytes:
    """All that comes until the server closes; less if it resets the connection."""
    found = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while piece := sock.recv(1 << 16):
            found += piece
    return bytes(found)


def send(port: int, data: bytes) -> int:
    """The status of the answer to a request, 0 without one."""
    with connection(port) as sock:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(data)
        found = answer(sock)
    return int(found.split()[1]) if found else 0


def ticks(port: int, body: bytes, kind: str = "application/json", *fields: str, query: str = "") -> int:
    """The status of a POST /ticks."""
    return send(port, request("POST", f"/ticks?symbol=ATTACK{query}", body, f"Content-Type: {kind}", *fields))


def gzip_parts(port: int) -> object:
    """4 MB of gzip parts of nothing."""
    part = gzip.compress(b"", mtime=0)
    return ticks(port, part * (4 * MIB // len(part)), "text/csv", "Content-Encoding: gzip")


def gzip_bombs(port: int) -> object:
    """Ten bodies of 16 KB that unpack to 16 MB of zeros."""
    bomb = gzip.compress(b"0" * (16 * MIB - 1), mtime=0)
    return [ticks(port, bomb, "text/csv", "Content-Encoding: gzip") for _ in range(10)][-1]


def empty_objects(port: int) -> object:
    """15 MB of [{},{},…]."""
    return ticks(port, b"[" + b"{}," * (5 * MIB) + b"{}]")


def wrong_rows(port: int) -> object:
    """15 MB of rows that could be ticks, all bad."""
    row = b'{"timestamp":1760032800,"price":-1,"size":"x"},'
    return ticks(port, b"[" + row * (15 * MIB // len(row)) + row[:-1] + b"]", query="&on_error=skip")


def wrong_rows_in_small_bodies(port: int) -> object:
    """Twenty bodies of 500 KB, all rows bad."""
    row = b"1760032800,-1,x\n"
    body = b"timestamp,price,size\n" + row * (500_000 // len(row))
    return [ticks(port, body, "text/csv") for _ in range(20)][-1]


def blank_lines(port: int) -> object:
    """15 MB of line ends."""
    return ticks(port, b"timestamp,price,size\n" + b"\n" * (15 * MIB), "text/csv")


def one_line(port: int) -> object:
    """A CSV with a first line of 15 MB of columns, and one with a row of as many."""
    first = ticks(port, b"timestamp,price,size" + b",a" * (15 * MIB // 2), "text/csv")
    return first, ticks(port, b"timestamp,price,size\n" + b"1," * (15 * MIB // 2), "text/csv")


def deep(port: int) -> object:
    """Arrays in arrays, where a tick is wanted, and beside the keys of one."""
    nested = b"[" * (4 * MIB) + b"]" * (4 * MIB)
    return ticks(port, nested), send(port, request("POST", "/tick", b'{"x":' + nested + b"}"))


def wide(port: int) -> object:
    """A single tick with 5 million values under a key of no meaning."""
    return send(port, request("POST", "/tick", TICK[:-1] + b',"x":[' + b"[]," * (5 * MIB) + b"[]]}"))


def digits(port: int) -> object:
    """Numbers of a million digits: a price, a time, a trade id."""
    names = ("price", "timestamp", "id", "size")
    row = {"timestamp": 1760032800, "price": 1, "size": 1}
    bodies = [json.dumps({**row, name: "?"}).replace('"?"', "9" * MIB).encode() for name in names]
    return [send(port, request("POST", "/tick", body)) for body in bodies]


def symbols(port: int) -> object:
    """500 KB of ticks, each of a symbol with a wrong price."""
    rows = b"".join(b"1760032800,-1,1,S%d\n" % number for number in range(20_000))
    return ticks(port, b"timestamp,price,size,symbol\n" + rows, "text/csv")


def new_symbols(port: int) -> object:
    """500 KB of good ticks of 4,000 symbols that the server does not know."""
    rows = b"".join(b"1760032800,10.5,1,N%d\n" % (number % 4_000) for number in range(20_000))
    return ticks(port, b"timestamp,price,size,symbol\n" + rows, "text/csv")


def good_rows(port: int) -> object:
    """15 MB of good ticks, in the order of their times and backwards."""
    rows = [b"%d.%03d,10.5,1" % (1760032800 + number // 1000, number % 1000) for number in range(600_000)]
    bodies = [b"\n".join([b"timestamp,price,size", *order]) for order in (rows, rows[::-1])]
    return [ticks(port, body, "text/csv") for body in bodies]


def pipeline(port: int, count: int = 5_000, path: str = "/health") -> object:
    """5,000 requests on one connection without waiting for answers."""
    call = request("GET", path).replace(b"Connection: close\r\n", b"")
    with connection(port) as sock:
        threading.Thread(target=sock.sendall, args=(call * (count - 1) + request("GET", "/health"),)).start()
        return answer(sock).count(b"HTTP/1.1 200 OK\r\n")


def pipelines(port: int, count: int = 200, seconds: float = 3.0) -> object:
    """200 connections that send requests as fast as they are taken, for three seconds."""
    calls = request("GET", "/health").replace(b"Connection: close\r\n", b"") * 20
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(connection(port)) for _ in range(count)]
        return sent_in_turns(opened, calls, seconds, 0.0) // len(calls)


def sent_in_turns(opened: list[socket.socket], data: bytes, seconds: float, pause: float) -> int:
    """Send data on each connection again and again, as far as it is taken, and discard answers; the bytes sent."""
    until, sent = time.monotonic() + seconds, 0
    for sock in opened:
        sock.setblocking(False)
    while time.monotonic() < until:
        for sock in opened:
            with contextlib.suppress(OSError):
                sent += sock.send(data)
            with contextlib.suppress(OSError):
                sock.recv(1 << 16)
        time.sleep(pause)
    return sent


def announcers(port: int) -> object:
    """Twelve bodies of 16 MB, of which three bytes come, and one that is whole."""
    with contextlib.ExitStack() as stack:
        for _ in range(12):
            sock = stack.enter_context(connection(port))
            sock.sendall(request("POST", "/ticks", b"[{}", "Content-Type: application/json", length=ANNOUNCED))
        time.sleep(0.2)
        row = b"2025-10-09T18:00:00Z,10.5,1\n"
        return ticks(port, b"timestamp,price,size\n" + row * 30_000, "text/csv")


def tiny_chunks(port: int) -> object:
    """A body of 300,000 chunks of two bytes."""
    head = "POST /ticks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/csv\r\n"
    return send(port, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + b"2\r\nab\r\n" * 300_000 + b"0\r\n\r\n")


def parameters(port: int) -> object:
    """A URL of 4,000 unknown parameters, ten times."""
    path = "/api/v1/bars/ATTACK?" + "&".join(f"{number % 36**2:x}" for number in range(2_000))
    return [send(port, request("GET", path)) for _ in range(10)][-1]


def headers(port: int) -> object:
    """Heads of 30 KB that are hard to read: spaces, commas, quotes, many cookies; ten times each."""
    values = [
        "A: " + " " * 30_000 + "x",
        "Accept-Encoding: " + "," * 30_000,
        "Accept: " + "a/b;q=0.1," * 3_000,
        'Cookie: a="' + "\\" * 30_000,
        "Cookie: " + "a=b;" * 7_500,
        'If-None-Match: "' + "a" * 30_000,
        "Content-Type: multipart/form-data; " + 'a="b";' * 5_000,
        "Range: bytes=" + "0-1," * 7_500,
        "Authorization: Bearer " + "a." * 15_000,
        "X-Forwarded-For: " + "1.2.3.4," * 3_700,
    ]
    return [send(port, request("GET", "/herd/state", b"", value)) for value in values for _ in range(10)][::10]


def frames(port: int) -> object:
    """A WebSocket that is sent 200,000 empty frames, pongs and pieces of messages, for two seconds."""
    kinds = (0x81, 0x8A, 0x01, 0x00)
    flood = b"".join(struct.pack("!BB", kind, 0x80) + b"\0\0\0\0" for kind in kinds[:2]) * 50_000
    flood += struct.pack("!BB", 0x01, 0x80) + b"\0\0\0\0" + (struct.pack("!BB", 0x00, 0x80) + b"\0\0\0\0") * 100_000
    with connection(port) as sock:
        open_socket(sock, "/herd/ws")
        sock.settimeout(2.0)
        try:
            sock.sendall(flood)
        except OSError as error:  # the server does not read as fast
            return type(error).__name__
        until = time.monotonic() + 2.0
        while (left := until - time.monotonic()) > 0:
            sock.settimeout(left)
            with contextlib.suppress(TimeoutError):
                if not sock.recv(1 << 16):
                    break
        return "all was sent"


def unread_sockets(port: int) -> object:
    """400 WebSockets, half of which never read what they asked for, and half send messages that do not end."""
    question = masked(0x81, b'{"method":"LIST_SUBSCRIPTIONS","id":"' + b"x" * 80 + b'"}')
    unfinished = masked(0x01, b"x" * 60_000)
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(connection(port)) for _ in range(400)]
        for number, sock in enumerate(opened):
            with contextlib.suppress(OSError):
                open_socket(sock, "/exchange/ws")
                sock.sendall(question * 4 if number % 2 else unfinished)
        time.sleep(2.0)
        return len(opened)


def masked(kind: int, payload: bytes, length: int | None = None) -> bytes:
    """A frame of a client, with a mask of zeros. length: what its head says, if it is not the payload's."""
    size = len(payload) if length is None else length
    if size < 126:
        head = struct.pack("!BB", kind, 0x80 | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", kind, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", kind, 0x80 | 127, size)
    return head + b"\0\0\0\0" + payload


SOCKETS = (
    "/herd/ws", "/exchange/ws", "/exchange/stream", "/ws/instruments", "/ws/ITEM_00", "/ws/tickers", "/ws/bars/ATTACK",
    "/ws/klines/ATTACK/1m",
)  # fmt: skip
"""A socket of each kind."""


def upgrade(path: str) -> bytes:
    """The head that opens a WebSocket."""
    fields = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{fields}dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()


def open_socket(sock: socket.socket, path: str) -> None:
    """Open a WebSocket. What a client sends before the answer is lost, as RFC 6455 has it wait."""
    sock.sendall(upgrade(path))
    head = sock.recv(1 << 16)
    assert head.startswith(b"HTTP/1.1 101 "), head


def read_for(sock: socket.socket, seconds: float) -> bytes:
    """What comes in a time; less if the server closes."""
    found, until = b"", time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            piece = sock.recv(1 << 16)
        except OSError:
            break
        if not piece:
            break
        found += piece
    return found


def flooded(port: int, path: str, data: bytes, seconds: float = 1.0) -> bytes:
    """The answer of a socket to a flood, as far as the server takes it."""
    with connection(port) as sock:
        open_socket(sock, path)
        threading.Thread(target=_send_all, args=(sock, data), daemon=True).start()
        return read_for(sock, seconds)


def _send_all(sock: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        sock.sendall(data)


def closing_code(found: bytes) -> int:
    """The code of the close frame at the end of what a socket was sent; 0 without one."""
    at = found.rfind(b"\x88")
    return int.from_bytes(found[at + 2 : at + 4], "big") if at >= 0 else 0


def subscriptions(port: int) -> object:
    """10,000 subscriptions and ends of unknown ones at once, on each socket of the exchange."""
    asks = [
        b'{"method":"SUBSCRIBE","params":["item_00@aggTrade","item_%02d@trade"],"id":1}',
        b'{"method":"UNSUBSCRIBE","params":["nothing%d@trade"],"id":2}',
    ]
    flood = b"".join(masked(0x81, asks[number % 2] % (number % 90)) for number in range(10_000))
    return [closing_code(flooded(port, path, flood)) for path in ("/exchange/ws", "/exchange/stream")]


def steady_frames(port: int, count: int = 400) -> object:
    """400 sockets that send empty pongs at the rate that one may send, for four seconds."""
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(connection(port)) for _ in range(count)]
        for number, sock in enumerate(opened):
            open_socket(sock, SOCKETS[number % len(SOCKETS)])
        return sent_in_turns(opened, masked(0x8A, b"") * 680, 4.0, 1.0) // 6


def long_frames(port: int) -> object:
    """A frame of 16 MB, one that announces 2^62 bytes, and a message in pieces that does not end; each socket."""
    frames = (
        masked(0x81, b"x" * (16 * MIB)),
        masked(0x81, b"x" * 1000, 1 << 62),
        masked(0x01, b"x") + masked(0x00, b"x" * 60_000) * 300,
    )
    with ThreadPoolExecutor(len(SOCKETS) * len(frames)) as pool:
        found = list(pool.map(lambda each: closing_code(flooded(port, *each)), itertools.product(SOCKETS, frames)))
    return [found[at : at + len(frames)] for at in range(0, len(found), len(frames))]


def pings(port: int) -> object:
    """100,000 pings of 125 bytes on each socket, of which the answers are not read."""
    flood = masked(0x89, b"p" * 125) * 100_000
    with contextlib.ExitStack() as stack:
        for path in SOCKETS:
            sock = stack.enter_context(connection(port))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            open_socket(sock, path)
            threading.Thread(target=_send_all, args=(sock, flood), daemon=True).start()
        time.sleep(2.0)
        return len(SOCKETS)


def herd_messages(port: int) -> object:
    """100,000 messages of a phone: versions that do not exist, and none."""
    flood = (masked(0x81, b'{"since":-1}') + masked(0x81, b"{}") + masked(0x82, b"\xff")) * 33_000
    return len(flooded(port, "/herd/ws", flood)) > 0


def many_sockets(port: int, count: int = 2_000) -> object:
    """2,000 sockets of one address that say no more, half of them half closed."""
    with contextlib.ExitStack() as stack:
        for number in range(count):
            sock = stack.enter_context(connection(port))
            open_socket(sock, SOCKETS[number % len(SOCKETS)])
            if number % 2:
                sock.shutdown(socket.SHUT_WR)
        time.sleep(1.0)
        return count


def odd_ranges(port: int) -> object:
    """Ranges, limits and cursors that make no sense, at each route that takes them; twice each."""
    routes = (
        "/api/v1/bars/ATTACK", "/api/v1/footprint/ATTACK", "/api/v1/ticks/ATTACK", "/history/BTC",
        "/data/klines/ATTACK/1m", "/data/klines/ATTACK/1M", "/data/differences/ATTACK/1m", "/data/custom/x/ohlcv",
        "/data/custom/x/signals", "/exchange/api/v3/klines", "/exchange/api/v3/aggTrades", "/alerts/events",
        "/herd/frames", "/api/v1/tickers/ITEM_00/history",
    )  # fmt: skip
    words = (
        "start=0&end=99999999999999999999", "start=1980-01-01&end=2100-01-01&limit=1000000",
        "frame=range:1&start=1980-01-01", "frame=1s&group=1000000000", "cursor=" + "A" * 4000,
        "limit=-1", "limit=1e9", "limit=9" + "9" * 400, "since=-1&epoch=x", "start=" + "9" * 5000,
        "symbol=ATTACK&interval=1s&startTime=0&endTime=9007199254740991&limit=1000",
        "symbol=ATTACK&fromId=9007199254740991",
    )  # fmt: skip
    found = {send(port, request("GET", f"{route}?{word}")) for route in routes for word in words for _ in range(2)}
    return sorted(found)


def upload(port: int, body: bytes, kind: str = "ohlcv") -> int:
    """The status of a preview of an uploaded file."""
    path = f"/data/upload/preview?kind={kind}&filename=a.csv"
    return send(port, request("POST", path, body, "Content-Type: text/csv"))


CANDLES = b"timestamp,open,high,low,close,volume\n" + b"1600000000,1,2,1,1,1\n" * 9


def upload_blank_lines(port: int) -> object:
    """Previews of 12 MB of blank lines, after candles and after signals."""
    blank = b"\n" * (12 * MIB)
    return upload(port, CANDLES + blank), upload(port, b"timestamp,type\n1600000000,buy\n" + blank, "signals")


def upload_bad_rows(port: int) -> object:
    """Previews of 11 MB of candles, all of which are bad in the same way: their times, their prices."""
    rows = (b"x,1,2,1,1,1\n", b"1600000000,-1,2,1,1,1\n", b"1\n")
    return [upload(port, CANDLES + row * (11 * MIB // len(row))) for row in rows]


def post(port: int, path: str, body: object, *fields: str) -> bytes:
    """The answer to JSON, with its head."""
    with connection(port) as sock:
        sock.sendall(request("POST", path, json.dumps(body).encode(), "Content-Type: application/json", *fields))
        return answer(sock)


def status_of(found: bytes) -> int:
    return int(found.split()[1]) if found else 0


def long_keys(port: int) -> object:
    """Scenarios with a key of 20,000 parts, of letters and of texts."""
    texts = ("a" + ".a" * 20_000 + " = 1", '["="' + " . '.'" * 20_000 + "]")
    return [status_of(post(port, "/api/v1/simulation", {"action": "scenario", "text": text})) for text in texts]


def nicknames(port: int) -> object:
    """A participant of the herd game who takes 500 nicknames."""
    head = post(port, "/herd/join", {}).partition(b"\r\n\r\n")[0].decode()
    cookie = next((line for line in head.split("\r\n") if line.lower().startswith("set-cookie:")), ":")
    sent = "Cookie: " + cookie.partition(":")[2].partition(";")[0].strip()
    return sum(status_of(post(port, "/herd/join", {"nickname": f"N {number}"}, sent)) == 200 for number in range(500))


def logins(port: int) -> object:
    """100 logins at once, of people who do not exist, and the beginnings of 1,000 logins by passkey."""

    def login(number: int) -> int:
        given = {"email": f"a{number}@example.org", "password": "correct horse battery"}
        return status_of(post(port, "/auth/login", given))

    with ThreadPoolExecutor(100) as pool:
        found = set(pool.map(login, range(100)))
    found |= {status_of(post(port, "/auth/passkeys/login/options", {})) for _ in range(1_000)}
    return sorted(found)


ATTACKS: dict[str, Callable[[int], object]] = {
    attack.__name__: attack
    for attack in (
        gzip_bombs, empty_objects, wrong_rows, wrong_rows_in_small_bodies, blank_lines, one_line, deep, wide, digits,
        symbols, new_symbols, good_rows, pipeline, pipelines, announcers, tiny_chunks, parameters, headers, frames,
        gzip_parts, unread_sockets, subscriptions, steady_frames, long_frames, pings, herd_messages, many_sockets,
        odd_ranges, upload_blank_lines, upload_bad_rows, long_keys, nicknames, logins,
    )
}  # fmt: skip


@dataclass
class Watcher:
    """Another client, which asks for /health again and again. waits: seconds of each answer."""

    port: int
    pid: int | None = None
    waits: list[float] = field(default_factory=list)
    most: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Watcher:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        while not self.waits:
            time.sleep(0.01)
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.is_set():
            began = time.perf_counter()
            with contextlib.suppress(TimeoutError):
                send(self.port, request("GET", "/health"))
            self.waits.append(time.perf_counter() - began)
            self.most = max(self.most, resident(self.pid))
            time.sleep(0.005)


def resident(pid: int | None) -> int:
    """Memory of a process in bytes; 0 where it cannot be told."""
    status = Path(f"/proc/{pid}/statm")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if pid and status.exists() else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Attack a server of your own.")
    parser.add_argument("url")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ATTACKS))
    parser.add_argument("--pid", type=int, help="the server's process, to measure its memory")
    given = parser.parse_args()
    port = urlsplit(given.url).port or 80
    for name in given.names or ATTACKS:
        before = resident(given.pid)
        began = time.perf_counter()
        with Watcher(port, given.pid) as other:
            try:
                found = ATTACKS[name](port)
            except OSError as error:
                found = error
        took = time.perf_counter() - began
        memory = f"{before >> 20} {other.most >> 20} {resident(given.pid) >> 20} MB" if given.pid else ""
        print(f"{name:27} {took:7.2f} s  another waits {max(other.waits):6.3f} s  {memory:>18}  {found}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
