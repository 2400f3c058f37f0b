"""What one client can send to hold a server up, and how long another client's GET /health waits meanwhile.

    python -m tests.stress.attacks http://localhost:8765 [NAME …]

runs the attacks against a server of your own and prints a line for each: how long the attack took, the longest wait of
the other client, and the memory before, at most and afterwards. `test_one_client.py` runs them with bounds.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
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
        yield sock


def request(method: str, path: str, body: bytes = b"", *fields: str, length: int | None = None) -> bytes:
    """A whole request that ends its connection. length: what is announced, if it is not the body's."""
    size = len(body) if length is None else length
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", f"Content-Length: {size}", *fields]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answer(sock: socket.socket) -> bytes:
    """All that comes until the server closes; less if it resets the connection."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := sock.recv(1 << 16):
            found += piece
    return found


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


def pipeline(port: int, count: int = 5_000) -> object:
    """5,000 requests on one connection without waiting for answers."""
    call = request("GET", "/api/v1/symbols").replace(b"Connection: close\r\n", b"")
    with connection(port) as sock:
        threading.Thread(target=sock.sendall, args=(call * (count - 1) + request("GET", "/health"),)).start()
        return answer(sock).count(b"HTTP/1.1 200 OK\r\n")


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
    """A body of 300,000 chunks of one byte."""
    head = "POST /ticks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/csv\r\n"
    return send(port, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + b"1\r\na\r\n" * 300_000 + b"0\r\n\r\n")


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
    handshake = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
    begin = f"GET /herd/ws HTTP/1.1\r\nHost: localhost\r\n{handshake}dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    kinds = (0x81, 0x8A, 0x01, 0x00)
    flood = b"".join(struct.pack("!BB", kind, 0x80) + b"\0\0\0\0" for kind in kinds[:2]) * 50_000
    flood += struct.pack("!BB", 0x01, 0x80) + b"\0\0\0\0" + (struct.pack("!BB", 0x00, 0x80) + b"\0\0\0\0") * 100_000
    with connection(port) as sock:
        sock.sendall(begin.encode())
        assert sock.recv(1 << 16).startswith(b"HTTP/1.1 101 ")
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
    handshake = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
    begin = f"GET /exchange/ws HTTP/1.1\r\nHost: localhost\r\n{handshake}dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    question = masked(0x81, b'{"method":"LIST_SUBSCRIPTIONS","id":"' + b"x" * 80 + b'"}')
    unfinished = masked(0x01, b"x" * 60_000)
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(connection(port)) for _ in range(400)]
        for number, sock in enumerate(opened):
            with contextlib.suppress(OSError):
                sock.sendall(begin + (question * 4 if number % 2 else unfinished))
        time.sleep(2.0)
        return len(opened)


def masked(kind: int, payload: bytes) -> bytes:
    """A frame of a client, with a mask of zeros."""
    size = len(payload)
    head = struct.pack("!BB", kind, 0x80 | size) if size < 126 else struct.pack("!BBH", kind, 0x80 | 126, size)
    return head + b"\0\0\0\0" + payload


ATTACKS: dict[str, Callable[[int], object]] = {
    attack.__name__: attack
    for attack in (
        gzip_bombs, empty_objects, wrong_rows, wrong_rows_in_small_bodies, blank_lines, one_line, deep, wide, digits,
        symbols, new_symbols, good_rows, pipeline, announcers, tiny_chunks, parameters, headers, frames, gzip_parts,
        unread_sockets,
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
